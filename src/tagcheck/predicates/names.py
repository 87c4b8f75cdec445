"""1xx: one name by itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from tagcheck.comparison import Same
from tagcheck.events import MADE, Event, Stage
from tagcheck.finding import Tier
from tagcheck.guards import Guards
from tagcheck.image import Reference, fault, same_image, words
from tagcheck.predicates.model import (
    PROGRAM,
    Case,
    Match,
    compatible,
    literals,
    made_at,
    names_of,
    place,
    placeholder,
    same_as,
    written_at,
)
from tagcheck.source import Span
from tagcheck.values import Filling, HoleKind, Piece, Text

NAMED = (
    *MADE,
    *(Stage.PULLED, Stage.SAVED, Stage.LOADED, Stage.PUSHED),
    *(Stage.DEPLOYED, Stage.RUN, Stage.BASE),
)
USED = (Stage.DEPLOYED, Stage.RUN, Stage.BASE)
_SAID = {Stage.BASE: "the base of a build", Stage.NAMED: "named in an object"}
"""Stages whose name is no participle, as a message says that an image 'is' them."""
SETTABLE = (HoleKind.ENVIRONMENT, HoleKind.PARAMETER)


def _match(case: Case, event: Event, span: Span, **variables: object) -> Match:
    related = case.named_as(event, *NAMED)[:6]
    return Match(
        span=span,
        variables={
            "image": str(event.image),
            "stage": _SAID.get(event.stage, event.stage.value),
            "tag": str(event.reference.tag or ""),
            "tool": event.tool,
            "workload": event.workload,
            **variables,
        },
        places=tuple(place(each) for each in related),
        names=names_of(**{event.stage.value: [event]}),
        label=f"{event.stage.value.upper()} {event.image}",
        local=case.is_local(event),
    )


def _overridable(case: Case, event: Event) -> bool:
    """Whether the same stage at the same place gets its tag from outside in another case of the run, or one that varies
    where what makes it succeeds."""
    if _is_given_elsewhere(case, event):
        return True
    return any(tag.holes and _by_outcome(event.guards, guards) for guards, tag in _tags_of_other_cases(case, event))


def _is_given_elsewhere(case: Case, event: Event) -> bool:
    """Whether the same stage at the same place gets its tag from outside in another case of the run."""
    tags = (tag for _, tag in _tags_of_other_cases(case, event))
    return any(hole.kind in SETTABLE for tag in tags for hole in tag.holes)


def _tags_of_other_cases(case: Case, event: Event) -> Iterator[tuple[Guards, Text]]:
    """The tags at the same place in the cases that exclude this one. What happens together with it in one run is two
    names of one command, not two cases of one name."""
    for other in case.events(event.stage):
        if other is event or other.span != event.span or other.trace != event.trace:
            continue
        if other.reference.tag is not None and not compatible(other.guards, event.guards):
            yield other.guards, other.reference.tag


def _by_outcome(left: Guards, right: Guards) -> bool:
    """Whether two cases are told apart only by what came of something that ran."""
    opposite = [name for name, holds in left.units if (name, not holds) in right.units]
    return bool(opposite) and all(name.startswith("~") for name in opposite)


def _distinct(case: Case, *stages: Stage) -> Iterator[Event]:
    """One event for each name, the earliest of the first stage that has it."""
    seen: set[Text] = set()
    for stage in stages:
        for event in case.events(stage):
            if event.image not in seen:
                seen.add(event.image)
                yield event


def static_tag(case: Case) -> Iterator[Match]:
    """TC101: a local image with a tag that is the same on every run."""
    told: set[str] = set()
    for event in _distinct(case, *MADE, Stage.LOADED, Stage.RUN, Stage.DEPLOYED):
        reference = event.reference
        if event.image.holes or reference.tag is None or reference.digest is not None or not event.kubelet:
            continue
        literal = reference.tag.literal or ""
        if not literal or literal == "latest" or fault(event.image) or placeholder(literal):
            continue
        local = case.is_local(event) and _is_made_here(case, event)
        if local and not _overridable(case, event) and not _is_release(case, event):
            if str(event.image) in told:
                # One name is one, whatever pieces it is put together from.
                continue
            told.add(str(event.image))
            match = _match(case, event, written_at(event.image, event.span, reference.tag))
            made = event.stage in MADE
            # A name that another scenario of the project builds is not this scenario's to choose.
            yield match if made else replace(match, unless_built=event.image.literal or "")


def _is_release(case: Case, event: Event) -> bool:
    """Whether an image is published: pushed to a registry that is not local by something that is no test. Its tag is
    its version."""
    if case.tier is not Tier.UNKNOWN or case.is_local_registry(event.reference):
        return False
    return any(same_as(event, each) is Same.YES for each in case.events(Stage.PUSHED))


def _is_made_here(case: Case, event: Event) -> bool:
    """A name that a registry supplies is not this scenario's to choose."""
    if event.stage is Stage.BUILT:
        return True
    if is_copy(case, event):
        return False
    if event.stage is Stage.TAGGED:
        return True
    pulled = any(same_as(event, each) is Same.YES for each in case.together(event, Stage.PULLED))
    return not pulled


def is_copy(case: Case, event: Event) -> bool:
    """Whether a name was only given to an image that comes from a registry."""
    if any(same_as(event, each) is Same.YES for each in case.together(event, Stage.BUILT)):
        return False
    tagged = [each for each in case.anywhere(event, Stage.TAGGED) if same_as(event, each) is Same.YES]
    pulled = case.events(Stage.PULLED)
    sources = [each.source for each in tagged if each.source is not None]
    return any(same_image(source, each.image) is Same.YES for source in sources for each in pulled)


def latest_tag(case: Case) -> Iterator[Match]:
    """TC102: `:latest` written out."""
    for event in _by_tag(case):
        tag = event.reference.tag
        if tag is not None and tag.literal == "latest" and event.reference.digest is None:
            yield _match(case, event, written_at(event.image, event.span, tag))


def missing_tag(case: Case) -> Iterator[Match]:
    """TC103: no tag and no digest."""
    for event in _by_tag(case):
        reference = event.reference
        if reference.tag is None and reference.tag_known and reference.digest is None and reference.repository.parts:
            yield _match(case, event, _end_of(event))


def _by_tag(case: Case) -> Iterator[Event]:
    for event in _distinct(case, *NAMED):
        if (
            event.implicit
            or not event.kubelet
            or fault(event.image)
            or _overridable(case, event)
            or "<?>" in str(event.reference.name)
        ):
            continue
        used = event.stage in USED or bool(case.named_as(event, *USED))
        if case.is_local(event) or (used and not _is_scratch(event)):
            yield event


def _is_scratch(event: Event) -> bool:
    """Names that stand for something other than an image: a placeholder, a template's rest, what ko is to build."""
    return any(mark in str(event.image) for mark in ("${", "{{", "<?>", PROGRAM))


def _end_of(event: Event) -> Span:
    for part in reversed(event.image.parts):
        if isinstance(part, Piece) and part.origin is not None:
            return written_at(Text((part,)), event.span)
    return event.span


def unpinned_image(case: Case) -> Iterator[Match]:
    """TC111: an image that is somebody else's and comes from a registry, without a digest."""
    for event in _distinct(case, Stage.DEPLOYED, Stage.RUN, Stage.PULLED):
        reference = event.reference
        known = not event.image.holes and reference.digest is None and reference.repository.parts
        if not known or not event.kubelet or fault(event.image) or _is_scratch(event) or case.is_local(event):
            continue
        if not any(same_as(event, each) is not Same.NO for each in case.project.mentioned if each.stage in MADE):
            match = _match(case, event, _end_of(event))
            yield replace(match, unless_built=event.image.literal or "")


def invalid_reference(case: Case) -> Iterator[Match]:
    """TC104: cannot be an image name."""
    for event in _distinct(case, *NAMED):
        reason = fault(event.image)
        written = str(event.image)
        if not reason or not event.kubelet or _is_scratch(event) or "$" in written or "<no value>" in written:
            continue
        # A field that nobody set is empty too, and what fills it may lie out of sight.
        if not event.image.parts or any(hole.kind is HoleKind.OPAQUE for hole in event.image.holes):
            continue
        if any(map(placeholder, literals(event.image))) or _is_filled_in_later(case, event):
            continue
        # The rest of a name whose variable, or option, is empty by default: whoever runs this says what it is, and so
        # does whoever installs a chart, or calls another file that only states what it would use.
        if _lacks_part(event) and _is_left_to_others(case, event):
            continue
        yield _match(case, event, written_at(event.image, event.span), reason=reason)


def _is_left_to_others(case: Case, event: Event) -> bool:
    if event.guards.asks_for_unset() or _is_given_elsewhere(case, event):
        return True
    return not case.scenario.is_run and _is_composed(event.image)


def _lacks_part(event: Event) -> bool:
    tag = event.reference.tag
    return (tag is not None and not tag.parts) or event.image.leading.startswith(("/", ":"))


def _is_composed(image: Text) -> bool:
    """Whether a name is put together from values, instead of being written out."""
    return len(image.parts) > 1 or not any(character.isalnum() for text in literals(image) for character in text)


def _is_filled_in_later(case: Case, event: Event) -> bool:
    """A word in capitals in a file that is not seen to be applied, or as the base of a build, which it cannot be: the
    name of what is put there."""
    if case.scenario.is_run and event.stage is not Stage.BASE:
        return False
    texts = literals(event.reference.repository)
    return any(text.isupper() for text in texts) or any(map(_asks_for, "/".join(texts).split("/")))


def _asks_for(component: str) -> bool:
    """Whether a part of a path tells its reader to put something there: `YOUR_ALIAS`, `[YOUR ID]`."""
    return component.isupper() and not component.strip("[]").isalnum()


def service_tag_format(case: Case) -> Iterator[Match]:
    """TC105: a service image's tag cannot match the configured format. Only a tag that is unique in part is judged:
    static and weak ones have rules of their own."""
    for event in _distinct(case, Stage.BUILT):
        tag = event.reference.tag
        if tag is None or not _judged(tag) or is_infrastructure(case, event.reference) or not is_service(case, event):
            continue
        if not _can_match(case.config.service_tag, tag):
            yield _match(case, event, _tag_place(event, tag), expected=case.config.service_tag.pattern)


def infrastructure_image_format(case: Case) -> Iterator[Match]:
    """TC106: an infrastructure image's name cannot match the configured format."""
    for event in _distinct(case, Stage.BUILT):
        tag = event.reference.tag
        if tag is None or not _judged(event.image) or not is_infrastructure(case, event.reference):
            continue
        pattern = case.config.infrastructure_image
        shown = event.image
        if event.reading == "podman-build" and event.reference.registry is None:
            shown = Text.of("localhost/") + event.image
        if not _can_match(pattern, shown):
            yield _match(case, event, _tag_place(event, tag), expected=pattern.pattern)


def _judged(text: Text) -> bool:
    """Formats are held against names that are generated in the project, of which every part is known in kind."""
    kinds = {hole.kind for hole in text.holes}
    return HoleKind.UNIQUE in kinds and kinds <= {HoleKind.UNIQUE, HoleKind.OUTPUT}


def _tag_place(event: Event, tag: Text) -> Span:
    return written_at(event.image, made_at(event, tag) or event.span, tag)


def is_infrastructure(case: Case, reference: Reference) -> bool:
    last = "-".join(words(reference.repository))
    return any(pattern.fullmatch(last) for pattern in case.config.infrastructure)


def is_service(case: Case, event: Event) -> bool:
    if case.tier is Tier.PRODUCTION:
        return False
    last = "-".join(words(event.reference.repository))
    services = case.config.services
    return any(pattern.fullmatch(last) for pattern in services)


_SAMPLES = (
    *("a5f3c2e9", "0a1b2c3", "1734278400", "5", "gateway"),
    *("a5f3c2e9-0000-4000-8000-a5f3c2e9a5f3", "0a1b2c3d4e5f6a7b"),
)
"""Values that an unknown part may have: of the kinds that generators make (hex digits of a uuid or a commit, a clock's
seconds, a digit, a word, a whole uuid, a clock's nanoseconds in hex)."""


def _can_match(pattern: re.Pattern[str], text: Text) -> bool:
    """Whether some value of the unknown parts gives a text that matches completely."""
    parts = text.merged()
    if sum(not isinstance(part, str) for part in parts) > 4:
        return True
    choices = [(part,) if isinstance(part, str) else _SAMPLES for part in parts]
    return any(pattern.fullmatch("".join(row)) for row in itertools.product(*choices))


def implicit_compose_name(case: Case) -> Iterator[Match]:
    """TC110: a service that is built gets its image's name from the tool."""
    for event in _distinct(case, Stage.BUILT):
        if event.implicit:
            yield _match(case, event, event.span)


def weak_tag(case: Case) -> Iterator[Match]:
    """TC109: a tag that varies and can still collide between teams or runs."""
    for event in _distinct(case, *MADE):
        tag = event.reference.tag
        if tag is None or not tag.holes or event.reference.digest is not None:
            continue
        reasons = [part.hole.weak for part in tag.parts if isinstance(part, Filling)]
        if reasons and all(reasons) and not any(h.kind in SETTABLE for h in event.reference.name.holes):
            span = made_at(event, tag) or written_at(event.image, event.span, tag)
            yield _match(case, event, span, reason=" and ".join(dict.fromkeys(reasons)))
