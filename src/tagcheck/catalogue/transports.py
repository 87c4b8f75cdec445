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
class End:
    """One end of a copy; `name` is None where the end has none (an archive without one) or it is not known."""

    transport: Transport
    name: Text | None
    archive: Text | None = None


def end_of(tool: Tool, text: Text | None, role: Text | None) -> End | None:
    """One end of a copy, written `transport:rest`; without a transport it is of the role given. None where neither is
    known."""
    halves = text.split_at(":") if text is not None else None
    transport = tool.transports.get(halves[0].literal or "") if halves is not None else None
    if transport is None or halves is None:
        return None if role is None else End(Transport(role.literal or ""), text)
    rest = halves[1].without_prefix("//") or halves[1]
    if transport.role != "archive":
        return End(transport, rest)
    archive = rest.split_at(":")
    return End(transport, None, rest) if archive is None else End(transport, archive[1], archive[0])


def copy_effects(tool: Tool, start: End | None, end: End | None) -> Iterator[Effect]:
    """What copying from one end to another does. Nothing for an end that is not known or that is no image's (a
    folder)."""
    if start is None or end is None or "other" in (start.transport.role, end.transport.role):
        return
    name = end.name or start.name
    names = () if name is None else (name,)
    reading = end.transport.reading or start.transport.reading or tool.reading
    if start.transport.role == "registry":
        yield Effect(EffectKind.PULLED, tool.name, reading, images=() if start.name is None else (start.name,))
    if start.transport.role == "archive":
        yield Effect(EffectKind.RESTORED, tool.name, reading, images=names, archive=start.archive)
    elif start.name is not None and end.name is not None and start.name.merged() != end.name.merged():
        yield Effect(EffectKind.TAGGED, tool.name, reading, images=(end.name,), source=start.name)
    if end.transport.role == "registry":
        yield Effect(EffectKind.PUSHED, tool.name, reading, images=names)
    elif end.transport.role == "archive":
        yield Effect(EffectKind.SAVED, tool.name, reading, images=names, archive=end.archive)
