"""What a shell does to texts: words, lines, parts by pattern (Bash Reference Manual 5.2, sections 3.5.3 and 3.5.7).

Unknown parts of a text are taken to hold no blanks and none of the separators that a pattern looks for, as long as the
text has one that is written out; else the result is a function of the whole text.
"""

from __future__ import annotations

from collections.abc import Callable

from tagcheck.builtins.globs import replaced as by_pattern
from tagcheck.builtins.globs import trimmed as cut_by_pattern
from tagcheck.builtins.marked import between
from tagcheck.builtins.symbolic import derived, joined, may_contain, replace_text, split_last, split_text
from tagcheck.values import (
    EMPTY,
    Alternatives,
    Filling,
    Number,
    Opaque,
    Piece,
    Sequence,
    Text,
    Value,
    alternatives,
    cut,
    options,
)

_PATTERN = frozenset("*?[")


BLANKS = " \t\n"
"""What divides words where nobody has set anything else (POSIX 1003.1, section 2.6.5)."""


def split_words(value: Value, separators: str | None = None) -> Value:
    """The list of words that an unquoted value becomes; `separators` divide them (default: blanks). Alternatives that
    are one word each stay together."""
    dividing = BLANKS if separators is None else separators
    if isinstance(value, Alternatives) and not all(_is_word(option, dividing) for _, option in value.options):
        return alternatives((guards, split_words(option, separators)) for guards, option in options(value))
    if not isinstance(value, Text) or _is_word(value, dividing):
        return value if isinstance(value, Sequence) else Sequence((value,))
    if not dividing:
        # Nothing divides words where there are no separators; an empty value is no word.
        return Sequence((value,) if value.parts else ())
    if separators is None or separators.isspace():
        return Sequence(words(value, dividing))
    blank, *_ = (each for each in separators if not each.isspace())
    found = split_text(value, blank)
    found = found[:-1] if found and not found[-1].parts else found
    return Sequence(tuple(word for each in found for word in (words(each, separators) or (each,))))


def _is_word(value: Value, separators: str) -> bool:
    if not isinstance(value, Text):
        return not isinstance(value, Sequence)
    return bool(value.parts) and not any(
        isinstance(part, Piece) and any(character in separators for character in part.text) for part in value.parts
    )


def words(text: Text, separators: str | None = None) -> tuple[Text, ...]:
    """The words of a text, as blanks divide it, or these characters; there are no empty ones."""
    found: list[list[Piece | Filling]] = [[]]
    for part in text.parts:
        rest: Piece | Filling | None = part
        while isinstance(rest, Piece):
            at = next((at for at, each in enumerate(rest.text) if _divides(each, separators)), -1)
            if at < 0:
                break
            before, after = cut(rest, at)
            found[-1].extend(before)
            found.append([])
            rest = cut(after[0], 1)[1][0] if len(rest.text) > at + 1 else None
        if rest is not None:
            found[-1].append(rest)
    return tuple(Text(tuple(parts)) for parts in found if parts)


def _divides(character: str, separators: str | None) -> bool:
    return character.isspace() if separators is None else character in separators


def may_divide(text: Text, separator: str) -> bool:
    """Whether a text is one unknown value that may hold several fields."""
    alone = text.parts[0] if len(text.parts) == 1 else None
    return isinstance(alone, Filling) and may_contain(alone.hole, separator)


def split_lines(text: Text) -> Sequence:
    """The lines of a text; one that is wholly unknown has any number of them."""
    if len(text.parts) == 1 and isinstance(text.parts[0], Filling):
        return Sequence((), open=True)
    lines = split_text(text, "\n")
    return Sequence(tuple(lines if lines[-1].parts else lines[:-1]))


def fields(line: Text, separators: str | None, count: int) -> Sequence:
    """The fields of a line as `read` takes them apart: `count` of them, the last one the rest; 0: all of them."""
    if separators is None:
        return Sequence((), open=True)
    if not separators:
        return Sequence((line,))
    if count != 1 and may_divide(line, separators[0]):
        names = (f"field {at} of {count} at {separators}" for at in range(1, count + 1))
        return Sequence(tuple(derived(name, line) for name in names), open=not count)
    if separators.isspace():
        found = words(line, None if separators == " " else separators)
        if 0 < count < len(found):
            found = (*found[: count - 1], spaced(found[count - 1 :]))
    else:
        found = _divided(stripped(line, separators), separators, count)
    return Sequence((*found, *(EMPTY for _ in range(count - len(found)))))


def _divided(line: Text, separators: str, count: int) -> tuple[Text, ...]:
    """A line at separators of which one at least is no blank; blanks beside such a one belong to it."""
    blanks = "".join(each for each in separators if each.isspace())
    found: list[Text] = []
    rest = line
    while len(found) != count - 1:
        halves = _halved(rest, separators)
        if halves is None:
            break
        before, divider, rest = halves
        found.append(stripped(before, blanks))
        while divider.isspace() and (again := _halved(rest, separators)) is not None and not again[0].parts:
            # One separator that is no blank may follow blanks.
            _, divider, rest = again
        rest = _without_blanks(rest, blanks)
    if rest.parts or not found or count:
        last = _halved(rest, separators) if found else None
        if last is not None and not last[2].parts and not last[1].isspace() and count:
            # A separator at the end is none where nothing follows.
            rest = last[0]
        found.append(rest)
    return tuple(found)


def _halved(text: Text, separators: str) -> tuple[Text, str, Text] | None:
    """What stands before and behind the first separator, and that; None if there is none."""
    before: list[Piece | Filling] = []
    for index, part in enumerate(text.parts):
        at = _first_of(part.text, separators) if isinstance(part, Piece) else -1
        if isinstance(part, Piece) and at >= 0:
            left, right = cut(part, at)
            behind = cut(right[0], 1)[1]
            return Text((*before, *left)), part.text[at], Text((*behind, *text.parts[index + 1 :]))
        before.append(part)
    return None


def _first_of(written: str, characters: str) -> int:
    return next((at for at, each in enumerate(written) if each in characters), -1)


def _without_blanks(text: Text, blanks: str) -> Text:
    """A text without blanks at its beginning."""
    return text.dropped(len(text.leading) - len(text.leading.lstrip(blanks))) if blanks else text


def stripped(text: Text, separators: str) -> Text:
    """A text without the blanks among the separators at both ends."""
    blanks = "".join(each for each in separators if each.isspace())
    if not blanks:
        return text
    shorter = _without_blanks(text, blanks)
    return shortened(shorter, len(shorter.trailing) - len(shorter.trailing.rstrip(blanks)))


def first_line(text: Text) -> Text:
    """The first line of a text; one that is wholly unknown is taken to have no more."""
    halves = _halved(text, "\n")
    return text if halves is None else halves[0]


def split_ended(text: Text, end: str) -> Sequence:
    """The parts of a text, each of which ends with a character."""
    if len(text.parts) == 1 and isinstance(text.parts[0], Filling):
        return Sequence((), open=True)
    parts = split_text(text, end)
    return Sequence(tuple(parts if parts[-1].parts else parts[:-1]))


def without_line_ends_of(text: Text) -> Text:
    """A text without the line ends at its end."""
    return shortened(text, len(text.trailing) - len(text.trailing.rstrip("\n")))


def without_line_ends(value: Value) -> Value:
    """What `$(…)` keeps of a text: not the line ends at its end."""
    if isinstance(value, Alternatives):
        return alternatives((guards, without_line_ends(option)) for guards, option in value.options)
    if not isinstance(value, Text) or not value.trailing.endswith("\n"):
        return value
    return shortened(value, len(value.trailing) - len(value.trailing.rstrip("\n")))


def shortened(text: Text, count: int) -> Text:
    """Without the last `count` characters, which are literal."""
    parts = list(text.parts)
    while count and parts and isinstance(last := parts[-1], Piece):
        parts.pop()
        if len(last.text) > count:
            parts.extend(cut(last, len(last.text) - count)[0])
        count -= min(count, len(last.text))
    return Text(tuple(parts))


def argument(listed: Value, number: Value) -> Value | None:
    """A positional parameter; None if nothing can be said."""
    match listed, number:
        case Sequence(items=items, open=is_open), Number(value=at):
            position = int(at) - 1
            if 0 <= position < len(items):
                return items[position]
            return None if is_open else EMPTY
        case Opaque(), Number(value=at):
            return Opaque(f"{listed.identity}[{int(at)}]", listed.reason, "string", f"${int(at)}")
        case _:
            return None


def applied(operation: str, texts: tuple[Text, ...]) -> Value | None:
    """An operation on texts by name; None if there is no such operation."""
    match operation, texts:
        case "without-line-ends", (text,):
            return without_line_ends_of(text)
        case "first-line", (text,):
            return first_line(text)
        case "stripped", (text, separators):
            return stripped(text, BLANKS if separators.literal in (None, " ") else separators.literal or "")
        case "quoted", (text,) if "'" not in "".join(part.text for part in text.parts if isinstance(part, Piece)):
            return Text.of("'") + text + Text.of("'")
        case (("upper" | "lower"), (text,)):
            return text.mapped(operation)
        case (("replace-first" | "replace-all"), (text, old, new)):
            return _replaced(operation, text, old, new)
        case (("replace-prefix" | "replace-suffix"), (text, old, new)):
            return _replaced_end(operation, text, old, new)
        case (("upper-first" | "lower-first"), (text,)) if text.leading:
            first = between(text, 0, 1).mapped(operation.partition("-")[0])
            return first + text.dropped(1)
        case _, (text, pattern) if operation in _TRIMS:
            return _trimmed(operation, text, pattern)
        case _:
            return None


def _replaced(operation: str, text: Text, old: Text, new: Text) -> Text:
    written = old.literal
    if not written:
        return derived(operation, text, old, new)
    if not _PATTERN.isdisjoint(written):
        return by_pattern(operation, text, written, new)
    return replace_text(text, written, new, 1 if operation == "replace-first" else -1)


def _replaced_end(operation: str, text: Text, old: Text, new: Text) -> Text:
    written = old.literal
    is_suffix = operation == "replace-suffix"
    if written is None:
        return derived(operation, text, old, new)
    if not _PATTERN.isdisjoint(written):
        cut_off = cut_by_pattern(text, written, is_suffix, longest=True)
        if cut_off is None:
            return derived(operation, text, old, new)
        return text if cut_off == text else (cut_off + new if is_suffix else new + cut_off)
    rest = _fixed(text, written, is_suffix) if written else text
    if rest is None:
        known = text.trailing if is_suffix else text.leading
        return text if text.literal is not None or len(known) >= len(written) else derived(operation, text, old, new)
    return rest + new if is_suffix else new + rest


def _trimmed(operation: str, text: Text, pattern: Text) -> Text:
    written = pattern.literal
    if written is None:
        return derived(operation, text, pattern)
    if not written:
        return text
    cuts, star = _TRIMS[operation]
    separator = written.removesuffix("*") if star == "last" else written.removeprefix("*")
    if not _PATTERN.isdisjoint(separator) or not separator:
        known = cut_by_pattern(text, written, star == "last", "longest" in operation)
        return derived(f"{operation}({written!r})", text) if known is None else known
    found = cuts(text, separator) if separator != written else _fixed(text, separator, star == "last")
    if found is None:
        return derived(f"{operation}({written!r})", text) if text.holes else text
    return found


def _fixed(text: Text, end: str, is_suffix: bool) -> Text | None:
    if is_suffix:
        return shortened(text, len(end)) if text.trailing.endswith(end) else None
    return text.without_prefix(end)


def _after_first(text: Text, separator: str) -> Text | None:
    pieces = split_text(text, separator, 2)
    return pieces[1] if len(pieces) > 1 else None


def _after_last(text: Text, separator: str) -> Text | None:
    halves = split_last(text, separator)
    return halves[1] if halves else None


def _before_first(text: Text, separator: str) -> Text | None:
    pieces = split_text(text, separator, 2)
    return pieces[0] if len(pieces) > 1 else None


def _before_last(text: Text, separator: str) -> Text | None:
    halves = split_last(text, separator)
    return halves[0] if halves else None


_TRIMS: dict[str, tuple[Callable[[Text, str], Text | None], str]] = {
    "without-prefix": (_after_first, "first"),
    "without-longest-prefix": (_after_last, "first"),
    "without-suffix": (_before_last, "last"),
    "without-longest-suffix": (_before_first, "last"),
}
"""How each trims at a separator, and at which end of its pattern the `*` stands."""


def spaced(texts: tuple[Text, ...]) -> Text:
    """Texts with a blank between them."""
    return joined(texts, Text.of(" "))
