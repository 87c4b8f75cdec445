"""Objects that have a controller deploy other files of the project: Flux (HelmRelease v2, Kustomization v1) and Argo CD
(Application v1alpha1).

What such an object points to is the project's own if its path exists there: repositories are not told apart by their
addresses. What it takes from the cluster (`valuesFrom`, `substituteFrom`) is known where the project has the object.
Generators of applications are gaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import join, normpath

from tagcheck.embedded import documents
from tagcheck.engine.charts import CHART, Release, Setting
from tagcheck.engine.clusterdata import ClusterData
from tagcheck.engine.kustomizations import MOST_RESOURCES, Built, set_image
from tagcheck.fields import field, items, word
from tagcheck.frontends.kubernetes import SUFFIXES
from tagcheck.overlays import as_text, with_entry
from tagcheck.settings import parse_literal_setting, placed
from tagcheck.values import EMPTY, Mapping, Opaque, Piece, Sequence, Text, Truth, Value

MOST_DELIVERIES = 200
DEEPEST_DELIVERY = 8
DEEPEST_OBJECT = 40
_OF_FOLDERS = ("GitRepository", "Bucket", "ExternalArtifact", "")
_ELSEWHERE = "what a cluster holds under a name"


class Deliveries(ClusterData):
    """A run that knows what controllers deploy."""

    _delivering: tuple[tuple[str, str], ...] = ()
    """the kinds of objects and the folders that are deployed now, outermost first"""
    _deliveries: int = 0

    def deploy_object(self, value: Value) -> None:
        if not isinstance(value, Mapping) or not self._is_delivered(value):
            super().deploy_object(value)

    def _is_delivered(self, thing: Mapping) -> bool:
        """Deploy what an object stands for; False if it stands for itself."""
        match word(thing, "apiVersion").partition("/")[0], word(thing, "kind"):
            case "helm.toolkit.fluxcd.io", "HelmRelease":
                return self._helm_release(thing)
            case "kustomize.toolkit.fluxcd.io", "Kustomization":
                return self._flux_kustomization(thing)
            case "argoproj.io", "Application":
                return self._application(thing)
            case "argoproj.io", "ApplicationSet":
                self.gap("deployed", "the applications that a generator makes")
                return True
            case _:
                return False

    def _enters(self, kind: str, folder: str) -> bool:
        """Whether a folder is to be deployed: not inside of itself, and not too many."""
        self._deliveries += 1
        deep = len(self._delivering) >= DEEPEST_DELIVERY or self._deliveries > MOST_DELIVERIES
        if deep:
            self.gap("deployed", "too many objects that deploy others")
        return not deep and (kind, folder) not in self._delivering

    def _project_folder(self, path: Value | None) -> str | None:
        """The folder of the project that a path means, from its root; None if there is none."""
        literal = path.literal if isinstance(path, Text) else None
        folder = normpath(literal.strip("/") or ".") if literal is not None else ".."
        if folder.startswith(".."):
            return None
        folder = "" if folder == "." else folder
        return folder if self.program.below(folder) else None

    def _is_chart(self, folder: str | None) -> bool:
        return folder is not None and self.program.has(normpath(join(folder, CHART)))

    # --- Flux ---

    def _helm_release(self, thing: Mapping) -> bool:
        spec = field(thing, "spec")
        chart = field(spec, "chart", "spec")
        folder = self._project_folder(field(chart, "chart"))
        if folder is None or not self._is_chart(folder) or word(chart, "sourceRef", "kind") not in _OF_FOLDERS:
            return False
        if not self._enters("chart", folder):
            return True
        values: Value = Mapping(())
        given = [self.values_of(self._below_root(each)) for each in items(chart, "valuesFiles")]
        for each in given:
            values = self.laid_over_values(values, each)
        values, sure = self.layered_from(spec, thing, values)
        inline = field(spec, "values")
        if isinstance(inline, Mapping):
            values = self.laid_over_values(values, inline)
        name = as_text(field(spec, "releaseName")) or as_text(field(thing, "metadata", "name")) or self.release_name()
        release = Release(folder, values, name, (), None in given or not sure)
        outer, self._delivering = self._delivering, (*self._delivering, ("chart", folder))
        renderers = [each for item in items(spec, "postRenderers") if (each := field(item, "kustomize")) is not None]
        if renderers:
            self._install_changed(release, renderers)
        else:
            self.install(release)
        self._delivering = outer
        return True

    def _install_changed(self, release: Release, renderers: list[Value]) -> None:
        """The objects of a release as kustomizations change them."""
        outer = self.stated
        texts = [text for each in self.manifests(release) for _, text in self.text_options(each)]
        built = Built(tuple(found for text in texts for found in documents(text))[:MOST_RESOURCES])
        for each in renderers:
            built = self._transformed("", each, built) if isinstance(each, Mapping) else built
        for made in built.objects:
            self.deploy_object(made)
        self.stated = outer

    def _flux_kustomization(self, thing: Mapping) -> bool:
        spec = field(thing, "spec")
        folder = self._project_folder(field(spec, "path") or Text.of("."))
        if folder is None or not isinstance(spec, Mapping) or word(spec, "sourceRef", "kind") not in _OF_FOLDERS:
            return True
        built = self._delivered_folder(folder, spec, recurse=True)
        given = field(spec, "postBuild", "substitute")
        held = [self.held_data(each, thing) for each in items(spec, "postBuild", "substituteFrom")]
        if isinstance(given, Mapping) or held:
            own = given.entries if isinstance(given, Mapping) else ()
            others = (entry for each in reversed(held) if each is not None for entry in each.entries)
            substitution = _Substitution(Mapping((*own, *others)), None in held)
            built = tuple(map(substitution, built))
        self._deploy_delivered(folder, built)
        return True

    def _below_root(self, path: Value) -> str | None:
        literal = path.literal if isinstance(path, Text) else None
        return normpath(literal) if literal else None

    # --- Argo CD ---

    def _application(self, thing: Mapping) -> bool:
        spec = field(thing, "spec")
        single = field(spec, "source")
        sources = [*([single] if single is not None else []), *items(spec, "sources")]
        name = as_text(field(thing, "metadata", "name")) or self.release_name()
        for source in sources:
            if field(source, "chart") is None and field(source, "path") is not None:
                self._deploy_source(source, name)
        return True

    def _deploy_source(self, source: Value, name: Text) -> None:
        folder = self._project_folder(field(source, "path"))
        if folder is None:
            return
        if not self._is_chart(folder):
            changes = field(source, "kustomize")
            content = _with_images(changes) if isinstance(changes, Mapping) else Mapping(())
            if field(source, "plugin") is not None:
                self.gap("deployed", "what a plugin makes")
                return
            recurse = field(source, "directory", "recurse") == Truth(True)
            self._deploy_delivered(folder, self._delivered_folder(folder, content, recurse=recurse))
        elif self._enters("chart", folder):
            outer, self._delivering = self._delivering, (*self._delivering, ("chart", folder))
            helm = field(source, "helm")
            settings = tuple(_parameters(helm))
            own = as_text(field(helm, "releaseName")) or name
            self.install(self._release_of(folder, list(self._helm_values(folder, helm)), settings, own))
            self._delivering = outer

    def _helm_values(self, folder: str, helm: Value | None) -> Iterator[Value | None]:
        """What an application lays over a chart's values, in its order; None for what is not known."""
        for item in items(helm, "valueFiles"):
            path = as_text(item)
            literal = path.literal if path is not None else None
            if literal is not None and literal.startswith("$"):
                # Another source's folder, which is that of a repository.
                place = literal.partition("/")[2]
            else:
                place = join(folder, literal) if literal is not None and not literal.startswith("/") else literal or ""
            found = self.values_of(normpath(place.lstrip("/"))) if place else None
            if found is not None or field(helm, "ignoreMissingValueFiles") != Truth(True):
                yield found
        inline, text = field(helm, "valuesObject"), as_text(field(helm, "values"))
        if text is not None:
            yield next((each for each in documents(text) if isinstance(each, Mapping)), None)
        if isinstance(inline, Mapping):
            yield inline
        if items(helm, "fileParameters"):
            yield None

    # --- what is delivered ---

    def _release_of(self, folder: str, given: list[Value | None], settings: tuple[Setting, ...], name: Text) -> Release:
        values: Value = Mapping(())
        for each in given:
            values = self.laid_over_values(values, each)
        for setting in settings:
            values = placed(values, setting.way, setting.value)
        return Release(folder, values, name, settings, None in given)

    def _delivered_folder(self, folder: str, changes: Mapping, *, recurse: bool) -> tuple[Value, ...]:
        """The objects of a folder as a kustomization's fields change them: those of its kustomization, else all that
        stand there."""
        if not self._enters("folder", folder):
            return ()
        file = self._kustomization(folder)
        if file is not None:
            built = self._build(file, (), Built(), 0)
        else:
            built = Built()
            for path in self.program.below(folder):
                direct = recurse or "/" not in path[len(folder) :].lstrip("/")
                if direct and path.endswith(SUFFIXES) and len(built.objects) < MOST_RESOURCES:
                    built = built.and_(self._objects(path))
        return self._transformed(file or "", changes, built).objects

    def _deploy_delivered(self, folder: str, objects: tuple[Value, ...]) -> None:
        outer, stated = self._delivering, self.stated
        self._delivering = (*outer, ("folder", folder))
        self.announced(objects)
        for each in objects:
            self.deploy_object(each)
        self._delivering, self.stated = outer, stated


def _parameters(helm: Value | None) -> Iterator[Setting]:
    """`helm.parameters` of an application."""
    for item in items(helm, "parameters"):
        name, value = as_text(field(item, "name")), as_text(field(item, "value"))
        if name is not None:
            argument = name + Text.of("=") + (value or EMPTY)
            for way, found in parse_literal_setting(argument):
                yield Setting(way, found, argument)


def _with_images(changes: Mapping) -> Mapping:
    """The fields of a kustomization, images in its own form instead of that of a command."""
    images: list[Value] = []
    for item in items(changes, "images"):
        if isinstance(item, Text):
            set_image(images, item)
    return with_entry(changes, "images", Sequence(tuple(images)))


class _Substitution:
    """`${NAME}` and `${NAME:=default}` in the texts of an object; `open`: other names may have values too."""

    def __init__(self, given: Mapping, is_open: bool) -> None:
        self._given, self._open = given, is_open

    def __call__(self, value: Value, depth: int = 0) -> Value:
        match value:
            case Text() if any(isinstance(part, Piece) and "${" in part.text for part in value.parts):
                return self._filled(value)
            case Mapping(entries) if depth < DEEPEST_OBJECT:
                return Mapping(tuple((key, self(each, depth + 1)) for key, each in entries), value.open)
            case Sequence(listed) if depth < DEEPEST_OBJECT:
                return Sequence(tuple(self(each, depth + 1) for each in listed), value.open)
            case _:
                return value

    def _filled(self, text: Text) -> Text:
        found, rest = EMPTY, text
        while (halves := rest.split_at("${")) is not None and (end := halves[1].split_at("}")) is not None:
            found += halves[0] + self._named(end[0])
            rest = end[1]
        return found + rest

    def _named(self, inside: Text) -> Text:
        name, default = inside, None
        for mark in (":=", ":-", "="):
            halves = inside.split_at(mark)
            if halves is not None:
                name, default = halves
                break
        given = as_text(self._given.get(name.literal or "")) if name.literal else None
        if given is not None:
            return given
        if self._open or name.literal is None:
            return as_text(Opaque(f"substituted:{name}", _ELSEWHERE)) or EMPTY
        return default if default is not None else Text.of("${") + inside + Text.of("}")
