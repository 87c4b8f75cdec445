"""Reads `tools/*.yaml` of rules directories into `Tools`, checking every entry.

    tool: docker                    its name; `programs:` where its programs are called otherwise
    like: TOOL                      take everything from another tool; what is stated here is added or replaces it
    without: VERB, …                verbs that the other tool has and this one has not
    reading: docker                 how a bare image name reads: docker, podman, containerd, verbatim
    flags: D/debug tls j/jobs?      switches without a value, spellings joined by '/'; '?': one may be attached (-j4)
    options: H/host f/filename,     switches with a value; a final ',' says that commas separate several values
    unless: CONDITION               under which nothing is done (a dry run)
    shared: {FIELD: EXPRESSION}     fields of every effect
    named: {NAME: [{is: EXPRESSION, when: CONDITION}]}      what expressions below mean by `the NAME`: the first
                                    whose conditions hold
    contexts: kind-                 what precedes a cluster's name in the contexts that the tool makes
    transports: {PREFIX: ROLE}      'registry', 'archive', 'other', 'local READING'
    dashes: single                  '-name' is a long switch
    common: true                    its name is a word that mostly means something else
    verbs:
      build, image build:           the verb's spellings; '.' for a tool without verbs
        options-of: VERB            its switches are another verb's, and those stated
        operands: 1                 or 2, 1+, 0-1, '1 then command'
        effects: [{do: built, images: --tag, when: --push, per: …, FIELD: EXPRESSION or CONDITION}]
                                    `for: operands`: once for each operand, which is $1 then
      compose: {options: f/file}    without effects, and before other verbs: its switches may stand before them
    tools: [ENTRY, …]               several small tools in one file
    outputs: [{command: git rev-parse, weak: only a git hash}]      see `OutputRule`
    given: HOME CI_*                variables that are set without the project

A second YAML document holds the file's examples, which only the tests read. The language of expressions and
conditions is that of `tagcheck.catalogue.expressions`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from msgspec.structs import fields

from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue.expressions import Choice, Condition, Expression, Named, condition_from, expression_from
from tagcheck.catalogue.line import Switch
from tagcheck.catalogue.tools import (
    PRINTS,
    Action,
    Arity,
    CatalogueError,
    OutputRule,
    Path,
    Tool,
    Tools,
    Transport,
    Verb,
)
from tagcheck.values import SHAPES

_KINDS = {kind.value: kind for kind in EffectKind}
_FLAG_FIELDS = frozenset(
    (
        *("filtered", "everything", "unnamed", "lost", "wanted", "stays", "away", "apart", "unbuilt"),
        *("within", "kustomize", "chart", "artifacts", "strict", "silent", "environment_first", "singly", "by_line"),
        "alone",
    )
)
_TEXT_FIELDS = (
    frozenset(one.name for one in fields(Effect))
    - _FLAG_FIELDS
    - {"kind", "tool", "reading", "stdin", "stdout", "open"}
)
_HOW_OFTEN = frozenset(("do", "when", "per", "for"))
_COPY_FIELDS = frozenset(("from", "to", "from-is", "to-is"))
_TOOL_KEYS = frozenset(
    (
        *("tool", "programs", "like", "without", "reading", "dashes", "flags", "options", "unless", "shared"),
        "named",
        *("contexts", "transports", "verbs", "common"),
    )
)
_VERB_KEYS = frozenset(("flags", "options", "options-of", "operands", "effects", "unless"))
_READINGS = frozenset(("docker", "podman", "containerd", "verbatim"))
_ROLES = frozenset(("registry", "archive", "other", "local"))
_ARITY = re.compile(r"(\d+)(?:(\+)|-(\d+))?( then command)?")


def load_tools(directories: Sequence[FilePath]) -> Tools:
    """All tools of the `tools` folders of some rules directories, in order: a tool of a later one replaces that of an
    earlier one, or extends it (`like:` its own name). A directory without such a folder adds nothing.

    Raises CatalogueError for a file that cannot be read or an entry that is wrong."""
    loading = _Loading({}, [])
    for directory in directories:
        for file in sorted((directory / "tools").glob("*.yaml")):
            loading.read(file)
        loading.resolve()
    return loading.tools()


@dataclass
class _Loading:
    """Tools gathered so far; `waiting` are entries whose `like` may stand in a file that is not read yet."""

    known: dict[str, Tool]
    outputs: list[OutputRule]

    def __post_init__(self) -> None:
        self.given: set[str] = set()
        self.waiting: dict[str, tuple[_Entry, Mapping[str, object]]] = {}

    def read(self, file: FilePath) -> None:
        document = _document(file)
        entry = _Entry(str(file), "file")
        single = {key: value for key, value in document.items() if key not in ("tools", "outputs", "given")}
        if single:
            self._add(file, single)
        for one in entry.sequence(document, "tools"):
            self._add(file, entry.as_mapping(one, "a tool"))
        self.given.update(entry.text(document, "given").split())
        self.outputs[:0] = [_output(entry, one) for one in entry.sequence(document, "outputs")]

    def _add(self, file: FilePath, data: Mapping[str, object]) -> None:
        name = data.get("tool")
        entry = _Entry(str(file), f"tool {name}")
        if not isinstance(name, str):
            raise entry.error("it has no name", "say 'tool: NAME'")
        if name in self.waiting:
            raise entry.error("the name occurs twice", "keep one entry")
        self.waiting[name] = (entry, data)

    def resolve(self) -> None:
        while self.waiting:
            ready = [name for name, (_, data) in self.waiting.items() if not self._waits(name, data.get("like"))]
            if not ready:
                entry, data = next(iter(self.waiting.values()))
                raise entry.error(f"it is like {data['like']}, and that like it", "let one of them stand by itself")
            for name in ready:
                entry, data = self.waiting.pop(name)
                self.known[name] = _tool(entry, data, self._model(entry, data))

    def _waits(self, name: str, like: object) -> bool:
        return like in self.waiting and like != name

    def _model(self, entry: _Entry, data: Mapping[str, object]) -> Tool | None:
        like = data.get("like")
        if like is None:
            return None
        if not isinstance(like, str) or like not in self.known:
            raise entry.error(f"it is like {like}, which is no tool", "name a tool of the catalogue")
        return self.known[like]

    def tools(self) -> Tools:
        programs = {program: tool for tool in self.known.values() for program in tool.programs}
        prefixes = {tool.cluster_contexts for tool in self.known.values() if tool.cluster_contexts}
        return Tools(programs, tuple(self.outputs), tuple(sorted(prefixes)), frozenset(self.given))


def _document(file: FilePath) -> Mapping[str, object]:
    """The first document of a file; the examples after it are not even scanned."""
    import yaml

    entry = _Entry(str(file), "file")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with file.open("rb") as stream:
            text = stream.read().partition(b"\n---\n")[0]
        found = yaml.load(text, Loader=loader)
    except (OSError, yaml.YAMLError, ValueError) as problem:
        raise entry.error(f"it cannot be read ({problem})", "correct the YAML") from problem
    return entry.as_mapping(found, "the file")


@dataclass(frozen=True)
class _Entry:
    """Where an entry stands, for messages, and the checks that all entries share."""

    file: str
    name: str
    named: Named = field(default_factory=dict)

    def error(self, wrong: str, remedy: str) -> CatalogueError:
        return CatalogueError(self.file, self.name, wrong, remedy)

    def inside(self, name: str) -> _Entry:
        return replace(self, name=f"{self.name}, {name}")

    def check_keys(self, data: Mapping[str, object], allowed: Iterable[str]) -> None:
        for key in data:
            if key not in allowed:
                raise self.error(f"unknown key {key!r}", f"use one of {', '.join(sorted(allowed))}")

    def as_mapping(self, value: object, what: str) -> Mapping[str, object]:
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return value
        raise self.error(f"{what} is no mapping with texts as keys", "write 'key: value' lines, keys quoted if needed")

    def mapping(self, data: Mapping[str, object], key: str) -> Mapping[str, object]:
        value = data.get(key)
        return {} if value is None else self.as_mapping(value, key)

    def sequence(self, data: Mapping[str, object], key: str) -> Sequence[object]:
        value = data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.error(f"{key} is no list", "write it as '- …' lines")
        return value

    def text(self, data: Mapping[str, object], key: str, default: str = "") -> str:
        value = data.get(key, default)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return str(value)
        raise self.error(f"{key} is no text", "quote it")

    def texts(self, data: Mapping[str, object], key: str) -> tuple[str, ...]:
        """One text or a list of them."""
        value = data.get(key, [])
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in found):
            raise self.error(f"{key} is no text and no list of texts", "quote it")
        return tuple(found)

    def expression(self, text: object) -> Expression:
        try:
            return expression_from(str(text), self.named)
        except ValueError as problem:
            raise self.error(str(problem), "see the references in tagcheck.catalogue.expressions") from None

    def condition(self, text: object) -> Condition:
        try:
            return condition_from(str(text), self.named)
        except ValueError as problem:
            raise self.error(str(problem), "see the conditions in tagcheck.catalogue.expressions") from None

    def conditions(self, data: Mapping[str, object], key: str) -> tuple[Condition, ...]:
        return tuple(self.condition(text) for text in self.texts(data, key))


# --- entries ---------------------------------------------------------------------------------------------------------


def _tool(entry: _Entry, data: Mapping[str, object], model: Tool | None) -> Tool:
    entry.check_keys(data, _TOOL_KEYS)
    entry = _with_names(entry, data)
    name = entry.text(data, "tool")
    own = _verbs(entry, data, model)
    verbs = _with_groups({**_inherited(entry, data, model), **{path: verb for verb in own for path in verb.paths}})
    reading = entry.text(data, "reading", model.reading if model else "docker")
    if reading not in _READINGS:
        raise entry.error(f"unknown reading {reading!r}", f"use one of {', '.join(sorted(_READINGS))}")
    shared = tuple((field, entry.expression(text)) for field, text in entry.mapping(data, "shared").items())
    tool = Tool(
        name=name,
        programs=tuple(entry.text(data, "programs", name).split()),
        reading=reading,
        switches={**(model.switches if model else {}), **_switches(entry, data)},
        verbs=verbs,
        own=own,
        unless=entry.conditions(data, "unless") or (model.unless if model else ()),
        shared=shared or (model.shared if model else ()),
        transports=_transports(entry, data) or (model.transports if model else {}),
        cluster_contexts=entry.text(data, "contexts"),
        single_dash=entry.text(data, "dashes") == "single",
        source=entry.file,
        is_common=data.get("common") is True,
    )
    _check_options(entry, tool)
    return tool


def _with_names(entry: _Entry, data: Mapping[str, object]) -> _Entry:
    """The entry with what it defines; a definition may use those above it."""
    for name, options in entry.mapping(data, "named").items():
        inside = entry.inside(f"named {name}")
        listed = [inside.as_mapping(each, "an option") for each in inside.sequence({name: options}, name)]
        for each in listed:
            inside.check_keys(each, ("is", "when"))
        made = tuple((inside.conditions(each, "when"), inside.expression(each.get("is", ""))) for each in listed)
        entry = replace(entry, named={**entry.named, name: Choice(made)})
    return entry


def _inherited(entry: _Entry, data: Mapping[str, object], model: Tool | None) -> dict[Path, Verb]:
    verbs = dict(model.verbs) if model else {}
    for path in _paths(entry.text(data, "without")) if "without" in data else ():
        if verbs.pop(path, None) is None:
            raise entry.error(f"without names {' '.join(path)!r}, which the other tool has not", "leave it out")
    return verbs


def _with_groups(verbs: dict[Path, Verb]) -> dict[Path, Verb]:
    """The verbs, and a group for each beginning of theirs that does nothing by itself."""
    for path in list(verbs):
        for length in range(1, len(path)):
            group = verbs.get(path[:length], Verb((path[:length],)))
            if not group.actions and not group.group:
                verbs[path[:length]] = replace(group, group=True)
    return verbs


def _verbs(entry: _Entry, data: Mapping[str, object], model: Tool | None) -> tuple[Verb, ...]:
    known = dict(model.verbs) if model else {}
    found: list[Verb] = []
    for names, body in entry.mapping(data, "verbs").items():
        inside = entry.inside(f"verb {names}")
        verb = _verb(inside, _paths(names), inside.as_mapping(body or {}, "the verb"), known)
        known.update((path, verb) for path in verb.paths)
        found.append(verb)
    return tuple(found)


def _paths(names: str) -> tuple[Path, ...]:
    return tuple(() if name.strip() == "." else tuple(name.split()) for name in names.split(","))


def _verb(entry: _Entry, paths: tuple[Path, ...], data: Mapping[str, object], known: Mapping[Path, Verb]) -> Verb:
    """A verb; what it does not state it has from the verb of the same name of the tool that this one is like."""
    entry.check_keys(data, _VERB_KEYS)
    base = next((known[path] for path in paths if path in known), Verb(paths))
    switches = {**base.switches}
    for other in entry.text(data, "options-of").split(","):
        if other and tuple(other.split()) not in known:
            raise entry.error(f"options-of names {other!r}", "name a verb that stands above")
        switches.update(known[tuple(other.split())].switches if other else {})
    switches.update(_switches(entry, data))
    return Verb(
        paths=tuple(dict.fromkeys((*base.paths, *paths))),
        switches=switches,
        arity=_arity(entry, data) if "operands" in data else base.arity,
        actions=_actions(entry, data) if "effects" in data else base.actions,
        unless=entry.conditions(data, "unless") or base.unless,
    )


def _switches(entry: _Entry, data: Mapping[str, object]) -> dict[str, Switch]:
    found: dict[str, Switch] = {}
    for key, valued in (("flags", False), ("options", True)):
        for spellings in entry.text(data, key).split():
            names = spellings.rstrip(",?").split("/")
            switch = Switch(max(names, key=len), valued, spellings.endswith(","), spellings.endswith("?"))
            for name in names:
                if not name or name.startswith("-") or name in found:
                    raise entry.error(
                        f"the switch {name!r} is empty, has dashes or occurs twice", "write it once, bare"
                    )
                found[name] = switch
    return found


def _arity(entry: _Entry, data: Mapping[str, object]) -> Arity:
    match = _ARITY.fullmatch(entry.text(data, "operands"))
    if match is None:
        raise entry.error("operands is no arity", "write 1, 1+, 0-1 or '1 then command'")
    least = int(match[1])
    most = None if match[2] else int(match[3]) if match[3] else least
    if match[4] and (most is None or most > 1):
        raise entry.error("more than one operand before a command", "only 0, 1 and 0-1 are understood")
    return Arity(least, most, bool(match[4]))


def _actions(entry: _Entry, data: Mapping[str, object]) -> tuple[Action, ...]:
    effects = entry.sequence(data, "effects")
    return tuple(_action(entry, entry.as_mapping(effect, "an effect")) for effect in effects)


def _action(entry: _Entry, data: Mapping[str, object]) -> Action:
    do = entry.text(data, "do")
    if do != "copy" and do not in _KINDS:
        raise entry.error(f"unknown effect {do!r}", f"use copy or one of {', '.join(_KINDS)}")
    allowed = _COPY_FIELDS if do == "copy" else _TEXT_FIELDS | _FLAG_FIELDS | {"context"}
    entry.check_keys(data, allowed | _HOW_OFTEN)
    stated = {key: value for key, value in data.items() if key not in _HOW_OFTEN}
    if data.get("for", "operands") != "operands":
        raise entry.error(f"it is for {data['for']!r}", "say 'for: operands'")
    return Action(
        kind=_KINDS.get(do),
        texts=tuple((key, entry.expression(text)) for key, text in stated.items() if key not in _FLAG_FIELDS),
        flags=tuple(
            (key, entry.condition("true" if value is True else value))
            for key, value in stated.items()
            if key in _FLAG_FIELDS
        ),
        when=entry.conditions(data, "when"),
        per=entry.expression(data["per"]) if "per" in data else None,
        singly="for" in data,
    )


def _transports(entry: _Entry, data: Mapping[str, object]) -> dict[str, Transport]:
    found: dict[str, Transport] = {}
    for prefix, text in entry.mapping(data, "transports").items():
        role, _, reading = str(text).partition(" ")
        if role not in _ROLES or (reading and reading not in _READINGS):
            raise entry.error(f"unknown transport role {text!r}", f"use one of {', '.join(sorted(_ROLES))}")
        found[prefix] = Transport(role, reading)
    return found


def _output(entry: _Entry, value: object) -> OutputRule:
    data = entry.as_mapping(value, "an output")
    inside = entry.inside(f"output {data.get('command')}")
    inside.check_keys(data, ("command", "has", "unique", "weak", "prints", "shape"))
    if not inside.text(data, "command"):
        raise inside.error("it has no command", "say 'command: PROGRAM WORD …' or 'command: \"*\"'")
    if inside.text(data, "prints") not in ("", *PRINTS):
        raise inside.error(f"it prints {data['prints']!r}", f"use one of {', '.join(PRINTS)}")
    if inside.text(data, "shape") not in ("", *SHAPES):
        raise inside.error(f"it has the shape {data['shape']!r}", f"use one of {', '.join(SHAPES)}")
    return OutputRule(
        command=tuple(inside.text(data, "command").split()),
        has=inside.texts(data, "has"),
        unique=data.get("unique") is True,
        weak=inside.text(data, "weak"),
        prints=inside.text(data, "prints"),
        shape=inside.text(data, "shape"),
    )


def _check_options(entry: _Entry, tool: Tool) -> None:
    """Every option that an expression names must be in the tables, by its longest spelling."""
    everywhere = {switch.name for path in (*tool.verbs, ()) for switch in _visible(tool, path)}
    shared = [expression for _, expression in tool.shared]
    _check_names(entry, [*shared, *(condition.expression for condition in tool.unless)], everywhere)
    for verb in tool.own:
        names = {switch.name for path in verb.paths for switch in _visible(tool, path)}
        inside = entry.inside(f"verb {', '.join(' '.join(path) or '.' for path in verb.paths)}")
        _check_names(inside, _expressions(verb), names)


def _check_names(entry: _Entry, expressions: Iterable[Expression], names: Collection[str]) -> None:
    for expression in expressions:
        for option in expression.options():
            if option not in names:
                raise entry.error(f"no switch is called --{option}", "state it under flags or options")


def _visible(tool: Tool, path: Path) -> Iterable[Switch]:
    yield from tool.switches.values()
    for length in range(len(path) + 1):
        if (verb := tool.verbs.get(path[:length])) is not None:
            yield from verb.switches.values()


def _expressions(verb: Verb) -> Iterable[Expression]:
    for condition in verb.unless:
        yield condition.expression
    for action in verb.actions:
        yield from (expression for _, expression in action.texts)
        yield from (condition.expression for _, condition in action.flags)
        yield from (condition.expression for condition in action.when)
        if action.per is not None:
            yield action.per
