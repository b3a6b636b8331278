"""The notebook's view of a run: budget sliders, estimate, start and stop, a live Pareto plot.

A run is a background task of the kernel's event loop, so the kernel stays free and the sliders
work while rows arrive. One figure is made for a view and updated ever after: figure widgets are
never freed by the widget registry.
"""

from __future__ import annotations

import asyncio
import html
import math
from pathlib import Path
from typing import Any, Final

import ipywidgets
import pandas as pd

from sleeptime_lib import figures, runs
from sleeptime_lib.analysis import planning
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.config import Execution, RunConfig, make_config
from sleeptime_lib.console import describe_plan
from sleeptime_lib.errors import InputError, SleeptimeError
from sleeptime_lib.models.recording import PREFIX
from sleeptime_lib.records import ROW_COLUMNS, Row

PARALLEL_CHOICES: Final = (1, 2, 5, 10)
NO_CAP: Final = 0.0  # a selection slider takes no None
CAP_CHOICES: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)
REDRAW_SECONDS: Final = 0.5
LIVE_DRAWS: Final = 200
"""Bootstrap draws while rows arrive; the final picture has the full number."""


class RunPanel:
    """Sliders for a run's budget, and the Pareto plot that fills in while it runs.

    Show it as the last value of a cell. `start` begins a run with what the sliders say (the Start
    button does the same); `finished` waits for it.

    Args:
        config: Where the sliders stand at first.
        execution: How the calls are made; the cost cap comes from the slider.
        most_questions: Upper end of the slider of questions, or of contexts where the
            configuration has a number of questions per context.
        root: Folder in which run directories are made.
    """

    def __init__(
        self,
        config: RunConfig,
        execution: Execution | None = None,
        *,
        most_questions: int = 200,
        root: Path = runs.RUNS,
    ) -> None:
        self._config = config
        self._execution = execution or Execution()
        self._root = root
        self._columns: dict[str, list[Any]] = {name: [] for name in ROW_COLUMNS}
        self._run: asyncio.Task[runs.Finished] | None = None
        self._prepared: runs.Prepared | None = None
        self._make_controls(most_questions)
        self._figure = figures.live(self._picture(final=False))
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.HBox([self._questions, self._levels]),
                ipywidgets.HBox([self._parallel, self._cap]),
                self._estimate,
                ipywidgets.HBox([self._start, self._stop, self._bar]),
                self._status,
                self._figure,
            ]
        )
        self._on_change()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)

    def _make_controls(self, most_questions: int) -> None:
        config = self._config
        wide = ipywidgets.Layout(width="48%")
        style = {"description_width": "9.5em"}
        questions = config.limit or min(40, most_questions)
        self._questions = ipywidgets.IntSlider(
            value=questions,
            min=1,
            max=max(most_questions, questions),
            description="Contexts" if config.questions_per_context else "Questions",
            continuous_update=False,
            layout=wide,
            style=style,
        )
        self._levels = ipywidgets.SelectionRangeSlider(
            options=list(range(5)),
            value=(config.levels[0], config.levels[-1]),
            description="Verbosity levels",
            continuous_update=False,
            layout=wide,
            style=style,
        )
        if config.model.startswith(PREFIX):
            choices = list(config.sleep_parallel) or [1]
        else:
            choices = sorted({*PARALLEL_CHOICES, *config.sleep_parallel})
        self._parallel = ipywidgets.SelectionSlider(
            options=[(f"up to {k}" if k > 1 else "1", k) for k in choices],
            value=max(config.sleep_parallel, default=1),
            description="Parallel phases",
            continuous_update=False,
            layout=wide,
            style=style,
        )
        cap = self._execution.max_cost_usd or NO_CAP
        caps = sorted({*CAP_CHOICES, cap} - {NO_CAP})
        self._cap = ipywidgets.SelectionSlider(
            options=[("no cap", NO_CAP), *((f"${usd:g}", usd) for usd in caps)],
            value=cap,
            description="Cost cap",
            continuous_update=False,
            layout=wide,
            style=style,
        )
        self._estimate = ipywidgets.HTML()
        self._status = ipywidgets.HTML()
        self._start = ipywidgets.Button(description="Start", icon="play", button_style="primary")
        self._stop = ipywidgets.Button(description="Stop", icon="stop", disabled=True)
        self._bar = ipywidgets.IntProgress(layout=ipywidgets.Layout(width="50%"))
        self._start.on_click(lambda _: self.start())
        self._stop.on_click(lambda _: self.stop())
        for slider in (self._questions, self._levels, self._parallel, self._cap):
            slider.observe(lambda _: self._on_change(), names="value")

    def config(self) -> RunConfig:
        """The configuration that the sliders stand for."""
        low, high = self._levels.value
        given = self._config.levels
        untouched = (low, high) == (given[0], given[-1])
        most = self._parallel.value
        chosen = {
            "limit": self._questions.value,
            # Levels may have gaps, which a range slider cannot show.
            "levels": given if untouched else tuple(range(low, high + 1)),
            "sleep_parallel": tuple(k for _, k in self._parallel.options if k <= most),
        }
        return make_config(**(self._config.model_dump() | chosen))

    def _on_change(self) -> None:
        try:
            config = self.config()
            execution = self._execution.model_copy(update={"max_cost_usd": self._cap.value or None})
            self._prepared = runs.prepare(config, execution, root=self._root)
        except InputError as error:
            self._prepared = None
            self._estimate.value = _paragraph(str(error), "#b00020")
            return
        less = "" if self._prepared.recording else ", less what is there already"
        self._estimate.value = _paragraph(
            f"{self._prepared.estimate.rows:,} rows: {describe_plan(self._prepared)}{less}"
        )

    def start(self) -> None:
        """Begin the run that the sliders stand for, in the background.

        Raises:
            InputError: The sliders' configuration cannot be run; the view says why.
        """
        if self._run and not self._run.done():
            return
        if self._prepared is None:
            raise InputError("this configuration cannot be run: see the message in the view")
        for column in self._columns.values():
            column.clear()
        self._bar.max, self._bar.value = self._prepared.estimate.rows, 0
        self._start.disabled, self._stop.disabled = True, False
        self._status.value = _paragraph(f"running in {self._prepared.path}")
        self._run = asyncio.create_task(self._carry_out(self._prepared))

    def stop(self) -> None:
        """Interrupt the run; what is finished is kept."""
        if self._run:
            self._run.cancel()

    async def finished(self) -> runs.Finished:
        """Wait for the run and return how it ended.

        Raises:
            InputError: No run was started.
            SleeptimeError: The run could not finish.
            asyncio.CancelledError: It was stopped.
        """
        if self._run is None:
            raise InputError("no run was started: call start() first")
        return await self._run

    async def _carry_out(self, prepared: runs.Prepared) -> runs.Finished:
        drawing = asyncio.create_task(self._keep_drawing())
        try:
            finished = await runs.carry_out(prepared, self._on_row)
        except asyncio.CancelledError:
            self._status.value = _paragraph("stopped; what is finished is kept, Start goes on")
            raise
        except SleeptimeError as error:
            self._status.value = _paragraph(str(error), "#b00020")
            raise
        finally:
            drawing.cancel()
            self._start.disabled, self._stop.disabled = False, True
        self._show_finished(finished)
        return finished

    def _on_row(self, row: Row) -> None:
        for name, column in self._columns.items():
            column.append(getattr(row, name))

    async def _keep_drawing(self) -> None:
        drawn = 0
        while True:
            await asyncio.sleep(REDRAW_SECONDS)
            if (rows := len(self._columns["score"])) > drawn:
                drawn = rows
                self._bar.value = rows
                self._redraw(final=False)

    def _redraw(self, *, final: bool) -> None:
        figures.refresh(self._figure, self._picture(final=final))

    def _picture(self, *, final: bool) -> figures.Picture:
        rows = pd.DataFrame(self._columns)
        return figures.pareto(analyse(rows, draws=2000 if final else LIVE_DRAWS))

    def _show_finished(self, finished: runs.Finished) -> None:
        from sleeptime_lib.store import read_rows

        rows = read_rows(finished.path)
        for name, column in self._columns.items():
            column[:] = rows[name].tolist()
        self._bar.value = self._bar.max
        self._redraw(final=True)
        outcome = finished.outcome
        self._status.value = _paragraph(
            f"finished: {outcome.answered:,} rows answered, {outcome.failed:,} failed, "
            f"{outcome.found:,} were there; {finished.totals.sent:,} calls sent; {finished.path}"
        )


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
        self.widget = ipywidgets.VBox([self._clusters, self._text])
        self._on_change()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)

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
        self._text.value = _paragraph(self.text(self._clusters.value))


def _paragraph(text: str, colour: str = "#444") -> str:
    return f'<span style="color:{colour}">{html.escape(text)}</span>'
