"""Headers of GGUF files whose counts and types are made up are refused in one line."""

import resource
import struct
import time

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.servers.gguf.header import read_header

pytest.importorskip("gguf")

SOON = 20
"""Seconds that a refusal may take on a busy machine; each takes less than 2 on an idle one."""
U32, STRING, ARRAY, U64 = 4, 8, 9, 10


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(raw)) + raw


def field(name, kind, value):
    return text(name) + struct.pack("<I", kind) + value


def number(value):
    return struct.pack("<I", value)


def items(kind, count, content=b""):
    return struct.pack("<IQ", kind, count) + content


LLAMA = field("general.architecture", STRING, text("llama"))
HUGE = 1 << 62


@pytest.fixture
def made(tmp_path):
    def make(*fields, tensors=0, count=None, version=3, rest=b""):
        count = len(fields) if count is None else count
        head = b"GGUF" + struct.pack("<IQQ", version, tensors, count)
        path = tmp_path / "a.gguf"
        path.write_bytes(head + b"".join(fields) + rest)
        return path

    return make


def refusal(path):
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError) as caught:
        read_header(path)
    assert time.monotonic() - began < SOON
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 500
    return said


def test_a_small_header_is_read(made):
    header = read_header(made(LLAMA, field("general.license", STRING, text("mit"))))
    assert (header.architecture, header.licence, header.context_length) == ("llama", "mit", 2048)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": HUGE}, "fields, not at most 10,000"),
        ({"count": 9_000}, "ends within its header"),
        ({"tensors": HUGE}, "tensors, not at most 100,000"),
        ({"tensors": 90_000}, "ends within its header"),
        ({"version": 1 << 24}, "GGUF version 16777216"),
    ],
)
def test_counts_that_are_made_up(made, given, said):
    assert said in refusal(made(LLAMA, **given))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (items(U32, HUGE), "ends within its header"),
        (items(STRING, HUGE), "more than 2,000,000 texts"),
        (items(STRING, 1_900_000), "ends within its header"),
        (items(STRING, 1, struct.pack("<Q", HUGE)), "ends within its header"),
        (items(ARRAY, 1, items(ARRAY, 1, items(ARRAY, 1)) * 1_000), "a list of type 9"),
        (items(77, 1), "a list of type 77"),
    ],
    ids=range(6),
)
def test_lists_that_are_made_up(made, content, said):
    assert said in refusal(made(LLAMA, field("tokenizer.ggml.tokens", ARRAY, content)))


def test_a_vocabulary_of_two_million_empty_words_is_passed_over(made):
    words = items(STRING, 1_900_000, bytes(8 * 1_900_000))
    began = time.monotonic()
    assert read_header(made(LLAMA, field("tokens", ARRAY, words))).architecture == "llama"
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("size", [1_000_001, HUGE])
def test_a_text_without_end(made, size):
    value = struct.pack("<Q", size)
    assert "bytes of a text" in refusal(made(field("general.architecture", STRING, value)))


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("general.architecture", U32, number(5)),
        ("general.name", U32, number(5)),
        ("general.license", ARRAY, items(U32, 0)),
        ("tokenizer.chat_template", ARRAY, items(STRING, 1, text("x"))),
        ("general.file_type", STRING, text("Q4")),
        ("llama.context_length", STRING, text("many")),
        ("llama.context_length", U64, struct.pack("<Q", HUGE)),
        ("llama.context_length", 6, struct.pack("<f", float("nan"))),
        ("general.alignment", U32, number(0)),
        ("anything", 77, b""),
    ],
)
def test_a_field_of_another_type(made, name, kind, value):
    assert "damaged or cut short" in refusal(made(LLAMA, field(name, kind, value)))


@pytest.mark.parametrize("dimensions", [[HUGE] * 8, [1 << 30], [0, HUGE, HUGE]])
def test_tensors_that_are_not_all_there(made, dimensions):
    shape = struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
    tensor = text("output.weight") + shape + struct.pack("<IQ", 0, HUGE)
    assert "damaged or cut short" in refusal(made(LLAMA, tensors=1, rest=tensor))


@pytest.mark.parametrize("name", ["\x1b[31mx", "x" * 900_000, b"\xff\xfe"])
def test_an_architecture_that_is_no_name(made, name):
    said = refusal(made(field("general.architecture", STRING, text(name))))
    assert "cannot build" in said
    assert "\x1b" not in said
