"""Nothing leads out of an attempt's copy of a repository, whatever a path or the copy holds."""

import asyncio
import os
import socket

import pytest

from sleeptime_lib.experiments.swe_tools.workspace import (
    MOST_BYTES,
    MOST_COPIES,
    Refused,
    Workspace,
    copied,
)

SECRET = "outside-4711"


@pytest.fixture
def outside(tmp_path):
    """What must stay as it is: a file, a folder and git's folder around and beside the copy."""
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/secret.txt").write_text(SECRET)
    return tmp_path


@pytest.fixture
def copy(outside):
    """A copy of a repository, with everything in it that a hostile one could hold."""
    root = outside / "copy"
    (root / "src").mkdir(parents=True)
    (root / "src/app.py").write_text("one\ntwo\nthree\n")
    (root / ".git/hooks").mkdir(parents=True)
    (root / ".git/config").write_text("[core]\n")
    (root / "link.txt").symlink_to(outside / "secret.txt")
    (root / "relative.txt").symlink_to("../secret.txt")
    (root / "linked").symlink_to(outside / "other")
    (root / "chain").symlink_to("linked")
    (root / "loop").symlink_to("loop")
    (root / "src/up").symlink_to("../..")
    (root / "dangling").symlink_to(outside / "made-by-escape")
    (root / "fds").symlink_to("/proc/self/fd")
    (root / "null").symlink_to("/dev/null")
    os.link(outside / "secret.txt", root / "hard.txt")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        there = os.open(root, os.O_RDONLY)
        try:  # a socket's path may only be short
            server.bind(f"/proc/self/fd/{there}/socket")
        finally:
            os.close(there)
    (root / "huge.txt").write_text("x" * (MOST_BYTES + 1))
    (root / "binary.bin").write_bytes(b"a\0b")
    (root / "latin.txt").write_bytes(b"caf\xe9")
    (root / os.fsdecode(b"na\xefve.txt")).write_text("bytes")
    return root


@pytest.fixture
def files(copy):
    workspace = Workspace(copy)
    yield workspace
    workspace.close()


def state(folder):
    """Every path below a folder with what it is and holds; the copy itself left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if (folder / "copy") in (path, *path.parents):
            continue
        found[path] = (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
    return found


ESCAPES = [
    "../secret.txt",
    "../other/secret.txt",
    "src/../../secret.txt",
    "./../secret.txt",
    "src/./.././../secret.txt",
    "..",
    "../",
    "src/..",
    "/etc/passwd",
    "//etc/passwd",
    "/proc/self/environ",
    "/dev/null",
    "~/secret.txt",
    "~root/secret.txt",
    "..\\secret.txt",
    "src\\..\\..\\secret.txt",
    "\\\\server\\share\\secret.txt",
    "C:\\secret.txt",
    "C:secret.txt",
    "c:/secret.txt",
    "link.txt",
    "relative.txt",
    "linked/secret.txt",
    "linked/new.txt",
    "chain/secret.txt",
    "loop",
    "loop/secret.txt",
    "src/up/secret.txt",
    "dangling",
    "dangling/new.txt",
    "fds/0",
    "null",
    "hard.txt",
    "pipe",
    "socket",
    "huge.txt",
    "binary.bin",
    "latin.txt",
    ".git/config",
    ".git/hooks/post-checkout",
    ".GIT/config",
    ".Git/config",
    ".git./config",
    ".git /config",
    ".git. . /config",
    ".git::$INDEX_ALLOCATION/config",
    "git~1/config",
    "GIT~1/config",
    ".ｇｉｔ/config",
    ".g\u200cit/config",
    "src/.git/config",
    "secret.txt\0.py",
    "src/app.py\0",
    "new\nline.py",
    "tab\t.py",
    "bell\x07.py",
    "\x1b[31mred.py",
    "right-to-left\u202e.py",
    "half\ud800.py",
    "a" * 300,
    "ä" * 200,
    "a/" * 600 + "b",
    "a/" * 50 + "b",
    "na\udcefve.txt",
    "",
    ".",
    "/",
    "src",
    "src/",
    "src/app.py/below.py",
]


def test_at_least_forty_ways_are_tried():
    assert len(set(ESCAPES)) >= 40


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
@pytest.mark.parametrize("way", ["read", "replace", "create", "list"])
def test_it_does_not_lead_out(files, outside, way, path):
    before = state(outside)
    told = ""
    try:
        if way == "read":
            told = files.read(path)
        elif way == "replace":
            files.replace(path, SECRET, "changed")
            told = "changed"
        elif way == "create":
            files.create(path, "changed")
        else:
            told = "\n".join(files.files(path))
    except Refused as refused:
        told = str(refused)
    assert SECRET not in told
    assert "other/" not in told.replace(path, "")
    assert str(outside) not in told
    assert state(outside) == before


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
def test_it_gives_nothing_to_read(files, path):
    with pytest.raises(Refused):
        files.read(path)


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
def test_it_gives_nothing_to_change(files, path):
    with pytest.raises(Refused):
        files.replace(path, "one", "other")


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
def test_it_gives_no_place_to_write_to(files, copy, path):
    before = {str(p.relative_to(copy)) for p in copy.rglob("*")}
    with pytest.raises(Refused):
        files.create(path, "changed")
    after = {str(p.relative_to(copy)) for p in copy.rglob("*")}
    assert after == before


def test_a_list_holds_ordinary_files_only(files):
    assert sorted(files.files()) == [
        "binary.bin",
        "hard.txt",
        "huge.txt",
        "latin.txt",
        "src/app.py",
    ]


def test_a_folder_that_becomes_a_link_between_two_steps_is_not_followed(files, copy, outside):
    files.create("new/one.py", "1")
    (copy / "new").rename(copy / "gone")
    (copy / "new").symlink_to(outside / "other")
    with pytest.raises(Refused):
        files.create("new/two.py", "2")
    with pytest.raises(Refused):
        files.read("new/secret.txt")
    assert not (outside / "other/two.py").exists()


def test_a_copy_that_is_closed_is_not_the_folder_that_gets_its_number(copy, outside):
    files = Workspace(copy)
    files.close()
    other = os.open(outside / "other", os.O_RDONLY)
    try:
        with pytest.raises(Refused):
            files.read("secret.txt")
    finally:
        os.close(other)


def test_a_message_holds_no_path_but_the_one_that_was_given(files, outside):
    with pytest.raises(Refused) as refused:
        files.read("src/none.py")
    assert str(refused.value) == "there is no src/none.py"


class TestOrdinaryWork:
    def test_a_text_is_replaced_where_it_stands_once(self, files, copy):
        assert files.replace("src/app.py", "two\n", "2\n2\n") == 2
        assert (copy / "src/app.py").read_text() == "one\n2\n2\nthree\n"
        assert files.modified == ("src/app.py",)

    @pytest.mark.parametrize(("old", "said"), [("four", "not"), ("o", "2 times"), ("", "not")])
    def test_and_not_where_it_does_not(self, files, copy, old, said):
        with pytest.raises(Refused, match=f"is {said} in"):
            files.replace("src/app.py", old, "new")
        assert files.modified == ()

    def test_a_change_that_is_taken_back_is_none(self, files):
        files.replace("src/app.py", "two", "2")
        files.replace("src/app.py", "2", "two")
        assert files.modified == ()

    def test_a_new_file_is_created_with_its_folders(self, files, copy):
        files.create("./src//deep/er/new.py", "new\n")
        assert (copy / "src/deep/er/new.py").read_text() == "new\n"
        assert (files.modified, files.created) == ((), ("src/deep/er/new.py",))

    def test_a_new_file_that_is_edited_stays_new(self, files):
        files.create("new.py", "a\n")
        files.replace("new.py", "a", "b")
        assert (files.modified, files.created) == ((), ("new.py",))

    def test_a_file_that_is_there_is_not_created_again(self, files, copy):
        with pytest.raises(Refused, match="there already"):
            files.create("src/app.py", "")
        assert (copy / "src/app.py").read_text() == "one\ntwo\nthree\n"

    def test_line_ends_of_the_file_are_kept(self, files, copy):
        (copy / "dos.txt").write_bytes(b"a\r\nb\r\nc\r\n")
        files.replace("dos.txt", "a\nb\n", "a\nx\n")
        assert (copy / "dos.txt").read_bytes() == b"a\r\nx\r\nc\r\n"

    def test_no_more_is_written_than_a_file_may_have(self, files):
        with pytest.raises(Refused, match="too much"):
            files.create("big.txt", "x" * (MOST_BYTES + 1))

    def test_an_executable_stays_executable(self, files, copy):
        (copy / "run.sh").write_text("echo\n")
        (copy / "run.sh").chmod(0o755)
        files.replace("run.sh", "echo", "exit")
        assert (copy / "run.sh").stat().st_mode & 0o777 == 0o755

    def test_lines_count_as_seen_up_to_the_first_change(self, files):
        files.see("./src/app.py", range(1, 3))
        files.replace("src/app.py", "two", "2")
        files.see("src/app.py", range(3, 4))
        assert files.seen == {"src/app.py": {1, 2}}


async def test_a_copy_is_gone_when_its_attempt_ends():
    async with copied(lambda folder: (folder / "a.txt").write_text("a")) as (files, folder):
        assert files.read("a.txt") == "a"
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


async def test_and_when_it_fails():
    with pytest.raises(ZeroDivisionError):
        async with copied(lambda folder: None) as (_, folder):
            _ = 1 / 0
    assert not folder.exists()


async def test_two_attempts_do_not_see_each_other():
    def fill(folder):
        (folder / "a.txt").write_text("a")

    async with copied(fill) as (one, _), copied(fill) as (other, _):
        one.replace("a.txt", "a", "b")
        assert other.read("a.txt") == "a"


async def test_only_so_many_copies_are_there_at_once():
    there = most = 0
    all_there = asyncio.Barrier(MOST_COPIES)

    async def attempt():
        nonlocal there, most
        async with copied(lambda folder: None):
            there += 1
            most = max(most, there)
            await all_there.wait()
            there -= 1

    async with asyncio.timeout(60):
        await asyncio.gather(*(attempt() for _ in range(3 * MOST_COPIES)))
    assert most == MOST_COPIES
