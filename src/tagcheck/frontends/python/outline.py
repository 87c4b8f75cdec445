"""What a file's parts mention, from its bytes alone: a first look before anything is parsed.

A parser for Python that keeps places reads half a megabyte in a second, this some thirty times as much. It finds too
much rather than too little: it does not know scopes, and takes what it does not recognise for a use of every word in
it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tagcheck.frontends.api import EVERYTHING, LOADING, Part
from tagcheck.frontends.python.project import (
    AUTOUSE,
    CONFTEST,
    FINAL_HOOKS,
    FIXTURES,
    HOOKS,
    RUN_TASKS,
    folders,
    given_names,
    imported,
    is_test,
    plugin_modules,
)

_PROSE = re.compile(
    r"#[^\n]*|(?:(?<!\w)[rRbBuUfF]{1,2})?"
    r"(?:\"\"\"(?s:(?:\\.|[^\\])*?)\"\"\"|'''(?s:(?:\\.|[^\\])*?)'''|\"(?:[^\"\\\n]|\\.|\\\n)*\"|'(?:[^'\\\n]|\\.|\\\n)*')"
)
_HEAD = re.compile(
    r"^([ \t]*)(?:(@)|(?:async[ \t]+)?(def|class)[ \t]+(\w+))|^(?=[^\s)\]}])",
    re.MULTILINE,
)
"""Where a definition, its decorators or a statement of the module begins; what closes a bracket begins nothing."""
_BOUND = re.compile(r"^[ \t]*(\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_NAMING = frozenset(("usefixtures", "getfixturevalue"))
"""What names fixtures by texts."""
_CHANGED = re.compile(
    r"([^\W\d]\w*)(?:\.(?:append|extend|insert|add|update|setdefault)[ \t]*\(|\[[^]\n]*\][ \t]*=(?!=))"
)
_IMPORT = re.compile(r"(?:from|import)\b")
_SET = re.compile(r"\.(\w+)[ \t]*(?::[^=\n]+)?=(?!=)")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_ATTRIBUTE = re.compile(r"\.[ \t]*([^\W\d]\w*)")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_BRACKET = re.compile(r"[()\[\]{}]")
_LOOK_BACK = 24
_KEY = re.compile(r"(?:[\w)\]]\[|[=!]=|\.(?:get|pop|setdefault|parametrize|param)\()$")
"""What comes before a text that is compared, or by which something is looked up."""
_FRAME = re.compile(r"^[A-Za-z]{0,2}(\"\"\"|'''|\"|')((?s:.*))\1$")


@dataclass(frozen=True, slots=True)
class _Segment:
    """A stretch of the code: where it begins, what it defines, and for a method in which class."""

    start: int
    names: tuple[str, ...] = ()
    owner: str = ""
    is_class: bool = False
    is_import: bool = False


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text without what only people read: the code with all literals filled up, the literals by their offsets."""

    code: str
    offsets: tuple[int, ...]
    texts: tuple[str, ...]


def outline(path: str, content: bytes) -> tuple[Part, ...]:
    """The parts of a file: its functions and methods, the statements of the module, what its imports bind."""
    plain = _without_prose(content.decode("utf-8", "replace"))
    segments = [_Segment(0), *_segments(plain.code)]
    ends = [each.start for each in segments[1:]] + [len(plain.code)]
    test = is_test(path)
    own = [
        _part(plain, each, end, test)
        for each, end in zip(segments, ends, strict=True)
        if end > each.start and not each.is_import
    ]
    if b"unittest" in content:
        methods = frozenset(name for part in own if part.owner or part.is_class for name in part.names)
        own = [_running_cases(part, methods) for part in own]
    return (*own, *_imports(path, content, test))


def _running_cases(part: Part, methods: frozenset[str]) -> Part:
    """A part that runs the file's test cases uses all methods of its classes."""
    runs = "__main__" in part.names and "main" in part.words | part.attributes
    return replace(part, words=part.words | methods, attributes=part.attributes | methods) if runs else part


def _imports(path: str, content: bytes, test: bool) -> Iterator[Part]:
    for target, local in imported(content):
        yield Part((local.partition(".")[0],), target=target)
    for local, target in given_names(path).items():
        yield Part((local,), target=target)
    if test:
        for folder in folders(path):
            yield Part((EVERYTHING,), target=f"{CONFTEST}:{folder}")
        yield Part((EVERYTHING,), target=FIXTURES)
    for module in plugin_modules(content):
        yield Part((EVERYTHING,), target=module)


def _without_prose(source: str) -> _Plain:
    code: list[str] = []
    offsets: list[int] = []
    texts: list[str] = []
    at = depth = 0
    for found in _PROSE.finditer(source):
        start, end = found.span()
        before = source[at:start]
        depth = max(0, depth + sum(_BRACKETS[each] for each in _BRACKET.findall(before)))
        code.append(before)
        at = end
        if found[0][0] == "#":
            code.append(" " * (end - start))
            continue
        code.append('"' * (end - start))
        if not (_selects(source, start, end) if depth else _is_alone(source, start)):
            offsets.append(start)
            texts.append(found[0])
    code.append(source[at:])
    return _Plain("".join(code), tuple(offsets), tuple(texts))


def _is_alone(source: str, start: int) -> bool:
    """Whether a text outside of brackets begins a line: it is documentation then."""
    line = source.rfind("\n", 0, start) + 1
    return not source[line:start].strip() and not source[:line].endswith("\\\n")


def _selects(source: str, start: int, end: int) -> bool:
    """Whether a text in brackets is a key, or the last of several with nothing added to them: no command begins so."""
    before, behind = source[max(0, start - _LOOK_BACK) : start].rstrip(), source[end : end + _LOOK_BACK].lstrip()
    if behind[:1] == ":" or _KEY.search(before):
        return True
    return before[-1:] == "," and behind[:1] in (")", "]", "}") and not behind[1:].lstrip().startswith("+")


class _Reader:
    """Finds the segments of a module, line by line."""

    def __init__(self) -> None:
        self._decorated: int | None = None
        self._function: int | None = None
        self._class: tuple[str, int] | None = None

    def segment(self, found: re.Match[str], code: str) -> _Segment | None:
        """What begins at a line; None if it belongs to what began before."""
        if found[1] is None:
            self._decorated = self._function = self._class = None
            return _Segment(found.start(), is_import=_IMPORT.match(code, found.start()) is not None)
        indent = len(found[1].expandtabs())
        if self._function is not None and indent > self._function:
            return None
        self._function = None
        if found[2]:
            self._decorated = found.start() if self._decorated is None else self._decorated
            return None
        start = found.start() if self._decorated is None else self._decorated
        decorators, self._decorated = code[start : found.start()], None
        if self._class is not None and indent <= self._class[1]:
            self._class = None
        return self._definition(found, start, indent, decorators)

    def _definition(self, found: re.Match[str], start: int, indent: int, decorators: str) -> _Segment:
        name = found[4]
        owner = self._class[0] if self._class is not None else ""
        if found[3] == "class":
            if self._class is None:
                self._class = (name, indent)
            return _Segment(start, (name,), owner, is_class=True)
        self._function = indent
        automatic = "autouse" in decorators or name in HOOKS or name in FINAL_HOOKS
        return _Segment(start, (name, AUTOUSE) if automatic else (name,), owner)


def _segments(code: str) -> Iterator[_Segment]:
    reader = _Reader()
    for found in _HEAD.finditer(code):
        segment = reader.segment(found, code)
        if segment is not None:
            yield segment


def _part(plain: _Plain, segment: _Segment, end: int, test: bool) -> Part:
    code = plain.code[segment.start : end]
    first, last = bisect_left(plain.offsets, segment.start), bisect_left(plain.offsets, end)
    texts = plain.texts[first:last]
    spoken = "\n".join((code, *(each for each in texts if "{" in each)))
    words = set(_WORD.findall(spoken))
    attributes = set(_ATTRIBUTE.findall(spoken))
    names = segment.names or _bound(code) or (*_changed(code), LOADING)
    sets = set(_SET.findall(code))
    if not segment.names or segment.is_class or "global" in words:
        sets.update(_bound(code))
    if test and any(name[:4].lower() == "test" for name in (*names, segment.owner)):
        words.add(AUTOUSE)
    if not words.isdisjoint(_NAMING) or not attributes.isdisjoint(_NAMING):
        words.update(_inner(texts))
    if any(name.startswith("task_") for name in names):
        words.add(RUN_TASKS)
    return Part(
        names,
        segment.owner,
        frozenset(words),
        frozenset(attributes),
        _inner(texts),
        sets=tuple(sorted(sets)),
        is_class=segment.is_class,
    )


def _bound(code: str) -> tuple[str, ...]:
    """The names that a statement of the module assigns."""
    if code.startswith("if") and "__name__" in code.partition("\n")[0]:
        return ("__main__",)
    return tuple(dict.fromkeys(name for found in _BOUND.findall(code) for name in _WORD.findall(found)))


def _changed(code: str) -> tuple[str, ...]:
    """The name of what a statement of the module puts something into."""
    found = _CHANGED.match(code)
    return (found[1],) if found is not None else ()


def _inner(texts: Sequence[str]) -> tuple[str, ...]:
    """What stands between the quotes."""
    return tuple(found[2] for each in texts if (found := _FRAME.match(each)))
