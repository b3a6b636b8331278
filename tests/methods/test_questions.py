"""Questions that a model writes: read, told apart, solved again, or dropped and counted."""

import json

import pytest
from sleeptime_lib.methods.answer import AnswerOptions

from sleeptime_lib.errors import CallError
from sleeptime_lib.methods.questions import MOST_ROUNDS, generate_questions
from sleeptime_lib.records import Context, Question, Reply

CONTEXT = Context("c", "k", "He has 5 boxes of 4.")
EXAMPLE = Question("c-q", "c", "How many in all?", "20")
OPTIONS = AnswerOptions("m", 0, 512)


class Scripted:
    """A model that writes what it is told and solves by a table.

    Args:
        replies: What it writes when asked for questions, in turn; the last one again and again.
        solutions: Answer to each question; 0 to any other.
        refuses: Whether it refuses a `response_format`.
    """

    def __init__(self, *replies, solutions=(), refuses=False):
        self.replies = list(replies)
        self.solutions = dict(solutions)
        self.refuses = refuses
        self.asked = []
        self.solved = []

    async def __call__(self, request):
        user = request.messages[-1]["content"]
        if "<example>" in user:
            if self.refuses and "response_format" in request.extra:
                raise CallError("bad_request", "400: response_format is not supported")
            self.asked.append(user)
            return Reply(self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])
        self.solved.append(user)
        found = [n for text, n in self.solutions.items() if f"\n{text}\n" in user]
        return Reply(f"The answer is {found[0] if found else 0}.")


def listed(**answers):
    return json.dumps({"questions": [{"question": q, "answer": a} for q, a in answers.items()]})


async def written(model, count=2, others=()):
    return await generate_questions(model, CONTEXT, EXAMPLE, count, OPTIONS, others)


async def test_questions_whose_two_answers_agree_are_kept():
    model = Scripted(listed(A="1", B="2"), solutions={"A": 1, "B": "2.0"})
    found = await written(model)
    assert [(q.question_id, q.text, q.gold) for q in found.questions] == [
        ("c-g1", "A", "1"),
        ("c-g2", "B", "2"),
    ]
    assert (found.unreadable, found.repeated, found.disagreed) == (0, 0, 0)


async def test_questions_whose_answers_disagree_are_dropped_and_counted():
    model = Scripted(listed(A="1", B="2"), listed(C="3"), solutions={"A": 1, "B": 3, "C": 3})
    found = await written(model)
    assert [(q.question_id, q.text) for q in found.questions] == [("c-g1", "A"), ("c-g2", "C")]
    assert found.disagreed == 1


async def test_the_second_solution_sees_neither_the_answer_nor_the_example():
    model = Scripted(listed(A="777"), solutions={"A": 777})
    await written(model, count=1)
    (prompt,) = model.solved
    assert "777" not in prompt
    assert EXAMPLE.text not in prompt
    assert CONTEXT.text in prompt


async def test_repeats_of_the_example_and_of_each_other_are_dropped():
    model = Scripted(
        listed(**{"how many, in ALL": "20", "A": "1", "a?": "1", "B": "2"}),
        solutions={"A": 1, "B": 2},
    )
    found = await written(model)
    assert [q.text for q in found.questions] == ["A", "B"]
    assert found.repeated == 2


async def test_what_is_still_missing_is_asked_for_again_and_what_is_there_is_listed():
    model = Scripted(listed(A="1"), listed(B="2"), solutions={"A": 1, "B": 2})
    other = Question("c-q2", "c", "Another one?", "3")
    found = await written(model, others=[other])
    assert len(found.questions) == 2
    assert "Write 2 questions." in model.asked[0]
    assert "Write 1 questions." in model.asked[1]
    assert "- Another one?\n- A\n" in model.asked[1]


async def test_more_than_was_asked_for_is_not_kept():
    model = Scripted(listed(A="1", B="2", C="3"), solutions={"A": 1, "B": 2, "C": 3})
    assert len((await written(model)).questions) == 2


@pytest.mark.parametrize("reply", ["I cannot.", '{"questions": 3}', "[]", '{"questions": [{', ""])
async def test_a_reply_without_questions_ends_it_and_is_counted(reply):
    model = Scripted(reply)
    found = await written(model)
    assert found.questions == ()
    assert found.unreadable == 1
    assert len(model.asked) == 1


async def test_questions_without_a_number_are_counted_as_unreadable():
    reply = json.dumps({"questions": [{"question": "A", "answer": "many"}, {"answer": "1"}, "B"]})
    assert (await written(Scripted(reply))).unreadable == 3


async def test_a_fenced_reply_with_numbers_for_answers_is_read():
    reply = 'Here:\n```json\n{"questions": [{"question": "A", "answer": 1.5}]}\n```'
    found = await written(Scripted(reply, solutions={"A": "1.5"}), count=1)
    assert found.questions[0].gold == "1.5"


async def test_a_server_that_knows_no_schema_is_asked_without():
    model = Scripted(listed(A="1"), solutions={"A": 1}, refuses=True)
    assert len((await written(model, count=1)).questions) == 1


async def test_a_model_that_is_always_contradicted_is_not_asked_for_ever():
    replies = [listed(**{f"Q{n}": "1"}) for n in range(20)]
    model = Scripted(*replies)
    found = await written(model)
    assert found.disagreed == len(model.asked) == MOST_ROUNDS
