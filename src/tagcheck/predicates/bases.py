"""What builds start from, held against what the scenario has made before."""

from __future__ import annotations

from tagcheck.comparison import Same, equal
from tagcheck.events import MADE, Event, Stage
from tagcheck.image import alike, same_image
from tagcheck.predicates.model import (
    SUPPLIED,
    Case,
    bare,
    candidates,
    is_left_to_the_caller,
    same_as,
    share_made_tag,
)
from tagcheck.values import Text

TAKEN = (Stage.DEPLOYED, Stage.RUN, Stage.PUSHED, Stage.SAVED, Stage.LOADED, Stage.BASE, Stage.NAMED)
"""What an image may be made for."""


def missing_base(case: Case, event: Event) -> Event | None:
    """The image that a build should have started from, if it names none that the scenario has and was meant to take
    one that the scenario has made before."""
    if any(same_as(event, each) is not Same.NO for each in case.anywhere(event, *SUPPLIED)):
        return None
    if case.is_third_party(event.reference) or is_left_to_the_caller(event, event.image):
        return None
    made = (each for each in case.anywhere(event, *MADE) if each.host == event.host and each.before(event))
    near = [each for each in made if alike(event.reference, each.reference) == 3]
    return next((each for each in candidates(event, near) if _is_base(case, event, each)), None)


def _is_base(case: Case, event: Event, made: Event) -> bool:
    """Whether a build was meant to start from an image. A registry has other images of the same name: it must be clear
    that none is meant, and that nothing else is what the image was made for."""
    mine, theirs = event.reference, made.reference
    if case.is_local_registry(mine) or share_made_tag(event, made):
        return True
    if not equal(bare(mine.name), bare(theirs.name)) or not (mine.registry is None or _has_holes(mine.tag)):
        return False
    later = case.events(*TAKEN)
    sources = (each.source for each in case.events(Stage.TAGGED) if each.source is not None)
    return all(same_as(each, made) is Same.NO for each in later) and all(
        same_image(source, made.image) is Same.NO for source in sources
    )


def _has_holes(text: Text | None) -> bool:
    return text is not None and bool(text.holes)
