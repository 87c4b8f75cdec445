"""werf: images that a file lists are built and pushed, and a chart is installed that asks for them by their names in
that file (werf 2, "Configuration file werf.yaml", "Parametrize templates").

An image is pushed to the repository of the command under a tag that is made up of its content: the same in each
command of a run. A name that the file does not list has no value.
"""

from __future__ import annotations

from posixpath import dirname, join, normpath

from msgspec.structs import replace

from tagcheck import ir
from tagcheck.builtins.template_rendering import render_nodes
from tagcheck.builtins.template_scope import Scope, Steps, Variables
from tagcheck.builtins.template_text import parse_template
from tagcheck.catalog import Effect, EffectKind
from tagcheck.embedded import documents
from tagcheck.engine.charts import Release
from tagcheck.engine.places import at_root
from tagcheck.engine.skaffold import Skaffold
from tagcheck.fields import field, word
from tagcheck.frontends import werf
from tagcheck.overlays import as_text
from tagcheck.source import Span
from tagcheck.values import EMPTY, Hole, HoleKind, Mapping, Opaque, Text, Value, options

_REPOSITORY = Text.of("WERF_REPO")
_NO_VALUE = "<no value>"
"""What stands for an image that the file does not list."""


class DeliveredCharts(Skaffold):
    """A run that knows werf."""

    def converged(self, effect: Effect) -> None:
        """Build and push the images of a configuration, and install its chart if the command does."""
        path = self._configuration(effect)
        documents = self._documents_of(path) if path is not None else None
        if path is None or documents is None:
            self.gap("run", "a configuration of werf that is not in the project, or not understood")
            return
        self.visited.add(werf.key(path))
        listed = [each for each in documents if as_text(field(each, "image")) is not None]
        repository = effect.repository or as_text(self.environment(_REPOSITORY)) or EMPTY
        named = {str(field(each, "image")): each for each in listed}
        images = {name: _image(path, name, repository) for name in named}
        asked = {each.literal for each in effect.words}
        for name, each in named.items():
            if not asked or name in asked:
                self._make(path, each, images[name], effect)
        if effect.everything:
            self._install_chart(path, documents, images, repository, effect)

    def _configuration(self, effect: Effect) -> str | None:
        folder = self.folder(effect.directory or EMPTY)
        if effect.path is not None:
            names = self.program.find_files(effect.path, self.site.path)
            return names[0] if len(names) == 1 else None
        paths = (normpath(join(folder or "", name)) for name in werf.NAMES)
        return next(filter(self.program.has, paths), None) if folder is not None else None

    def _documents_of(self, path: str) -> tuple[Value, ...] | None:
        """What a configuration says, its templates filled; None if that is not known."""
        content = self.read_file(at_root(path))
        texts = self.text_options(content) if content is not None else []
        nodes = parse_template(texts[0][1]) if len(texts) == 1 else None
        if nodes is None:
            return None
        machine, unknown = self.machine(), Opaque(f"werf:{path}", "what a configuration of werf knows")
        scope = Scope(machine, werf.key(path), unknown, unknown, Variables(), {}, Steps())
        found = options(render_nodes(nodes, scope))
        text = found[0][1] if len(found) == 1 else None
        return documents(text) if isinstance(text, Text) else None

    def _make(self, path: str, said: Value, image: Text, effect: Effect) -> None:
        outer = self.site
        at = field(said, "image")
        if isinstance(at, Text) and at.origin is not None:
            start = at.origin
            self.site = Span(start.path, start.line, start.column, start.line, start.column + len(str(at)))
        base = Effect(EffectKind.BASED, "werf")
        start_image = as_text(field(said, "from"))
        if start_image is not None:
            self.emit(replace(base, images=(start_image,)))
        elif (file := as_text(field(said, "dockerfile"))) is not None:
            context = as_text(field(said, "context")) or EMPTY
            folder = normpath(join(dirname(path), context.literal or "")) if context.literal is not None else ""
            stage = as_text(field(said, "target"))
            reads = replace(base, directory=at_root(folder), path=file, within=True, stage=stage)
            self.reads(reads, self.mapped_arguments(field(said, "args")))
        self.emit(Effect(EffectKind.BUILT, "werf", images=(image,), apart=True))
        self.emit(Effect(EffectKind.PUSHED, "werf", images=(image,)))
        self.site = outer

    # --- the chart ---

    def _install_chart(
        self, path: str, documents: tuple[Value, ...], images: dict[str, Text], repository: Text, effect: Effect
    ) -> None:
        project = next((each for each in documents if word(each, "configVersion") or field(each, "project")), None)
        inside = word(project, "deploy", "helmChartDir") or werf.CHART
        folder = normpath(join(dirname(path), inside))
        release = self.release_of(replace(effect, path=None, values=effect.values, workload=None), folder)
        known = replace(release, values=self._with_images(release, images, repository))
        missing = self.asked_of(known, ("werf", "image")) - images.keys()
        if missing:
            placed = {**images, **{name: Text.of(_NO_VALUE) for name in sorted(missing)}}
            known = replace(release, values=self._with_images(release, placed, repository))
        self.uses_cluster = True
        self.install(known)

    def _with_images(self, release: Release, images: dict[str, Text], repository: Text) -> Value:
        """The values of a release with what werf adds."""
        listed = Mapping(tuple((Text.of(name), image) for name, image in images.items()))
        own = Mapping(((Text.of("image"), listed), (Text.of("repo"), repository)), open=True)
        return self.laid_over_values(release.values, Mapping(((Text.of("werf"), own),)))

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.DELIVERY and isinstance(value, Text):
            self.converged(Effect(EffectKind.CONVERGED, "werf", path=value, everything=True))
        else:
            super().used(node, value)


def _image(path: str, name: str, repository: Text) -> Text:
    tag = Hole(HoleKind.OUTPUT, f"{werf.key(path)}#{name}", f"content of {name}")
    return repository + Text.of(":") + Text.of_hole(tag)
