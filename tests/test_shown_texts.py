"""One function for each place where texts are shown, and nobody who goes around it."""

import re
from pathlib import Path

import hostile
import pytest

from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.page import as_text, paragraph
from sleeptime_lib.runs import make_options, prepare

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


@pytest.mark.parametrize(
    "name",
    [hostile.MODEL, "a\nb", "../..", "$(rm x)`y`", "C:\\x", "ö" * 300, "\x1b[31m", "a;b&c|d'e\"f"],
)
def test_the_directory_of_a_run_is_a_plain_name_whatever_the_model_is_called(tmp_path, name):
    options = make_options(STATEFUL_GSM, model=name, base_url="http://localhost:1/v1", limit=1)
    path = prepare(STATEFUL_GSM, options, Execution(), root=tmp_path).path
    assert path.parent == tmp_path / "stateful-gsm"
    assert path.name.isprintable()
    assert not set("\\/:*?\"<>|$`&;!'") & set(path.name)
    assert len(path.name.encode()) <= 255
    assert path.name.endswith(prepare(STATEFUL_GSM, options, Execution()).path.name[-8:])


@pytest.mark.parametrize("name", ["qwen2.5-coder:1.5b", "org/Model_v1.0 (q4)+x@y", "größer"])
def test_that_of_an_ordinary_name_is_the_name(tmp_path, name):
    options = make_options(STATEFUL_GSM, model=name, base_url="http://localhost:1/v1", limit=1)
    path = prepare(STATEFUL_GSM, options, Execution(), root=tmp_path).path
    begins = name.rpartition("/")[2].replace(":", "-")
    assert path.name.startswith(f"{begins}-procedural-p1-")
