"""The stories of images: what `tagcheck trace` prints."""

from __future__ import annotations

import os
from pathlib import Path

from tagcheck.finding import Place
from tagcheck.report.display import Display, printable
from tagcheck.request import Report, Story


def render(report: Report, display: Display, path: Path, line: int = 0) -> str:
    """The stories that a file, one of its lines, or a directory has a part in; empty if there are none."""
    resolved = path.resolve()
    named = os.path.relpath(resolved, report.root).replace(os.sep, "/")
    within = "" if named == "." else f"{named}/" if resolved.is_dir() else named
    stories = (story for story in report.stories if any(_lies(place, within, line) for place in story.places))
    return "".join(_story(story, report, display) for story in stories)


def _lies(place: Place, within: str, line: int) -> bool:
    """Whether a place lies in a file, or in a directory (empty, or ending in '/'), and on a line if one is given."""
    span = place.span
    inside = span.path.startswith(within) if not within or within.endswith("/") else span.path == within
    return inside and (not line or span.line <= line <= span.end_line)


def _story(story: Story, report: Report, display: Display) -> str:
    lines = [f"{printable(story.image)}  in {printable(story.scenario)} ({story.tier.value})"]
    for place in story.places:
        at = f"{printable(display.path(report.root, place.span.path))}:{place.span.line}:{place.span.column}"
        name = "" if place.image == story.image else f" {printable(place.image)}"
        note = f" ({printable(place.note)})" if place.note else ""
        lines.append(f"  {place.stage.upper():<9}{name} {at}{note}")
    return "\n".join(lines) + "\n\n"
