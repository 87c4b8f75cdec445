"""Skaffold: what running, building and deploying its configurations does to images (Skaffold 2.16).

An artifact is built as `IMAGE:TAG`. The tag is what `--tag` or a template says; where Skaffold makes it (of the commit,
the input, the time), it is the same value wherever this run uses it. In what is deployed, every image of an artifact's
name is replaced by the one that was built, by digest or id; charts get names and tags as settings too.

What it cannot do: configurations that only a repository elsewhere has, profiles that switch themselves on, hooks.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from posixpath import join, normpath

from msgspec import Struct
from msgspec.structs import replace

from tagcheck import ir
from tagcheck.builtins.template_functions import laid_over
from tagcheck.catalog import Effect, EffectKind
from tagcheck.embedded import documents
from tagcheck.engine import charts
from tagcheck.engine.charts import CHART
from tagcheck.engine.injections import Injected, Injection, place_of
from tagcheck.engine.places import at_root
from tagcheck.engine.skaffoldfiles import Configuration, Release
from tagcheck.engine.skaffoldnames import Made, Naming, asked_for, tag_of
from tagcheck.engine.skaffoldsearch import Configurations
from tagcheck.events import Stage
from tagcheck.fields import field, items, word
from tagcheck.frontends import kubernetes, skaffold
from tagcheck.image import parse
from tagcheck.overlays import as_text
from tagcheck.settings import placed, steps
from tagcheck.values import EMPTY, Mapping, Sequence, Text, Value
from tagcheck.writing import written

MOST_ARTIFACTS = 150
MOST_MANIFESTS = 600


class Work(Struct, frozen=True):
    """What a command is about: the configurations, those that others need first; `whole`: all of them were found."""

    configurations: tuple[Configuration, ...]
    made: tuple[Made, ...]
    files: tuple[str, ...]
    naming: Naming
    whole: bool


class Skaffold(Configurations):
    """A run that knows Skaffold."""

    def artifacts_built(self, effect: Effect) -> None:
        with self.process(in_command=True):
            work = self._work(effect)
            if work is not None:
                self._build_artifacts(work, effect)
            else:
                self.gap("built", "a configuration of Skaffold that is not in the project")

    def artifacts_deployed(self, effect: Effect, *, statement: bool = False) -> None:
        self.uses_cluster = True
        with self.process(in_command=True):
            work = self._work(effect, statement=statement)
            if work is None:
                self.gap("deployed", "a configuration of Skaffold that is not in the project")
                return
            self._deploy_artifacts(work, effect, statement=statement)

    # --- configurations ---

    def _work(self, effect: Effect, *, statement: bool = False) -> Work | None:
        search = self.configurations(effect, statement=statement)
        if not search.found:
            return None
        configurations = tuple(search.found)
        naming = Naming(self, effect)
        artifacts = ((one, artifact) for one in configurations for artifact in one.artifacts)
        made = tuple(naming.made(one, artifact) for one, artifact in islice(artifacts, MOST_ARTIFACTS))
        return Work(configurations, made, tuple(search.files), naming, search.whole)

    # --- building ---

    def _build_artifacts(self, work: Work, effect: Effect) -> None:
        wanted = [word.literal for word in effect.words if word.literal]
        for made in work.made:
            if wanted and not any(each in str(made.name) for each in wanted):
                continue
            site, self.site = self.site, place_of(made.artifact.name, self.site)
            self.record(Stage.BUILT, made.image, effect)
            self._made_in_cluster(made.image, effect)
            if work.naming.pushes or self._is_published(made.source):
                self.record(Stage.PUSHED, made.image, effect)
            self.site = site
        if effect.path is not None:
            self.write_file(effect.path, self._listed(work))

    def _is_published(self, one: Configuration) -> bool:
        """Whether what is built goes to a registry: where nothing says so, unless the cluster is a local one, which the
        run makes. Of a cluster that is not known it is taken to be."""
        return not self.makes_cluster if one.pushes is None else one.pushes

    def _listed(self, work: Work) -> Value:
        """The file that lists what was built."""
        items = tuple(Mapping(((Text.of("imageName"), made.name), (Text.of("tag"), made.image))) for made in work.made)
        return self.join(written((Mapping(((Text.of("builds"), Sequence(items)),)),), bare=True))

    # --- deploying ---

    def _deploy_artifacts(self, work: Work, effect: Effect, *, statement: bool) -> None:
        work = self._with_given(work, effect)
        for made in work.made:
            if not work.naming.pushes and not self._is_published(made.source):
                self.record(Stage.LOADED, made.image, effect)
        for path in work.files:
            self.applied_files.add(path)
            self.visited.add(skaffold.key(path))
        complete = len(work.made) < MOST_ARTIFACTS
        injection = Injection(tuple(self._injected(made) for made in work.made), complete=complete)
        injection.whole = work.whole and not (statement and self.is_needed(work.files[0]))
        for needed in (need for made in work.made for need in made.artifact.needs):
            injection.excuse(needed)
        with self.injecting(injection):
            for one in work.configurations:
                injection.whole = self._deploy_configuration(one, work, injection) and injection.whole

    def _injected(self, made: Made) -> Injected:
        return Injected(made.name, made.image, place_of(made.artifact.name, self.site))

    def _with_given(self, work: Work, effect: Effect) -> Work:
        """The names that a command gives: written out, or in a file that a build has written."""
        given = dict(self._given(effect))
        content = self.read_file(effect.path) if effect.path is not None else None
        texts = self.text_options(content) if content is not None else []
        for item in (item for _, text in texts for item in items(next(iter(documents(text)), None), "builds")):
            name, tag = word(item, "imageName"), as_text(field(item, "tag"))
            if name and tag is not None:
                given.setdefault(name, tag)
        unknown = effect.path is not None and content is None
        made = tuple(replace(each, image=self._image_of(each, given, unknown=unknown)) for each in work.made)
        return replace(work, made=made)

    def _image_of(self, made: Made, given: dict[str, Text], *, unknown: bool) -> Text:
        found = given.get(made.name.literal or "")
        if found is not None or not unknown:
            return found or made.image
        return made.name + Text.of(":") + self.as_text(self.opaque("a list of images that were built"))

    def _given(self, effect: Effect) -> Iterator[tuple[str, Text]]:
        for text in effect.images:
            halves = text.split_at("=")
            name = halves[0].literal if halves is not None else parse(text).name.literal
            if name:
                yield name, halves[1] if halves is not None else text

    def _deploy_configuration(self, one: Configuration, work: Work, injection: Injection) -> bool:
        """Deploy what one configuration says; whether all of it was seen."""
        for name in one.named:
            injection.excuse(name)
        whole, site = one.is_whole, self.site
        for pattern in one.manifests:
            self.site = place_of(pattern, site)
            whole = self._deploy_files(one, work.naming.expanded(pattern)) and whole
        for path in one.kustomizations:
            self.site = place_of(path, site)
            whole = self._deploy_folder(one, work.naming.expanded(path)) and whole
        for release in one.releases:
            self.site = place_of(as_text(field(release.content, "name")) or EMPTY, site)
            whole = self._install(one, release, work, injection) and whole
        self.site = site
        return whole

    def _deploy_files(self, one: Configuration, pattern: Text) -> bool:
        literal = pattern.literal
        if literal is None or "://" in literal:
            return False
        found = (self._like(path) for path in one.places(literal))
        names = next((each for each in found if each), ())
        for name in names[:MOST_MANIFESTS]:
            content = self.read_file(at_root(name))
            if content is not None:
                self.deploy(content)
        return 0 < len(names) <= MOST_MANIFESTS

    def _like(self, pattern: str) -> tuple[str, ...]:
        """The manifests that a pattern means; of a folder all of them."""
        found: tuple[str, ...] = self.program.matching(pattern)
        if "**" in pattern:
            inside = self.program.below(pattern.partition("*")[0].rpartition("/")[0])
            found = tuple(each for each in inside if fnmatchcase(each, pattern.replace("**/", "*")))
        names = found or self.program.below("" if pattern == "." else pattern)
        return tuple(name for name in names if name.endswith(kubernetes.SUFFIXES))

    def _deploy_folder(self, one: Configuration, path: Text) -> bool:
        literal = path.literal
        if literal is None or "://" in literal:
            return False
        folders = one.places(literal)
        folder = next((each for each in folders if self._kustomization(each) is not None), folders[0])
        return self.deploy_kustomization(at_root(folder))

    # --- charts ---

    def _install(self, one: Configuration, release: Release, work: Work, injection: Injection) -> bool:
        path = field(release.content, "chartPath")
        expanded = work.naming.expanded(path).literal if isinstance(path, Text) else None
        folders = one.places(expanded) if expanded is not None else ()
        folder = next((each for each in folders if self.program.has(normpath(join(each, CHART)))), None)
        settings = tuple(self._settings(release, work, injection))
        if folder is None:
            self.gap("deployed", "a chart that is not in the project")
            return False
        values: Value = Mapping(())
        unsure = False
        for file in release.texts("valuesFiles"):
            given = self.values_of(self._values_file(one, work.naming.expanded(file).literal))
            unsure = unsure or given is None
            values = self.laid_over_values(values, given)
        inline = field(release.content, "overrides")
        values = laid_over(values, inline) if isinstance(inline, Mapping) else values
        for setting in settings:
            values = placed(values, setting.way, setting.value)
        self.install(charts.Release(folder, values, as_text(field(release.content, "name")) or EMPTY, settings, unsure))
        return True

    def _values_file(self, one: Configuration, name: str | None) -> str | None:
        return next(filter(self.program.has, one.places(name)), None) if name is not None else None

    def _settings(self, release: Release, work: Work, injection: Injection) -> Iterator[charts.Setting]:
        """What a release sets, in the order of the command that Skaffold runs."""
        for key, value in release.pairs("artifactOverrides"):
            yield from self._override(release, key, value, work, injection)
        for key, value in release.pairs("setValues"):
            yield _setting(key, value)
        for key, _ in release.pairs("setFiles"):
            yield _setting(key, self.opaque("the content of a file"))
        facts = [work.naming.facts(number, made) for number, made in enumerate(work.made)]
        known = {name: value for each in reversed(facts) for name, value in each.items()}
        for key, value in release.pairs("setValueTemplates"):
            asked = asked_for(value) if isinstance(value, Text) else frozenset()
            for made, each in zip(work.made, facts, strict=True):
                if not asked.isdisjoint(each):
                    injection.excuse(made.name.literal or "")
            yield _setting(key, work.naming.expanded(value, known) if isinstance(value, Text) else value)

    def _override(
        self, release: Release, key: Text, value: Value, work: Work, injection: Injection
    ) -> Iterator[charts.Setting]:
        """A key that is given an artifact's image: its name as a whole, or as a chart likes it best."""
        name = value.literal if isinstance(value, Text) else None
        made = next((each for each in work.made if each.name.literal == name), None)
        if made is None:
            yield _setting(key, value)
            return
        injection.excuse(name or "")
        if field(release.content, "imageStrategy", "helm") is None:
            yield _setting(key, made.image)
        else:
            yield _setting(key, parse(made.image).name, "repository")
            yield _setting(key, tag_of(made.image), "tag")

    # --- rendering, and files by themselves ---

    def rendered(self, effect: Effect) -> Value | None:
        if not effect.artifacts:
            return super().rendered(effect)
        with self.collecting() as objects:
            self.artifacts_deployed(replace(effect, wanted=True))
        text = self.join(written(tuple(objects)))
        if effect.archive is None:
            return text
        self.write_file(effect.archive, text)
        return EMPTY

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.ARTIFACTS and isinstance(value, Sequence):
            path, profile = (item if isinstance(item, Text) else EMPTY for item in value.items)
            settings = (profile,) if profile.parts else ()
            # How images come to a cluster is for whoever runs the file to say.
            effect = Effect(EffectKind.ARTIFACTS_BUILT, "skaffold", values=(path,), settings=settings, wanted=True)
            self.artifacts_built(effect)
            self.artifacts_deployed(effect, statement=True)
        else:
            super().used(node, value)


def _setting(key: Text, value: Value, *more: str) -> charts.Setting:
    way = (*steps(str(key)), *more)
    return charts.Setting(way, value, key)
