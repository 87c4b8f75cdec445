"""Tokens of Groovy as Jenkinsfiles use it: names, texts with their expressions, marks (Groovy documentation, "Syntax").

Only what is needed to find calls, blocks and texts; anything else is a mark of one character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tagcheck.source import Text

MOST_TOKENS = 50_000

_SKIPPED = re.compile(r"(?:\s+|//[^\n]*|/\*.*?(?:\*/|\Z)|\#![^\n]*)+", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*(?:\??\.[A-Za-z_]\w*)*")
_QUOTES = ('"""', "'''", '"', "'")
_NUMBER = re.compile(r"\d[\w.]*")


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is 'name' (with dots: 'docker.build'), 'text' or 'mark'. Of a text, `start` and `end` are the offsets of
    its content, and `filled` says whether `$` has a meaning in it. `line` counts the line ends before it."""

    kind: str
    text: str
    start: int
    end: int
    line: int
    filled: bool = False


def tokens(source: Text) -> list[Token]:
    """The tokens of a text. Never raises; a text that does not end reaches to the end."""
    found: list[Token] = []
    text, at, line = source.text, 0, 0
    while at < len(text) and len(found) < MOST_TOKENS:
        if match := _SKIPPED.match(text, at):
            line += match.group().count("\n")
            at = match.end()
            continue
        token = _token(text, at, line)
        found.append(token)
        behind = _behind(text, token)
        line += text.count("\n", at, behind)
        at = behind
    return found


def _token(text: str, at: int, line: int) -> Token:
    for quote in _QUOTES:
        if text.startswith(quote, at):
            start = at + len(quote)
            end = _closing(text, quote, start)
            return Token("text", text[start:end], start, end, line, quote[0] == '"')
    match = _NAME.match(text, at) or _NUMBER.match(text, at)
    if match is not None:
        kind = "name" if not match.group()[0].isdigit() else "mark"
        return Token(kind, match.group().replace("?.", "."), at, match.end(), line)
    return Token("mark", text[at], at, at + 1, line)


def _behind(text: str, token: Token) -> int:
    if token.kind != "text":
        return token.end
    quotes = next((quote for quote in _QUOTES if text.endswith(quote, 0, token.start)), "'")
    return min(len(text), token.end + len(quotes)) if text.startswith(quotes, token.end) else len(text)


def _closing(text: str, quote: str, start: int) -> int:
    at = start
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at) or (len(quote) == 1 and text[at] == "\n"):
            return at
        else:
            at += 1
    return len(text)
