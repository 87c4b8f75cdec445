"""2xx: images of one deployment of which some are overridden and one is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tagcheck.comparison import Same
from tagcheck.events import MADE, Event, Override, Stage
from tagcheck.finding import Place
from tagcheck.image import alike
from tagcheck.predicates.model import SUPPLIED, Case, Match, same_as, written_at
from tagcheck.predicates.stages import USES, Mismatch, mismatches
from tagcheck.source import Span
from tagcheck.values import Piece, Text

BROUGHT = (Stage.LOADED, Stage.PUSHED)


def missing_override(case: Case) -> Iterator[Match]:
    """TC212: an image keeps its default, which the scenario does not supply, though it makes a like one, and what is
    deployed with it has its name from elsewhere and is what the scenario makes."""
    twice = [each for missed in case.scenario.missed if missed.is_repeated for each in _set_twice(case, missed)]
    for missed, found in twice:
        yield found.match(missed.span, override=missed.wanted)
    left = [each for missed in case.scenario.missed if missed.given is not None for each in _not_given(case, missed)]
    for missed, found in left:
        yield found.match(missed.span, variable=missed.wanted)
    half = [each for missed in case.scenario.missed if missed.is_repeated for each in _half_overridden(case, missed)]
    for missed, found in half:
        # What would run there is not made here.
        yield found.match(missed.span, override=missed.wanted, candidate="")
    told = {id(found.use) for _, found in (*twice, *left, *half)}
    known = {id(found.use) for found in mismatches(case)}
    for found in (*mismatches(case), *_other_registry(case, known)):
        apart = 1 if id(found.use) in known else 0
        sibling = _overridden_beside(case, found, apart) if id(found.use) not in told else None
        if sibling is not None:
            yield _left_at_default(found, sibling)


def _set_twice(case: Case, missed: Override) -> Iterator[tuple[Override, Mismatch]]:
    """A key that is set again, to an image that the scenario makes, while the like image keeps its default."""
    probe = Event(Stage.NAMED, missed.image, missed.span, missed.order, guards=missed.guards, trace=missed.trace)
    made = [each for each in case.together(probe, *MADE) if same_as(probe, each) is Same.YES]
    uses = [use for use in case.together(probe, Stage.DEPLOYED) if use.trace == missed.trace and _is_default(case, use)]
    found = (use for use in uses if alike(use.reference, probe.reference) == 3)
    yield from ((missed, Mismatch(case, use, made[0])) for use in found if made)


def _half_overridden(case: Case, missed: Override) -> Iterator[tuple[Override, Mismatch]]:
    """A tag that is set twice by one command, while an image beside it, whose repository comes from where those of the
    images with that tag come from, keeps the tag that the chart has."""
    probe = Event(Stage.NAMED, missed.image, missed.span, missed.order, guards=missed.guards, trace=missed.trace)
    uses = [each for each in case.together(probe, Stage.DEPLOYED) if each.trace == missed.trace and each.kubelet]
    set_ = [each for each in uses if missed.image.holes and each.reference.tag == missed.image]
    known = {str(each.reference.name) for each in set_}
    for use in uses:
        tag, holes = use.reference.tag, set(use.reference.name.holes)
        beside = next((each for each in set_ if holes and set(each.reference.name.holes) == holes), None)
        if beside is not None and tag is not None and not tag.holes and str(use.reference.name) not in known:
            yield missed, Mismatch(case, use, beside)


def _not_given(case: Case, missed: Override) -> Iterator[tuple[Override, Mismatch]]:
    """What is deployed as a variable is by itself, though the run that built was given another image by it, which is
    brought to the cluster and which nothing uses where that is deployed."""
    probe = Event(Stage.NAMED, missed.image, missed.span, missed.order, guards=missed.guards, trace=missed.trace)
    made = [each for each in case.together(probe, *MADE) if each.image == missed.given and each.order <= missed.order]
    for use in case.together(probe, Stage.DEPLOYED) if made else ():
        here = missed.order < use.order <= missed.until and same_as(use, probe) is Same.YES
        if here and _is_default(case, use) and _is_unused(case, made[0], case.together(use, *USES, Stage.NAMED)):
            yield missed, Mismatch(case, use, made[0])


def _is_default(case: Case, use: Event) -> bool:
    """Whether an image that is deployed is written out and is none that the scenario supplies."""
    if not use.kubelet or use.image.holes or case.is_third_party(use.reference):
        return False
    return all(same_as(use, each) is Same.NO for each in case.anywhere(use, *SUPPLIED))


def _other_registry(case: Case, known: set[int]) -> Iterator[Mismatch]:
    """Defaults that are published under another name than the one that is built here."""
    for use in case.events(Stage.DEPLOYED):
        if id(use) in known or not _is_default(case, use):
            continue
        made = next((each for each in case.together(use, *MADE) if _is_left_over(case, use, each)), None)
        if made is not None:
            yield Mismatch(case, use, made)


def _is_left_over(case: Case, use: Event, made: Event) -> bool:
    """Whether a like image is brought to the cluster and nothing uses it."""
    uses = case.events(*USES, Stage.NAMED)
    return alike(use.reference, made.reference) == 3 and _is_unused(case, made, uses)


def _is_unused(case: Case, made: Event, uses: list[Event]) -> bool:
    """Whether an image is brought to the cluster and none of the uses is of it."""
    if not any(same_as(made, each) is Same.YES for each in case.together(made, *BROUGHT)):
        return False
    return not any(same_as(made, each) is not Same.NO for each in uses)


def _overridden_beside(case: Case, found: Mismatch, apart: int) -> Event | None:
    """Another image of the same deployment that has its name from elsewhere, and that the scenario makes. What is
    deployed and what overrides it may stand in procedures of their own, as many calls `apart` from the one that calls
    both."""
    use = found.use
    home = _home(use)
    if home is None:
        return None
    for other in case.together(use, Stage.DEPLOYED):
        if not _is_near(use.trace, other.trace, apart) or other.host != use.host:
            continue
        if other.span != use.span and not use.before(other):
            continue
        supplied = any(same_as(other, each) is Same.YES for each in case.together(use, *MADE))
        if supplied and _is_another(other, found) and _is_from_elsewhere(other, home):
            return other
    return None


def _is_another(other: Event, found: Mismatch) -> bool:
    """Whether an image is less like the one that is deployed than that which is made for it."""
    near = alike(found.candidate.reference, found.use.reference)
    return alike(other.reference, found.use.reference) < near


def _is_near(one: tuple[Span, ...], other: tuple[Span, ...], apart: int) -> bool:
    """Whether two chains of calls differ in no more than their last ones."""
    common = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return max(len(one), len(other)) - common <= apart


def _home(use: Event) -> str | None:
    """The file that a default, or the tag that makes it one, stands in, if it is not one of those that deploy it."""
    path = _default_at(use).path if use.image.literal is not None else ""
    return None if not path or any(span.path == path for span in use.trace) else path


def _default_at(use: Event) -> Span:
    """Where the end of a name is written: what is left at its default is the tag, if not all of it."""
    return written_at(Text(use.image.parts[-1:]), Span("", 1, 1, 1, 1))


def _is_from_elsewhere(event: Event, home: str) -> bool:
    """Whether a name, or a part of it, does not stand in a file."""
    sites = [part.origin.start.path if part.origin else "" for part in event.image.parts if isinstance(part, Piece)]
    return bool(event.image.holes) or any(path and path != home for path in sites)


def _left_at_default(found: Mismatch, sibling: Event) -> Match:
    """The match where the override is missing: the command that overrides the others, else the default."""
    default = _default_at(found.use)
    here = default if sibling.span.path == default.path else sibling.span
    match = found.match(here, sibling=str(sibling.image))
    at_default = Place("default", str(found.use.image), default, "the default")
    return replace(match, places=(*match.places, at_default))
