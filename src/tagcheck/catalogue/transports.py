"""Copies of images between transports (containers-transports(5)), as effects: pulled, tagged, pushed, saved, restored.

A copy under another name is the same image under a second name, hence a tag between the two ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue.tools import Tool, Transport
from tagcheck.values import Text


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a copy; `name` is None where the end has none (an archive without one) or it is not known."""

    transport: Transport
    name: Text | None
    archive: Text | None = None


def copy_effects(tool: Tool, source: Text | None, target: Text | None) -> Iterator[Effect]:
    """What copying from one end to another does; both are written `transport:rest`. Nothing for a transport that is
    not known or not an image's (a folder)."""
    start, end = _end(tool, source), _end(tool, target)
    if start is None or end is None or start.transport.role == "other" or end.transport.role == "other":
        return
    name = end.name or start.name
    reading = end.transport.reading or start.transport.reading or tool.reading
    if start.transport.role == "registry" and start.name is not None:
        yield Effect(EffectKind.PULLED, tool.name, reading, images=(start.name,))
    if start.transport.role == "archive":
        yield Effect(EffectKind.RESTORED, tool.name, reading, archive=start.archive, images=(name,) if name else ())
    elif start.name is not None and end.name is not None and start.name.merged() != end.name.merged():
        yield Effect(EffectKind.TAGGED, tool.name, reading, images=(end.name,), source=start.name)
    if end.transport.role == "registry":
        yield Effect(EffectKind.PUSHED, tool.name, reading, images=(name,) if name else ())
    elif end.transport.role == "archive":
        yield Effect(EffectKind.SAVED, tool.name, reading, images=(name,) if name else (), archive=end.archive)


def _end(tool: Tool, text: Text | None) -> _End | None:
    halves = text.split_at(":") if text is not None else None
    if halves is None:
        return None
    transport = tool.transports.get(halves[0].literal or "")
    if transport is None:
        return None
    rest = halves[1].without_prefix("//") or halves[1]
    if transport.role != "archive":
        return _End(transport, rest)
    archive = rest.split_at(":")
    return _End(transport, None, rest) if archive is None else _End(transport, archive[1], archive[0])
