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
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.config import Execution, Options, hints
from sleeptime_lib.console import describe_end, describe_plan
from sleeptime_lib.errors import InputError, SleeptimeError
from sleeptime_lib.experiment import Experiment, SleepFunction
from sleeptime_lib.explorer import SliderNames, in_notebook
from sleeptime_lib.page import ERROR, ink, paragraph
from sleeptime_lib.progress import Progress
from sleeptime_lib.records import ROW_COLUMNS, Row
from sleeptime_lib.results import Run, load_run
from sleeptime_lib.sliders import CAP_CHOICES, cap_slider, control, read

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
            name: slider
            for name, field in type(options).model_fields.items()
            if (hint := hints(field)).slider and not (sleep_method and name == "sleep_method")
            if (slider := control(name, hint, getattr(options, name), options)) is not None
        }
        self._at_first = {
            name: slider.value
            for name, slider in self._sliders.items()
            if getattr(options, name) is not None
        }
        self._cap = cap_slider(self._execution.max_cost_usd)
        self._estimate = ipywidgets.HTML()
        self._status = ipywidgets.HTML()
        self._start = ipywidgets.Button(description="Start", icon="play", button_style="primary")
        self._stop = ipywidgets.Button(description="Stop", icon="stop", disabled=True)
        self._bar = ipywidgets.IntProgress(layout=ipywidgets.Layout(width="50%"))
        self._start.on_click(lambda _: self.start())
        self._stop.on_click(lambda _: self.stop())
        self._figure = figures.LivePlot(self._picture()) if plot else None
        shown = [*self._sliders.values(), self._cap]
        for slider in shown:
            slider.observe(lambda _: self._on_change(), names="value")
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.Box(shown, layout=ipywidgets.Layout(flex_flow="row wrap")),
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
            name: read(slider)
            for name, slider in self._sliders.items()
            if slider.value != self._at_first.get(name)
        }
        given = self._options.model_dump()
        idle = type(self._options).make(**(given | moved)).idle
        return type(self._options).make(
            **(given | {name: value for name, value in moved.items() if name not in idle})
        )

    def _on_change(self) -> None:
        try:
            options = self.options()
            for name, slider in self._sliders.items():
                slider.layout.display = "none" if name in options.idle else None
            self.prepared = runs.prepare(
                self._experiment,
                options,
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
                return self._end(runs.run_now(runs.carry_out(prepared, self._on_row)))
            except SleeptimeError as error:
                self._say(str(error), error=True)
                raise
            finally:
                self._leave()
        if not prepared.there:
            raise InputError(
                "nothing has been run yet: press Start above, which shows what it would cost, and "
                "run the cells from here on again when it is done"
            )
        return self._show(prepared.path)

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
        self._redraw()
        return prepared

    def _leave(self) -> None:
        self._start.disabled, self._stop.disabled = False, True

    def _end(self, finished: runs.Finished) -> Run:
        run = self._show(finished.path)
        self._say(f"finished: {describe_end(finished)}; {finished.path}")
        return run

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
                self._redraw()

    def _show(self, path: Path) -> Run:
        run = load_run(path, self._experiment)
        for name, column in self._columns.items():
            column[:] = run.rows[name].tolist()
        self._bar.value = len(run.rows)
        self._say(f"{len(run.rows):,} of {self._bar.max:,} rows are there; {path}")
        if self._figure:
            self._figure.draw(figures.pareto(run.report(), controls=True))
        return run

    def _redraw(self) -> None:
        if self._figure:
            self._figure.draw(self._picture())

    def _picture(self) -> figures.Picture:
        """The rows that have come so far."""
        report = analyse(pd.DataFrame(self._columns), draws=LIVE_DRAWS)
        return figures.pareto(replace(report, score=self._experiment.score), controls=True)

    def _say(self, text: str, *, error: bool = False) -> None:
        self._status.value = paragraph(text, colour=ERROR if error else ink(1))


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
