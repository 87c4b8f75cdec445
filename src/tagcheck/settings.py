"""Settings on a command line: `--set a.b[0].c=value,d={x,y}` as values (Helm 3.17, pkg/strvals).

Keys are literal; values may have holes. A backslash quotes the next character.
"""

from __future__ import annotations

from tagcheck.embedded import documents
from tagcheck.numerals import natural
from tagcheck.values import (
    EMPTY,
    Filling,
    Mapping,
    Null,
    Opaque,
    Origin,
    Piece,
    Sequence,
    Text,
    Truth,
    Value,
)

MOST_SETTINGS = 200
LARGEST_INDEX = 64
Step = str | int
Settings = tuple[tuple[tuple[Step, ...], Value], ...]


def parse_settings(text: Text) -> Settings:
    """The ways and values of the settings in one argument; those whose key is not known are left out."""
    found: list[tuple[tuple[Step, ...], Value]] = []
    for part in split_outside(text, ",")[:MOST_SETTINGS]:
        halves = split_outside(part, "=", most=1)
        key = halves[0].literal if len(halves) == 2 else None
        if key:
            found.append((steps(key), _value(halves[1])))
    return tuple(found)


def parse_literal_setting(text: Text) -> Settings:
    """The one setting of `--set-literal`: everything behind the first `=` is its value."""
    halves = split_outside(text, "=", most=1)
    key = halves[0].literal if len(halves) == 2 else None
    return ((steps(key), halves[1]),) if key else ()


def parse_json_setting(text: Text) -> Settings:
    """The one setting of `--set-json`; a value that is no JSON is not known."""
    found: list[tuple[tuple[Step, ...], Value]] = []
    for way, value in parse_literal_setting(text):
        read = documents(value) if isinstance(value, Text) else ()
        found.append((way, read[0] if read else Opaque(f"json:{value}", "a setting written as JSON")))
    return tuple(found)


def steps(key: str) -> tuple[Step, ...]:
    """'a.b[0].c' → ('a', 'b', 0, 'c'); a dot after a backslash belongs to its key."""
    found: list[Step] = []
    current, at = "", 0
    while at < len(key):
        if key[at] == "\\" and at + 1 < len(key):
            current, at = current + key[at + 1], at + 2
            continue
        if key[at] in ".[":
            if current:
                found.append(current)
            current = ""
            if key[at] == "[":
                close = key.find("]", at)
                number = natural(key[at + 1 : close]) if close > 0 else None
                if number is not None and number <= LARGEST_INDEX:
                    found.append(number)
                at = close if close > 0 else at
        else:
            current += key[at]
        at += 1
    return (*found, current) if current else tuple(found)


def _value(text: Text) -> Value:
    match text.literal:
        case "null":
            return Null()
        case "true" | "false" as truth:
            return Truth(truth == "true")
    if text.leading.startswith("{") and text.trailing.endswith("}"):
        inner = split_outside(_without_ends(text), ",")
        return Sequence(tuple(_unescaped(each) for each in inner))
    return _unescaped(text)


def _without_ends(text: Text) -> Text:
    parts = list(text.dropped(1).parts)
    if parts and isinstance(parts[-1], Piece):
        last = parts.pop()
        assert isinstance(last, Piece)
        parts.append(Piece(last.text[:-1], last.origin))
    return Text(tuple(part for part in parts if isinstance(part, Filling) or part.text))


def _unescaped(text: Text) -> Text:
    parts = (_without_strokes(part) if isinstance(part, Piece) else part for part in text.parts)
    return Text(tuple(part for part in parts if isinstance(part, Filling) or part.text))


def _without_strokes(piece: Piece) -> Piece:
    return Piece(piece.text.replace("\\", ""), piece.origin) if "\\" in piece.text else piece


def split_outside(text: Text, separator: str, most: int = -1) -> list[Text]:
    """A text at the separators that stand in no braces and after no backslash."""
    found: list[Text] = []
    current: list[Piece | Filling] = []
    depth = 0
    for part in text.parts:
        if isinstance(part, Filling):
            current.append(part)
            continue
        start = at = 0
        while at < len(part.text):
            character = part.text[at]
            depth += (character == "{") - (character == "}")
            if character == separator and depth == 0 and most != len(found):
                current += _cut(part, start, at)
                found.append(Text(tuple(current)))
                current, start = [], at + 1
            at += 1 + (character == "\\")
        current += _cut(part, start, len(part.text))
    return [*found, Text(tuple(current)) if current else EMPTY]


def _cut(piece: Piece, start: int, end: int) -> list[Piece]:
    if start >= end:
        return []
    origin: Origin | None = piece.origin.advanced(piece.text[:start]) if piece.origin else None
    return [Piece(piece.text[start:end], origin)]


def placed(content: Value, way: tuple[Step, ...], value: Value) -> Value:
    """A value with what stands at the end of a way replaced; what is missing on the way is made."""
    if not way:
        return value
    step, rest = way[0], way[1:]
    if isinstance(step, int):
        items = list(content.items) if isinstance(content, Sequence) else []
        items += [Null()] * (step + 1 - len(items))
        items[step] = placed(items[step], rest, value)
        return Sequence(tuple(items))
    entries = content.entries if isinstance(content, Mapping) else ()
    inner = next((old for key, old in entries if isinstance(key, Text) and key.literal == step), Mapping(()))
    kept = [(key, old) for key, old in entries if not (isinstance(key, Text) and key.literal == step)]
    made = placed(inner, rest, value)
    is_open = isinstance(content, Mapping) and content.open
    if isinstance(content, Opaque):
        is_open = True
    return Mapping((*kept, (Text.of(step), made)), is_open)
