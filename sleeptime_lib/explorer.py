"""The cost explorer: what a shared sleep phase costs under any prices, from rows at hand.

No model is called. The bootstrap is drawn once; a moved slider calculates one bill, sends new
numbers to one figure in one message, and says in words who wins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import anywidget
import ipywidgets
import pandas as pd

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.costs import Bill, usd_rates
from sleeptime_lib.analysis.payoff import Amortisation
from sleeptime_lib.analysis.ratio import is_determined
from sleeptime_lib.analysis.wording import fold, pays
from sleeptime_lib.errors import InputError
from sleeptime_lib.figures import LivePlot, amortised_pareto, cost_by_questions
from sleeptime_lib.figures.picture import Picture
from sleeptime_lib.models.prices import Price, price_of, price_or_reference
from sleeptime_lib.page import ink, paragraph

DRAWS: Final = 1000
"""Bootstrap draws behind the explorer's intervals; a report has more."""

WEIGHTS: Final = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50)
FACTORS: Final = (0.25, 0.5, 1, 1.5, 2, 3, 5, 7, 10, 15, 20)
MOST_QUESTIONS: Final = 50
PAPER: Final = Price(prompt=0.0, cached=0.0, completion=1.0)
"""The paper's model in prices: only generated tokens count."""


class SliderNames(anywidget.AnyWidget):
    """Gives the handles of the sliders around it their description as `aria-label`.

    ipywidgets has no option for it: a screen reader hears "slider" seven times.
    """

    _esm = """
    export default { render({ el }) {
      const name = () => {
        const root = el.closest(".jp-OutputArea-output") ?? document;
        for (const slider of root.querySelectorAll(".widget-slider")) {
          const label = slider.querySelector(".widget-label")?.textContent ?? "";
          const handles = [...slider.querySelectorAll(".noUi-handle")];
          handles.forEach((handle, i) => handle.setAttribute("aria-label",
            handles.length > 1 ? label + (i ? ", to" : ", from") : label));
        }
      };
      requestAnimationFrame(() => setTimeout(name, 0));
    } };
    """


def in_notebook(widget: ipywidgets.Widget, what: str, how: dict[str, Any]) -> Any:
    """What a cell shows: the widget, or where there is no kernel what would stand there."""
    shown = widget._repr_mimebundle_(**how)
    return shown | {"text/plain": f"[{what}: run this cell in JupyterLab to use it]"}


def slider(kind: type, label: str, value: Any, **how: Any) -> Any:
    """A slider of an explorer, as wide as its place in the grid."""
    wide, style = ipywidgets.Layout(width="auto"), {"description_width": "7.6em"}
    return kind(value=value, description=label, layout=wide, style=style, **how)


def laid_out(choice: Any, sliders: Sequence[Any], *below: Any) -> ipywidgets.VBox:
    """An explorer: a choice, its sliders in a grid, and what they move."""
    # As many sliders beside each other as leave each of them a scale to move on.
    columns = ipywidgets.Layout(grid_template_columns="repeat(auto-fill, minmax(275px, 1fr))")
    grid = ipywidgets.GridBox(sliders, layout=columns)
    return ipywidgets.VBox([choice, grid, *below, SliderNames()])


class CostExplorer:
    """Sliders for everything in the bill, and the curves, break-even and winner that follow.

    Show it as the last value of a cell. Costs are in USD per 1,000 questions. The sliders are
    questions per context, weight t of an answer call, prices of prompt, cached prompt and
    generated tokens in USD per million, the discount of a batch endpoint on the sleep phase in
    percent, and the length of the notes as a multiple of their real one.

    Args:
        rows: Rows of a run, as `sleeptime_lib.store.read_rows` gives them.
        price: Prices of the full bill; None takes the model's, or those of gpt-4o-mini where the
            model has none or is free.
        questions: Questions per context at first.
        t: Weight of an answer call at first.
        draws: Bootstrap draws.

    Raises:
        InputError: There are no rows of a sleep phase to calculate with, or the rows are bad.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        *,
        price: Price | None = None,
        questions: int = 10,
        t: int = 10,
        draws: int = DRAWS,
    ) -> None:
        self._prepared = draw_costs(rows, draws=draws)
        if not self._prepared.cells.curves("sleep"):
            raise InputError("there are no answered rows of the sleep arm: nothing to explore")
        model = self._prepared.report.model
        self._price = price or price_or_reference(model, price_of(model))[0]
        self._make_controls(questions, t)
        self._verdict, self._note = ipywidgets.HTML(), ipywidgets.HTML()
        found = self.found()
        pictures = _pictures(found)
        self._figure = LivePlot(*pictures)
        self.widget = laid_out(self._preset, self._sliders, self._verdict, self._figure, self._note)
        self._say(found, pictures[1].note)

    def _repr_mimebundle_(self, **how: Any) -> Any:
        return in_notebook(self.widget, "the cost explorer: sliders and the curves they move", how)

    def _make_controls(self, questions: int, t: int) -> None:
        def price(label: str, value: float) -> Any:
            most = max(20.0, 2 * self._price.completion)
            return slider(
                ipywidgets.FloatSlider, label, value, min=0, max=most, step=0.005,
                readout_format=".3f",
            )  # fmt: skip

        batch = round(100 * (1 - self._price.batch))
        # What each preset sets: prices, weight t, discount on the sleep phase in percent.
        self._presets = {
            "Paper's model": (PAPER, 10, 0),
            "Full bill": (self._price, 1, 0),
            f"Full bill, sleep phase {batch}% off": (self._price, 1, batch),
        }
        self._preset = ipywidgets.ToggleButtons(
            options=list(self._presets), style={"button_width": "auto"}
        )
        self._questions = slider(
            ipywidgets.IntSlider, "Questions Q", questions, min=1, max=MOST_QUESTIONS
        )
        self._t = slider(ipywidgets.SelectionSlider, "Weight t", t, options=sorted({*WEIGHTS, t}))
        self._prompt = price("Prompt $/M", PAPER.prompt)
        self._cached = price("Cached $/M", PAPER.cached)
        self._completion = price("Generated $/M", PAPER.completion)
        self._discount = slider(ipywidgets.IntSlider, "Sleep % off", 0, min=0, max=100, step=5)
        factors = [(f"{f:g}×", f) for f in FACTORS]
        self._factor = slider(ipywidgets.SelectionSlider, "Notes length", 1, options=factors)
        self._sliders = (
            self._questions, self._t, self._prompt, self._cached, self._completion,
            self._discount, self._factor,
        )  # fmt: skip
        self._preset.observe(lambda _: self._apply_preset(), names="value")
        for control in self._sliders:
            control.observe(self._on_change, names="value")

    def bill(self) -> Bill:
        """The bill that the sliders stand for."""
        rates = usd_rates(
            self._prompt.value,
            self._cached.value,
            self._completion.value,
            sleep_discount=self._discount.value / 100,
        )
        return Bill(rates, t=self._t.value, notes_factor=self._factor.value)

    def found(self) -> Amortisation:
        """What the rows say under that bill, for the chosen number of questions."""
        return self._prepared.amortisation(
            self.bill(), questions=(self._questions.value,), weights=()
        )

    def _apply_preset(self) -> None:
        """Set all sliders, then draw once."""
        price, t, discount = self._presets[self._preset.value]
        for control in self._sliders:
            control.unobserve(self._on_change, names="value")
        self._prompt.value, self._cached.value = price.prompt, price.cached
        self._completion.value = price.completion
        self._t.value, self._discount.value, self._factor.value = t, discount, 1
        for control in self._sliders:
            control.observe(self._on_change, names="value")
        self._on_change(None)

    def _on_change(self, _: Any) -> None:
        found = self.found()
        pictures = _pictures(found)
        self._figure.draw(*pictures)
        self._say(found, pictures[1].note)

    def _say(self, found: Amortisation, note: str) -> None:
        lead, said = verdict(found, self._questions.value)
        self._verdict.value = paragraph(said, lead=lead)
        self._note.value = paragraph(note, colour=ink(2), size="0.85em")


def _pictures(found: Amortisation) -> tuple[Picture, Picture]:
    return (
        replace(amortised_pareto(found), title=f"Accuracy against cost, Q = {found.questions[0]}"),
        replace(cost_by_questions(found), title="Cost against Q"),
    )


def verdict(found: Amortisation, questions: int) -> tuple[str, str]:
    """Who wins at a number of questions, from when on, and up to which length of the notes.

    Returns:
        One line of text: its first words, and the rest.
    """
    main = found.main
    if main is None:
        return "No winner", ": there are no baseline rows to compare with."
    if main.basis.reason:
        return "No winner", f" {pays(main, found.confidence)}"
    saving = main.at(questions)
    ratio = saving.ratio
    name = {"sleep-time": "Sleep-time wins", "baseline": "The baseline wins"}.get(
        saving.winner, "Undecided"
    )
    said = ""
    if math.isfinite(ratio.estimate):
        said = f": {_cheaper(ratio)} per question"
    parts = [
        f"{said}.",
        pays(main, found.confidence),
        _length(main.notes_tokens.estimate * found.bill.notes_factor, main.notes_limit),
    ]
    return f"{name} at Q = {questions}", " ".join(p for p in parts if p)


def _cheaper(ratio: Interval) -> str:
    low, high = ratio.low, ratio.high
    if not is_determined(low, high):
        return f"the ratio of costs is not determined ({fold(low)} to {fold(high)})"
    if ratio.estimate >= 1:
        return f"sleep-time costs {fold(ratio.estimate)} less ({fold(low)} to {fold(high)})"
    return f"sleep-time costs {fold(1 / ratio.estimate)} more ({fold(1 / high)} to {fold(1 / low)})"


def _length(notes: float, limit: Interval) -> str:
    if math.isnan(notes + limit.low):
        return ""
    if math.isinf(limit.low):
        return "Reading the notes costs nothing under this bill."
    read = f"Notes are read as {notes:,.0f} tokens"
    if not math.isfinite(limit.estimate + limit.high):
        ends = " to ".join("∞" if math.isinf(x) else f"{x:,.0f}" for x in (limit.low, limit.high))
        return f"{read}; the length beyond which no Q pays is not determined ({ends})."
    ends = f"{limit.low:,.0f} to {limit.high:,.0f}"
    return f"{read}; beyond {limit.estimate:,.0f} ({ends}) no Q pays."
