"""The simulated model reads the request, all of it, and nothing but it."""

import json
import os
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from sleeptime_lib.methods import verbosity
from sleeptime_lib.servers.simulated import chat
from sleeptime_lib.servers.simulated.budget import budget_of
from sleeptime_lib.servers.simulated.chat import reply
from sleeptime_lib.servers.simulated.notes import read_notes
from sleeptime_lib.servers.simulated.questions import understand
from sleeptime_lib.servers.simulated.reader import read
from sleeptime_lib.tasks.procedural import generate
from sleeptime_lib.tasks.procedural.families import families
from sleeptime_lib.tasks.procedural.scenes import evaluate

BAKERY = (
    "Carlos bakes 7 trays of muffins with 16 muffins on each tray. By noon 54 of the muffins have "
    "been sold at $3 apiece. Then 2 of the unsold muffins are crushed in the van and thrown away. "
    "A neighbour gets a quarter of what is still good."
)
DATA = Path(__file__).parents[4] / "shared" / "data" / "gsm_symbolic_p2_30templates.jsonl"
UNREADABLE = (
    "A glacier loses 12 metres a year and a valley below it fills with 340 tons of gravel.",
    "Mr. Ode owns 3.5 acres. He rents out 40% of it at $120 an acre.",
    "Zwölf Äpfel kosten 3 Euro, und 5 davon sind faul.",
    "",
    "7",
)


@pytest.mark.parametrize(("set_name", "level"), [("p", 0), ("p", 1), ("p", 2), ("q", 0)])
def test_every_quantity_of_every_family_is_read_with_its_numbers(set_name, level):
    task = generate(level, set_name=set_name, limit=len(families(set_name)), seed=5)
    wrong = []
    for context in task.contexts.values():
        for quantity in context.quantities:
            story, key = understand(context.text, quantity.question)
            assert story.family is not None
            assert (story.family.name, story.level) == (context.cluster_id, level)
            values = evaluate(story.family, story.level, story.numbers)
            if key is None or values[key] != Fraction(quantity.gold):
                wrong.append((context.context_id, quantity.question))
    assert not wrong


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("What is the total number of muffins Carlos baked?", "baked"),
        ("How many muffins remain with Carlos in the end?", "left"),
        ("How many muffins did he give to his neighbour?", "gift"),
        ("Calculate the income from five days like that.", "week_revenue"),
        ("What would the entire batch have brought if all were sold at that price?", "full_value"),
        ("What is the capital of France?", None),
        ("How tall is the mother of Carlos?", None),
    ],
)
def test_questions_in_other_words_are_understood_by_what_they_share(question, key):
    assert understand(BAKERY, question)[1] == key


def test_notes_of_other_models_are_read():
    notes = read_notes(
        BAKERY,
        "Here is what I know\n"
        "Total muffins baked: 7 trays * 16 = 112 muffins\n"
        "- Revenue = 54 * $3 = $162\n"
        "4. Unsold muffins that are good = 58 - 2 = **56**\n"
        "The neighbour's muffins are 56 / 4 = 14\n"
        "shoe size of Carlos = 44\n",
    )
    assert notes.values == {"baked": 112, "revenue": 162, "good": 56, "gift": 14}
    assert notes.others == {"shoe size of Carlos": 44}


def test_contradicting_notes_are_settled_by_majority_and_else_by_the_first():
    majority = read_notes(BAKERY, "muffins baked = 99\nmuffins baked = 112\nmuffins baked = 112")
    draw = read_notes(BAKERY, "muffins baked = 99\n\nmuffins baked = 112")
    assert majority.values["baked"] == 112
    assert draw.values["baked"] == 99
    agreeing = read_notes(BAKERY, "muffins baked = 112\nmuffins baked = 112")
    assert draw.distraction > agreeing.distraction


@pytest.mark.parametrize(
    ("words", "written"),
    [
        *((verbosity.VERBOSITY[level].text, steps) for level, steps in enumerate((0, 1, 2))),
        ("Reply with just the number.", 0),
        ("Give only the final answer, without explanation.", 0),
        ("Use three sentences to explain, then answer.", 3),
        ("Be brief.", 2),
    ],
)
def test_the_wording_of_a_request_says_how_many_steps_may_be_written(words, written):
    assert budget_of(f"{words}\n{verbosity.ANSWER_FRAME.text}", None).written == written


def test_reasoning_step_by_step_writes_all_and_double_checking_also_checks():
    steps, checks = (budget_of(verbosity.VERBOSITY[level].text, None) for level in (3, 4))
    assert steps.written >= 100
    assert (steps.check, steps.recompute) == (False, False)
    assert (checks.check, checks.recompute) == (True, True)
    assert budget_of("Please show your work.", None).written >= 100
    assert budget_of("Verify your result.", None).check


def test_a_problem_without_tags_is_answered_too(answered):
    question = "How many muffins did Carlos bake?"
    text = f"{BAKERY} {question} Double-check every step. Give only whole numbers."
    assert answered(reply([{"role": "user", "content": text}]).text) == 112
    text = f"<situation>{BAKERY}</situation>\nVerify this: {question}"
    assert answered(reply([{"role": "user", "content": text}]).text) == 112


def test_text_may_come_in_parts_and_with_line_breaks(answered):
    messages = verbosity.messages(BAKERY, (), "How many muffins did Carlos bake?", 4)
    parts = [{"type": "text", "text": messages[1]["content"].replace(". ", ".\n")}]
    assert answered(reply([messages[0], {"role": "user", "content": parts}]).text) == 112


def test_another_number_in_the_context_gives_another_answer(ask):
    question = "How many dollars would the whole batch have brought at that price?"
    assert ask(BAKERY, question, 4) == 336
    assert ask(BAKERY.replace("7 trays", "8 trays"), question, 4) == 384
    assert ask(BAKERY.replace("$3", "$2.50"), question, 4) == 280


def test_a_sentence_that_is_missing_makes_what_needs_it_impossible(answered):
    without_price = BAKERY.replace("By noon 54 of the muffins have been sold at $3 apiece. ", "")
    question = "How many dollars did Carlos take in?"
    text = reply(verbosity.messages(without_price, (), question, 3)).text
    assert "does not state sold, price" in text
    assert answered(text) != 162


def test_the_withheld_context_makes_answers_wrong(ask):
    task = generate(1, limit=100)
    right = sum(ask("", question.text, 4) == Fraction(question.gold) for question in task.questions)
    assert right <= 4


@pytest.mark.parametrize("situation", UNREADABLE)
@pytest.mark.parametrize("level", range(5))
def test_text_it_cannot_read_is_said_to_be_so_and_answered_with_a_guess(situation, level, answered):
    text = reply(verbosity.messages(situation, (), "How much is left?", level)).text
    assert "I cannot read this situation" in text
    assert "guess" in text
    assert answered(text) is not None


@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")
def test_real_word_problems_are_answered_with_a_guess(answered):
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    for row in random.Random(1).sample(rows, 50):
        context, _, question = row["question"].rpartition(". ")
        assert read(context).family is None
        text = reply(verbosity.messages(context, (), question, 0)).text
        assert "I cannot read this situation" in text
        assert answered(text) is not None


def test_a_note_helps_with_text_it_cannot_read(ask):
    notes = ("tons of gravel in two years = 2 * 340 = 680\nmetres lost in ten years = 120",)
    question = "How many tons of gravel are there in two years?"
    assert ask(UNREADABLE[0], question, 0, notes, temperature=0.0) == 680


def test_replies_do_not_depend_on_the_order_of_sets_in_a_process():
    program = (
        "from sleeptime_lib.methods.verbosity import messages as answer_messages;"
        "from sleeptime_lib.servers.simulated.chat import reply;"
        "from sleeptime_lib.tasks.procedural import generate;"
        "task = generate(1, limit=20);"
        "print([reply(answer_messages(task.contexts[q.context_id].text, ('total = 3',),"
        " 'Please say: ' + q.text, 2)).text for q in task.questions])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_gold_answers_and_tasks_are_out_of_its_reach():
    folder = Path(chat.__file__).parent
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    for name, source in sources.items():
        assert "gold" not in source, name
        assert "records" not in source, name
        assert "generate" not in source.replace("generated", ""), name
