"""Better notes out of the draws of `rethink`: `checked` and `agreed`."""

import asyncio

import pytest
from fault_replies import completion
from fault_server import FaultServer

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.experiment import Call, Notes, Setting, SleepSetting
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM, StatefulGsmOptions
from sleeptime_lib.methods import RETHINK, RETHINK_PROBLEM
from sleeptime_lib.methods.note_lines import is_wrong
from sleeptime_lib.methods.sifted import SIFTED, agree, check
from sleeptime_lib.models.replay import read_about
from sleeptime_lib.records import Context, Reply
from sleeptime_lib.results import load_run
from sleeptime_lib.store import read_sleeps


@pytest.mark.parametrize(
    "line",
    [
        "eggs in all = 3 * 12 = 35",
        "- **eggs in all**: 3 × 12 = 35 eggs",
        "3 * 12 = 35",
        "cost = 4 * $2.50 = $9.00",
        "share = 10 / 3 = 3.34",
        "share = 10 / 3 = 3",
        "eggs in 3 boxes = 3 * 12 = 3 * 11 = 36",
        "part = 5 / 20 = 24%",
    ],
)
def test_a_line_whose_calculation_gives_another_number_is_wrong(line):
    assert is_wrong(line)


@pytest.mark.parametrize(
    "line",
    [
        "eggs in all = 3 * 12 = 36",
        "2) eggs in all = 3 boxes * 12 = 36 eggs",
        "share = 10 / 3 = 3.33",
        "share = 10 / 3 ≈ 3.3",
        "part = 5 / 20 = 25%",
        "part = 1 / 3 = 33%",
        "left = 100% - 20% = 80%",
        "cost = price * boxes = 4 * 3 = 12",
        "mowing = 6 * 45 minutes = 270 minutes = 4.5 hours",
        "cost = 8 packs * $3/pack = $24",
        "eggs in all = 36",
        "eggs = boxes * 12 = 35",
        "5 + 3 boxes = 8",
        "The hens are happy.",
        "eggs = 3 * 12",
        "",
    ],
)
def test_a_line_that_is_right_or_cannot_be_evaluated_is_not(line):
    assert not is_wrong(line)


CHECKED, AGREED, CHECKED_PROBLEM, _ = SIFTED
CONTEXT = Context("c", "cluster", "Six trays.")
SETTING = Setting("sleep", sleep=SleepSetting(protocol="text"))


class Says:
    """A model that says one thing."""

    model = "m"

    def __init__(self, text):
        self.text, self.asked = text, []

    async def complete(self, request, *, owner):
        self.asked.append(request)
        return Reply(self.text)


class TestChecked:
    def test_wrong_lines_go_and_the_others_stay_as_they_are(self):
        text = "boxes = 3\neggs in all = 3 * 12 = 35\n- hens: 7\nThe end."
        assert check([text]) == ["boxes = 3\n- hens: 7\nThe end."]

    def test_a_line_stands_there_once_in_all_draws_together(self):
        assert check(["a = 1\nA  = 1\nb = 2", "b = 2\nc = 3"]) == ["a = 1\nb = 2", "c = 3"]

    def test_one_calculation_under_ever_new_names_is_a_loop(self):
        loop = "\n".join(f"eggs on day {n} = 3 * 12 = 36" for n in range(9))
        assert check([loop])[0].count("\n") == 1

    async def test_a_line_that_was_cut_off_goes(self):
        for text, kept in (
            ("<notes>a = 1\nb = 2 boxes or 1", "a = 1"),
            ("<notes>a = 1</notes>", "a = 1"),
        ):
            notes = await CHECKED.take(Call(Says(text), "me"), CONTEXT, SETTING, 0)
            assert notes.text == kept

    async def test_of_a_problem_it_asks_as_the_method_for_problems_does(self):
        for method, other in ((CHECKED_PROBLEM, RETHINK_PROBLEM), (CHECKED, RETHINK)):
            mine, others = Says("<notes>a = 1</notes>"), Says("<notes>a = 1</notes>")
            await method.take(Call(mine, "me"), CONTEXT, SETTING, 0)
            await other.take(Call(others, "me"), CONTEXT, SETTING, 0)
            assert mine.asked == others.asked

    def test_it_joins_what_each_draw_left(self):
        joined = CHECKED.join([Notes("a = 1"), Notes("a = 1\nb = 1 + 1 = 2")], None)
        assert [note.text for note in joined] == ["a = 1", "b = 1 + 1 = 2"]


class TestAgreed:
    DRAWS = ("boxes = 3\neggs = 3 * 12 = 36\ncost = 90", "all the eggs: 36.0\nhens = 7", "hens: 7")

    @pytest.mark.parametrize(
        ("least", "kept"),
        [
            (1, "boxes = 3\neggs = 3 * 12 = 36\ncost = 90\nhens = 7"),
            (2, "eggs = 3 * 12 = 36\nhens = 7"),
            (3, ""),
        ],
    )
    def test_a_line_stays_when_so_many_phases_reach_its_number(self, least, kept):
        assert agree(self.DRAWS, least) == kept

    def test_of_fewer_phases_all_must(self):
        assert agree(self.DRAWS[:1], 2) == agree(self.DRAWS[:1], 1) != ""

    def test_quantities_that_are_equal_both_stay_where_one_phase_has_them(self):
        assert agree(["red = 4\nblue = 4\nred = 4", "red: 4"], 2) == "red = 4\nblue = 4"

    def test_how_many_is_an_option(self):
        notes = [Notes(text) for text in self.DRAWS]
        joined = AGREED.join(notes, StatefulGsmOptions.make(agree=3))
        assert [note.text for note in joined] == [""]
        assert AGREED.join([], StatefulGsmOptions()) == []


TINY = {"limit": 4, "levels": (0,), "pass_samples": 0, "context_only": False}


class TestInARun:
    @pytest.fixture(scope="class")
    @classmethod
    def rethought(cls, tmp_path_factory):
        path = tmp_path_factory.mktemp("rethink")
        return runs.run(STATEFUL_GSM, out=path, sleep_parallel=(1, 5), **TINY)

    @pytest.mark.parametrize("method", ["checked", "agreed"])
    def test_it_makes_no_sleep_call_that_rethink_has_made(self, rethought, tmp_path, method):
        sources = Execution.make(sources=str(rethought.path))
        options = runs.make_options(
            STATEFUL_GSM, sleep_method=method, sleep_parallel=(1, 5), **TINY
        )
        ready = runs.prepare(STATEFUL_GSM, options, sources, tmp_path)
        asyncio.run(runs.carry_out(ready))
        sleeps = read_sleeps(tmp_path)
        assert len(sleeps) == 4 * 5
        billed = load_run(tmp_path).rows.filter(like="billed_sleep")
        assert billed.to_numpy().sum() == 0
        assert (sleeps.completion_tokens == rethought.notes().completion_tokens).all()

    def test_answers_read_what_was_agreed_on(self, tmp_path):
        run = runs.run(STATEFUL_GSM, out=tmp_path, sleep_method="agreed",
                       sleep_parallel=(5,), **TINY)  # fmt: skip
        read = run.notes_read(5).set_index("context_id").text
        for trace in run.traces():
            if trace.planned.setting.sleep:
                (text,) = trace.notes
                assert text == read[trace.planned.context.context_id]
                assert text in trace.asked[0].request.messages[-1]["content"]
                raw = run.notes().query("context_id == @trace.planned.context.context_id").text
                assert len(text) < sum(map(len, raw))

    def test_the_shipped_recording_has_all_that_the_phases_ask_for(self, tmp_path):
        name = "recorded:qwen2.5-coder-1.5b-gsm-p0"
        about = read_about(name)

        def answer(path, body):
            return 200, completion("The answer is 1.", {"prompt_tokens": 1, "completion_tokens": 1})

        with FaultServer(answer=answer) as server:
            where = {"model": about.model, "base_url": server.url}
            same = ("dataset", "answer_max_tokens")
            same += ("sleep_protocol", "sleep_max_tokens", "sleep_temperature")
            recorded = {option: about.config[option] for option in same}
            how = Execution.make(sources=name)
            options = runs.make_options(STATEFUL_GSM, sleep_method="agreed", **TINY,
                                        sleep_parallel=(5,), **recorded, **where)  # fmt: skip
            asyncio.run(runs.carry_out(runs.prepare(STATEFUL_GSM, options, how, tmp_path)))
            asked = [body["messages"] for body in server.log.bodies]
        assert 0 < len(asked) <= 4  # answers with notes; those of the baseline are there
        assert not [m for m in asked if "time to think about a situation before" in m[0]["content"]]
        assert len(read_sleeps(tmp_path)) == 4 * 5
