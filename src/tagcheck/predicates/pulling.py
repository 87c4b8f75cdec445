"""3xx: pulling."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.comparison import Same
from tagcheck.events import MADE, Event, Stage
from tagcheck.guards import holds_by_default
from tagcheck.predicates.model import Case, Match, names_of, place, same_as, span_at, written_at
from tagcheck.predicates.names import is_copy


def pull_policy(case: Case) -> Iterator[Match]:
    """TC301: a local image deployed with a pull policy other than Never. One that was pulled and given another name is
    not built here; with Always it cannot start all the same."""
    for event, origin in _local_deployments(case):
        policy = event.policy.literal if event.policy is not None else None
        if event.policy is None and event.policy_known and not _means_always(event):
            if not is_copy(case, event):
                yield _match(event, origin, "none (IfNotPresent)")
        elif policy == "Always" or (policy == "IfNotPresent" and not is_copy(case, event)):
            yield _match(event, origin, policy or "")


def implicit_always(case: Case) -> Iterator[Match]:
    """TC302: a local image with tag latest or none, and no pull policy."""
    for event, origin in _local_deployments(case):
        if event.policy is None and event.policy_known and _means_always(event):
            yield _match(event, origin, "none (Always)")


def _means_always(event: Event) -> bool:
    reference = event.reference
    if reference.digest is not None or not reference.tag_known:
        return False
    return reference.tag is None or reference.tag.literal == "latest"


def _local_deployments(case: Case) -> Iterator[tuple[Event, Event | None]]:
    """Deployed images that are certainly local, with the event that makes them so; a registry that the scenario pushes
    to is a place to pull from."""
    for event in case.events(Stage.DEPLOYED):
        if not event.kubelet or event.assumed or case.is_third_party(event.reference):
            continue
        if _is_choice(case, event):
            continue
        if any(same_as(event, each) is not Same.NO for each in case.together(event, Stage.PUSHED)):
            continue
        made = [e for e in case.together(event, *MADE) if same_as(event, e) is Same.YES]
        loads = [e for e in case.together(event, Stage.LOADED) if same_as(event, e) is Same.YES]
        if made and loads:
            yield event, made[0]
        elif case.is_local_registry(event.reference):
            yield event, next(iter((*made, *loads)), None)


def _is_choice(case: Case, event: Event) -> bool:
    """Whether the code chooses the policy by a condition, and this choice is not the one of a plain run: which image
    goes with which choice is then decided by variables that are set together, which cannot be seen."""
    others = (e for e in case.events(Stage.DEPLOYED) if e.span == event.span and e.trace == event.trace)
    chosen = any(other.policy != event.policy and other.workload == event.workload for other in others)
    return chosen and not holds_by_default(event.guards)


def _match(event: Event, origin: Event | None, policy: str) -> Match:
    span = span_at(event.policy_at, max(1, len(policy))) if event.policy_at is not None else None
    return Match(
        span=span or written_at(event.image, event.span),
        variables={"image": str(event.image), "policy": policy, "workload": event.workload},
        places=tuple(place(each) for each in (origin, event) if each is not None),
        names=names_of(deployed=[event], built=[origin] if origin is not None else []),
        label=f"imagePullPolicy {policy}" if event.policy is not None else f"DEPLOYED {event.image}",
        subject=("use", event.image, event.span),
        consequence="ImagePullBackOff",
    )
