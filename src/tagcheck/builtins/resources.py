"""Resources of Terraform that hand something to a cluster; argument 0 maps the names of attributes to values, blocks
are lists of mappings."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.containers import camel
from tagcheck.builtins.symbolic import as_text, joined
from tagcheck.catalog import Effect, EffectKind
from tagcheck.values import EMPTY, Mapping, Sequence, Text, Value

MOST_SETTINGS = 200
DEEPEST = 30
_PLURAL = {
    "container": "containers",
    "init_container": "initContainers",
    "image_pull_secrets": "imagePullSecrets",
    "volume": "volumes",
    "volume_mount": "volumeMounts",
    "port": "ports",
    "env": "env",
    "env_from": "envFrom",
    "toleration": "tolerations",
}
"""Blocks of the Kubernetes provider of which there may be several, by the fields of the API."""

_MAPPINGS = frozenset(("labels", "annotations", "match_labels", "node_selector", "limits", "requests", "data"))
"""Attributes of the Kubernetes provider that are mappings."""


def made(call: Call) -> tuple[Value, ...]:
    """The object of a `kind` and `version` is applied, whose fields are written in Terraform's way."""
    given = call.machine.load(call.argument(0))
    body = _converted(call, given, 0)
    head = tuple(
        (Text.of(key), Text.of(str(call.with_.get(name, ""))))
        for key, name in (("apiVersion", "version"), ("kind", "kind"))
    )
    if isinstance(body, Mapping):
        call.machine.deploy(Mapping((*head, *body.entries), body.open), "terraform")
    return ()


def manifest(call: Call) -> tuple[Value, ...]:
    """The object, or the text of objects, in the attribute `in` is applied."""
    given = call.machine.load(call.argument(0))
    thing = given.get(str(call.with_.get("in", ""))) if isinstance(given, Mapping) else None
    if thing is not None:
        call.machine.deploy(thing, "terraform")
    return ()


def _converted(call: Call, value: Value, depth: int) -> Value:
    value = call.machine.load(value)
    if not isinstance(value, Mapping) or depth > DEEPEST:
        return value
    entries: list[tuple[Value, Value]] = []
    for key, inner in value.entries:
        name = key.literal if isinstance(key, Text) else None
        if name is not None:
            entries.append(_field(call, name, call.machine.load(inner), depth))
    return Mapping(tuple(entries), value.open)


def _field(call: Call, name: str, inner: Value, depth: int) -> tuple[Value, Value]:
    """A field by the name that the API has for it; a block of which there is one, as that."""
    key = Text.of(_PLURAL.get(name, camel(name)))
    if isinstance(inner, Mapping) and name not in _MAPPINGS:
        # In JSON, a block of which there is one is written like a mapping.
        inner = Sequence((inner,))
    if not isinstance(inner, Sequence):
        return key, inner
    items = tuple(_converted(call, each, depth + 1) for each in inner.items)
    blocks = [each for each in items if isinstance(each, Mapping)]
    if name in _PLURAL or len(blocks) != len(items) or not blocks:
        return key, Sequence(items, inner.open)
    return key, blocks[0]


def released(call: Call) -> tuple[Value, ...]:
    """A chart is installed, with the texts in `values` and the blocks `set`."""
    given = call.machine.load(call.argument(0))
    chart, name = (_text(call, given, key) for key in ("chart", "name"))
    repository = _text(call, given, "repository")
    if chart is None or (repository is not None and repository.parts):
        return ()
    settings = _settings(call, given, "set", plain=True)
    verbatim = _settings(call, given, "set", plain=False)
    paths = _written(call, given)
    effect = Effect(
        *(EffectKind.APPLIED, "helm"),
        chart=True,
        path=chart,
        workload=name,
        settings=tuple(settings),
        settings_verbatim=tuple(verbatim),
        values=tuple(paths),
    )
    call.machine.emit(effect)
    return ()


def _text(call: Call, given: Value, key: str) -> Text | None:
    found = call.machine.load(given.get(key) or EMPTY) if isinstance(given, Mapping) else EMPTY
    return as_text(found, call.machine) if found != EMPTY and not isinstance(found, values.Null) else None


def _settings(call: Call, given: Value, key: str, *, plain: bool) -> list[Text]:
    """The settings of blocks, as `NAME=VALUE`; those with a type of literal by themselves."""
    found: list[Text] = []
    listed = call.machine.load(given.get(key) or EMPTY) if isinstance(given, Mapping) else EMPTY
    blocks = listed.items if isinstance(listed, Sequence) else (listed,) if isinstance(listed, Mapping) else ()
    for each in blocks[:MOST_SETTINGS]:
        name, value = (_text(call, call.machine.load(each), word) for word in ("name", "value"))
        kind = _text(call, call.machine.load(each), "type")
        is_plain = kind is None or kind.literal != "literal"
        if name is not None and is_plain is plain:
            found.append(joined([name, Text.of("="), value or EMPTY], EMPTY))
    if isinstance(listed, Sequence) and listed.open and plain:
        found.append(as_text(call.unknown("settings that are not known")))
    return found


def _written(call: Call, given: Value) -> list[Text]:
    """Files with the texts that are given as values."""
    listed = call.machine.load(given.get("values") or EMPTY) if isinstance(given, Mapping) else EMPTY
    found: list[Text] = []
    for at, each in enumerate(listed.items if isinstance(listed, Sequence) else ()):
        path = Text.of(f".terraform/{call.identity}/{at}.yaml")
        call.machine.write_file(path, each)
        found.append(path)
    if not isinstance(listed, Sequence | Text) or (isinstance(listed, Sequence) and listed.open):
        found.append(as_text(call.unknown("values that are not known")))
    return found
