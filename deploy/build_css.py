"""Makes `services/gateway/static/govuk.css` from the published stylesheet of govuk-frontend (MIT, version below).

What belongs to GOV.UK alone is taken out: the GDS Transport font (its licence is for gov.uk only), the crest, the
crown, the header and the footer. So is every component that Twoway does not show, everything that needs JavaScript, and
printing (`twoway.css` says what little it needs), so that a first visit stays under 30 kB. Colours stay in the custom
properties that `twoway.css` sets.

    npm pack govuk-frontend@6.6.0 && tar xzf govuk-frontend-6.6.0.tgz
    python deploy/build_css.py package/dist/govuk/govuk-frontend.min.css
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

VERSION = "6.6.0"
OUTPUT = Path(__file__).parents[1] / "services/gateway/static/govuk.css"
BANNER = f"/* govuk-frontend {VERSION} (MIT, see govuk-frontend-licence.txt), cut down by deploy/build_css.py */\n"
FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif'

KEPT = frozenset({
    "template", "width-container", "main-wrapper", "grid-row", "grid-column-full", "grid-column-two-thirds", "skip-link",
    "visually-hidden", "heading-xl", "heading-l", "heading-m", "heading-s", "body", "body-s", "list", "link", "back-link",
    "button", "button-group", "checkboxes", "radios", "input", "textarea", "label", "label-wrapper", "hint", "fieldset",
    "error-message", "error-summary", "form-group", "summary-list", "details", "inset-text", "notification-banner",
    "panel", "section-break", "clearfix",
})  # fmt: skip
"""Blocks (the part of a class before `__` or `--`, without `govuk-`) that some template shows."""

_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_GDS = re.compile(r"GDS Transport,\s*arial,\s*sans-serif")


def build(css: str) -> str:
    """The part of `css` that Twoway may and does use. Refuses, by ValueError, to return anything remote or GDS's."""
    made = BANNER + "".join(_kept(_COMMENT.sub("", css))) + "\n"
    made = _GDS.sub(FONT, made)
    for forbidden in ("url(", "@font-face", "@import", "GDS", "crest", "crown", "http:", "https:"):
        if forbidden in made:
            raise ValueError(f"{forbidden!r} is left in the stylesheet; look at KEPT")
    return made


def _kept(css: str) -> Iterator[str]:
    for prelude, body in rules(css):
        if prelude.startswith(("@media print", "@font-face", "@charset")) or body is None:
            continue
        if prelude.startswith("@"):
            if inner := "".join(_kept(body)):
                yield f"{prelude}{{{inner}}}"
        elif selectors := [one for one in prelude.split(",") if _shown(one)]:
            yield f"{','.join(selectors)}{{{body}}}"


def _shown(selector: str) -> bool:
    blocks = [re.split(r"__|--", name.removeprefix("govuk-"))[0] for name in _CLASS.findall(selector)]
    return all(block in KEPT for block in blocks) and "href^=" not in selector


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Top-level rules as (prelude, body); a statement such as @charset has no body."""
    start = 0
    while match := re.compile(r"[{;]").search(css, start):
        prelude = css[start : match.start()].strip().lstrip("}").strip()
        if match.group() == ";":
            yield prelude, None
            start = match.end()
            continue
        end = _closing(css, match.start())
        yield prelude, css[match.end() : end]
        start = end + 1


def _closing(css: str, opening: int) -> int:
    depth = 0
    for match in re.compile(r'"[^"]*"|[{}]').finditer(css, opening):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth == 0:
            return match.start()
    raise ValueError("a brace is never closed")


if __name__ == "__main__":
    OUTPUT.write_text(build(Path(sys.argv[1]).read_text("utf-8")), "utf-8")
