"""What a GGUF file says about itself, read and checked before it is loaded.

The file may be anybody's: counts and lengths in it are not believed, and what is not needed is
passed over (format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from sleeptime_lib.errors import InputError, MissingDependency
from sleeptime_lib.texts import brief

ARCHITECTURES: Final = ("llama", "qwen2", "qwen3")
"""Architectures that openvino-genai builds from a GGUF file."""

NEEDS_EXTRA: Final = "serving a GGUF file needs the extra gguf: run make gguf"
_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_NUMBERS: Final = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
"""Codes of number types, as `struct` writes them."""
_STRING: Final = 8
_ARRAY: Final = 9
_WANTED: Final = frozenset(
    "general.architecture general.name general.license general.file_type general.alignment "
    "tokenizer.chat_template".split()
)
_MOST_FIELDS: Final = 10_000
_MOST_TENSORS: Final = 100_000
_MOST_STRINGS: Final = 2_000_000
"""In all lists; a vocabulary has up to 300,000."""
_MOST_DIMENSIONS: Final = 8
_LONGEST: Final = 1_000_000
"""Bytes of a text; a chat template has up to 20,000."""
_MOST_CONTEXT: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """The part of a GGUF file's metadata that the server needs.

    Attributes:
        path: The file.
        name: The model's name as the file gives it, or the file's name.
        architecture: Such as "qwen2".
        quantisation: Such as "Q4_K_M"; "" when the file does not say.
        licence: Such as "apache-2.0"; "" when the file does not say.
        context_length: Most tokens the model was made for.
        template: The chat template; "" for none.
    """

    path: Path
    name: str
    architecture: str
    quantisation: str
    licence: str
    context_length: int
    template: str

    @property
    def has_tools(self) -> bool:
        """Whether the chat template shows tool definitions to the model."""
        return "tools" in self.template


def read_header(path: Path) -> Header:
    """Read the metadata of a GGUF file.

    Raises:
        InputError: There is no such file, it is not a whole GGUF file, or openvino-genai has no
            model of its architecture.
        MissingDependency: The extra is not installed.
    """
    _check_magic(path)
    try:
        from gguf import GGML_QUANT_SIZES, LlamaFileType
    except ImportError:
        raise MissingDependency(NEEDS_EXTRA) from None
    sizes = {int(kind): size for kind, size in GGML_QUANT_SIZES.items()}
    try:
        with path.open("rb") as file:
            fields = _Reader(file, sizes).fields()
        architecture = _text(fields, "general.architecture", "")
        _check_architecture(path, architecture)
        kinds = {int(member): member.name for member in LlamaFileType}
        return Header(
            path=path,
            name=_text(fields, "general.name", path.stem),
            architecture=architecture,
            quantisation=kinds.get(_number(fields, "general.file_type", -1), "")
            .removeprefix("MOSTLY_")
            .removeprefix("ALL_"),
            licence=_text(fields, "general.license", ""),
            context_length=_number(fields, f"{architecture}.context_length", 2048),
            template=_text(fields, "tokenizer.chat_template", ""),
        )
    except (ValueError, OSError) as error:
        raise InputError(f"{path} is damaged or cut short ({error}): fetch it again") from None


def _check_architecture(path: Path, architecture: str) -> None:
    if architecture not in ARCHITECTURES:
        raise InputError(
            f"{path} holds a model of architecture {brief(repr(architecture), 80)}, which "
            f"openvino-genai cannot build: use one of {', '.join(ARCHITECTURES)}, or another "
            "server (llama.cpp, Ollama)"
        )


def _text(fields: dict[str, Any], name: str, default: str) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _number(fields: dict[str, Any], name: str, default: int) -> int:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value <= _MOST_CONTEXT:
        raise ValueError(f"{name} is no such number as a model has")
    return value


class _Reader:
    """Reads the header of a GGUF file from its beginning.

    Args:
        file: The file.
        sizes: Numbers and bytes of a block, by type of tensor.
    """

    def __init__(self, file: BinaryIO, sizes: dict[int, tuple[int, int]]) -> None:
        self._file, self._sizes = file, sizes
        self._length = os.fstat(file.fileno()).st_size
        self._strings = 0

    def fields(self) -> dict[str, Any]:
        """The fields that are wanted.

        Raises:
            ValueError: Something in the header is wrong, or tensors are missing from the file.
        """
        self._skip(len(_MAGIC))
        version = self._number("I")
        if version not in _VERSIONS:
            raise ValueError(f"GGUF version {version}, not {' or '.join(map(str, _VERSIONS))}")
        tensors = self._count("Q", _MOST_TENSORS, "tensors")
        found = {}
        for _ in range(self._count("Q", _MOST_FIELDS, "fields")):
            name = self._text()
            kind = self._number("I")
            value = self._value(kind)
            if name in _WANTED or name.endswith(".context_length"):
                found[name] = value
        ends = [self._tensor_end() for _ in range(tensors)]
        align = found.get("general.alignment", 32)
        if not isinstance(align, int) or not 0 < align <= 1 << 20:
            raise ValueError("general.alignment is no such number as a file has")
        start = -(-self._file.tell() // align) * align
        if ends and start + max(ends) > self._length:
            raise ValueError(f"it has {self._length:,} bytes of {start + max(ends):,}")
        return found

    def _take(self, size: int) -> bytes:
        taken = self._file.read(size)
        if len(taken) < size:
            raise ValueError("it ends within its header")
        return taken

    def _skip(self, size: int) -> None:
        if self._file.tell() + size > self._length:
            raise ValueError("it ends within its header")
        self._file.seek(size, os.SEEK_CUR)

    def _number(self, kind: str) -> Any:
        return struct.unpack(f"<{kind}", self._take(struct.calcsize(f"<{kind}")))[0]

    def _count(self, kind: str, most: int, what: str) -> int:
        count: int = self._number(kind)
        if count > most:
            raise ValueError(f"{count:,} {what}, not at most {most:,}")
        return count

    def _text(self) -> str:
        return self._take(self._count("Q", _LONGEST, "bytes of a text")).decode(errors="replace")

    def _value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            raise ValueError(f"a field of type {kind}")
        of, count = self._number("I"), self._number("Q")
        if of in _NUMBERS:
            self._skip(count * struct.calcsize(f"<{_NUMBERS[of]}"))
        elif of == _STRING:
            self._strings += count
            if self._strings > _MOST_STRINGS:
                raise ValueError(f"more than {_MOST_STRINGS:,} texts in lists")
            for _ in range(count):
                self._skip(self._number("Q"))
        else:
            raise ValueError(f"a list of type {of}")
        return None

    def _tensor_end(self) -> int:
        """Where the numbers of the next tensor end, behind the header."""
        self._text()
        dimensions = self._count("I", _MOST_DIMENSIONS, "dimensions of a tensor")
        count = math.prod(self._number("Q") for _ in range(dimensions))
        kind, offset = self._number("I"), self._number("Q")
        if kind not in self._sizes:
            raise ValueError(f"a tensor of type {kind}")
        numbers, size = self._sizes[kind]
        end: int = offset + -(-count // numbers) * size
        return end


def _check_magic(path: Path) -> None:
    if not os.path.isfile(path):  # noqa: PTH113 (Path.is_file fails where a name is too long)
        raise InputError(f"there is no file {path}: give the path of a GGUF model")
    try:
        with path.open("rb") as file:
            begins = file.read(len(_MAGIC))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if begins != _MAGIC:
        raise InputError(f"{path} is not a GGUF file: it begins with {begins!r}, not {_MAGIC!r}")
