"""The notebook's view of a run: sliders for its options, estimate, start and stop, a live plot.

A run that is started here is a background task of the kernel's event loop, so the kernel stays free
and the sliders work while rows arrive. One plot is made for a view and drawn again ever after.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import ipywidgets
import pandas as pd

from sleeptime_lib import figures, runs
from sleeptime_lib.analysis import planning
from sleeptime_lib.analysis.bootstrap import DRAWS
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.config import Execution, Hints, Options, hints
from sleeptime_lib.console import describe_end, describe_plan
from sleeptime_lib.errors import InputError, SleeptimeError
from sleeptime_lib.experiment import Experiment, SleepFunction
from sleeptime_lib.explorer import SliderNames, in_notebook
from sleeptime_lib.models.replay import PREFIX
from sleeptime_lib.page import ERROR, ink, paragraph
from sleeptime_lib.progress import Progress
from sleeptime_lib.records import EFFORTS, ROW_COLUMNS, Row
from sleeptime_lib.results import Run, load_run
from sleeptime_lib.store import read_rows

NO_CAP: Final = 0.0  # a selection slider takes no None
CAP_CHOICES: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)
REDRAW_SECONDS: Final = 0.5
LIVE_DRAWS: Final = 200
"""Bootstrap draws while rows arrive; the final picture has the full number."""


class RunPanel:
    """Sliders for a run's options, and the Pareto plot that fills in while it runs.

    Show it as the last value of a cell. Nothing starts by itself: the Start button begins a run
    with what the sliders say, and `load` gives the results that are there.

    Args:
        experiment: An experiment, its name, or the file that defines it.
        options: Where the sliders stand at first (see `runs.make_options`).
        execution: How the calls are made; the cost cap comes from its slider.
        root: Folder in which run directories are made.
        sleep_method: A function of your own that makes the notes.
        plot: Whether to show the Pareto plot, which has nothing to show of arms of other names.

    Attributes:
        prepared: What Start would run; None when the sliders ask for what cannot be run.
    """

    def __init__(
        self,
        experiment: Experiment | str,
        options: Options,
        execution: Execution | None = None,
        *,
        root: Path = runs.RUNS,
        sleep_method: SleepFunction | None = None,
        plot: bool = True,
    ) -> None:
        self._experiment = runs.experiment_of(experiment)
        self._options = options
        self._execution = execution or Execution()
        self._root = root
        self._sleep_method = sleep_method
        self._columns: dict[str, list[Any]] = {name: [] for name in ROW_COLUMNS}
        self._run: asyncio.Task[None] | None = None
        self._progress = Progress(0)
        self.prepared: runs.Prepared | None = None
        self._sliders = {
            name: _slider(name, hint, getattr(options, name), options)
            for name, field in type(options).model_fields.items()
            if (hint := hints(field)).slider and name not in options.idle
        }
        self._at_first = {
            name: slider.value
            for name, slider in self._sliders.items()
            if getattr(options, name) is not None
        }
        self._cap = _cap_slider(self._execution.max_cost_usd)
        self._estimate = ipywidgets.HTML()
        self._status = ipywidgets.HTML()
        self._start = ipywidgets.Button(description="Start", icon="play", button_style="primary")
        self._stop = ipywidgets.Button(description="Stop", icon="stop", disabled=True)
        self._bar = ipywidgets.IntProgress(layout=ipywidgets.Layout(width="50%"))
        self._start.on_click(lambda _: self.start())
        self._stop.on_click(lambda _: self.stop())
        self._figure = figures.LivePlot(self._picture(final=False)) if plot else None
        controls = [*self._sliders.values(), self._cap]
        for control in controls:
            control.observe(lambda _: self._on_change(), names="value")
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.Box(controls, layout=ipywidgets.Layout(flex_flow="row wrap")),
                SliderNames(),
                self._estimate,
                ipywidgets.HBox([self._start, self._stop, self._bar]),
                self._status,
                *([self._figure] if self._figure else []),
            ]
        )
        self._on_change()
        if self._execution.max_cost_usd is None:
            self._propose_cap()

    def _repr_mimebundle_(self, **how: Any) -> Any:
        return in_notebook(self.widget, "the run panel: sliders, Start, Stop and a live plot", how)

    def _propose_cap(self) -> None:
        """Put the cap of a run that costs money at about twice what is expected."""
        if self.prepared is None or self.prepared.endpoint.is_local:
            return
        if cost := self.prepared.estimate.cost_usd:
            enough = (usd for usd in CAP_CHOICES if usd >= 2 * cost)
            self._cap.value = next(enough, CAP_CHOICES[-1])

    def options(self) -> Options:
        """The options that the sliders stand for.

        Raises:
            InputError: Together they cannot be had.
        """
        # A slider shows no gaps between values: where it was put at first, the option stays.
        moved = {
            name: _read(slider)
            for name, slider in self._sliders.items()
            if slider.value != self._at_first.get(name)
        }
        return type(self._options).make(**(self._options.model_dump() | moved))

    def _on_change(self) -> None:
        try:
            self.prepared = runs.prepare(
                self._experiment,
                self.options(),
                self._execution.model_copy(update={"max_cost_usd": self._cap.value or None}),
                root=self._root,
                sleep_method=self._sleep_method,
            )
        except InputError as error:
            self.prepared = None
            self._start.disabled = True
            self._estimate.value = paragraph(str(error), colour=ERROR)
            return
        self._start.disabled = self._is_running
        rows = f"{self.prepared.estimate.rows:,} rows: {describe_plan(self.prepared)}"
        self._estimate.value = paragraph(rows)

    @property
    def _is_running(self) -> bool:
        return self._run is not None and not self._run.done()

    def start(self) -> None:
        """Begin the run that the sliders stand for, in the background; a press of Start does it.

        Raises:
            InputError: The options cannot be run; the view says why.
        """
        if self._is_running:
            return
        self._run = asyncio.create_task(self._carry_out(self._begin()))

    def stop(self) -> None:
        """Interrupt the run; what is finished is kept."""
        if self._run:
            self._run.cancel()

    async def ended(self) -> None:
        """Wait until the run that was started has ended, in whatever way; the view says how."""
        if self._run:
            await asyncio.wait([self._run])

    def load(self, *, spend: bool = False) -> Run:
        """The results of the run that the sliders stand for.

        What is there is loaded, be it a part. A recording or the simulated model, which cost
        nothing, are first run to their end, which takes seconds; a model that may cost money is
        not, unless `spend` says so.

        Args:
            spend: Run a model that may cost money, too, within the cap; for batches without a
                person who could press Start.

        Raises:
            InputError: The options cannot be run, nothing has been run yet, or no cap is given.
            SleeptimeError: The run could not finish.
        """
        prepared = self._checked()
        # The cap that the panel proposes is for a person who sees it.
        if spend and not (prepared.endpoint.is_local or self._execution.max_cost_usd):
            raise InputError("spend=True needs a cap: give max_cost_usd, in US dollars")
        if (prepared.is_free or spend) and not self._is_running:
            self._begin()
            try:
                self._end(runs.run_now(runs.carry_out(prepared, self._on_row)))
            except SleeptimeError as error:
                self._say(str(error), error=True)
                raise
            finally:
                self._leave()
        elif not prepared.there:
            raise InputError(
                "nothing has been run yet: press Start above, which shows what it would cost, and "
                "run the cells from here on again when it is done"
            )
        else:
            self._show_rows(prepared.path)
        return load_run(prepared.path, self._experiment)

    def _checked(self) -> runs.Prepared:
        self._on_change()
        if self.prepared is None:
            raise InputError("these options cannot be run: see the message in the panel")
        return self.prepared

    def _begin(self) -> runs.Prepared:
        prepared = self._checked()
        for column in self._columns.values():
            column.clear()
        self._progress = Progress(prepared.estimate.rows, prepared.price, prepared.there)
        self._bar.max, self._bar.value = max(self._progress.total, 1), prepared.there
        self._start.disabled, self._stop.disabled = True, False
        self._say(f"running in {prepared.path}")
        self._redraw(final=False)
        return prepared

    def _leave(self) -> None:
        self._start.disabled, self._stop.disabled = False, True

    def _end(self, finished: runs.Finished) -> None:
        self._show_rows(finished.path)
        self._say(f"finished: {describe_end(finished)}; {finished.path}")

    async def _carry_out(self, prepared: runs.Prepared) -> None:
        drawing = asyncio.create_task(self._keep_drawing())
        try:
            self._end(await runs.carry_out(prepared, self._on_row))
        except asyncio.CancelledError:
            self._say(f"stopped after {self._progress.line()}; all is kept, Start goes on")
        except SleeptimeError as error:
            self._say(str(error), error=True)
        finally:
            drawing.cancel()
            self._leave()

    def _on_row(self, row: Row) -> None:
        self._progress.add(row)
        for name, column in self._columns.items():
            column.append(getattr(row, name))

    async def _keep_drawing(self) -> None:
        drawn = 0
        while True:
            await asyncio.sleep(REDRAW_SECONDS)
            if (rows := len(self._columns["score"])) > drawn:
                drawn = rows
                self._bar.value = self._progress.there + self._progress.done
                self._say(f"running: {self._progress.line()}")
                self._redraw(final=False)

    def _show_rows(self, path: Path) -> None:
        rows = read_rows(path)
        for name, column in self._columns.items():
            column[:] = rows[name].tolist()
        self._bar.value = len(rows)
        self._say(f"{len(rows):,} of {self._bar.max:,} rows are there; {path}")
        self._redraw(final=True)

    def _redraw(self, *, final: bool) -> None:
        if self._figure:
            self._figure.draw(self._picture(final=final))

    def _picture(self, *, final: bool) -> figures.Picture:
        report = analyse(pd.DataFrame(self._columns), draws=DRAWS if final else LIVE_DRAWS)
        return figures.pareto(replace(report, score=self._experiment.score))

    def _say(self, text: str, *, error: bool = False) -> None:
        self._status.value = paragraph(text, colour=ERROR if error else ink(1))


def _slider(name: str, hint: Hints, value: Any, options: Options) -> ipywidgets.Widget:
    """The control of an option; of a recording it offers what was recorded."""
    how = _look(hint.label or name.replace("_", " ").capitalize())
    recorded = options.model.startswith(PREFIX)
    if hint.slider == "count":
        most = value if recorded and value else max(value or 1, *hint.choices)
        return ipywidgets.IntSlider(value or min(40, most), min=1, max=most, **how)
    choices = value if recorded else _in_order({*hint.choices, *value})
    if hint.slider == "range":
        named = [(options.value_name(name, k), k) for k in choices]
        return ipywidgets.SelectionRangeSlider(options=named, value=(value[0], value[-1]), **how)
    named = [(f"up to {k}" if k > choices[0] else str(k), k) for k in choices]
    none = [] if value else [("none", 0)]
    how["disabled"] = len(none + named) == 1
    return ipywidgets.SelectionSlider(options=none + named, value=max(value, default=0), **how)


def _in_order(values: set[Any]) -> list[Any]:
    """Numbers by size, efforts from least to most."""
    return sorted(values, key=lambda v: EFFORTS.index(v) if v in EFFORTS else v)


def _read(slider: ipywidgets.Widget) -> Any:
    """The value of an option that its slider stands for."""
    if isinstance(slider, ipywidgets.IntSlider):
        return slider.value
    if isinstance(slider, ipywidgets.SelectionRangeSlider):
        first, last = slider.index
        return tuple(k for _, k in slider.options[first : last + 1])
    return tuple(k for _, k in slider.options if 0 < k <= slider.value)


def _cap_slider(cap: float | None) -> ipywidgets.Widget:
    caps = sorted({*CAP_CHOICES, cap or NO_CAP} - {NO_CAP})
    return ipywidgets.SelectionSlider(
        options=[("no cap", NO_CAP), *((f"${usd:g}", usd) for usd in caps)],
        value=cap or NO_CAP,
        **_look("Cost cap"),
    )


def _look(label: str) -> dict[str, Any]:
    """What all sliders of a panel have in common."""
    return {
        "description": label,
        "continuous_update": False,
        "layout": ipywidgets.Layout(width="48%", min_width="300px"),
        "style": {"description_width": "9.5em"},
    }


class PlanningPanel:
    """What a larger run could see, judged from the spread between the clusters of a finished one.

    Args:
        rows: A finished run's rows, taken as a pilot.
        budget: Budget at which accuracies are compared.
        confidence: Of the intervals.
    """

    def __init__(self, rows: pd.DataFrame, budget: int, *, confidence: float = 0.95) -> None:
        self._spread = planning.pilot_spread(rows, budget)
        self._confidence = confidence
        self._clusters = ipywidgets.IntSlider(
            value=self._spread.clusters,
            min=5,
            max=500,
            step=5,
            description="Clusters",
            layout=ipywidgets.Layout(width="60%"),
        )
        self._text = ipywidgets.HTML()
        self._clusters.observe(lambda _: self._on_change(), names="value")
        self.widget = ipywidgets.VBox([self._clusters, self._text, SliderNames()])
        self._on_change()

    def _repr_mimebundle_(self, **how: Any) -> Any:
        return in_notebook(self.widget, "a slider for the number of clusters", how)

    def text(self, clusters: int) -> str:
        """What a run with so many clusters could see, in one sentence."""
        points = self._spread.points
        width = planning.half_width(points, clusters, confidence=self._confidence)
        least = planning.minimum_detectable(points, clusters, confidence=self._confidence)
        said = (
            f"{clusters} clusters: accuracy differences within ±{width:.1f} points; a true "
            f"difference of {least:.1f} points is found 4 times in 5"
        )
        if math.isfinite(self._spread.log_ratio):
            ratio = self._spread.log_ratio
            log_width = planning.half_width(ratio, clusters, confidence=self._confidence)
            said += f"; token ratio within ×/÷ {math.exp(log_width):.1f}"
        return f"{said}."

    def _on_change(self) -> None:
        self._text.value = paragraph(self.text(self._clusters.value))
