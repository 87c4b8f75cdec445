"""Names that a tool puts in the place of those in the manifests that it deploys: it builds an image under a name
without a tag, and every image of the manifests that has this name is replaced by the one that was built, whatever tag
it is written with (Skaffold, Tilt).

A name that no manifest has is noted, if all manifests were seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from msgspec import Struct

from tagcheck.catalog import Effect
from tagcheck.comparison import Same
from tagcheck.engine.deliveries import Deliveries
from tagcheck.engine.mentions import Mentions
from tagcheck.events import Override, Stage
from tagcheck.image import canonical, parse, same_image
from tagcheck.overlays import Renaming, as_text
from tagcheck.source import Span
from tagcheck.values import Hole, HoleKind, Opaque, Piece, Text, Value
from tagcheck.workloads import ImageUse

MOST_UNUSED = 40
"""Images of one deployment that are noted because nothing asks for them."""


class Injected(Struct, frozen=True):
    """An image that is built: `name` as it is written for the builder, the image's name once it is built, and the place
    that says so."""

    name: Text
    image: Text
    site: Span


class Injection:
    """What is replaced in the manifests of one deployment. `used` are the images that something in them asks for, or
    may: by their number; `whole`: all manifests were seen; `count`: the images that they name. `complete`: no other
    images are built for them."""

    def __init__(self, images: tuple[Injected, ...], *, complete: bool = True) -> None:
        self.images, self._complete = images, complete
        self.used: set[int] = set()
        self.whole = True
        self.count = 0
        self._known: dict[Text, Injected | Same] = {}
        self._written: dict[str, list[int]] = {}
        self._unsure = [number for number, each in enumerate(images) if each.name.literal is None]
        for number, each in enumerate(images):
            for key in _spellings(parse(each.name).name):
                self._written.setdefault(key, []).append(number)

    def excuse(self, name: str) -> None:
        """An image is used by something other than a manifest."""
        self.used.update(number for number, each in enumerate(self.images) if each.name.literal == name)

    def replaced(self, image: Text) -> Text | None:
        """The name that takes the place of one in a manifest: itself, if nothing does; None if that is not known."""
        # Equal names may stand at different places.
        answer = self._known.get(image)
        if answer is None:
            answer = self._known[image] = self._answer(parse(image).name)
        if isinstance(answer, Injected):
            return answer.image
        return image if answer is Same.NO else None

    def _answer(self, name: Text) -> Injected | Same:
        exact = {number for key in _spellings(name) for number in self._written.get(key, ())}
        others = range(len(self.images)) if name.literal is None else self._unsure
        answers = {number: same_image(name, parse(self.images[number].name).name) for number in (*exact, *others)}
        self.used.update(number for number, answer in answers.items() if answer is not Same.NO)
        found = [number for number, answer in answers.items() if answer is Same.YES]
        if found:
            injected: Injected = self.images[max(found)]
            return injected
        known = self._complete and all(answer is Same.NO for answer in answers.values())
        return Same.NO if known else Same.MAYBE

    def unused(self) -> Iterator[Injected]:
        """The images that no manifest asks for."""
        if self.whole and self.count:
            yield from (each for number, each in enumerate(self.images) if number not in self.used)


class Injections(Deliveries):
    """A run whose tools replace names in manifests."""

    injection: Injection | None = None
    """what is replaced in what is deployed now"""

    _resolved: str | None = None
    """how names begin for which a tool builds images while it applies manifests"""
    _gathered: list[Value] | None = None
    """where objects go that are printed and not deployed"""

    def deploy_object(self, value: Value) -> None:
        if self._gathered is None:
            super().deploy_object(value)
        else:
            replacing = _Replacing(self.injection) if self.injection is not None else None
            self._gathered.append(value if replacing is None else replacing(value))

    @contextmanager
    def collecting(self) -> Iterator[list[Value]]:
        """What would be deployed is gathered, with its names replaced."""
        outer, self._gathered = self._gathered, []
        yield self._gathered
        self._gathered = outer

    def applied(self, effect: Effect) -> None:
        outer, self._resolved = self._resolved, effect.resolves.literal if effect.resolves is not None else None
        super().applied(effect)
        self._resolved = outer

    def injected(self, use: ImageUse, image: Text) -> Text:
        if self._resolved is not None and image.leading.startswith(self._resolved):
            reason = "the name of an image that is built of a program"
            return Text.of_hole(Hole(HoleKind.OPAQUE, self.fresh("injected"), reason))
        injection = self.injection
        if injection is None:
            return image
        found = injection.replaced(image)
        if not use.runs:
            # The tools leave such names as they are; whoever reads them may do something else.
            return image
        injection.count += 1
        if found is None:
            reason = "whether a name is replaced by that of an image that is built"
            return Text.of_hole(Hole(HoleKind.OPAQUE, self.fresh("injected"), reason))
        return found

    @contextmanager
    def injecting(self, injection: Injection) -> Iterator[None]:
        """While something is deployed names are replaced; afterwards it is noted which were not there."""
        outer, gaps, order = self.injection, len(self.gaps), len(self.events)
        self.injection = injection
        yield
        self.injection = outer
        injection.whole = injection.whole and len(self.gaps) == gaps
        mentions, certain = Mentions(self.program), self._leaves_placeholder(order)
        for each in islice(injection.unused(), MOST_UNUSED):
            name = each.name.literal
            if name is not None and not mentions.in_manifests(name, self.applied_files) and not mentions.as_base(name):
                made = Override(name, each.image, each.site, order - 1, self.guards, self.stack, certain=certain)
                self.overrides.append(made)

    def _leaves_placeholder(self, order: int) -> bool:
        """Whether a name without a tag was deployed as it stands: names that wait to be replaced have none."""
        deployed = (event.reference for event in self.events[order:] if event.stage is Stage.DEPLOYED)
        return any(reference.tag is None and reference.digest is None for reference in deployed)


class _Replacing(Renaming):
    """The images of objects under the names that a tool gives them."""

    def __init__(self, injection: Injection) -> None:
        super().__init__(())
        self._injection = injection

    def renamed(self, image: Value) -> Value:
        text = as_text(image)
        found = self._injection.replaced(text) if text is not None else None
        self._injection.count += 1
        return Opaque(f"injected:{text}", "whether a name is replaced") if found is None else found


def _spellings(name: Text) -> Iterator[str]:
    """What a name means, as far as it is literal."""
    yield from (each.literal for each in canonical(name, "docker") if each.literal is not None)


def place_of(name: Text, otherwise: Span) -> Span:
    """Where a name stands that is written in one piece."""
    first = name.parts[0] if len(name.parts) == 1 else None
    if not isinstance(first, Piece) or first.origin is None or not first.origin.start.path:
        return otherwise
    at = first.origin.start
    return Span(at.path, at.line, at.column, at.line, at.column + max(1, len(first.text)))
