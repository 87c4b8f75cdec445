"""2xx: what a scenario prepares and does not use: overrides without effect, images that nothing deploys."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.comparison import Same, equal
from tagcheck.events import MADE, Event, Override, Stage
from tagcheck.finding import Place
from tagcheck.guards import holds_by_default
from tagcheck.image import alike, looks_like_reference, parse, words
from tagcheck.predicates.model import PRESENT, SUPPLIED, Case, Match, names_of, place, same_as
from tagcheck.predicates.stages import USES, consequence, spelled_alike
from tagcheck.values import Filling, Text

_OF_BUILT = (Stage.LOADED, Stage.SAVED, Stage.PUSHED, *USES)
"""Stages that need an image to be there."""
MENTIONS = (*USES, Stage.NAMED, Stage.PUSHED, Stage.SAVED)


def ineffective_override(case: Case) -> Iterator[Match]:
    """TC211: a substitution by an image that the scenario builds finds nothing to replace, and a like image is deployed
    under the name that stood there; or an override that cannot concern anything, whoever builds the image."""
    for missed in case.scenario.missed:
        if missed.is_repeated or missed.given is not None:
            continue
        if missed.certain:
            yield _concerns_nothing(case, missed)
            continue
        probe = Event(Stage.NAMED, missed.image, missed.span, missed.order, guards=missed.guards, trace=missed.trace)
        made = [each for each in case.together(probe, *MADE) if same_as(probe, each) is Same.YES]
        if not made and missed.is_variable:
            yield from _built_by_default(case, missed, probe)
        if not made or any(same_as(use, probe) is not Same.NO for use in case.together(probe, *USES, Stage.NAMED)):
            continue
        stages = (Stage.DEPLOYED, Stage.PUSHED, Stage.LOADED) if missed.is_variable else (Stage.DEPLOYED,)
        for use in case.together(probe, *stages):
            is_left = _is_left(use, missed, made[0]) or (missed.is_variable and _is_never_set(case, use))
            if use.order > missed.order and use.kubelet and is_left:
                if same_as(use, probe) is not Same.NO:
                    continue
                yield _without_effect(missed, made, use)
                break


def _built_by_default(case: Case, missed: Override, probe: Event) -> Iterator[Match]:
    """A build that nobody told the name that later stages use, since it does not read the variable that says it."""
    if any(
        same_as(probe, each) is not Same.NO and holds_by_default(each.guards) for each in case.anywhere(probe, *PRESENT)
    ):
        return
    built = [each for each in case.together(probe, Stage.BUILT) if missed.order < each.order <= missed.until]
    uses = [each for each in case.together(probe, *_OF_BUILT) if each.order > missed.until]
    wanted = [each for each in uses if same_as(probe, each) is Same.YES and each.kubelet]
    by_default = next((each for each in built if holds_by_default(each.guards)), None)
    if by_default is None or not wanted or case.may_be_made_out_of_sight(missed.image):
        return
    yield Match(
        span=missed.span,
        variables={
            "override": missed.wanted,
            "variable": missed.wanted,
            "image": str(missed.image),
            "deployed": str(by_default.image),
            "stage": by_default.stage.value,
        },
        places=(place(by_default), *map(place, wanted[:2])),
        names=names_of(built=[by_default], **{wanted[0].stage.value: wanted[:1]}),
        label=f"nothing reads {missed.wanted}",
        subject=("source", wanted[0].image, wanted[0].span),
        consequence=consequence(wanted[0]) if wanted[0].stage in USES else "the command fails: no such image",
    )


def _is_left(use: Event, missed: Override, made: Event) -> bool:
    """Whether an image is what should have been replaced: like the one that is made, or like the one that was looked
    for, which may be a placeholder of any name."""
    wanted = Text.of(missed.wanted)
    return bool(alike(use.reference, made.reference)) or (
        not missed.is_variable and looks_like_reference(wanted) and bool(alike(use.reference, parse(wanted)))
    )


def _is_never_set(case: Case, use: Event) -> bool:
    """Whether a name is one variable that nothing sets: the one that is given another name where it is set."""
    parts = use.image.parts
    only = parts[0] if len(parts) == 1 else None
    return isinstance(only, Filling) and only.hole.identity in case.scenario.unset


def _concerns_nothing(case: Case, missed: Override) -> Match:
    probe = Event(Stage.NAMED, missed.image, missed.span, missed.order, guards=missed.guards, trace=missed.trace)
    meant = [each for each in case.together(probe, *MADE) if _is_meant(missed, each)] or [probe]
    uses = [
        use
        for use in case.together(probe, Stage.DEPLOYED)
        if any(alike(use.reference, each.reference) and same_as(use, each) is not Same.YES for each in meant)
    ]
    override = Place("override", missed.wanted, missed.span, "finds nothing")
    return Match(
        span=missed.span,
        variables={
            "override": missed.wanted,
            "image": str(missed.image),
            "deployed": str(uses[0].image) if uses else "",
        },
        places=(override, *map(place, uses[:1])),
        names=names_of(deployed=uses[:1]),
        label=f"finds no {missed.wanted}",
        subject=("use", uses[0].image, uses[0].span) if uses else ("override", missed.wanted, missed.span),
        consequence=consequence(uses[0]) if uses else "",
    )


def _is_meant(missed: Override, made: Event) -> bool:
    """Whether an override sets an image that is made here, or its tag."""
    tag = made.reference.tag
    return made.image == missed.image or (tag is not None and equal(tag, missed.image))


def _without_effect(missed: Override, made: list[Event], use: Event) -> Match:
    return Match(
        span=missed.span,
        variables={
            "override": missed.wanted,
            "image": str(missed.image),
            "deployed": str(use.image),
            "variable": missed.wanted if missed.is_variable else "",
            "stage": use.stage.value,
        },
        places=(place(made[0]), Place("override", str(missed.image), missed.span, "finds nothing"), place(use)),
        names=names_of(built=made, deployed=[use]),
        label=f"finds no {missed.wanted}",
        subject=("use" if use.stage is Stage.DEPLOYED else "source", use.image, use.span),
        consequence=consequence(use),
    )


def unused_load(case: Case) -> Iterator[Match]:
    """TC214: built and loaded, and nothing that the scenario deploys can be this image, while a like one that it builds
    too is deployed under another name."""
    for load in case.events(Stage.LOADED):
        made = [each for each in case.together(load, *MADE) if same_as(load, each) is Same.YES]
        uses = case.together(load, *USES, Stage.NAMED, Stage.PUSHED, Stage.TAGGED)
        if not made or any(_can_use(use, load) for use in uses if use not in made):
            continue
        for use in case.together(load, Stage.DEPLOYED):
            if not use.kubelet or alike(use.reference, load.reference) <= 1:
                continue
            if _is_about_another(use, load) and _is_loaded(case, use):
                continue
            if any(same_as(use, each) is Same.YES for each in case.together(use, *SUPPLIED)):
                yield Match(
                    span=load.trace[-1] if len(load.trace) > 1 else load.span,
                    variables={"image": str(load.image), "deployed": str(use.image)},
                    places=tuple(dict.fromkeys((place(made[0]), _called(load), place(load), place(use)))),
                    names=names_of(built=made, loaded=[load], deployed=[use]),
                    label=f"LOADED {load.image}",
                    subject=("unused", load.image),
                )
                break


def _is_about_another(use: Event, load: Event) -> bool:
    """Whether one name has words after the other's, as `app-e2e` beside `app`: before it stands a project, behind it
    another part of one."""
    short, long = sorted((words(use.reference.repository), words(load.reference.repository)), key=len)
    return len(long) > len(short) and long[-len(short) :] != short


def _is_loaded(case: Case, use: Event) -> bool:
    """Whether an image is loaded itself, or may be."""
    known = all(gap.stage not in ("run", Stage.LOADED.value) for gap in case.scenario.gaps)
    return not known or any(same_as(use, each) is not Same.NO for each in case.together(use, Stage.LOADED))


def _can_use(use: Event, load: Event) -> bool:
    """Whether a use may be of what was loaded, or is meant to be and fails for another reason (TC303)."""
    if same_as(use, load) is not Same.NO or spelled_alike(use, load):
        return True
    return use.source is not None and use.source == load.image


def _called(event: Event) -> Place:
    """The innermost call that led to an event."""
    return Place(event.stage.value, str(event.image), event.trace[-1] if event.trace else event.span, "called here")
