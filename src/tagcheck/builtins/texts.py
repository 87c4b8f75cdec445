"""Operations on texts: what string libraries do, carried through holes and through alternatives inside lists.

A function of a hole is a part of it; whether a hole contains a separator is answered as in `symbolic.may_contain`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.symbolic import (
    as_text,
    bytes_text,
    combine,
    cut_run,
    derived,
    joined,
    number_argument,
    replace_text,
    run_text,
    runs,
    split_last,
    split_text,
    text_argument,
    texts,
    undecided,
    with_part,
)
from tagcheck.builtins.symbolic import slice_text as slice_text
from tagcheck.values import EMPTY, Filling, Hole, HoleKind, Number, Outcome, Piece, Record, Text, Truth, Value

BLANK = " \t\n\r\v\f"
MOST_REPEATED = 10_000


def case(call: Call) -> tuple[Value, ...]:
    """Change case; `change`: 'lower', 'upper' or 'title'."""
    text = text_argument(call, 0)
    change = str(call.with_.get("change", "lower"))
    if change == "title":
        literal = text.literal
        return (derived("title", text) if literal is None else Text.of(literal.title()),)
    return (text.mapped(change),)


def split(call: Call) -> tuple[Value, ...]:
    """Split on the separator in argument 1; argument 2, where there is one, is the most parts."""
    text, separator = text_argument(call, 0), text_argument(call, 1).literal
    most = number_argument(call, 2) if len(call.arguments) > 2 else -1
    if not separator or most is None or most == 0:
        return (call.unknown("a split on a separator that is not known"),)
    if call.with_.get("last"):
        halves = split_last(text, separator)
        return (values.Sequence((text,) if halves is None else halves),)
    return (_pieces(text, split_text(text, separator, most), separator, most),)


def _pieces(text: Text, found: list[Text], separator: str, most: int) -> Value:
    if len(found) > 1 or not text.holes or _cannot_contain(text, separator):
        return values.Sequence(tuple(found))
    count = most if most > 0 else 2
    parts = tuple(derived(f"split({separator!r})[{index}]", text) for index in range(min(count, 8)))
    return values.Sequence(parts, open=True)


def _cannot_contain(text: Text, separator: str) -> bool:
    return all(hole.kind is HoleKind.UNIQUE for hole in text.holes) and separator != "-"


def fields(call: Call) -> tuple[Value, ...]:
    """Split on white space. Holes are taken as free of it unless nothing else is there."""
    text = text_argument(call, 0)
    if len(text.parts) == 1 and text.holes and text.holes[0].kind is not HoleKind.UNIQUE:
        return (values.Sequence((derived("fields[0]", text), derived("fields[1]", text)), open=True),)
    words: list[Text] = []
    current: list[Piece | Filling] = []
    for run in runs(text):
        if isinstance(run, Filling):
            current.append(run)
            continue
        content, at = run_text(run), 0
        while at < len(content):
            end = next((i for i in range(at, len(content)) if content[i] in BLANK), len(content))
            current.extend(cut_run(run, at, end))
            if end < len(content) and current:
                words.append(Text(tuple(current)))
                current = []
            at = end + 1
    return (values.Sequence((*words, Text(tuple(current))) if current else tuple(words)),)


def join(call: Call) -> tuple[Value, ...]:
    """Join the list in argument 0 with the separator in argument 1."""
    listed = call.argument(0)
    if not isinstance(listed, values.Sequence):
        return (derived("join", as_text(listed, call.machine), text_argument(call, 1)),)
    separator = call.argument(1)

    def glue(row: tuple[Value, ...]) -> Value:
        pieces = [as_text(item, call.machine) for item in row[1:]]
        whole = joined(pieces, as_text(row[0]))
        return derived("join", whole) if listed.open else whole

    return (combine((separator, *listed.items), glue),)


def substitute(call: Call) -> tuple[Value, ...]:
    """Replace argument 1 by argument 2; argument 3, where there is one, is how often (negative: always)."""
    text, old, new = text_argument(call, 0), text_argument(call, 1).literal, text_argument(call, 2)
    count = number_argument(call, 3) if len(call.arguments) > 3 else -1
    if old is None or count is None:
        return (derived("replace", *texts(call)),)
    changed = replace_text(text, old, new, count)
    if changed.parts == text.parts and old and "\n" in text.leading:
        call.machine.missed(old, new)
    return (changed,)


def replacer(call: Call) -> tuple[Value, ...]:
    """A replacer made of pairs of old and new texts."""
    return (Record("strings.Replacer", (("%pairs", values.Sequence(call.arguments)),)),)


def replacer_replace(call: Call) -> tuple[Value, ...]:
    """Apply a replacer. Pairs are applied one after the other, which differs from the library only where one pair's
    new text contains another's old text."""
    made = call.machine.load(call.receiver) if call.receiver is not None else None
    pairs = made.get("%pairs") if isinstance(made, Record) else None
    if not isinstance(pairs, values.Sequence) or len(pairs.items) % 2:
        return (derived("replacer", text_argument(call, 0)),)

    def apply(row: tuple[Value, ...]) -> Value:
        text = as_text(row[0], call.machine)
        for old, new in zip(row[1::2], row[2::2], strict=True):
            wanted = as_text(old).literal
            text = replace_text(text, wanted, as_text(new)) if wanted else derived("replacer", text, as_text(old))
        return text

    return (combine((call.argument(0), *pairs.items), apply),)


# --- trimming --------------------------------------------------------------------------------------------------------


def trim(call: Call) -> tuple[Value, ...]:
    """Take characters off the ends: those of argument 1, by default `characters`; `side`: left, right or both.
    White space is taken off literal ends only: what a variable or a command holds is compared as if it had none."""
    text = text_argument(call, 0)
    declared = call.with_.get("characters")
    given = len(call.arguments) > 1 and not isinstance(call.arguments[1], values.Null)
    cutset = text_argument(call, 1).literal if given or declared is None else str(declared)
    if cutset is None:
        return (derived("trim", *texts(call)),)
    side = str(call.with_.get("side", "both"))
    blank = not cutset.strip()
    if side != "right":
        text = _trimmed_left(text, cutset, blank)
    if side != "left":
        text = _trimmed_right(text, cutset, blank)
    return (text,)


def _trimmed_left(text: Text, cutset: str, blank: bool) -> Text:
    leading = text.leading
    kept = leading.lstrip(cutset)
    text = text.dropped(len(leading) - len(kept))
    if kept or blank or not text.parts:
        return text
    return _changed_end(text, 0, f"trimleft({cutset!r})")


def _trimmed_right(text: Text, cutset: str, blank: bool) -> Text:
    trailing = text.trailing
    kept = trailing.rstrip(cutset)
    text = _without_last(text, len(trailing) - len(kept))
    if kept or blank or not text.parts:
        return text
    return _changed_end(text, -1, f"trimright({cutset!r})")


def _changed_end(text: Text, index: int, part: str) -> Text:
    """The text whose first or last part, a hole, may have lost characters."""
    filling = text.parts[index]
    if not isinstance(filling, Filling) or filling.hole.kind is HoleKind.UNIQUE:
        return text
    changed = with_part(filling, part)
    return Text((changed, *text.parts[1:]) if index == 0 else (*text.parts[:-1], changed))


def _without_last(text: Text, count: int) -> Text:
    """The text without its last `count` characters, which must be literal."""
    parts = list(text.parts)
    while count and parts and isinstance(last := parts[-1], Piece):
        parts.pop()
        if len(last.text) > count:
            parts.append(replace(last, text=last.text[: len(last.text) - count]))
            break
        count -= len(last.text)
    return Text(tuple(parts))


def trim_prefix(call: Call) -> tuple[Value, ...]:
    """Without a literal prefix, if it is there."""
    text, prefix = text_argument(call, 0), text_argument(call, 1).literal
    if prefix is None:
        return (derived("trimprefix", *texts(call)),)
    leading = text.leading
    if leading.startswith(prefix):
        return (text.dropped(len(prefix)),)
    if not text.holes or not prefix.startswith(leading):
        return (text,)
    return (_changed_end(text, 0, f"trimprefix({prefix!r})") if not leading else derived("trimprefix", *texts(call)),)


def trim_suffix(call: Call) -> tuple[Value, ...]:
    """Without a literal suffix, if it is there."""
    text, suffix = text_argument(call, 0), text_argument(call, 1).literal
    if suffix is None:
        return (derived("trimsuffix", *texts(call)),)
    trailing = text.trailing
    if trailing.endswith(suffix):
        return (_without_last(text, len(suffix)),)
    if not text.holes or not suffix.endswith(trailing):
        return (text,)
    return (_changed_end(text, -1, f"trimsuffix({suffix!r})") if not trailing else derived("trimsuffix", *texts(call)),)


def cut_end(call: Call) -> tuple[Value, ...]:
    """Without a literal prefix, or with `last` suffix, and whether it was there."""
    text, end = text_argument(call, 0), text_argument(call, 1).literal
    last = bool(call.with_.get("last"))
    literal = (text.trailing if last else text.leading) if text.holes else text.literal
    if end is not None and literal is not None:
        if literal.endswith(end) if last else literal.startswith(end):
            return (_without_last(text, len(end)) if last else text.dropped(len(end)), Truth(True))
        if not text.holes or not (end.endswith(literal) if last else end.startswith(literal)):
            return (text, Truth(False))
    return (derived(call.name, *texts(call)), undecided(call.name, *call.arguments, type="bool"))


# --- questions -------------------------------------------------------------------------------------------------------


def has_prefix(call: Call) -> tuple[Value, ...]:
    text, prefix = texts(call)[:2] if len(call.arguments) > 1 else (EMPTY, EMPTY)
    wanted, leading = prefix.literal, text.leading
    if wanted is not None:
        if leading.startswith(wanted):
            return (Truth(True),)
        if not text.holes or not wanted.startswith(leading):
            return (Truth(False),)
    return (undecided(call.name, text, prefix),)


def has_suffix(call: Call) -> tuple[Value, ...]:
    text, suffix = texts(call)[:2] if len(call.arguments) > 1 else (EMPTY, EMPTY)
    wanted, trailing = suffix.literal, text.trailing
    if wanted is not None:
        if trailing.endswith(wanted):
            return (Truth(True),)
        if not text.holes or not wanted.endswith(trailing):
            return (Truth(False),)
    return (undecided(call.name, text, suffix),)


def contains(call: Call) -> tuple[Value, ...]:
    """Whether argument 0, a text or a list, contains argument 1."""
    whole = call.argument(0)
    if isinstance(whole, values.Sequence):
        return (_listed(call, whole),)
    text, wanted = text_argument(call, 0), text_argument(call, 1)
    literal = wanted.literal
    if literal is not None:
        if any(literal in run_text(run) for run in runs(text) if isinstance(run, tuple)) or not literal:
            return (Truth(True),)
        if not text.holes:
            return (Truth(False),)
    elif _stands_in(wanted.merged(), text.merged()):
        return (Truth(True),)
    return (undecided(call.name, text, wanted),)


def _stands_in(wanted: Sequence[str | Hole], text: Sequence[str | Hole]) -> bool:
    """Whether parts with holes certainly occur one after the other in a text: the same holes, the same characters."""
    last = len(wanted) - 1
    return any(
        all(_same_part(part, text[start + i], i > 0, i < last) for i, part in enumerate(wanted))
        for start in range(len(text) - last)
    )


def _same_part(wanted: str | Hole, part: str | Hole, from_start: bool, to_end: bool) -> bool:
    """Whether a part can stand for another one: a literal at an end of the sequence may go on beyond it."""
    if isinstance(wanted, str) and isinstance(part, str):
        return (not from_start or part.startswith(wanted)) and (not to_end or part.endswith(wanted)) and wanted in part
    return isinstance(wanted, Hole) and isinstance(part, Hole) and wanted.key == part.key


def _listed(call: Call, whole: values.Sequence) -> Value:
    wanted = text_argument(call, 1).literal
    known = [as_text(item, call.machine).literal for item in whole.items]
    if wanted is not None and wanted in known:
        return Truth(True)
    if wanted is not None and None not in known and not whole.open:
        return Truth(False)
    return undecided(call.name, whole, call.argument(1))


def equal_fold(call: Call) -> tuple[Value, ...]:
    left, right = text_argument(call, 0), text_argument(call, 1)
    a, b = left.literal, right.literal
    if a is not None and b is not None:
        return (Truth(a.casefold() == b.casefold()),)
    return (undecided(call.name, left, right),)


def index(call: Call) -> tuple[Value, ...]:
    """Where argument 1 occurs first (`last`: last) in argument 0; -1 if nowhere. A hole is taken not to contain it
    when it occurs literally."""
    text, wanted = text_argument(call, 0), text_argument(call, 1).literal
    if wanted is not None:
        literal = text.literal
        if literal is not None:
            return (Number(literal.rfind(wanted) if call.with_.get("last") else literal.find(wanted)),)
        if call.with_.get("last"):
            halves = split_last(text, wanted) if wanted else None
            before = halves[0] if halves is not None else None
        else:
            pieces = split_text(text, wanted, 2) if wanted else []
            before = pieces[0] if len(pieces) == 2 else None
        if before is not None and (known := before.literal) is not None:
            return (Number(len(known)),)
    return (undecided(call.name, text, call.argument(1), type="int"),)


def cut_in_two(call: Call) -> tuple[Value, ...]:
    """The texts before and after the first separator, and whether it was there."""
    text, separator = text_argument(call, 0), text_argument(call, 1).literal
    if not separator:
        return (call.unknown("a cut at a separator that is not known"),) * 2 + (undecided(call.name, text),)
    pieces = split_text(text, separator, 2)
    if len(pieces) == 2:
        return (pieces[0], pieces[1], Truth(True))
    if not text.holes or _cannot_contain(text, separator):
        return (text, EMPTY, Truth(False))
    before, after = (derived(f"split({separator!r})[{half}]", text) for half in (0, 1))
    return (before, after, undecided(call.name, text, call.argument(1)))


def repeat(call: Call) -> tuple[Value, ...]:
    text, count = text_argument(call, 0), number_argument(call, 1)
    if count is None or not 0 <= count * max(1, len(text.parts)) <= MOST_REPEATED:
        return (derived("repeat", *texts(call)),)
    literal = text.literal
    if literal is not None and len(literal) * count > MOST_REPEATED:
        return (derived("repeat", *texts(call)),)
    return (Text(text.parts * count),)


# --- conversions -----------------------------------------------------------------------------------------------------


def to_text(call: Call) -> tuple[Value, ...]:
    """A value as the text that it is printed as; without arguments, the receiver."""
    if not call.arguments and call.receiver is not None:
        return (as_text(call.receiver, call.machine),)
    return (text_argument(call, 0),)


def integer_text(call: Call) -> tuple[Value, ...]:
    """A number in the base that argument 1 gives (default 10)."""
    number, base = number_argument(call, 0), number_argument(call, 1) if len(call.arguments) > 1 else 10
    if number is not None and base in (2, 8, 10, 16):
        return (Text.of(format(number, {2: "b", 8: "o", 10: "d", 16: "x"}[base])),)
    text = text_argument(call, 0)
    if base == 10:
        return (text,)
    return (derived("%x" if base == 16 else f"base({base})", text, keeps_unique=True),)


def quote(call: Call) -> tuple[Value, ...]:
    """The text between double quotes, as a literal of the language."""
    return (quoted(text_argument(call, 0)),)


def quoted(text: Text) -> Text:
    """A text between double quotes; literal characters that need it are escaped."""
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        if any(character in piece.text for piece in text.parts if isinstance(piece, Piece)):
            text = _escaped(text, character, escape)
    mark = Text.of('"')
    return mark + text + mark


def _escaped(text: Text, character: str, escape: str) -> Text:
    parts = (
        replace(part, text=part.text.replace(character, escape)) if isinstance(part, Piece) else part
        for part in text.parts
    )
    return Text(tuple(parts))


def shell_quote(call: Call) -> tuple[Value, ...]:
    """A text as one word of a shell, or a list as several."""
    listed = call.argument(0)
    items = listed.items if isinstance(listed, values.Sequence) else (listed,)
    return (joined([shell_word(as_text(item, call.machine)) for item in items], Text.of(" ")),)


def shell_word(text: Text) -> Text:
    """A text quoted for a shell where it needs to be."""
    literal = "".join(part.text for part in text.parts if isinstance(part, Piece))
    if literal and all(character.isalnum() or character in "@%_-+=:,./" for character in literal):
        return text
    mark = Text.of("'")
    return mark + replace_text(text, "'", Text.of("'\"'\"'")) + mark if "'" in literal else mark + text + mark


def parse_number(call: Call) -> tuple[Value, ...]:
    """The number that a text spells, and an error if it spells none; `base` is the argument with its base."""
    text = text_argument(call, 0)
    literal = text.literal
    at = call.with_.get("base")
    base = call.argument(at) if isinstance(at, int) else Number(10)
    if literal is None or not isinstance(base, Number) or base.value not in range(2, 37):
        return (undecided(call.name, text, type="int"), Outcome(call.identity))
    try:
        if not literal.lstrip("+-").isalnum():
            return (Number(0), values.Failure())
        return (Number(int(literal[:64], int(base.value))), values.Null())
    except ValueError:
        return (Number(0), values.Failure())


_TRUE, _FALSE = (
    frozenset(("1", "t", "T", "true", "TRUE", "True")),
    frozenset(("0", "f", "F", "false", "FALSE", "False")),
)


def parse_truth(call: Call) -> tuple[Value, ...]:
    """The truth value that a text spells, and an error if it spells none (Go's strconv.ParseBool)."""
    text = text_argument(call, 0)
    if text.literal is None:
        return (undecided(call.name, text, type="bool"), Outcome(call.identity))
    known = text.literal in _TRUE or text.literal in _FALSE
    return (Truth(text.literal in _TRUE), values.Null() if known else values.Failure())


def compared(call: Call) -> tuple[Value, ...]:
    """-1, 0 or 1: whether argument 0 comes before argument 1, is equal to it or comes after it."""
    first, second = text_argument(call, 0).literal, text_argument(call, 1).literal
    if first is None or second is None:
        return opaque_number(call)
    one, other = first.encode("utf-8", "surrogatepass"), second.encode("utf-8", "surrogatepass")
    return (Number((one > other) - (one < other)),)


def encode(call: Call) -> tuple[Value, ...]:
    """An encoding or digest: a function of its input that keeps it unique; `function` names it."""
    given = call.arguments or ((call.receiver,) if call.receiver is not None else ())
    inputs = [bytes_text(each, call.machine) for each in given]
    function = str(call.with_.get("function", call.name))
    if function == "hex" and len(inputs) == 1 and (literal := inputs[0].literal) is not None:
        return (Text.of(literal.encode("utf-8", "surrogatepass").hex()),)
    return (derived(function, *inputs, keeps_unique=True),)


def part(call: Call) -> tuple[Value, ...]:
    """A part of a text between two indexes."""
    return (slice_text(text_argument(call, 0), number_argument(call, 1), number_argument(call, 2)),)


def expand_environment(call: Call) -> tuple[Value, ...]:
    """`$NAME` and `${NAME}` replaced by variables of the environment; with `error`, an outcome follows."""
    found: Value = EMPTY
    text = text_argument(call, 0)
    for run in runs(text):
        if isinstance(run, Filling):
            found = _append(found, Text((run,)))
            continue
        for literal, name in _variables(run_text(run)):
            found = _append(found, literal if name is None else call.machine.environment(Text.of(name)))
    return (found, Outcome(call.identity)) if call.with_.get("error") else (found,)


def _append(left: Value, right: Value) -> Value:
    return combine((left, right), lambda row: as_text(row[0]) + as_text(row[1]))


def _variables(content: str) -> list[tuple[Text, str | None]]:
    """Literal stretches and names of variables, in order."""
    found: list[tuple[Text, str | None]] = []
    at = 0
    while (dollar := content.find("$", at)) >= 0:
        braced = content[dollar + 1 : dollar + 2] == "{"
        start = dollar + (2 if braced else 1)
        end = start
        while end < len(content) and (content[end].isalnum() or content[end] == "_"):
            end += 1
        after = end + 1 if braced and content[end : end + 1] == "}" else end
        found.append((Text.of(content[at:dollar]), None))
        found.append((EMPTY, content[start:end]) if end > start else (Text.of(content[dollar:after]), None))
        at = max(after, dollar + 1)
    found.append((Text.of(content[at:]), None))
    return found


def opaque_number(call: Call) -> tuple[Value, ...]:
    """A number that is not known, but the same for the same inputs."""
    return (undecided(call.name, *call.arguments, type="int"),)


def parameter(name: str) -> Text:
    """What the platform decides and a run does not change (an operating system's name)."""
    return Text.of_hole(Hole(HoleKind.PARAMETER, name, name.rpartition(".")[2]))
