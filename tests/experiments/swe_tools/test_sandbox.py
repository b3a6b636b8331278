"""Commands run in bubblewrap only: refused without it, and harmless with it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from test_cli import sleeptime

from sleeptime_lib.errors import InputError, MissingDependency
from sleeptime_lib.experiments.swe_tools import sandbox
from sleeptime_lib.experiments.swe_tools.sandbox import Sandbox, find_bubblewrap, words
from sleeptime_lib.experiments.swe_tools.workspace import Refused

MANY = "for i in 1 2 3 4; do head -c 30000000 /dev/zero | tail -c 30000000 | sleep 100 & done; wait"
"""Four processes of 30 MB."""


@pytest.fixture
def folder():
    """A folder that everybody may enter: commands never run as root."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def no_bubblewrap(tmp_path, monkeypatch):
    """A machine with git and without bubblewrap."""
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs/git").symlink_to(shutil.which("git"))
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))


def test_without_bubblewrap_nothing_runs_and_the_message_says_how_to_get_it(no_bubblewrap):
    with pytest.raises(MissingDependency, match="apt install bubblewrap"):
        find_bubblewrap()


def test_allow_run_without_bubblewrap_is_bad_input(no_bubblewrap, tmp_path):
    done = sleeptime("run", "swe", "--allow-run", "--limit", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert "install it (apt install bubblewrap" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bubblewrap_that_cannot_work_here_is_told(folder, monkeypatch):
    (folder / "bwrap").write_text("#!/bin/sh\necho no namespaces >&2\nexit 1\n")
    (folder / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(InputError, match="no namespaces"):
        find_bubblewrap()


def test_what_bubblewrap_is_asked_for(tmp_path):
    asked = words("bwrap", tmp_path)
    assert {"--unshare-all", "--die-with-parent", "--new-session", "--clearenv"} <= set(asked)
    assert "--share-net" not in asked
    assert "--bind" not in asked
    assert "--dev-bind" not in asked
    shown = [asked[i + 1] for i, word in enumerate(asked) if word.startswith("--ro-bind")]
    assert {
        path for path in shown if not path.startswith(("/usr", "/etc", "/bin", "/sbin", "/lib"))
    } == {str(tmp_path)}


@pytest.mark.parametrize("command", ["", "  ", "a\0b", "x" * 10_000, "echo \ud800"])
def test_a_command_that_is_none_is_refused(tmp_path, command):
    with pytest.raises(Refused):
        Sandbox(tmp_path, "bwrap").run(command)


class TestStandIn:
    """A program in the place of bubblewrap that runs the command as it is: limits of our own."""

    @pytest.fixture
    def run(self, folder):
        program = folder / "stand-in"
        program.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n')
        program.chmod(0o755)
        (folder / "copy").mkdir()
        return Sandbox(folder / "copy", str(program)).run

    def test_output_and_status_are_told(self, run):
        assert run("echo one; echo two >&2; exit 3") == "one\ntwo\n(exit status 3)"

    def test_nothing_of_our_environment_is_there(self, run, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-show-this-key-4711")
        assert "4711" not in run("env")

    def test_output_is_cut(self, run):
        said = run("head -c 50000 /dev/zero | tr '\\0' x")
        assert len(said) < sandbox.OUTPUT + 100
        assert "bytes are shown" in said

    def test_what_writes_without_end_is_ended(self, run):
        assert run("yes").endswith("(ended: it wrote too much)")

    def test_what_takes_too_long_is_ended(self, run, monkeypatch):
        monkeypatch.setattr(sandbox, "SECONDS", 0.3)
        assert run("sleep 100").endswith("(ended after 0.3 seconds)")

    def test_processes_that_take_too_much_memory_together_are_ended(self, run, monkeypatch):
        monkeypatch.setattr(sandbox, "MEMORY", 60_000_000)
        said = run(MANY)
        assert said.endswith("(ended: it took too much memory)")

    def test_what_writes_nothing_any_more_is_ended_too(self, run, monkeypatch):
        monkeypatch.setattr(sandbox, "SECONDS", 0.3)
        assert run("exec >&- 2>&-; sleep 100") == "(ended after 0.3 seconds)"

    def test_times_that_differ_and_places_do_not_reach_a_result(self, run):
        assert run("echo 3 passed in 0.41s at /repository/a.py") == (
            "3 passed in … s at a.py\n(exit status 0)"
        )


def test_what_a_process_and_those_below_it_hold_is_added_up():
    before = sandbox.held_by(os.getpid())
    code = "import sys; kept = bytearray(50_000_000); print(flush=True); sys.stdin.read()"
    words = ["sh", "-c", f"'{sys.executable}' -c '{code}'; true"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        assert sandbox.held_by(child.pid) > 50_000_000
        assert sandbox.held_by(os.getpid()) > before + 50_000_000
        child.stdin.close()
    assert sandbox.held_by(child.pid) == 0


needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed (apt install bubblewrap)"
)


@needs_bubblewrap
class TestInside:
    @pytest.fixture
    def run(self, folder):
        copy = folder / "copy"
        copy.mkdir()
        (copy / "a.txt").write_text("in the copy\n")
        (folder / "secret.txt").write_text("outside-4711")
        try:
            return Sandbox(copy, find_bubblewrap()).run
        except InputError as error:
            pytest.skip(str(error))

    def test_it_reads_the_copy(self, run):
        assert run("cat a.txt") == "in the copy\n(exit status 0)"

    def test_it_has_an_empty_folder_and_devices_of_its_own(self, run):
        said = run("ls ~; echo kept > ~/a.txt; cat ~/a.txt; echo gone > /dev/null")
        assert said == "kept\n(exit status 0)"

    @pytest.mark.parametrize(
        "command",
        [
            "echo changed > a.txt",
            "rm a.txt",
            "touch new.txt",
            "echo changed > /usr/escaped",
            "echo changed > /escaped",
            "echo changed > /dev/escaped",
            "echo changed > /dev/shm/escaped",
            "cat ../secret.txt",
            "cat {outside}/secret.txt",
            "echo changed > {outside}/secret.txt",
            "ls /home/* /root",
            "cat /etc/shadow",
            "mount -t tmpfs none /usr",
            "bash -c 'exec 3<>/dev/tcp/1.1.1.1/80'",
        ],
    )
    def test_it_cannot(self, run, folder, command):
        before = sorted(str(p) for p in folder.rglob("*"))
        said = run(command.format(outside=folder))
        assert "4711" not in said
        assert "(exit status 0)" not in said
        assert (folder / "secret.txt").read_text() == "outside-4711"
        assert (folder / "copy/a.txt").read_text() == "in the copy\n"
        assert sorted(str(p) for p in folder.rglob("*")) == before

    def test_there_is_no_network(self, run):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            said = run(f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached'")
        assert "reached" not in said
        said = run("cat /proc/net/dev")
        assert [line.split(":")[0].strip() for line in said.split("\n") if ":" in line] == ["lo"]

    def test_memory_is_bounded(self, run):
        assert "(exit status 0)" not in run("head -c 4000000000 /dev/zero | tail -c 3999999999")

    def test_memory_of_all_processes_together_is_bounded(self, run, monkeypatch):
        monkeypatch.setattr(sandbox, "MEMORY", 60_000_000)
        assert run(MANY).endswith("(ended: it took too much memory)")

    def test_processes_are_bounded(self, run):
        said = run("for i in $(seq 200); do sleep 5 & done; wait")
        assert "(exit status 0)" not in said

    def test_nothing_it_started_goes_on(self, run):
        assert run("(sleep 3; echo late) & echo now").startswith("now")
