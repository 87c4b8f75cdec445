"""Template tags and substituted blocks in texts that are to be read as YAML.

Go templates (text/template, Helm) are no YAML. `mask` makes them so without moving anything: tags that control are
blanked (beside other text: cut out), each tag that prints a value becomes one hole character (see `source.Text`), and
the chunks of the new text say where each character stands in the file. What a tag means is not decided here:
`Masked.tags` returns it to who asks.

The lexical rules are those of Go's text/template (1.22): tags between '{{' and '}}', strings, raw strings, characters
and comments inside them, '-' to trim white space.

A condition that begins and ends within a line, beside other text, is one value: its tags and what stands between them
become a single hole. Rejected: placeholders of the tag's own length, which leave their filling in the value; rendering,
which needs values that only a cluster has.

What it cannot do: say which branch of a condition holds; both stay in the text.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice

from tagcheck.ir import Expression, Opaque
from tagcheck.source import HOLE_FIRST, HOLE_LAST, Chunk, Span, Text

_SEPARATOR = re.compile(r"(?m)^---(?=\s|$)")
_DEFINITION = re.compile(r"(?m)^kind: CustomResourceDefinition\s*$")
_LINE = re.compile(r"[^\n]+")
_SIGN = re.compile(r"[\"'`]|\}\}")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|' + r"'(?:[^'\\\n]|\\.)*'")
_COMMENT = re.compile(r"\{\{(?:-\s+)?/\*")
_OPENING = frozenset(("if", "with", "range", "define", "block"))
_MIDDLE = frozenset(("else", "break", "continue"))
_WORD = re.compile(r"[A-Za-z]+\b(?!\.)")
_ASSIGNMENT = re.compile(r"\$\w*(?:\s*,\s*\$\w+)?\s*:?=")
_HOLE = re.compile(f"[{chr(HOLE_FIRST)}-{chr(HOLE_LAST)}]")
_HOLES_ALONE = re.compile(rf"^[ \t]*(?:{_HOLE.pattern}[ \t]*)+\r?$", re.MULTILINE)
_HEADER = re.compile(r"(?:^|[:-][ \t]+)[|>][-+0-9]*[ \t]*(?:#.*)?\r?$")
_DASHES = re.compile(r" *(?:- +)*")
_REST_BLANK = re.compile(r"[ \t]*\r?(?:\n|$)")
_NOT_BREAK = re.compile(r"[^\r\n]")
_LONG_LINE = 2_000
"""Characters before a tag on its line past which it is not asked whether the tag begins the line's content."""
MOST_TAGS = 20_000
"""Tags that are looked at in one text."""


class TagKind(Enum):
    VALUE = "value"
    """prints something"""
    OPENING = "opening"
    """if, with, range, define, block"""
    MIDDLE = "middle"
    """else, break, continue"""
    END = "end"
    SILENT = "silent"
    """a comment or an assignment"""


@dataclass(frozen=True, slots=True)
class Tag:
    """A template tag: its text with the braces, what it is, and its offsets in the text that it was found in."""

    source: str
    kind: TagKind
    start: int
    end: int

    @property
    def body(self) -> str:
        """What stands between the braces, without trim marks and the white space around it."""
        return _body(self.source)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text made readable as YAML. `tags` maps each new hole character to what it stands for, `spans` to its place;
    `controlled` says whether conditions or loops were blanked."""

    text: Text
    tags: Mapping[str, Tag] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)
    controlled: bool = False

    def opaque(self) -> dict[str, Expression]:
        """For `yamltext.compose`: each tag as a value of which nothing is known."""
        return {
            character: Opaque(f"the template tag {tag.source[:80]}", self.spans[character])
            for character, tag in self.tags.items()
        }


def tags(text: str) -> Iterator[Tag]:
    """The template tags of a text, in order; one that is not closed, or holds a string that is not, ends the search."""
    end = 0
    while (start := text.find("{{", end)) >= 0:
        close = _closing(text, start)
        if close < 0:
            return
        end = close
        yield Tag(text[start:end], _kind(_body(text[start:end])), start, end)


def mask(text: Text) -> Masked:
    """The text with its template tags blanked or replaced by holes, as the module's introduction says. Hole characters
    that the text already has stay what they are."""
    if "{{" not in text.text:
        return Masked(text)
    found = list(islice(tags(text.text), MOST_TAGS))
    regions = list(_regions(text.text, found))
    used = [ord(match.group()) for match in _HOLE.finditer(text.text)]
    return _replaced(text, regions, max(used, default=HOLE_FIRST - 1) + 1)


def blank_substituted_lines(text: Text) -> Text:
    """The text with lines blanked that consist of holes alone: they stand for whole blocks of lines. In a block scalar
    they are content and stay."""
    lines = [match.span() for match in _HOLES_ALONE.finditer(text.text)]
    if not lines:
        return text
    scalars = _block_scalars(text.text)
    low, high = next(scalars, (0, 0))
    content, last = [], 0
    for start, end in lines:
        while high <= start and (following := next(scalars, None)):
            low, high = following
        if not low <= start < high:
            content += [text.text[last:start], _blank(text.text[start:end])]
            last = end
    return Text("".join([*content, text.text[last:]]), text.chunks)


def blank_definitions(text: Text) -> Text:
    """The text with the documents blanked that define resources: they are large, and hold schemas only."""
    if "\nkind: CustomResourceDefinition" not in text.text:
        return text
    return blank_documents(text, lambda document: _DEFINITION.search(document) is not None)


def blank_documents(text: Text, is_idle: Callable[[str], bool]) -> Text:
    """The text with some of its documents blanked: what follows stays in its place."""
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text.text)), len(text.text)]
    found = [text.text[start:end] for start, end in itertools.pairwise(starts)]
    content = (_LINE.sub(_spaces, each) if is_idle(each) else each for each in found)
    return Text("".join(content), text.chunks)


def _spaces(match: re.Match[str]) -> str:
    return match.group() if match.group() == "---" else " " * len(match.group())


# --- tags ------------------------------------------------------------------------------------------------------------


def _closing(text: str, start: int) -> int:
    """The offset behind the braces that close the tag that begins at an offset, or -1."""
    if comment := _COMMENT.match(text, start):
        at = text.find("*/", comment.end())
        end = text.find("}}", at) if at >= 0 else -1
        return end + 2 if end >= 0 else -1
    at = start + 2
    while sign := _SIGN.search(text, at):
        if sign.group() == "}}":
            return sign.end()
        quoted = _QUOTED.match(text, sign.start())
        if quoted is None:
            return -1
        at = quoted.end()
    return -1


def _body(source: str) -> str:
    inner = source[2:-2]
    if inner[:2] in ("- ", "-\n", "-\t", "-\r"):
        inner = inner[1:]
    if inner[-2:] in (" -", "\n-", "\t-", "\r-"):
        inner = inner[:-1]
    return inner.strip()


def _kind(body: str) -> TagKind:
    if not body or body.startswith("/*") or _ASSIGNMENT.match(body):
        return TagKind.SILENT
    word = _WORD.match(body)
    name = word.group() if word else ""
    if name in _OPENING:
        return TagKind.OPENING
    if name in _MIDDLE:
        return TagKind.MIDDLE
    return TagKind.END if name == "end" else TagKind.VALUE


def _regions(text: str, found: list[Tag]) -> Iterator[Tag]:
    """The tags, where conditions within a line are one value."""
    ends = _ends(found)
    index = line = 0
    following = -1
    while index < len(found):
        tag = found[index]
        if tag.start > following:
            line = text.rfind("\n", max(following, 0), tag.start) + 1 or line
            following = text.find("\n", tag.start) % (len(text) + 1)
        last = ends.get(index, index)
        if last > index and found[last].end <= following and not _whole_entry(text, line, tag, found[last]):
            yield Tag(text[tag.start : found[last].end], TagKind.VALUE, tag.start, found[last].end)
            index = last + 1
        else:
            yield tag
            index += 1


def _ends(found: list[Tag]) -> dict[int, int]:
    """For each opening tag the one that ends it, by index."""
    matched: dict[int, int] = {}
    stack: list[int] = []
    for index, tag in enumerate(found):
        if tag.kind is TagKind.OPENING:
            stack.append(index)
        elif tag.kind is TagKind.END and stack:
            matched[stack.pop()] = index
    return matched


def _whole_entry(text: str, line: int, first: Tag, last: Tag) -> bool:
    """Whether a condition within a line, which begins at the offset `line`, holds a whole entry of a mapping or
    sequence."""
    if first.start - line > _LONG_LINE or text[line : first.start].strip():
        return False
    content = text[first.end : last.start].strip()
    return content.startswith("- ") or ": " in content or content.endswith(":")


# --- replacing -------------------------------------------------------------------------------------------------------


def _replaced(text: Text, regions: list[Tag], first: int) -> Masked:
    regions = _without_indentation(text.text, regions)
    alone = [region for region in regions if region.source[:2] == "{{" and _is_control_alone(text.text, region)]
    blanked = frozenset(region.start for region in alone)
    content = _blanked(text.text, alone)
    offsets = [chunk.offset for chunk in text.chunks]
    parts: list[str] = []
    chunks: list[Chunk] = []
    named: dict[str, Tag] = {}
    length = last = 0
    for region in regions:
        if region.start in blanked:
            continue
        chunks.extend(_copied(text, offsets, last, region.start, length))
        parts.append(content[last : region.start])
        length += region.start - last
        last = region.end
        if region.kind is TagKind.VALUE and first + len(named) <= HOLE_LAST:
            parts.append(chr(first + len(named)))
            named[parts[-1]] = region
            chunks.append(Chunk(length, text.position(region.start), exact=False))
            length += 1
    chunks.extend(_copied(text, offsets, last, len(content), length))
    parts.append(content[last:])
    spans = {character: text.span(value.start, value.end) for character, value in named.items()}
    controlled = any(region.kind is TagKind.OPENING for region in regions)
    return Masked(Text("".join(parts), tuple(chunks)), named, spans, controlled)


def _without_indentation(text: str, regions: list[Tag]) -> list[Tag]:
    """The regions; those that stand alone in a block scalar with the white space before them, which would be read as
    the indentation of the scalar."""
    scalars = _block_scalars(text)
    low, high = next(scalars, (0, 0))
    found: list[Tag] = []
    for region in regions:
        while high <= region.start and (following := next(scalars, None)):
            low, high = following
        if low <= region.start < high and _is_control_alone(text, region):
            start = text.rfind("\n", 0, region.start) + 1
            region = Tag(text[start : region.end], region.kind, start, region.end)
        found.append(region)
    return found


def _is_control_alone(text: str, tag: Tag) -> bool:
    """Whether a tag prints nothing, and nothing else stands on its lines. Beside other text a tag is cut out, for white
    space in its place would be indentation or part of a value."""
    if tag.kind is TagKind.VALUE:
        return False
    before = text[max(tag.start - _LONG_LINE, 0) : tag.start].rstrip(" \t")
    return before[-1:] in ("", "\n") and _REST_BLANK.match(text, tag.end) is not None


def _copied(text: Text, offsets: list[int], start: int, end: int, at: int) -> Iterator[Chunk]:
    """The chunks of a stretch that is copied to the offset `at`."""
    if start == end and at:
        return
    index = bisect_right(offsets, start)
    yield Chunk(at, text.position(start), text.chunks[index - 1].exact)
    for chunk in text.chunks[index : bisect_left(offsets, end)]:
        yield Chunk(at + chunk.offset - start, chunk.position, chunk.exact)


def _blanked(content: str, regions: list[Tag]) -> str:
    parts: list[str] = []
    last = 0
    for region in regions:
        parts += [content[last : region.start], _blank(region.source)]
        last = region.end
    return "".join([*parts, content[last:]])


def _blank(source: str) -> str:
    return _NOT_BREAK.sub(" ", source)


def _block_scalars(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of a text that are content of block scalars, told by their headers and indentation."""
    width, start, offset = -1, 0, 0
    for line in text.splitlines(keepends=True):
        if width >= 0 and line.strip() and len(line) - len(line.lstrip(" ")) <= width:
            yield start, offset
            width = -1
        offset += len(line)
        if width < 0 and _HEADER.search(line.rstrip("\r\n")):
            width, start = _width(line), offset
    if width >= 0:
        yield start, offset


def _width(header: str) -> int:
    """The indentation that the content of a block scalar must exceed: its key's column, or its dash's."""
    match = _DASHES.match(header)
    end = match.end() if match else 0
    return end if header[end : end + 1] not in ("|", ">") else max(header.rfind("-", 0, end), 0)
