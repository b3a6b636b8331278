"""Does a second look help? An experiment of one's own: the model answers, then checks its answer.

sleeptime run examples/second_thoughts.py --limit 20 --level 2
"""

from sleeptime_lib import Answered, Expected, Experiment, Grade, Options, Prompt, Section, Setting
from sleeptime_lib import SleepSetting, option, tasks
from sleeptime_lib.methods import RETHINK, verbosity

CHECK = Prompt("check", 1, "A first answer was: {} Check it, and answer again.")
ARMS = ("baseline", "sleep")


class SecondThoughtsOptions(Options):
    level: int = option(1, "Verbosity of both answers.", slider="count", choices=(4,), ge=1, le=4)


def load(options):
    return tasks.load(options.dataset, limit=options.limit, seed=options.seed)


def settings(options):
    notes = SleepSetting(max_tokens=300, seed=options.seed, protocol="text")
    return [Setting(arm, budget=options.level, sleep=how) for arm, how in zip(ARMS, (None, notes))]


async def answer(call, context, question, setting, notes, sample):
    texts, asked, said = [note.text for note in notes], question.text, []
    for _ in range(2):
        request = verbosity.messages(context.text, texts, asked, setting.budget)
        said.append((await call(request, temperature=0.0, max_tokens=500)).text)
        asked = f"{question.text}\n{CHECK.text.format(said[0])}"
    return Answered("\n---\n".join(said), {"changed": float(said[0] != said[1])})


def grade(answered, question):  # half a point for each of the two answers
    each = [verbosity.grade(Answered(t), question) for t in answered.text.split("\n---\n")]
    return Grade(each[-1].prediction, sum(one.score for one in each) / 2)


def sections(run, report):
    from sleeptime_lib.figures import Series, points_picture

    changed = run.rows.assign(changed=[100 * m.get("changed", 0) for m in run.rows.measures])
    share = changed.groupby("arm").changed.mean()
    dots = Series("changed", "changed", "sleep", tuple(range(len(share))), tuple(share))
    drawn = points_picture(
        report, "changed", "Second thoughts", [dots], list(share.index), x_title="Arm",
        y_title="Answers that changed (%)",
    )  # fmt: skip
    said = f"The second answer differs in {changed.changed.mean():.0f}% of all rows."
    return [Section("second_thoughts", share.to_dict(), (said,), {"changed": drawn})]


SECOND_THOUGHTS = Experiment(
    "second-thoughts", SecondThoughtsOptions, load, settings, answer, grade,
    lambda setting: Expected(calls=2, completion_tokens=80), RETHINK,
    (CHECK, *verbosity.PROMPTS), sections,
)  # fmt: skip
