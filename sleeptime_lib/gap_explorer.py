"""The gap explorer: the gap between the arms by predictability, in any setting, from rows at hand.

No model is called. A moved slider draws the bootstrap again and sends both pictures to one figure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import ipywidgets

from sleeptime_lib.analysis import predictability_wording as words
from sleeptime_lib.analysis.costs import PAPER_T
from sleeptime_lib.analysis.pairing import choose, pairings
from sleeptime_lib.analysis.predictability import BINS, Predictability, predictability
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.predictability import MAIN, MEASURES, answers_of, by_question, known
from sleeptime_lib.explorer import WEIGHTS, in_notebook, laid_out, slider
from sleeptime_lib.figures import LivePlot, extra_by_bin, gap_by_bin
from sleeptime_lib.figures.picture import Picture
from sleeptime_lib.page import ink, paragraph
from sleeptime_lib.records import budget_name
from sleeptime_lib.results import Run

DRAWS: Final = 500
"""Bootstrap draws behind the explorer's intervals; a report has more."""
MOST_BINS: Final = 10


class GapExplorer:
    """Sliders for bins, budget, sleep phases and t, and the gap and the cost that follow.

    Show it as the last value of a cell.

    Args:
        run: A finished run of the experiment predictability.
        bins: Quantile bins at first.
        budget: Test budget at first; None for the lowest.
        t: Weight of an answer's token at first.
        draws: Bootstrap draws.

    Attributes:
        answers: The answers that the run's questions come from.
        known: What is known of each question (`experiments.predictability.known`).

    Raises:
        InputError: The answers are not there, or have no sleep arm beside a baseline.
    """

    def __init__(
        self,
        run: Run,
        *,
        bins: int = BINS,
        budget: int | None = None,
        t: float = PAPER_T,
        draws: int = DRAWS,
    ) -> None:
        self.answers = answers_of(run)
        self._report = run.report()
        self.known = known(run, self.answers.task)
        self._answerer = str(self.answers.rows["model"].iloc[0])
        self._every = pairings(self.answers.rows)
        self._draws = draws
        first = choose(self._every, budget=budget)
        kind = first.line.budget_kind
        budgets = dict.fromkeys(one.budget for one in self._every)
        phases = dict.fromkeys(one.line.sleep_parallel for one in self._every)

        def choice(label: str, value: Any, choices: list[Any]) -> Any:
            fixed = len(choices) == 1
            return slider(
                ipywidgets.SelectionSlider, label, value, options=choices, disabled=fixed,
                continuous_update=False,
            )  # fmt: skip

        named = [(budget_name(kind, one), one) for one in sorted(budgets)]
        self._measure = ipywidgets.Dropdown(
            options=[(words, name) for name, words in MEASURES.items()],
            value=MAIN,
            description="Measure",
            layout=ipywidgets.Layout(width="auto"),
        )
        self._bins = choice("Bins", bins, list(range(2, max(MOST_BINS, bins) + 1)))
        self._budget = choice("Budget", first.budget, named)
        self._parallel = choice("Phases k", first.line.sleep_parallel, sorted(phases))
        self._t = choice("Weight t", t, sorted({*map(float, WEIGHTS), t}))
        self._sliders = (self._bins, self._budget, self._parallel, self._t)
        self._verdict, self._note = ipywidgets.HTML(), ipywidgets.HTML()
        found = self.found()
        pictures = self._pictures(found)
        self._figure = LivePlot(*pictures)
        for control in (self._measure, *self._sliders):
            control.observe(self._on_change, names="value")
        self.widget = laid_out(
            self._measure, self._sliders, self._verdict, self._figure, self._note
        )
        self._say(found, pictures[1].note)

    def _repr_mimebundle_(self, **how: Any) -> Any:
        return in_notebook(self.widget, "the gap explorer: sliders and the gaps they move", how)

    @property
    def most_predictable(self) -> str:
        """The context of the most predictable question, by the main measure."""
        return str(self.known["context_id"].iloc[int(self.known[MAIN].argmax())])

    def found(self) -> Predictability:
        """What the rows say where the sliders stand.

        Raises:
            InputError: That setting was not run.
        """
        answered = choose(self._every, budget=self._budget.value, parallel=self._parallel.value)
        return predictability(
            answered,
            by_question(self.known, self._measure.value),
            bins=self._bins.value,
            t=self._t.value,
            draws=self._draws,
        )

    def _on_change(self, _: Any) -> None:
        try:
            found = self.found()
        except InputError as error:
            self._verdict.value = paragraph(str(error))
            return
        pictures = self._pictures(found)
        self._figure.draw(*pictures)
        self._say(found, pictures[1].note)

    def _pictures(self, found: Predictability) -> tuple[Picture, Picture]:
        about = self._report, found, self._answerer, MEASURES[self._measure.value]
        return (
            replace(gap_by_bin(*about), title="Gap by predictability"),
            replace(extra_by_bin(*about), title="Extra cost by predictability"),
        )

    def _say(self, found: Predictability, note: str) -> None:
        lead = words.direction(found.raw.per_sd).capitalize()
        said = (
            f": {words.points(found.raw.per_sd)} per standard deviation; between the first and "
            f"the last bin {words.points(found.widening)}."
        )
        self._verdict.value = paragraph(said, lead=lead)
        self._note.value = paragraph(note, colour=ink(2), size="0.85em")
