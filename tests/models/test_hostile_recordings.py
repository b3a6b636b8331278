"""Recordings are files of strangers: what `write` does not write is refused in one line."""

import json
import time
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.replay import names, open_recording, read_about, write
from sleeptime_lib.records import Reply, Usage

ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "recordings/qwen2.5-coder-1.5b-gsm-p0.parquet"
WHAT = b"sleeptime.recording"
ROWS = 30
SOON = 10
"""Seconds that a refusal may take on a busy machine; each takes less than 1 on an idle one."""


@pytest.fixture(scope="module")
def rows():
    return pq.read_table(SHIPPED).slice(0, ROWS)


@pytest.fixture(scope="module")
def about(rows):
    return json.loads(rows.schema.metadata[WHAT]) | {"calls": ROWS}


@pytest.fixture
def made(tmp_path, rows, about):
    """Writes a recording with other metadata or other columns."""

    def make(told=None, table=rows, **how):
        raw = told if isinstance(told, bytes) else json.dumps(told or about).encode()
        path = tmp_path / "a.parquet"
        pq.write_table(table.replace_schema_metadata({WHAT: raw}), path, **how)
        return str(path)

    return make


def refusal(name, read=read_about):
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        read(name)
    assert time.monotonic() - began < SOON
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 500
    return said


def test_a_whole_one_is_read(made):
    assert len(dict(open_recording(made()).replies)) == ROWS


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "Expecting property name"),
        (b"\xff\xfe", "Expecting value"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"a":' + b"[" * 90_000, "nested too deeply"),
        (b'{"version": 1, "calls": ' + b"1" * 5_000 + b"}", "Exceeds the limit"),
        (b'{"version": 1, "model": "\\ud800"}', "half of a surrogate pair"),
        (b'{"version": [2]}', "format version [2]"),
        (b" " * 200_000, "longer than 100,000 bytes"),
    ],
    ids=range(9),
)
def test_metadata_that_is_none(made, raw, said):
    assert said in refusal(made(raw))


@pytest.mark.parametrize("field", ["model", "licence", "date", "command", "dataset"])
@pytest.mark.parametrize("value", [None, 3, ["x"], {"x": "y"}])
def test_a_text_that_is_none(made, about, field, value):
    assert f"metadata: {field}: " in refusal(made(about | {field: value}))


@pytest.mark.parametrize("field", ["questions", "contexts", "calls"])
@pytest.mark.parametrize("value", [None, -1, 1.5, "3", True, [3]])
def test_a_number_that_is_none(made, about, field, value):
    assert f"metadata: {field}: " in refusal(made(about | {field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("config", {}), ("config", {"experiment": 5}), ("config", "x"), ("config", [1]),
        ("usage", {"prompt": "x"}), ("usage", 5), ("versions", {"python": 3}), ("versions", []),
    ],
)  # fmt: skip
def test_a_mapping_that_is_none(made, about, field, value):
    assert field in refusal(made(about | {field: value}))


@pytest.mark.parametrize("field", ["model", "config", "licence", "questions"])
def test_a_field_that_is_missing(made, about, field):
    left = {name: value for name, value in about.items() if name != field}
    assert f"{field}: " in refusal(made(left))


COLUMNS = ("key", "text", "reasoning", "tool_calls", "finish_reason", "latency_s", "prompt",
           "cached", "completion", "reasoning_tokens", "estimated")  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("kind", ["missing", "other", "nested", "gaps"])
def test_a_column_that_is_wrong(made, rows, column, kind):
    place = rows.column_names.index(column)
    kept = rows.column(column).to_pylist()[1:]
    values = {
        "other": pa.array([b"x"] * ROWS),
        "nested": pa.array([[{"a": 1}]] * ROWS),
        "gaps": pa.array([None, *kept], rows.schema.field(column).type),
    }
    table = rows.drop_columns([column])
    if kind != "missing":
        table = table.add_column(place, column, values[kind])
    assert column in refusal(made(table=table), open_recording)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("prompt", -1), ("completion", -5), ("latency_s", float("nan")), ("latency_s", -1.0),
        ("latency_s", float("inf")), ("tool_calls", "{"), ("tool_calls", "5"),
        ("tool_calls", '[["a", 1, {}]]'), ("tool_calls", "[" * 100_000), ("tool_calls", '[["a"]]'),
    ],
)  # fmt: skip
def test_a_value_that_no_reply_has(made, rows, column, value):
    kept = rows.column(column).to_pylist()[1:]
    array = pa.array([value, *kept], rows.schema.field(column).type)
    table = rows.set_column(rows.column_names.index(column), column, array)
    assert "is damaged" in refusal(made(table=table), open_recording)


@pytest.mark.parametrize("value", ['[["a", "x", 1]]', '[["a", -1.0, "x"]]', "[[1, 2, 3]]"])
def test_a_score_that_is_none(made, rows, value):
    table = rows.append_column("logprobs", pa.array([value] * ROWS))
    assert "logprobs" in refusal(made(table=table), open_recording)


def test_replies_that_are_missing_or_there_twice(made, rows):
    for table in (rows.slice(1), pa.concat_tables([rows.slice(1), rows.slice(1, 1)])):
        assert f"{ROWS - 1} replies, not {ROWS}" in refusal(made(table=table), open_recording)


@pytest.mark.parametrize("packed", ["once", "each"])
def test_texts_that_unpacked_take_all_memory(made, rows, packed):
    """200 MB from a file of some kilobytes: the text once in a dictionary, or compressed."""
    text = pa.array(["a" * 7_000_000])
    many = pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), text)
    table = rows.set_column(rows.column_names.index("text"), "text", many)
    before = pa.total_allocated_bytes()
    how = {} if packed == "once" else {"use_dictionary": False}
    if packed == "each":
        table = table.cast(rows.schema)
    path = made(table=table, compression="zstd", **how)
    assert Path(path).stat().st_size < 100_000
    assert "larger than 100,000,000 bytes" in refusal(path, open_recording)
    del table, many
    assert pa.total_allocated_bytes() - before < 50_000_000


def test_what_could_not_be_replayed_is_not_written(tmp_path):
    reply = Reply("a" * 101_000_000, usage=Usage(1, 0, 1))
    about = read_about(names()[0])
    with pytest.raises(InputError, match="larger than can be replayed"):
        write(tmp_path / "a.parquet", about, [(bytes(32), reply)])
    assert not (tmp_path / "a.parquet").exists()


def test_a_flipped_bit_is_seen(tmp_path):
    about = read_about(names()[0])
    replies = [(bytes([i] * 32), Reply(f"text {i}", usage=Usage(i, 0, i))) for i in range(ROWS)]
    path = tmp_path / "a.parquet"
    write(path, about.__class__(**{**_fields(about), "calls": ROWS}), replies)
    whole = open_recording(str(path)).replies
    content = path.read_bytes()
    unseen = 0
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with suppress(InputError):
            unseen += open_recording(str(path)).replies != whole
    assert unseen == 0


def _fields(about):
    return {name: getattr(about, name) for name in about.__dataclass_fields__}


def test_a_name_too_long_for_a_file_is_no_recording():
    with pytest.raises(InputError, match="there is no recording"):
        read_about("n" * 5_000)
