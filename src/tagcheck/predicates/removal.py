"""4xx: what teardowns remove, held against what was made."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.comparison import Same, same
from tagcheck.events import MADE, Event, Stage
from tagcheck.image import alike
from tagcheck.predicates.model import NAMELESS, Case, Match, names_of, place, same_as
from tagcheck.predicates.stages import blame
from tagcheck.values import HoleKind

MENTIONS = tuple(stage for stage in Stage if stage not in (Stage.REMOVED, Stage.OFFERED, *NAMELESS))
"""Any use of a name: a container that is run, or a base of a build, brings its image into the engine too."""


def removed_name_mismatch(case: Case) -> Iterator[Match]:
    """TC404: a name is removed that nothing makes or uses, while a like image that is made is never removed."""
    if not case.scenario.is_run:
        return
    for removed in case.events(Stage.REMOVED):
        left = _left(case, removed) if _is_judged(removed) else None
        if left is not None:
            yield _mismatch(removed, left)


def _is_judged(removed: Event) -> bool:
    """Only names of which every part is known in kind, in the engine of the host."""
    known = all(hole.kind is not HoleKind.OPAQUE for hole in removed.image.holes)
    return known and bool(removed.image.parts) and removed.store is None


def _left(case: Case, removed: Event) -> Event | None:
    """The image that the removal should have named; None if there is no evidence for one."""
    if case.events(*MENTIONS):
        made, removals = _beside(case, removed)
    else:
        made, removals = _in_project(case, removed)
    return next((each for each in made if _is_meant(case, removed, each) and _stays(each, removals)), None)


def _beside(case: Case, removed: Event) -> tuple[list[Event], list[Event]]:
    """What a scenario makes before a removal, and all that it removes; nothing where the removal may be right."""
    if any(same_as(removed, each) is not Same.NO for each in case.events(*MENTIONS)):
        return [], []
    # A suite may clean up after another one, unless nothing of that one's image is known.
    others = (each for each in case.project.mentioned if alike(removed.reference, each.reference))
    if any(same_as(removed, each) is not Same.NO for each in others):
        return [], []
    # What is not known may be what makes the name that is removed, or what removes the other.
    if not case.knows_images:
        return [], []
    made = [each for each in case.together(removed, *MADE) if each.before(removed)]
    return made, case.events(Stage.REMOVED, Stage.PRUNED)


def _in_project(case: Case, removed: Event) -> tuple[list[Event], list[Event]]:
    """For a scenario that only cleans up: what the project builds, and all that it removes."""
    mentioned = case.project.mentioned
    if any(same_as(removed, each) is not Same.NO for each in mentioned):
        return [], []
    made = [each for each in mentioned if each.stage is Stage.BUILT and not each.host]
    return made, [*case.project.removed, *case.events(Stage.PRUNED)]


def _is_meant(case: Case, removed: Event, made: Event) -> bool:
    """Whether a removal is of the service of which an image is made."""
    if made.assumed or not made.image.parts or case.is_third_party(removed.reference):
        return False
    mine, theirs = removed.reference, made.reference
    strength = alike(mine, theirs)
    if str(mine.registry) != str(theirs.registry) and not (strength == 3 and mine.is_local_name):
        return False
    one_tag = mine.tag is not None and theirs.tag is not None and same(mine.tag, theirs.tag) is Same.YES
    return strength == 3 or (strength == 2 and one_tag)


def _stays(made: Event, removals: list[Event]) -> bool:
    """Whether nothing can remove an image."""
    return not any(each.stage is Stage.PRUNED or same_as(made, each) is not Same.NO for each in removals)


def _mismatch(removed: Event, left: Event) -> Match:
    return Match(
        span=blame(removed, left),
        variables={"image": str(removed.image), "built": str(left.image), "tool": removed.tool},
        places=(place(left), place(removed)),
        names=names_of(built=[left], removed=[removed]),
        label=f"REMOVED {removed.image}",
        subject=("stays", left.image),
        unless_built=removed.image.literal or "",
    )
