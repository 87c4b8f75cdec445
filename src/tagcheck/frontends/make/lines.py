"""Lines of a makefile as make puts them together (GNU make manual 4.4, sections 3.1.1 and 5.1.1).

A line that ends in a backslash goes on; outside of recipes the backslash, the line's end and the blanks around them
become one blank. Each line that results is a text of its own that knows its places.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct

from tagcheck.source import Chunk, Text

_BLANKS = " \t"


class Line(Struct, frozen=True):
    """A line with those that it continues on. `start` and `end` (exclusive, without the line's end) are offsets in the
    text; `is_recipe` says that it begins with the recipe's prefix."""

    start: int
    end: int
    is_recipe: bool


class Lines:
    """A text, line by line. `prefix` is the character that begins a recipe line; who reads may change it."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.prefix = "\t"

    def __iter__(self) -> Iterator[Line]:
        content, at = self.text.text, 0
        while at < len(content):
            end = self._end(at)
            yield Line(at, end, content[at] == self.prefix)
            at = end + 1

    def _end(self, at: int) -> int:
        """Where the line ends that begins at `at`, continuations included."""
        content = self.text.text
        while True:
            end = content.find("\n", at)
            if end < 0:
                return len(content)
            stroke = end - (content[end - 1 : end] == "\r")
            count = 0
            while stroke > at and content[stroke - 1] == "\\":
                stroke, count = stroke - 1, count + 1
            if count % 2 == 0:
                return end
            at = end + 1

    # --- texts of lines ---

    def joined(self, start: int, end: int) -> Text:
        """The characters from `start` to `end` as a line outside of recipes: continuations become blanks, a comment is
        left out."""
        pieces: list[tuple[int, int]] = []
        content, low, at = self.text.text, start, start
        depth = 0
        while at < end:
            character = content[at]
            if character == "\\" and at + 1 < end:
                after = self._continued(at, end)
                if after:
                    stop = at
                    while stop > low and content[stop - 1] in _BLANKS:
                        stop -= 1
                    pieces += [(low, stop), (-1, stop)]
                    low = at = after
                    continue
                if content[at + 1] == "#":
                    pieces.append((low, at))
                    low = at + 1
                at += 2
                continue
            if character == "#" and not depth:
                end = at
                break
            if character in "({" and (depth or content[at - 1 : at] == "$"):
                depth += 1
            elif character in ")}" and depth:
                depth -= 1
            at += 1
        pieces.append((low, end))
        return self.assembled(pieces)

    def _continued(self, at: int, end: int) -> int:
        """For a backslash at `at` that ends a line: where the next line's text begins; 0 if it does not."""
        content = self.text.text
        stop = at + 1 + (content[at + 1] == "\r")
        if stop >= end or content[stop] != "\n":
            return 0
        stop += 1
        while stop < end and content[stop] in _BLANKS:
            stop += 1
        return stop

    def recipe(self, line: Line) -> Text:
        """A recipe line as the shell gets it: without the prefix at its beginning and at that of each line that it
        continues on."""
        content = self.text.text
        low = line.start + 1
        pieces: list[tuple[int, int]] = []
        at = content.find("\n", low, line.end)
        while at >= 0:
            pieces.append((low, at + 1))
            low = at + 1 + (content[at + 1 : at + 2] == self.prefix)
            at = content.find("\n", at + 1, line.end)
        end = line.end - (content[line.end - 1 : line.end] == "\r")
        pieces.append((low, max(low, end)))
        return self.assembled(pieces)

    def defined(self, start: int, end: int) -> Text:
        """The lines of a `define`, continuations joined."""
        pieces: list[tuple[int, int]] = []
        content, low, at = self.text.text, start, content_find(self.text.text, start, end)
        while at >= 0:
            after = self._continued(at, end)
            pieces += [(low, at), (-1, at)]
            low = after
            at = content_find(content, low, end)
        pieces.append((low, end))
        return self.assembled(pieces)

    def assembled(self, pieces: list[tuple[int, int]]) -> Text:
        """Stretches of the text one after the other; (-1, at) stands for a blank at `at`."""
        chunks: list[Chunk] = []
        rendered: list[str] = []
        offset = 0
        for low, high in pieces:
            if low < 0:
                chunks.append(Chunk(offset, self.text.position(high), exact=False))
                rendered.append(" ")
                offset += 1
            elif low < high:
                chunks += self._chunks(low, high, offset)
                rendered.append(self.text.text[low:high])
                offset += high - low
        if not chunks:
            chunks.append(Chunk(0, self.text.position(pieces[0][1] if pieces else 0)))
        return Text("".join(rendered), tuple(chunks))

    def _chunks(self, low: int, high: int, offset: int) -> Iterator[Chunk]:
        own = self.text.chunks
        index = bisect_right(self.text._offsets, low) - 1
        yield Chunk(offset, self.text.position(low), own[index].exact)
        for chunk in own[index + 1 :]:
            if chunk.offset >= high:
                break
            yield Chunk(offset + chunk.offset - low, chunk.position, chunk.exact)


def content_find(content: str, start: int, end: int) -> int:
    """The next backslash that ends a line; -1 if there is none."""
    at = content.find("\\\n", start, end)
    while at > start and content[at - 1] == "\\" and _strokes(content, at, start) % 2:
        at = content.find("\\\n", at + 1, end)
    return at


def _strokes(content: str, at: int, start: int) -> int:
    """How many backslashes stand before `at`."""
    count = 0
    while at > start and content[at - 1] == "\\":
        at, count = at - 1, count + 1
    return count
