"""The files that set the project up agree with each other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
ASKED = [*PROJECT["dependencies"], *EXTRAS["dev"]]


LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-gguf.lock")


def test_environment_yml_has_the_bounds_of_pyproject():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    by_pip = next(entry["pip"] for entry in conda if isinstance(entry, dict))
    assert [line for line in by_pip if not line.startswith("-")] == ASKED
    assert f"python{PROJECT['requires-python']}" in conda


def locked() -> dict[str, str]:
    lines = [line for lock in LOCKS for line in lock.read_text().splitlines()]
    pins = [line.split(";")[0].strip() for line in lines if line and not line.startswith("#")]
    return {normal(name): version for name, version in (pin.split("==") for pin in pins)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("requirement", [*ASKED, *EXTRAS["gguf"]])
def test_the_lock_holds_a_version_within_the_bounds(requirement):
    from packaging.requirements import Requirement

    asked = Requirement(requirement)
    assert asked.specifier.contains(locked()[normal(asked.name)])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_the_lock_holds_versions_and_no_addresses(lock):
    text = lock.read_text()
    assert "://" not in text
    assert "@" not in text


def test_importing_the_library_is_cheap():
    heavy = ("pandas", "plotly", "openai", "pyarrow", "matplotlib", "datasets", "pydantic", "numpy")
    code = f"import sleeptime_lib, sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_face_has_what_it_names():
    code = (
        "import sleeptime_lib\n"
        "from sleeptime_lib import Experiment, load_run, run\n"
        "print([n for n in sleeptime_lib.__all__ if getattr(sleeptime_lib, n) is None])\n"
        "print(set(sleeptime_lib.__all__) <= set(dir(sleeptime_lib)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True"]


def test_a_name_that_it_does_not_have_is_an_attribute_error():
    import sleeptime_lib

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sleeptime_lib.nothing
