"""Library models: what a call of a library function is, read from `rules/models/*.yaml`.

A file's first document is a list of groups; a second one, which is not read here, holds examples that run as tests:

    - module: strings                   # or a list; 'path/*' stands for every module below a path
      models:
        Split: split                    # name: operation
        ToLower: {op: case, change: lower}
        "Print, Println": nothing       # several names
      values: {Never: text}             # constants

Names are qualified as the front ends do it: module, '.', function or 'Type.Method'. '*.Method' is a method of any type
of the module; module '*' is any module, for receivers of unknown type. A module whose path ends in a major version
('/v2') falls back on the path without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagcheck.builtins.registry import OPERATIONS, OperationSpec
from tagcheck.catalog import EffectKind
from tagcheck.values import Hole, HoleKind, Number, Opaque, Record, Text

ANY_MODULE = "*"
ANY_WORD = "*"
RESERVED = frozenset({"op", "by-reference", "attribute", "receiver-first", "signature"})
GROUP_KEYS = frozenset({"module", "models", "values", "single"})


class ModelError(Exception):
    """A rule file that does not follow the format; the message names file and entry."""


@dataclass(frozen=True, slots=True)
class Model:
    """What a library call is. `with_` holds the operation's parameters. `by_reference`: indexes of arguments that the
    library writes to although they are no pointers (a slice that is filled): the operation wants a pointer to them.
    `attribute`: it is asked for like a field. `receiver_first`: the operation gets the receiver as argument 0.
    `signature`: the names by which the arguments can be given, in order. `single`: a call has one result, whatever
    the operation gives besides."""

    name: str
    op: str
    spec: OperationSpec
    with_: Mapping[str, object] = field(default_factory=dict)
    by_reference: frozenset[int] = frozenset()
    attribute: bool = False
    receiver_first: bool = False
    signature: tuple[str, ...] = ()
    single: bool = False

    @property
    def pure(self) -> bool:
        return self.spec.pure

    @property
    def stops(self) -> bool:
        return self.spec.stops


@dataclass(frozen=True, slots=True)
class Convention:
    """What the name of an unknown function says: `generates` a fresh unique image name or tag, or does to the image
    that it is given what `stage` says."""

    generates: bool = False
    stage: EffectKind | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words that a name must have: one out of each of `words`, in this order, beginning with the first; the empty set
    stands for any word. None of `without`."""

    words: tuple[frozenset[str], ...]
    without: frozenset[str]
    convention: Convention


@dataclass(frozen=True)
class Models:
    """All models of a language. `values` are constants of libraries: a Python text, number or truth value, or a `Value`
    for what is not known before a run. `modules` holds the prefixes of module patterns by the rest of the name."""

    exact: Mapping[str, Model]
    values: Mapping[str, object] = field(default_factory=dict)
    modules: Mapping[str, tuple[tuple[str, Model], ...]] = field(default_factory=dict)
    conventions: tuple[Pattern, ...] = ()
    _found: dict[str, Model | None] = field(default_factory=dict, compare=False, repr=False)

    def find(self, qualified_name: str) -> Model | None:
        """The model of a call, most specific first: its own, '*.Method' of its module, all of its module, those of
        module patterns; None without one. '*.Method' asks for receivers of unknown type."""
        try:
            return self._found[qualified_name]
        except KeyError:
            found = self._found[qualified_name] = self._find(qualified_name)
            return found

    def libraries(self) -> frozenset[str]:
        """The prefixes of module patterns."""
        return frozenset(prefix for found in self.modules.values() for prefix, _ in found)

    def _find(self, qualified_name: str) -> Model | None:
        found = self.exact.get(qualified_name)
        if found is not None:
            return found
        for module, rest in _readings(qualified_name):
            for name in _generalised(rest):
                found = self.exact.get(f"{module}.{name}") or self._by_pattern(module, name)
                if found is not None:
                    return found
        return None

    def _by_pattern(self, module: str, name: str) -> Model | None:
        for prefix, model in self.modules.get(name, ()):
            if module.startswith(prefix):
                return model
        return None

    def convention(self, name: str) -> Convention | None:
        """What the words of a function's simple name say; None if nothing clear."""
        words = split_words(name)
        if not 2 <= len(words) <= 9:
            return None
        return next((pattern.convention for pattern in self.conventions if _matches(pattern, words)), None)


def _readings(name: str) -> Iterator[tuple[str, str]]:
    """The ways to read a qualified name as module and rest: a module's last part may contain dots."""
    slash = name.rfind("/") + 1
    dot = name.find(".", slash)
    while dot > 0:
        module, rest = name[:dot], name[dot + 1 :]
        yield module, rest
        head, _, last = module.rpartition("/")
        if head and last[:1] == "v" and last[1:].isdigit():
            yield head, rest
        dot = name.find(".", dot + 1)


def _generalised(rest: str) -> tuple[str, ...]:
    dot = rest.rfind(".")
    return (rest, "*" + rest[dot:], "*") if dot > 0 else (rest, "*")


def split_words(name: str) -> tuple[str, ...]:
    """The words of a camelCase, PascalCase, snake_case or kebab-case name, in lower case; a run of capitals is a
    word ('loadTLSCert' is load, tls, cert)."""
    words: list[str] = []
    start = 0
    for at in range(1, len(name)):
        before, here = name[at - 1], name[at]
        after = name[at + 1 : at + 2]
        new = here.isupper() and (not before.isupper() or (after.islower() and after != "s"))
        if new or not here.isalnum() or not before.isalnum():
            words.append(name[start:at])
            start = at
    words.append(name[start:])
    return tuple(word.lower() for word in words if word[:1].isalnum())


def _matches(pattern: Pattern, words: tuple[str, ...]) -> bool:
    if words[0] not in pattern.words[0] or any(word in pattern.without for word in words):
        return False
    at = 1
    for wanted in pattern.words[1:]:
        while at < len(words) and wanted and words[at] not in wanted:
            at += 1
        if at == len(words):
            return False
        at += 1
    return True


# --- loading ---------------------------------------------------------------------------------------------------------


def load_models(directories: Sequence[Path], *languages: str) -> Models:
    """The models of languages ('go', 'shell') from the files `LANGUAGE-*.yaml` of the directories, and the naming
    conventions of `conventions.yaml`. Later directories win over earlier ones.

    Raises ModelError for a file that does not follow the format.
    """
    exact: dict[str, Model] = {}
    constants: dict[str, object] = {}
    modules: dict[str, list[tuple[str, Model]]] = {}
    conventions: tuple[Pattern, ...] = ()
    for directory in directories:
        for path in sorted(path for language in languages for path in directory.glob(f"{language}-*.yaml")):
            seen: set[str] = set()
            for group in _groups(path):
                for name, model in _models(path, group):
                    if name in seen:
                        raise ModelError(f"{path}: {name} is defined twice")
                    seen.add(name)
                    _add(name, model, exact, modules)
                constants.update(_values(path, group))
        if (named := directory / "conventions.yaml").is_file():
            conventions = (*_conventions(named), *conventions)
    return Models(exact, constants, {name: tuple(found) for name, found in modules.items()}, conventions)


def _add(name: str, model: Model, exact: dict[str, Model], modules: dict[str, list[tuple[str, Model]]]) -> None:
    module, star, rest = name.partition("/*.")
    if star:
        modules.setdefault(rest, []).insert(0, (module + "/", model))
    else:
        exact[name] = model


def first_document(text: str) -> object:
    """The first document of a YAML text."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text.split("\n---\n", 1)[0], Loader=loader)


def _read(path: Path) -> object:
    import yaml

    try:
        return first_document(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error


def _groups(path: Path) -> list[Mapping[str, object]]:
    document = _read(path)
    if document is None:
        return []
    if not isinstance(document, list):
        raise ModelError(f"{path}: a list of groups is expected")
    for number, group in enumerate(document, start=1):
        if not isinstance(group, Mapping) or not group.get("module"):
            raise ModelError(f"{path}: group {number} has no `module`")
        unknown = [str(key) for key in group if key not in GROUP_KEYS]
        if unknown:
            raise ModelError(f"{path}: group {number} ({group['module']}): unknown key {unknown[0]!r}")
    return document


def _modules(group: Mapping[str, object]) -> tuple[str, ...]:
    modules = group["module"]
    return tuple(str(module) for module in modules) if isinstance(modules, list) else (str(modules),)


def _models(path: Path, group: Mapping[str, object]) -> Iterator[tuple[str, Model]]:
    entries = group.get("models") or {}
    modules = _modules(group)
    if not isinstance(entries, Mapping):
        raise ModelError(f"{path}: {modules[0]}: `models` maps names to operations")
    for names, entry in entries.items():
        if not isinstance(names, str):
            raise ModelError(f"{path}: {modules[0]}: the name {names!r} must be quoted")
        shape = replace(_shape(path, f"{modules[0]}.{names}", entry), single=bool(group.get("single")))
        for module in modules:
            for name in names.split(", "):
                qualified = f"*.{name}" if module == ANY_MODULE else f"{module}.{name}"
                yield qualified, replace(shape, name=qualified)


def _shape(path: Path, where: str, entry: object) -> Model:
    """A model but for its name."""
    if isinstance(entry, str):
        entry = {"op": entry}
    if not isinstance(entry, Mapping):
        raise ModelError(f"{path}: {where}: an operation or a mapping with `op` is expected")
    op = entry.get("op")
    spec = OPERATIONS.get(op) if isinstance(op, str) else None
    if spec is None or not isinstance(op, str):
        raise ModelError(f"{path}: {where}: there is no operation {op!r}")
    with_ = {str(key): value for key, value in entry.items() if key not in RESERVED}
    unknown = sorted(set(with_) - spec.parameters)
    if unknown:
        raise ModelError(f"{path}: {where}: the operation {op!r} has no parameter {unknown[0]!r}")
    return Model(
        "",
        op,
        spec,
        with_,
        frozenset(entry.get("by-reference", ())),
        bool(entry.get("attribute")),
        bool(entry.get("receiver-first")),
        tuple(map(str, entry.get("signature", ()))),
    )


@dataclass(frozen=True, slots=True)
class ProgramWords:
    """The words with which a program was started; `unknown` where nobody knows them."""

    unknown: Opaque


@dataclass(frozen=True)
class Shared:
    """One object of a type, which everybody who asks for it gets."""

    type: str


@dataclass(frozen=True)
class MadeOf:
    """What a function of a library gives, once, for values that the names mean where it is asked for."""

    function: str
    names: tuple[str, ...]


def _values(path: Path, group: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    entries = group.get("values") or {}
    for module in _modules(group):
        if not isinstance(entries, Mapping):
            raise ModelError(f"{path}: {module}: `values` maps names to values")
        for names, entry in entries.items():
            for name in str(names).split(", "):
                yield f"{module}.{name}", _value(path, f"{module}.{name}", entry)


def _value(path: Path, name: str, entry: object) -> object:
    """A constant: a text, number or truth value as it stands; or {opaque: type}, {record: type}
    with texts for fields, {parameter: name}, {number: value, type: type of the library},
    {words: type}: the program's name and its arguments; {shared: type}: an object that all users share;
    {made: function, of: names}: what that gives once for what the names mean there."""
    match entry:
        case bool() | int() | float() | str():
            return entry
        case {"opaque": type_}:
            return Opaque(name, f"the value of {name}", str(type_))
        case {"words": type_}:
            return ProgramWords(Opaque(name, f"the value of {name}", str(type_)))
        case {"record": type_, **fields}:
            return Record(str(type_), tuple((str(name), Text.of(str(text))) for name, text in fields.items()))
        case {"shared": type_}:
            return Shared(str(type_))
        case {"made": function, "of": list(names)}:
            return MadeOf(str(function), tuple(map(str, names)))
        case {"parameter": label}:
            return Text.of_hole(Hole(HoleKind.PARAMETER, name, str(label)))
        case {"number": int() | float() as number, "type": type_}:
            return Number(number, str(type_))
        case _:
            raise ModelError(f"{path}: {name}: not a value: {entry!r}")


def _conventions(path: Path) -> Iterator[Pattern]:
    document = _read(path)
    if not isinstance(document, list):
        raise ModelError(f"{path}: a list of conventions is expected")
    for number, entry in enumerate(document, start=1):
        yield _convention(path, number, entry)


def _convention(path: Path, number: int, entry: object) -> Pattern:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("words"), list):
        raise ModelError(f"{path}: convention {number} has no `words`")
    stage = entry.get("stage")
    if (stage is None) == (not entry.get("generates")):
        raise ModelError(f"{path}: convention {number} needs either `generates: true` or a `stage`")
    try:
        kind = None if stage is None else EffectKind(stage)
    except ValueError as error:
        raise ModelError(f"{path}: convention {number}: there is no stage {stage!r}") from error
    words = tuple(frozenset(str(line).split()) - {ANY_WORD} for line in entry["words"])
    without = frozenset(str(entry.get("without", "")).split())
    return Pattern(words, without, Convention(bool(entry.get("generates")), kind))
