"""Ways through values that were read from a document."""

from __future__ import annotations

from tagcheck.values import Mapping, Sequence, Text, Value


def field(node: Value | None, *names: str) -> Value | None:
    """The value at the end of a way through mappings."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def word(node: Value | None, *names: str) -> str:
    """A literal text at the end of a way; empty where there is none."""
    found = field(node, *names)
    return (found.literal or "") if isinstance(found, Text) else ""


def items(node: Value | None, *names: str) -> tuple[Value, ...]:
    """The items of a list at the end of a way; none where there is none."""
    found = field(node, *names)
    return found.items if isinstance(found, Sequence) else ()
