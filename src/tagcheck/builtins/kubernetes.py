"""Kubernetes objects in code: serialisation keeps the object itself, and clients apply what they are given."""

from __future__ import annotations

from collections.abc import Mapping

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.containers import object_of_keywords
from tagcheck.builtins.files import content_of
from tagcheck.builtins.general import at_place, result, results
from tagcheck.builtins.symbolic import as_text
from tagcheck.catalog import Effect, EffectKind
from tagcheck.guards import ALWAYS
from tagcheck.values import Absent, Alternatives, Null, Outcome, Pointer, Record, Text, Value

MANIFEST = "%manifest"
"""The field of a record that holds the text or value it was read from."""
UNSTRUCTURED = "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured.Unstructured"


def deploy(call: Call) -> tuple[Value, ...]:
    """Apply the object at the place `object` (default '1'), of that shape, or made of the keywords for 'keywords'.
    `argument-type`: only if it is a record of a type that begins so; `path`: a text at this place is a file with
    manifests; `by` says who applies it."""
    if "path" in call.with_ and _apply_files(call, at_place(call, str(call.with_["path"]))):
        return results(call)
    thing = _object(call, call.with_.get("object", "1"))
    wanted = call.with_.get("argument-type")
    if isinstance(thing, Absent) or (wanted and not _of_type(call, thing, wanted)):
        return results(call)
    call.machine.deploy(manifest_of(call, thing), str(call.with_.get("by", "client")))
    return results(call)


def _apply_files(call: Call, given: Value) -> bool:
    """Whether a value is a path, or a list of paths; the files are applied."""
    loaded = call.machine.load(given)
    items = loaded.items if isinstance(loaded, values.Sequence) else (loaded,)
    paths = [(guards, path) for item in items for guards, path in values.iterate(call.machine.load(item), ALWAYS)]
    if not paths or not all(isinstance(path, Text) for _, path in paths):
        return False
    for guards, path in paths:
        made = Effect(EffectKind.APPLIED, str(call.with_.get("by", "client")), path=as_text(path, call.machine))
        call.machine.emit(made, guards)
    return True


def _object(call: Call, described: object) -> Value:
    if isinstance(described, Mapping):
        return result(call, described)
    return object_of_keywords(call)[0] if described == "keywords" else at_place(call, str(described))


def _of_type(call: Call, thing: Value, wanted: object) -> bool:
    prefixes = tuple(map(str, wanted)) if isinstance(wanted, list | tuple) else (str(wanted),)
    for _, option in values.options(call.machine.load(thing)):
        loaded = call.machine.load(option)
        if isinstance(loaded, Record) and loaded.type.startswith(prefixes):
            return True
    return False


def manifest_of(call: Call, thing: Value) -> Value:
    """What an object stands for: the manifest that it was read from, the content of an unstructured one."""
    loaded = call.machine.load(thing)
    if isinstance(loaded, Record):
        for name in (MANIFEST, "Object") if loaded.type == UNSTRUCTURED else (MANIFEST,):
            inner = loaded.get(name)
            if inner is not None and not isinstance(inner, Null):
                return call.machine.load(inner)
    return loaded


def marshal(call: Call) -> tuple[Value, ...]:
    """An object written out: the object itself, so that applying it applies what it says; and an outcome."""
    return (manifest_of(call, call.argument(0)), Null())


def unmarshal(call: Call) -> tuple[Value, ...]:
    """Read what argument `from` (default 0) holds into what argument `into` (default 1) leads to."""
    source, target = _index(call, "from", 0), call.argument(_index(call, "into", 1))
    content = content_of(call.machine, call.argument(source))
    _fill(call, target, call.machine.load(call.argument(source)) if content is None else content)
    return (Outcome(call.identity),)


def _index(call: Call, name: str, default: int) -> int:
    declared = call.with_.get(name, default)
    return declared if isinstance(declared, int) else default


def _fill(call: Call, target: Value, content: Value) -> None:
    if not isinstance(target, Pointer):
        return
    before = call.machine.load(target)
    if isinstance(before, Record) and isinstance(content, Text | Alternatives | values.Mapping):
        call.machine.store(target, before.with_field(MANIFEST, content))
    elif isinstance(content, Record | values.Mapping | values.Sequence):
        call.machine.store(target, content)
    else:
        call.machine.store(target, call.unknown("what was read from a text"))


def decoder(call: Call) -> tuple[Value, ...]:
    """A decoder that reads argument 0, once."""
    content = content_of(call.machine, call.argument(0))
    held = call.unknown("what an unknown reader holds") if content is None else content
    return (call.machine.allocate(Record("yaml.Decoder", (("%content", held),))),)


def decode(call: Call) -> tuple[Value, ...]:
    """Read what the receiver, a decoder, holds into what argument 0 leads to. A stream of documents is read as one:
    the first call gets everything, later ones find its end."""
    held = call.machine.load(call.receiver) if call.receiver is not None else Absent()
    content = held.get("%content") if isinstance(held, Record) else None
    if not isinstance(held, Record) or content is None or call.receiver is None:
        return (Outcome(call.identity),)
    if held.get("%read") is not None:
        return (values.Failure(),)
    call.machine.store(call.receiver, held.with_field("%read", values.Truth(True)))
    _fill(call, call.argument(0), content)
    return (Outcome(call.identity),)


def encode_to(call: Call) -> tuple[Value, ...]:
    """Write argument 0 through the receiver, an encoder, to its writer: a buffer then holds the object itself."""
    held = call.machine.load(call.receiver) if call.receiver is not None else Absent()
    writer = held.get("%writer") if isinstance(held, Record) else None
    target = call.machine.load(writer) if writer is not None else None
    if writer is not None and isinstance(target, Record) and isinstance(writer, Pointer):
        call.machine.store(writer, target.with_field("%content", manifest_of(call, call.argument(0))))
    return (Null(),)


def encoder(call: Call) -> tuple[Value, ...]:
    """An encoder that writes to argument 0."""
    return (Record("yaml.Encoder", (("%writer", call.argument(0)),)),)


def decoded_object(call: Call) -> tuple[Value, ...]:
    """An object read from argument 0, in argument 2 if it is a pointer, else an unstructured one."""
    target = call.argument(2) if len(call.arguments) > 2 else Null()
    if not isinstance(target, Pointer):
        target = call.machine.allocate(Record(UNSTRUCTURED))
    _fill(call, target, call.argument(0))
    return (target, Null(), Outcome(call.identity))


def set_content(call: Call) -> tuple[Value, ...]:
    """The receiver, an unstructured object, gets the content in argument 0."""
    held = call.machine.load(call.receiver) if call.receiver is not None else Absent()
    if isinstance(held, Record) and call.receiver is not None:
        call.machine.store(call.receiver, held.with_field("Object", call.argument(0)))
    return ()


def set_nested(call: Call) -> tuple[Value, ...]:
    """Set argument 1 in the object in argument 0, a mapping, under the keys in the arguments after it."""
    pointer = call.argument(0)
    loaded = call.machine.load(pointer)
    if isinstance(loaded, values.Mapping) and isinstance(pointer, Pointer):
        keys = call.arguments[2:]
        call.machine.store(pointer, _with_entry(call, loaded, keys, call.argument(1)))
    return (Null(),)


def _with_entry(call: Call, mapping: values.Mapping, keys: tuple[Value, ...], value: Value) -> values.Mapping:
    if not keys:
        return mapping
    literal = keys[0].literal if isinstance(keys[0], Text) else None
    old = mapping.get(literal) if literal is not None else None
    inner = call.machine.load(old) if old is not None else values.Mapping(())
    if len(keys) > 1:
        below = inner if isinstance(inner, values.Mapping) else values.Mapping(())
        value = _with_entry(call, below, keys[1:], value)
    kept = tuple(entry for entry in mapping.entries if entry[0] != keys[0])
    return values.Mapping((*kept, (keys[0], value)), mapping.open)


def mutate(call: Call) -> tuple[Value, ...]:
    """Call the function in the last argument, which fills the object at the place `object`, then apply that."""
    if call.arguments:
        call.machine.call(call.arguments[-1], ())
    deploy(call)
    return results(call)
