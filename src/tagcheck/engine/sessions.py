"""Sessions: programs that say what is to be built and what is to be deployed, in whatever order, and all of it belongs
together (Tilt 0.35). Each image that is built takes the place of those of its name in all manifests; its tag is made up
of the content."""

from __future__ import annotations

from posixpath import dirname, join, normpath

from msgspec import Struct, field

from tagcheck.builtins.api import Command, CommandResult
from tagcheck.catalog import Effect, EffectKind
from tagcheck.engine.injections import Injected, Injection
from tagcheck.engine.manifests import MANIFESTS
from tagcheck.engine.places import at_root
from tagcheck.engine.skaffold import Skaffold
from tagcheck.events import Stage
from tagcheck.guards import Guards
from tagcheck.image import parse
from tagcheck.source import Span
from tagcheck.values import Hole, HoleKind, Piece, Text

MOST_GATHERED = 600
MOST_INJECTED = 300


class Session(Struct):
    """What a session has said so far; `whole`: everything that it deploys is known."""

    folder: str
    registry: Text | None = None
    injected: dict[Text, Injected] = field(default_factory=dict)
    gathered: list[tuple[Guards, Text, Span]] = field(default_factory=list)
    whole: bool = True


class Sessions(Skaffold):
    """A run that knows sessions."""

    _session: Session | None = None

    def session(self, effect: Effect) -> None:
        session = self._session
        if effect.kind is EffectKind.SESSION and effect.path is not None:
            path = effect.path.literal or ""
            self.visited.add(f"tilt:{path}")
            self._session = session or Session(dirname(path))
        elif session is None:
            return
        elif effect.kind is EffectKind.SESSION and effect.store is not None:
            session.registry = effect.store
        elif effect.kind is EffectKind.SESSION:
            self._settle_session(session)
            self._session = None
        elif effect.kind is EffectKind.GATHERED:
            session.gathered += ((self.guards, text, self.site) for text in effect.images)
            session.whole = session.whole and bool(effect.images)
        else:
            for image in effect.images:
                self._inject(session, image, effect)

    def run(self, command: Command) -> CommandResult:
        """What a session starts, runs in its folder."""
        if self._session is not None and command.directory is None and not self._nesting:
            command = Command(
                command.argv, command.environment, command.stdin, at_root(self._session.folder), command.stdout
            )
        return super().run(command)

    def _inject(self, session: Session, image: Text, effect: Effect) -> None:
        if len(session.injected) >= MOST_INJECTED:
            session.whole = False
            return
        name = parse(image).name
        built = name
        if session.registry is not None:
            # How a name with folders is written below another repository depends on the registry.
            below = self._made_up("another name of", name) if "/" in str(name) or name.holes else name
            built = session.registry + Text.of("/") + below
        built += Text.of(":") + self._made_up("the tag of", name)
        session.injected.setdefault(name, Injected(name, built))
        self.record(Stage.BUILT, built, effect)
        self.record(Stage.LOADED if self.makes_cluster else Stage.PUSHED, built, effect)

    def _made_up(self, what: str, name: Text) -> Text:
        label = f"{what} {name}"
        return Text.of_hole(Hole(HoleKind.PARAMETER, f"session: {label}", label))

    def _settle_session(self, session: Session) -> None:
        """Deploy what was gathered."""
        injection = Injection(tuple(session.injected.values()))
        injection.whole = session.whole and self.printed_whole and len(session.gathered) <= MOST_GATHERED
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
            self.gap("deployed", "a manifest whose path is not known")
            return False
        folders = (session.folder, dirname(at.path) if at is not None else "")
        names = (normpath(join(folder, literal)) for folder in folders)
        name = next((each for each in names if self.program.has(each) and each.endswith(MANIFESTS)), None)
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
