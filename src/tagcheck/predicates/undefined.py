"""TC213: names made from variables that nothing sets."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.events import Event, Stage
from tagcheck.predicates.model import PRESENT, Case, Match, names_of, place, placeholder, written_at
from tagcheck.predicates.stages import NEEDS_LOCAL, USES, literals, mismatches
from tagcheck.values import WITHHELD, Filling, HoleKind

NO_VALUE = "<no value>"
"""What Go's text/template writes for a key that is not there."""


def undefined_variable(case: Case) -> Iterator[Match]:
    """TC213: a part of a name comes from a variable that nothing sets."""
    for event in case.events(*PRESENT, *NEEDS_LOCAL, *USES):
        if any(NO_VALUE in text for text in literals(event.image)):
            yield _without_value(event)
        for part in _variables(event):
            if part.hole.identity.startswith(WITHHELD) and part.hole.identity not in repr(event.guards):
                yield _without_value(event, part.hole.label, "make has it and does not export it")
    for event in case.events(Stage.DEPLOYED) if case.scenario.unlisted else ():
        left = next(filter(None, map(placeholder, literals(event.image))), "")
        if left.strip("${}") in case.scenario.unlisted and event.kubelet:
            yield _without_value(event, left.strip("${}"), "the list of the substitution does not name it")
    for found in mismatches(case):
        unset = next((each for each in _variables(found.use) if each.hole.identity in case.scenario.unset), None)
        if unset is not None:
            span = unset.site or written_at(found.use.image, found.use.span)
            reason = "no file of the project mentions it but to read it"
            yield found.match(span, variable=unset.hole.label, reason=reason)


def _variables(event: Event) -> Iterator[Filling]:
    for part in event.image.parts:
        if isinstance(part, Filling) and part.hole.kind is HoleKind.ENVIRONMENT:
            yield part


def _without_value(event: Event, variable: str = "", reason: str = "") -> Match:
    return Match(
        span=written_at(event.image, event.span),
        variables={"image": str(event.image), "stage": event.stage.value, "variable": variable, "reason": reason},
        places=(place(event),),
        names=names_of(**{event.stage.value: [event]}),
        label=f"{event.stage.value.upper()} {event.image}",
        subject=("use", event.image, event.span),
        consequence="InvalidImageName",
    )
