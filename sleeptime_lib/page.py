"""Texts as HTML, for notebooks and their widgets. All that reaches a page goes through here.

Texts of datasets, models and servers are other people's: no tags, no Markdown, no formulas.
"""

from __future__ import annotations

import html
from typing import Final

from sleeptime_lib.texts import plain

NO_FORMULAS: Final = "mathjax_ignore tex2jax_ignore"
"""Class of what MathJax leaves alone."""
ERROR: Final = "var(--jp-error-color1, #b00020)"


def as_text(text: str) -> str:
    """Text that a page shows as it is."""
    return html.escape(plain(text))


def ink(strength: int) -> str:
    """One of JupyterLab's inks, 0 (strong) to 3 (faint), readable in both its themes."""
    return f"var(--jp-ui-font-color{strength}, inherit)"


def paragraph(text: str, *, lead: str = "", colour: str = ink(1), size: str = "1em") -> str:
    """A paragraph of text as HTML.

    Args:
        text: What it says.
        lead: Its first words, in bold.
        colour: Of CSS.
        size: Of CSS.
    """
    style = f"color: {colour}; font-size: {size}; line-height: 1.4"
    bold = f"<b>{as_text(lead)}</b>" if lead else ""
    return f'<div class="{NO_FORMULAS}" style="{style}">{bold}{as_text(text)}</div>'


def as_block(text: str, *, alone: bool = False) -> str:
    """Text with its line ends, of which no word is cut; `alone` where no page is around it."""
    style = (
        "white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; "
        "margin: 0 0 0.8em; padding: 0 0 0 0.8em; "
        "border-left: 3px solid var(--jp-border-color1, #bdbdbd)"
    )
    kind = f' class="{NO_FORMULAS}"' if alone else ""
    return f'<pre{kind} style="{style}">{as_text(text)}</pre>'
