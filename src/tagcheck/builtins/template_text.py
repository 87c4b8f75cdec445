"""Go's template language (pkg.go.dev/text/template, Go 1.24), as far as manifests and scripts use it: parsing.

A template is a text that may itself have holes. Actions that are not understood become opaque parts of the output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from tagcheck.builtins.symbolic import cut_run, run_text, runs
from tagcheck.values import Filling, Piece, Text

DEEPEST = 40
MOST_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Plain:
    """Text that is copied."""

    text: Text


@dataclass(frozen=True, slots=True)
class Output:
    """A pipeline whose value is printed, or an assignment."""

    pipeline: str


@dataclass(frozen=True, slots=True)
class Block:
    """`if`, `range`, `with`: the keyword, its pipeline, what stands inside and what stands behind `else`; `define` and
    `block`: the pipeline is the name."""

    keyword: str
    pipeline: str
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node: TypeAlias = Plain | Output | Block
OPENING = frozenset({"if", "range", "with", "define", "block"})


def parse_template(source: Text) -> tuple[Node, ...] | None:
    """The nodes of a template; None if its blocks do not match or nest too deeply."""
    items = _items(source)
    nodes, rest = _sequence(items, 0, 0)
    return None if nodes is None or rest < len(items) else tuple(nodes)


_Item: TypeAlias = Text | str


def _items(source: Text) -> list[_Item]:
    """Texts and the insides of actions, in order; white space beside trim markers is gone."""
    found: list[_Item] = []
    parts: list[Piece | Filling] = []
    trim = False
    for run in runs(source):
        if isinstance(run, Filling):
            parts.append(run)
            continue
        content, at = run_text(run), 0
        while len(found) < MOST_NODES and (start := content.find("{{", at)) >= 0:
            close = _action_end(content, start + 2)
            if close is None:
                break
            end = close
            inside = content[start + 2 : end]
            low, high = _trimmed(content, at, start, trim, inside.startswith("- "))
            parts.extend(cut_run(run, low, high))
            found.extend((Text(tuple(parts)), inside.removeprefix("-").removesuffix("-").strip()))
            parts, at, trim = [], end + 2, inside.endswith(" -")
        low, high = _trimmed(content, at, len(content), trim, False)
        parts.extend(cut_run(run, low, high))
        trim = False
    found.append(Text(tuple(parts)))
    return found


def _trimmed(content: str, low: int, high: int, left: bool, right: bool) -> tuple[int, int]:
    while left and low < high and content[low].isspace():
        low += 1
    while right and high > low and content[high - 1].isspace():
        high -= 1
    return low, high


def _action_end(content: str, at: int) -> int | None:
    """Where an action ends; texts and comments inside are skipped."""
    if content.startswith(("/*", "- /*"), at):
        close = content.find("*/", at)
        end = content.find("}}", close) if close >= 0 else -1
        return end if end >= 0 else None
    while at < len(content):
        if content.startswith("}}", at):
            return at
        if content[at] in '"`':
            closing = _text_end(content, at)
            if closing is None:
                return None
            at = closing
        at += 1
    return None


def _text_end(content: str, at: int) -> int | None:
    """The index of a text's closing mark; `at` is that of the opening one."""
    mark, at = content[at], at + 1
    while at < len(content) and content[at] != mark:
        at += 2 if content[at] == "\\" and mark == '"' else 1
    return at if at < len(content) else None


def _sequence(items: list[_Item], at: int, depth: int) -> tuple[list[Node] | None, int]:
    """The nodes up to `end` or `else`, and the index of that item."""
    nodes: list[Node] = []
    while at < len(items):
        item = items[at]
        if isinstance(item, Text):
            if item.parts:
                nodes.append(Plain(item))
            at += 1
            continue
        keyword, pipeline = _keyword(item)
        if keyword in ("end", "else"):
            return nodes, at
        if keyword not in OPENING:
            if item and not item.startswith("/*"):
                nodes.append(Output(item))
            at += 1
            continue
        block, at = _block(items, at, keyword, pipeline, depth)
        if block is None:
            return None, at
        nodes.append(block)
    return nodes, at


def _keyword(action: str) -> tuple[str, str]:
    """The word that an action begins with, and what follows; `with.Values.a` needs no blank between them."""
    match = _WORD.match(action)
    word = match[0] if match is not None else ""
    return word, action[len(word) :].strip()


def _block(items: list[_Item], at: int, keyword: str, pipeline: str, depth: int) -> tuple[Block | None, int]:
    """A block that opens at an index, and the index behind its end."""
    if depth > DEEPEST:
        return None, at
    body, at = _sequence(items, at + 1, depth + 1)
    if body is None or at >= len(items):
        return None, at
    otherwise: list[Node] = []
    closing = items[at]
    assert isinstance(closing, str)
    if closing.startswith("else"):
        again, inner = _keyword(closing.removeprefix("else").strip())
        if again in ("if", "with"):
            nested, at = _block(items, at, again, inner, depth + 1)
            return (None if nested is None else Block(keyword, pipeline, tuple(body), (nested,))), at
        found, at = _sequence(items, at + 1, depth + 1)
        if found is None or at >= len(items):
            return None, at
        otherwise = found
    return Block(keyword, pipeline, tuple(body), tuple(otherwise)), at + 1


_WORD = re.compile(r"\w+")
TOKEN = re.compile(
    r"""\s*(?:
        "(?P<quoted>(?:[^"\\]|\\.)*)" | `(?P<raw>[^`]*)`
        | (?P<variable>\$[A-Za-z_0-9]*) | (?P<field>\.[A-Za-z_][A-Za-z_0-9]*) | (?P<dot>\.)
        | (?P<number>-?\d[\d.]*) | (?P<mark>:=|[|(),=]) | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a pipeline: its kind (a group of `TOKEN`), its text, and whether white space stands before it."""

    kind: str
    text: str
    spaced: bool


def tokens(pipeline: str) -> list[Token] | None:
    """The words of a pipeline; None if something else is in it."""
    found: list[Token] = []
    at = 0
    pipeline = pipeline.rstrip()
    while at < len(pipeline):
        match = TOKEN.match(pipeline, at)
        if match is None or match.lastgroup is None:
            return None
        kind = match.lastgroup
        text = match.group(kind)
        found.append(Token(kind, _unescaped(text) if kind == "quoted" else text, pipeline[at].isspace()))
        at = match.end()
    return found


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
