"""1xx: tags that vary: whether somebody can set them, and what they look like in CI."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from tagcheck.comparison import Same
from tagcheck.events import Event, Stage
from tagcheck.finding import Tier
from tagcheck.predicates.model import Case, Match, made_at, names_of, place, same_as, written_at
from tagcheck.predicates.names import is_infrastructure, is_service
from tagcheck.source import Span
from tagcheck.values import Filling, Hole, HoleKind, Text

KNOWN_TO_SAY_NOTHING = (HoleKind.OPAQUE, HoleKind.PARAMETER)
_SAMPLES = ("a5f3c2e9", "5", "ci-a5f3c2e9-5", "ci-a5f3c2e9", "a5f3c2e9-5")
"""Values that an unknown part of a CI tag may have: a hash, a number, all of the tag, half of it."""
MOST_HOLES = 4


def tag_not_overridable(case: Case) -> Iterator[Match]:
    """TC107: the tag is generated within the very command that builds: no variable, parameter or result has it."""
    for event in case.events(Stage.BUILT):
        tag = event.reference.tag
        if tag is None or event.host or event.assumed or _is_open(tag):
            continue
        made = next(
            (part.site for part in tag.parts if isinstance(part, Filling) and _is_made_within(part, event)), None
        )
        if made is not None:
            yield _match(event, made)


def _is_open(tag: Text) -> bool:
    """Whether somebody outside can have a say in a tag, or what makes it is not known."""
    kinds = {hole.kind for hole in tag.holes}
    return bool(kinds & {HoleKind.ENVIRONMENT, *KNOWN_TO_SAY_NOTHING})


def _is_made_within(part: Filling, event: Event) -> bool:
    is_generated = part.hole.kind is HoleKind.UNIQUE and not part.hole.weak
    return is_generated and part.site is not None and event.span.contains(part.site)


def ci_tag_format(case: Case) -> Iterator[Match]:
    """TC108: what a CI job of a test tier builds has a tag that cannot have the configured form. Only images that the
    configuration names are held against it, and none that is published: that is no test's own. Tags that do not vary,
    or can collide, have rules of their own."""
    if case.tier not in (Tier.E2E, Tier.INTEGRATION):
        return
    seen: set[Text] = set()
    for event in case.events(Stage.BUILT):
        tag = event.reference.tag
        if not event.host or tag is None or event.image in seen or event.implicit or not _is_judged(tag):
            continue
        seen.add(event.image)
        if not is_infrastructure(case, event.reference) and not is_service(case, event):
            continue
        published = any(same_as(event, each) is not Same.NO for each in case.events(Stage.PUSHED))
        if not published and not _can_match(case.config.ci_tag, tag):
            span = written_at(event.image, made_at(event, tag) or event.span, tag)
            yield _match(event, span, expected=case.config.ci_tag.pattern)


def _is_judged(tag: Text) -> bool:
    holes = tag.holes
    told = all(hole.kind not in KNOWN_TO_SAY_NOTHING for hole in holes)
    return bool(holes) and told and len(holes) <= MOST_HOLES and not all(hole.weak for hole in holes)


def _can_match(pattern: re.Pattern[str], tag: Text) -> bool:
    choices = [_SAMPLES if isinstance(part, Hole) else (part,) for part in tag.merged()]
    return any(pattern.fullmatch("".join(row)) for row in itertools.product(*choices))


def _match(event: Event, span: Span, **variables: object) -> Match:
    return Match(
        span=span,
        variables={"image": str(event.image), "tag": str(event.reference.tag or ""), "tool": event.tool, **variables},
        places=(place(event),),
        names=names_of(built=[event]),
        label=f"BUILT {event.image}",
    )
