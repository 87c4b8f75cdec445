"""What a CI file says, as positioned YAML: mappings, lists, scalars as texts with the places of their characters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tagcheck.frontends.yamltext import compose, decode, plain, text_of
from tagcheck.ir import Constant, Expression, Join, ListOf, Literal, MapOf, Opaque, Problem
from tagcheck.source import Span, Text

Reader = Callable[[str], bytes | None]
"""The content of a file of the project; None if there is none that can be read."""


@dataclass(frozen=True)
class Document:
    """The first document of a file, and why parts of the file could not be read."""

    path: str
    root: Expression | None
    problems: tuple[Problem, ...] = ()

    @cached_property
    def span(self) -> Span:
        return self.root.span if self.root is not None else Span(self.path, 1, 1, 1, 1)


def read(path: str, content: bytes) -> tuple[Document, ...]:
    """The documents of a file, at least one. Never raises."""
    text = decode(path, content)
    if isinstance(text, Problem):
        return (Document(path, None, (text,)),)
    composed = compose(text)
    roots: list[Expression | None] = [document.root for document in composed.documents]
    roots = roots or [None]
    return tuple(Document(path, root, composed.problems if not at else ()) for at, root in enumerate(roots))


def entries(value: Expression | None) -> Iterator[tuple[str, Expression]]:
    """The keys, as texts, and values of a mapping; nothing for anything else."""
    for key, inner in value.entries if isinstance(value, MapOf) else ():
        name = spelled(key)
        if name is not None:
            yield name, inner


def field(value: Expression | None, *names: str) -> Expression | None:
    """What a path of keys leads to; None if it leads nowhere, or to nothing."""
    for name in names:
        value = next((inner for key, inner in entries(value) if key == name), None)
    return None if isinstance(value, Constant) and value.value is None else value


def items(value: Expression | None) -> tuple[Expression, ...]:
    """The items of a list; a value that is no list is its only item."""
    if value is None or (isinstance(value, Constant) and value.value is None):
        return ()
    return value.items if isinstance(value, ListOf) else (value,)


def spelled(value: Expression | None) -> str | None:
    """A scalar as text; None for anything else."""
    if isinstance(value, Constant):
        return None if value.value is None else _shown(value.value)
    return plain(value) if value is not None else None


def word(value: Expression | None) -> str:
    """A scalar as text without blanks around it; empty for anything else."""
    return (spelled(value) or "").strip()


def scalar(value: Expression | None) -> Text | None:
    """A scalar with the places of its characters; None for anything else."""
    if isinstance(value, Constant):
        shown = spelled(value)
        return None if shown is None else text_of(Literal(shown, value.span, False))
    return text_of(value) if value is not None else None


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def literals(text: Text, start: int, end: int) -> list[Expression]:
    """The characters from `start` to `end` of a text as literals, one for each stretch that stands in one place."""
    found: list[Expression] = []
    bounds = [chunk.offset for chunk in text.chunks[1:] if start < chunk.offset < end]
    for low, high in zip([start, *bounds], [*bounds, end], strict=True):
        if low < high:
            value, at = text.text[low:high], text.position(low)
            exact = next(chunk.exact for chunk in reversed(text.chunks) if chunk.offset <= low)
            last = at.advanced(value) if exact else at
            found.append(Literal(value, Span(at.path, at.line, at.column, last.line, last.column), exact))
    return found


def joined(parts: list[Expression], span: Span) -> Expression:
    """The concatenation of parts."""
    if len(parts) == 1:
        return parts[0]
    return Join(tuple(parts), span) if parts else Literal("", span)


def whole(text: Text) -> Expression:
    """A text as it stands."""
    return joined(literals(text, 0, len(text.text)), text.span(0, len(text.text)))


def without(value: Expression | None, prefix: str) -> Expression:
    """A scalar without the characters that it begins with."""
    text = scalar(value)
    if text is None:
        return Opaque("an image", value.span if value is not None else Span("", 1, 1, 1, 1))
    start = len(text.text) - len(text.text.lstrip().removeprefix(prefix))
    return joined(literals(text, start, len(text.text)), text.span(start, len(text.text)))


def whole_scalar(value: Expression) -> Expression:
    """A scalar as it stands; anything else as it is."""
    text = scalar(value)
    return value if text is None else whole(text)
