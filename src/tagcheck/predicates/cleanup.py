"""4xx: cleaning up."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.comparison import Same
from tagcheck.events import Event, Stage
from tagcheck.image import fault
from tagcheck.predicates.model import Case, Match, names_of, place, same_as


def image_not_removed(case: Case) -> Iterator[Match]:
    """TC401: a scenario that has its own teardown builds an image that nothing removes."""
    if not case.scenario.is_whole:
        return
    cleaned = [event for event in case.events(Stage.PRUNED) if event.everything]
    seen: set[tuple[object, ...]] = set()
    for event in case.events(Stage.BUILT):
        removed = case.events(Stage.REMOVED)
        if cleaned or any(same_as(event, each) is not Same.NO for each in removed):
            continue
        if case.is_third_party(event.reference):
            # An image of a node of kind, which is kept from one run to the next.
            continue
        if not event.image.parts or event.assumed or (event.span, event.trace) in seen:
            continue
        if event.stays or event.away or fault(event.image):
            # What stays in its builder is none of the host's; what cannot be a name is never built.
            continue
        if event.host:
            # The host goes, and the image with it.
            continue
        seen.add((event.span, event.trace))
        yield Match(
            span=event.trace[1] if len(event.trace) > 1 else event.span,
            variables={"image": str(event.image), "built": str(event.image), "scenario": case.scenario.name},
            places=(place(event),),
            names=names_of(built=[event]),
            label=f"BUILT {event.image}",
            subject=("stays", event.image),
        )


def stack_not_down(case: Case) -> Iterator[Match]:
    """TC403: a scenario that has its own teardown starts a stack that nothing stops."""
    ups = case.events(Stage.STACK_UP)
    if not case.scenario.is_whole or not ups or case.events(Stage.STACK_DOWN):
        return
    yield Match(
        span=ups[0].trace[1] if len(ups[0].trace) > 1 else ups[0].span,
        variables={"stack": str(ups[0].image), "tool": ups[0].tool, "scenario": case.scenario.name},
        places=(place(ups[0]),),
        label="started here",
    )


def unfiltered_prune(case: Case) -> Iterator[Match]:
    """TC402: a prune that deletes other teams' images."""
    for event in case.events(Stage.PRUNED):
        if event.everything and not event.filtered and not event.host:
            yield _prune(event)


def _prune(event: Event) -> Match:
    return Match(
        span=event.span,
        variables={"tool": event.tool, "stage": "prune"},
        places=(place(event),),
        label="PRUNED without a filter",
    )
