"""The cost explorer: what a shared sleep phase costs under any prices, from rows at hand.

No model is called. The bootstrap is drawn once; a moved slider reckons one bill, sends new numbers
to one figure in one message, and says in words who wins.
"""

from __future__ import annotations

import html
import math
from dataclasses import replace
from typing import Any, Final

import ipywidgets
import pandas as pd
import plotly.graph_objects as go

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.costs import Bill, usd_rates
from sleeptime_lib.analysis.payoff import Amortisation
from sleeptime_lib.analysis.wording import pays, times
from sleeptime_lib.errors import InputError
from sleeptime_lib.figures import amortised_pareto, cost_by_questions
from sleeptime_lib.figures.panels import panels, refresh_panels
from sleeptime_lib.figures.picture import Picture
from sleeptime_lib.models.prices import PRICES, Price, price_or_reference

DRAWS: Final = 1000
"""Bootstrap draws behind the explorer's intervals; a report has more."""

WEIGHTS: Final = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50)
FACTORS: Final = (0.25, 0.5, 1, 1.5, 2, 3, 5, 7, 10, 15, 20)
MOST_QUESTIONS: Final = 50
PAPER: Final = Price(prompt=0.0, cached=0.0, completion=1.0)
"""The paper's model in prices: only generated tokens count."""


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
        InputError: There are no rows of a sleep phase to reckon with, or the rows are bad.
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
        self._price = price or price_or_reference(model, PRICES.price(model))[0]
        self._make_controls(questions, t)
        self._verdict = ipywidgets.HTML()
        self._figure = go.FigureWidget(panels(_pictures(self.found())))
        self.widget = ipywidgets.VBox(
            [
                self._preset,
                ipywidgets.HBox([self._questions, self._t]),
                ipywidgets.HBox([self._prompt, self._cached, self._completion]),
                ipywidgets.HBox([self._discount, self._factor]),
                self._verdict,
                self._figure,
            ]
        )
        self._say(self.found())

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)

    def _make_controls(self, questions: int, t: int) -> None:
        def slider(kind: type, label: str, value: Any, width: str = "46%", **how: Any) -> Any:
            return kind(
                value=value,
                description=label,
                layout=ipywidgets.Layout(width=width),
                style={"description_width": "8.2em"},
                **how,
            )

        def price(label: str, value: float) -> Any:
            most = max(20.0, 2 * self._price.completion)
            return slider(ipywidgets.FloatSlider, label, value, "31%", min=0, max=most, step=0.005,
                          readout_format=".3f")  # fmt: skip

        self._preset = ipywidgets.ToggleButtons(options=["Paper's model", "Full bill"])
        self._questions = slider(
            ipywidgets.IntSlider, "Questions Q", questions, min=1, max=MOST_QUESTIONS
        )
        self._t = slider(ipywidgets.SelectionSlider, "Weight t", t, options=sorted({*WEIGHTS, t}))
        self._prompt = price("Prompt $/M", PAPER.prompt)
        self._cached = price("Cached $/M", PAPER.cached)
        self._completion = price("Generated $/M", PAPER.completion)
        self._discount = slider(ipywidgets.IntSlider, "Discount %", 0, min=0, max=100, step=5)
        self._factor = slider(
            ipywidgets.SelectionSlider, "Notes length", 1,
            options=[(f"{f:g}×", f) for f in FACTORS],
        )  # fmt: skip
        self._preset.observe(lambda _: self._apply_preset(), names="value")
        self._sliders = (
            self._questions, self._t, self._prompt, self._cached, self._completion,
            self._discount, self._factor,
        )  # fmt: skip
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
        full = self._preset.value == "Full bill"
        price = self._price if full else PAPER
        for control in self._sliders:
            control.unobserve(self._on_change, names="value")
        self._prompt.value, self._cached.value = price.prompt, price.cached
        self._completion.value = price.completion
        self._t.value = 1 if full else 10
        self._discount.value = round(100 * (1 - price.batch)) if full else 0
        self._factor.value = 1
        for control in self._sliders:
            control.observe(self._on_change, names="value")
        self._on_change(None)

    def _on_change(self, _: Any) -> None:
        found = self.found()
        refresh_panels(self._figure, _pictures(found))
        self._say(found)

    def _say(self, found: Amortisation) -> None:
        self._verdict.value = verdict(found, self._questions.value)


def _pictures(found: Amortisation) -> tuple[Picture, Picture]:
    return (
        replace(amortised_pareto(found), title="Accuracy against cost"),
        replace(cost_by_questions(found), title="Cost as questions share it"),
    )


def verdict(found: Amortisation, questions: int) -> str:
    """Who wins at a number of questions, from when on, and up to which length of the notes.

    Returns:
        One line of HTML.
    """
    main = found.main
    if main is None:
        return "<b>No winner</b>: there are no baseline rows to compare with."
    if main.basis.reason:
        return f"<b>No winner</b> {html.escape(pays(main, found.confidence))}"
    saving = main.at(questions)
    ratio = saving.ratio
    name = {"sleep-time": "Sleep-time wins", "baseline": "The baseline wins"}.get(
        saving.winner, "Undecided"
    )
    said = ""
    if math.isfinite(ratio.estimate):
        said = f": {_cheaper(ratio.estimate)} per question ({times(ratio.low)}× to "
        said += f"{'∞' if math.isinf(ratio.high) else times(ratio.high) + '×'})"
    parts = [
        f"<b>{name} at Q = {questions}</b>{said}.",
        html.escape(pays(main, found.confidence)),
        _length(main.notes_tokens.estimate * found.bill.notes_factor, main.notes_limit.estimate),
    ]
    return " ".join(p for p in parts if p)


def _cheaper(ratio: float) -> str:
    if ratio >= 1:
        return f"sleep-time costs {times(ratio)}× less"
    return f"sleep-time costs {times(1 / ratio)}× more" if ratio else "sleep-time costs more"


def _length(notes: float, limit: float) -> str:
    if math.isnan(notes + limit):
        return ""
    if math.isinf(limit):
        return "Reading the notes costs nothing under this bill."
    return f"Notes are read as {notes:,.0f} tokens; beyond {limit:,.0f} no Q pays."
