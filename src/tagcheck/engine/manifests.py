"""Kubernetes objects to events: manifests in texts and files, objects built in code."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from tagcheck import ir
from tagcheck.catalog import Effect, EffectKind
from tagcheck.comparison import Same, same
from tagcheck.embedded import documents
from tagcheck.engine.commands import Commands
from tagcheck.engine.places import at_root, is_remote
from tagcheck.engine.state import Frame
from tagcheck.events import Stage
from tagcheck.fields import field
from tagcheck.frontends import jinja, kubernetes
from tagcheck.frontends.dockerfile import NO_IMAGE
from tagcheck.frontends.holes import blank_documents
from tagcheck.guards import Guards
from tagcheck.image import looks_like_reference, parse
from tagcheck.source import Position, Span
from tagcheck.source import Text as SourceText
from tagcheck.values import (
    EMPTY,
    Hole,
    HoleKind,
    Mapping,
    Opaque,
    Piece,
    Record,
    Sequence,
    Text,
    Value,
)
from tagcheck.workloads import ImageUse, find_images

_IMAGE_WORDS = ("mage", "MAGE", *kubernetes.DELIVERING)
"""One of them is in every text that names an image, whatever the case of its key's first letter, or that has others
deployed."""


class Manifests(Commands):
    """A run that knows Kubernetes objects."""

    stated: tuple[tuple[str, int, int], ...] = ()
    """the lines of the manifest that is being deployed"""
    target: Text | None = None
    """the cluster that the command names to which objects are being applied"""

    def deploy(self, thing: Value, applied_by: str = "") -> None:
        """An object, a list of objects or a manifest text is applied to the cluster."""
        self.uses_cluster = True
        for guards, option in self.narrowed(self.load(thing)):
            base = self.guards
            inside = base.and_(guards)
            if inside is None:
                continue
            self.guards = inside
            self._deploy_one(option)
            self.guards = base

    def _deploy_one(self, thing: Value) -> None:
        match thing:
            case Text():
                self.deploy_manifest(thing)
            case Sequence():
                for item in thing.items:
                    self.deploy(item)
            case Record() | Mapping():
                kind = field(thing, "kind") if isinstance(thing, Mapping) else None
                if isinstance(kind, Text):
                    self._note_applied(kind)
                self.deploy_object(thing)
            case Opaque():
                self.gap("deployed", f"an object that is not known ({thing.reason})")
            case _:
                return

    def deploy_text(self, text: Text, guards: Guards) -> None:
        base = self.guards
        inside = base.and_(guards)
        if inside is not None:
            self.guards = inside
            self.deploy(text)
            self.guards = base

    def deploy_manifest(self, text: Text) -> None:
        """The objects of a manifest with holes."""
        if not any(isinstance(part, Piece) and not _names_no_image(part.text) for part in text.parts):
            unknown = next((hole for hole in text.holes if hole.kind is HoleKind.OPAQUE), None)
            if unknown is not None and len(text.parts) == 1:
                self.gap("deployed", unknown.label)
            return
        self._note_applied(text)
        source, values = self.source_text(text)
        uses = self.program.lowered(source, _lowered)
        if not uses:
            return
        outer = (self.holes, self.stated)
        self.holes, self.stated = values, _lines_of(text)
        procedure = ir.Procedure("manifest", "", (), tuple, uses[0].span)
        frame = Frame(procedure, {}, self.guards, self.heap.mark(), self.depth)
        objects = [self.evaluate(use.value, frame) for use in uses]
        self.holes = outer[0]
        self.announced(objects)
        for each in objects:
            self.deploy_object(each)
        self.stated = outer[1]

    def _note_applied(self, text: Text) -> None:
        """A manifest file whose content is applied, changed or not, is not judged by itself any more."""
        for part in text.parts:
            path = part.origin.start.path if isinstance(part, Piece) and part.origin is not None else ""
            if path.endswith(kubernetes.SUFFIXES):
                self.applied_files.add(path)
            elif path.endswith(jinja.SUFFIXES):
                self.visited.add(f"j2:{path}")

    def deploy_object(self, value: Value) -> None:
        """Every image that an object names becomes an event."""
        for use in find_images(value, self.load):
            self._use_image(use)

    def _use_image(self, use: ImageUse) -> None:
        outer = (self.guards, self.site)
        given = outer[0].and_(use.guards)
        if given is None:
            return
        self.guards = given
        for guards, named in self.text_options(use.image):
            image = self._completed(named) if use.container_kind == "field" else named
            image = self.injected(use, image)
            base = given.and_(guards)
            if base is None:
                continue
            self.guards = base
            for inner, policy in self._policies(use):
                both = base.and_(inner)
                if both is not None:
                    self.guards = both
                    self._record_use(use, image, policy, named.origin, outer[1])
        self.guards, self.site = outer

    def _set_by_patch(self, effect: Effect, patch: Text) -> None:
        """The images of containers in a patch take the place of those that the workload had."""
        content = next(iter(documents(patch)), None)
        for use in find_images(content, self.load) if isinstance(content, Mapping) else ():
            if use.container_kind in ("container", "init"):
                policy = use.policy if isinstance(use.policy, Text) else None
                container = Text.of(use.container)
                for guards, image in self.text_options(use.image):
                    one = replace(effect, kind=EffectKind.DEPLOYED, images=(image,), container=container, policy=policy)
                    self.emit(one, guards)

    def _completed(self, image: Text) -> Text:
        """The name in a custom resource's own field: without a tag, its controller may complete it."""
        reference = parse(image)
        if reference.tag is not None or reference.digest is not None or not reference.tag_known:
            return image
        return image + Text.of_hole(Hole(HoleKind.OPAQUE, self.fresh("tag"), "what a controller adds to a name"))

    def _policies(self, use: ImageUse) -> list[tuple[Guards, Text | None]]:
        if use.policy is None:
            return [(self.guards, None)]
        return [(guards, text) for guards, text in self.text_options(use.policy)]

    def injected(self, use: ImageUse, image: Text) -> Text:
        """The name under which an image is deployed that an object names."""
        return image

    def _record_use(self, use: ImageUse, image: Text, policy: Text | None, at: Position | None, site: Span) -> None:
        if at is not None and any(path == at.path and first <= at.line <= last for path, first, last in self.stated):
            self.site = Span(at.path, at.line, at.column, at.line, at.column + max(1, len(str(image))))
        else:
            self.site = site
        stage = Stage.DEPLOYED if use.runs else Stage.NAMED
        if stage is Stage.NAMED and not looks_like_reference(image):
            return
        self.record(
            stage,
            image,
            workload=use.workload,
            container=use.container,
            policy=policy,
            policy_at=policy.origin if policy is not None else None,
            policy_known=policy is None or policy.literal is not None,
            store=self.target,
        )

    def applied(self, effect: Effect) -> None:
        """Manifests from standard input or files."""
        outer, self.target = self.target, effect.store
        self._applied_here(effect)
        self.target = outer

    def _applied_here(self, effect: Effect) -> None:
        self.uses_cluster = True
        if effect.stdin or (effect.path is not None and effect.path.literal == "-"):
            if self.standard_input is None or _is_unknown(self.load(self.standard_input)):
                self.gap("deployed", "the standard input of a command")
            else:
                self.deploy(self.standard_input)
            return
        if effect.chart:
            self.deploy_chart(effect)
            return
        if effect.kustomize:
            self.deploy_kustomization(effect.path or EMPTY)
            return
        if effect.patch is not None:
            self._set_by_patch(effect, effect.patch)
        if effect.path is not None:
            self._apply_path(effect.path)

    @abstractmethod
    def announced(self, objects: Iterable[Value]) -> None:
        """Take note of objects before the first of them is deployed."""

    @abstractmethod
    def deploy_chart(self, effect: Effect) -> None:
        """The objects of a chart are applied to the cluster."""

    @abstractmethod
    def deploy_kustomization(self, path: Text) -> bool:
        """The objects of a folder's kustomization are applied to the cluster; whether all of them were seen."""

    def _apply_path(self, path: Text) -> None:
        written = self._written(path)
        if written is not None:
            self.deploy(written)
            return
        if is_remote(path):
            return
        names = self.found_files(path)
        below = self.files.below(self.placed(path)) if not names else []
        for each in below:
            content = self._written(each) if each.trailing.endswith(kubernetes.SUFFIXES) else None
            if content is not None:
                self.deploy(content)
        if not names and not below:
            self.gap("deployed", "a file that is not in the project")
        for name in names:
            content = self._in_copy(path, name) or self._written(at_root(name)) or self._project_content(name)
            if content is not None and name.endswith(kubernetes.SUFFIXES):
                self.deploy(content)

    def _in_copy(self, path: Text, name: str) -> Value | None:
        """The content of a file in a copy of a folder, where the run has written it; `name`: what it is a copy of."""
        literal = self.placed(path).literal or ""
        if self.copies.source(literal) is None:
            return None
        rest = name.removeprefix(self.copies.original(literal))
        return self._written(at_root(literal + rest))

    def used(self, node: ir.Use, value: Value) -> None:
        """A manifest file by itself."""
        if node.role is ir.Role.OBJECT:
            self.stated = ((node.span.path, node.span.line, node.span.end_line),)
            self.deploy_object(value)
        elif node.role is ir.Role.BASE:
            for guards, image in self.base_options(value):
                if image.literal == NO_IMAGE:
                    continue
                self.record_under(guards, Stage.BASE, image)

    def base_options(self, value: Value) -> Iterator[tuple[Guards, Text]]:
        """The images that a build can start from; of a list, the first, unless it is a stage that the others name."""
        named, *stages = value.items if isinstance(value, Sequence) else (value,)
        texts = [self.as_text(stage) for stage in stages]
        for guards, image in self.text_options(named):
            if all(same(image, stage) is Same.NO for stage in texts):
                yield guards, image


def _lowered(source: SourceText) -> tuple[ir.Use, ...]:
    return kubernetes.lower_text(blank_documents(source, _names_no_image))[0]


def _names_no_image(document: str) -> bool:
    return not any(word in document for word in _IMAGE_WORDS)


def _lines_of(text: Text) -> tuple[tuple[str, int, int], ...]:
    """The lines of files, as path, first and last line, that a manifest is written in: where an image is named outside
    of them, its name came in from elsewhere."""
    found: list[tuple[str, int, int]] = []
    for part in text.parts:
        if isinstance(part, Piece) and part.origin is not None and "\n" in part.text:
            start = part.origin.start
            found.append((start.path, start.line, start.line + part.text.count("\n")))
    return tuple(found)


def _is_unknown(value: Value) -> bool:
    """Whether nothing of a text is written out."""
    return isinstance(value, Text) and bool(value.parts) and not any(isinstance(part, Piece) for part in value.parts)
