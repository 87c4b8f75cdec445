"""1xx: builds that give their result no name."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.comparison import Same
from tagcheck.events import Event, Stage
from tagcheck.image import parse
from tagcheck.predicates.model import PRESENT, Case, Match, place, same_as
from tagcheck.predicates.stages import NEEDS_LOCAL, USES
from tagcheck.values import HoleKind, Text

NEEDS = (*NEEDS_LOCAL, *USES)


def unnamed_build(case: Case) -> Iterator[Match]:
    """TC112: a build gives its result no name, though the names are computed beside it: names that are offered to
    builds and that none takes, or the one name that the rest of the run needs and nothing makes."""
    if not case.scenario.is_run:
        return
    for build in case.events(Stage.UNNAMED):
        meant = _not_taken(case, build) or _needed(case, build)
        if meant is not None:
            yield _without_name(build, meant)


def _not_taken(case: Case, build: Event) -> Event | None:
    """A name that was offered on the build's host before it, and that no image has; the build must push what it makes,
    or something later needs the name: else the build may only check that the image can be built."""
    for offer in case.together(build, Stage.OFFERED):
        if offer.host != build.host or not offer.before(build) or not offer.image.parts:
            continue
        if any(same_as(offer, each) is not Same.NO for each in case.events(*PRESENT)):
            continue
        later = (each for each in case.together(build, *NEEDS) if build.before(each))
        if build.wanted or (case.knows_images and any(same_as(offer, each) is Same.YES for each in later)):
            return offer
    return None


def _needed(case: Case, build: Event) -> Event | None:
    """What the run needs after its only build, if that has no name: a local image that nothing in the project makes."""
    if case.events(*PRESENT) or len(case.events(Stage.UNNAMED)) > 1 or not case.knows_images:
        return None
    for event in case.together(build, *NEEDS_LOCAL):
        name = event.source if event.stage is Stage.TAGGED else event.image
        if name is None or event.host != build.host or event.archive is not None or not build.before(event):
            continue
        if _is_known(name) and not _is_made_elsewhere(case, event, name):
            return event
    return None


def _is_known(name: Text) -> bool:
    repository = parse(name).repository
    return bool(repository.literal) and all(hole.kind is not HoleKind.OPAQUE for hole in name.holes)


def _is_made_elsewhere(case: Case, event: Event, name: Text) -> bool:
    """Whether something else in the project may make an image of this name, or it is somebody else's."""
    probe = Event(event.stage, name, event.span, event.order, reading=event.reading)
    if case.is_third_party(probe.reference):
        return True
    made = (each for each in case.project.mentioned if each.stage in PRESENT)
    return any(same_as(probe, each) is not Same.NO for each in made)


def _without_name(build: Event, meant: Event) -> Match:
    name = meant.source if meant.stage is Stage.TAGGED and meant.source is not None else meant.image
    return Match(
        span=build.span,
        variables={"image": str(name), "stage": meant.stage.value, "tool": build.tool},
        places=(place(build), place(meant)),
        names=((meant.stage.value, (str(name),)),),
        label="BUILT without a name",
        subject=("unnamed", build.span),
        unless_built="" if meant.stage is Stage.OFFERED else name.literal or "",
    )
