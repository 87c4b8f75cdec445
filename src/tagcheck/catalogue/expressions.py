"""What an entry of `rules/tools` may say about a command line: a closed vocabulary of references and conditions.

    reference   $1 $2 …            an operand              $2* $*         the operands from there on, or all of them
                $last              the last operand        --tag -t       what an option was given (all values of it)
                --output.dest      one key of a comma-separated option (`type=docker,dest=F`)
                $it                the item of `per`       $it.key $it.value   its halves around the first '='
                pairs              operands with '='       resource       the other operands, joined by '/'
                names of REF       those that are no archive file          archives of REF   those that are
                joined REF         joined by blanks        retagged       $1 with the tag $2
                base of REF        the last part of each path, of those that end in a name
                package of REF     the names by which the packages in these folders are imported
                lower of REF       in small letters       md5 of REF   the MD5 sum, as md5sum prints it
                env NAME       a variable that the command sees
                the NAME       what the tool's entry defines by `named`
                pod/{$1}           a literal text with references in it
                anything else      itself
    expression  REF + REF … or …   the first alternative that yields anything
    condition   REF | not REF | REF is a|b | REF has TEXT | REF starts TEXT

Rejected: expressions of a general language, which would make the catalogue a program.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from typing import TypeAlias

from tagcheck.catalogue.line import Line, comma_separated, is_unknown
from tagcheck.values import EMPTY, Piece, Text

ARCHIVE_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz")
"""How k3d and minikube, which take names and archives alike, tell an archive (their documentation)."""


@dataclass(frozen=True, slots=True)
class OperandReference:
    """`first` counts from 1; 0 is the last one."""

    first: int
    onwards: bool = False


@dataclass(frozen=True, slots=True)
class OptionReference:
    name: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class ItemReference:
    half: str = ""


@dataclass(frozen=True, slots=True)
class VariableReference:
    name: str


@dataclass(frozen=True, slots=True)
class Derived:
    """A closed set of small computations on operands or on the texts of another reference (`_derived`)."""

    how: str
    of: Reference | None = None


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[str | Reference, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    text: Text


@dataclass(frozen=True, slots=True)
class Choice:
    """The first of several expressions whose conditions hold."""

    options: tuple[tuple[tuple[Condition, ...], Expression], ...]


Named: TypeAlias = Mapping[str, Choice]
"""What an entry defines, by name."""

Reference: TypeAlias = (
    OperandReference | OptionReference | ItemReference | VariableReference | Derived | Template | Literal | Choice
)


@dataclass(frozen=True, slots=True)
class Expression:
    alternatives: tuple[tuple[Reference, ...], ...]

    def options(self) -> Iterable[str]:
        """The names of the options it refers to."""
        pending = [reference for sum_ in self.alternatives for reference in sum_]
        while pending:
            match pending.pop():
                case OptionReference(name):
                    yield name
                case Derived(_, of) if of is not None:
                    pending.append(of)
                case Template(parts):
                    pending.extend(part for part in parts if not isinstance(part, str))
                case Choice(options):
                    for conditions, expression in options:
                        yield from expression.options()
                        for condition in conditions:
                            yield from condition.expression.options()
                case _:
                    pass


@dataclass(frozen=True, slots=True)
class Condition:
    """`values` empty: the expression yields anything. `verb`: 'is' one of them, 'has' the one value in a literal part,
    'starts' with it."""

    expression: Expression
    negated: bool = False
    values: tuple[str, ...] = ()
    verb: str = "is"


# --- reading ---------------------------------------------------------------------------------------------------------

_OPERAND = re.compile(r"\$(\d+)(\*?)")
_OPTION = re.compile(r"--?([A-Za-z0-9][\w-]*)(?:\.([\w-]+))?")
_ITEM = re.compile(r"\$it(?:\.(key|value))?")
_DERIVED = re.compile(r"(names|archives|base|package|lower|md5) of (.+)|joined (.+)")
_VARIABLE = re.compile(r"env ([A-Za-z_]\w*)")
_BRACES = re.compile(r"\{([^{}]*)\}")
_NAMED = re.compile(r"the ([a-z]+)")
_CONDITION = re.compile(r"(not )?(.+?)(?: (is|has|starts) (.+))?")


def expression_from(text: str, named: Named) -> Expression:
    """Read an expression; `named` is what the entry defines. ValueError says which reference is none."""
    sums = [one.split(" + ") for one in text.split(" or ")]
    return Expression(tuple(tuple(_reference(term.strip(), named) for term in terms) for terms in sums))


def condition_from(text: str, named: Named) -> Condition:
    """Read a condition; `named` is what the entry defines. ValueError says what is wrong."""
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no condition")
    negated, subject, verb, values = match.groups()
    allowed = () if not values else tuple(values.split("|")) if verb == "is" else (values,)
    return Condition(expression_from(subject, named), bool(negated), allowed, verb or "is")


def _reference(text: str, named: Named) -> Reference:
    if match := _OPERAND.fullmatch(text):
        if match[1] == "0":
            raise ValueError("operands count from $1")
        return OperandReference(int(match[1]), bool(match[2]))
    if match := _OPTION.fullmatch(text):
        return OptionReference(match[1], match[2] or "")
    if match := _ITEM.fullmatch(text):
        return ItemReference(match[1] or "")
    if match := _DERIVED.fullmatch(text):
        return Derived(match[1] or "joined", _reference(match[2] or match[3], named))
    if match := _NAMED.fullmatch(text):
        if match[1] not in named:
            raise ValueError(f"nothing above is named {match[1]!r}")
        return named[match[1]]
    if match := _VARIABLE.fullmatch(text):
        return VariableReference(match[1])
    match text:
        case "$*":
            return OperandReference(1, True)
        case "$last":
            return OperandReference(0)
        case "pairs" | "resource" | "plain" | "assignments" | "command" | "retagged":
            return Derived(text)
    return _template(text, named)


def _template(text: str, named: Named) -> Reference:
    if "{" not in text:
        if "$" in text:
            raise ValueError(f"{text!r} is no reference")
        return Literal(Text.of(text))
    pieces = _BRACES.split(text)
    return Template(tuple(_reference(piece, named) if index % 2 else piece for index, piece in enumerate(pieces)))


# --- evaluating ------------------------------------------------------------------------------------------------------


def evaluate(expression: Expression, line: Line, item: Text | None = None) -> tuple[Text, ...]:
    """The texts that an expression stands for on a command line; empty if nothing, or if it is not certain which: what
    an unknown word may hold has no default."""
    for references in expression.alternatives:
        found = tuple(text for reference in references for text in _texts(reference, line, item))
        if found:
            return found
        if any(_is_unsure(reference, line) for reference in references):
            return ()
    return ()


def _is_unsure(reference: Reference, line: Line) -> bool:
    match reference:
        case OptionReference():
            return line.open
        case OperandReference():
            return line.operands is None
        case Choice():
            return line.open
        case _:
            return False


def holds(condition: Condition, line: Line, item: Text | None = None) -> bool:
    """Whether a condition is known to hold; a value that is not known equals none."""
    texts = evaluate(condition.expression, line, item)
    if condition.verb == "has":
        result = any(
            condition.values[0] in part.text for text in texts for part in text.parts if isinstance(part, Piece)
        )
    elif condition.verb == "starts":
        result = any(text.leading.startswith(condition.values[0]) for text in texts)
    elif condition.values:
        result = any(text.literal in condition.values for text in texts)
    else:
        result = bool(texts)
    return result is not condition.negated


def _texts(reference: Reference, line: Line, item: Text | None) -> tuple[Text, ...]:
    match reference:
        case Literal(text):
            return (text,)
        case OptionReference(name, key):
            given = line.options.get(name, ())
            return tuple(found for text in given for found in _field(text, key)) if key else given
        case OperandReference(first, onwards):
            return _operands(line.operands or (), first, onwards)
        case ItemReference(half):
            return _half(item, half) if item is not None else ()
        case VariableReference(name):
            value = line.around.variable(name)
            return () if value is None else (value,)
        case Choice(options):
            chosen = (each for conditions, each in options if all(holds(one, line, item) for one in conditions))
            found = next(chosen, None) if not line.open else None
            return () if found is None else evaluate(found, line, item)
        case Template(parts):
            return _filled(parts, line, item)
        case Derived(how, of):
            return _derived(how, line, _texts(of, line, item) if of is not None else line.operands or ())


def _operands(operands: tuple[Text, ...], first: int, onwards: bool) -> tuple[Text, ...]:
    if first == 0:
        return operands[-1:]
    return operands[first - 1 :] if onwards else operands[first - 1 : first]


def _half(text: Text, half: str) -> tuple[Text, ...]:
    if not half:
        return (text,)
    halves = text.split_at("=")
    return () if halves is None else (halves[0] if half == "key" else halves[1],)


def _field(text: Text, key: str) -> tuple[Text, ...]:
    """The value of one key in `type=docker,dest=F`."""
    pairs = (field.split_at("=") for field in comma_separated(text))
    return tuple(pair[1] for pair in pairs if pair is not None and pair[0].literal == key)


def _filled(parts: tuple[str | Reference, ...], line: Line, item: Text | None) -> tuple[Text, ...]:
    whole = EMPTY
    for part in parts:
        if isinstance(part, str):
            whole += Text.of(part)
        elif found := _texts(part, line, item):
            # An option that is given again takes the place of the first one.
            whole += found[-1]
        else:
            return ()
    return (whole,)


def _derived(how: str, line: Line, texts: tuple[Text, ...]) -> tuple[Text, ...]:
    match how:
        case "pairs":
            return tuple(text for index, text in enumerate(texts) if _is_pair(text, index))
        case "resource":
            words = tuple(text for index, text in enumerate(texts) if not _is_pair(text, index))
            return (joined(words, "/"),) if words else ()
        case "plain":
            return tuple(text for text in texts if text.split_at("=") is None)
        case "assignments":
            return tuple(takewhile(_is_assignment, texts))
        case "command":
            return tuple(dropwhile(_is_assignment, texts))
        case "names":
            return tuple(text for text in texts if not text.trailing.endswith(ARCHIVE_SUFFIXES))
        case "archives":
            return tuple(text for text in texts if text.trailing.endswith(ARCHIVE_SUFFIXES))
        case "base":
            ends = (text.split_at("/", last=True) or (EMPTY, text) for text in texts)
            return tuple(end[1] for end in ends if end[1].parts)
        case "package":
            return tuple(name for name in map(line.around.package, texts) if name is not None)
        case "lower":
            return tuple(Text.of(text.literal.lower()) for text in texts if text.literal is not None)
        case "md5":
            return tuple(_md5(text.literal) for text in texts if text.literal is not None)
        case "retagged":
            return (retagged(texts[0], texts[1]),) if len(texts) > 1 else ()
        case _:
            return (joined(texts, " "),) if texts else ()


def _md5(text: str) -> Text:
    return Text.of(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())


def _is_assignment(text: Text) -> bool:
    return text.split_at("=") is not None


def _is_pair(text: Text, index: int) -> bool:
    return _is_assignment(text) or (index > 0 and is_unknown(text))


def joined(texts: tuple[Text, ...], separator: str) -> Text:
    """Texts with a separator between them."""
    between = Text.of(separator).parts
    parts = [part for text in texts for part in (*between, *text.parts)]
    return Text(tuple(parts[len(between) :]))


def retagged(image: Text, tag: Text) -> Text:
    """An image reference with another tag; a digest is dropped with the old tag."""
    named = (image.split_at("@") or (image,))[0]
    halves = named.split_at(":", last=True)
    if halves is not None and not any("/" in part.text for part in halves[1].parts if isinstance(part, Piece)):
        named = halves[0]
    return named + Text.of(":") + tag
