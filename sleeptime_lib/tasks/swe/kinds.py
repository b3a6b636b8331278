"""What a file of a repository is for, told from its path alone."""

from __future__ import annotations

import re
from typing import Final, Literal

Kind = Literal["source", "test", "documentation", "generated", "vendored", "other"]

_SOURCES: Final = frozenset(
    "py pyi pyx js jsx mjs cjs ts tsx mts cts vue svelte java kt kts scala groovy clj cljs cljc c "
    "h cc cpp cxx hh hpp hxx m mm cu cuh cs fs go rs zig swift dart rb php pl pm lua r jl hs ml "
    "mli ex exs erl hrl lisp el scm f90 f95 f03 sh bash zsh fish ps1 sql sol v sv vhd vhdl "
    "nix".split()
)
"""Extensions of the languages that programs are written in."""

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


def kind_of(path: str) -> Kind:
    """What a file is for: the first of vendored, generated, test, documentation, source that fits.

    Source is told by the extension; the rest (data, settings, pictures) is other.
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
    stem, _, extension = name.rpartition(".")
    return "source" if stem and extension in _SOURCES else "other"
