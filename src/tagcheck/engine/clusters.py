"""Clusters that a run makes, and the registries beside them (kind 0.27, k3d 5.8).

A registry that k3d makes is meant by two names: the host pushes to `localhost:PORT`, the cluster pulls from the
registry's own name and that port, or the one inside. Only what stands behind that says which image it is (k3d 5.8,
"Using Image Registries").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from tagcheck.catalog import Effect
from tagcheck.events import Event
from tagcheck.fields import field
from tagcheck.overlays import as_text
from tagcheck.values import Number, Text, Value

Registry = tuple[str, ...]
"""The names of one registry, up to the slash; the first is the one that others are written as."""
_INSIDE = "5000"
_PREFIX = "k3d-"


def name_of_cluster(effect: Effect, documents: Iterable[Value]) -> Text | None:
    """What a cluster is called: as the command says, or the file with these documents, which may leave it at
    `source`. None if that is not known."""
    if effect.store is not None or effect.path is None:
        return effect.store
    for document in documents:
        name = field(document, "metadata", "name") or field(document, "name")
        return name if isinstance(name, Text) else effect.source
    return None


def registries_of(effect: Effect, documents: Iterable[Value]) -> list[Registry]:
    """The registries that a command makes, or the file that it is given."""
    if effect.store is not None:
        called, _, port = str(effect.store).partition(":")
        return _named(called, effect.source if effect.source is not None else Text.of(port))
    made = (field(document, "registries", "create") for document in documents)
    return [
        found
        for each in made
        if each is not None and (name := as_text(field(each, "name"))) is not None
        for found in _named(str(name), field(each, "hostPort"))
    ]


def _named(name: str, port: Value | None) -> list[Registry]:
    written = str(int(port.value)) if isinstance(port, Number) else port.literal if isinstance(port, Text) else None
    number = (written or "").rpartition(":")[2]
    if not number.isdecimal() or not name.isprintable() or "<" in name:
        return []
    hosts = [f"localhost:{number}", f"127.0.0.1:{number}", f"0.0.0.0:{number}"]
    return [(*hosts, *(f"{each}:{at}" for each in (name, _PREFIX + name) for at in (number, _INSIDE)))]


def in_one_spelling(events: Sequence[Event], registries: Sequence[Registry]) -> tuple[Event, ...]:
    """Events with the names of images as the host writes them, where a registry is meant by several of its names."""
    for names in registries:
        used = {_registry(event) for event in events} & set(names)
        if len(used) > 1:
            events = [_respelt(event, names) for event in events]
    return tuple(events)


def _registry(event: Event) -> str | None:
    registry = event.reference.registry
    return registry.literal if registry is not None else None


def _respelt(event: Event, names: Registry) -> Event:
    image = _with_first(event.image, names)
    source = _with_first(event.source, names) if event.source is not None else None
    return event if image is event.image and source is event.source else replace(event, image=image, source=source)


def _with_first(image: Text, names: Registry) -> Text:
    for each in names[1:]:
        rest = image.without_prefix(f"{each}/")
        if rest is not None:
            return Text.of(f"{names[0]}/") + rest
    return image
