"""One function for each place where texts are shown, and nobody who goes around it."""

import re
from pathlib import Path

import hostile
import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.page import as_text, paragraph

LIBRARY = Path(__file__).parent.parent / "sleeptime_lib"


def users(pattern):
    """Files of the library, as seen from it, in which a pattern stands."""
    return {
        path.relative_to(LIBRARY).as_posix()
        for path in LIBRARY.rglob("*.py")
        if re.search(pattern, path.read_text())
    }


@pytest.mark.parametrize(
    ("place", "pattern", "only"),
    [
        ("pages", r"html\.escape|import html\b", {"page.py", "figures/live.py"}),
        ("pages' parts", r"\bHTML\(f?[\"']", {"show.py"}),
        ("the terminal", r"\bConsole\(|\.print\(|\bsys\.std(out|err)\.write", {"console.py"}),
        ("the terminal's lines", r"(?<![\w.])print\((?!json\.dumps|f\"sleeptime )", {"console.py"}),
        ("LaTeX", r"textbackslash", {"analysis/tables.py"}),
        ("CSV", r"csv\.writer|\.to_csv\(", {"analysis/tables.py"}),
    ],
)
def test_only_these_write_to(place, pattern, only):
    assert users(pattern) <= only, place


def test_no_text_is_a_tag_or_an_attribute_of_a_page():
    for shown in (as_text(hostile.TEXT), paragraph(hostile.TEXT, lead=hostile.MODEL)):
        inside = shown.replace("<b>", "").replace("</b>", "")
        inside = re.sub(r"^<div [^>]*>|</div>$", "", inside)
        assert not {"<", ">", '"', "\x1b", "\x9b", "\u202e"} & set(inside)


def test_an_error_in_a_notebook_does_not_steer_it():
    (line,) = InputError(f"no {hostile.TEXT}")._render_traceback_()
    assert not {"\x1b", "\x9b", "\x07"} & set(line)
