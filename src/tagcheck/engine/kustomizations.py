"""Kustomizations: what `kustomize build` prints and `kubectl apply -k` deploys, without running either.

A kustomization is read like any file of the project, as the run has left it: `kustomize edit` and programs that rewrite
YAML change what is built after them. Resources that are not in the project (remote bases) are left out, and whatever
depends on having seen all of them is not judged then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from posixpath import dirname, join, normpath

from msgspec import Struct

from tagcheck.catalog import Effect
from tagcheck.embedded import documents
from tagcheck.engine.manifests import Manifests
from tagcheck.engine.places import at_root, is_remote
from tagcheck.engine.stated import stated_object
from tagcheck.events import Override
from tagcheck.fields import field, items, word
from tagcheck.frontends.kubernetes import DELIVERING
from tagcheck.frontends.kustomize import NAMES, parts
from tagcheck.guards import Guards
from tagcheck.ir import Role, Use
from tagcheck.overlays import (
    ImageEntry,
    ImageField,
    Renaming,
    as_text,
    entries,
    image_fields,
    labelled,
    named_anew,
    operated,
    patched,
    replaced,
    with_entry,
)
from tagcheck.selectors import names_of, target_of
from tagcheck.source import Position, Span
from tagcheck.values import EMPTY, Filling, Mapping, Null, Sequence, Text, Value, alternatives
from tagcheck.writing import written

DEEPEST_BASE = 24
MOST_RESOURCES = 600
MOST_CASES = 8
"""States of its files in which a kustomization is built; of further ones only the first."""
_LAST_LINE = 1 << 30
_USERS = "kustomizations by the folders that they use"
_BASES = ("resources", "bases")
_PROGRAMS = ("generators", "transformers", "helmCharts", "helmChartInflationGenerator")
"""Fields with which a kustomization does what is not computed here."""


class Built(Struct, frozen=True):
    """The objects of a kustomization; `whole`: nothing is missing or could have changed them unseen."""

    objects: tuple[Value, ...] = ()
    whole: bool = True
    fields: tuple[ImageField, ...] = ()
    """further fields for images: those that a base names hold for whoever takes it (kustomize: the accumulators of
    resources are merged with their configurations)"""
    given: frozenset[str] = frozenset()
    """names in whose place the run has put others"""
    leaves_out: bool = False
    """whether there are objects that hold no image in the usual fields, and are not among these"""

    def and_(self, other: Built) -> Built:
        left_out = self.leaves_out or other.leaves_out
        objects, whole = self.objects + other.objects, self.whole and other.whole
        return Built(objects, whole, self.fields + other.fields, self.given | other.given, left_out)

    def with_(self, objects: tuple[Value, ...], whole: bool = True) -> Built:
        """Other objects that come from the same files."""
        return Built(objects, self.whole and whole, self.fields, self.given, self.leaves_out)


class Kustomizations(Manifests):
    """A run that knows kustomizations."""

    printed_whole: bool = True
    """whether all was seen of what kustomizations have printed"""
    _states: tuple[Guards, ...] = ()
    """under what the first file that may be in several states is in each of them"""

    def deploy_kustomization(self, path: Text) -> bool:
        self.uses_cluster, whole = True, True
        outer, base = self.stated, self.guards
        for guards, built in self._cases(partial(self._built, path)):
            whole = whole and built is not None and built.whole
            if built is None:
                if not is_remote(path):
                    self.gap("deployed", "a kustomization that is not in the project")
                continue
            self.guards = guards
            self.announced(built.objects)
            for each in built.objects:
                self.deploy_object(each)
        self.stated, self.guards = outer, base
        return whole

    def rendered(self, effect: Effect) -> Value | None:
        if effect.path is None:
            stated = stated_object(effect)
            return self.join(written((stated,))) if stated is not None else None
        cases = self._cases(partial(self._built, effect.path))
        self.printed_whole = self.printed_whole and all(built is not None and built.whole for _, built in cases)
        found = [(guards, self.join(written(built.objects))) for guards, built in cases if built is not None]
        return alternatives(found) if found else None

    def _cases(self, build: Callable[[], Built | None]) -> list[tuple[Guards, Built | None]]:
        """What is built, for each state in which the run may have left the files that it is built of."""
        base = self.guards
        pending = [base]
        found: list[tuple[Guards, Built | None]] = []
        while pending:
            self.guards = pending.pop(0)
            count = len(self.overrides)
            self._states = ()
            built = build()
            states = self._states_here()
            if len(states) > 1 and len(pending) + len(states) + len(found) <= MOST_CASES:
                del self.overrides[count:]
                pending += states
            else:
                found.append((self.guards, built))
        self.guards = base
        return found

    def _states_here(self) -> list[Guards]:
        return [both for guards in self._states if (both := self.guards.and_(guards)) is not None]

    def _text_here(self, value: Value) -> Text | None:
        """The text of a file; of one that the run may have left in several states, that in the first of them."""
        options = self.text_options(value)
        if len(options) > 1 and not self._states:
            self._states = tuple(guards for guards, _ in options)
        return options[0][1] if options else None

    def _built(self, path: Text) -> Built | None:
        folder = self.folder(path)
        file = self._kustomization(folder) if folder is not None else None
        if file is None:
            return None
        return self._build(file, (), Built(), 0)

    def _take(self, file: str) -> None:
        """A file is part of what is applied: it is not judged by itself, and what it says stands in it."""
        file = self.copies.original(file)
        self.applied_files.add(file)
        self.stated = (*self.stated, (file, 1, _LAST_LINE))

    def folder(self, path: Text) -> str | None:
        """A folder of the project that a path means, from the working directory; None if it is not certain."""
        literal = self.placed(path).literal
        if literal is None or "://" in literal or literal.startswith(("/", "..")):
            return None
        found = normpath(literal) if literal else ""
        return "" if found == "." else found

    def _kustomization(self, folder: str) -> str | None:
        found = (normpath(join(folder, name)) for name in NAMES)
        return next((path for path in found if self._is_there(path)), None)

    def _is_there(self, path: str) -> bool:
        original = self.copies.original(path)
        return self.program.has(original) or original in self.program.left_out

    # --- building ---

    def _build(self, file: str, given: tuple[Value, ...], start: Built, depth: int) -> Built:
        """What a kustomization makes of the objects `given` (a component gets those of its parent) and its own."""
        content = self._content(file)
        if content is None or depth > DEEPEST_BASE:
            return Built(given, False)
        self._take(file)
        built = start.with_(given, not any(content.get(name) for name in _PROGRAMS))
        for name in _BASES:
            for item in items(content, name):
                built = built.and_(self._resource(file, item, depth))
        for item in items(content, "components"):
            built = self._component(file, item, built, depth)
        return self._transformed(file, content, built.with_(self._with_generated(file, content, built.objects)))

    def _content(self, file: str) -> Mapping | None:
        value = self.read_file(at_root(file))
        text = self._text_here(value) if value is not None else None
        found = documents(text) if text is not None else ()
        return found[0] if found and isinstance(found[0], Mapping) else None

    def _resource(self, file: str, item: Value, depth: int) -> Built:
        path = self._entry_path(file, item)
        if path is None:
            return Built(whole=False)
        below = self._kustomization(path)
        if below is not None:
            return self._build(below, (), Built(), depth + 1)
        return self._objects(path)

    def _component(self, file: str, item: Value, built: Built, depth: int) -> Built:
        path = self._entry_path(file, item)
        below = self._kustomization(path) if path is not None else None
        if below is None:
            return built.with_(built.objects, False)
        return self._build(below, built.objects, built.with_(()), depth + 1)

    def _entry_path(self, file: str, item: Value) -> str | None:
        """The path in the project that an entry names; None for a remote one."""
        literal = item.literal if isinstance(item, Text) else None
        if literal is None:
            return None
        path = self.copies.beside(file, literal) or normpath(join(file.rpartition("/")[0], literal))
        return path if self._is_there(path) or self._kustomization(path) is not None else None

    def _objects(self, path: str) -> Built:
        """The objects of a manifest file that can name images or be the source of a replacement."""
        self._take(path)
        raw = self.program.read(self.copies.original(path))
        if raw is None:
            return Built(whole=False)
        if not any(sign in raw for sign in ("mage", "ontainers", "ConfigMap", *DELIVERING)):
            return Built(leaves_out=True)
        content = self.read_file(at_root(path))
        found: list[Value] = []
        text = self._text_here(content) if content is not None else Text.of(raw)
        if text is None:
            return Built(whole=False)
        for each in documents(text):
            listed = field(each, "items") if word(each, "kind").endswith("List") else None
            found += listed.items if isinstance(listed, Sequence) else [each]
        # A file that was changed in a way that is not followed may say anything.
        is_read = bool(found) or text.literal is not None
        return Built(tuple(found[:MOST_RESOURCES]), is_read and len(found) <= MOST_RESOURCES)

    def _with_generated(self, file: str, content: Mapping, objects: tuple[Value, ...]) -> tuple[Value, ...]:
        """Objects with the config maps that are generated; those of a base may be changed."""
        for item in items(content, "configMapGenerator"):
            made = self._generated(file, item)
            behaviour = word(item, "behavior")
            same_name = [each for each in objects if _is_config_map(each, word(item, "name"))]
            if behaviour in ("merge", "replace") and len(same_name) == 1:
                new = patched(same_name[0], made) if behaviour == "merge" else made
                objects = tuple(new if each is same_name[0] else each for each in objects)
            else:
                objects = (*objects, made)
        return objects

    def _generated(self, file: str, item: Value) -> Mapping:
        """A config map of literals, of files, and of files of literals."""
        data = list(_data_of(each for each in items(item, "literals") if isinstance(each, Text)))
        single = field(item, "env")
        for each in (*items(item, "envs"), *([single] if single is not None else [])):
            text = self._file_text(file, each)
            data += _data_of(text.split("\n")) if text is not None else ()
        for each in items(item, "files"):
            key, path = (each.split_at("=") or (None, each)) if isinstance(each, Text) else (None, each)
            text = self._file_text(file, path)
            if text is not None and isinstance(path, Text):
                data.append((key or Text.of((path.literal or "").rpartition("/")[2]), text))
        name = Mapping(((Text.of("name"), field(item, "name") or Null()),))
        parts: tuple[tuple[str, Value], ...] = (
            *(("apiVersion", Text.of("v1")), ("kind", Text.of("ConfigMap"))),
            *(("metadata", name), ("data", Mapping(tuple(data)))),
        )
        return Mapping(tuple((Text.of(key), value) for key, value in parts))

    def _file_text(self, file: str, item: Value) -> Text | None:
        path = self._entry_path(file, item)
        content = self.read_file(at_root(path)) if path is not None else None
        return self._text_here(content) if content is not None else None

    # --- transforming ---

    def _transformed(self, file: str, content: Mapping, built: Built) -> Built:
        objects = built.objects
        for selector, patch in self._patches(file, content):
            target = target_of(selector, patch)
            change = operated if isinstance(patch, Sequence) else _patched
            objects = tuple(change(each, patch) if target.takes(each) else each for each in objects)
        affixes = content.get("namePrefix"), content.get("nameSuffix")
        objects = tuple(named_anew(each, *affixes) for each in objects)
        for labels in (content.get("commonLabels"), *(field(each, "pairs") for each in items(content, "labels"))):
            objects = tuple(labelled(each, labels) for each in objects)
        configurations = [each for item in items(content, "configurations") for each in self._patch(file, item)]
        fields = (*built.fields, *(each for found in configurations for each in image_fields(found)))
        renaming = Renaming(entries(content.get("images")), fields)
        if renaming.entries:
            objects = tuple(map(renaming, objects))
        if built.whole and not (fields and built.leaves_out):
            self._note_unused(renaming, built.given)
        used = (renaming.entries[number] for number in renaming.used)
        own = self.copies.original(file)
        given = frozenset(each.name.literal for each in used if each.name.literal and _is_given(each, own))
        for item in items(content, "replacements"):
            objects = replaced(objects, self._written_elsewhere(file, item))
        kept = tuple(each for each in objects if not isinstance(each, Null))
        return Built(kept, built.whole, fields, built.given | given, built.leaves_out)

    def _patches(self, file: str, content: Mapping) -> list[tuple[Value | None, Value]]:
        """Every patch with its selector, in the tool's order."""
        found: list[tuple[Value | None, Value]] = []
        for item in items(content, "patchesStrategicMerge"):
            found += [(None, each) for each in self._patch(file, item)]
        for name in ("patches", "patchesJson6902"):
            for item in items(content, name):
                text = field(item, "patch")
                source = text if text is not None else field(item, "path")
                found += [(field(item, "target"), each) for each in self._patch(file, source)]
        return found

    def _patch(self, file: str, item: Value | None) -> tuple[Value, ...]:
        """The documents of a patch: written out, or in a file."""
        if not isinstance(item, Text):
            return ()
        path = self._entry_path(file, item)
        if path is None:
            return documents(item)
        self._take(path)
        content = self.read_file(at_root(path))
        text = self._text_here(content) if content is not None else None
        return documents(text) if text is not None else ()

    def _written_elsewhere(self, file: str, item: Value) -> Value:
        path = field(item, "path")
        found = self._patch(file, path) if path is not None else ()
        return found[0] if found else item

    def _note_unused(self, renaming: Renaming, given: frozenset[str]) -> None:
        """Entries that no image answers to, and none did before the run gave it the name that it wants: `given`."""
        for number, entry in enumerate(renaming.entries):
            at = entry.name.origin
            if number in renaming.used or entry.name.literal in given:
                continue
            if entry.name.literal is not None and at is not None:
                span = _span(at, entry.name.literal)
                image = entry.image
                self.overrides.append(
                    Override(entry.name.literal, image, span, len(self.events), self.guards, self.stack, certain=True)
                )

    # --- editing ---

    def edited(self, effect: Effect) -> None:
        """`kustomize edit set image`: NAME=NEW:TAG, NAME:TAG, NAME=NEW, NAME@DIGEST; '*' keeps what is there."""
        folder = self.folder(effect.directory or EMPTY)
        file = self._kustomization(folder) if folder is not None else None
        before = self.read_file(at_root(file)) if file is not None else None
        if folder is None:
            self._edited_somewhere(effect.words)
        if file is None or before is None:
            self.gap("deployed", "a kustomization that is edited and is not in the project")
            return
        self.applied_files |= self._made_of(self.copies.original(file))
        base = self.guards
        for guards, text in self.text_options(before):
            content, inside = next(iter(documents(text)), None), base.and_(guards)
            if isinstance(content, Mapping) and inside is not None:
                images = list(items(content, "images"))
                for setting in effect.words:
                    set_image(images, setting)
                changed = with_entry(content, "images", Sequence(tuple(images)))
                self.guards = inside
                self.write_file(at_root(file), self.join(written((changed,))))
        self.guards = base

    def _edited_somewhere(self, settings: tuple[Text, ...]) -> None:
        """An edit in a folder that is not known: it may be any that has such an image."""
        names = [name for name in (setting.leading.partition("=")[0] for setting in settings) if name]
        for file in (path for path in self.program.paths if path.rpartition("/")[2] in NAMES):
            text = self.program.read(file) or ""
            if any(name in text for name in names):
                for place in (file, *self.copies.of(file)):
                    self.write_file(at_root(place), self.opaque("a kustomization that may be edited"))

    def _made_of(self, file: str) -> set[str]:
        """The kustomizations that one is a part of, however many steps away, and itself: as they stand in the project
        they are not what is deployed, because the run changes them."""
        found = {file}
        pending = [dirname(file)]
        while pending:
            folder = pending.pop()
            fresh = self._users().get(folder, frozenset()) - found
            found |= fresh
            pending += map(dirname, fresh)
        return found

    def _users(self) -> dict[str, frozenset[str]]:
        """The kustomizations that use a folder, for each folder."""
        found = self.program.kept.get(_USERS)
        known: dict[str, frozenset[str]] = found if isinstance(found, dict) else {}
        if found is None:
            for file in (path for path in self.program.paths if path.rpartition("/")[2] in NAMES):
                for part in parts(file, (self.program.read(file) or "").encode()):
                    known[part] = known.get(part, frozenset()) | {file}
            self.program.kept[_USERS] = known
        return known

    def used(self, node: Use, value: Value) -> None:
        if node.role is Role.KUSTOMIZATION and isinstance(value, Text):
            self.deploy_kustomization(value)
        else:
            super().used(node, value)


def _is_given(entry: ImageEntry, file: str) -> bool:
    """Whether what an entry leads to does not stand in its file: the run has put it there."""
    texts = (each for each in (entry.new_name, entry.new_tag, entry.digest) if each is not None)
    parts = [part for text in texts for part in text.parts]
    return any(isinstance(part, Filling) or (part.origin and part.origin.start.path != file) for part in parts)


def _patched(item: Value, patch: Value) -> Value:
    """An object with a patch laid over it, which does not change its name."""
    name = field(item, "metadata", "name")
    same_name = Mapping(((Text.of("metadata"), Mapping(((Text.of("name"), name),))),)) if name is not None else None
    found = patched(item, patch)
    return patched(found, same_name) if same_name is not None and isinstance(found, Mapping) else found


def _is_config_map(item: Value, name: str) -> bool:
    return word(item, "kind") == "ConfigMap" and name in names_of(item)


def _data_of(pairs: Iterable[Text]) -> tuple[tuple[Value, Value], ...]:
    return tuple(found for each in pairs if (found := each.split_at("=")) is not None)


def set_image(images: list[Value], setting: Text) -> None:
    """Put in the entry that a setting of `kustomize edit set image` is about. It takes the place of the former one
    whole: only what the setting writes as `*` is kept."""
    halves = setting.split_at("=")
    wanted, new = halves if halves is not None else (None, setting)
    name, tag, digest = _taken_apart(new)
    if wanted is not None and wanted.split_at(":") is not None:
        wanted = _taken_apart(wanted)[0]
    wanted_name = wanted or name
    at = next((i for i, each in enumerate(images) if as_text(field(each, "name")) == wanted_name), None)
    before = images[at] if at is not None else Mapping(())
    entry = Mapping(((Text.of("name"), wanted_name),))
    for key, part in (("newName", name if wanted is not None else None), ("newTag", tag), ("digest", digest)):
        kept = part is not None and part.literal == "*"
        value = field(before, key) if kept else part
        if value is not None:
            entry = with_entry(entry, key, value)
    if at is None:
        images.append(entry)
    else:
        images[at] = entry


def _taken_apart(image: Text) -> tuple[Text, Text | None, Text | None]:
    name, digest = image.split_at("@") or (image, None)
    halves = name.split_at(":", last=True)
    if halves is not None and halves[1].split_at("/") is None:
        return halves[0], halves[1], digest
    return name, None, digest


def _span(at: Position, text: str) -> Span:
    return Span(at.path, at.line, at.column, at.line, at.column + max(1, len(text)))
