"""A page of HTML that needs nothing else: sections of tables, whose rows may hold bars beside their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from caretier import page_style
from caretier.page_style import STYLE

_STYLE = """
main section { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
main section + section { margin-top: 1.5rem; }
main h2 { font-size: 1.25rem; margin-bottom: .75rem; }
.top, main, footer { max-width: 60rem; margin: 0 auto; }
main { padding: 0 1.5rem; }
td, th { text-align: left; }
.bar { position: relative; height: .95rem; width: 10rem; } /* all alike, so that bars of two columns can be compared */
.bar i { position: absolute; top: 0; height: .6rem; border-radius: .2rem; background: var(--c4); }
.bar .all { left: 0; right: 0; background: var(--line); }
"""


def page(title: str, lede: str, sections: Iterable[str], disclaimer: str, *, style: str = "") -> str:
    """Write a page; the sections are HTML, all else is text."""
    start = page_style.head(title, STYLE + _STYLE + style, "default-src 'none'; style-src 'unsafe-inline'")
    return f"""{start}
<body>
<header class="top">
<h1>{escape(title)}</h1>
<p class="lede">{escape(lede)}</p>
</header>
<main>
{"".join(sections)}</main>
<footer><p>{escape(disclaimer)}</p></footer>
</body>
</html>
"""


def section(heading: str, lines: Iterator[str]) -> str:
    """Write a section whose lines are HTML; a wide table scrolls within it."""
    place = re.sub(r"[^a-z]+", "-", heading.lower())
    told = escape(heading)
    return "\n".join(
        (
            f'<section aria-labelledby="{place}">\n<h2 id="{place}">{told}</h2>',
            f'<div class="scroll" role="region" aria-label="{told}: table" tabindex="0">',
            *lines,
            "</div>\n</section>\n",
        )
    )


def head(*names: str) -> str:
    """Begin a table with the names of its columns; end it with `</tbody></table>`."""
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    return f"<table><thead><tr>{cells}</tr></thead>\n<tbody>"


def row(first: str, *cells: str) -> str:
    """Write a row of HTML, of which the first cell says what the row is about."""
    others = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{first}</th>{others}</tr>'
