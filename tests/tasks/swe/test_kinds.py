"""What a file is for, by its path."""

import pytest

from sleeptime_lib.tasks.swe.kinds import kind_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("app/main.py", "source"),
        ("src/lib.rs", "source"),
        ("web/App.TSX", "source"),
        ("app/latest.py", "source"),
        ("app/contest.go", "source"),
        ("tests/data.py", "test"),
        ("app/test_main.py", "test"),
        ("pkg/main_test.go", "test"),
        ("web/app.spec.ts", "test"),
        ("conftest.py", "test"),
        ("src/UserTest.java", "test"),
        ("README.md", "documentation"),
        ("docs/conf.py", "documentation"),
        ("LICENSE", "documentation"),
        ("requirements.txt", "other"),
        ("CMakeLists.txt", "other"),
        ("vendor/a/b.go", "vendored"),
        ("web/node_modules/x/index.js", "vendored"),
        ("third_party/readme.md", "vendored"),
        ("web/app.min.js", "generated"),
        ("proto/x_pb2.py", "generated"),
        ("package-lock.json", "generated"),
        ("poetry.lock", "generated"),
        ("settings.yaml", "other"),
        (".gitignore", "other"),
        ("Makefile", "other"),
        ("a.unknown", "other"),
        (".py", "other"),
        ("a.py/b", "other"),
    ],
)
def test_a_path_tells_what_a_file_is_for(path, kind):
    assert kind_of(path) == kind
