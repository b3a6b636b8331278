"""Small git repositories with a history, made by git itself."""

import os
import subprocess
from pathlib import Path

START = 1_600_000_000
DAY = 86_400


class History:
    """A repository in a new folder. Every commit is made a day after the one before."""

    def __init__(self, path, *words):
        self.path = Path(path)
        self.now = START
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", *words)

    def git(self, *words, given=None):
        """Run git on it, without the configuration of this machine; gives what it prints."""
        date = f"{self.now} +0000"
        names = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", date))
        }
        nobodys = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *words],
            cwd=self.path,
            env={"PATH": os.environ["PATH"], "HOME": str(self.path)} | names | nobodys,
            input=given,
            capture_output=True,
            check=False,
        )
        assert not done.returncode, done.stderr.decode()
        return done.stdout.decode().strip()

    def write(self, files):
        """Write files by path, or remove those whose content is None."""
        for path, content in files.items():
            target = self.path / path
            if content is None:
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message, files):
        """Commit files on the branch that is checked out; gives the commit."""
        self.write(files)
        self.now += DAY
        self.git("add", "--all")
        allowed = ("--allow-empty", "--allow-empty-message", "--cleanup=verbatim")
        self.git("commit", "--quiet", *allowed, "--message", message)
        return self.head()

    def grow(self, message, *paths, lines=6):
        """Commit so many new lines at the end of each file."""
        grown = {}
        for path in paths:
            target = self.path / path
            before = target.read_text() if target.exists() else ""
            new = (f"{Path(path).stem}_{self.now}_{i} = {i}\n" for i in range(lines))
            grown[path] = before + "".join(new)
        return self.commit(message, grown)

    def switch(self, name, at=None):
        """Check out a branch, a new one at a commit."""
        self.git("switch", "--quiet", *(("--create", name, at) if at else (name,)))

    def merge(self, name, message):
        """Merge a branch into the one that is checked out, by a commit of its own."""
        self.now += DAY
        self.git("merge", "--quiet", "--no-ff", "--message", message, name)
        return self.head()

    def pull(self, number, commit="HEAD"):
        """Let a commit be the head of a pull request."""
        self.git("update-ref", f"refs/pull/{number}/head", commit)

    def head(self):
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD")
