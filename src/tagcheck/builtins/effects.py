"""What library calls do to images, as models say it: one operation whose parameters are places in the call.

`kind` is an effect's kind, `tool` and `reading` as in the catalogue; `image`, `source`, `archive`, `store`,
`namespace`, `path` and `policy` are places (see `general`). An `image` place may hold a text, a list of texts or a
record; several places are tried in order until one holds something. `words` is the place of a list or mapping of texts,
`values` that of the paths of files, which lie in `directory` if there is one; `arguments` that of a mapping whose
entries become NAME=value texts; `within` and `apart` as in the catalogue. A false value at the place `switch` means
that nothing is done. `before` and `also` list further effects of the same call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec.structs import replace

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.files import STREAMED, path_of
from tagcheck.builtins.general import at_place, results
from tagcheck.builtins.paths import join_paths
from tagcheck.builtins.symbolic import as_text
from tagcheck.catalog import Effect, EffectKind
from tagcheck.guards import ALWAYS, Guards
from tagcheck.values import Absent, Null, Outcome, Pointer, Record, Text, Truth, Value, iterate

TEXT_FIELDS = (
    *("source", "archive", "store", "namespace", "path", "policy", "workload", "container", "directory", "stage"),
)
MOST_EFFECTS = 64


def effect(call: Call) -> tuple[Value, ...]:
    """Emit the effects that the model describes, one for each combination of alternatives; then its `results`."""
    _emit_further(call, "before")
    emit_described(call, call.with_)
    _emit_further(call, "also")
    return results(call)


def _emit_further(call: Call, key: str) -> None:
    further = call.with_.get(key, ())
    for described in further if isinstance(further, list | tuple) else ():
        if isinstance(described, Mapping):
            emit_described(call, {**call.with_, "image": None, **described})


def emit_described(call: Call, described: Mapping[str, object]) -> None:
    """Emit the effects of one description; nothing if its `when` place holds nothing, or its `switch` place false."""
    if "switch" in described and at_place(call, str(described["switch"])) == Truth(False):
        return
    kind = EffectKind(str(described.get("kind")))
    condition = described.get("when")
    if condition is not None and not _present(call, str(condition)):
        return
    images = _named(call, described.get("image"))
    if described.get("image") is not None and not images:
        images = [call.unknown(f"the image that {call.name} gets")] if described.get("required", True) else []
        if not images:
            return
    words = tuple(_words(call, described.get("words")))
    base = Effect(
        kind,
        str(described.get("tool", "")),
        str(described.get("reading", "docker")),
        words=words,
        values=tuple(_files(call, described)),
        arguments=tuple(_arguments(call, described.get("arguments"))),
        within=described.get("within") is True,
        apart=described.get("apart") is True and kind is EffectKind.BUILT,
    )
    rest = [(name, str(described[name])) for name in TEXT_FIELDS if described.get(name) is not None]
    targets: list[Value | None] = [*images] or [None]
    for image in targets:
        for guards, made in islice(_made(call, base, image, rest), MOST_EFFECTS):
            call.machine.emit(_formed(call, made, described), guards)


def _present(call: Call, place: str) -> bool:
    return not isinstance(at_place(call, place), Absent | Null)


def _named(call: Call, declared: object) -> list[Value]:
    """The values at the places of a description."""
    return [value for place in _places(declared) for value in _listed(call, at_place(call, place))]


def _words(call: Call, declared: object) -> Iterator[Text]:
    """The texts of a list or in the entries of a mapping."""
    loaded = call.machine.load(at_place(call, str(declared))) if declared is not None else Absent()
    match loaded:
        case values.Sequence(items):
            yield from (as_text(each, call.machine) for each in items[:MOST_EFFECTS])
        case values.Mapping(entries):
            yield from (as_text(each, call.machine) for _, each in entries[:MOST_EFFECTS])


def _files(call: Call, described: Mapping[str, object]) -> Iterator[Text]:
    """The files that a description names, as seen from the working directory."""
    directory = described.get("directory")
    folder = at_place(call, str(directory)) if directory is not None else Absent()
    for value in _named(call, described.get("values")):
        for _, option in iterate(value, ALWAYS):
            yield as_text(option if isinstance(folder, Absent | Null) else join_paths((folder, option), call.machine))


def _arguments(call: Call, declared: object) -> Iterator[Text]:
    """The entries of a mapping as NAME=value texts."""
    loaded = call.machine.load(at_place(call, str(declared))) if declared is not None else Absent()
    for name, value in loaded.entries[:MOST_EFFECTS] if isinstance(loaded, values.Mapping) else ():
        yield as_text(name, call.machine) + Text.of("=") + as_text(value, call.machine)


def _places(declared: object) -> list[str]:
    if isinstance(declared, list):
        return [str(place) for place in declared]
    return [] if declared is None else [str(declared)]


def _listed(call: Call, value: Value) -> Iterator[Value]:
    """The values of a place: items of lists, recursively through pointers; nothing for nil and absent ones."""
    loaded = call.machine.load(value) if isinstance(value, Pointer) else value
    match loaded:
        case Absent() | Null():
            return
        case values.Sequence(items):
            for item in items[:MOST_EFFECTS]:
                yield from _listed(call, item)
        case Record() if (inner := loaded.get("Image")) is not None:
            yield inner
        case values.Mapping() | Record() if not as_text(loaded).parts:
            return
        case _:
            yield loaded


def _made(
    call: Call, base: Effect, image: Value | None, rest: list[tuple[str, str]]
) -> Iterator[tuple[Guards, Effect]]:
    """The effects of one image, one for each combination of alternatives of its name and the other fields."""
    if image is None:
        yield from _with_fields(call, base, ALWAYS, rest)
        return
    for guards, option in iterate(image, ALWAYS):
        named = replace(base, images=(as_text(option, call.machine),))
        yield from _with_fields(call, named, guards, rest)


def _with_fields(
    call: Call, base: Effect, given: Guards, rest: list[tuple[str, str]]
) -> Iterator[tuple[Guards, Effect]]:
    if not rest:
        yield given, base
        return
    (name, place), *others = rest
    value = path_of(call.machine, at_place(call, place))
    for guards, option in iterate(value, given):
        known: dict[str, Any] = {} if isinstance(option, Absent | Null) else {name: as_text(option, call.machine)}
        yield from _with_fields(call, replace(base, **known), guards, others)


def _formed(call: Call, made: Effect, described: Mapping[str, object]) -> Effect:
    """Images that come in another form: 'repository-and-tag' has the tag at the place `tag`; with 'tag-of-source' the
    image is only the new tag."""
    form = described.get("form")
    if form is None or not made.images:
        return made
    image = made.images[0]
    if form == "repository-and-tag":
        tag = as_text(at_place(call, str(described.get("tag"))), call.machine)
        return replace(made, images=(image + Text.of(":") + tag,)) if tag.parts else made
    source = made.source or values.EMPTY
    halves = source.split_at(":", last=True)
    repository = halves[0] if halves is not None and "/" not in str(halves[1]) else source
    return replace(made, images=(repository + Text.of(":") + image,))


def image_stream(call: Call) -> tuple[Value, ...]:
    """Images as a stream of the type `type` that is read later: a file with a fresh path, so that whoever loads it
    finds them."""
    path = call.machine.unique("archive")
    for value in _named(call, call.with_.get("image")):
        for guards, option in iterate(value, ALWAYS):
            images = (as_text(option, call.machine),)
            tool, reading = str(call.with_.get("tool", "")), str(call.with_.get("reading", "docker"))
            call.machine.emit(Effect(EffectKind.SAVED, tool, reading, images, archive=path), guards)
    # Its parts, written to a file one after the other, are an archive with the same images.
    kept = (*_kept_images(call), ("%path", path))
    items = values.Sequence((Record("images.Part", kept),))
    whole = Record(str(call.with_.get("type", "os.File")), (*kept, ("%items", items)))
    return (call.machine.allocate(whole), Outcome(call.identity))


def _kept_images(call: Call) -> tuple[tuple[str, Value], ...]:
    tool, reading = str(call.with_.get("tool", "")), str(call.with_.get("reading", "docker"))
    images = values.Sequence(tuple(_named(call, call.with_.get("image"))))
    return ((STREAMED, images), ("%tool", Text.of(tool)), ("%reading", Text.of(reading)))


def container_request(call: Call) -> tuple[Value, ...]:
    """A container is started from a request (a place, `request`): one with a Dockerfile is built, run under its
    repository and tag, and removed with the container unless it is to be kept; otherwise its image is run."""
    request = at_place(call, str(call.with_.get("request", "1")))
    for guards, option in iterate(call.machine.load(request), ALWAYS):
        record = _request_of(call, option)
        if record is None:
            continue
        build = record.get("FromDockerfile")
        if isinstance(build, Record) and build.fields:
            image = _built_name(call, build)
            made = Effect(EffectKind.BUILT, "testcontainers", images=(image,))
            call.machine.emit(made, guards)
            call.machine.emit(replace(made, kind=EffectKind.RUN), guards)
            if build.get("KeepImage") != Truth(True):
                call.machine.emit(replace(made, kind=EffectKind.REMOVED), guards)
            continue
        for inner, name in iterate(record.get("Image") or Absent(), guards):
            if not isinstance(name, Absent):
                images = (as_text(name, call.machine),)
                call.machine.emit(Effect(EffectKind.RUN, "testcontainers", images=images), inner)
    return results(call)


def _request_of(call: Call, value: Value) -> Record | None:
    """The record that names the image: a request may lie inside another one."""
    loaded = call.machine.load(value)
    if not isinstance(loaded, Record):
        return None
    inner = loaded.get("ContainerRequest")
    return _request_of(call, inner) if inner is not None and loaded.get("Image") is None else loaded


def _built_name(call: Call, build: Record) -> Text:
    """The name of an image that testcontainers builds: random parts where repository or tag are not given (its
    documentation, "Build from Dockerfile")."""
    repository, tag = build.get("Repo"), build.get("Tag")
    names = [
        call.machine.unique("testcontainers") if part is None or part == values.EMPTY else as_text(part, call.machine)
        for part in (repository, tag)
    ]
    return names[0] + Text.of(":") + names[1]
