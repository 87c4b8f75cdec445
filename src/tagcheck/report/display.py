"""What all reports share: printable texts, paths as the user sees them, the order of findings.

Names, paths and excerpts come from files that anybody may have written. Before they are printed, whatever could move
the cursor, forge a line or turn the direction of writing is escaped, and long texts are cut.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tagcheck.finding import Finding, Place, Summary
from tagcheck.request import Report
from tagcheck.source import Span

WIDEST = 200
"""Columns; what is longer is cut."""
LONGEST = 4000
"""Characters of one text in a report for programs."""

_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


@dataclass(frozen=True)
class Display:
    """Where a report is shown: `directory` is the working directory that paths are relative to, `color` whether
    escape sequences for colours are wanted, `version` the tool's."""

    directory: Path
    color: bool = False
    version: str = ""
    _paths: dict[tuple[Path, str], str] = field(default_factory=dict, repr=False, compare=False)

    def path(self, root: Path, path: str) -> str:
        """A path of the project as seen from the working directory, with '/' separators."""
        known = self._paths.get((root, path))
        if known is None:
            known = os.path.relpath(root / path, self.directory).replace(os.sep, "/") if path else ""
            self._paths[root, path] = known
        return known


def printable(text: str, widest: int = WIDEST) -> str:
    """A text on one line without anything that a terminal would act on, cut at `widest` characters."""
    if len(text) > widest:
        text = text[: widest - 1] + "…"
    if text.isprintable():
        return text
    escaped = "".join(character if character.isprintable() else _escape(character) for character in text)
    return escaped if len(escaped) <= widest else escaped[: widest - 1] + "…"


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        # A byte of a file name that is not valid UTF-8, as os.fsdecode() writes it.
        return f"\\x{code - 0xDC00:02x}"
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}")


def storable(text: str) -> str:
    """A text for a report that programs read: bytes that were no UTF-8 escaped, cut at a length no name reaches."""
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    if text.isascii():
        return text
    return "".join(_escape(character) if 0xD800 <= ord(character) <= 0xDFFF else character for character in text)


def ordered(report: Report, display: Display) -> list[Finding]:
    """The findings by path, line, column and code, the path as it is shown."""

    def key(finding: Finding) -> tuple[str, int, int, str, str]:
        return (display.path(report.root, finding.span.path), *finding.sort_key[1:])

    return sorted(report.findings, key=key)


def same_shape(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one code and shape together, in the order of each group's first."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for number, finding in enumerate(findings):
        key = (finding.code, finding.shape) if finding.shape else (finding.code, "", str(number))
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def joined_places(places: Iterable[Place]) -> list[tuple[tuple[str, ...], str, Span, str]]:
    """Places with their stages ('built', 'loaded') gathered where image, place and note are the same."""
    found: dict[tuple[str, Span, str], list[str]] = {}
    for place in places:
        stages = found.setdefault((place.image, place.span, place.note), [])
        if place.stage not in stages:
            stages.append(place.stage)
    return [(tuple(stages), image, span, note) for (image, span, note), stages in found.items()]


def listed(words: Iterable[str], last: str = "and") -> str:
    """'a', 'a and b', 'a, b and c'."""
    items = list(words)
    return items[0] if len(items) == 1 else f" {last} ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def counted(number: int, singular: str, plural: str = "") -> str:
    """'1 file', '2 files'."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def nothing_to_scan(summary: Summary) -> str:
    """Why there is no file to scan, and what to do about it."""
    if not summary.skipped:
        return "nothing to scan: there is no file here"
    first = min(summary.skipped, key=lambda each: (not each.advice, len(each.path), each.path))
    more = len(summary.skipped) - 1
    rest = f" (and {counted(more, 'more path')} left out)" if more else ""
    return f"nothing to scan: {first.path}: {first.reason}{rest}{'; ' if first.advice else ''}{first.advice}"
