"""TC213: names made from variables that nothing sets."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.comparison import Same, equal
from tagcheck.events import MADE, Event, Stage
from tagcheck.guards import holds_by_default
from tagcheck.image import parse, words
from tagcheck.predicates.model import (
    PRESENT,
    Case,
    Match,
    literals,
    names_of,
    place,
    placeholder,
    same_as,
    written_at,
)
from tagcheck.predicates.stages import NEEDS_LOCAL, USES, mismatches, missing_sources, not_present
from tagcheck.values import WITHHELD, Filling, HoleKind, Text

_NEVER_SET = "no file of the project mentions it but to read it"
_WHERE_NEEDED = (Stage.LOADED, Stage.SAVED, Stage.DEPLOYED)
_OF_VARIABLES = frozenset(("container", "docker", "image", "img", "name", "ref", "tag", "uri", "url"))
"""Words in the names of variables that say what kind of value they have."""
NO_VALUE = "<no value>"
"""What Go's text/template writes for a key that is not there."""


def undefined_variable(case: Case) -> Iterator[Match]:
    """TC213: a part of a name comes from a variable that nothing sets."""
    for event in case.events(*PRESENT, *NEEDS_LOCAL, *USES):
        if any(NO_VALUE in text for text in literals(event.image)):
            yield _without_value(event)
        yield from _withheld(event)
        yield from _unset_for_job(case, event)
        yield from _unassigned(case, event)
    yield from _unlisted(case)
    yield from _misspelt(case)
    yield from _never_set(case)


def _withheld(event: Event) -> Iterator[Match]:
    """A variable of a makefile that its recipe's shell does not get. Who sets others in the environment, sets this one
    too."""
    for part in _variables(event.image) if holds_by_default(event.guards) else ():
        if part.hole.identity.startswith(WITHHELD) and not event.guards.mentions(part.hole.identity):
            yield _without_value(event, part.hole.label, "make has it and does not export it")


def _unset_for_job(case: Case, event: Event) -> Iterator[Match]:
    """A variable on a host where nothing but the job sets any. Who has set others there, sets this one too."""
    for part in _variables(event.image) if event.host and holds_by_default(event.guards) else ():
        if part.hole.identity in case.scenario.unset_for_jobs:
            yield _without_value(event, part.hole.label, "nothing in the workflow sets it")
            return


def _unassigned(case: Case, event: Event) -> Iterator[Match]:
    """A variable of a script that the script forgets to set, or sets under another name."""
    for part in _variables(event.image):
        if part.hole.identity in case.scenario.unassigned and not event.guards.mentions(part.hole.identity):
            yield _without_value(event, part.hole.label, _NEVER_SET)


def _unlisted(case: Case) -> Iterator[Match]:
    """A variable that a substitution was not told to replace."""
    for event in case.events(Stage.DEPLOYED) if case.scenario.unlisted else ():
        left = next(filter(None, map(placeholder, literals(event.image))), "")
        if left.strip("${}") in case.scenario.unlisted and event.kubelet:
            yield _without_value(event, left.strip("${}"), "the list of the substitution does not name it")


def _misspelt(case: Case) -> Iterator[Match]:
    """A variable of a makefile in another spelling than it has there, which a program gets as an image."""
    for each in case.scenario.misspelt if not case.scenario.cut else ():
        if holds_by_default(each.guards):
            yield Match(
                span=each.span,
                variables={
                    "image": each.into,
                    "variable": each.variable,
                    "reason": f"{_NEVER_SET}; the makefile has {each.meant}",
                },
                label=f"{each.variable} is empty, {each.meant} is not read",
                subject=("variable", each.variable, each.span),
                consequence="InvalidImageName",
            )


def _never_set(case: Case) -> Iterator[Match]:
    """A variable that may come from outside, where the names of a scenario do not go together with it."""
    for found in mismatches(case):
        unset = _unset(case, found.use.image)
        if unset is not None:
            span = unset.site or written_at(found.use.image, found.use.span)
            yield found.match(span, variable=unset.hole.label, reason=_NEVER_SET)
    for event, name, candidate in missing_sources(case):
        unset = _unset(case, name)
        # Where the repositories differ too, another value of the variable would not help.
        if unset is not None and equal(parse(name).repository, candidate.reference.repository):
            yield not_present(event, name, candidate, unset.site, variable=unset.hole.label, reason=_NEVER_SET)
    for event in case.events(*_WHERE_NEEDED):
        only = _only_variable(event.image)
        meant = _meant(case, event, only) if only is not None and only.hole.identity in case.scenario.unset else None
        if only is not None and meant is not None:
            yield not_present(event, event.image, meant, only.site, variable=only.hole.label, reason=_NEVER_SET)


def _only_variable(image: Text) -> Filling | None:
    """The variable that a whole name is."""
    return next(_variables(image), None) if len(image.parts) == 1 else None


def _meant(case: Case, event: Event, variable: Filling) -> Event | None:
    """The image that a variable is named after, which the scenario makes and for which it does nothing else of the
    kind: what is meant wherever nobody sets the variable."""
    named = tuple(word for word in variable.hole.label.lower().split("_") if word and word not in _OF_VARIABLES)
    if not named or not holds_by_default(event.guards):
        return None
    others = [each for each in case.together(event, event.stage) if each.image != event.image]
    for made in case.together(event, *MADE):
        if not holds_by_default(made.guards) or not _ends_with(words(made.reference.repository), named):
            continue
        if not any(same_as(each, made) is not Same.NO and holds_by_default(each.guards) for each in others):
            return made
    return None


def _ends_with(repository: tuple[str, ...], named: tuple[str, ...]) -> bool:
    """Whether words end with others, however those are divided."""
    return any("".join(repository[at:]) == "".join(named) for at in range(len(repository)))


def _unset(case: Case, image: Text) -> Filling | None:
    return next((each for each in _variables(image) if each.hole.identity in case.scenario.unset), None)


def _variables(image: Text) -> Iterator[Filling]:
    for part in image.parts:
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
