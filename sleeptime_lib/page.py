"""Texts as HTML, for notebooks and their widgets. All that reaches a page goes through here.

Texts of datasets, models and servers are other people's: no tags, no Markdown, no formulas.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sleeptime_lib.texts import plain

if TYPE_CHECKING:
    from sleeptime_lib.analysis.tables import Table

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


def heading(text: str) -> str:
    """A line in bold above what follows."""
    return f'<p style="margin: 0.6em 0 0.3em"><b>{as_text(text)}</b></p>'


def as_list(kind: str, told: Iterable[str]) -> str:
    """Texts as a list, "ol" or "ul"."""
    items = (f'<li style="white-space: pre-wrap">{as_text(line)}</li>' for line in told)
    return f"<{kind}>{''.join(items)}</{kind}>"


def as_table(content: Table) -> str:
    """A table whose words stand left and numbers right; the first column says a name once."""
    rows, last = [_row("th", content.header, content, "")], ""
    for first, *rest in content.rows:
        rule = "border-top: 1px solid var(--jp-border-color1, #bdbdbd)" if first != last else ""
        rows.append(_row("td", ["" if first == last else first, *rest], content, rule))
        last = first
    head, *body = rows
    drawn = f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"
    return drawn + as_list("ul", content.sentences)


def _row(tag: str, cells: Sequence[str], content: Table, style: str) -> str:
    parts = []
    for i, cell in enumerate(cells):
        side = "left" if i in content.text_columns else "right"
        how = f"text-align: {side}; white-space: nowrap; {style}"
        parts.append(f'<{tag} style="{how}">{as_text(cell)}</{tag}>')
    return f"<tr>{''.join(parts)}</tr>"
