"""2xx: where images are: in which cluster, node or namespace."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.comparison import Same
from tagcheck.events import Cluster, Event, Stage
from tagcheck.predicates.model import PRESENT, Case, Match, compatible, names_of, place, same_as


def wrong_store(case: Case) -> Iterator[Match]:
    """TC207: imported into a containerd namespace that the kubelet does not see, or into another cluster."""
    for event in case.events(Stage.LOADED):
        namespace = event.namespace.literal if event.namespace is not None else None
        default = event.tool == "ctr" and event.namespace is None
        if default or (namespace is not None and event.tool == "ctr" and namespace != "k8s.io"):
            where = f"the containerd namespace {namespace or 'default'}"
            yield _wrong_store(event, where, "k8s.io")
    yield from _wrong_cluster(case)
    yield from _not_made(case)


def _wrong_cluster(case: Case) -> Iterator[Match]:
    for use in case.events(Stage.DEPLOYED):
        wanted = use.store.literal if use.store is not None else None
        loads = [e for e in case.together(use, Stage.LOADED) if same_as(use, e) is Same.YES]
        stores = [e.store.literal if e.store is not None else None for e in loads]
        if wanted is None or not loads or None in stores or wanted in stores:
            continue
        yield _wrong_store(loads[0], f"the cluster {stores[0]}", f"the cluster {wanted}", use)


def _not_made(case: Case) -> Iterator[Match]:
    """Loaded into a cluster of another name than the one that was made. There may be such a cluster from before, but
    not on a host that was made for the job; and what was made last is what is deployed to."""
    if case.scenario.cut or any(gap.stage == "run" for gap in case.scenario.gaps):
        return
    for load in case.events(Stage.LOADED):
        store = load.store.literal if load.store is not None else None
        made = _made_for(case, load)
        if store is None or made is None or any(each.name == load.store for each in case.scenario.clusters):
            continue
        uses = [use for use in case.together(load, Stage.DEPLOYED) if _needs(case, use, load, made)]
        if uses or load.host or _has_others(case, load, made):
            why = "" if uses else "the command fails: there is no such cluster"
            yield _wrong_store(load, f"the cluster {store}", f"the cluster {made.name}", uses[0] if uses else None, why)


def _made_for(case: Case, load: Event) -> Cluster | None:
    """A cluster of a known name that is made before an image is loaded, and in whose case no other one is."""
    own = [each for each in case.scenario.clusters if each.host == load.host and compatible(each.guards, load.guards)]
    for each in own:
        others = {other.name for other in own if compatible(other.guards, each.guards)}
        if each.order < load.order and others == {each.name} and each.name is not None and each.name.literal:
            return each
    return None


def _has_others(case: Case, load: Event, made: Cluster) -> bool:
    """Whether other images are loaded into the cluster that was made, and none into another, but for this one."""
    others = [each for each in case.together(load, Stage.LOADED) if same_as(each, load) is Same.NO]
    return bool(others) and all(each.store == made.name and made.order < each.order for each in others)


def _needs(case: Case, use: Event, load: Event, made: Cluster) -> bool:
    """Whether what is deployed, to the cluster that was made last, can only be there if it was loaded."""
    if use.store is not None or same_as(use, load) is not Same.YES or not use.kubelet or not load.before(use):
        return False
    loads = [each for each in case.together(use, Stage.LOADED) if same_as(use, each) is not Same.NO]
    return compatible(use.guards, made.guards) and len({each.store for each in loads}) == 1


def _wrong_store(event: Event, where: str, wanted: str, use: Event | None = None, why: str = "") -> Match:
    return Match(
        span=event.span,
        variables={"image": str(event.image), "store": where, "wanted": wanted, "reason": where},
        places=(place(event), *((place(use),) if use is not None else ())),
        names=names_of(loaded=[event], deployed=[use] if use is not None else []),
        label=f"LOADED into {where}",
        consequence=why or "ErrImageNeverPull",
    )


def only_in_builder(case: Case, event: Event) -> Event | None:
    """The build after which an image that is loaded is in a builder only, where the loading tool does not look."""
    if event.archive is not None or event.carried:
        return None
    there = [each for each in case.anywhere(event, *PRESENT) if same_as(event, each) is not Same.NO]
    if any(not each.stays or each.host != event.host or same_as(event, each) is not Same.YES for each in there):
        return None
    return there[-1] if there and all(each.before(event) for each in there) else None
