"""The reader of data files: what they say, and one clear line for each mistake in them."""

import random
import re
import textwrap

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.procedural import families as module
from sleeptime_lib.tasks.procedural.families import families, read
from sleeptime_lib.tasks.procedural.grammar import Fact, Family, Sentence
from sleeptime_lib.tasks.procedural.scenes import compose
from sleeptime_lib.tasks.procedural.slots import slot_of

TINY = """\
# A remark.
family tiny

slot bags: int 2 to 5
slot apples: int 3 to 9
slot eaten: int 2 to 4
slot kind: word red | "no: 2024-01-31"

sentence
  {name} fills {bags} bags with {apples} {kind} apples each.
  {name} has {bags} bags of {apples} {kind} apples.
sentence from p1
  {They} eats {eaten} of them.

count all = bags * apples: apples: {kind} ones
  How many apples are there?
  What is 1 bag's share, times {bags}?
measure rest = all - eaten from p1: apples left
"""


@pytest.fixture
def read_text(tmp_path):
    """Read a set of one file, `tiny.txt`, that holds a text."""

    def read_it(text):
        (tmp_path / "tiny.txt").write_text(text, encoding="utf-8")
        return read(tmp_path)

    return read_it


def test_a_file_gives_slots_sentences_and_quantities_as_written(read_text):
    (family,) = read_text(TINY)
    assert family == Family(
        "tiny",
        {
            "bags": slot_of("int 2 to 5"),
            "apples": slot_of("int 3 to 9"),
            "eaten": slot_of("int 2 to 4"),
            "kind": slot_of('word red | "no: 2024-01-31"'),
        },
        (
            Sentence(
                (
                    "{name} fills {bags} bags with {apples} {kind} apples each.",
                    "{name} has {bags} bags of {apples} {kind} apples.",
                )
            ),
            Sentence(("{They} eats {eaten} of them.",), clause=1),
        ),
        (
            Fact(
                "all",
                "bags * apples",
                "apples: {kind} ones",
                ("How many apples are there?", "What is 1 bag's share, times {bags}?"),
            ),
            Fact("rest", "all - eaten", "apples left", clause=1, whole=False),
        ),
    )


def test_the_example_in_the_readers_description_is_a_file(read_text):
    example = re.search(r"^    # A line.*?(?=^\S)", module.__doc__, re.DOTALL | re.MULTILINE)
    (family,) = read_text(textwrap.dedent(example.group()))
    assert family.name == "bakery"


def test_a_formula_holds_from_its_level_until_the_next(read_text):
    changed = "= all - eaten from p1:", "= all - 1; all - eaten from p1:"
    (family,) = read_text(TINY.replace(*changed))
    formulas = [
        fact.formula for level in (0, 1, 2) for fact in family.facts_at(level) if fact.key == "rest"
    ]
    assert formulas == ["all - 1", "all - eaten", "all - eaten"]


def test_a_slot_has_its_range_until_a_level_that_gives_another(read_text):
    (family,) = read_text(TINY.replace("int 2 to 5", "int 2 to 5; int 40 to 60 from p1"))
    slots = [family.slots_at(level)["bags"] for level in (0, 1, 2)]
    assert slots == [slot_of("int 2 to 5"), slot_of("int 40 to 60"), slot_of("int 40 to 60")]
    assert all(family.slots_at(level)["apples"] == slot_of("int 3 to 9") for level in (0, 1))


@pytest.mark.parametrize("formula", ["bags mod apples", "bags choose apples", "bags ^ 2"])
def test_a_formula_may_be_an_operation_on_whole_numbers(read_text, formula):
    (family,) = read_text(TINY.replace("bags * apples", formula))
    assert family.facts_at(0)[0].formula == formula


def test_a_later_quantity_of_the_same_key_changes_label_and_questions(read_text):
    later = "count all = 2 * bags from p1: bags and bags\n  How many bags?\n"
    (family,) = read_text(TINY + later)
    told = [fact.label for level in (0, 1) for fact in family.facts_at(level) if fact.key == "all"]
    assert told == ["apples: {kind} ones", "bags and bags"]


def test_single_and_many_say_of_which_contexts_a_quantity_is_asked(read_text):
    added = "many count two = all + eaten: two\n  Two?\n"
    twice = "single count twice = all * 2: twice as many\n  How many are twice as many?\n"
    (family,) = read_text(TINY + twice + added)
    one, many = (family.asked(many=many) for many in (False, True))
    keys = {fact.key for fact in family.facts}
    assert keys - {fact.key for fact in one.facts} == {"two"}
    assert keys - {fact.key for fact in many.facts} == {"twice"}


def test_quantities_may_stand_before_those_they_use(read_text):
    head, facts = TINY.split("count all")
    rest = "measure rest" + facts.split("measure rest")[1]
    (family,) = read_text(f"{head}{rest}count all{facts.split('measure rest')[0]}")
    assert [fact.key for fact in family.facts] == ["rest", "all"]
    assert [fact.key for fact in family.facts_at(1)] == ["all", "rest"]


def test_a_set_is_a_folder_read_file_by_file_in_the_order_of_names(tmp_path):
    for file, names in (("b.txt", "one"), ("a.txt", "two three"), ("README.md", "four")):
        text = "".join(TINY.replace("family tiny", f"family {name}") for name in names.split())
        (tmp_path / file).write_text(text)
    assert [family.name for family in read(tmp_path)] == ["two", "three", "one"]


def test_a_shipped_set_is_read_once():
    assert families("p") is families("p")


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("family tiny", "family", 2, "a family begins with its name, such as: family bread"),
        ("family tiny\n", "\n", 4, "a family begins with its name"),
        ("slot bags", "slots bags", 4, "no line begins with 'slots'; there are family, slot, "),
        ("slot bags: int", "slot bags int", 4, "a slot is written as, for instance: slot trays:"),
        ("int 2 to 5", "number 2 to 5", 4, "no slot is of kind 'number'; there are int, money"),
        ("int 2 to 5", "int 5 to 2", 4, "'5 to 2' does not go from a lower to a higher"),
        ("int 2 to 5", "int 2 to 5; int 7 to 9", 4, "'int 7 to 9' is no other range, such as: int"),
        (
            "int 2 to 5",
            "int 2 to 5; digits 7 to 9 from p1",
            4,
            "is no other range, such as: int 20",
        ),
        ("int 2 to 5", "int 2 to 5; int 9 to 7 from p1", 4, "'9 to 7' does not go from a lower"),
        ("int 2 to 5", "int 2 to 5; int 7 to 9 from p2", 2, "slot 'bags' changes from p2, but no"),
        ("word red |", "word red; word blue from p1 |", 7, "is no other range"),
        ("slot apples", "slot bags", 5, "slot 'bags' is there already"),
        ("slot apples", "slot name", 5, "slot 'name' is there already"),
        ("slot kind", "  slot kind", 7, "indented, but not under a sentence, count or measure"),
        ("\n  {They} eats {eaten} of them.", "", 12, "its wordings indented under it"),
        ("sentence from p1", "sentence from x", 12, "write sentence or sentence from p1"),
        ("of {apples}", "of {apple}", 11, "{apple} is not a field; there are bags, apples, eat"),
        ("of {apples}", "of {apples", 11, "has a brace that belongs to no field such as {name}"),
        ("of {apples}", "of some", 11, "states bags; each wording of this sentence is to state "),
        ("{bags} bags of", "{bags} {bags}", 11, "states apples, bags, bags; each wording of"),
        ("eats {eaten} of", "eats", 2, "no sentence states slot 'eaten'; let one do so or drop it"),
        ("of them.", "of them", 13, "does not end in '.'"),
        ("are there?", "are there", 16, "does not end in '?'"),
        ("How many apples", "How many {apple}", 16, "{apple} is not a field"),
        ("apples left", "{apple} left", 18, "{apple} is not a field"),
        ("count all = bags", "count all: bags", 15, "write count KEY = FORMULA: LABEL"),
        ("count all = bags", "many all = bags", 15, "write many count KEY = FORMULA: LABEL"),
        ("count all", "many count all", 18, "'all' is a many quantity, and so is what follows"),
        ("count all", "count bags", 15, "'bags' is a slot; give the quantity another name"),
        ("bags * apples", "bags * pears", 15, "'pears' is neither a slot nor a quantity at p0; "),
        ("bags * apples", "rest * apples", 15, "'rest' is neither a slot nor a quantity at p0"),
        (
            "bags * apples",
            "bags * apples + 1",
            15,
            "is not one operation (+ - * / mod div ^ choose gcd",
        ),
        ("bags * apples", "bags ** apples", 15, "is not one operation"),
        ("bags * apples", "bags", 15, "is not one operation"),
        ("bags * apples", "bags * (-apples)", 15, "'(-apples)' is neither a name nor a number"),
        ("all - eaten", "rest - eaten", 2, "'rest' follows from itself: rest <- rest"),
        ("eaten from p1", "eaten from p2", 18, "no sentence is from p2; there are p0, p1"),
        ("eaten from p1", "eaten from px", 18, "formula 'all - eaten from px' is not one"),
        ("apples left", "Apples: {kind} ones", 18, "label 'Apples: {kind} ones' is that of 'all'"),
        ("rest = all", "all = all", 2, "'all' follows from itself"),
        ("rest = all - eaten from p1", "all = bags - 1", 18, "'all' is given from p0 on already"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(
    read_text, tmp_path, old, new, line, complaint
):
    assert old in TINY
    with pytest.raises(InputError) as caught:
        read_text(TINY.replace(old, new))
    place, _, told = str(caught.value).partition(": ")
    assert place == f"{tmp_path / 'tiny.txt'}:{line}"
    assert complaint in told
    assert "\n" not in told


def test_names_of_families_are_unique_in_a_set(read_text):
    with pytest.raises(InputError, match=r"tiny\.txt:20: a second family 'tiny'"):
        read_text(TINY + "\n" + TINY.partition("\n")[2])


def test_a_family_with_too_few_questions_is_refused(read_text):
    (family,) = read_text(TINY)
    with pytest.raises(ValueError, match="'tiny'"):
        compose(family, 0, random.Random(0))
