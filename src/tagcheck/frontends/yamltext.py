"""Positioned YAML: text to expressions.

Purpose: one reader for every front end that meets YAML or JSON. Mappings become `MapOf`, sequences `ListOf`, scalars
`Literal` or `Constant`, each with the span of its content in the file that it came from; aliases and merge keys are
resolved, shared nodes stay shared. The parser is libyaml's (YAML 1.1, through PyYAML 6), driven event by event.

A scalar whose characters come from several places (a literal block scalar, whose lines each begin at their own column;
a scalar around a hole) becomes a `Join` of literals, so that every character keeps its place; `plain` and `text_of`
take such an expression together again.

Rejected: PyYAML's `compose`, whose C code recurses and ends the process on deep nesting, and which gives up a whole
stream for one broken document; a pure Python reader, twelve times slower.

What it cannot do: YAML 1.2 differences that libyaml does not know; places inside folded or escaped scalars. Numbers
are taken as numbers only in the spellings that Kubernetes' own reader (sigs.k8s.io/yaml) takes so in decimal.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tagcheck.frontends.yamlnodes import MOST_NODES, Builder, Refused
from tagcheck.frontends.yamlscalars import Scalars
from tagcheck.ir import Expression, Join, Literal, Problem
from tagcheck.source import Chunk, Span, Text

MOST_CHARACTERS = 8 * 1024 * 1024
MOST_PROBLEMS = 20

_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|$)", re.MULTILINE)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ADVICE = (
    ("tab", "indent with spaces, not tabs"),
    ("expected ':'", "check the indentation and the quotes of this line and the one before"),
    ("mapping values are not allowed", "quote a value that contains ': ', or check the indentation"),
    ("document indicator", "close the quote or bracket before the end of the document"),
    ("end of stream", "close the quote or bracket"),
    ("flow", "close the bracket, or quote a value that begins with '[' or '{'"),
    ("cannot start any token", "indent with spaces, and quote a value that begins with '@', '`' or '%'"),
    ("anchor", "define the anchor in the same document, before it is used"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a text. `root` is never a null: empty documents are left out."""

    root: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Composed:
    """What a text holds: the documents that could be read, in order, and why others could not."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...] = ()


def decode(path: str, content: bytes) -> Text | Problem:
    """The text of a YAML or JSON file: UTF-8, or with a byte order mark UTF-16 or UTF-32 (YAML 1.1, section 5.2)."""
    if len(content) > MOST_CHARACTERS:
        return Problem(path, 1, 1, f"larger than {MOST_CHARACTERS >> 20} MiB: not read; split the file or exclude it")
    try:
        return Text.of_file(path, content.decode(_encoding(content)))
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        return Problem(path, line, column, f"not {error.encoding} text ({error.reason}): save the file as UTF-8")


def compose(
    text: Text,
    holes: Mapping[str, Expression] | None = None,
    branches: bool = False,
    tags: frozenset[str] = frozenset(),
) -> Composed:
    """Every document of a text. Never raises.

    `holes` gives expressions to be put in the place of hole characters; others stay in the literals as they are. With
    `branches`, keys that a mapping has twice are alternatives (the two sides of a template's condition); without,
    the last one holds. A node with one of the `tags` becomes an operation of that name on it; other tags are dropped.
    """
    if len(text.text) > MOST_CHARACTERS:
        place = text.position(0)
        message = f"more than {MOST_CHARACTERS} characters: not read; split the file or exclude it"
        return Composed((), (Problem(place.path, place.line, place.column, message),))
    return _Reader(text, holes or {}, branches, tags).read()


def plain(expression: Expression) -> str | None:
    """The text of a scalar that is written out, whether in one literal or in several; None for anything else."""
    match expression:
        case Literal(text=text):
            return text
        case Join(parts=parts):
            texts = [part.text for part in parts if isinstance(part, Literal)]
            return "".join(texts) if len(texts) == len(parts) else None
        case _:
            return None


def text_of(expression: Expression) -> Text | None:
    """A scalar's text with the places of its characters, to be read in its turn; None where `plain` is None."""
    content = plain(expression)
    if content is None:
        return None
    literals = expression.parts if isinstance(expression, Join) else (expression,)
    chunks: list[Chunk] = []
    offset = 0
    for part in literals:
        if isinstance(part, Literal) and (part.text or not chunks):
            chunks.append(Chunk(offset, part.span.start, part.exact))
            offset += len(part.text)
    return Text(content, tuple(chunks))


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


# --- documents -------------------------------------------------------------------------------------------------------


class _Reader:
    """The documents of one text, each as far as it can be read by itself."""

    def __init__(self, text: Text, holes: Mapping[str, Expression], branches: bool, tags: frozenset[str]) -> None:
        self.text, self.branches, self.tags = text, branches, tags
        self.scalars = Scalars(text, holes)
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        self.nodes = 0

    def read(self) -> Composed:
        failed = self.parse(0, len(self.text.text), whole=True)
        if failed is not None:
            # One broken document ends libyaml's stream: from there on each is given to a parser of its own.
            for start, end in self.separated(failed):
                if len(self.problems) >= MOST_PROBLEMS or self.nodes > MOST_NODES:
                    break
                self.parse(start, end)
        return Composed(tuple(self.documents), tuple(self.problems))

    def separated(self, start: int) -> Iterator[tuple[int, int]]:
        """The stretches between document markers, from an offset on."""
        content = self.text.text
        for match in _SEPARATOR.finditer(content, start + 1):
            yield start, match.start()
            start = match.start()
        if start < len(content):
            yield start, len(content)

    def parse(self, start: int, end: int, whole: bool = False) -> int | None:
        """Read the documents of a stretch; after a failure in the whole text, the offset at which the rest begins."""
        from yaml import CBaseLoader, MarkedYAMLError, YAMLError

        content = self.text.text
        # libyaml counts from behind a byte order mark.
        base = start + 1 if content.startswith("\ufeff", start) else start
        self.scalars.begin(base)
        builder = Builder(self.scalars, self.nodes, self.branches, self.tags)
        loader: Any = None
        rest: int | None = None
        try:
            loader = CBaseLoader(content[base:end])
            builder.read(loader)
        except Refused as refused:
            self.report(str(refused), base + refused.offset)
            rest = self.following(builder.document)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self.report(_described(error), base + mark.index if mark else base)
            rest = self.following(builder.document)
        except (YAMLError, UnicodeEncodeError):
            # The decoder reads ahead, so the document that it failed in need not be the one with the character.
            rest = builder.document
            if not whole or not _SEPARATOR.search(content, rest + 1, end):
                self.unprintable(base, end)
                rest = None
        finally:
            if loader is not None:
                loader.dispose()
        self.nodes = builder.nodes
        self.documents.extend(Document(root, root.span) for root in builder.roots)
        return rest

    def unprintable(self, start: int, end: int) -> None:
        found = _UNPRINTABLE.search(self.text.text, start, end)
        code = f"U+{ord(found.group()):04X}" if found else "a character"
        message = f"cannot be read as YAML: {code} is not allowed in YAML text; write it as an escape or remove it"
        self.report(message, found.start() if found else start)

    def following(self, document: int) -> int:
        """The offset of the document after the one that contains, or begins at, an offset."""
        match = _SEPARATOR.search(self.text.text, document + 1)
        return match.start() if match else len(self.text.text)

    def report(self, message: str, offset: int) -> None:
        place = self.text.position(min(offset, len(self.text.text)))
        self.problems.append(Problem(place.path, place.line, place.column, message))


def _described(error: Any) -> str:
    problem = " ".join(str(error.problem or error.context or "syntax error").split())[:200]
    whole = f"{error.context or ''} {problem}"
    advice = next((advice for sign, advice in _ADVICE if sign in whole), "correct the YAML, or exclude the file")
    return f"cannot be read as YAML: {problem}; {advice}"
