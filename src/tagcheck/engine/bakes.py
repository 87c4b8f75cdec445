"""Bake: what building the targets of bake files does to images (Docker Buildx 0.26).

A variable holds what the environment has under its name, else its default. Tags that a target does not give come from
those that it inherits; `--set` replaces them. What is not known of a target's tags is recorded as a name of which
nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from posixpath import dirname, join, normpath

from msgspec.structs import replace

from tagcheck import ir
from tagcheck.catalog import Effect, EffectKind
from tagcheck.engine.bakefiles import DEFAULT, Attribute, Recipe, Setting, Target, setting
from tagcheck.engine.places import below
from tagcheck.engine.scripts import environment_of
from tagcheck.engine.stacks import DOTENV, Service, Stacks
from tagcheck.events import Stage
from tagcheck.fields import field
from tagcheck.frontends import bake, compose, dockerfile
from tagcheck.frontends.bake import BakeFile, Defined
from tagcheck.guards import Guards
from tagcheck.overlays import as_text
from tagcheck.source import Span
from tagcheck.source import Text as SourceText
from tagcheck.values import (
    EMPTY,
    Absent,
    Alternatives,
    HoleKind,
    Mapping,
    Null,
    Sequence,
    Text,
    Truth,
    Value,
)

MOST_ROWS = 64
MOST_TARGETS = 300
DEEPEST_LIST = 8
DEEPEST_CHAIN = 60
MOST_TAGS = 200
_FILE_VARIABLE = "BUILDX_BAKE_FILE"
_HERE = "cwd://"
_OF_BUILDS = {
    "dockerfile": "dockerfile",
    "dockerfile_inline": "dockerfile-inline",
    "args": "args",
    "additional_contexts": "contexts",
    "target": "target",
}
"""What the build of a service says, by the keys of targets."""
_NOWHERE = Span("", 1, 1, 1, 1)


class Bakes(Stacks):
    """A run that knows bake."""

    def baked(self, effect: Effect) -> None:
        outer = self.command_environment
        self.command_environment = (*outer, *environment_of(effect.environment))
        self._build_targets(effect)
        self.command_environment = outer

    def _build_targets(self, effect: Effect) -> None:
        recipe = self._recipe(effect)
        if recipe is None:
            self.gap("run", "a bake file that is not in the project")
            return
        targets = recipe.targets if effect.everything else self._wanted(recipe, effect)
        outer = self.stated, self.site
        self.stated = tuple((path, 1, 1 << 30) for path in recipe.files)
        if len(targets) > MOST_TARGETS:
            self.gap("built", "too many targets")
        for target in targets[:MOST_TARGETS]:
            self._bake(recipe, target, effect)
        self.stated, self.site = outer

    # --- files ---

    def _recipe(self, effect: Effect) -> Recipe | None:
        recipe = Recipe()
        files = self._bake_files(effect)
        for path in files:
            self._add_file(recipe, path)
        if not files or (recipe.unsure and not recipe.blocks):
            return None
        given = [setting(each) for each in effect.settings]
        recipe.settings = tuple(each for each in given if each is not None)
        recipe.unsure = recipe.unsure or None in given
        self.applied_files.update(recipe.files)
        self.visited.update(f"bake:{path}" for path in recipe.files)
        self._bind_variables(recipe)
        recipe.targets = [each for label in recipe.blocks for each in self._instances(recipe, label)]
        return recipe

    def _bake_files(self, effect: Effect) -> list[Text]:
        """The files of a command: those that it names, else all of the usual ones in the working directory."""
        directory = effect.directory or EMPTY
        if effect.values:
            named = [each.without_prefix(_HERE) or each for each in effect.values]
            return [below(directory, each) if directory.parts else each for each in named]
        if _FILE_VARIABLE in self.variables:
            return [text for _, text in self.text_options(self.environment(Text.of(_FILE_VARIABLE)))][:1]
        folder = self.folder(directory)
        if folder is None:
            return []
        names = (*compose.NAMES, *bake.NAMES, *bake.OVERRIDES)
        found = (name for name in names if self.program.has(normpath(join(folder, name))))
        return [below(directory, Text.of(name)) if directory.parts else Text.of(name) for name in found]

    def _add_file(self, recipe: Recipe, path: Text) -> None:
        known = self.found_files(path)
        recipe.files += known[:1]
        if path.trailing.endswith((".yaml", ".yml")):
            self._add_stack(recipe, self.located(path))
            return
        content = self.read_file(path)
        options = self.text_options(content) if content is not None else []
        source, holes = self.source_text(options[0][1]) if len(options) == 1 else (None, ())
        file = self.program.lowered(source, _lowered) if source is not None else None
        if file is None:
            recipe.unsure = True
            return
        outer, self.holes = self.holes, holes
        recipe.add(file, self._written_out if holes else _as_it_is)
        self.holes = outer

    def _add_stack(self, recipe: Recipe, path: str | None) -> None:
        """The services of a compose file that are built, as targets of the group 'default'."""
        if path is None:
            recipe.unsure = True
            return
        outer, self._dotenv = self._dotenv, self._read_dotenv(normpath(join(dirname(path), DOTENV)))
        services = [each for each in self._merged(self._roots(path, 0)) if each.builds]
        self._dotenv = outer
        names = Sequence(tuple(service.key for service in services))
        recipe.groups.setdefault(DEFAULT, []).append(names)
        for service in services:
            recipe.blocks.setdefault(service.name, {}).update(_from_service(service))

    # --- variables ---

    def _bind_variables(self, recipe: Recipe) -> None:
        """Give every variable its value, those that it is made of first."""
        recipe.frame = self._nowhere(_NOWHERE)
        for name in (*recipe.variables, *recipe.constants):
            self._resolve(recipe, name)

    def _resolve(self, recipe: Recipe, name: str, depth: int = 0) -> None:
        assert recipe.frame is not None
        if name in recipe.frame.names:
            return
        cell = recipe.frame.names[name] = self.heap.new(self.opaque(f"{name}, which no bake file defines"))
        if depth > DEEPEST_CHAIN:
            return
        constant = recipe.constants.get(name)
        if constant is not None:
            self.heap.write(cell, self._evaluated(recipe, constant, depth))
        elif name in recipe.variables:
            default = recipe.variables[name]
            value = self._evaluated(recipe, default, depth) if default is not None else None
            self.heap.write(cell, self.given_or_default(name, value))

    def given_or_default(self, name: str, default: Value | None) -> Value:
        """What a variable holds: what the run has set, else its default unless it is set from outside."""
        found = self.load(self.seen(Text.of(name)))
        # Lists and mappings are not taken from the environment.
        if default is None or not isinstance(default, Text | Null | Alternatives):
            return found if default is None else default
        return self.distribute((found,), lambda chosen: self._else_default(name, chosen[0], default))

    def _else_default(self, name: str, found: Value, default: Value) -> Value:
        if not self.is_outside(name, found):
            return found
        frame = self._nowhere(_NOWHERE)
        frame.names.update({"given": self.heap.new(found), "default": self.heap.new(default)})
        given, otherwise = ir.Name("given", _NOWHERE), ir.Name("default", _NOWHERE)
        is_set = ir.Compare(ir.CompareOp.NE, given, ir.Literal("", _NOWHERE), _NOWHERE)
        return self.evaluate(ir.Choice(is_set, given, otherwise, _NOWHERE), frame)

    def is_outside(self, name: str, value: Value) -> bool:
        """Whether a variable has what the environment had before the run."""
        holes = value.holes if isinstance(value, Text) and len(value.parts) == 1 else ()
        return any(hole.kind is HoleKind.ENVIRONMENT and hole.identity == name for hole in holes)

    def _evaluated(self, recipe: Recipe, value: Attribute, depth: int = 0) -> Value:
        if not isinstance(value, Defined):
            return value
        for name in sorted(value.mentions):
            self._resolve(recipe, name, depth + 1)
        assert recipe.frame is not None
        found = self.load(self.evaluate(value.value, recipe.frame))
        if isinstance(found, Sequence) and len(found.items) > MOST_TAGS:
            return Sequence(found.items[:MOST_TAGS], True)
        return found

    def _written_out(self, value: Defined) -> Attribute:
        """A value of a text with holes, which it has only while they are at hand."""
        if value.mentions:
            return self.opaque("a template in a file that the run writes")
        return self.load(self.evaluate(value.value, self._nowhere(_NOWHERE)))

    # --- targets ---

    def _instances(self, recipe: Recipe, label: str) -> list[Target]:
        """A target, once for each row of its matrix."""
        attributes = recipe.blocks[label]
        if "matrix" not in attributes:
            return [Target(label, Text.of(label), attributes)]
        matrix = self._evaluated(recipe, attributes["matrix"])
        axes = [
            [(key.literal or "", item) for item in self._items(values)]
            for key, values in (matrix.entries if isinstance(matrix, Mapping) else ())
            if isinstance(key, Text)
        ]
        if not axes:
            return [Target(label, self._no_name(), {**attributes, "tags": self.opaque("a matrix that is not known")})]
        return [self._row(recipe, label, tuple(row)) for row in islice(product(*axes), MOST_ROWS)]

    def _row(self, recipe: Recipe, label: str, row: tuple[tuple[str, Value], ...]) -> Target:
        target = Target(label, EMPTY, recipe.blocks[label], row)
        name = self._attribute_of(recipe, target, "name")
        texts = [text for _, text in self.text_options(name)] if name is not None else []
        return replace(target, name=texts[0] if len(texts) == 1 else self._no_name())

    def _no_name(self) -> Text:
        return self.as_text(self.opaque("the name of a target"))

    def _items(self, values: Value) -> tuple[Value, ...]:
        if isinstance(values, Sequence):
            return (*values.items, self.opaque("an item that is not known")) if values.open else values.items
        return (self.opaque("an item of a matrix"),)

    def _wanted(self, recipe: Recipe, effect: Effect) -> list[Target]:
        found: dict[int, Target] = {}
        for word in effect.words or (Text.of(DEFAULT),):
            self._choose(recipe, word, found, set())
        return list(found.values())

    def _choose(self, recipe: Recipe, word: Value, found: dict[int, Target], seen: set[str]) -> None:
        """The targets that a word means: a group's, or those of that name."""
        name = word.literal if isinstance(word, Text) else None
        if name in seen or len(seen) > MOST_TARGETS:
            return
        seen.add(name or "")
        targets = recipe.found(name) if name is not None else []
        found.update((id(target), target) for target in targets)
        listed = recipe.groups.get(name or "", [])
        for each in listed:
            for item in self._items(self._evaluated(recipe, each)):
                self._choose(recipe, item, found, seen)
        if not targets and not listed:
            self.gap("built", "a target that no bake file is known to have")

    def _attribute(self, recipe: Recipe, target: Target, key: str) -> Value | None:
        """What a target says, else what the last says that it inherits from; None if none of them does."""
        return self._inherited(recipe, target, key, set())

    def _inherited(self, recipe: Recipe, target: Target, key: str, seen: set[int]) -> Value | None:
        """The same without the targets in `seen`: one that was asked before does not have it, whoever inherits from
        it."""
        own = self._attribute_of(recipe, target, key)
        if own is not None:
            return own
        inherited = self._attribute_of(recipe, target, "inherits")
        seen.add(id(target))
        if inherited is None:
            return None
        if len(seen) > DEEPEST_CHAIN:
            return self.opaque("targets that inherit from too many")
        for item in reversed(self._items(inherited)):
            parents = recipe.found(item.literal) if isinstance(item, Text) and item.literal is not None else []
            if len(parents) != 1:
                return self.opaque("a target that is inherited from")
            found = self._inherited(recipe, parents[0], key, seen) if id(parents[0]) not in seen else None
            if found is not None:
                return found
        return None

    def _attribute_of(self, recipe: Recipe, target: Target, key: str) -> Value | None:
        given = target.attributes.get(key)
        if given is None:
            return None
        assert recipe.frame is not None
        if isinstance(given, Defined):
            for name in sorted(given.mentions - {name for name, _ in target.bound}):
                self._resolve(recipe, name)
            outer = dict(recipe.frame.names)
            recipe.frame.names.update((name, self.heap.new(value)) for name, value in target.bound)
            value = self._evaluated(recipe, replace(given, mentions=frozenset()))
            recipe.frame.names.clear()
            recipe.frame.names.update(outer)
        else:
            value = given
        return None if isinstance(value, Null | Absent) else value

    # --- images ---

    def _bake(self, recipe: Recipe, target: Target, effect: Effect) -> None:
        tags = self._tags(recipe, target)
        outputs = [text for each in self._outputs(recipe, target) for _, text in self._texts(each)]
        named = [name for text in outputs for part in text.split(",") if (name := part.without_prefix("name="))]
        pushed = effect.wanted or self._is_pushed(recipe, target, outputs)
        self._read_for_target(recipe, target, effect)
        site = self.site
        for value in (*tags, *named):
            for guards, text in self._texts(value):
                self._record_tag(recipe, Stage.BUILT, text, guards, effect)
                if pushed:
                    self._record_tag(recipe, Stage.PUSHED, text, guards, effect)
        self.site = site
        archive = next((path for text in outputs if (path := _archive(text)) is not None), None)
        if archive is not None:
            images = tuple(text for value in (*tags, *named) for _, text in self._texts(value))
            self.emit(Effect(EffectKind.SAVED, effect.tool, effect.reading, images=images, archive=archive))

    def _read_for_target(self, recipe: Recipe, target: Target, effect: Effect) -> None:
        """What the build of a target takes from other images."""
        keys = ("context", "dockerfile", "dockerfile-inline", "target")
        said = {key: self._set_or_said(recipe, target, key) for key in keys}
        args, contexts = self._attribute(recipe, target, "args"), self._attribute(recipe, target, "contexts")
        context, given = as_text(said["context"]) or Text.of("."), self.mapped_arguments(args)
        for each in recipe.settings:
            name, known = each.key.removeprefix("args."), each.concerns(target)
            if name != each.key and known is not False:
                given[name] = each.value if known else self.opaque("an argument that may be set")
        names = contexts.entries if isinstance(contexts, Mapping) else ()
        reads = Effect(
            *(EffectKind.BASED, effect.tool, effect.reading),
            directory=below(effect.directory, context) if effect.directory and effect.directory.parts else context,
            path=as_text(said["dockerfile"]) or Text.of(dockerfile.NAMES[0]),
            within=True,
            contexts=tuple(key for key, _ in names if isinstance(key, Text)),
            stage=as_text(said["target"]),
            open=recipe.unsure or self._attribute_of(recipe, target, "inherits") is not None,
        )
        self.reads(reads, given, as_text(said["dockerfile-inline"]))

    def _set_or_said(self, recipe: Recipe, target: Target, key: str) -> Value | None:
        settings = list(recipe.set_for(target, key))
        return settings[-1].value if settings else self._attribute(recipe, target, key)

    def _record_tag(self, recipe: Recipe, stage: Stage, image: Text, guards: Guards, effect: Effect) -> None:
        outer, site = self.guards, self.site
        inside = outer.and_(guards)
        if inside is None or not image.parts:
            return
        self.guards = inside
        self.site = recipe.place(image) or site
        self.record(stage, image, effect)
        if stage is Stage.BUILT:
            self._made_in_cluster(image, effect)
        self.guards, self.site = outer, site

    def _tags(self, recipe: Recipe, target: Target) -> list[Value]:
        settings = list(recipe.set_for(target, "tags"))
        if recipe.may_be_set(target, "tags"):
            return [self.opaque("tags that may be set")]
        own: list[Value] = []
        if not settings or any(each.added for each in settings):
            found = self._attribute(recipe, target, "tags")
            own = [] if found is None else [found]
            if recipe.unsure:
                own = [self.opaque("tags that a file or a switch may set")]
        return [*own, *(each.value for each in settings)]

    def _texts(self, value: Value) -> list[tuple[Guards, Text]]:
        """The texts in a value, lists taken apart."""
        return list(islice(self._each_text(value, self.guards, 0), MOST_TAGS))

    def _each_text(self, value: Value, given: Guards, depth: int) -> Iterator[tuple[Guards, Text]]:
        for guards, option in self.narrowed(self.load(value)):
            inside = given.and_(guards)
            if inside is None or isinstance(option, Null | Absent):
                continue
            if not isinstance(option, Sequence):
                yield from ((both, text) for inner, text in self.text_options(option) if (both := inside.and_(inner)))
            elif depth < DEEPEST_LIST:
                for item in self._items(option):
                    yield from self._each_text(item, inside, depth + 1)

    def _outputs(self, recipe: Recipe, target: Target) -> list[Value]:
        settings = list(recipe.set_for(target, "output"))
        if settings:
            return [each.value for each in settings]
        found = self._attribute(recipe, target, "output")
        items = found.items if isinstance(found, Sequence) else ()
        return [_output(item) if isinstance(item, Mapping) else item for item in items]

    def _is_pushed(self, recipe: Recipe, target: Target, outputs: list[Text]) -> bool:
        settings: list[Setting] = list(recipe.set_for(target, "push"))
        if settings:
            return settings[-1].value.literal == "true"
        words = [{part.literal for part in text.split(",")} for text in outputs]
        return any(not each.isdisjoint(("type=registry", "push=true")) for each in words)

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.BAKE and isinstance(value, Text):
            self.baked(self._as_if_baked(value))
        else:
            super().used(node, value)

    def _as_if_baked(self, path: Text) -> Effect:
        """What builds all of a file by itself; the usual names go together with what is laid over them."""
        folder, _, name = (path.literal or "").rpartition("/")
        files = [path]
        if name in bake.NAMES:
            beside = (normpath(join(folder, each)) for each in (*bake.NAMES, *bake.OVERRIDES))
            files = [Text.of(each) for each in beside if self.program.has(each)]
        return Effect(EffectKind.BAKED, "docker", values=tuple(files), everything=True)


def _from_service(service: Service) -> dict[str, Attribute]:
    """What a service that is built says as a target."""
    build = service.content.get("build")
    tags = [field(build, "tags"), field(build, "x-bake", "tags")]
    listed = [item for each in tags if isinstance(each, Sequence) for item in each.items]
    image = service.content.get("image")
    if not listed and image is not None:
        listed = [image]
    found: dict[str, Attribute] = {"tags": Sequence(tuple(listed))} if listed else {}
    found["context"] = build if isinstance(build, Text) else field(build, "context") or Text.of(".")
    for key, name in _OF_BUILDS.items():
        said = field(build, key)
        if said is not None:
            found[name] = said
    output = field(build, "x-bake", "output")
    if output is not None:
        found["output"] = output
    return found


def _output(given: Mapping) -> Text:
    """An output that is written as a mapping, as the text that says the same."""
    pairs = [(key, value) for key, value in given.entries if isinstance(key, Text)]
    texts = [
        key + Text.of("=") + (Text.of(str(value.value).lower()) if isinstance(value, Truth) else value)
        for key, value in pairs
        if isinstance(value, Text | Truth)
    ]
    return Text(tuple(part for each in texts for part in (each + Text.of(",")).parts))


def _archive(output: Text) -> Text | None:
    """The file that an output writes images to."""
    parts = output.split(",")
    if not any(part.literal in ("type=docker", "type=oci") for part in parts):
        return None
    return next((path for part in parts if (path := part.without_prefix("dest=")) is not None), None)


def _lowered(source: SourceText) -> BakeFile | None:
    return bake.lower_text(source)


def _as_it_is(value: Defined) -> Attribute:
    return value
