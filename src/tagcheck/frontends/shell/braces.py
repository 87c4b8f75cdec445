"""Brace expansion (Bash Reference Manual 5.2, section 3.5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagcheck.frontends.shell.script import Script
from tagcheck.numerals import natural

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_WORDS = 64


def braces(script: Script, node: Node) -> list[list[Node | str]] | None:
    """The words that a word with unquoted braces becomes, each as its parts; None for a word without such."""
    if node.type not in ("concatenation", "word", "brace_expression"):
        return None
    children = node.children if node.type == "concatenation" else [node]
    if not any(child.type == "brace_expression" or (child.type == "word" and b"{" in child.text) for child in children):  # type: ignore[operator]
        return None
    found: list[list[Node | str]] = [[]]
    at = 0
    while at < len(children):
        choices, at = _choices(script, children, at)
        found = [[*before, *choice] for before in found for choice in choices]
        if len(found) > MOST_WORDS:
            return None
    return found if len(found) > 1 else None


def _choices(script: Script, children: list[Node], at: int) -> tuple[list[list[Node | str]], int]:
    """What stands at one place, and where to go on."""
    child = children[at]
    written = script.written(child)
    if child.type == "brace_expression":
        return [[each] for each in _range(written)], at + 1
    if child.type == "word" and written == "{":
        end = next((i for i in range(at, len(children)) if script.written(children[i]) == "}"), None)
        inside = children[at + 1 : end] if end is not None else []
        if end is not None and any("," in script.written(each) for each in inside if each.type == "word"):
            return _listed(script, inside), end + 1
    return [[child]], at + 1


def _listed(script: Script, inside: list[Node]) -> list[list[Node | str]]:
    found: list[list[Node | str]] = [[]]
    for child in inside:
        if child.type != "word":
            found[-1].append(child)
            continue
        first, *rest = script.written(child).split(",")
        found[-1] += [first] if first else []
        found += [[each] if each else [] for each in rest]
    return found


def _range(written: str) -> list[str]:
    low, _, high = written.strip("{}").partition("..")
    first, last = natural(low), natural(high)
    if first is None or last is None or abs(first - last) >= MOST_WORDS:
        return [written]
    step = 1 if first <= last else -1
    width = len(low) if low.startswith("0") else 0
    return [str(number).zfill(width) for number in range(first, last + step, step)]
