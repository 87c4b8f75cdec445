"""YAML events to expressions: collections, aliases, merge keys, and the limits on them.

Part of `tagcheck.frontends.yamltext`, which says what is read and how.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

from tagcheck.frontends.yamlscalars import Scalars
from tagcheck.ir import Apply, Choice, Constant, Expression, ListOf, Literal, MapOf, Opaque
from tagcheck.source import Span

DEEPEST = 100
"""Nesting, aliases expanded, that is followed."""
MOST_NODES = 250_000
"""Nodes written out in one text."""
MOST_EXPANDED = 100_000
"""Nodes that the aliases of one document stand for."""


class Refused(Exception):
    """A document over a limit; `offset` counts from the parser's beginning."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class _Frame(Struct):
    """A collection that is still open: the event that began it, and the number of nodes up to it."""

    event: Any
    before: int
    items: list[Expression]
    height: int = 0


class _Shared(Struct, frozen=True):
    """What an anchor names: the node, the nodes that it stands for, and how deep they nest."""

    value: Expression
    weight: int
    height: int


def _ended(span: Span, last: Span) -> Span:
    """The span, ended where its last part ends; an alias's target may stand elsewhere."""
    if (span.line, span.column) <= (last.line, last.column) and last.path == span.path:
        return Span(span.path, span.line, span.column, last.end_line, last.end_column)
    return span


class Builder:
    """Events of one parser to documents, without recursion. `nodes` were read before, by others, from the same text;
    `branches` and `tags` as in `yamltext.compose`."""

    def __init__(self, scalars: Scalars, nodes: int, branches: bool, tags: frozenset[str]) -> None:
        self.scalars, self.nodes, self.branches, self.tags = scalars, nodes, branches, tags
        self.roots: list[Expression] = []
        self.document = scalars.base
        """the offset of the document that is being read, or, between documents, just before its successor's"""
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Shared | None] = {}
        self.count = self.expanded = 0
        self.root: Expression | None = None

    def read(self, loader: Any) -> None:
        """Take all events of a parser; its errors pass through."""
        from yaml import events

        takers = {
            events.ScalarEvent: self.scalar,
            events.AliasEvent: self.alias,
            events.MappingStartEvent: self.open,
            events.SequenceStartEvent: self.open,
            events.MappingEndEvent: self.close,
            events.SequenceEndEvent: self.close,
            events.DocumentStartEvent: self.begin,
            events.DocumentEndEvent: self.emit,
        }
        following = loader.get_event
        while not isinstance(event := following(), events.StreamEndEvent):
            taker = takers.get(type(event))
            if taker is not None:
                taker(event)

    def begin(self, event: Any) -> None:
        self.document = self.scalars.base + event.start_mark.index
        self.anchors, self.expanded, self.root = {}, 0, None

    def scalar(self, event: Any) -> None:
        self.spend(event)
        value = self.tagged(event, self.scalars.read(event))
        if event.anchor is not None:
            self.anchors[event.anchor] = _Shared(value, 1, 0)
        self.add(value)

    def open(self, event: Any) -> None:
        self.spend(event)
        if len(self.stack) >= DEEPEST:
            raise Refused(f"nested more than {DEEPEST} deep: not read; flatten the document", event.start_mark.index)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(event, self.count, []))

    def close(self, event: Any) -> None:
        frame = self.stack.pop()
        started = frame.event
        span = self.scalars.between(started.start_mark, event.end_mark)
        if frame.items and not started.flow_style:
            # A block ends where its last item does, not at the next token.
            span = _ended(span, frame.items[-1].span)
        mapping = type(event).__name__ == "MappingEndEvent"
        value = self.tagged(started, self.mapping(frame.items, span) if mapping else ListOf(tuple(frame.items), span))
        height = frame.height + 1
        if started.anchor is not None:
            self.anchors[started.anchor] = _Shared(value, self.count - frame.before + 1, height)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height)
        self.add(value)

    def alias(self, event: Any) -> None:
        at = event.start_mark.index
        if event.anchor not in self.anchors:
            raise Refused("an alias to an anchor that is not defined; define it earlier in the same document", at)
        shared = self.anchors[event.anchor]
        if shared is None:
            raise Refused("an alias inside the node that it names; write the value out", at)
        self.expanded += shared.weight
        self.count += shared.weight
        if self.expanded > MOST_EXPANDED:
            raise Refused(f"aliases stand for more than {MOST_EXPANDED} nodes: not read; write the values out", at)
        if len(self.stack) + shared.height > DEEPEST:
            raise Refused(f"aliases nest more than {DEEPEST} deep: not read; write the values out", at)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, shared.height)
        self.add(shared.value)

    def tagged(self, event: Any, value: Expression) -> Expression:
        """A node with the tag that it has, if that one is kept."""
        return Apply(event.tag, (value,), value.span) if event.tag in self.tags else value

    def add(self, value: Expression) -> None:
        if self.stack:
            self.stack[-1].items.append(value)
        else:
            self.root = value

    def spend(self, event: Any) -> None:
        self.count += 1
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise Refused(f"more than {MOST_NODES} nodes: the rest is not read; split the file", event.start_mark.index)

    def emit(self, event: Any) -> None:
        root = self.root
        if root is not None and not (isinstance(root, Constant) and root.value is None):
            self.roots.append(root)
        # Until the next document begins, a failure lies behind this one.
        self.document = max(self.document, self.scalars.base + event.end_mark.index - 1)

    def mapping(self, items: list[Expression], span: Span) -> MapOf:
        entries = tuple(zip(items[::2], items[1::2], strict=False))
        keys = [_key(key) for key, _ in entries]
        if "<<" in keys or len(set(keys)) < len(keys):
            entries = _resolved(entries, self.branches)
        return MapOf(entries, span)


_Entry: TypeAlias = tuple[Expression, Expression]


def _key(expression: Expression) -> object:
    """What makes two keys the same; keys that are no plain scalars differ from all others."""
    match expression:
        case Literal(text=text):
            return text
        case Constant(value=value):
            return (type(value), value)
        case _:
            return (id(expression),)


def _resolved(entries: tuple[_Entry, ...], branches: bool) -> tuple[_Entry, ...]:
    """The entries with merge keys taken in (yaml.org/type/merge.html: own keys first, then earlier sources) and
    repeated keys made one."""
    found: dict[object, _Entry] = {}
    for key, value in entries:
        identity = _key(key)
        if identity == "<<" and _sources(value):
            continue
        if branches and identity in found:
            earlier = found[identity][1]
            value = Choice(Opaque("a condition of a template", key.span), value, earlier, value.span)
        found[identity] = (key, value)
    for key, value in entries:
        if _key(key) == "<<":
            for source in _sources(value):
                for entry in source.entries:
                    found.setdefault(_key(entry[0]), entry)
    return tuple(found.values())


def _sources(value: Expression) -> tuple[MapOf, ...]:
    match value:
        case MapOf():
            return (value,)
        case ListOf(items=items):
            return tuple(item for item in items if isinstance(item, MapOf))
        case _:
            return ()
