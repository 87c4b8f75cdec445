"""Actions of CI systems, as models say it: a call whose argument 0 maps the names of inputs to values;
argument 1, where there is one, maps variables of the environment that the action alone sees.

`does` lists effects: `kind`, `tool` and `reading` as in the catalogue; `images` an input, or several, each of which
holds names with blanks, line ends or commas between them, and `paths` likewise for files; `repository` an input of
which `images` may be tags, by default the tag `default` (or {environment: NAME}), and `registry` one that names a
connection to its registry. `when` and `unless` are inputs that are true or not, `without` inputs that are not given,
`when-one` inputs with the texts of which they must be one, `setting` inputs with the key of a `key=value` in them that
must be true; `lost` and `wanted` are those of a build without a name, `stays` inputs of which one
brings what is built to an engine or registry. The other fields of an effect (`store`,
`archive`, `path`, …) are an input each, or {input: …, default: …}, or {input: …, setting: key}, without which there is
no effect, or {option: --name, of: …}: what an option is given in a command line. `lists` are fields that hold several
texts, each an input with blanks, line ends or commas between them, and `lines` likewise with line ends only. `gives`
maps outputs to such sources, `{unique: label}` or `{text: …}`; `sets` does so for variables of the environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice, pairwise

from msgspec.structs import replace

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.pipelines import UNKNOWN
from tagcheck.builtins.symbolic import as_text, combine, cut_run, joined, run_text, runs, slice_text
from tagcheck.catalog import Effect, EffectKind
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.values import EMPTY, Absent, Filling, Hole, HoleKind, Piece, Record, Text, Truth, Value, iterate

SEPARATORS = " \t\r\n,"
LINE_ENDS = "\r\n"
MOST_IMAGES = 64
FIELDS = (
    *("store", "archive", "path", "workload", "container", "policy", "source", "namespace", "script", "directory"),
    "stage",
)


def action(call: Call) -> tuple[Value, ...]:
    """Emit the effects that the model describes, and give its outputs as a record."""
    described = call.with_.get("does", ())
    for each in described if isinstance(described, list) else ():
        if isinstance(each, Mapping):
            _emit(call, each)
    for name, source in _mapping(call.with_.get("sets")).items():
        call.machine.set_environment(Text.of(str(name)), sourced(call, source))
    given = tuple((str(name), sourced(call, source)) for name, source in _mapping(call.with_.get("gives")).items())
    return (Record("", ((UNKNOWN, call.unknown("an output of an action")), *given)),)


def unknown_action(call: Call) -> tuple[Value, ...]:
    """An action that no model describes: it may do something to images where an input of those in `telling` says so."""
    inputs = call.machine.load(call.argument(0))
    names = call.with_.get("telling", ())
    told = [name for name in names if source_input(inputs, str(name)) is not None] if isinstance(names, list) else []
    if told:
        call.machine.gap("run", "an action that is not known")
    return (Record("", ((UNKNOWN, call.unknown("an output of an action that is not known")),)),)


def source_input(inputs: Value, name: str) -> Value | None:
    """What an input holds; None if it is not given."""
    found = inputs.get(name) if isinstance(inputs, values.Mapping) else None
    return None if found is None or found == EMPTY or isinstance(found, Absent | values.Null) else found


def sourced(call: Call, source: object) -> Value:
    """The value of a source: the name of an input, or a mapping as described above."""
    inputs = call.machine.load(call.argument(0))
    match source:
        case str():
            return source_input(inputs, source) or EMPTY
        case {"unique": label}:
            return call.machine.unique(str(label))
        case {"environment": name}:
            return call.machine.environment(Text.of(str(name)))
        case {"text": text}:
            return Text.of(str(text))
        case {"join": list(parts)}:
            return _together([sourced(call, part) for part in parts])
        case {"input": name, "setting": key}:
            return _set_in(call, str(name), str(key))
        case {"option": option, "of": name}:
            return _given_to(as_text(call.machine.load(sourced(call, name)), call.machine), str(option))
        case {"input": name, **rest}:
            found = source_input(inputs, str(name))
            return Text.of(str(rest.get("default", ""))) if found is None else found
        case _:
            return call.unknown("an output of an action")


def _given_to(text: Text, option: str) -> Text:
    """What an option is given in a command line, one a line."""
    words = parts_of(text)
    found = [after for word, after in pairwise(words) if word.literal == option]
    found += [value for word in words if (value := word.without_prefix(f"{option}=")) is not None]
    return joined(found, Text.of("\n")) if found else EMPTY


def _together(parts: list[Value]) -> Value:
    return combine(parts, lambda row: joined([as_text(each) for each in row], EMPTY))


def _mapping(value: object) -> Mapping[object, object]:
    return value if isinstance(value, Mapping) else {}


# --- effects ---------------------------------------------------------------------------------------------------------


def _emit(call: Call, described: Mapping[str, object]) -> None:
    base = Effect(
        EffectKind(str(described.get("kind"))),
        str(described.get("tool", "")),
        str(described.get("reading", "docker")),
        lost=described.get("lost") is True,
        wanted=described.get("wanted") is True,
        stays="stays" in described and not any(map(partial(_is_given, call), _names(described["stays"]))),
        within=described.get("within") is True,
        environment=tuple(_variables(call)),
    )
    for given in _conditions(call, described):
        for guards, effect in _with_lists(call, described, _with_fields(call, base, described, given)):
            if described.get("images") is None:
                for inner, whole in _over_paths(call, effect, described, guards):
                    call.machine.emit(whole, inner)
                continue
            for inner, image in islice(_images(call, described, guards), MOST_IMAGES):
                call.machine.emit(replace(effect, images=(image,)), inner)


def _is_given(call: Call, name: str) -> bool:
    """Whether an input is there, and not for certain false."""
    found = source_input(call.machine.load(call.argument(0)), name)
    return found is not None and any(is_true(option) is not False for _, option in values.options(found))


def _variables(call: Call) -> Iterator[Text]:
    """The variables that the action alone sees, as NAME=value."""
    given = call.machine.load(call.arguments[1]) if len(call.arguments) > 1 else None
    for name, value in given.entries if isinstance(given, values.Mapping) else ():
        yield as_text(call.machine.join((as_text(name), Text.of("="), value)), call.machine)


def _images(call: Call, described: Mapping[str, object], given: Guards) -> Iterator[tuple[Guards, Text]]:
    """The names in inputs; with `repository` (an input) they may be tags of it, in the `registry` that is given."""
    sources = described["images"]
    for source in sources if isinstance(sources, list) else [sources]:
        for guards, option in iterate(call.machine.load(sourced(call, source)), given):
            text = as_text(option, call.machine)
            for image in parts_of(text) or parts_of(_default(call, described)):
                yield guards, _completed(call, described, image)


def _connected(call: Call, connection: str) -> Text:
    """The address that a named connection leads to, the same for all who name it."""
    name = as_text(call.machine.load(sourced(call, connection)), call.machine)
    return Text.of_hole(Hole(HoleKind.OPAQUE, f"connection:{name}", "the address of a connection"), call.site)


def _over_paths(
    call: Call, effect: Effect, described: Mapping[str, object], given: Guards
) -> Iterator[tuple[Guards, Effect]]:
    """The effect, once for each path in the input `paths` where there is one."""
    if described.get("paths") is None:
        yield given, effect
        return
    for guards, option in iterate(call.machine.load(sourced(call, described["paths"])), given):
        for path in parts_of(as_text(option, call.machine)):
            yield guards, replace(effect, path=path)


def _completed(call: Call, described: Mapping[str, object], tag: Text) -> Text:
    if described.get("repository") is None or tag.split_at("/") is not None or tag.split_at(":") is not None:
        return tag
    repository = as_text(call.machine.load(sourced(call, described["repository"])), call.machine)
    registry = as_text(call.machine.load(sourced(call, "registry")), call.machine)
    connection = described.get("registry")
    if connection is not None and source_input(call.machine.load(call.argument(0)), str(connection)) is not None:
        registry = _connected(call, str(connection))
    return (registry + Text.of("/") if registry.parts else EMPTY) + repository + Text.of(":") + tag


def _conditions(call: Call, described: Mapping[str, object]) -> Iterator[Guards]:
    """Under which guards an effect happens."""
    for name, key in _mapping(described.get("setting")).items():
        if is_true(_set_in(call, str(name), str(key))) is False:
            return
    inputs = call.machine.load(call.argument(0))
    if any(source_input(inputs, name) is not None for name in _names(described.get("without"))):
        return
    if not all(_is_one(call, str(name), values_) for name, values_ in _mapping(described.get("when-one")).items()):
        return
    wanted = [(name, True) for name in _names(described.get("when"))]
    wanted += [(name, False) for name in _names(described.get("unless"))]
    found = [ALWAYS]
    for name, value in wanted:
        found = [both for guards in found for both in _where(call, name, value, guards)]
    yield from found


def _set_in(call: Call, name: str, key: str) -> Value:
    """What `key=value` in an input says, whose parts stand between commas; the empty text if nothing does."""
    found = source_input(call.machine.load(call.argument(0)), name)
    text = as_text(call.machine.load(found), call.machine) if found is not None else EMPTY
    return next((value for part in parts_of(text) if (value := part.without_prefix(f"{key}=")) is not None), EMPTY)


def _default(call: Call, described: Mapping[str, object]) -> Text:
    default = described.get("default", "")
    if isinstance(default, Mapping):
        return as_text(call.machine.load(sourced(call, default)), call.machine)
    return Text.of(str(default))


def _is_one(call: Call, name: str, wanted: object) -> bool:
    """Whether an input can be one of these texts."""
    value = sourced(call, name)
    options = [as_text(option, call.machine).literal for _, option in values.options(call.machine.load(value))]
    return not isinstance(wanted, list) or any(option is None or option in wanted for option in options)


def _names(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    return [] if value is None else [str(value)]


def _where(call: Call, name: str, wanted: bool, given: Guards) -> Iterator[Guards]:
    inputs = call.machine.load(call.argument(0))
    found = source_input(inputs, name)
    for guards, option in iterate(Absent() if found is None else found, given):
        truth = is_true(option)
        if truth is wanted:
            yield guards
        elif truth is None:
            unknown = when(f"~{call.identity}:{name}", wanted)
            both = guards.and_(unknown)
            if both is not None:
                yield both


def is_true(value: Value) -> bool | None:
    """An input as a truth value, as actions read it; None if not known. A text other than 'false' is true."""
    match value:
        case Absent() | values.Null():
            return False
        case Truth():
            return value.value
        case Text() if not value.holes:
            return (value.literal or "").strip().lower() not in ("", "false", "0", "no")
        case Text() | values.Opaque():
            return None
        case _:
            return True


def _with_fields(
    call: Call, base: Effect, described: Mapping[str, object], given: Guards
) -> Iterator[tuple[Guards, Effect]]:
    found = [(given, base)]
    for name in FIELDS:
        if described.get(name) is None:
            continue
        value = call.machine.load(sourced(call, described[name]))
        if value == EMPTY and "setting" in _mapping(described[name]):
            return
        found = [
            (guards, replace(effect, **{name: as_text(option, call.machine)}))
            for before, effect in found
            for guards, option in iterate(value, before)
        ]
    yield from found


def _with_lists(
    call: Call, described: Mapping[str, object], effects: Iterator[tuple[Guards, Effect]]
) -> Iterator[tuple[Guards, Effect]]:
    """Effects with the fields that hold several texts."""
    found = list(effects)
    for kind, separators in (("lists", SEPARATORS), ("lines", LINE_ENDS)):
        for name, source in _mapping(described.get(kind)).items():
            value = call.machine.load(sourced(call, source))
            found = [
                (guards, replace(effect, **{str(name): tuple(parts_of(as_text(option, call.machine), separators))}))
                for before, effect in found
                for guards, option in iterate(value, before)
            ]
    yield from found


# --- lists in one text -----------------------------------------------------------------------------------------------


def parts_of(text: Text, separators: str = SEPARATORS) -> list[Text]:
    """The parts of a text between separators, empty ones left out; a hole contains none."""
    found: list[Text] = []
    parts: list[Piece | Filling] = []
    for run in runs(text):
        if isinstance(run, Filling):
            parts.append(run)
            continue
        content, at = run_text(run), 0
        for end in range(len(content) + 1):
            if end == len(content) or content[end] in separators:
                parts.extend(cut_run(run, at, end))
                if end < len(content):
                    found.append(Text(tuple(parts)))
                    parts = []
                at = end + 1
    return [each for each in (*found, Text(tuple(parts))) if each.parts]


# --- names that an action computes -----------------------------------------------------------------------------------

_DEFAULT_RULES = "type=schedule\ntype=ref,event=branch\ntype=ref,event=tag\ntype=ref,event=pr"
_RULES = {"images": "", "tags": _DEFAULT_RULES, "flavor": ""}
_LATEST = frozenset(("semver", "pep440", "match"))
_EDGE = "edge"
_BAKE_TARGET = "docker-metadata-action"
_TAGS = Text.of('"tags": ["')


def image_tags(call: Call) -> tuple[Value, ...]:
    """docker/metadata-action: the inputs `images` and `tags` (rules, one a line) give the outputs `tags` (every name)
    and `version` (the first tag), and bake files that give a target these names. A rule that depends on the event is
    taken to hold."""
    inputs = call.machine.load(call.argument(0))
    given = [source_input(inputs, name) or Text.of(default) for name, default in _RULES.items()]
    resumed = [call.machine.load(value) for value in given]
    names = combine(resumed, lambda row: _names_made(call, [as_text(each) for each in row], "tags"))
    version = combine(resumed, lambda row: _names_made(call, [as_text(each) for each in row], "version"))
    for name, value in (("TAGS", names), ("VERSION", version)):
        call.machine.set_environment(Text.of(f"DOCKER_METADATA_OUTPUT_{name}"), value)
    for guards, option in iterate(names, ALWAYS):
        offered = tuple(islice(parts_of(as_text(option)), MOST_IMAGES))
        call.machine.emit(Effect(EffectKind.OFFERED, "docker", images=offered), guards)
    known = (("tags", names), ("version", version), *_bake_files(call, names))
    return (Record("", ((UNKNOWN, call.unknown("an output of docker/metadata-action")), *known)),)


def _bake_files(call: Call, names: Value) -> Iterator[tuple[str, Value]]:
    """The outputs that are paths of bake files: two with the names, two without."""
    target = source_input(call.machine.load(call.argument(0)), "bake-target") or Text.of(_BAKE_TARGET)
    before = Text.of('{"target": {"') + as_text(target) + Text.of('": {')
    after = Text.of("}}}")
    named = combine([names], lambda row: joined(parts_of(as_text(row[0])), Text.of('", "'), _TAGS, Text.of('"]')))
    for output, content in (
        *(("bake-file", named), ("bake-file-tags", named)),
        *(("bake-file-labels", EMPTY), ("bake-file-annotations", EMPTY)),
    ):
        path = _computed(call, output)
        call.machine.write_file(path, call.machine.join((before, content, after)))
        yield output, path


def _names_made(call: Call, given: list[Text], wanted: str) -> Text:
    images, rules, flavor = map(_without_comments, given)
    added = {key: value for part in parts_of(flavor, "\r\n,") for key, value in _setting(_stripped(part))}
    found = (_tag(call, _stripped(line), added) for line in parts_of(rules, "\r\n"))
    tags = [tag for tag in found if tag is not None]
    if wanted == "version":
        return tags[0] if len(tags) == 1 else _computed(call, "version")
    if _adds_latest(rules, flavor):
        tags.append(_computed(call, "latest"))
    names = [_value_of(each, "name") or each for each in parts_of(images) if not _is_option(each)]
    return joined([name + Text.of(":") + tag for name in names for tag in tags], Text.of("\n"))


def _without_comments(listed: Text) -> Text:
    """The lines of an input that are no comments (docker/metadata-action 5: `#` at the beginning of a line)."""
    lines = parts_of(listed, "\r\n")
    return joined([each for each in lines if not each.leading.lstrip().startswith("#")], Text.of("\n"))


def _computed(call: Call, what: str) -> Text:
    """A part of a name that depends on the event: the same for all who read it."""
    hole = Hole(HoleKind.OUTPUT, f"{call.identity}:{what}", f"docker/metadata-action {what}")
    return Text.of_hole(hole, call.site)


def _is_option(text: Text) -> bool:
    return text.leading.startswith("enable=")


def _value_of(text: Text, key: str) -> Text | None:
    return text.without_prefix(f"{key}=")


def _stripped(text: Text) -> Text:
    pieces = parts_of(text, " \t")
    return pieces[0] if len(pieces) == 1 else text


def _adds_latest(rules: Text, flavor: Text) -> bool:
    """Whether the tag latest may be added; `flavor: latest=auto` is the default."""
    if "latest=false" in str(flavor):
        return False
    listed = str(rules)
    return "latest=true" in str(flavor) or "event=tag" in listed or any(f"type={each}" in listed for each in _LATEST)


def _tag(call: Call, rule: Text, flavor: Mapping[str, Text]) -> Text | None:
    """The tag that a rule gives; None if it is switched off. A prefix and a suffix of the flavor are those of each rule
    that has none of its own (docker/metadata-action, "flavor input")."""
    settings = {key: value for part in parts_of(rule, ",") for key, value in _setting(_stripped(part))}
    if not settings or is_true(settings.get("enable", Truth(True))) is False:
        return None
    kind = (settings["type"].literal or "") if "type" in settings else "raw"
    prefix, suffix = settings.get("prefix"), settings.get("suffix", _added(call, flavor, "suffix"))
    event = settings["event"].literal if "event" in settings else None
    if kind == "raw":
        value = settings.get("value")
        if value is None or (value.literal is None and "{{" in str(value)) or "{{" in (value.literal or ""):
            value = _computed(call, str(rule))
    elif kind == "sha":
        commit = call.machine.environment(Text.of("GITHUB_SHA"))
        whole = settings.get("format", EMPTY).literal == "long"
        value = as_text(commit) if whole else _short(commit)
        prefix = Text.of("sha-") if prefix is None else prefix
    elif kind == _EDGE:
        value = Text.of(_EDGE)
    else:
        value = _computed(call, f"{kind} {event or settings.get('pattern', EMPTY)}")
        prefix = Text.of("pr-") if prefix is None and event == "pr" else prefix
    return (_added(call, flavor, "prefix") if prefix is None else prefix) + value + suffix


def _added(call: Call, flavor: Mapping[str, Text], key: str) -> Text:
    """What a flavor adds to each tag; one with expressions in it depends on the event."""
    found = flavor.get(key, EMPTY)
    return _computed(call, f"{key} {found}") if "{{" in str(found) else found


def _short(commit: Value) -> Text:
    """The first seven digits of a commit."""
    return slice_text(as_text(commit), 0, 7)


def _setting(part: Text) -> Iterator[tuple[str, Text]]:
    """`key=value`; a bare value is that of a raw tag."""
    key, mark, _ = part.leading.partition("=")
    if mark:
        yield key.strip(), part.dropped(part.leading.index("=") + 1)
    elif part.parts:
        yield "value", part
