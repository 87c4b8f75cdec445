"""Charts: what `helm install` deploys and `helm template` prints, without running either (Helm 3.17).

A chart's templates are rendered with its values, the files of values and the settings of the command, all symbolic.
Names keep the places that they come from: the values file, the command's argument, the template. What templates do that
is not understood leaves opaque parts; a setting that no template reads is noted, if everything that could read it was
seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from posixpath import dirname, join, normpath
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace as replace_fields

from tagcheck import ir
from tagcheck.builtins.chartvalues import as_helm_reads
from tagcheck.builtins.template_functions import laid_over
from tagcheck.builtins.template_rendering import definitions, render_nodes
from tagcheck.builtins.template_scope import MOST_STEPS, Scope, Steps, Variables, Watch
from tagcheck.builtins.template_text import Node, parse_template
from tagcheck.catalog import Effect
from tagcheck.embedded import documents
from tagcheck.engine.bakes import Bakes
from tagcheck.engine.filenames import names
from tagcheck.engine.places import at_root
from tagcheck.engine.renderings import Path, Paths, Rendering, keep_rendering, kept_renderings
from tagcheck.events import Override
from tagcheck.fields import field, items, word
from tagcheck.guards import Guards
from tagcheck.overlays import as_text
from tagcheck.settings import Settings, Step, parse_json_setting, parse_literal_setting, parse_settings, placed
from tagcheck.source import Span
from tagcheck.source import Text as SourceText
from tagcheck.values import (
    EMPTY,
    Hole,
    HoleKind,
    Mapping,
    Null,
    Opaque,
    Piece,
    Sequence,
    Text,
    Truth,
    Value,
)

CHART = "Chart.yaml"
VALUES = "values.yaml"
MOST_TEMPLATES = 400
MOST_CHARTS = 40
MOST_STATES = 16
"""States of its values in which a chart is packed."""
DEEPEST_CHART = 6
LONGEST_TEMPLATE = 256 * 1024
STEPS_OF_ONE = 2
"""Parts of templates that cost as much as a statement."""
DEEPEST_VALUES = 40
_NOTES = "NOTES.txt"
_OF_IMAGES = ("tag", "repository", "registry", "digest")
_UNKNOWN_VALUES = "values that are not known"
Nodes: TypeAlias = tuple[Node, ...]


class Setting(Struct, frozen=True):
    """One override of a command: the way to it, what it sets, and the argument."""

    way: tuple[Step, ...]
    value: Value
    argument: Text


class Release(Struct, frozen=True):
    """What a command installs: the chart's folder, the values over the chart's own, and the name of the release.
    `unsure`: the chart's own values may be overridden by some that are not known."""

    folder: str
    values: Value
    name: Text
    settings: tuple[Setting, ...] = ()
    unsure: bool = False


Parse: TypeAlias = Callable[[Text], Settings]


class Charts(Bakes):
    """A run that knows charts."""

    def deploy_chart(self, effect: Effect) -> None:
        """The objects of a chart are applied to the cluster."""
        if effect.singly:
            self._install_singly(effect)
            return
        release = self._release(effect)
        if release is None:
            self.gap("deployed", "a chart that is not in the project")
            return
        self.install(release)

    def _install_singly(self, effect: Effect) -> None:
        """A chart is installed once for each of the files of values that a pattern means, else without any."""
        found = [(name,) for each in effect.values for name in names(each, self.placed(each), self.program)]
        one = replace_fields(effect, singly=False)
        for each in found:
            self.deploy_chart(replace_fields(one, values=each))
        if not found:
            self.deploy_chart(replace_fields(one, values=()))

    def install(self, release: Release) -> None:
        """The objects of a release are applied to the cluster."""
        outer = self.stated
        for text in self.manifests(release):
            self.deploy(text)
        self.stated = outer

    def rendered(self, effect: Effect) -> Value | None:
        if not effect.chart:
            return super().rendered(effect)
        release = self._release(effect)
        if release is None:
            return None
        separator = Text.of("\n---\n")
        return self.join(tuple(part for text in self.manifests(release) for part in (separator, text)))

    def packaged(self, effect: Effect) -> None:
        """A chart is packed: nothing is deployed, but what the run has written into its values should be read by its
        templates. What else it says is judged by itself."""
        outer = (self.applied_files, self.visited, self.stated)
        self.applied_files, self.visited = set(outer[0]), set(outer[1])
        release, base = self._release(effect), self.guards
        if release is not None:
            # What the templates read shows only where the values are those of one state.
            for guards in self._states_of(normpath(join(release.folder, VALUES))):
                self.guards = guards
                self.manifests(release)
        self.guards = base
        self.applied_files, self.visited, self.stated = outer

    def _states_of(self, path: str) -> list[Guards]:
        """The cases in which the run may have left a file, the first of them."""
        content = self.read_file(at_root(path))
        options = self.text_options(content) if content is not None else []
        found = (self.guards.and_(guards) for guards, _ in options[:MOST_STATES])
        return [each for each in found if each is not None]

    def _release(self, effect: Effect) -> Release | None:
        folder = self._chart_folder(effect.path) if effect.path is not None else None
        return self.release_of(effect, folder) if folder is not None else None

    def release_of(self, effect: Effect, folder: str) -> Release:
        """What a command installs of the chart in a folder."""
        values: Value = Mapping(())
        unsure = False
        for path in effect.values:
            given = self._given_values(path)
            unsure = unsure or given is None
            values = self.laid_over_values(values, given)
        settings: list[Setting] = []
        for argument, parse in self._settings_of(effect):
            found = parse(argument)
            if not found and argument.holes:
                unsure, values = True, self.laid_over_values(values, None)
            for way, value in found:
                values = placed(values, way, value)
                settings.append(Setting(way, value, argument))
        return Release(folder, values, effect.workload or self.release_name(), tuple(settings), unsure)

    def laid_over_values(self, values: Value, given: Value | None) -> Value:
        """Values with others laid over them. Any of them may be another one below what is not known."""
        if given is not None:
            return laid_over(values, given, ends=False)
        self.gap("deployed", _UNKNOWN_VALUES)
        return overridable(values)

    def _chart_folder(self, path: Text) -> str | None:
        """The folder of the project that a path of a chart means; None if there is no certain one."""
        folder = self.folder(path)
        if folder is not None and self.program.has(normpath(join(folder, CHART))):
            return folder
        placed = self.placed(path)
        if "/" not in str(placed) or "://" in str(placed):
            return None
        names = self.program.find_files(placed + Text.of(f"/{CHART}"), self.site.path)
        if not names and placed.leading.startswith("/"):
            names = self.program.copied_from((placed.literal or "") + f"/{CHART}")
        return dirname(names[0]) if len(names) == 1 else None

    def release_name(self) -> Text:
        return Text.of_hole(Hole(HoleKind.PARAMETER, "release name", "release name"))

    def _settings_of(self, effect: Effect) -> Iterator[tuple[Text, Parse]]:
        """The settings of a command in helm's order, whatever the order of its words, and how each is read."""
        yield from ((each, parse_json_setting) for each in effect.settings_as_json)
        yield from ((each, parse_settings) for each in effect.settings)
        yield from ((each, self._setting_of_file) for each in effect.settings_of_files)
        yield from ((each, parse_literal_setting) for each in effect.settings_verbatim)

    def _setting_of_file(self, argument: Text) -> Settings:
        """`--set-file KEY=PATH`."""
        return tuple(
            (way, self.read_file(as_text(path) or EMPTY) or self.opaque("a setting from a file"))
            for way, path in parse_literal_setting(argument)
        )

    def _given_values(self, path: Text) -> Value | None:
        """The values of a file that a command names: as the run has written it, or the command's input. None if they
        are not known."""
        content = self.standard_input if path.literal == "-" else self.read_file(path)
        return self._values_in(content) if content is not None else None

    def _values_in(self, content: Value) -> Value | None:
        """What a file of values says, if it says the same in every case."""
        found = [_values_of(text) for _, text in self.text_options(content)]
        return found[0] if found and all(each == found[0] for each in found) else None

    def values_of(self, path: str | None) -> Value | None:
        """The values of a file of the project; None if they are not known."""
        content = self.read_file(at_root(path)) if path is not None and self.program.has(path) else None
        return self._values_in(content) if content is not None else None

    def _yaml(self, path: str) -> Mapping | None:
        content = self.read_file(at_root(path)) if self.program.has(path) else None
        for _, text in self.text_options(content) if content is not None else ():
            found = documents(text)
            if found and isinstance(found[0], Mapping):
                return found[0]
        return None

    # --- rendering ---

    def manifests(self, release: Release) -> list[Value]:
        """The texts that the templates of a chart and of the charts in it become."""
        chart = _Chart(self, release)
        texts = chart.texts()
        if any(map(_may_name_images, texts)):
            self._note_unread(release, chart)
            self._note_unread_values(release, chart)
        self._note_repeated(release)
        return texts

    def asked_of(self, release: Release, way: tuple[str, ...]) -> set[str]:
        """The names that the templates of a chart ask for at a place of its values."""
        chart = _Chart(self, release)
        chart.texts()
        return {path[-1] for path in chart.watch.read if path[:-1] == way}

    def take_part(self, path: str) -> None:
        """A file is part of a chart: it is not judged by itself."""
        self.applied_files.add(path)
        self.visited.add(f"helm:{path}")

    def _note_unread(self, release: Release, chart: _Chart) -> None:
        """Settings that no template reads."""
        for setting in release.settings:
            path = tuple(step for step in setting.way if isinstance(step, str))
            if len(path) == len(setting.way) and not chart.may_read(path):
                self._note_setting(setting, certain=True)

    def _note_unread_values(self, release: Release, chart: _Chart) -> None:
        """What the run has written into the chart's own values, and no template reads."""
        path = normpath(join(release.folder, VALUES))
        before = self.program.read(path)
        content = self.read_file(at_root(path)) if before is not None else None
        if before is None or content is None or (isinstance(content, Text) and content.literal == before):
            return
        stood = _values_of(Text.of(before))
        for way, value in _texts_in(self._values_in(content), ()):
            is_name = way[-1].lower() in (*_OF_IMAGES, "image")
            if is_name and field(stood, *way) != value and not chart.may_read(way):
                self._note_written(way, value)

    def _note_written(self, way: Path, value: Text) -> None:
        """A value that the run has written for nothing: where it did so, if that was noted, else where it stands."""
        wanted = ".".join(way)
        noted = next((each for each in self.overrides if each.wanted.lstrip(".") == wanted), None)
        if noted is not None and not noted.certain and _is_about_images(way):
            self.overrides.append(replace_fields(noted, wanted=wanted, image=value, certain=True))
        elif noted is None:
            self._note_setting(Setting(way, value, value), certain=True)

    def _note_repeated(self, release: Release) -> None:
        """Settings of a key that was set before by the same command."""
        before: set[tuple[Step, ...]] = set()
        for setting in release.settings:
            if setting.way in before:
                self._note_setting(setting, is_repeated=True)
            before.add(setting.way)

    def _note_setting(self, setting: Setting, *, certain: bool = False, is_repeated: bool = False) -> None:
        path = tuple(map(str, setting.way))
        at, image = setting.argument.origin, as_text(setting.value)
        if at is None or image is None or not _is_about_images(path):
            return
        wanted = ".".join(path)
        span = Span(at.path, at.line, at.column, at.line, at.column + max(1, len(wanted)))
        self.overrides.append(
            Override(
                *(wanted, image, span, len(self.events), self.guards, self.stack),
                certain=certain,
                is_repeated=is_repeated,
            )
        )

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.CHART and isinstance(value, Text):
            self.install(Release(value.literal or "", Mapping(()), self.release_name()))
        else:
            super().used(node, value)


class _Chart:
    """One rendering of a chart with the charts in it."""

    def __init__(self, run: Charts, release: Release) -> None:
        self.run, self.release = run, release
        self.watch = Watch()
        self.defined: dict[str, Nodes] = {}
        self.sources: list[tuple[int, str, Nodes]] = []
        """the files of helpers with how deep they lie"""
        self.helpers: tuple[tuple[str, int], ...] = ()
        """the files of helpers as they were read"""
        self.templates: list[tuple[str, Mapping, Path]] = []
        self.absent: set[str] = set()
        self.count = 0
        self._take(release.folder, "", release.values, (), None, 0)
        # Of names that are defined twice, those of outer charts hold, and in a chart those of the first file.
        for _, path, nodes in sorted(self.sources, key=lambda each: each[:2], reverse=True):
            self.defined.update({path: nodes, **definitions(nodes)})

    def texts(self) -> list[Value]:
        machine, steps, guards = self.run.machine(), Steps(), self.run.guards
        found: list[Value] = []
        paths: dict[int, Paths] = {}
        for path, data, way in self.templates[:MOST_TEMPLATES]:
            source = self.run.program.read(path)
            if source is None or len(source) > LONGEST_TEMPLATE or not _matters(source):
                continue
            nodes = self._parsed(path)
            if nodes is None:
                self.run.gap("deployed", "a template that cannot be read")
                continue
            values = paths.setdefault(id(data), Paths(data.get("Values") or Mapping(()), way))
            key = (path, id(nodes), self.release.name, self.helpers)
            made = next((each for each in kept_renderings(self.run.program, key) if each.holds(values, guards)), None)
            if made is not None:
                steps.left -= made.cost
                machine.spend(made.spent)
            else:
                before = (steps.left, self.run.steps)
                defined = {**self.defined, **definitions(nodes)}
                watch = self.watch.beside()
                scope = Scope(machine, self.run.fresh(f"chart:{path}"), data, data, Variables(), defined, steps)
                text = render_nodes(nodes, replace(scope, missing=Null(), watch=watch))
                done = (before[0] - steps.left, before[1] - self.run.steps)
                made = Rendering.of(values, guards, watch, text, done, (nodes, *self.defined.values()))
                keep_rendering(self.run.program, key, made)
            self.watch.join(made.watch)
            found.append(made.text)
        machine.spend((MOST_STEPS - steps.left) // STEPS_OF_ONE)
        return found

    def _parsed(self, path: str) -> Nodes | None:
        """A template's nodes: of a file as it stands they are the same for every run."""
        content = self.run.read_file(at_root(path))
        options = self.run.text_options(content) if content is not None else []
        raw = self.run.program.read(path)
        if not options or raw is None:
            return None
        if options[0][1].literal == raw:
            return self.run.program.lowered(SourceText.of_file(path, raw), _template_nodes)
        return parse_template(options[0][1])

    def may_read(self, path: tuple[str, ...]) -> bool:
        """Whether a template reads what stands at a path of the values, or might."""
        elsewhere = bool(self.absent) and (path[0] in self.absent or path[0] == "global")
        return elsewhere or self.watch.reads(path)

    def _take(
        self, folder: str, called: str, given: Value, way: tuple[str, ...], shared: Value | None, depth: int
    ) -> None:
        """A chart: its templates with their data, its helpers, and the charts in it. A chart in another one is `called`
        as that one says."""
        self.count += 1
        if self.count > MOST_CHARTS or depth > DEEPEST_CHART:
            return
        chart = self._read(folder, CHART)
        values = laid_over(self._own_values(folder), given)
        if shared is not None:
            values = placed(values, ("global",), laid_over(field(values, "global") or Mapping(()), shared))
        values = self._with_imported(folder, chart, values)
        self.watch.add(values, way)
        own_name = Mapping(((Text.of("name"), Text.of(called)),) if called else ())
        about = laid_over(chart, own_name) if called != word(chart, "name") else chart
        data = _data(about if isinstance(about, Mapping) else chart, values, self.release.name)
        for path in self.run.program.below(normpath(join(folder, "templates"))):
            self._template(folder, path, data, way, library=word(chart, "type") == "library")
        self._dependencies(folder, chart, values, way, depth)

    def _own_values(self, folder: str) -> Value:
        path = normpath(join(folder, VALUES))
        self.run.take_part(path)
        if not self.run.program.has(path):
            return Mapping(())
        found = self.run.values_of(path)
        if found is None:
            self.run.gap("deployed", _UNKNOWN_VALUES)
            return Mapping((), open=True)
        return overridable(found) if self.release.unsure else found

    def _with_imported(self, folder: str, chart: Mapping, values: Value) -> Value:
        """The values of a chart over those that it imports from the charts in it (`import-values`)."""
        for item in items(chart, "dependencies"):
            name = word(item, "name")
            alias = word(item, "alias") or name
            inside = self._folder_of(folder, name, word(item, "repository")) if items(item, "import-values") else None
            if inside is None:
                continue
            # A setting of the inner chart may be read by the outer one, by another way.
            self.absent.add(alias)
            given = laid_over(self._own_values(inside), field(values, alias) or Mapping(()))
            for each in items(item, "import-values"):
                values = laid_over(_imported(each, given), values)
        return values

    def _read(self, folder: str, name: str) -> Mapping:
        path = normpath(join(folder, name))
        self.run.take_part(path)
        return self.run._yaml(path) or Mapping(())

    def _template(self, folder: str, path: str, data: Mapping, way: Path, *, library: bool) -> None:
        self.run.take_part(path)
        name = path.rpartition("/")[2]
        if name.endswith(".tpl") or name.startswith("_"):
            nodes = self._parsed(path)
            if nodes is not None:
                self.sources.append((2 * len(way) + path.removeprefix(folder).count("/"), path, nodes))
                self.helpers = (*self.helpers, (path, id(nodes)))
        elif not library and name != _NOTES:
            self.templates.append((path, data, way))

    def _dependencies(self, folder: str, chart: Mapping, values: Value, way: tuple[str, ...], depth: int) -> None:
        listed = chart.get("dependencies")
        named: set[str] = set()
        for item in listed.items if isinstance(listed, Sequence) else ():
            name = word(item, "name")
            alias = word(item, "alias") or name
            named.add(name)
            inside = self._folder_of(folder, name, word(item, "repository"))
            if inside is None:
                self.absent.add(alias)
            elif not self._is_off(item, values):
                self._inner(inside, alias, values, way, depth)
        for inside in self.run.program.folders_with(CHART, normpath(join(folder, "charts"))):
            name = word(self.run._yaml(normpath(join(inside, CHART))), "name") or inside.rpartition("/")[2]
            if name not in named:
                self._inner(inside, name, values, way, depth)

    def _inner(self, folder: str, name: str, values: Value, way: tuple[str, ...], depth: int) -> None:
        given = field(values, name) or Mapping(())
        self._take(folder, name, given, (*way, name), field(values, "global"), depth + 1)

    def _folder_of(self, folder: str, name: str, repository: str) -> str | None:
        """The folder of a chart that another depends on: where Helm has put it, else where it takes it from."""
        places = [join(folder, "charts", name)]
        if repository.startswith("file://"):
            places.append(join(folder, repository.removeprefix("file://")))
        paths = (path for path in map(normpath, places) if self.run.program.has(f"{path}/{CHART}"))
        return next(paths, None)

    def _is_off(self, item: Value, values: Value) -> bool:
        """Whether a dependency is switched off in the values: by the first of its conditions that is there, else by its
        tags, of which one that is on is enough."""
        for condition in word(item, "condition").split(","):
            found = field(values, *condition.strip().split("."))
            if isinstance(found, Truth):
                return not found.value
        tags = [field(values, "tags", tag.literal or "") for tag in items(item, "tags") if isinstance(tag, Text)]
        return any(isinstance(tag, Truth) for tag in tags) and not any(tag != Truth(False) for tag in tags)


def _texts_in(value: Value | None, way: Path) -> Iterator[tuple[Path, Text]]:
    """The texts in values, with the ways to them."""
    if isinstance(value, Text):
        yield way, value
    for key, inner in value.entries if isinstance(value, Mapping) and len(way) < DEEPEST_VALUES else ():
        if isinstance(key, Text) and key.literal is not None:
            yield from _texts_in(inner, (*way, key.literal))


def overridable(value: Value) -> Value:
    """Values of which any may be overridden by one that is not known."""
    return _overridable(value, ())


def _overridable(value: Value, way: tuple[str, ...]) -> Value:
    if isinstance(value, Mapping) and len(way) < DEEPEST_VALUES:
        entries = ((key, _overridable(each, (*way, str(key)))) for key, each in value.entries)
        return Mapping(tuple(entries), open=True)
    return Opaque(f"values:{'.'.join(way)}", _UNKNOWN_VALUES)


def _values_of(text: Text) -> Value | None:
    """What the text of a file of values says; nothing at all is said by comments."""
    found = documents(text)
    if found:
        return as_helm_reads(found[0]) if isinstance(found[0], Mapping) else None
    lines = text.literal.splitlines() if text.literal is not None else ["?"]
    is_empty = all(not line.strip() or line.lstrip().startswith(("#", "---")) for line in lines)
    return Mapping(()) if is_empty else None


def _template_nodes(source: SourceText) -> Nodes | None:
    start = source.position(0)
    return parse_template(Text.of(source.text, Span(start.path, start.line, start.column, start.line, start.column)))


def _data(chart: Mapping, values: Value, name: Text) -> Mapping:
    """What templates see as the dot."""
    about = Mapping(
        tuple(
            (Text.of(key.literal[:1].upper() + key.literal[1:]), value)
            for key, value in chart.entries
            if isinstance(key, Text) and key.literal
        )
    )
    release = Mapping(
        (
            (Text.of("Name"), name),
            (Text.of("Namespace"), Text.of_hole(Hole(HoleKind.PARAMETER, "release namespace", "release namespace"))),
            (Text.of("Service"), Text.of("Helm")),
            (Text.of("IsInstall"), Truth(True)),
            (Text.of("IsUpgrade"), Truth(False)),
        )
    )
    unknown = (Text.of(each) for each in ("Capabilities", "Files", "Template", "Subcharts"))
    return Mapping(
        (
            (Text.of("Values"), values),
            (Text.of("Chart"), about),
            (Text.of("Release"), release),
            *((each, Opaque(f"chart:{each}", f"what a chart knows as {each}")) for each in unknown),
        )
    )


_OF_PODS = ("mage", "ontainers", "emplate:", "kind: Pod")


def _matters(source: str) -> bool:
    """Whether a template can name an image: in what it writes, or through what it includes, such as a pod."""
    return any(word in source for word in _OF_PODS) or "kind:" not in source


def _is_about_images(path: tuple[str, ...]) -> bool:
    """Whether a key can be about an image: only such settings are judged."""
    last = path[-1].lower()
    return "image" in "".join(path).lower() or last in _OF_IMAGES


def _may_name_images(value: Value) -> bool:
    """Whether a rendered text can name an image: to a chart without images no setting of theirs matters."""
    parts = value.parts if isinstance(value, Text) else None
    return parts is None or any(isinstance(part, Piece) and "mage" in part.text for part in parts)


def _imported(item: Value, given: Value) -> Value:
    """What one item of `import-values` takes out of the values of an inner chart, at its place in those of the outer
    one."""
    if isinstance(item, Text):
        return field(given, "exports", item.literal or "") or Mapping(())
    found = field(given, *word(item, "child").split("."))
    if found is None:
        return Mapping(())
    place = word(item, "parent")
    return found if place in ("", ".") else placed(Mapping(()), tuple(place.split(".")), found)
