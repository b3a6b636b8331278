"""An experiment of two calls an answer, for tests: it asks, and has the answer checked."""

from __future__ import annotations

from sleeptime_lib.config import Options, option
from sleeptime_lib.experiment import (
    Answered,
    Call,
    Expected,
    Experiment,
    Grade,
    Notes,
    Prompt,
    Setting,
    SleepMethod,
    SleepSetting,
)
from sleeptime_lib.records import Context, Question, Task

CHECK = Prompt("check", 1, "Is that right? Say the number again.")


class ToyOptions(Options):
    words: int = option(3, "Most words of an answer.", ge=1)


def load(options: ToyOptions) -> Task:
    count = options.limit or 4
    boxes = [Context(f"c{i}", f"c{i}", f"Box {i} holds {i} eggs.") for i in range(count)]
    questions = tuple(Question(f"q{i}", f"c{i}", "How many?", str(i)) for i in range(count))
    return Task(options.dataset, {box.context_id: box for box in boxes}, questions)


def settings(options: ToyOptions) -> list[Setting]:
    sleep = SleepSetting(seed=options.seed)
    return [Setting("baseline", "rounds", 2), Setting("sleep", "rounds", 2, sleep)]


async def sleep(call: Call, context: Context, setting: Setting, draw: int) -> Notes:
    reply = await call([{"role": "user", "content": f"Think about: {context.text}"}], sample=draw)
    return Notes(reply.text)


async def answer(call: Call, context, question, setting, notes, sample) -> Answered:
    known = " ".join([context.text, *(note.text for note in notes)])
    first = await call([{"role": "user", "content": f"{known} {question.text}"}])
    second = await call([{"role": "user", "content": f"{first.text} {CHECK.text}"}])
    return Answered(second.text, {"changed": float(first.text != second.text)})


def grade(answered: Answered, question: Question) -> Grade:
    return Grade(answered.text[-3:], 0.5)


TOY = Experiment(
    name="toy",
    options=ToyOptions,
    load=load,
    settings=settings,
    answer=answer,
    grade=grade,
    expect=lambda setting: Expected(calls=2),
    sleep=SleepMethod("think", sleep),
    prompts=(CHECK,),
)
