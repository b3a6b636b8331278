"""The controls of a run panel: one for each option whose hints ask for one, whatever it is called.

Of a recording they offer what was recorded, so that what they stand for can be replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import ipywidgets
import traitlets

from sleeptime_lib.config import Hints, Options
from sleeptime_lib.models.replay import PREFIX
from sleeptime_lib.records import EFFORTS

NO_CAP: Final = 0.0  # a selection slider takes no None
CAP_CHOICES: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)
LABEL_WIDTH: Final = "9.5em"


class Boxes(ipywidgets.HBox):  # type: ignore[misc]
    """A box to tick for each of several values.

    Args:
        named: Names and values.
        ticked: Those values that are ticked at first.
        description: What is chosen from.

    Attributes:
        value: The values that are ticked, in the order of `named`; only the boxes change it.
    """

    value = traitlets.Tuple(read_only=True)

    def __init__(
        self, named: Sequence[tuple[str, Any]], ticked: Sequence[Any], description: str
    ) -> None:
        self.description = description
        narrow = ipywidgets.Layout(width="auto")
        self.boxes = {
            k: ipywidgets.Checkbox(k in ticked, description=name, indent=False, layout=narrow)
            for name, k in named
        }
        label = ipywidgets.Label(description, layout=ipywidgets.Layout(min_width=LABEL_WIDTH))
        row = ipywidgets.Layout(flex_flow="row wrap", grid_gap="0 1em")
        super().__init__(
            [label, ipywidgets.Box([*self.boxes.values()], layout=row)],
            layout=ipywidgets.Layout(width="98%"),
        )
        for box in self.boxes.values():
            box.observe(lambda _: self._read_boxes(), names="value")
        self._read_boxes()

    def _read_boxes(self) -> None:
        self.set_trait("value", tuple(k for k, box in self.boxes.items() if box.value))


def control(name: str, hint: Hints, value: Any, options: Options) -> Any:
    """The control of an option that has a hint for one.

    Args:
        name: Of the option.
        hint: Its hints.
        value: Where the control stands at first.
        options: All options; those of a recording allow no more than what was recorded.

    Returns:
        A widget with a `value`; None where there is nothing to choose from.
    """
    how = _look(hint.label or name.replace("_", " ").capitalize())
    recorded = options.model.startswith(PREFIX)
    if hint.slider == "count":
        most = value if recorded and value else max(value or 1, *hint.choices)
        return ipywidgets.IntSlider(value or min(40, most), min=1, max=most, **how)
    choices = _choices(name, hint, value, options, recorded=recorded)
    named = [(options.value_name(name, k), k) for k in choices]
    if hint.slider == "one":
        del how["continuous_update"]
        named = [(text if k else "none", k) for text, k in named]
        return ipywidgets.Dropdown(options=named, value=value, **how) if named[1:] else None
    if hint.slider == "some":
        return Boxes(named, value, how["description"]) if named else None
    if hint.slider == "range":
        if not named:
            return None
        ends = tuple((value or choices)[i] for i in (0, -1))
        return ipywidgets.SelectionRangeSlider(options=named, value=ends, **how)
    named = [(f"up to {k}" if k > choices[0] else str(k), k) for k in choices]
    none = [] if value else [("none", 0)]
    how["disabled"] = len(none + named) == 1
    return ipywidgets.SelectionSlider(options=none + named, value=max(value, default=0), **how)


def _choices(name: str, hint: Hints, value: Any, options: Options, *, recorded: bool) -> list[Any]:
    own = options.offered(name)
    if hint.slider == "one":
        off = (0,) if hint.replay == "part" else ()
        found = (*off, value) if recorded else (*hint.choices, *own, value)
    else:
        found = (value or own) if recorded else (*hint.choices, *own, *value)
    each = dict.fromkeys(found)
    # Words that a hint lists have the order in which it does.
    listed = any(isinstance(choice, str) for choice in hint.choices)
    return list(each) if listed else _in_order(each)


def _in_order(values: Iterable[Any]) -> list[Any]:
    """Numbers by size, efforts from least to most."""
    return sorted(values, key=lambda v: EFFORTS.index(v) if v in EFFORTS else v)


def read(widget: Any) -> Any:
    """The value of an option that its control stands for."""
    if isinstance(widget, ipywidgets.SelectionRangeSlider):
        first, last = widget.index
        return tuple(k for _, k in widget.options[first : last + 1])
    if isinstance(widget, ipywidgets.SelectionSlider):
        return tuple(k for _, k in widget.options if 0 < k <= widget.value)
    return widget.value


def cap_slider(cap: float | None) -> Any:
    """The control of the cap on money, in US dollars."""
    caps = sorted({*CAP_CHOICES, cap or NO_CAP} - {NO_CAP})
    return ipywidgets.SelectionSlider(
        options=[("no cap", NO_CAP), *((f"${usd:g}", usd) for usd in caps)],
        value=cap or NO_CAP,
        **_look("Cost cap"),
    )


def _look(label: str) -> dict[str, Any]:
    """What the sliders of a panel have in common."""
    return {
        "description": label,
        "continuous_update": False,
        "layout": ipywidgets.Layout(width="48%", min_width="300px"),
        "style": {"description_width": LABEL_WIDTH},
    }
