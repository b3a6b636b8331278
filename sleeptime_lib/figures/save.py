"""Figures on disk: PNG, SVG and PDF, and beside them where they come from."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.figures import look
from sleeptime_lib.figures.mpl_renderer import draw, settings
from sleeptime_lib.figures.picture import Picture

# No dates or versions in the files: the same picture gives the same bytes.
_METADATA: Final[dict[str, dict[str, Any]]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

_COLOURS: Final = 128


def save(picture: Picture, folder: Path, name: str, provenance: Mapping[str, Any]) -> list[Path]:
    """Write NAME.png, NAME.svg, NAME.pdf and NAME.json.

    Args:
        picture: What to draw.
        folder: Where; made if it does not exist.
        name: File name without ending.
        provenance: Where the picture comes from, JSON values: run directory, manifest hash,
            command to remake it. Written beside the data drawn.

    Returns:
        The four paths, the JSON last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(picture)
    paths = []
    for ending in _METADATA:
        path = folder / f"{name}.{ending}"
        _write(figure, path, ending)
        paths.append(path)
    beside = {"figure": name, "provenance": json_safe(provenance), "picture": picture.to_json()}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(beside, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [*paths, path]


def to_png(picture: Picture, scale: float = 1.3) -> bytes:
    """The picture as the bytes of a PNG file, at `scale` times the resolution of the screen.

    For notebooks, which are kept under version control: a palette makes it a third of the size.
    """
    drawn, small = io.BytesIO(), io.BytesIO()
    _write(draw(picture), drawn, "png", scale)
    with Image.open(drawn) as image:
        palette = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        palette.save(small, "png", optimize=True)
    return small.getvalue()


def _write(figure: Figure, target: Path | io.BytesIO, ending: str, scale: float = 2) -> None:
    with mpl.rc_context(settings()):
        dots = scale * look.DOTS_PER_INCH
        figure.savefig(target, format=ending, dpi=dots, metadata=_METADATA[ending])
