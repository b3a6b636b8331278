"""What a GGUF file says about itself, read and checked before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.errors import InputError, MissingDependency

ARCHITECTURES: Final = ("llama", "qwen2", "qwen3")
"""Architectures that openvino-genai builds from a GGUF file."""

NEEDS_EXTRA: Final = "serving a GGUF file needs the extra gguf: run make gguf"
_MAGIC: Final = b"GGUF"


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
        from gguf import GGUFReader, LlamaFileType
    except ImportError:
        raise MissingDependency(NEEDS_EXTRA) from None
    try:
        fields = GGUFReader(path).fields
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise InputError(f"{path} is damaged or cut short ({error}): fetch it again") from None

    def value(name: str, default: Any) -> Any:
        return fields[name].contents() if name in fields else default

    architecture = str(value("general.architecture", ""))
    if architecture not in ARCHITECTURES:
        raise InputError(
            f"{path} holds a model of architecture {architecture!r}, which openvino-genai cannot "
            f"build: use one of {', '.join(ARCHITECTURES)}, or another server (llama.cpp, Ollama)"
        )
    kind = value("general.file_type", None)
    kinds = {member.value: member.name for member in LlamaFileType}
    return Header(
        path=path,
        name=str(value("general.name", path.stem)),
        architecture=architecture,
        quantisation=kinds.get(kind, "").removeprefix("MOSTLY_").removeprefix("ALL_"),
        licence=str(value("general.license", "")),
        context_length=int(value(f"{architecture}.context_length", 2048)),
        template=str(value("tokenizer.chat_template", "")),
    )


def _check_magic(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"there is no file {path}: give the path of a GGUF model")
    try:
        with path.open("rb") as file:
            begins = file.read(len(_MAGIC))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if begins != _MAGIC:
        raise InputError(f"{path} is not a GGUF file: it begins with {begins!r}, not {_MAGIC!r}")
