"""Keys: kept out of every text, however a server writes them and wherever a user puts them."""

from __future__ import annotations

import base64
import json
import re
from typing import Final
from urllib.parse import unquote, urlsplit

SHORTEST_SECRET: Final = 12
"""Shorter keys are placeholders for servers that ask for any key, and not kept secret."""

_KEY: Final = re.compile(
    r"\b(?:(?:sk|pk|rk|gsk|hf|xai|nvapi|tgp|r8|pplx|fw|key)[-_]|AIza)(?=[\w-]*\d)[\w-]{12,}",
    re.ASCII,
)
"""Keys as providers make them."""
_RANDOM: Final = re.compile(r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}", re.ASCII)
"""What may be a key where a name is expected."""

_MARKS: Final = (b"\\u00", b"\\x", b"\\/", b"%", b"&#", b"\0")
"""One of these is in every text in which characters are written in another way."""
_ESCAPED: Final = re.compile(
    rb"\\+(?:u00|x)([0-9a-fA-F]{2})|%(?:25)*([0-9a-fA-F]{2})|&#[xX]0*([0-9a-fA-F]{2});"
    rb"|&#0*([0-9]{2,3});|\\+(/)|\0+"
)
_TWICE: Final = 2
"""How often writings may be nested to be seen through."""
_IN_BASE64: Final = rb"[A-Za-z0-9+/=_-]"


class Secret:
    """A key that shows itself only to who asks for it by name.

    Printing, formatting, logging, comparing field by field or pickling a dataclass that holds
    one does not show the key.
    """

    __slots__ = ("_forms", "_value")

    def __init__(self, value: str = "") -> None:
        self._value = value
        # Local servers take keys like "none" or "test": replacing those would damage replies.
        self._forms = _forms(value.encode()) if len(value) >= SHORTEST_SECRET else ()

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._value

    def scrub(self, text: str) -> str:
        """`text` with every occurrence of the key replaced, in any of its writings."""
        given = text.encode("utf-8", "surrogatepass")
        scrubbed = self.scrub_bytes(given)
        return text if scrubbed is given else scrubbed.decode("utf-8", "replace")

    def scrub_bytes(self, text: bytes) -> bytes:
        """The same for encoded text; JSON in UTF-16 or UTF-32 becomes UTF-8.

        The key is found as it is, in base64 and in hexadecimal, each with any of its characters
        written as JSON, percent, HTML or UTF-16 writes them. What still holds it after replacing
        all that is dropped whole.
        """
        if not self._forms:
            return text
        if b"\0" in text:
            text = _in_utf8(text)
        if not self._is_in(text):
            return text
        for form in self._forms:
            text = _pattern(form, swallow=form != self._forms[0]).sub(b"[key]", text)
        return b"[a text with the key]" if self._is_in(text) else text

    def _is_in(self, text: bytes) -> bool:
        plain = _plain(text)
        return any(form in plain for form in self._forms)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(bool(self._value))

    def __repr__(self) -> str:
        return "Secret(set)" if self._value else "Secret(none)"

    def __reduce__(self) -> tuple[type[Secret], tuple[()]]:
        return (Secret, ())


def without_keys(text: str) -> str:
    """`text` without what has the form of a provider's key, for messages that repeat input."""
    return _KEY.sub("[key]", text)


def looks_like_key(text: str) -> bool:
    """Whether a text has the form of a provider's key."""
    return _KEY.search(text) is not None


def key_in_url(url: str, key: str = "") -> str:
    """Where an address may hold a key, so that it is neither used nor kept; "" where it cannot.

    Args:
        url: The address of an API.
        key: A key that it must not hold.
    """
    elsewhere = "put the key into the environment variable that --api-key-env names"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "the base URL is not valid: give one like http://localhost:8000/v1"
    if "@" in parts.netloc:
        return f"the base URL holds a user name or password: {elsewhere}"
    if (len(key) >= SHORTEST_SECRET and key in unquote(url)) or looks_like_key(unquote(url)):
        return f"the base URL holds a key: {elsewhere}"
    if parts.query or parts.fragment:
        return "the base URL has a query: give the address up to /v1 only; " + elsewhere
    return ""


def told_url(url: str) -> str:
    """An address that is none, without words in it that may be a key."""
    return _RANDOM.sub("[...]", url)


def told_variable(name: str, known: bool) -> str:
    """How messages call the variable of `--api-key-env`: a key in its place is not repeated.

    Args:
        name: What was given.
        known: Whether there is such a variable.
    """
    is_plain = re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", name) and len(name) < 40
    return name if known or is_plain else "that --api-key-env names"


def _forms(key: bytes) -> tuple[bytes, ...]:
    """The key as it is and as others encode it; the first is the key itself."""
    forms = {key.hex().encode(), key.hex().upper().encode()}
    for encoded in (key, *(key.decode().encode(name) for name in ("utf-16-le", "utf-16-be"))):
        for before in range(3):
            # In base64 three bytes are four characters: only those that are all of the key's.
            whole = base64.b64encode(bytes(before) + encoded)
            part = whole[(0, 2, 3)[before] : 8 * (before + len(encoded)) // 6]
            forms |= {part, part.translate(bytes.maketrans(b"+/", b"-_"))}
    return key, *sorted(forms)


def _plain(text: bytes) -> bytes:
    """`text` with its characters written as they are, however they were written."""
    for _ in range(_TWICE):
        if not any(mark in text for mark in _MARKS):
            return text
        text = _ESCAPED.sub(_unescaped, text)
    return text


def _unescaped(found: re.Match[bytes]) -> bytes:
    if code := found[1] or found[2] or found[3]:
        return bytes([int(code, 16)])
    if found[4]:
        return bytes([int(found[4]) % 256])
    return found[5] or b""


def _pattern(form: bytes, *, swallow: bool) -> re.Pattern[bytes]:
    """Finds a form of the key, whichever way its characters are written."""
    letters = []
    for code in form:
        number = b"(?i:%02x)" % code
        ways = [re.escape(bytes([code])), rb"\\+(?:u00|x)" + number, b"%(?:25)*" + number]
        ways += [b"&#[xX]0*" + number + b";", b"&#0*%d;" % code]
        ways += [rb"\\+/"] if code == ord("/") else []
        letters.append(b"(?:" + b"|".join(ways) + b")")
    whole = rb"\0*".join(letters)
    # Around the part that is all the key's there are characters that are partly so.
    return re.compile(_IN_BASE64 + b"{0,3}" + whole + _IN_BASE64 + b"*" if swallow else whole)


def _in_utf8(text: bytes) -> bytes:
    name = json.detect_encoding(text)
    if not name.startswith(("utf-16", "utf-32")):
        return text
    try:
        return text.decode(name).encode("utf-8", "surrogatepass")
    except UnicodeError:
        return text
