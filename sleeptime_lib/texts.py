"""Other people's texts, made fit to be shown: of no length and no character that does harm."""


def brief(text: str, most: int) -> str:
    """A text of at most so many characters: what is too much is left out of its middle."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"


def plain(text: str) -> str:
    """Text that only shows: what could steer a terminal, or cannot be encoded, is replaced."""
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"
