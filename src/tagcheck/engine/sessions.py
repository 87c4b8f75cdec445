"""Sessions: programs that say what is to be built and what is to be deployed, in whatever order, and all of it belongs
together (Tilt 0.35). Each image that is built takes the place of those of its name in all manifests; its tag is made up
of the content."""

from __future__ import annotations

from posixpath import dirname, join, normpath

from msgspec import Struct, field
from msgspec.structs import replace

from tagcheck.builtins.api import Command, CommandResult
from tagcheck.catalog import Effect, EffectKind
from tagcheck.engine.injections import Injected, Injection, place_of
from tagcheck.engine.places import at_root
from tagcheck.engine.workplaces import Workplaces
from tagcheck.events import Stage
from tagcheck.frontends import kubernetes
from tagcheck.frontends.python import starlark
from tagcheck.guards import Guards
from tagcheck.image import parse
from tagcheck.ir import Procedure
from tagcheck.source import Span
from tagcheck.values import EMPTY, Alternatives, FunctionValue, Hole, HoleKind, Piece, Text

MOST_GATHERED = 600
MOST_INJECTED = 300


class Session(Struct):
    """What a session has said so far; `whole`: everything that it deploys is known; `needed`:
    names that go into builds; `nesting`: how many commands run around it."""

    folder: str
    nesting: int = 0
    registry: Text | None = None
    injected: dict[Text, Injected] = field(default_factory=dict)
    gathered: list[tuple[Guards, Text, Span]] = field(default_factory=list)
    needed: set[str] = field(default_factory=set)
    whole: bool = True


class Sessions(Workplaces):
    """A run that knows sessions."""

    _session: Session | None = None

    def session(self, effect: Effect) -> None:
        if effect.kind is EffectKind.SESSION:
            self._start_session(effect)
        elif effect.kind is EffectKind.SESSION_BEGUN:
            path = (effect.path.literal if effect.path is not None else None) or ""
            self.visited.add(starlark.key(path))
            self._session = self._session or Session(dirname(path), self._nesting)
        elif self._session is not None:
            self._say(self._session, effect)

    def _say(self, session: Session, effect: Effect) -> None:
        """One thing that a session says."""
        match effect.kind:
            case EffectKind.SESSION_ENDED:
                self._settle_session(session)
                self._session = None
            case EffectKind.SESSION_REGISTRY:
                session.registry = effect.store
            case EffectKind.GATHERED:
                session.gathered += ((self.guards, text, self.site) for text in effect.images)
                session.whole = session.whole and bool(effect.images)
            case _:
                session.needed.update(_last(each) for each in effect.words)
                for image in effect.images:
                    self._inject(session, image, effect)

    def _start_session(self, effect: Effect) -> None:
        """Run the program of a session that a command starts."""
        path = self.located(effect.path or Text.of(starlark.NAME))
        procedure = self._session_program(path) if path is not None and self._session is None else None
        if procedure is None:
            self.gap("run", "the program of a session that is not in the project")
            return
        outer = self.site
        with self.process(in_command=True):
            self.working_directory = None
            first = len(self.events)
            self.call_procedure(FunctionValue(procedure), (), self.site, {})
            # What Tilt has built, it removes again when it is some hours old.
            for image in dict.fromkeys(each.image for each in self.events[first:] if each.stage is Stage.BUILT):
                self.record(Stage.REMOVED, image, effect)
        self.site, self.live, self.failed, self._session = outer, True, False, None

    def _session_program(self, path: str) -> Procedure | None:
        content = self.program.content(path)
        if not starlark.relevant(path, content):
            return None
        key = (starlark.LIBRARY, path)
        known = self.program.kept.get(key)
        if not isinstance(known, Procedure):
            read = self.program.content
            unit = starlark.parse(path, content, path, lambda name: read(name) if self.program.has(name) else None)
            known = self.program.kept[key] = next(iter(unit.procedures.values()), None)
        return known if isinstance(known, Procedure) else None

    def run(self, command: Command) -> CommandResult:
        """What a session starts, runs in its folder."""
        session = self._session
        if session is not None:
            self._note_inputs(session, command)
            if command.directory is None and self._nesting == session.nesting:
                command = replace(command, directory=at_root(session.folder))
        return super().run(command)

    def _note_inputs(self, session: Session, command: Command) -> None:
        """Manifests that a session gives to a program: what it makes of them is deployed, and not they."""
        for value in command.argv:
            text = self.as_text(value) if not isinstance(value, Alternatives) else EMPTY
            literal = "".join(part.text if isinstance(part, Piece) else " " for part in text.parts)
            paths = (normpath(join(session.folder, each.strip("\"'"))) for each in literal.split())
            self.applied_files.update(
                each for each in paths if each.endswith(kubernetes.SUFFIXES) and self.program.has(each)
            )

    def _inject(self, session: Session, image: Text, effect: Effect) -> None:
        if len(session.injected) >= MOST_INJECTED:
            session.whole = False
            return
        name = parse(image).name
        built = name
        if session.registry is not None:
            # How a name with folders is written below another repository depends on the registry.
            below = self._made_up("another name of", name) if "/" in str(name) or name.holes else name
            registry = session.registry if session.registry.literal else self._made_up("the registry of", name)
            built = registry + Text.of("/") + below
        built += Text.of(":") + self._made_up("the tag of", name)
        session.injected.setdefault(name, Injected(name, built, place_of(image, self.site)))
        self.record(Stage.BUILT, built, effect)
        self.record(Stage.LOADED if self.makes_cluster else Stage.PUSHED, built, effect)

    def _made_up(self, what: str, name: Text) -> Text:
        label = f"{what} {name}"
        return Text.of_hole(Hole(HoleKind.PARAMETER, f"session: {label}", label))

    def _settle_session(self, session: Session) -> None:
        """Deploy what was gathered."""
        complete = len(session.injected) < MOST_INJECTED
        injection = Injection(tuple(session.injected.values()), complete=complete)
        injection.whole = session.whole and self.printed_whole and len(session.gathered) <= MOST_GATHERED
        # Names may be put together of several arguments.
        for each in injection.images:
            if _last(each.name) in session.needed:
                injection.excuse(each.name.literal or "")
        outer = self.site
        with self.injecting(injection):
            for guards, text, self.site in session.gathered[:MOST_GATHERED]:
                if _is_manifest(text):
                    self.deploy_text(text, guards)
                else:
                    injection.whole = self._deploy_path(session, text, guards) and injection.whole
        self.site = outer

    def _deploy_path(self, session: Session, path: Text, guards: Guards) -> bool:
        """Deploy a file of the project; whether it was found."""
        literal = path.literal
        at = path.origin
        if literal is None:
            self.gap("deployed", next((hole.label for hole in path.holes), "a manifest whose path is not known"))
            return False
        folders = (session.folder, dirname(at.path) if at is not None else "")
        names = (normpath(join(folder, literal)) for folder in folders)
        name = next((each for each in names if self.program.has(each) and each.endswith(kubernetes.SUFFIXES)), None)
        content = self.read_file(at_root(name)) if name is not None else None
        options = self.text_options(content) if content is not None else []
        for inner, text in options:
            both = guards.and_(inner)
            if both is not None:
                self.deploy_text(text, both)
        return bool(options)


def _is_manifest(text: Text) -> bool:
    """Whether a text is a manifest and not the path of one."""
    return any("\n" in part.text or "apiVersion" in part.text for part in text.parts if isinstance(part, Piece))


def _last(name: Text) -> str:
    """The last component of a name, as far as it is literal."""
    return (parse(name).name.literal or "").rpartition("/")[2]
