"""Compose: what building, starting, pushing and stopping a stack does to images (Docker Compose 2.32, podman-compose
1.3).

A service that is built and has no `image` is named after the project and the service: `PROJECT-SERVICE` by Docker
Compose, `PROJECT_SERVICE` by podman-compose. The project is called after `-p`, COMPOSE_PROJECT_NAME, the file's `name`,
or the folder of the first file.
"""

from __future__ import annotations

from posixpath import dirname, join, normpath

from msgspec import Struct

from tagcheck import ir
from tagcheck.catalog import Effect, EffectKind
from tagcheck.engine.dockerbuilds import DockerBuilds
from tagcheck.engine.filters import unquoted
from tagcheck.engine.places import at_root, below
from tagcheck.engine.shelltexts import shortened
from tagcheck.engine.state import Frame
from tagcheck.events import Stage
from tagcheck.fields import field
from tagcheck.frontends import compose
from tagcheck.guards import Guards
from tagcheck.overlays import as_text
from tagcheck.source import Position, Span
from tagcheck.source import Text as SourceText
from tagcheck.values import (
    EMPTY,
    MOST_OPTIONS,
    Absent,
    Hole,
    HoleKind,
    Mapping,
    Null,
    Record,
    Sequence,
    Text,
    Truth,
    Value,
)

MOST_SERVICES = 300
DEEPEST_EXTENSION = 8
DOTENV = ".env"
_PROJECT = Text.of("COMPOSE_PROJECT_NAME")
_FILES = Text.of("COMPOSE_FILE")
_PROFILES = Text.of("COMPOSE_PROFILES")
_PROVIDER = Hole(HoleKind.OPAQUE, "podman compose", "a hyphen or an underscore, by what podman compose runs")
_SEPARATORS = {"podman-compose": Text.of("_"), "podman": Text.of_hole(_PROVIDER)}
"""What stands between the names of project and service, by tool; podman runs whatever is installed."""


class Service(Struct, frozen=True):
    """A service as all files together describe it. `key` is its name where it stands."""

    key: Text
    content: Mapping

    @property
    def name(self) -> str:
        return self.key.literal or ""

    @property
    def builds(self) -> bool:
        return not isinstance(self.content.get("build") or Null(), Null)

    @property
    def needs(self) -> list[str]:
        """The services that it depends on."""
        listed = self.content.get("depends_on")
        return _texts(Sequence(tuple(key for key, _ in listed.entries)) if isinstance(listed, Mapping) else listed)

    @property
    def profiles(self) -> frozenset[str]:
        listed = self.content.get("profiles")
        items = listed.items if isinstance(listed, Sequence) else ()
        return frozenset(item.literal for item in items if isinstance(item, Text) and item.literal)


class Stack(Struct, frozen=True):
    """What a command is about: the services, what they are called together, and who reads their names."""

    services: tuple[Service, ...]
    project: Text
    files: tuple[str, ...]
    effect: Effect

    def default_name(self, service: Service) -> Text:
        return self.project + _SEPARATORS.get(self.effect.tool, Text.of("-")) + service.key


class Stacks(DockerBuilds):
    """A run that knows compose."""

    _dotenv: Mapping = Mapping(())
    """what a file beside the compose file sets, for variables that nothing else sets"""

    def outside(self, name: str) -> Text:
        found = self._dotenv.get(name) if self._dotenv.entries else None
        return found if isinstance(found, Text) else super().outside(name)

    def _applied(self, operation: str, values: tuple[Value, ...]) -> Value:
        if operation in compose.TAGS:
            return Record(operation, (("value", values[0]),))
        if operation != compose.SET_EMPTY:
            return super()._applied(operation, values)
        # On the host of a job, what is not set counts as empty.
        found = self.load(self.variable(self.as_text(values[0]))) if not self.host else Null()
        return self.distribute((found,), lambda chosen: Truth(chosen[0] == EMPTY))

    def composed(self, effect: Effect) -> None:
        """What compose does with its files, in the environment that its command has."""
        outer = self.guards
        for guards in self._cases_of(effect):
            inside = outer.and_(guards)
            if inside is not None:
                self.guards = inside
                with self.process(in_command=True):
                    self._compose(effect)
        self.guards = outer

    def _cases_of(self, effect: Effect) -> list[Guards]:
        """The cases in which the files that compose reads differ, since the run has written them."""
        files = self._stack_files(effect)
        folder = self.folder(effect.directory) if effect.directory is not None else dirname(files[0]) if files else ""
        contents = [self.read_file(at_root(path)) for path in (*files, *self._environment_paths(effect, folder or ""))]
        cases = [guards for guards, _ in self.spread_out(tuple(each for each in contents if each is not None))]
        if len(cases) <= MOST_OPTIONS:
            return cases
        self.gap("run", "a stack whose files differ in too many cases")
        return []

    def _compose(self, effect: Effect) -> None:
        stack = self._stack(effect)
        if stack is None:
            self.gap("run", "a compose file that is not in the project")
            return
        wanted = {word.literal for word in effect.words}
        if effect.kind in (EffectKind.STACK_UP, EffectKind.STACK_RUN) and not effect.singly:
            wanted = _with_needed(wanted, stack.services)
        active = {text.literal for text in (*effect.settings, *self._listed_in_environment(_PROFILES, ","))}
        outer = self.stated, self.site
        self.stated = tuple((path, 1, 1 << 30) for path in stack.files)
        for service in stack.services:
            named = service.name in wanted
            if named or (not wanted and (not service.profiles or service.profiles & active or "*" in active)):
                self._serve(stack, service, effect)
                self.site = outer[1]
        self.stated, self.site = outer

    def _serve(self, stack: Stack, service: Service, effect: Effect) -> None:
        match effect.kind:
            case EffectKind.STACK_UP | EffectKind.STACK_RUN:
                if service.builds and not effect.unbuilt:
                    self._built_by(stack, service)
                self._each_name(stack, service, Stage.RUN, effect)
            case EffectKind.STACK_BUILD if service.builds:
                self._built_by(stack, service)
            case EffectKind.STACK_PUSH if service.builds and service.content.get("image") is not None:
                self._each_name(stack, service, Stage.PUSHED, effect)
            case EffectKind.STACK_PULL if not service.builds:
                self._each_name(stack, service, Stage.PULLED, effect)
            case EffectKind.STACK_DOWN if effect.everything:
                self._each_name(stack, service, Stage.REMOVED, effect)
            case _:
                return

    def _built_by(self, stack: Stack, service: Service) -> None:
        self._read_for(stack, service)
        self._each_name(stack, service, Stage.BUILT, None)
        tags = field(service.content.get("build"), "tags")
        for tag in tags.items if isinstance(tags, Sequence) else ():
            self._record_all(tag, Stage.BUILT, stack, service, implicit=False)

    def _read_for(self, stack: Stack, service: Service) -> None:
        """What the build of a service takes from other images."""
        build, effect = service.content.get("build"), stack.effect
        context = build if isinstance(build, Text) else field(build, "context") or Text.of(".")
        if not isinstance(context, Text) or context.leading.startswith(("~", "$")):
            return
        contexts = field(build, "additional_contexts")
        names = contexts.entries if isinstance(contexts, Mapping) else ()
        reads = Effect(
            *(EffectKind.BASED, effect.tool, effect.reading),
            directory=below(self._folder_of_build(stack, context), context),
            path=as_text(field(build, "dockerfile")),
            within=True,
            contexts=tuple(key for key, _ in names if isinstance(key, Text)),
            stage=as_text(field(build, "target")),
            open=isinstance(contexts, Sequence),
        )
        given = {**self.mapped_arguments(field(build, "args")), **self.build_arguments(effect.arguments)}
        inline = as_text(field(build, "dockerfile_inline"))
        outer, at = self.site, service.key.origin
        self.site = _span(at, service.name) if self._is_stated(at) else outer
        self.reads(reads, given, inline)
        self.site = outer

    def _folder_of_build(self, stack: Stack, context: Text) -> Text:
        """The folder that a build's paths are seen from: that of the first file, or of one that another takes in."""
        directory, origin = stack.effect.directory, context.origin
        if origin is not None and origin.path not in stack.files:
            return at_root(dirname(origin.path))
        return self.placed_at_root(directory) if directory is not None else at_root(dirname(stack.files[0]))

    def placed_at_root(self, path: Text) -> Text:
        placed = self.placed(path)
        return at_root(placed.literal) if placed.literal is not None else path

    def _each_name(self, stack: Stack, service: Service, stage: Stage, effect: Effect | None) -> None:
        image = service.content.get("image")
        if image is None or isinstance(image, Null | Absent):
            if service.builds:
                self._record_all(stack.default_name(service), stage, stack, service, implicit=True)
            return
        if effect is None or effect.kind is not EffectKind.STACK_DOWN or not _is_local_only(effect):
            self._record_all(image, stage, stack, service, implicit=False)

    def _record_all(self, image: Value, stage: Stage, stack: Stack, service: Service, *, implicit: bool) -> None:
        outer, site = self.guards, self.site
        for guards, text in self.text_options(image):
            inside = outer.and_(guards)
            if inside is None or not text.parts:
                continue
            self.guards = inside
            at = service.key.origin if implicit else text.origin
            self.site = _span(at, service.name if implicit else str(text)) if self._is_stated(at) else site
            self.record(stage, text, stack.effect, workload=service.name, implicit=implicit)
        self.guards, self.site = outer, site

    def _is_stated(self, at: Position | None) -> bool:
        return at is not None and any(at.path == path for path, _, _ in self.stated)

    # --- files ---

    def _stack(self, effect: Effect) -> Stack | None:
        files = self._stack_files(effect)
        if not files:
            return None
        folder = self.folder(effect.directory) if effect.directory is not None else dirname(files[0])
        outer = self._dotenv
        self._dotenv = self._environment_files(effect, folder or "")
        roots = [root for path in files for root in self._roots(path, 0)]
        services = self._merged(roots)
        project = self._project(effect, roots, folder)
        self._dotenv = outer
        self.applied_files.update(files)
        return Stack(services, project, tuple(files), effect)

    def _stack_files(self, effect: Effect) -> list[str]:
        """The compose files of a command: those that it names, else the usual ones of the working directory."""
        named = effect.values or self._listed_in_environment(_FILES, ":")
        if named:
            return [path for each in named if (path := self.located(each)) is not None]
        folder = self.folder(effect.directory or Text(()))
        if folder is None:
            return []
        found: list[str] = []
        for names in (compose.NAMES, compose.OVERRIDES):
            paths = (normpath(join(folder, name)) for name in names)
            found += [path for path in paths if self.program.has(path)][:1]
        return found

    def located(self, path: Text) -> str | None:
        """The one file of the project that a path means."""
        folder = self.folder(path)
        if folder and self.program.has(folder):
            return folder
        names = self.program.find_files(path, self.site.path)
        return names[0] if len(names) == 1 else None

    def _roots(self, path: str, depth: int) -> list[Mapping]:
        """The mapping of a file, after those of the files that it includes."""
        root = self._root(path)
        if root is None or depth > DEEPEST_EXTENSION:
            return []
        found: list[Mapping] = []
        included = root.get("include")
        for item in included.items if isinstance(included, Sequence) else ():
            named = [
                join(dirname(path), each) for each in _texts(item if isinstance(item, Text) else field(item, "path"))
            ]
            folder = next(iter(_texts(field(item, "project_directory"))), None)
            within = join(dirname(path), folder) if folder is not None else dirname(named[0]) if named else ""
            files = [join(dirname(path), each) for each in _texts(field(item, "env_file"))] or [join(within, DOTENV)]
            outer, own = self._dotenv, Mapping(())
            for each in files:
                own = _laid_over(own, self._read_dotenv(normpath(each)))
            # What the project sets counts more than what is set for a file that it takes in.
            self._dotenv = _laid_over(own, outer)
            for each in named:
                found += self._roots(normpath(each), depth + 1)
            self._dotenv = outer
        return [*found, root]

    def _root(self, path: str) -> Mapping | None:
        content = self.read_file(at_root(path))
        for _, text in self.text_options(content) if content is not None else ():
            source, holes = self.source_text(text)
            lowered = self.program.lowered(source, _lowered)
            if lowered is None:
                return None
            outer, self.holes = self.holes, holes
            value = self.evaluate(lowered, self._nowhere(lowered.span))
            self.holes = outer
            return value if isinstance(value, Mapping) else None
        return None

    def _nowhere(self, span: Span) -> Frame:
        procedure = ir.Procedure("compose", "", (), tuple, span)
        return Frame(procedure, {}, self.guards, self.heap.mark(), self.depth)

    def _read_dotenv(self, path: str, known: Mapping | None = None) -> Mapping:
        """NAME=value lines of a file, as the run has left it; `known`: what those before it say, which it may use."""
        there = path and (self.program.has(path) or self._written(at_root(path)) is not None)
        content = self.read_file(at_root(path)) if there else None
        texts = self.text_options(content) if content is not None else []
        found: list[tuple[Value, Value]] = []
        for line in texts[0][1].split("\n") if texts else ():
            halves = (line.without_prefix("export ") or line).split_at("=")
            name = (halves[0].literal or "").strip() if halves is not None else ""
            if halves is not None and name.isidentifier():
                value = self._with_variables(
                    _dotenv_value(halves[1]), _laid_over(known or Mapping(()), Mapping(tuple(found)))
                )
                found.append((Text.of(name), value))
        return Mapping(tuple(found))

    def _with_variables(self, value: Text, known: Mapping) -> Value:
        """A value with what variables in it hold; one in single quotes stays as it is."""
        literal = value.literal
        if literal is None or "$" not in literal or literal.startswith("'"):
            return unquoted(value)
        outer, self._dotenv = self._dotenv, known
        span = Span(self.site.path, 1, 1, 1, 1)
        node = compose.interpolated(ir.Literal(str(unquoted(value)), span, exact=False))
        found = self.load(self.evaluate(node, self._nowhere(span)))
        self._dotenv = outer
        return found

    def _environment_files(self, effect: Effect, folder: str) -> Mapping:
        """What the files of variables say that a command names, else the one in the stack's folder."""
        found = Mapping(())
        for path in self._environment_paths(effect, folder):
            found = _laid_over(found, self._read_dotenv(path, found))
        return found

    def _environment_paths(self, effect: Effect, folder: str) -> list[str]:
        given = effect.environment_files
        if given:
            return [self.located(each) or self.placed(each).literal or "" for each in given]
        return [normpath(join(folder, DOTENV))]

    def _listed_in_environment(self, name: Text, separator: str) -> list[Text]:
        """The items of a variable that speaks for an option, where the run sets it."""
        given = [text for _, text in self.text_options(self.environment(name))]
        if len(given) != 1 or any(hole.kind is HoleKind.ENVIRONMENT for hole in given[0].holes):
            return []
        return [each for each in given[0].split(separator) if each.parts]

    # --- services ---

    def _merged(self, roots: list[Mapping]) -> tuple[Service, ...]:
        """The services of several files, later ones laid over earlier ones. What a service extends is looked for in its
        own file first, before another file changes it."""
        found: dict[str, Service] = {}
        for root in roots:
            listed = root.get("services")
            if isinstance(listed, Record):
                found, listed = {}, _settled(listed)
            own: dict[str, Service] = {}
            for key, content in listed.entries if isinstance(listed, Mapping) else ():
                name = key.literal if isinstance(key, Text) else None
                if not name or not isinstance(key, Text):
                    continue
                if isinstance(content, Record):
                    found.pop(name, None)
                described = _settled(content) if isinstance(content, Record) else content
                if isinstance(described, Mapping):
                    own[name] = Service(key, described)
            for name, each in own.items():
                content = self._extended(each.content, {**found, **own}, each.key, 0)
                old = found.get(name) or Service(each.key, Mapping(()))
                found[name] = Service(old.key, _laid_over(old.content, content))
        return tuple(found.values())[:MOST_SERVICES]

    def _extended(self, content: Mapping, services: dict[str, Service], key: Text, depth: int) -> Mapping:
        extends = content.get("extends")
        name = extends if isinstance(extends, Text) else field(extends, "service")
        if not isinstance(name, Text) or depth > DEEPEST_EXTENSION:
            return content
        file = field(extends, "file")
        others = services
        if isinstance(file, Text) and file.literal and key.origin is not None:
            path = normpath(join(dirname(key.origin.path), file.literal))
            others = {each.name: each for each in self._merged(self._roots(path, depth + 1))}
        base = others.get(name.literal or "")
        if base is None:
            return content
        return _laid_over(self._extended(base.content, others, base.key, depth + 1), content)

    def _project(self, effect: Effect, roots: list[Mapping], folder: str | None) -> Text:
        if effect.workload is not None:
            return effect.workload
        if given := self._listed_in_environment(_PROJECT, "\n"):
            return given[0]
        for root in reversed(roots):
            name = as_text(root.get("name"))
            if name is not None:
                return name
        last = (folder or "").rpartition("/")[2]
        if last:
            return Text.of("".join(each for each in last.lower() if each.isalnum() or each in "_-"))
        return Text.of_hole(Hole(HoleKind.OUTPUT, "the project's folder", "the project's folder"))

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.STACK and isinstance(value, Text):
            self.composed(_as_if_started(value))
        else:
            super().used(node, value)


def _with_needed(wanted: set[str | None], services: tuple[Service, ...]) -> set[str | None]:
    """Services with those that they depend on, which are started before them."""
    needs = {each.name: each.needs for each in services}
    pending, found = list(wanted), set[str | None]()
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(needs.get(name or "", ()))
    return found


def _laid_over(below: Mapping, above: Mapping) -> Mapping:
    """Mappings join key by key, anything else is replaced, or what a tag says is done to it."""
    entries = dict(below.entries)
    for key, value in above.entries:
        old, settled = entries.pop(key, None), _settled(value)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            entries[key] = _laid_over(old, value)
        elif settled is not None:
            entries[key] = settled
    return Mapping(tuple(entries.items()))


def _settled(value: Value) -> Value | None:
    """A value without the tags that say what becomes of an earlier one; None for one that is taken away."""
    match value:
        case Record(type=compose.RESET):
            return None
        case Record(type=compose.OVERRIDE):
            return _settled(value.get("value") or Null())
        case Mapping() if any(isinstance(each, Record | Mapping) for _, each in value.entries):
            return _laid_over(Mapping(()), value)
        case _:
            return value


def _texts(value: Value | None) -> list[str]:
    """The texts of a list, or the one that stands in its place."""
    listed = value.items if isinstance(value, Sequence) else (value,)
    return [each.literal for each in listed if isinstance(each, Text) and each.literal]


def _dotenv_value(written: Text) -> Text:
    """A value without the comment behind it; quotes stay."""
    quote = written.leading[:1]
    inside = written.dropped(1).split_at(quote) if quote in ("'", '"') else None
    if inside is not None:
        return Text.of(quote) + inside[0] + Text.of(quote)
    value = written.split(" #")[0]
    return shortened(value, len(value.trailing) - len(value.trailing.rstrip()))


def _as_if_started(path: Text) -> Effect:
    """What starts all of a file by itself; one of the usual names goes together with what is laid over it."""
    folder, _, name = (path.literal or "").rpartition("/")
    every = (Text.of("*"),)
    if name in compose.NAMES:
        return Effect(EffectKind.STACK_UP, "compose", directory=Text.of(folder), settings=every)
    return Effect(EffectKind.STACK_UP, "compose", values=(path,), settings=every)


def _is_local_only(effect: Effect) -> bool:
    """`down --rmi local` removes the images that have no name of their own."""
    return effect.policy is not None and effect.policy.literal == "local"


def _lowered(source: SourceText) -> ir.MapOf | None:
    return compose.lower_text(source)


def _span(at: Position | None, text: str) -> Span:
    assert at is not None
    return Span(at.path, at.line, at.column, at.line, at.column + max(1, len(text)))
