"""What predicates get and give."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType

from tagcheck.comparison import Same, equal
from tagcheck.config import Config
from tagcheck.events import MADE, Event, Scenario, Stage
from tagcheck.finding import Certainty, Place, Tier
from tagcheck.guards import Guards
from tagcheck.image import Reference, alike, parse, same_image
from tagcheck.source import Position, Span
from tagcheck.values import Filling, HoleKind, Piece, Text

PRESENT = (*MADE, Stage.PULLED)
"""Stages after which an image is in a local engine."""
SUPPLIED = (*PRESENT, Stage.LOADED, Stage.PUSHED)
"""Stages after which something in the scenario can know the name."""
NAMELESS = (Stage.UNNAMED, Stage.PRUNED, Stage.STACK_UP, Stage.STACK_DOWN)
"""Stages that concern no single name."""
_TAKEN = (Stage.DEPLOYED.value, Stage.BASE.value)
TEST_TIERS = (Tier.E2E, Tier.INTEGRATION, Tier.UNKNOWN)


@dataclass(frozen=True, eq=False)
class Whole:
    """What the scenarios of a project do together, as far as they come to what was asked about: one event for each name
    that any of them uses (`mentioned`), and that any of them removes (`removed`)."""

    mentioned: tuple[Event, ...] = ()
    removed: tuple[Event, ...] = ()


def whole(scenarios: Iterable[Scenario]) -> Whole:
    """What scenarios do together."""
    mentioned: dict[tuple[Text, str], Event] = {}
    removed: dict[tuple[Text, str], Event] = {}
    for event in (event for scenario in scenarios for event in scenario.events):
        if event.stage is Stage.REMOVED:
            removed.setdefault((event.image, event.reading), event)
        elif event.stage not in (Stage.OFFERED, *NAMELESS):
            key = (event.image, event.reading)
            first = mentioned.setdefault(key, event)
            if event.stage is Stage.BUILT:
                # A name is known best by what makes the image.
                mentioned[key] = event if first.stage is not Stage.BUILT else first
    return Whole(tuple(mentioned.values()), tuple(removed.values()))


_GIVEN = (HoleKind.ENVIRONMENT, HoleKind.PARAMETER)


def _may_become(made: Event, name: Text) -> bool:
    """Whether what makes an image may make it under this name: what it leaves to its caller may be anything."""
    known, wanted = made.reference.name.literal, parse(name).name.literal
    if not known or known != wanted:
        return False
    tag = made.reference.tag
    is_given = tag is not None and any(hole.kind in _GIVEN for hole in tag.holes)
    return is_given or same_image(name, made.image) is not Same.NO


@dataclass(frozen=True, eq=False)
class Case:
    """One scenario to judge, with what the whole project is known to do."""

    scenario: Scenario
    config: Config
    project: Whole = field(default_factory=Whole)

    @property
    def tier(self) -> Tier:
        return self.scenario.tier

    @property
    def knows_images(self) -> bool:
        """Whether all that is done to images is known: there may be gaps only in what is deployed and in what builds
        start from."""
        return all(gap.stage in _TAKEN for gap in self.scenario.gaps)

    def knows_images_on(self, host: str) -> bool:
        """The same for what is done on one host."""
        return all(gap.stage in _TAKEN for gap in self.scenario.gaps if gap.host in ("", host))

    def may_be_made_out_of_sight(self, name: Text) -> bool:
        """Whether the scenario runs something that is not known, and something in the project makes an image of that
        name."""
        if not any(gap.stage == "run" for gap in self.scenario.gaps):
            return False
        return any(_may_become(each, name) for each in self.project.mentioned if each.stage in MADE)

    def events(self, *stages: Stage) -> list[Event]:
        """The events of these stages, in order."""
        found = self._by_stages.get(stages)
        if found is None:
            found = self._by_stages[stages] = [event for event in self.scenario.events if event.stage in stages]
        return found

    def named_as(self, event: Event, *stages: Stage) -> list[Event]:
        """The events of these stages whose image is written the same way as this one's, in order."""
        found = self._by_image.get(stages)
        if found is None:
            found = self._by_image[stages] = {}
            for each in self.events(*stages):
                found.setdefault(each.image, []).append(each)
        return found.get(event.image, [])

    @cached_property
    def _by_image(self) -> dict[tuple[Stage, ...], dict[Text, list[Event]]]:
        return {}

    @cached_property
    def _by_stages(self) -> dict[tuple[Stage, ...], list[Event]]:
        return {}

    def together(self, event: Event, *stages: Stage) -> list[Event]:
        """The events of these stages that can happen in the same run as this one, and on a host from which it has
        something: its own, or by way of a registry any other."""
        key = (event.guards, event.host, stages)
        found = self._together.get(key)
        if found is None:
            found = [each for each in self.anywhere(event, *stages) if each.host == event.host or _is_shared(each)]
            self._together[key] = found
        return found

    def anywhere(self, event: Event, *stages: Stage) -> list[Event]:
        """The events of these stages that can happen in the same run as this one, on whatever host."""
        key = (event.guards, stages)
        found = self._anywhere.get(key)
        if found is None:
            found = [each for each in self.events(*stages) if compatible(each.guards, event.guards)]
            self._anywhere[key] = found
        return found

    @cached_property
    def _anywhere(self) -> dict[tuple[Guards, tuple[Stage, ...]], list[Event]]:
        return {}

    @cached_property
    def _together(self) -> dict[tuple[Guards, str, tuple[Stage, ...]], list[Event]]:
        return {}

    def is_local_registry(self, reference: Reference) -> bool:
        """Whether a name can only be local by its registry."""
        literal = reference.registry.literal if reference.registry is not None else None
        return literal is not None and literal in self.config.local_registries

    def is_third_party(self, reference: Reference) -> bool:
        literal = reference.name.literal or ""
        # podman spells what it builds, or has pulled by a short name, with a registry of its own.
        spellings = (literal, literal.removeprefix("localhost/"))
        registries = self.config.third_party_registries
        return any(each == own or each.startswith(own + "/") for own in registries for each in spellings)

    def is_local(self, event: Event) -> bool:
        """Whether an image is one that the scenario builds or that can only be local."""
        reference = event.reference
        if self.is_third_party(reference):
            return False
        if self.is_local_registry(reference) or policy_is(event, "Never"):
            return True
        return any(same_as(event, other) is Same.YES for other in self.anywhere(event, *MADE))


def _is_shared(event: Event) -> bool:
    """Whether what an event gives is there for all hosts."""
    return event.stage is Stage.PUSHED


@lru_cache(maxsize=1 << 14)
def compatible(left: Guards, right: Guards) -> bool:
    return left.compatible(right)


def implies(strong: Guards, weak: Guards) -> bool:
    """Whether everything that `weak` asks for is asked for by `strong`, written the same way."""
    return weak.units <= strong.units and weak.clauses <= strong.clauses


def same_as(left: Event, right: Event) -> Same:
    """Whether two events concern the same image name, each read by its reader."""
    return same_image(left.image, right.image, left.reading, right.reading)


def is_left_to_the_caller(event: Event, name: Text) -> bool:
    """Whether a name's tag is a variable of the environment, in runs only for which somebody has set it: what he asks
    for by himself he has brought himself; by default there is another name."""
    tag = parse(name).tag
    part = tag.parts[0] if tag is not None and len(tag.parts) == 1 else None
    if not isinstance(part, Filling) or part.hole.kind is not HoleKind.ENVIRONMENT:
        return False
    return event.guards.asks_for_set(f"{part.hole.identity}{part.hole.part}")


def policy_is(event: Event, name: str) -> bool:
    return event.policy is not None and event.policy.literal == name


@dataclass(frozen=True)
class Match:
    """A breach that a predicate found. `variables` go into the rule's message; `subject` is equal for matches of
    several rules about one fault, of which only the most specific is reported. `unless_built` is a name that is no
    fault if another scenario of the project builds it; empty if that does not matter."""

    span: Span
    variables: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    places: tuple[Place, ...] = ()
    names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    label: str = ""
    local: bool = True
    subject: object = None
    consequence: str = ""
    certainty: Certainty = Certainty.CERTAIN
    unless_built: str = ""


Predicate = Callable[[Case], Iterator[Match]]


# --- places ----------------------------------------------------------------------------------------------------------


def place(event: Event) -> Place:
    """An event as a related place: where its name is written, or where the stage happens."""
    return Place(event.stage.value, str(event.image), event.span, note(event))


def note(event: Event) -> str:
    """How a stage came about: the tool, and the call in the entry procedure that led there."""
    tool = f"{event.tool} {event.stage.value}" if event.tool else event.stage.value
    callers = [span for span in event.trace[1:] if span.path]
    if callers and (callers[0].path, callers[0].line) != (event.span.path, event.span.line):
        return f"{tool}, reached from {callers[0].path}:{callers[0].line}"
    return tool


def names_of(**events: list[Event] | list[Text]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The names of several groups of events, in the notation of reports, without repetition."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for stage, group in events.items():
        texts = dict.fromkeys(str(each.image if isinstance(each, Event) else each) for each in group)
        if texts:
            found.append((stage, tuple(texts)))
    return tuple(found)


def written_at(text: Text, fallback: Span, part: Text | None = None) -> Span:
    """Where a name, or a part of it, is written: its first literal piece with a place."""
    for candidate in (part, text):
        if candidate is None:
            continue
        for piece in candidate.parts:
            if isinstance(piece, Piece) and piece.origin is not None and piece.origin.start.path:
                length = len(piece.text.partition("\n")[0]) if piece.origin.exact else 1
                return span_at(piece.origin.start, max(1, length))
    return fallback


def span_at(position: Position, length: int) -> Span:
    return Span(position.path, position.line, position.column, position.line, position.column + length)


def made_at(event: Event, part: Text) -> Span | None:
    """Where the unknown part of a name was asked for by the code that the event also runs through: the call on the
    common path from the entry point."""
    filling = _generated(part)
    if filling is None:
        return None
    common = _common(event, filling)
    # Without a common call the value was made when a module was loaded: nothing there is the event's own.
    return filling.trace[common] if common else None


def made_by_generator(event: Event, written: Span) -> bool:
    """Whether a place lies within what was called to make the unknown part of an event's name: then not the place but
    the call is the event's own."""
    filling = _generated(event.image)
    if filling is None:
        return False
    common = _common(event, filling)
    own = (*event.trace[common:], event.span)
    called = (each for each in filling.within[common:] if not any(each.contains(span) for span in own))
    return any(procedure.contains(written) for procedure in called)


def _generated(text: Text) -> Filling | None:
    for part in text.parts:
        if isinstance(part, Filling) and part.hole.kind is HoleKind.UNIQUE and part.trace:
            return part
    return None


def _common(event: Event, filling: Filling) -> int:
    """How many calls the event and the making of the unknown part have in common."""
    chain, path = filling.trace, (*event.trace, event.span)
    common = 0
    while common < min(len(chain), len(path)) and chain[common] == path[common]:
        common += 1
    return min(common, len(chain) - 1)


PROGRAM = "ko://"
"""What precedes the path of a program of which an image is to be built (ko 0.17)."""
_MARKS = (("${", "}"), ("{{", "}}"), ("__", "__"), ("<", ">"), ("%%", "%%"), ("@@", "@@"), ("{", "}"))


def placeholder(text: str) -> str:
    """A placeholder in a literal: `${NAME}`, `$NAME`, `{{ … }}`, `__NAME__`, `REPLACE_ME`, `<NAME>`, `{NAME}`, and
    what precedes the path of a program that ko is to build."""
    for opening, closing in _MARKS:
        start = text.find(opening)
        end = text.find(closing, start + len(opening)) if start >= 0 else -1
        name = text[start + len(opening) : end].strip() if end > 0 else ""
        if name and (opening in ("${", "{{") or name.replace("_", "").isupper()):
            return text[start : end + len(closing)]
    _, dollar, behind = text.partition("$")
    name = "".join(itertools.takewhile(lambda each: each == "_" or each.isalnum(), behind))
    if name and not name[0].isdigit():
        return dollar + name
    words = ("REPLACE_ME", "CHANGE_ME", "REPLACEME", "CHANGEME", PROGRAM)
    return next((word for word in words if word in text), "")


def literals(text: Text) -> list[str]:
    return [part for part in text.merged() if isinstance(part, str)]


# --- likeness --------------------------------------------------------------------------------------------------------


def candidates(event: Event, others: list[Event]) -> list[Event]:
    """The events whose image is about the same service, nearest first."""
    ranked: list[tuple[int, int, Event]] = []
    for other in others:
        strength = alike(event.reference, other.reference)
        if strength:
            ranked.append((-strength - int(_same_registry(event, other)), other.order, other))
    return [other for _, _, other in sorted(ranked, key=lambda item: item[:2])]


def _same_registry(left: Event, right: Event) -> bool:
    a, b = left.reference.registry, right.reference.registry
    return str(a) == str(b)


def has_unique(text: Text | None) -> bool:
    return text is not None and any(hole.kind is HoleKind.UNIQUE for hole in text.holes)


def share_made_tag(use: Event, made: Event) -> bool:
    """Whether two names have one tag that this run made: whatever they are called, the run made both."""
    tag, other = use.reference.tag, made.reference.tag
    return tag is not None and other is not None and has_unique(tag) and equal(tag, other)


def bare(text: Text) -> Text:
    for prefix in ("localhost/", "docker.io/library/", "docker.io/"):
        rest = text.without_prefix(prefix)
        if rest is not None:
            return rest
    return text
