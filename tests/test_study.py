"""What a run consists of: its plan."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.experiment import Setting, SleepSetting
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.study import plan

TASK = Task(
    "t",
    {name: Context(name, "cluster", f"Text {name}.") for name in "ab"},
    tuple(Question(f"{c}{i}", c, "How many?", "1") for c in "ab" for i in range(2)),
)
SETTINGS = (
    Setting("baseline"),
    Setting("sleep", sleep=SleepSetting(1)),
    Setting("sleep", sleep=SleepSetting(3)),
)
ANY_SETTINGS = st.lists(
    st.builds(
        Setting,
        arm=st.sampled_from(["baseline", "sleep"]),
        budget=st.integers(0, 4),
        sleep=st.none() | st.builds(SleepSetting, parallel=st.integers(1, 3)),
        samples=st.integers(1, 3),
        last=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda s: (s.arm, s.budget, s.sleep_parallel),
)


class TestPlan:
    def test_every_question_comes_in_every_setting_once(self):
        keys = [planned.key for planned in plan(TASK, SETTINGS)]
        assert len(keys) == len(set(keys)) == 4 * 3

    def test_samples_are_rows_of_their_own(self):
        settings = [Setting("baseline", "samples", samples=5, temperature=0.7)]
        assert Counter(p.sample for p in plan(TASK, settings)) == dict.fromkeys(range(5), 4)

    @given(settings=ANY_SETTINGS, cut=st.integers(0, 200))
    def test_any_beginning_is_a_smaller_experiment(self, settings, cut):
        """Whole questions in the order of the task, but for one; then the rest, in that order."""
        rows = list(plan(TASK, settings))[:cut]
        order = [q.question_id for q in TASK.questions]
        for last in (False, True):
            each = sum(s.samples for s in settings if s.last == last)
            had = Counter(r.question.question_id for r in rows if r.setting.last == last)
            assert list(had) == order[: len(had)]
            assert set(list(had.values())[:-1]) <= {each}
        if any(r.setting.last for r in rows):
            first = sum(s.samples for s in settings if not s.last)
            assert sum(not r.setting.last for r in rows) == first * len(order)

    def test_each_draw_of_a_sleep_phase_is_carried_by_one_row(self):
        carried = Counter(
            (p.context.context_id, draw) for p in plan(TASK, SETTINGS) for draw in p.carries
        )
        assert carried == {(c, draw): 1 for c in "ab" for draw in range(3)}

    def test_a_plan_of_any_size_is_a_stream(self):
        many = replace(SETTINGS[0], samples=10**9)
        assert next(plan(TASK, [many])).sample == 0
