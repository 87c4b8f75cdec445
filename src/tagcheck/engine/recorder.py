"""Effects to events: what a run has done to images, archives, files and the environment so far."""

from __future__ import annotations

from abc import abstractmethod

from msgspec.structs import replace

from tagcheck.builtins.api import Command, CommandResult
from tagcheck.catalog import OF_SESSIONS, OF_TARGETS, POLICY_LEFT_OUT, Effect, EffectKind
from tagcheck.comparison import certain_key
from tagcheck.embedded import documents
from tagcheck.engine.archives import all_tags, is_archive
from tagcheck.engine.clusters import Registry, name_of_cluster, registries_of
from tagcheck.engine.copies import Copies
from tagcheck.engine.evaluate import Evaluation
from tagcheck.engine.places import at_root, below, in_project
from tagcheck.engine.state import ABSENT
from tagcheck.engine.writtenfiles import WrittenFiles
from tagcheck.events import MADE, Cluster, Dropped, Event, Misspelt, Override, Stage
from tagcheck.finding import Gap
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.image import looks_like_reference
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Position, Span
from tagcheck.values import EMPTY, MOST_OPTIONS, Absent, Hole, HoleKind, Origin, Piece, Text, Truth, Value, alternatives

_STAGES = {
    EffectKind.BUILT: Stage.BUILT,
    EffectKind.OFFERED: Stage.OFFERED,
    EffectKind.PULLED: Stage.PULLED,
    EffectKind.PUSHED: Stage.PUSHED,
    EffectKind.RUN: Stage.RUN,
    EffectKind.REMOVED: Stage.REMOVED,
    EffectKind.DEPLOYED: Stage.DEPLOYED,
}
_BUILDER = Text.of("BUILDX_BUILDER")
_APART = frozenset(("docker-container", "kubernetes"))
"""Drivers of builders that do not build in the engine (buildx 0.20)."""
_ENGINE = Text.of("MINIKUBE_ACTIVE_DOCKERD")
"""The variable that says whose engine docker's commands go to (`minikube docker-env`)."""
_ENGINES = {Stage.BUILT, Stage.PULLED, Stage.TAGGED, Stage.SAVED, Stage.PUSHED, Stage.RUN, Stage.REMOVED}


class Recorder(Evaluation):
    """A run that keeps what happened."""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        super().__init__(program, models, steps)
        self.events: list[Event] = []
        self.gaps: list[Gap] = []
        self.dropped: list[Dropped] = []
        self.overrides: list[Override] = []
        self.misspelt: list[Misspelt] = []
        self.script_output: Value | None = None
        """what the script has printed that ran last"""
        self.unlisted: set[str] = set()
        """variables that a substitution left in a text because its list does not name them"""
        self.archives: list[tuple[Text, tuple[Text, ...], Guards, str]] = []
        self.archived: dict[str, tuple[tuple[Text, ...], str]] = {}
        self.files = WrittenFiles()
        self.copies = Copies(lambda path: program.has(path) or bool(program.below(path)))
        self.variables: dict[str, int] = {}
        self.lane: tuple[tuple[int, int], ...] = ()
        self.site: Span = Span("", 1, 1, 1, 1)
        self.uses_cluster = False
        self.makes_cluster = False
        self.clusters: list[Cluster] = []
        self.registries: list[Registry] = []
        self.applied_files: set[str] = set()
        self.kubelet = True
        self._asked_files: dict[object, list[str]] = {}
        """by path, what was asked about whether there is such a file"""
        self._drivers: dict[str, int] = {}
        """the driver of the builder that builds on each host, where the run has chosen it"""
        self.host = ""
        self.container: Text | None = None
        """the container in which a command is executed (`docker exec`)"""
        self.searches = False
        """whether a command is run for each of the files that a search finds: in most there is nothing to replace"""
        self._order = 0
        self.withdrawn: list[tuple[Effect, Guards, int]] = []

    # --- events ---

    def record(self, stage: Stage, image: Text, effect: Effect | None = None, **details: object) -> Event:
        """Append an event at the current place."""
        self._order += 1
        event = Event(
            stage=stage,
            image=image,
            span=self.site,
            order=self._order,
            reading=self.reading(stage, effect),
            tool=effect.tool if effect else "",
            guards=self.guards,
            trace=self.stack,
            lane=self.lane,
            store=effect.store if effect else None,
            namespace=effect.namespace if effect else None,
            kubelet=self.kubelet,
            host=self.host,
        )
        event = replace(event, **details)
        if stage is Stage.DEPLOYED and event.workload and self.withdrawn:
            self._supersede(event)
        self.events.append(event)
        self.go_on()
        if any(hole.kind is HoleKind.OPAQUE for hole in image.holes):
            reasons = [hole.label for hole in image.holes if hole.kind is HoleKind.OPAQUE]
            self.gap(stage.value, reasons[0] or "a value that is not known")
        return event

    def record_under(self, guards: Guards, stage: Stage, image: Text) -> None:
        """Append an event that happens where `guards` hold."""
        outer = self.guards
        inside = outer.and_(guards)
        if inside is not None:
            self.guards = inside
            self.record(stage, image)
        self.guards = outer

    def reading(self, stage: Stage, effect: Effect | None) -> str:
        """Who reads the name: podman completes what it names with `localhost/` and looks there first."""
        if effect is None or stage is Stage.DEPLOYED:
            return "docker"
        if effect.reading == "podman" and stage in MADE:
            return "podman-build"
        return effect.reading

    def gap(self, stage: str, reason: str) -> None:
        """Note that something could not be determined here."""
        self.gaps.append(Gap(self.site, stage, reason, host=self.host))

    def emit(self, effect: Effect, given: Guards = ALWAYS) -> None:
        """Record what a command or library call does, where `given` holds."""
        outer = self.guards
        inside = outer.and_(given)
        if inside is not None:
            self.guards = inside
            self._emit(effect)
            self.guards = outer

    def _choose_builder(self, driver: Text) -> None:
        cell = self._drivers.get(self.host)
        if cell is None:
            self._drivers[self.host] = cell = self.heap.new(EMPTY)
        self.heap.write(cell, driver)

    def _stays(self, effect: Effect) -> bool:
        """Whether what is built comes to no engine: the builder has a store of its own in every case."""
        if effect.apart:
            return True
        cell = self._drivers.get(self.host)
        if not effect.stays or effect.reading != "docker" or cell is None or self.exports(_BUILDER):
            return False
        drivers = [text.literal for _, text in self.text_options(self.heap.read(cell))]
        return bool(drivers) and all(each in _APART for each in drivers)

    def _documents_at(self, path: Text | None) -> tuple[Value, ...]:
        content = self.read_file(path) if path is not None else None
        texts = self.text_options(content) if content is not None else []
        return documents(texts[0][1]) if len(texts) == 1 else ()

    def _emit(self, effect: Effect) -> None:
        match effect.kind:
            case EffectKind.TAGGED:
                for image in effect.images:
                    self.record(Stage.TAGGED, image, effect, source=effect.source)
                    self._made_in_cluster(image, effect)
            case EffectKind.SAVED:
                self._saved(effect)
            case EffectKind.RESTORED | EffectKind.LOADED if not effect.images:
                self._from_archive(effect)
            case EffectKind.LOADED:
                for image in effect.images:
                    self.record(Stage.LOADED, image, effect)
                self.uses_cluster = True
            case EffectKind.PRUNED:
                self.record(Stage.PRUNED, EMPTY, effect, filtered=effect.filtered, everything=effect.everything)
            case EffectKind.CLUSTER:
                self.uses_cluster = True
                self.kubelet = effect.tool != "envtest"
                self.makes_cluster = self.makes_cluster or self.kubelet
                if self.kubelet:
                    name = name_of_cluster(effect, self._documents_at(effect.path))
                    self.clusters.append(Cluster(name, self._order, self.guards, self.host))
            case EffectKind.REGISTRY:
                self.registries += registries_of(effect, self._documents_at(effect.path))
            case EffectKind.BUILDER:
                self._choose_builder(effect.store or EMPTY)
            case EffectKind.ENGINE:
                self.set_environment(_ENGINE, effect.store if effect.store is not None else EMPTY)
            case EffectKind.STACK_UP | EffectKind.STACK_DOWN:
                stage = Stage.STACK_UP if effect.kind is EffectKind.STACK_UP else Stage.STACK_DOWN
                self.record(stage, effect.workload or EMPTY, effect)
                self.composed(effect)
            case EffectKind.STACK_BUILD | EffectKind.STACK_PUSH | EffectKind.STACK_PULL | EffectKind.STACK_RUN:
                self.composed(effect)
            case EffectKind.BASED:
                self.based(effect)
            case EffectKind.PLAYED:
                self.played(effect)
            case EffectKind.PROVISIONED | EffectKind.PLANNED | EffectKind.UNPROVISIONED:
                self.provisioned(effect)
            case EffectKind.BUNDLED | EffectKind.BUNDLE_RUN:
                self.bundled(effect)
            case EffectKind.SUITE_RUN:
                self.suite_run(effect)
            case EffectKind.BAKED:
                self.baked(effect)
            case EffectKind.ARTIFACTS_BUILT:
                self.artifacts_built(effect)
            case EffectKind.ARTIFACTS_DEPLOYED:
                self.artifacts_deployed(effect)
            case EffectKind.CONVERGED:
                self.converged(effect)
            case kind if kind in OF_SESSIONS:
                self.session(effect)
            case kind if kind in OF_TARGETS:
                self.targets(effect)
            case EffectKind.PACKAGED:
                self.packaged(effect)
            case EffectKind.APPLIED:
                self.applied(effect)
            case EffectKind.NAMED:
                for value in filter(looks_like_reference, effect.images):
                    self.record(Stage.NAMED, value, effect)
            case EffectKind.EDITED:
                self.edited(effect)
            case EffectKind.WITHDRAWN:
                self.withdrawn.append((effect, self.guards, self._order))
            case EffectKind.EXECUTES:
                self.run(Command(effect.words))
            case EffectKind.SCRIPT | EffectKind.CLUSTER_DELETED | EffectKind.RESTORED:
                if effect.kind is EffectKind.SCRIPT:
                    self.script_output = self.script(effect)
            case _:
                self._plain(effect)

    def _plain(self, effect: Effect) -> None:
        stage = _STAGES[effect.kind]
        if effect.lost:
            self.record(Stage.UNNAMED, EMPTY, effect, wanted=effect.wanted)
        elif stage is Stage.BUILT and effect.everything:
            names = Hole(HoleKind.OPAQUE, self.fresh("built"), "names that a tool finds by itself")
            self.record(stage, Text.of_hole(names), effect, away=True)
        elif not effect.images and not effect.unnamed:
            self.gap(stage.value, "the operand that names the image is not certain")
        for image in effect.images:
            if stage is Stage.DEPLOYED:
                self._deployed(image, effect)
            else:
                stays = stage is Stage.BUILT and self._stays(effect)
                self.record(stage, image, effect, stays=stays, away=effect.away, archive=effect.archive)
                if stage in (Stage.BUILT, Stage.PULLED):
                    self._made_in_cluster(image, effect)

    def _made_in_cluster(self, image: Text, effect: Effect) -> None:
        """Where the engine is a cluster's own, what is made is loaded at once."""
        if _ENGINE.literal not in self.variables:
            return
        for guards, store in self.text_options(self.environment(_ENGINE)):
            inside = self.guards.and_(guards)
            if inside is not None and store.literal is not None and store.parts:
                outer, self.guards = self.guards, inside
                self.record(Stage.LOADED, image, effect, store=store)
                self.uses_cluster = True
                self.guards = outer

    def _deployed(self, image: Text, effect: Effect) -> None:
        """An image is set on a workload. Where the workload was deployed before, the new image takes the place of the
        old one, and the container keeps its pull policy."""
        self.uses_cluster = True
        outer = self.guards
        policy = effect.policy if effect.policy is None or effect.policy.literal != POLICY_LEFT_OUT else None
        details: dict[str, object] = {
            "workload": str(effect.workload or ""),
            "container": str(effect.container or ""),
            "policy": policy,
            "policy_at": policy.origin if policy is not None else None,
            "policy_known": effect.policy is not None,
        }
        replaced = [event for event in self.events if _is_of(event, effect) and outer.compatible(event.guards)]
        for event in replaced:
            self._take_away(event, outer)
            self.guards = outer.and_(event.guards) or outer
            kept = {"policy": event.policy, "policy_at": event.policy_at, "policy_known": event.policy_known}
            self.record(Stage.DEPLOYED, image, effect, **(details | kept if effect.policy is None else details))
        self.guards = outer
        if not replaced:
            self.record(Stage.DEPLOYED, image, effect, **details)

    def _take_away(self, event: Event, given: Guards) -> None:
        """Forget an event where `given` holds."""
        at = next((at for at, each in enumerate(self.events) if each is event), None)
        if at is not None:
            self.events[at : at + 1] = [replace(event, guards=left) for left in event.guards.without(given)]

    def _supersede(self, event: Event) -> None:
        """A workload that was deleted and is deployed again: what it ran before the deletion no longer counts."""
        for effect, guards, order in self.withdrawn:
            both = event.guards.and_(guards)
            if both is None or not _is_of(event, replace(effect, container=Text.of("*"))):
                continue
            for earlier in [each for each in self.events if each.order <= order and _runs_in(each, event)]:
                if earlier.guards.compatible(both):
                    self._take_away(earlier, both)

    def _saved(self, effect: Effect) -> None:
        images = self._in_archive(effect)
        for image in images:
            self.record(Stage.SAVED, image, effect, archive=effect.archive)
        if effect.archive is not None:
            self.archives.append((self.placed(effect.archive), images, self.guards, effect.reading))
            self.write_file(effect.archive, self.archive_text(effect))

    def archive_text(self, effect: Effect) -> Text:
        """An archive as the content of a file or of a stream."""
        return self.archive_of(self._in_archive(effect), effect.reading)

    def _in_archive(self, effect: Effect) -> tuple[Text, ...]:
        return all_tags(effect.images, self.events, self.guards, self.host) if effect.everything else effect.images

    def archive_of(self, images: tuple[Text, ...], reading: str) -> Text:
        """An archive of images as a text."""
        identity = self.fresh("archive")
        self.archived[identity] = (images, reading)
        return Text.of_hole(Hole(HoleKind.OUTPUT, identity, "an archive"), self.site)

    def in_stream(self, content: Value | None) -> list[tuple[tuple[Text, ...], Guards, str]]:
        """The images of the archive that a text is, or was made from (compressed, encoded)."""
        found: list[tuple[tuple[Text, ...], Guards, str]] = []
        for guards, text in self.text_options(content) if content is not None else []:
            both = self.guards.and_(guards)
            identities = {hole.identity for hole in text.holes}
            if both is not None and len(identities) == 1 and (held := self.archived.get(identities.pop())) is not None:
                found.append((held[0], both, held[1]))
        return found

    def _from_archive(self, effect: Effect) -> None:
        """Images come out of an archive: those that were saved under the same path, on a path of the run that can
        be this one."""
        stage = Stage.LOADED if effect.kind is EffectKind.LOADED else Stage.PULLED
        self.uses_cluster = self.uses_cluster or stage is Stage.LOADED
        if effect.archive is not None and self.container is not None and effect.archive.leading.startswith("/"):
            effect = replace(effect, archive=self.container + Text.of(":") + effect.archive)
        archive = self.placed(effect.archive) if effect.archive is not None else None
        found = [
            (images, both, reading)
            for path, images, guards, reading in self.archives
            if archive is not None and (both := self.guards.and_(guards)) is not None and is_archive(archive, path)
        ]
        if not found:
            found = self.in_stream(self.read_file(effect.archive) if effect.archive is not None else self.stream())
        if not found:
            unknown = Text.of_hole(Hole(HoleKind.OPAQUE, self.fresh("archive"), "what the archive holds"))
            # A container sees its own files, and folders of the host under other names.
            self.record(stage, unknown, effect, archive=effect.archive if self.container is None else None)
        outer = self.guards
        for images, guards, reading in found:
            self.guards = guards
            for image in dict.fromkeys(images):
                written = "podman-build" if reading == "podman" else reading
                self.record(stage, image, effect, archive=effect.archive, reading=written)
        self.guards = outer

    @abstractmethod
    def stream(self) -> Value | None:
        """What the program that runs now reads from its standard input."""

    @abstractmethod
    def run(self, command: Command) -> CommandResult: ...

    @abstractmethod
    def applied(self, effect: Effect) -> None: ...

    @abstractmethod
    def packaged(self, effect: Effect) -> None: ...

    @abstractmethod
    def edited(self, effect: Effect) -> None: ...

    @abstractmethod
    def composed(self, effect: Effect) -> None: ...

    @abstractmethod
    def based(self, effect: Effect) -> None:
        """Record what a build takes from other images."""

    @abstractmethod
    def played(self, effect: Effect) -> None:
        """Record what the tasks of playbooks do."""

    @abstractmethod
    def provisioned(self, effect: Effect) -> None:
        """Record what the resources of a module do."""

    @abstractmethod
    def bundled(self, effect: Effect) -> None:
        """Record what a bundle of an operator deploys, or keep what one is made of."""

    @abstractmethod
    def suite_run(self, effect: Effect) -> None:
        """Record what tests for a cluster apply and run."""

    @abstractmethod
    def baked(self, effect: Effect) -> None:
        """Record what the targets of bake files build."""

    @abstractmethod
    def artifacts_built(self, effect: Effect) -> None:
        """Record what configurations of Skaffold build."""

    @abstractmethod
    def artifacts_deployed(self, effect: Effect) -> None:
        """Record what configurations of Skaffold deploy."""

    @abstractmethod
    def converged(self, effect: Effect) -> None:
        """Record what a configuration of werf builds and deploys."""

    @abstractmethod
    def session(self, effect: Effect) -> None:
        """Start a session, or take note of what the one that runs says."""

    @abstractmethod
    def targets(self, effect: Effect) -> None:
        """Take note of targets of a build system that a file declares, or run or build some."""

    @abstractmethod
    def script(self, effect: Effect) -> Value | None: ...

    # --- the environment ---

    def environment(self, name: Text) -> Value:
        """What a variable of the environment holds: what the run set, else a hole with its name."""
        literal = name.literal
        if literal is None:
            return self.opaque("a variable whose name is not known")
        cell = self.variables.get(literal)
        value = self.narrow(self.heap.read(cell)) if cell is not None else ABSENT
        return self.outside(literal) if isinstance(value, Absent) else value

    def outside(self, name: str) -> Text:
        """The value that a variable has from outside."""
        return Text.of_hole(Hole(HoleKind.ENVIRONMENT, name, name), self.site, self.stack)

    def set_environment(self, name: Text, value: Value) -> None:
        literal = name.literal
        if literal is None:
            return
        cell = self.variables.get(literal)
        if cell is None:
            self.variables[literal] = cell = self.heap.new(self.outside(literal))
        self.heap.write(cell, self.load(value))

    def exports(self, name: Text) -> bool:
        cell = self.variables.get(name.literal or "")
        return cell is not None and not isinstance(self.narrow(self.heap.read(cell)), Absent)

    def variables_set(self) -> tuple[tuple[Value, Value], ...]:
        names = [Text.of(name) for name in self.variables]
        return tuple((name, self.environment(name)) for name in names if self.exports(name))

    def missed(self, wanted: str, image: Text) -> None:
        """A text was to be replaced by an image's name and did not stand where it was looked for."""
        if looks_like_reference(image) and not self.searches:
            self.overrides.append(Override(wanted, image, self.site, len(self.events), self.guards, self.stack))

    # --- files ---

    def write_file(self, path: Value, content: Value) -> None:
        for guards, text in self.text_options(path):
            both = self.guards.and_(guards)
            if both is not None:
                placed = self.placed(text)
                self.files.add(placed, self.load(content), both)
                if placed.literal is not None and self.program.has(placed.literal):
                    # What stands in a file that the project writes is what an earlier run has left there.
                    self.applied_files.add(placed.literal)

    def read_file(self, path: Value) -> Value | None:
        """The content of a file: as last written in this run under the same path, or as it stands in the project."""
        found: list[tuple[Guards, Value]] = []
        for guards, text in self.text_options(path):
            content = self._written(text) or self._before_copying(text) or self._project_file(text)
            # Reading a file that does not exist fails, and what fails is no run that a scenario is about.
            if content is not None:
                found.append((guards, content))
        return alternatives(found) if found else None

    def file_exists(self, path: Text) -> Value:
        """A file that the run has written is there, and so is one that was there before: nothing is taken away."""
        placed = self.placed(path)
        key = certain_key(placed)
        asked = self._asked_files.setdefault(key, []) if key is not None else []
        there = [guards for _, guards in self.files.states(placed)] + [when(f"~{identity}") for identity in asked]
        found: list[tuple[Guards, Value]] = []
        left: tuple[Guards, ...] = (self.guards,)
        for guards in there[:MOST_OPTIONS]:
            found += [(both, Truth(True)) for case in left if (both := case.and_(guards)) is not None]
            left = tuple(rest for case in left for rest in case.without(guards))
        unknown = self.opaque("whether a file exists", "bool")
        asked.append(unknown.identity)
        return alternatives([*found, *((case, unknown) for case in left)]) if found else unknown

    def _before_copying(self, path: Text) -> Value | None:
        """What was written to a file of a folder that was copied."""
        source = self.copies.source(self.placed(path).literal or "")
        return self.read_file(at_root(source)) if source is not None else None

    def _written(self, path: Text) -> Value | None:
        """What was last written, for each case of the run in which something was."""
        found: list[tuple[Guards, Value]] = []
        left: tuple[Guards, ...] = (self.guards,)
        for content, guards in self.files.states(self.placed(path)):
            if not left or max(len(found), len(left)) >= MOST_OPTIONS:
                break
            found += [(both, content) for case in left if (both := case.and_(guards)) is not None]
            left = tuple(rest for case in left for rest in case.without(guards))
        return alternatives(found) if found else None

    def written(self, path: Text) -> Value | None:
        """What the run has written to a file, where all of it is known to be one text or another."""
        return self._written(path)

    def _project_file(self, path: Text) -> Value | None:
        names = self.found_files(path)
        return self._project_content(names[0]) if len(names) == 1 else None

    def placed(self, path: Text) -> Text:
        """A path as seen from the project's folder, as far as it is known where the run is; in a copy of a folder, by
        the name of that copy."""
        return self.copies.placed(self.seen_from_root(path))

    def seen_from_root(self, path: Text) -> Text:
        """A path as seen from the project's folder, copied or not."""
        directory = self.directory()
        while path.leading.startswith("./"):
            path = path.dropped(2)
        whole = path if directory is None else below(directory, path)
        inside = in_project(whole)
        return whole if inside is None else inside

    def found_files(self, path: Text) -> tuple[str, ...]:
        """The project files that a path can mean."""
        placed = self.placed(path)
        literal = placed.literal
        if literal is not None and self.copies.source(literal) is not None:
            return self.program.find_files(Text.of(self.copies.original(literal)), "")
        found = self.program.find_files(placed, self.site.path) if placed is not path else ()
        return found or self.program.find_files(path, self.site.path)

    def _project_content(self, name: str) -> Text | None:
        """A file of the project as it stands there: one text for all who read it, which remembers what it holds."""
        found = self.program.kept.get((Text, name))
        if isinstance(found, Text):
            return found
        text = self.program.read(name)
        if text is None:
            return None
        content = self.program.kept[Text, name] = Text((Piece(text, Origin(Position(name, 1, 1))),))
        return content

    def unique(self, label: str, weak: str = "") -> Text:
        hole = Hole(HoleKind.UNIQUE, self.fresh(f"unique:{label}"), label, weak=weak)
        return Text.of_hole(hole, self.site, (*self.stack, self.site), self.open_procedures())

    def open_procedures(self) -> tuple[Span, ...]:
        """Where the procedures stand that are being evaluated, outermost first."""
        return ()


def _is_of(event: Event, effect: Effect) -> bool:
    """Whether a deployed image is that of the workload and container that an effect names."""
    workload = effect.workload.literal if effect.workload is not None else None
    container = effect.container.literal if effect.container is not None else None
    if event.stage is not Stage.DEPLOYED or not workload or not event.workload:
        return False
    same_name = workload.rpartition("/")[2] == event.workload.rpartition("/")[2]
    return same_name and container in ("*", event.container)


def _runs_in(event: Event, other: Event) -> bool:
    """Whether an image was deployed into the workload and container of another."""
    place = (other.stage, other.workload.rpartition("/")[2], other.container)
    return (event.stage, event.workload.rpartition("/")[2], event.container) == place
