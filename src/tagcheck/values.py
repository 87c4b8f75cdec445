"""Symbolic values: what is known of a name before the program runs.

Purpose: represent texts that are partly known, keep what is unknown comparable for identity, and keep alternatives
apart together with the conditions under which each holds.

A `Text` is a sequence of literal pieces and holes. A hole says what kind of unknown it is and which one: two holes are
the same value exactly if their kind and identity are equal. An `Opaque` value can be anything, so it never proves a
difference. `Alternatives` holds several values, each with the guards (see `guards`) under which it is the value.

Rejected: regular languages as the domain (joins lose which prefix went with which tag); one value per variable and
program point (the name returned under one condition would meet the name built under another).

What it cannot do: relate holes by arithmetic; see two different opaque values as equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from hashlib import sha256
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr, replace

from tagcheck.guards import ALWAYS, Guards, disjunction
from tagcheck.ir import NUMBER_FIELD, Procedure
from tagcheck.source import Position, Span


class HoleKind(Enum):
    ENVIRONMENT = "env"
    """an environment variable; equal to itself until somebody sets it"""
    PARAMETER = "param"
    """a parameter of an entry point"""
    OUTPUT = "output"
    """what a command prints; identity is the command's text"""
    UNIQUE = "unique"
    """a clock, a random source, a uuid: every evaluation is another value"""
    OPAQUE = "?"
    """not known at all"""


_HEXADECIMAL = frozenset("0123456789abcdef")
ALPHABETS = {
    "hash": _HEXADECIMAL,
    "commit": _HEXADECIMAL,
    "abbreviation": _HEXADECIMAL,
    "digits": frozenset("0123456789"),
}
SHAPES = tuple(ALPHABETS)
"""What values can be written in: the hexadecimal digits of a hash, of which git never prints fewer than four
(gitrevisions(7), core.abbrev), all of them (40, or 64 of SHA-256) or the first few; decimal digits."""


class Hole(Struct, frozen=True):
    """An unknown part of a text.

    `identity` tells holes of one kind apart; `label` is what people see (the variable, the parameter, the command).
    `part` names a part of the value ('[0:8]', 'lower'): two parts of one value with the same name are equal.
    `weak` says why a unique value can still collide ('slow digits of a clock'); it takes no part in comparison.
    `filled` says what a value identifies that is never the empty text ('commit', 'run'); `shape` what it is written in,
    one of `SHAPES`.
    """

    kind: HoleKind
    identity: str
    label: str = ""
    part: str = ""
    weak: str = ""
    filled: str = ""
    shape: str = ""

    def __str__(self) -> str:
        match self.kind:
            case HoleKind.UNIQUE:
                return "<unique>"
            case HoleKind.OPAQUE:
                return "<?>"
            case _:
                return f"<{self.kind.value} {self.label}>"

    @property
    def key(self) -> tuple[HoleKind, str, str]:
        return (self.kind, self.identity, self.part)


class Origin(Struct, frozen=True):
    """Where the literal characters of a piece stand; `exact` as in `source.Chunk`. `end` bounds the literal."""

    start: Position
    exact: bool = True

    def advanced(self, text: str) -> Origin:
        return Origin(self.start.advanced(text), True) if self.exact else self


class Piece(Struct, frozen=True):
    """Literal characters of a `Text`, with their origin where they have one; the origin takes no part in equality."""

    text: str
    origin: Origin | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Piece) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class Filling(Struct, frozen=True):
    """A hole in a text, with the place where its value came to be (`site`), the calls that led there (`trace`,
    outermost first) and the procedures that they called (`within`); none of them takes part in equality."""

    hole: Hole
    site: Span | None = None
    trace: tuple[Span, ...] = ()
    within: tuple[Span, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filling) and other.hole.key == self.hole.key

    def __hash__(self) -> int:
        return hash(self.hole.key)


class Text(Struct, frozen=True):
    """A sequence of literal pieces and holes; neighbouring pieces are not merged, so that origins stay."""

    parts: tuple[Piece | Filling, ...]
    _hash: int | None = None
    _merged: tuple[str | Hole, ...] | None = None
    reading: object = None
    """what a text is asked for again and again, the last by `image.parse` or `embedded`; no part of its value"""

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Text) and self.parts == other.parts)

    def __hash__(self) -> int:
        if self._hash is None:
            # What rendering a chart prints has thousands of parts: their own hash functions would cost most of it.
            keys = [part.text if isinstance(part, Piece) else part.hole.key for part in self.parts]
            force_setattr(self, "_hash", hash(tuple(keys)))
        return self._hash or 0

    def __reduce__(self) -> tuple[type[Text], tuple[tuple[Piece | Filling, ...]]]:
        return (Text, (self.parts,))

    def __repr__(self) -> str:
        return f"Text({self.parts!r})"

    @classmethod
    def of(cls, text: str, span: Span | None = None, exact: bool = True) -> Text:
        """A literal text; `span` is where its content stands."""
        return cls((Piece(text, Origin(span.start, exact) if span else None),)) if text else EMPTY

    @classmethod
    def of_hole(
        cls, hole: Hole, site: Span | None = None, trace: tuple[Span, ...] = (), within: tuple[Span, ...] = ()
    ) -> Text:
        return cls((Filling(hole, site, trace, within),))

    @property
    def literal(self) -> str | None:
        """The whole text if no part of it is unknown."""
        parts = self.parts
        if len(parts) == 1:
            only = parts[0]
            return only.text if isinstance(only, Piece) else None
        merged = self.merged()
        if len(merged) > 1:
            return None
        whole = merged[0] if merged else ""
        return whole if isinstance(whole, str) else None

    @property
    def leading(self) -> str:
        """The literal characters before the first hole."""
        found: list[str] = []
        for part in self.parts:
            if isinstance(part, Filling):
                break
            found.append(part.text)
        return "".join(found)

    @property
    def trailing(self) -> str:
        """The literal characters after the last hole."""
        found: list[str] = []
        for part in reversed(self.parts):
            if isinstance(part, Filling):
                break
            found.append(part.text)
        return "".join(reversed(found))

    @property
    def holes(self) -> tuple[Hole, ...]:
        return tuple(part.hole for part in self.parts if isinstance(part, Filling))

    @property
    def origin(self) -> Position | None:
        """Where the first literal piece stands that has an origin."""
        return next((part.origin.start for part in self.parts if isinstance(part, Piece) and part.origin), None)

    def merged(self) -> tuple[str | Hole, ...]:
        """The text with neighbouring literal pieces merged and origins left out: its normal form for comparison."""
        found = self._merged
        if found is None:
            found = self._normal()
            force_setattr(self, "_merged", found)
        return found

    def _normal(self) -> tuple[str | Hole, ...]:
        found: list[str | Hole] = []
        run: list[str] = []
        for part in self.parts:
            if isinstance(part, Filling):
                if run:
                    found.append("".join(run))
                    run = []
                found.append(part.hole)
            elif part.text:
                run.append(part.text)
        if run:
            found.append("".join(run))
        return tuple(found)

    def __str__(self) -> str:
        return "".join(part.text if isinstance(part, Piece) else str(part.hole) for part in self.parts)

    def __add__(self, other: Text) -> Text:
        return Text(self.parts + other.parts)

    def split_at(self, separator: str, last: bool = False) -> tuple[Text, Text] | None:
        """The texts before and after the first (or last) literal occurrence of a separator that lies within one
        piece; None where there is none. A hole might contain the separator: callers decide whether that matters."""
        indices = range(len(self.parts) - 1, -1, -1) if last else range(len(self.parts))
        for index in indices:
            part = self.parts[index]
            if isinstance(part, Filling):
                continue
            at = part.text.rfind(separator) if last else part.text.find(separator)
            if at >= 0:
                before, after = cut(part, at)[0], cut(part, at + len(separator))[1]
                return (
                    Text(self.parts[:index] + before),
                    Text(after + self.parts[index + 1 :]),
                )
        return None

    def split(self, separator: str) -> list[Text]:
        """The texts between the literal occurrences of a separator."""
        found: list[Text] = []
        rest = self
        while (halves := rest.split_at(separator)) is not None:
            found.append(halves[0])
            rest = halves[1]
        return [*found, rest]

    def without_prefix(self, prefix: str) -> Text | None:
        """The rest after a literal prefix; None if the text does not begin with it literally."""
        if not self.leading.startswith(prefix):
            return None
        return self.dropped(len(prefix))

    def dropped(self, count: int) -> Text:
        """The text without its first `count` characters, which must be literal."""
        parts = list(self.parts)
        while count and parts:
            part = parts[0]
            if not isinstance(part, Piece):
                break
            if len(part.text) <= count:
                count -= len(part.text)
                parts.pop(0)
            else:
                parts[0:1] = cut(part, count)[1]
                count = 0
        return Text(tuple(parts))

    def mapped(self, change: str) -> Text:
        """Lower, upper or title case ('lower', 'upper'): literal pieces are changed, holes become parts of theirs."""
        parts: list[Piece | Filling] = []
        for part in self.parts:
            if isinstance(part, Piece):
                parts.append(Piece(part.text.lower() if change == "lower" else part.text.upper(), part.origin))
            elif part.hole.kind is HoleKind.UNIQUE:
                parts.append(part)
            else:
                parts.append(replace(part, hole=replace(part.hole, part=f"{part.hole.part}.{change}")))
        return Text(tuple(parts))


EMPTY = Text(())


def cut(piece: Piece, at: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """A piece in two at a character offset; empty halves are left out."""
    before, after = piece.text[:at], piece.text[at:]
    origin = piece.origin.advanced(before) if piece.origin else None
    return (
        (Piece(before, piece.origin),) if before else (),
        (Piece(after, origin),) if after else (),
    )


# --- other values ----------------------------------------------------------------------------------------------------


class Number(Struct, frozen=True):
    """A number; `type` is its type where the project declares that."""

    value: int | float
    type: str = ""


class Truth(Struct, frozen=True):
    value: bool


class Null(Struct, frozen=True):
    """nil, None, null."""


class Failure(Struct, frozen=True):
    """An error that is not nil. A procedure's path that ends in one is no run that a scenario is about."""


class Outcome(Struct, frozen=True):
    """Whether a command or call succeeded: nil or an error, not known which. `identity` is the evaluation."""

    identity: str


class Sequence(Struct, frozen=True, cache_hash=True):
    """A list, array, slice or tuple. `open`: more items than the known ones may follow. `spans`: where items stand."""

    items: tuple[Value, ...]
    open: bool = False


ENVIRONMENT = "os.Environ"
"""The type of the environment as an object; of a mapping that is a copy of it: keys that this does not have stand for
what is set outside."""


class Mapping(Struct, frozen=True, cache_hash=True):
    """A mapping in insertion order; keys are texts, numbers or opaque values. `open`: other entries may exist. `type`:
    its type, as in `ir`, where keys that it does not have stand for the zero value of its values' type."""

    entries: tuple[tuple[Value, Value], ...]
    open: bool = False
    type: str = ""

    def holding(self, entries: tuple[tuple[Value, Value], ...], open: bool) -> Mapping:
        """A mapping of the same type with other entries."""
        return Mapping(entries, open, self.type)

    def get(self, key: str) -> Value | None:
        """The value of a literal key."""
        for name, value in self.entries:
            if isinstance(name, Text) and name.literal == key:
                return value
        return None


class Record(Struct, frozen=True, cache_hash=True):
    """A struct or object of a qualified type; fields that were never set are absent."""

    type: str
    fields: tuple[tuple[str, Value], ...] = ()

    def get(self, name: str) -> Value | None:
        return next((value for field, value in self.fields if field == name), None)

    def with_field(self, name: str, value: Value) -> Record:
        """A copy in which one field has another value, in its place if there was one."""
        if all(field != name for field, _ in self.fields):
            return Record(self.type, (*self.fields, (name, value)))
        return Record(self.type, tuple((field, value if field == name else old) for field, old in self.fields))


def counted_as(value: Value) -> Value:
    """The number that an object counts as, if it does; else the value itself."""
    number = value.get(NUMBER_FIELD) if isinstance(value, Record) else None
    return value if number is None else number


class Pointer(Struct, frozen=True):
    """A reference to a cell of the evaluator's heap, or to a part of what it holds: `path` names fields (a `str`) and
    items (a number) from the outside in."""

    cell: int
    path: tuple[str | Number, ...] = ()


class FunctionValue(Struct, frozen=True):
    """A procedure with the cells that it captured ((name, cell) pairs) and, for a bound method, its receiver."""

    procedure: Procedure
    captured: tuple[tuple[str, int], ...] = ()
    receiver: Value | None = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, FunctionValue)
            and other.procedure.key == self.procedure.key
            and other.captured == self.captured
            and other.receiver == self.receiver
        )

    def __hash__(self) -> int:
        return hash((self.procedure.key, self.captured))


class LibraryValue(Struct, frozen=True):
    """A function of a library, by its qualified name ('os/exec.Command'), or a bound method with its receiver."""

    name: str
    receiver: Value | None = None


class Absent(Struct, frozen=True):
    """No value: an entry that a mapping does not have, a variable that is not set."""


class Opaque(Struct, frozen=True):
    """A value of which nothing is known but which evaluation made it. `type` is its declared type, if any."""

    identity: str
    reason: str
    type: str = ""
    label: str = ""


ANY_ZERO = Opaque("zero", "the zero value of a type parameter")
"""The zero value of whatever type a type parameter stands for: equal to every empty value."""
WITHHELD = "withheld:"
"""How the identities of variables begin that a program has and does not hand to the programs that it starts."""
PARAMETER_PREFIX = "param:"
"""How the identity of an opaque value begins that is, or is part of, a parameter of an entry point."""


def hole_of(value: Opaque) -> Hole:
    """The hole that an opaque value leaves in a text."""
    if value.identity.startswith(PARAMETER_PREFIX):
        return Hole(HoleKind.PARAMETER, value.identity, value.label or value.reason)
    return Hole(HoleKind.OPAQUE, value.identity, value.reason)


class Alternatives(Struct, frozen=True, cache_hash=True):
    """Several possible values, each under its guards; never nested, never with fewer than two options."""

    options: tuple[tuple[Guards, Value], ...]


Value: TypeAlias = (
    Text
    | Number
    | Truth
    | Null
    | Failure
    | Outcome
    | Sequence
    | Mapping
    | Record
    | Pointer
    | FunctionValue
    | LibraryValue
    | Absent
    | Opaque
    | Alternatives
)

MOST_OPTIONS = 16
"""How many alternatives a value keeps; past it, the value is opaque: precision is lost, soundness is not."""


def options(value: Value) -> tuple[tuple[Guards, Value], ...]:
    """The alternatives of a value; one option, always, if it has none."""
    return value.options if isinstance(value, Alternatives) else ((ALWAYS, value),)


def alternatives(choices: Iterable[tuple[Guards, Value]], reason: str = "too many alternatives") -> Value:
    """One value of several options: nested alternatives flattened, impossible ones dropped, equal ones merged when
    their guards are equal or cover everything. Opaque past the bound or when nothing is left."""
    flat: list[tuple[Guards, Value]] = []
    for guards, value in choices:
        for inner, option in options(value):
            both = guards.and_(inner)
            if both is not None:
                flat.append((both, option))
    if not flat:
        return Opaque("unreachable", "no alternative is possible here")
    first = flat[0][1]
    # One and the same value is the common case, and to look at a large one (the values of a chart) is dear.
    if all(option is first for _, option in flat):
        return first
    flat = list(dict.fromkeys(flat))
    grouped: dict[Value, list[Guards]] = {}
    for guards, option in flat:
        grouped.setdefault(option, []).append(guards)
    if len(grouped) == 1:
        return flat[0][1]
    flat = [(guards, option) for option, sides in grouped.items() for guards in _merged(tuple(sides))]
    if len(flat) > MOST_OPTIONS:
        return Opaque(f"bound:{hash_text(flat)}", reason)
    return Alternatives(tuple(flat))


def _merged(sides: tuple[Guards, ...]) -> tuple[Guards, ...]:
    """The guards of one value as one conjunction where that says exactly the same."""
    guards, exact = disjunction(sides)
    return (guards,) if exact else sides


def hash_text(options_: list[tuple[Guards, Value]]) -> str:
    """A short identity for a set of options that does not depend on the process's hash seed."""
    return _digest(tuple(options_), {}).hex()[:16]


def _digest(node: object, known: dict[int, bytes]) -> bytes:
    """A digest of a value. Values share parts, and written out can be larger than memory: each part counts once."""
    found = known.get(id(node))
    if found is not None:
        return found
    match node:
        case tuple():
            parts = [_digest(item, known) for item in node]
        case FunctionValue():
            parts = [node.procedure.key.encode(), _digest(node.captured, known), _digest(node.receiver, known)]
        case Text():
            parts = [repr(node.merged()).encode()]
        case Guards():
            parts = [repr(sorted(node.units)).encode(), repr(sorted(map(sorted, node.clauses))).encode()]
        case Struct():
            parts = [_digest(getattr(node, name), known) for name in node.__struct_fields__]
        case _:
            parts = [repr(node).encode()]
    digest = sha256(type(node).__name__.encode() + b"".join(b"%d:%b" % (len(part), part) for part in parts)).digest()
    known[id(node)] = digest
    return digest


def iterate(value: Value, given: Guards) -> Iterator[tuple[Guards, Value]]:
    """The options of a value that are possible together with `given`; the guards of each include `given`."""
    for guards, option in options(value):
        both = given.and_(guards)
        if both is not None:
            yield both, option
