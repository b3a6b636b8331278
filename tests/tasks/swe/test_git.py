"""A repository is read as it is, and nothing that it configures is run."""

import os
import resource
import subprocess

import pytest
from git_history import DAY, START, History

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.swe.git import Repository


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "clone")


def held(repository, commit, path):
    """What a file of a commit holds."""
    files = repository.contents(repository.files_at(commit), 1_000)
    return next(content for file, content in files if file.path == path)


def hostile_tree(history, *entries):
    """A commit whose tree has entries that git itself would refuse to add."""
    tree = history.git("mktree", "--missing", given="".join(f"{e}\n" for e in entries).encode())
    return history.git("commit-tree", tree, "-m", "hostile")


def test_a_folder_that_is_no_repository_is_refused_in_one_line(tmp_path):
    with pytest.raises(InputError, match=r"is no git repository; give the folder of a clone"):
        Repository(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "a\0b", "x" * 5_000])
def test_so_is_a_path_that_cannot_be(tmp_path, name):
    with pytest.raises(InputError, match="is no git repository"):
        Repository(tmp_path / name)


def test_a_commit_that_is_not_in_the_clone_comes_with_the_way_to_fetch_it(history):
    history.commit("first", {"a.py": "1\n"})
    repository = Repository(history.path)
    for call in (repository.files_at, repository.commit_time):
        with pytest.raises(InputError, match=r"not in the clone; fetch it with: git fetch origin"):
            call("0" * 40)


@pytest.mark.parametrize("name", ["HEAD", "main", "--all", "", "0" * 39, "G" * 40])
def test_only_full_commits_are_taken(history, name):
    history.commit("first", {"a.py": "1\n"})
    with pytest.raises(InputError, match="no full commit; give its 40 hexadecimal digits"):
        Repository(history.path).files_at(name)


def test_the_files_of_a_commit_are_its_regular_files(history):
    history.write({"a.py": "one\n", "b/c d.sh": "echo\n"})
    (history.path / "b/c d.sh").chmod(0o755)
    (history.path / "link").symlink_to("a.py")
    history.git("add", "--all")
    first = history.commit("first", {})
    history.git("update-index", "--add", "--cacheinfo", f"160000,{first},module")
    second = history.git("commit-tree", history.git("write-tree"), "-p", first, "-m", "second")
    files = [
        (file.path, file.mode, file.size) for file in Repository(history.path).files_at(second)
    ]
    assert files == [("a.py", "100644", 4), ("b/c d.sh", "100755", 5)]


def test_names_that_are_no_printable_text_are_left_out(history):
    commit = history.commit("first", {"a.py": "1\n", "b\n.py": "2\n"})
    (history.path / os.fsdecode(b"\xff.py")).write_bytes(b"3\n")
    commit = history.commit("second", {})
    assert [file.path for file in Repository(history.path).files_at(commit)] == ["a.py"]


def test_what_files_hold_is_read_and_large_ones_are_left_out(history):
    commit = history.commit("first", {"a.py": "0123456789", "b.py": "0123", "c.py": b"\0\n"})
    repository = Repository(history.path)
    found = repository.contents(repository.files_at(commit), 4)
    assert [(file.path, content) for file, content in found] == [
        ("b.py", b"0123"),
        ("c.py", b"\0\n"),
    ]


def test_the_time_of_a_commit_is_when_it_was_committed(history):
    commit = history.commit("first", {})
    assert Repository(history.path).commit_time(commit) == START + DAY


def test_a_tree_is_written_byte_for_byte(history, tmp_path):
    files = {
        "a.py": b"one\r\ntwo\n",
        ".gitattributes": b"* text eol=crlf ident\n*.bin export-ignore\n",
        "deep/er/b.bin": bytes(range(256)),
        "id.py": b"$Id$\n",
    }
    history.git("config", "core.autocrlf", "false")
    history.write(files)
    blobs = {path: history.git("hash-object", "-w", "--no-filters", path) for path in files}
    for path, blob in blobs.items():
        history.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    commit = history.git("commit-tree", history.git("write-tree"), "-m", "first")
    folder = tmp_path / "copy"
    assert Repository(history.path).write_tree_to(commit, folder) == len(files)
    written = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert {path: file.read_bytes() for path, file in written.items()} == files


def test_a_written_program_can_be_run_and_a_symlink_is_not_written(history, tmp_path):
    history.write({"run.sh": "echo\n"})
    (history.path / "run.sh").chmod(0o755)
    (history.path / "out").symlink_to("/etc")
    commit = history.commit("first", {})
    Repository(history.path).write_tree_to(commit, tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["run.sh"]
    assert os.access(tmp_path / "copy/run.sh", os.X_OK)


@pytest.mark.parametrize(
    "name", [".git", ".GIT", ".git ", ".git.", "git~1", ".g\u200cit", ".git:x"]
)
def test_nothing_is_written_that_a_git_could_take_for_its_own_folder(history, tmp_path, name):
    blob = history.git("hash-object", "-w", "--stdin", given=b"[core]\n\tfsmonitor = x\n")
    inner = history.git("mktree", given=f"100644 blob {blob}\tconfig\n".encode())
    commit = hostile_tree(history, f"040000 tree {inner}\t{name}", f"100644 blob {blob}\tgood")
    Repository(history.path).write_tree_to(commit, tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["good"]


def test_nothing_is_written_outside_the_folder(history, tmp_path):
    blob = history.git("hash-object", "-w", "--stdin", given=b"x")
    inner = history.git("mktree", given=f"100644 blob {blob}\tevil\n".encode())
    commit = hostile_tree(history, f"040000 tree {inner}\t..", f"100644 blob {blob}\tgood")
    Repository(history.path).write_tree_to(commit, tmp_path / "a/copy")
    assert [path.name for path in (tmp_path / "a").rglob("*")] == ["copy", "good"]


def test_a_folder_that_is_not_empty_is_not_written_to(history, tmp_path):
    commit = history.commit("first", {"a.py": "1\n"})
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/a.py").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match="is not empty; give a new folder"):
        Repository(history.path).write_tree_to(commit, tmp_path / "copy")
    assert not (tmp_path / "outside").exists()


def test_pull_requests_are_found_under_the_names_that_clones_use(history):
    one = history.commit("one", {})
    two = history.commit("two", {})
    history.pull(12, one)
    for name in ("remotes/origin/pull/7", "remotes/upstream/pr/3", "pull/9/merge", "tags/pull/1"):
        history.git("update-ref", f"refs/{name}", two)
    found = Repository(history.path).pull_refs()
    assert list(found.items()) == [("3", two), ("7", two), ("12", one)]


def test_the_main_line_is_that_of_origin_where_there_is_one(history):
    first = history.commit("first", {})
    history.switch("topic", first)
    second = history.commit("second", {})
    repository = Repository(history.path)
    assert repository.main_line() == second
    history.git("update-ref", "refs/remotes/origin/main", first)
    history.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    assert repository.main_line() == first


def test_a_repository_without_a_commit_says_so(history):
    with pytest.raises(InputError, match="has no commit at HEAD"):
        Repository(history.path).main_line()


def test_a_repository_of_another_object_format_says_so(tmp_path):
    history = History(tmp_path / "clone", "--object-format=sha256")
    history.commit("first", {"a.py": "1\n"})
    with pytest.raises(InputError, match="no commit at HEAD that SHA-1 names"):
        Repository(history.path).main_line()


def test_bare_clones_work_trees_and_shared_clones_are_read_alike(history, tmp_path):
    commit = history.commit("first", {"a.py": "1\n"})
    history.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    history.git("clone", "--quiet", "--shared", ".", str(tmp_path / "shared"))
    history.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    for name in ("clone", "bare.git", "shared", "tree"):
        repository = Repository(tmp_path / name)
        assert repository.main_line() == commit
        assert held(repository, commit, "a.py") == b"1\n"


def test_a_shallow_clone_ends_where_it_was_cut(history, tmp_path):
    for number in range(4):
        history.commit(f"commit {number}", {})
    words = ("clone", "--quiet", "--depth=2", f"file://{history.path}", str(tmp_path / "shallow"))
    history.git("-c", "protocol.file.allow=always", *words)
    repository = Repository(tmp_path / "shallow")
    told = [commit.message for commit in repository.history((repository.main_line(),), 10)]
    assert told == ["commit 3", "commit 2"]


def test_replacements_and_grafts_do_not_change_what_is_read(history):
    first = history.commit("first", {"a.py": "1\n"})
    second = history.commit("second", {"a.py": "2\n"})
    other = history.git("commit-tree", f"{first}^{{tree}}", "-m", "forged")
    history.git("replace", second, other)
    (history.path / ".git/info").mkdir(exist_ok=True)
    (history.path / ".git/info/grafts").write_text(f"{second}\n")
    repository = Repository(history.path)
    assert [c.message for c in repository.history((second,), 10)] == ["second", "first"]
    assert held(repository, second, "a.py") == b"2\n"


def test_the_environment_of_the_caller_does_not_matter(history, tmp_path, monkeypatch):
    commit = history.commit("first", {"a.py": "1\n"})
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "broken")
    repository = Repository(history.path)
    assert repository.main_line() == commit
    assert len(repository.files_at(commit)) == 1


@pytest.fixture
def trapped(history, tmp_path):
    """A repository whose config runs a program that leaves a mark, wherever git runs any."""
    marks = tmp_path / "marks"
    marks.mkdir()
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\n: > "{marks}/$$"\ncat\n')
    program.chmod(0o755)
    hooks = history.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    history.write({".gitattributes": "* filter=x diff=x merge=x\n", "a.py": "1\n"})
    first = history.commit("first", {})
    signed = (
        f"tree {history.git('rev-parse', 'HEAD^{tree}')}\nparent {first}\n"
        f"author A <a@example.org> {history.now} +0000\n"
        f"committer A <a@example.org> {history.now} +0000\n"
        "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abcd\n -----END PGP SIGNATURE-----\n\nsigned\n"
    )
    words = ("hash-object", "-t", "commit", "-w", "--stdin")
    history.git("update-ref", "HEAD", history.git(*words, given=signed.encode()))
    commit = history.commit("second", {"a.py": "2\n"})
    history.pull(1)
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "pre-commit"):
        (hooks / hook).symlink_to(program)
    settings = {
        "core.fsmonitor": program,
        "core.pager": program,
        "pager.log": "true",
        "core.sshCommand": program,
        "core.editor": program,
        "core.askPass": program,
        "core.gitProxy": program,
        "core.alternateRefsCommand": program,
        "credential.helper": program,
        "diff.external": program,
        "diff.x.command": program,
        "diff.x.textconv": program,
        "filter.x.smudge": program,
        "filter.x.clean": program,
        "filter.x.process": program,
        "filter.x.required": "true",
        "merge.x.driver": program,
        "gpg.program": program,
        "log.showSignature": "true",
        "alias.log": f"!{program}",
        "alias.cat-file": f"!{program}",
        "uploadpack.packObjectsHook": program,
        "trailer.x.command": program,
        "protocol.allow": "always",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{program}",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
    }
    for name, value in settings.items():
        history.git("config", name, str(value))
    return history, commit, marks


def test_the_trap_of_these_tests_does_spring(trapped):
    history, commit, marks = trapped
    subprocess.run(
        ["git", "log", "--patch", "--ext-diff", commit],
        cwd=history.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert any(marks.iterdir())


def test_nothing_that_a_repository_configures_is_run(trapped, tmp_path, monkeypatch):
    history, commit, marks = trapped
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS"):
        monkeypatch.setenv(name, str(tmp_path / "program"))
    repository = Repository(history.path)
    assert repository.main_line() == commit
    assert repository.pull_refs() == {"1": commit}
    assert [c.message for c in repository.history((commit,), 9)] == ["second", "signed", "first"]
    repository.files_at(commit)
    repository.commit_time(commit)
    assert held(repository, commit, "a.py") == b"2\n"
    assert repository.write_tree_to(commit, tmp_path / "copy") == 2
    assert (tmp_path / "copy/a.py").read_bytes() == b"2\n"
    assert not any(marks.iterdir())


def test_an_object_that_a_clone_lacks_is_not_fetched(trapped, tmp_path):
    history, commit, marks = trapped
    blob = history.git("rev-parse", f"{commit}:a.py")
    (history.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(InputError):
        Repository(history.path).write_tree_to(commit, tmp_path / "copy")
    assert not any(marks.iterdir())


def test_the_config_of_a_repository_is_not_even_read(history):
    commit = history.commit("first", {"a.py": "1\n"})
    history.pull(1)
    (history.path / ".git/config").write_text("this is no config\n")
    repository = Repository(history.path)
    assert (repository.main_line(), repository.pull_refs()) == (commit, {"1": commit})
    assert len(repository.files_at(commit)) == 1


def test_refs_are_found_loose_and_packed(history):
    one = history.commit("one", {})
    history.pull(1)
    history.git("pack-refs", "--all")
    history.git("gc", "--quiet")
    two = history.commit("two", {})
    history.pull(2)
    repository = Repository(history.path)
    assert (repository.main_line(), repository.pull_refs()) == (two, {"1": one, "2": two})


def test_a_ref_to_what_is_no_commit_is_left_out(history):
    commit = history.commit("first", {"a.py": "1\n"})
    history.git("update-ref", "refs/pull/2/head", history.git("rev-parse", "HEAD:a.py"))
    (history.path / ".git/refs/pull/3").mkdir(parents=True)
    (history.path / ".git/refs/pull/3/head").write_text("0" * 39 + "1\n")
    history.pull(1)
    assert Repository(history.path).pull_refs() == {"1": commit}


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no prlimit on this system")
def test_a_ref_without_end_does_not_take_all_memory(history, monkeypatch):
    monkeypatch.setattr("sleeptime_lib.tasks.swe.git._MOST_MEMORY", 100_000_000)
    history.commit("first", {})
    (history.path / ".git/refs/heads/endless").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="git for-each-ref failed"):
        Repository(history.path).pull_refs()


def test_a_process_that_takes_too_long_is_ended(history, tmp_path, monkeypatch):
    commit = history.commit("first", {})
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 100\n")
    slow.chmod(0o755)
    monkeypatch.setattr("sleeptime_lib.tasks.swe.git.git_program", lambda: str(slow))
    monkeypatch.setattr("sleeptime_lib.tasks.swe.git._LONGEST_S", 0.2)
    with pytest.raises(InputError, match=r"git cat-file failed \(.*it may take 0.2 s"):
        Repository(history.path).commit_time(commit)


def lacking(history, *paths):
    """A commit of 40 files whose clone lacks what some of them hold."""
    commit = history.commit("first", {f"{i}.py": f"{i}\n" for i in range(40)})
    for path in paths:
        blob = history.git("rev-parse", f"{commit}:{path}")
        (history.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    return commit


def test_a_few_files_that_a_clone_lacks_are_left_out_and_not_counted(history, tmp_path):
    commit = lacking(history, "1.py", "2.py")
    assert Repository(history.path).write_tree_to(commit, tmp_path / "copy") == 38
    assert len(list((tmp_path / "copy").iterdir())) == 38


def test_a_clone_that_lacks_more_is_refused_with_an_example(history, tmp_path):
    commit = lacking(history, "1.py", "2.py", "3.py")
    with pytest.raises(InputError, match=r"lacks 3 files of .*, such as 1\.py; make a full clone"):
        Repository(history.path).write_tree_to(commit, tmp_path / "copy")
