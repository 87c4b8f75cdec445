"""2xx: images that are built and never come to where they are used."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.comparison import Same
from tagcheck.events import MADE, Event, Stage
from tagcheck.guards import holds_by_default
from tagcheck.image import alike
from tagcheck.predicates.model import (
    PRESENT,
    SUPPLIED,
    Case,
    Match,
    compatible,
    names_of,
    place,
    policy_is,
    same_as,
    written_at,
)
from tagcheck.predicates.stages import consequence
from tagcheck.values import Text


def never_loaded(case: Case) -> Iterator[Match]:
    """TC203: built and deployed under one name, and never brought into the cluster."""
    yield from _left_behind(case)
    loads = bool(case.events(Stage.LOADED))
    if not loads and (case.scenario.cut or not case.scenario.makes_cluster):
        return
    for use in case.events(Stage.DEPLOYED):
        if not use.kubelet or not (loads or (_is_nowhere_else(case, use) and _is_all_known(case, use))):
            continue
        together = case.together(use, *SUPPLIED)
        built = [e for e in together if e.stage in MADE and same_as(use, e) is Same.YES]
        # Loaded under another condition is a choice that the code makes, not an omission; so is a push, but not one for
        # which somebody would have to set a variable, where others are loaded whatever he does.
        brought = [e for e in case.events(Stage.LOADED, Stage.PUSHED) if not (loads and _is_asked_for(e, use))]
        if not built or any(same_as(use, each) is not Same.NO for each in brought):
            continue
        if any(e.tool == "minikube" for e in built) or any(_may_stand_for(case, use, e) for e in brought):
            continue
        yield Match(
            span=written_at(use.image, use.span),
            variables={"image": str(use.image), "built": str(built[0].image), "workload": use.workload},
            places=(place(built[0]), place(use)),
            names=names_of(built=built, deployed=[use]),
            label=f"DEPLOYED {use.image}",
            subject=("use", use.image, use.span),
            consequence=consequence(use),
        )


def _is_asked_for(push: Event, use: Event) -> bool:
    """Whether an image is pushed only if somebody sets a variable, though it is deployed where nobody does."""
    return push.stage is Stage.PUSHED and holds_by_default(use.guards) and not holds_by_default(push.guards)


def _may_stand_for(case: Case, use: Event, brought: Event) -> bool:
    """Whether an image that comes into the cluster may be the one that is deployed, under another name. Programs of one
    family are alike by no more than its name, and those that are built each have their own."""
    if alike(use.reference, brought.reference) != 1:
        return bool(alike(use.reference, brought.reference))
    return not any(same_as(brought, each) is Same.YES for each in case.events(*MADE))


def _is_all_known(case: Case, use: Event) -> bool:
    """Whether all that is done to images is known, where it can bring one to the cluster that it is deployed to: what
    another machine does brings there what has a name in a registry."""
    if case.knows_images:
        return True
    if not use.host or use.reference.registry is not None or "/" in str(use.reference.repository):
        return False
    return case.knows_images_on(use.host)


def _is_nowhere_else(case: Case, use: Event) -> bool:
    """Whether the cluster that an image is deployed to is made by the scenario. What is deployed only if somebody sets
    a variable may have been brought by him."""
    made = (each for each in case.scenario.clusters if each.host == use.host and compatible(each.guards, use.guards))
    return holds_by_default(use.guards) and any(made)


def _left_behind(case: Case) -> Iterator[Match]:
    """An image is loaded, or deployed where it can only be local, on another host than the one that builds it, and
    nothing brings it there."""
    if not case.knows_images:
        # What is not known may be what brings it.
        return
    seen: set[tuple[str, Text]] = set()
    for use in case.events(Stage.LOADED, Stage.DEPLOYED):
        if not use.host or use.archive is not None or (use.host, use.image) in seen or not _is_only_local(case, use):
            continue
        built = [e for e in case.anywhere(use, *MADE) if same_as(use, e) is Same.YES]
        here = [each for each in case.together(use, *PRESENT, Stage.SAVED) if same_as(use, each) is not Same.NO]
        pushed = any(same_as(use, each) is not Same.NO for each in case.events(Stage.PUSHED))
        if built and not here and not pushed and all(each.host for each in built):
            seen.add((use.host, use.image))
            yield Match(
                span=written_at(use.image, use.span) if use.stage is Stage.DEPLOYED else use.span,
                variables={"image": str(use.image), "built": str(built[0].image), "reason": "host"},
                places=(place(built[0]), place(use)),
                names=names_of(built=built, **{use.stage.value: [use]}),
                label=f"{use.stage.value.upper()} {use.image}",
                subject=("use", use.image, use.span),
                consequence=consequence(use) if use.stage is Stage.DEPLOYED else "image not present locally",
            )


def _is_only_local(case: Case, use: Event) -> bool:
    return use.stage is Stage.LOADED or policy_is(use, "Never") or case.is_local_registry(use.reference)
