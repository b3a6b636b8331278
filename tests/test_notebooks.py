"""Notebooks run headlessly with other parameters, and wrong parameters are refused."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from test_cli import sleeptime

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.predictability import answers_of
from sleeptime_lib.notebooks import NotebookError, execute, parameter_names
from sleeptime_lib.results import load_run

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
SMALL_ENOUGH = 600_000


def write(folder, *cells):
    made = [nbformat.v4.new_code_cell(source) for source in cells]
    made[0].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=made)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / "01_small.ipynb")


def run(source, out, *parameters, only=()):
    return list(execute(source, out, only, parameters))


def test_a_parameter_takes_the_place_of_the_default(tmp_path):
    write(tmp_path, "n = 1", "print(n * 2)")
    (done,) = run(tmp_path, tmp_path / "out", "n=21")
    assert nbformat.read(done, 4).cells[-1].outputs[0].text == "42\n"


def test_a_misspelt_parameter_is_refused_before_anything_runs(tmp_path):
    write(tmp_path, "questions = 1")
    with pytest.raises(InputError, match="did you mean questions"):
        run(tmp_path, tmp_path / "out", "qestions=3")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("parameter", ["n", "=3", "n=[", "1n=2"])
def test_a_parameter_that_is_no_assignment_is_refused(tmp_path, parameter):
    write(tmp_path, "n = 1")
    with pytest.raises(InputError, match="parameter"):
        run(tmp_path, tmp_path / "out", parameter)


def test_an_unknown_notebook_is_refused_with_the_names_there_are(tmp_path):
    write(tmp_path, "n = 1")
    with pytest.raises(InputError, match="01_small"):
        run(tmp_path, tmp_path / "out", only=["07"])


def test_no_notebooks_at_all_is_told(tmp_path):
    with pytest.raises(InputError, match="--source"):
        run(tmp_path, tmp_path / "out")


def test_a_cell_that_fails_is_told_with_the_copy_that_shows_it(tmp_path):
    write(tmp_path, "n = 1", "1 / 0")
    with pytest.raises(NotebookError, match=r"ZeroDivisionError.*01_small"):
        run(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem, scope="module"
)
class TestShippedNotebooks:
    def test_it_is_executed_and_small(self, path):
        cells = nbformat.read(path, 4).cells
        code = [cell for cell in cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code)
        assert path.stat().st_size < SMALL_ENOUGH

    def test_each_parameter_has_a_comment(self, path):
        cells = nbformat.read(path, 4).cells
        source = next(c.source for c in cells if "parameters" in c.metadata.get("tags", ()))
        assert all("  # " in line for line in source.splitlines())

    def test_it_holds_no_path_of_the_machine_it_ran_on(self, path):
        text = path.read_text()
        here = (str(ROOT), str(Path(sys.prefix)), str(Path.home()), tempfile.gettempdir(), "/home/")
        assert not [place for place in here if f"{place.rstrip('/')}/" in text]

    def test_it_runs_with_other_parameters(self, executed, path):
        assert executed.done.stat().st_size < SMALL_ENOUGH
        cells = nbformat.read(executed.done, 4).cells
        texts = [str(output) for cell in cells for output in cell.get("outputs", ())]
        assert any("The simulated model answered" in text for text in texts)

    def test_figures_go_beside_the_run(self, executed, path):
        (run,) = (executed.folder / "runs").glob("*/*/figures")
        drawn = "gap_by_bin" if path.stem.endswith("predictability") else "pareto"
        found = sorted(figure.suffix for figure in run.glob(f"*_{drawn}.*"))
        assert found == [".json", ".pdf", ".png", ".svg"]

    def test_the_committed_figures_are_left_alone(self, executed, path):
        assert executed.figures_before == committed_figures()

    def test_no_other_budget_was_asked_than_those_given(self, executed, path):
        (run,) = (executed.folder / "runs").glob("*/*/figures")
        found = load_run(run.parent)
        scored = found.experiment_name == "predictability"
        rows = answers_of(found).rows if scored else found.rows
        assert set(rows.budget) in ({0, 3}, {16, 64}, {0, 16, 64})


@dataclass(frozen=True)
class Executed:
    """A shipped notebook that was executed with other parameters, and what was there before."""

    done: Path
    folder: Path
    figures_before: dict[str, int]


def committed_figures():
    """When each of the committed figures was last written, in nanoseconds."""
    return {path.name: path.stat().st_mtime_ns for path in (ROOT / "figures").iterdir()}


@pytest.fixture(scope="module")
def executed(path, tmp_path_factory):
    """As `sleeptime notebooks NAME -p model=simulated ...`, with no folder for figures."""
    folder = tmp_path_factory.mktemp(path.stem)
    known = parameter_names(path)
    other = {
        "model": "simulated",
        "harder": "null",
        "word_problems": "null",
        "limit": "4",
        "questions_per_context": "3",
        "levels": "0,3",
        "budget_kind": "forced",
        "budgets": "16,64",
        "sleep_parallel": "1,2",
        "controls": "bare",
        "seed": "3",
        "runs_dir": str(folder / "runs"),
    }
    given = [f"{name}={value}" for name, value in other.items() if name in known]
    before = committed_figures()
    (done,) = run(NOTEBOOKS, folder / "out", *given, only=[path.stem])
    return Executed(done, folder, before)


def test_a_folder_for_figures_takes_those_of_every_notebook(tmp_path):
    write(tmp_path, "figures_dir = None", "from pathlib import Path\nPath(figures_dir).mkdir()")
    done = sleeptime(
        "notebooks", "--source", ".", "--out", "out", "--figures", "here", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "here").is_dir()
