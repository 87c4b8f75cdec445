"""Texts as Python handles them: methods with the text first, format strings, templates (Python library reference:
str, string)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from posixpath import commonprefix

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.clocks import CLOCK, format_time
from tagcheck.builtins.containers import listed as through
from tagcheck.builtins.files import held, write_to
from tagcheck.builtins.marked import between, lines_of, marked
from tagcheck.builtins.symbolic import (
    as_text,
    combine,
    derived,
    joined,
    split_last,
    split_text,
    text_argument,
    texts,
)
from tagcheck.builtins.texts import fields, has_prefix, has_suffix
from tagcheck.numerals import natural
from tagcheck.values import (
    EMPTY,
    ENVIRONMENT,
    Absent,
    Filling,
    Null,
    Number,
    Opaque,
    Piece,
    Record,
    Text,
    Truth,
    Value,
    counted_as,
    cut,
)

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}!:]*)(![rsa])?(?::((?:[^{}]|\{[^{}]*\})*))?\}")
_VERB = re.compile(r"%(?:\(([^)]*)\))?([-+ #0]*\d*(?:\.\d+)?)([sdrifxXeEgGcu%])")
_LAYOUT = re.compile(r"(?:.?[<>^])?0?(?P<width>\d{0,4})(?:\.\d{1,4})?[sdxXbo]?")
WIDEST = 256
_STEP = re.compile(r"\.(\w+)|\[([^\]]+)\]")
_PLACEHOLDER = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


# --- parts -----------------------------------------------------------------------------------------------------------


def split(call: Call) -> tuple[Value, ...]:
    """Split argument 0 on argument 1 (white space without one), argument 2 times at most; `last`: from the end."""
    text, given = text_argument(call, 0), call.arguments[1:]
    if not given or isinstance(given[0], Null | Absent):
        return fields(_with(call, (text,)))
    separator = as_text(given[0]).literal
    most = int(given[1].value) if len(given) > 1 and isinstance(given[1], Number) else -1
    if not separator:
        return (values.Sequence((derived("split", *texts(call)),), open=True),)
    if call.with_.get("last") and most > 0:
        return (values.Sequence(tuple(_from_end(text, separator, most))),)
    return (values.Sequence(tuple(split_text(text, separator, most + 1 if most >= 0 else -1))),)


def shell_words(call: Call) -> tuple[Value, ...]:
    """The words of argument 0 as a POSIX shell divides it; quotes and backslashes are taken away (Python 3.13, `shlex`,
    section Parsing Rules)."""
    return (values.Sequence(unquoted_words(text_argument(call, 0))),)


def unquoted_words(text: Text) -> tuple[Text, ...]:
    """The words of a text in which quotes keep blanks together. Of an unknown part nobody knows where it divides."""
    words: list[list[Piece | Filling]] = []
    inside, quote, escaped = False, "", False
    for part in text.parts:
        kept = 0
        """where in the part the characters begin that are kept and not yet taken"""
        for at, character in enumerate(part.text if isinstance(part, Piece) else " "):
            plain = escaped or isinstance(part, Filling) or (quote and character != quote)
            if not escaped and quote == '"' and character == "\\" and isinstance(part, Piece):
                plain = part.text[at + 1 : at + 2] not in ('"', "\\")
            divides = not plain and character.isspace()
            if not inside and not divides:
                words.append([])
            if isinstance(part, Filling):
                words[-1].append(part)
            elif not plain and (divides or character in "'\"\\"):
                if inside:
                    words[-1].extend(_between(part, kept, at))
                kept = at + 1
            escaped = not plain and character == "\\"
            if not plain and character in "'\"":
                quote = "" if quote else character
            inside = not divides
        if inside and isinstance(part, Piece):
            words[-1].extend(_between(part, kept, len(part.text)))
    return tuple(Text(tuple(word)) for word in words)


def _between(piece: Piece, low: int, high: int) -> tuple[Piece, ...]:
    return tuple(inner for each in cut(piece, high)[0] for inner in cut(each, low)[1])


def _from_end(text: Text, separator: str, most: int) -> list[Text]:
    found: list[Text] = []
    while most > 0 and (halves := split_last(text, separator)) is not None:
        found.append(halves[1])
        text, most = halves[0], most - 1
    return [text, *reversed(found)]


def partition(call: Call) -> tuple[Value, ...]:
    """The texts before, of and after the first (`last`: last) occurrence of argument 1 in argument 0."""
    text, separator = text_argument(call, 0), text_argument(call, 1)
    literal = separator.literal
    if not literal:
        return (call.unknown("the parts of a text"),)
    halves = split_last(text, literal) if call.with_.get("last") else _first_halves(text, literal)
    if halves is None:
        rest = (EMPTY, EMPTY, text) if call.with_.get("last") else (text, EMPTY, EMPTY)
        return (values.Sequence(rest),)
    return (values.Sequence((halves[0], separator, halves[1])),)


def _first_halves(text: Text, separator: str) -> tuple[Text, Text] | None:
    found = split_text(text, separator, 2)
    return (found[0], found[1]) if len(found) == 2 else None


def join_items(call: Call) -> tuple[Value, ...]:
    """The items of argument 1 with argument 0 between them."""
    listed = call.machine.load(call.argument(1))
    if isinstance(listed, Record):
        listed = call.machine.load(through(call, call.argument(1)))
    if not isinstance(listed, values.Sequence):
        between, letters = text_argument(call, 0), as_text(listed, call.machine)
        return (letters if between == EMPTY and isinstance(listed, Text) else derived("join", letters, between),)

    def glue(row: tuple[Value, ...]) -> Value:
        whole = joined([as_text(item, call.machine) for item in row[1:]], as_text(row[0]))
        return derived("join", whole) if listed.open else whole

    return (combine((call.argument(0), *listed.items), glue),)


def lines(call: Call) -> tuple[Value, ...]:
    """The lines of argument 0."""
    return (values.Sequence(tuple(split_text(text_argument(call, 0), "\n"))),)


def _with(call: Call, arguments: Sequence[Value]) -> Call:
    return Call(call.name, tuple(arguments), call.machine, call.site, with_=call.with_, identity=call.identity)


# --- formats ---------------------------------------------------------------------------------------------------------


def format_value(call: Call) -> tuple[Value, ...]:
    """Argument 0 by the layout in argument 1: a point in time by its letters, a text as it stands without a width."""
    if len(call.arguments) < 2 and not _formats_itself(call, call.argument(0)):
        return shown(call)
    return (_laid_out(call, call.argument(0), text_argument(call, 1) if len(call.arguments) > 1 else EMPTY),)


def _formats_itself(call: Call, value: Value) -> bool:
    return isinstance(value, Record) and call.machine.own_method(value, "__format__") is not None


def _laid_out(call: Call, value: Value, layout: Text) -> Value:
    literal = layout.literal
    own = call.machine.own_method(value, "__format__") if isinstance(value, Record) else None
    if own is not None:
        return call.machine.call(own, (layout,))[0]
    if isinstance(value, Record) and value.get(CLOCK) is not None:
        inner = Call(
            call.name, (layout,), call.machine, call.site, value, with_={"letters": True}, identity=call.identity
        )
        return format_time(inner)[0]
    shown = _shown(value, literal)
    if shown is not None:
        return shown
    if literal in ("", "s", "d") or (isinstance(value, Number) and literal in (",", "n")):
        return as_text(value, call.machine)
    return derived(
        f"format:{layout}", as_text(value, call.machine), keeps_unique=literal is not None and "." not in literal
    )


def _shown(value: Value, layout: str | None) -> Text | None:
    """A known text or whole number by a layout with a width, as Python shows it; None for what it does not show."""
    if not layout or (match := _LAYOUT.fullmatch(layout)) is None or int(match["width"] or 0) > WIDEST:
        return None
    plain: str | int | None = value.literal if isinstance(value, Text) else None
    if isinstance(value, Number) and float(value.value).is_integer():
        plain = int(value.value)
    try:
        return Text.of(format(plain, layout)) if plain is not None else None
    except ValueError:
        return None


def padded(call: Call) -> tuple[Value, ...]:
    """Argument 0 filled up to the width in argument 1 with argument 2 (`with`: that character); `side`: where the text
    stands then, 'left', 'right' or 'center'."""
    text, width, fill = text_argument(call, 0), call.argument(1), call.with_.get("fill", " ")
    given = call.arguments[2] if len(call.arguments) > 2 else None
    character = given.literal if isinstance(given, Text) else str(fill)
    literal = text.literal
    if literal is None or not isinstance(width, Number) or not 0 <= width.value <= WIDEST or not character:
        return (derived(call.name, *texts(call), keeps_unique=True),)
    if fill == "0":
        return (Text.of(literal.zfill(int(width.value))),)
    how = {"left": str.ljust, "right": str.rjust, "center": str.center}[str(call.with_.get("side", "left"))]
    return (Text.of(how(literal, int(width.value), character)),)


def format_fields(call: Call) -> tuple[Value, ...]:
    """Argument 0 with its fields in braces filled from the other arguments and the keywords; `mapping`: from argument
    1."""
    counter = iter(range(1000))
    given = call.machine.load(call.argument(1)) if call.with_.get("mapping") else None
    keywords = call.keywords if given is None else _by_name(given)

    def layout(written: str) -> Text:
        """A layout, in which fields may stand of their own."""
        if "{" not in written:
            return Text.of(written)
        found = filled(call, Text.of(written), _FIELD, field_, {})
        return found if isinstance(found, Text) else as_text(call.unknown("a layout"))

    def field_(match: re.Match[str]) -> Value:
        head = re.match(r"[^.\[]*", match[1])
        name = head[0] if head else ""
        rest = match[1][len(name) :]
        index = natural(name) if name else next(counter)
        if index is not None:
            value = call.arguments[index + 1] if index + 1 < len(call.arguments) else call.unknown("a missing field")
        else:
            value = keywords.get(name, call.unknown("a missing field"))
        found = _step(call, value, rest)
        if match[2] in ("!r", "!a"):
            return call.unknown("a value as code would write it")
        held = call.machine.load(found)
        return _laid_out(call, held, layout(match[3] or "")) if match[3] or _formats_itself(call, held) else found

    return (filled(call, text_argument(call, 0), _FIELD, field_, {"{{": "{", "}}": "}"}),)


def _by_name(given: Value) -> Mapping[str, Value]:
    entries = given.entries if isinstance(given, values.Mapping) else ()
    return {key.literal: value for key, value in entries if isinstance(key, Text) and key.literal is not None}


def _step(call: Call, value: Value, rest: str) -> Value:
    for name, key in _STEP.findall(rest):
        holder = call.machine.load(value)
        found: Value | None = None
        match holder:
            case Record():
                found = holder.get(name)
            case values.Mapping():
                found = holder.get(key or name)
            case values.Sequence(items) if (at := natural(key)) is not None and at < len(items):
                found = items[at]
        value = call.unknown("a part of a field") if found is None else found
    return value


def modulo(call: Call) -> tuple[Value, ...]:
    """The `%` operator: a format string filled with argument 1, or a number divided with a remainder."""
    left, right = counted_as(call.machine.load(call.argument(0))), call.machine.load(call.argument(1))
    if isinstance(left, Number) and isinstance(right := counted_as(right), Number) and right.value > 0:
        return (Number(left.value % right.value),)
    if not isinstance(left, Text):
        return (call.unknown("a remainder"),)
    items = iter(right.items if isinstance(right, values.Sequence) else (right,))
    mapping = right if isinstance(right, values.Mapping) else None

    def verb(match: re.Match[str]) -> Value:
        by_name = mapping.get(match[1] or "") if mapping is not None else None
        value = next(items, None) if match[1] is None else by_name
        if value is None or match[3] == "r":
            return call.unknown("a field of a format")
        if match[3] in "di" and isinstance(number := counted_as(call.machine.load(value)), Number):
            value = Number(int(number.value))
        plain = _shown(call.machine.load(value), f"{match[2]}d") if match[3] in "di" and match[2].isdecimal() else None
        if plain is not None:
            return plain
        return (
            value
            if match[3] in "sdi" and not match[2]
            else derived(
                "format", as_text(value, call.machine), keeps_unique=match[3] in "xXdis" and "." not in match[2]
            )
        )

    return (filled(call, left, _VERB, verb, {"%%": "%"}),)


def filled(
    call: Call,
    text: Text,
    form: re.Pattern[str],
    fill: Callable[[re.Match[str]], Value | None],
    plain: Mapping[str, str],
) -> Value:
    """A text with every match of a pattern in it replaced by a value; None leaves it."""
    parts = list(_filled(text, form, fill, plain))
    loaded = [call.machine.load(each) for each in parts]
    return combine(loaded, lambda row: joined([as_text(each, call.machine) for each in row], EMPTY))


def _filled(
    text: Text, form: re.Pattern[str], fill: Callable[[re.Match[str]], Value | None], plain: Mapping[str, str]
) -> Iterator[Value]:
    written, at = marked(text), 0
    for match in form.finditer(written):
        value: Value | None = Text.of(plain[match[0]]) if match[0] in plain else fill(match)
        if value is None:
            continue
        if match.start() > at:
            yield between(text, at, match.start())
        yield value
        at = match.end()
    if at < len(written):
        yield between(text, at, len(written))


def substitute(call: Call) -> tuple[Value, ...]:
    """The receiver, a template with `$name`, filled from argument 0 and the keywords; other names stay with `safe`."""
    holder = call.machine.load(call.receiver) if call.receiver is not None else None
    content = holder.get("%template") if isinstance(holder, Record) else None
    if content is None:
        return (call.unknown("an unknown template"),)
    given = call.machine.load(call.argument(0)) if call.arguments else None

    def named(match: re.Match[str]) -> Value | None:
        name = match[2] or match[3]
        found = call.keywords.get(name)
        if found is None and isinstance(given, values.Mapping):
            found = given.get(name)
        if found is None and isinstance(given, Record) and given.type == ENVIRONMENT:
            found = call.machine.environment(Text.of(name))
        if found is None:
            return None if call.with_.get("safe") else call.unknown("a name that a template is not given")
        return found

    return (filled(call, as_text(content, call.machine), _PLACEHOLDER, named, {"$$": "$"}),)


def template(call: Call) -> tuple[Value, ...]:
    """A template that argument 0 is the text of."""
    return (Record("string.Template", (("%template", call.argument(0)),)),)


def without_margin(call: Call) -> tuple[Value, ...]:
    """Argument 0 without the white space that all lines of it begin with (`textwrap.dedent`)."""
    found = lines_of(text_argument(call, 0))
    margins = [_margin(line) for line in found if marked(line).strip()]
    width = len(commonprefix(margins)) if margins else 0
    kept: list[Piece | Filling] = []
    for line in found:
        written = marked(line)
        rest = between(line, width, len(written)) if written.strip() else Text.of("\n" * ("\n" in written))
        kept.extend(rest.parts)
    return (Text(tuple(kept)),)


def _margin(line: Text) -> str:
    written = marked(line)
    return written[: len(written) - len(written.lstrip(" \t"))]


def held_lines(call: Call) -> tuple[Value, ...]:
    """The lines of what the receiver, a file, holds, each with its line end."""
    content = held(call)[0]
    if not isinstance(content, Text):
        return (values.Sequence((), open=True),)
    return (values.Sequence(tuple(lines_of(content)), bool(content.holes)),)


def print_line(call: Call) -> tuple[Value, ...]:
    """Print the arguments with the keyword `sep` between them and `end` behind; the keyword `file`: into that."""
    given = [as_text(each, call.machine) for each in call.arguments]
    separator, end = (call.keywords.get(name, Text.of(default)) for name, default in (("sep", " "), ("end", "\n")))
    line = joined(given, as_text(separator), EMPTY, as_text(end))
    if "file" not in call.keywords:
        call.machine.print_text(line)
    else:
        write_to(call.machine, call.keywords["file"], line)
    return (Null(),)


def begins(call: Call) -> tuple[Value, ...]:
    """Whether argument 0 begins with argument 1, or with one of several; `ends`: ends with it."""
    asked = has_suffix if call.with_.get("ends") else has_prefix
    several = call.argument(1)
    if not isinstance(several, values.Sequence):
        return asked(call)
    answers = [asked(_with(call, (call.argument(0), each)))[0] for each in several.items]
    if Truth(True) in answers:
        return (Truth(True),)
    is_known = all(each == Truth(False) for each in answers) and not several.open
    return (Truth(False) if is_known else call.unknown("whether a text begins with one of several"),)


def shown(call: Call) -> tuple[Value, ...]:
    """Argument 0 as the text that Python prints it as."""
    given = call.argument(0) if call.arguments else EMPTY
    if isinstance(given, Truth):
        return (Text.of(str(given.value)),)
    if isinstance(given, values.Sequence | values.Mapping):
        return (call.unknown("a list or mapping as a text"),)
    return (as_text(given, call.machine),)


def shown_as_code(call: Call) -> tuple[Value, ...]:
    """Argument 0 as Python code would write it (`repr`)."""
    held = call.machine.load(call.argument(0))
    if isinstance(held, Record) and (own := call.machine.own_method(call.argument(0), "__repr__")) is not None:
        return call.machine.call(own, ())
    if isinstance(held, Text) and held.literal is not None:
        return (Text.of(repr(held.literal)),)
    if isinstance(held, Number | Truth | Null):
        return (Text.of("None") if isinstance(held, Null) else shown(call)[0],)
    return (call.unknown("a value as code would write it"),)


# --- truth ------------------------------------------------------------------------------------------------------------


def truth_of(call: Call) -> tuple[Value, ...]:
    """Argument 0 as a truth value."""
    value = call.argument(0)
    if isinstance(value, Truth):
        return (value,)
    if isinstance(value, Null) or value == EMPTY:
        return (Truth(False),)
    return (Opaque(call.identity, "a truth value", "bool"),)
