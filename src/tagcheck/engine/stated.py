"""Objects that a command makes of its words and prints (`kubectl create … --dry-run=client -o yaml`)."""

from __future__ import annotations

from tagcheck.catalog import Effect
from tagcheck.values import EMPTY, Mapping, Sequence, Text, Value

_TEMPLATE = ("spec", "template", "spec")
_POD_SPECS = {
    "pod": ("v1", "Pod", ("spec",)),
    "deployment": ("apps/v1", "Deployment", _TEMPLATE),
    "job": ("batch/v1", "Job", _TEMPLATE),
    "cronjob": ("batch/v1", "CronJob", ("spec", "jobTemplate", *_TEMPLATE)),
}
"""Versions and kinds of objects and where their containers stand (API of Kubernetes 1.32), by the word for the kind."""


def stated_object(effect: Effect) -> Value | None:
    """The object `effect.workload` (KIND/NAME) with one container for each image; None if no kind is known. An object
    of a kind that runs no containers names no image."""
    halves = (effect.workload or EMPTY).split_at("/")
    kind = halves[0].literal if halves is not None else None
    if halves is None or not kind:
        return None
    version, title, steps = _POD_SPECS.get(kind, ("v1", kind, ()))
    found: Value = _mapping(containers=Sequence(tuple(_container(effect, image) for image in effect.images)))
    for step in reversed(steps):
        found = _mapping(**{step: found})
    stated = _mapping(apiVersion=Text.of(version), kind=Text.of(title), metadata=_mapping(name=halves[1]))
    return Mapping(stated.entries + found.entries) if steps and isinstance(found, Mapping) else stated


def _container(effect: Effect, image: Text) -> Value:
    container = _mapping(name=effect.container or Text.of("main"), image=image)
    return (
        Mapping((*container.entries, *_mapping(imagePullPolicy=effect.policy).entries)) if effect.policy else container
    )


def _mapping(**entries: Value) -> Mapping:
    return Mapping(tuple((Text.of(key), value) for key, value in entries.items()))
