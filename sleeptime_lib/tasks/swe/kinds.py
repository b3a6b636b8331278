"""What a file of a repository is for, told from its path alone."""

from __future__ import annotations

import re
from typing import Final, Literal

Kind = Literal["source", "test", "documentation", "generated", "vendored", "other"]

_EXTENSIONS: Final = {
    "Python": "py pyi pyx",
    "JavaScript": "js jsx mjs cjs",
    "TypeScript": "ts tsx mts cts",
    "Java": "java",
    "Kotlin": "kt kts",
    "Scala": "scala",
    "Groovy": "groovy",
    "Clojure": "clj cljs cljc",
    "C": "c h",
    "C++": "cc cpp cxx hh hpp hxx",
    "Objective-C": "m mm",
    "CUDA": "cu cuh",
    "C#": "cs",
    "F#": "fs",
    "Go": "go",
    "Rust": "rs",
    "Zig": "zig",
    "Swift": "swift",
    "Dart": "dart",
    "Ruby": "rb",
    "PHP": "php",
    "Perl": "pl pm",
    "Lua": "lua",
    "R": "r",
    "Julia": "jl",
    "Haskell": "hs",
    "OCaml": "ml mli",
    "Elixir": "ex exs",
    "Erlang": "erl hrl",
    "Lisp": "lisp el scm",
    "Fortran": "f90 f95 f03",
    "Shell": "sh bash zsh fish",
    "PowerShell": "ps1",
    "SQL": "sql",
    "Vue": "vue",
    "Svelte": "svelte",
    "Solidity": "sol",
    "Verilog": "v sv",
    "VHDL": "vhd vhdl",
    "Nix": "nix",
}
LANGUAGES: Final = {
    f".{extension}": language
    for language, extensions in _EXTENSIONS.items()
    for extension in extensions.split()
}
"""The language of a source file by its extension."""

_VENDORED: Final = frozenset(
    "vendor vendors third_party third-party thirdparty 3rdparty node_modules bower_components "
    "site-packages external externals pods carthage".split()
)
_GENERATED_IN: Final = frozenset("generated __generated__ dist __snapshots__".split())
_GENERATED: Final = re.compile(
    r".*\.(min\.(js|css)|map|lock|snap|pb\.(go|cc|h)|g\.dart|designer\.cs|generated\.\w+)"
    r"|.*(_pb2(_grpc)?\.pyi?|_generated\.\w+)|package-lock\.json|pnpm-lock\.yaml|go\.sum"
)
_TESTS_IN: Final = frozenset(
    "test tests testing spec specs __tests__ testdata fixtures e2e".split()
)
_TEST: Final = re.compile(r"(test_.*|conftest|.*([-_.](test|spec|tests)))\.\w+")
_TEST_CLASS: Final = re.compile(r".+(Tests?|Spec)\.(java|kt|scala|groovy|cs|swift|php)")
_DOCUMENTS_IN: Final = frozenset("doc docs documentation".split())
_DOCUMENT: Final = re.compile(r".*\.(md|mdx|markdown|rst|adoc|txt|html?)|licen[cs]e|changelog")
_NOT_PROSE: Final = re.compile(r"(requirements.*|cmakelists)\.txt")


def language(path: str) -> str:
    """The language of a source file, "" where its extension is of none."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return LANGUAGES.get(name[dot:].lower(), "") if dot > 0 else ""


def kind_of(path: str) -> Kind:
    """What a file is for: the first of vendored, generated, test, documentation, source that fits.

    Source is what has a language; the rest (data, settings, pictures) is other.
    """
    *folders, name = path.lower().split("/")
    inside = set(folders)
    if inside & _VENDORED:
        return "vendored"
    if inside & _GENERATED_IN or _GENERATED.fullmatch(name):
        return "generated"
    if inside & _TESTS_IN or _TEST.fullmatch(name) or _TEST_CLASS.fullmatch(path.split("/")[-1]):
        return "test"
    if inside & _DOCUMENTS_IN or (_DOCUMENT.fullmatch(name) and not _NOT_PROSE.fullmatch(name)):
        return "documentation"
    return "source" if language(path) else "other"
