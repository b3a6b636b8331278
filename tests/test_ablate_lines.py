"""Notes without one of their lines: `--ablate-lines`."""

import asyncio

import pytest

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.methods.controls import lines_of
from sleeptime_lib.store import read_rows

TINY = {
    "dataset": "procedural-p0", "limit": 6, "levels": (0, 3), "sleep_parallel": (1, 2),
    "pass_samples": 0, "context_only": False,
}  # fmt: skip
LINES = 12
ABLATED = TINY | {"ablate_lines": LINES, "ablate_questions": 4, "ablate_at": 3}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that is there."""
    return runs.run(STATEFUL_GSM, out=tmp_path_factory.mktemp("whole"), **TINY)


@pytest.fixture(scope="module")
def ablated(whole, tmp_path_factory):
    """The same with its lines left out one at a time, on top of the replies that are there."""
    out = tmp_path_factory.mktemp("ablated")
    options = runs.make_options(STATEFUL_GSM, **ABLATED)
    how = Execution.make(sources=str(whole.path))
    asyncio.run(runs.carry_out(runs.prepare(STATEFUL_GSM, options, how, out)))
    return runs.run(STATEFUL_GSM, out=out, **ABLATED)


def own_rows(run):
    return run.rows[run.rows.arm == "without_line"]


def test_each_line_is_a_row_of_the_first_questions(ablated):
    rows = own_rows(ablated)
    assert len(rows) == 4 * (LINES + 1)
    assert set(rows.budget_kind) == {"line"}
    assert sorted(rows.budget.unique()) == list(range(LINES + 1))
    order = [question.question_id for question in ablated.task().questions]
    assert set(rows.question_id) == set(order[:4])
    assert (rows.sleep_parallel == 1).all()


def test_the_request_is_the_sleep_arms_without_that_line(ablated):
    slept = {
        t.planned.question.question_id: t.asked[0].request.messages[-1]["content"]
        for t in ablated.traces()
        if (s := t.planned.setting).arm == "sleep" and (s.budget, s.sleep_parallel) == (3, 1)
    }
    gone = 0
    for trace in ablated.traces():
        if trace.planned.setting.arm == "without_line":
            own = slept[trace.planned.question.question_id].splitlines()
            asked = trace.asked[0].request.messages[-1]["content"].splitlines()
            lines, number = lines_of(trace.notes[0]), trace.planned.setting.budget
            if 1 <= number <= len(lines):
                place = own.index("<notes>") + number
                assert own[place] == lines[number - 1]
                del own[place]
                gone += 1
            assert asked == own
    assert gone > 4


def test_only_lines_that_are_there_are_asked_without(whole, ablated):
    """All else is answered by replies that are there: those of the arms, and of all lines."""
    rows = own_rows(ablated)
    deleted = rows[[m["deleted"] == 1 for m in rows.measures]]
    asked = {"without_line": set(), "": set()}
    for trace in ablated.traces():
        arm = trace.planned.setting.arm
        asked[arm if arm in asked else ""].add(str(trace.asked[0].request.body()))
    # Without its only line, a block of notes is the baseline's.
    assert ablated.manifest["calls"] == len(asked["without_line"] - asked[""]) > 4
    lines = {m["lines"] for m in rows.measures}
    there = [own.measures.iloc[0]["lines"] for _, own in rows.groupby("question_id")]
    assert len(deleted) == sum(min(LINES, int(count)) for count in there)
    assert max(lines) > 1


def test_the_estimate_counts_every_line_that_may_be_there(ablated):
    assert ablated.manifest["planned_rows"] == 6 * 2 * 3 + 4 * (LINES + 1) == len(ablated.rows)
    assert ablated.manifest["estimate"]["rows"] == len(ablated.rows)
    assert ablated.manifest["estimate"]["answer_calls"] == len(ablated.rows)


def test_the_section_tells_what_the_lines_did(ablated, tmp_path):
    (section,) = (section for section in ablated.sections() if section.name == "lines")
    assert set(section.values) == {"carried", "caused"}
    assert "on 4 questions" in section.sentences[0]
    assert list(section.pictures) == ["note_lines"]
    assert list(section.tables) == ["lines"]
    assert any(
        path.name == "stateful_gsm_note_lines.png" for path in ablated.write_figures(tmp_path)
    )


def test_lines_are_no_budgets_of_the_report(whole, ablated):
    arms = {curve.line.arm for curve in ablated.report().curves}
    assert arms == {curve.line.arm for curve in whole.report().curves} == {"baseline", "sleep"}
    assert not ablated.report().counts.missing


def test_the_lowest_budget_is_taken_where_none_is_named(tmp_path):
    options = runs.make_options(STATEFUL_GSM, **(TINY | {"ablate_lines": 2}))
    settings = [s for s in STATEFUL_GSM.settings(options) if s.arm == "without_line"]
    assert [(s.asked_at, s.asked_by, s.last) for s in settings] == [(0, "verbosity", True)] * 3


def test_a_budget_that_is_not_asked_is_refused(tmp_path):
    options = runs.make_options(STATEFUL_GSM, **(ABLATED | {"ablate_at": 4}))
    with pytest.raises(InputError, match="--ablate-at 4 is none of the budgets"):
        runs.prepare(STATEFUL_GSM, options, Execution(), tmp_path)


def test_forced_budgets_are_asked_again_too(tmp_path):
    forced = {"budget_kind": "forced", "budgets": "16,32", "sleep_protocol": "tools"}
    options = {name: value for name, value in ABLATED.items() if name != "levels"} | forced
    runs.run(STATEFUL_GSM, out=tmp_path, **(options | {"ablate_at": 32, "ablate_lines": 3}))
    rows = read_rows(tmp_path)
    own = rows[rows.arm == "without_line"]
    assert (rows.error == "").all()
    assert all("thinking_tokens" in measures for measures in own.measures)
    whole = rows[(rows.arm == "sleep") & (rows.budget == 32) & (rows.sleep_parallel == 1)]
    answers = whole.set_index("question_id").prediction
    full = own[own.budget == 0].set_index("question_id").prediction
    assert (answers[full.index] == full).all()
