"""The records of one kind in a run directory: NAME.parquet, and lines in NAME/part-*.jsonl.

Each is checked when it is read (`sealed`), so that a record is what was written or there is none.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from sleeptime_lib import sealed
from sleeptime_lib.records import KINDS
from sleeptime_lib.sealed import Damaged

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH: Final = 4096
_PARTS: Final = "part-*.jsonl"
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_TYPES: Final = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "Mapping[str, float]": (dict,),
}
"""What a column of a kind holds in JSON."""


class Table:
    """Records of one kind.

    Args:
        folder: The run directory.
        name: Of the kind.
        key: Columns by which a record is known; of two the later one counts.
        record: Their dataclass.
    """

    def __init__(self, folder: Path, name: str, key: tuple[str, ...], record: type) -> None:
        self._gathered = folder / f"{name}.parquet"
        self._folder = folder / name
        self._key = key
        self._kinds = {field.name: str(field.type) for field in fields(record)}
        self._part: IO[str] | None = None

    def append(self, record: Any) -> None:
        """Write one record; it survives a kill of this process."""
        if self._part is None:
            self._folder.mkdir(exist_ok=True)
            number = max((int(part.stem[5:]) for part in self._parts()), default=-1) + 1
            self._part = (self._folder / f"part-{number:05d}.jsonl").open("x", encoding="utf-8")
        # The columns are flat, so this does what `dataclasses.asdict` does in a tenth of the time.
        values = {name: getattr(record, name) for name in self._kinds}
        self._part.write(sealed.seal(_encode(values)) + "\n")
        # Handing each line to the operating system is what makes it survive SIGKILL.
        self._part.flush()

    def read(self) -> Iterator[dict[str, Any]]:
        """All records in the order written, unsorted; a later one replaces an earlier one.

        Raises:
            Damaged: A file is not what was written; the message names it.
        """
        if self._gathered.exists():
            for batch in self._read_gathered().to_batches(_BATCH):
                yield from map(_upgraded, batch.to_pylist(maps_as_pydicts="strict"))
        for part in self._parts():
            for number, line in enumerate(_lines(part), start=1):
                try:
                    yield self._record(line)
                except Damaged as error:
                    raise Damaged(f"{part}, line {number}: {error}") from None

    def count_answered(self) -> int:
        """Rows that did not fail, as far as they can be read."""
        count = 0
        if self._gathered.exists():
            import pyarrow.compute as pc

            with suppress(Damaged):
                errors = self._read_gathered().column("error")
                count += pc.sum(pc.equal(errors, "")).as_py() or 0
        for part in self._parts():
            # Within a text quotes are escaped, so this stands only where it means something.
            count += sum(b'"error":""' in line for line in _lines(part))
        return count

    def mend(self) -> list[str]:
        """Set aside what is damaged; says so, with one line for each file."""
        said = []
        try:
            if self._gathered.exists():
                self._read_gathered()
        except Damaged:
            kept = sealed.set_aside(self._gathered)
            said.append(f"{self._gathered.name} was damaged: made again, the old file is {kept}")
        for part in self._parts():
            whole = [self._is_record(line) for line in _lines(part)]
            if not all(whole):
                intact = itertools.compress(_lines(part), whole)
                sealed.write_whole(part, b"".join(intact))
                name = f"{self._folder.name}/{part.name}"
                damaged = whole.count(False)
                said.append(f"{name} was damaged in {damaged} of {len(whole)} lines: made again")
        return said

    def distrust(self) -> list[str]:
        """Set aside everything, because nobody knows what it is of; says so."""
        places = [place for place in (self._gathered, self._folder) if place.exists()]
        return [f"{place.name} is set aside as {sealed.set_aside(place)}" for place in places]

    def as_arrow(self) -> pa.Table:
        """All records, each key once (the last one written), sorted by key.

        Raises:
            Damaged: A file is not what was written.
        """
        import pyarrow as pa

        # Arrow holds a record in a tenth of the memory that Python objects take, so records are
        # turned over in batches, and only the place of each key's last record is kept.
        batches: list[pa.RecordBatch] = []
        places: dict[bytes, int] = {}
        records = enumerate(self.read())
        while chunk := list(itertools.islice(records, _BATCH)):
            for place, record in chunk:
                places[key_digest([record[name] for name in self._key])] = place
            batches.append(
                pa.RecordBatch.from_pylist([record for _, record in chunk], schema=self._schema())
            )
        table = pa.Table.from_batches(batches, schema=self._schema())
        if len(places) < table.num_rows:
            table = table.take(list(places.values()))
        return table.sort_by([(name, "ascending") for name in self._key])

    def gather(self) -> None:
        """Put all records into the Parquet file and remove the parts."""
        if self._part is not None and not Path(self._part.name).exists():
            raise FileNotFoundError(errno.ENOENT, "it has been removed", self._part.name)
        self.close()
        sealed.write_parquet(self._gathered, self.as_arrow())
        for part in self._parts():
            part.unlink()
        if self._folder.exists():
            self._folder.rmdir()

    def close(self) -> None:
        """Close the part that is being written."""
        if self._part is not None:
            self._part.close()
            self._part = None

    def _parts(self) -> list[Path]:
        return sorted(self._folder.glob(_PARTS))

    def _read_gathered(self) -> pa.Table:
        try:
            table = sealed.read_parquet(self._gathered)
            for record in table.slice(0, 1).to_pylist(maps_as_pydicts="strict"):
                self._check(_upgraded(record))
        except Damaged as error:
            raise Damaged(f"{self._gathered}: {error}") from None
        return table

    def _record(self, line: bytes) -> dict[str, Any]:
        record = sealed.unseal(line)
        if sealed.is_sealed(line):
            return record
        record = _upgraded(record)
        self._check(record)
        return record

    def _is_record(self, line: bytes) -> bool:
        try:
            self._record(line)
        except Damaged:
            return False
        return True

    def _check(self, record: dict[str, Any]) -> None:
        """Look at what does not prove itself: whether it has the columns, of their kinds."""
        if record.keys() != self._kinds.keys():
            raise Damaged("it has other columns")
        for name, kind in self._kinds.items():
            plain, value = kind.removesuffix(" | None"), record[name]
            if not (value is None and plain != kind) and type(value) not in _TYPES[plain]:
                raise Damaged(f"{name} is {value!r}")

    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        types = {
            "int": pa.int64(),
            "float": pa.float64(),
            "bool": pa.bool_(),
            "Mapping[str, float]": pa.map_(pa.string(), pa.float64()),
        }
        return pa.schema(
            [
                (name, types.get(kind.removesuffix(" | None"), pa.string()))
                for name, kind in self._kinds.items()
            ]
        )


def key_digest(values: Iterable[Any]) -> bytes:
    """Eight bytes that stand for a row key; small enough to hold a million of."""
    return hashlib.blake2b(_encode(list(values)).encode(), digest_size=8).digest()


def _lines(part: Path) -> Iterator[bytes]:
    """Every line but the one that a kill cut off."""
    with part.open("rb") as file:
        for line in file:
            if line.endswith(b"\n") or sealed.is_whole(line):
                yield line


def _upgraded(record: dict[str, Any]) -> dict[str, Any]:
    """A record with the columns of today.

    Rows of format 1 billed one amount for the answer and the sleep phase together. The answer was
    newly paid when that amount covers all its tokens, since its prompt holds the notes and can
    only be replayed when the sleep phase was; the rest is the sleep phase's.

    Raises:
        Damaged: It is no record of format 1 either.
    """
    if "billed_prompt_tokens" not in record:
        return record
    try:
        billed = {kind: record.pop(f"billed_{kind}_tokens") for kind in KINDS}
        test = {kind: record[f"test_{kind}_tokens"] for kind in KINDS}
        if not record["sleep_id"]:
            test = billed
        elif not any(billed.values()) or any(billed[kind] < test[kind] for kind in KINDS):
            test = dict.fromkeys(KINDS, 0)
        split = {f"billed_test_{kind}_tokens": test[kind] for kind in KINDS}
        split |= {f"billed_sleep_{kind}_tokens": billed[kind] - test[kind] for kind in KINDS}
        return record | split | {"calls": int(not record["error"]), "measures": {}}
    except (KeyError, TypeError) as error:
        raise Damaged(f"not a row: {error!r}") from None
