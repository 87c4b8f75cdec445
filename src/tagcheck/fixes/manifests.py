"""Containers of Kubernetes manifests, by their places."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tagcheck.fixes.edits import Edit, applied
from tagcheck.fixes.sources import Source
from tagcheck.frontends.yamltext import compose, decode
from tagcheck.ir import Expression, ListOf, Literal, MapOf, Problem
from tagcheck.source import Span

_SUFFIXES = (".yaml", ".yml")
_LISTS = ("containers", "initContainers")
_POLICY = "imagePullPolicy"


def below_image(path: str, source: Source, span: Span) -> Edit | None:
    """The line `imagePullPolicy: Never` below the image at a place of a manifest file, whose container has none."""
    if not path.endswith(_SUFFIXES):
        return None
    found = [each for each in _containers(path, source.content) if each.image.span.contains(span)]
    if len(found) != 1 or _POLICY in found[0].names:
        return None
    key = found[0].key
    start, last = source.offset(key.line, key.column), source.offset(found[0].image.span.end_line, 1)
    if start is None or last is None or key.line != found[0].image.span.end_line:
        return None
    end, line_break = source.line_end(last)
    edit = Edit(path, end, end, line_break + b" " * (key.column - 1) + f"{_POLICY}: Never".encode())
    after = [each for each in _containers(path, applied(source.content, (edit,))) if each.image.span.contains(span)]
    return edit if [each.names for each in after] == [found[0].with_policy] else None


class _Container:
    """A container of a manifest: where its key `image` stands, the image, and its keys in order."""

    def __init__(self, key: Span, image: Literal, names: tuple[str, ...]) -> None:
        self.key, self.image, self.names = key, image, names

    @property
    def with_policy(self) -> tuple[str, ...]:
        """The keys with a policy below the image."""
        at = self.names.index("image") + 1
        return (*self.names[:at], _POLICY, *self.names[at:])


@lru_cache(maxsize=2)
def _containers(path: str, content: bytes) -> tuple[_Container, ...]:
    return tuple(_found(path, content))


def _found(path: str, content: bytes) -> Iterator[_Container]:
    text = decode(path, content)
    if isinstance(text, Problem):
        return
    waiting: list[Expression] = [document.root for document in compose(text).documents]
    while waiting:
        match waiting.pop():
            case MapOf(entries=entries):
                waiting += [value for _, value in entries]
                lists = (value for key, value in entries if isinstance(key, Literal) and key.text in _LISTS)
                for value in lists:
                    yield from _of_list(value)
            case ListOf(items=items):
                waiting += items


def _of_list(value: Expression) -> Iterator[_Container]:
    for item in value.items if isinstance(value, ListOf) else ():
        entries = item.entries if isinstance(item, MapOf) else ()
        names = tuple(key.text for key, _ in entries if isinstance(key, Literal))
        for key, image in entries:
            if isinstance(key, Literal) and key.text == "image" and isinstance(image, Literal):
                yield _Container(key.span, image, names)
