"""What Skaffold calls the images that it builds, and what templates of its configurations mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from tagcheck import values
from tagcheck.builtins.template_rendering import render
from tagcheck.builtins.template_text import Block, Node, Output, parse_template, tokens
from tagcheck.catalog import Effect
from tagcheck.engine.injections import Injections
from tagcheck.engine.skaffoldfiles import Artifact, Configuration
from tagcheck.fields import field
from tagcheck.image import parse
from tagcheck.overlays import as_text
from tagcheck.values import EMPTY, Hole, HoleKind, Text, Value

_REPOSITORY, _TAG, _PUSH = "SKAFFOLD_DEFAULT_REPO", "SKAFFOLD_TAG", "SKAFFOLD_PUSH"
_OF_IMAGES = ("IMAGE_", "DIGEST")
"""How names begin that templates have for images, and not from the environment."""
_SOURCE = "ko://"
"""What precedes the path of a program in the place of a name; what its image is called depends on the registry."""
_FOLDERS = "/.:@"
"""What is written otherwise in a name below another repository, in a way that depends on the registry."""


class Made(Struct, frozen=True):
    """An artifact with its name as written out, and the name of what is built."""

    artifact: Artifact
    name: Text
    image: Text
    source: Configuration


class Naming:
    """The names of one command of a run."""

    def __init__(self, run: Injections, effect: Effect) -> None:
        self._run = run
        tags = (effect.tag,) if effect.tag is not None else said(run, _TAG)
        repositories = (effect.repository,) if effect.repository is not None else said(run, _REPOSITORY)
        self._tag = tags[0] if tags else None
        self._repository = repositories[0] if repositories and repositories[0].parts else None

        self.pushes = effect.wanted or bool(repositories or said(run, _PUSH))
        """whether somebody has said where what is built goes to"""

    def made(self, source: Configuration, artifact: Artifact) -> Made:
        name = self.expanded(artifact.name)
        if name.leading.startswith(_SOURCE):
            return Made(artifact, name, _generated("the image of", name), source)
        suffix = Text.of(":") + self._tag if self._tag is not None else self._suffix(source.policy, name)
        return Made(artifact, name, self._below_repository(name) + suffix, source)

    def _below_repository(self, name: Text) -> Text:
        if self._repository is None:
            return name
        plain = name.literal is not None and not any(each in name.literal for each in _FOLDERS)
        return self._repository + Text.of("/") + (name if plain else _generated("another name of", name))

    def _suffix(self, policy: Value | None, name: Text) -> Text:
        """What is added to a name: a colon and the tag that the policy gives."""
        template = as_text(field(policy, "envTemplate", "template"))
        if template is not None and not any(each.startswith(_OF_IMAGES) for each in asked_for(template)):
            return Text.of(":") + self.expanded(template)
        if field(policy, "sha256") is not None:
            return Text.of(":latest@sha256:") + _generated("the digest of", name)
        return Text.of(":") + _generated("the tag of", name)

    def expanded(self, text: Text, known: Mapping[str, Value] | None = None) -> Text:
        """A text with its templates evaluated on what is known of images and on the environment."""
        names = asked_for(text)
        if not names and "{{" not in str(text):
            return text
        outside = {each: self._run.environment(Text.of(each)) for each in names if not each.startswith(_OF_IMAGES)}
        data = values.Mapping(tuple((Text.of(name), value) for name, value in {**outside, **(known or {})}.items()))
        found = self._run.text_options(render(text, data, self._run.machine(), self._run.fresh("skaffold")))
        return found[0][1] if len(found) == 1 else self._run.as_text(self._run.opaque("a template of Skaffold"))

    def facts(self, number: int, made: Made) -> dict[str, Value]:
        """What templates of charts see of an image: under its name, and by its number."""
        reference = parse(made.image)
        facts: dict[str, Value] = {
            "IMAGE_NAME": made.name,
            "IMAGE_REPO": reference.name,
            "IMAGE_TAG": tag_of(made.image),
            "IMAGE_DIGEST": Text.of("sha256:") + _generated("the digest of", made.name),
            "IMAGE_FULLY_QUALIFIED": made.image,
            "IMAGE_DOMAIN": reference.registry or EMPTY,
            "IMAGE_REPO_NO_DOMAIN": reference.repository,
            "DIGEST": made.image,
        }
        found = {f"{name}_{_as_word(made.name)}": value for name, value in facts.items()}
        return {**found, **{name + (str(number + 1) if number else ""): value for name, value in facts.items()}}


def said(run: Injections, name: str) -> tuple[Text, ...]:
    """What a run has set a variable to: nothing if it has not."""
    if name not in run.variables:
        return ()
    found = [text for _, text in run.text_options(run.environment(Text.of(name))) if text.parts]
    if not found or found == [run.outside(name)]:
        return ()
    return tuple(found) if len(found) == 1 else (Text.of_hole(Hole(HoleKind.PARAMETER, name, name)),)


def asked_for(template: Text) -> frozenset[str]:
    """The names that a template asks its data for."""
    nodes = parse_template(template) if "{{" in str(template) else None
    return frozenset(_fields(nodes or ()))


def tag_of(image: Text) -> Text:
    """What stands behind a name: its tag, with the digest if it has one."""
    reference = parse(image)
    tag = reference.tag or EMPTY
    return tag if reference.digest is None else tag + Text.of("@") + reference.digest


def _fields(nodes: tuple[Node, ...]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Output | Block):
            yield from (each.text[1:] for each in tokens(node.pipeline) or () if each.kind == "field")
        if isinstance(node, Block):
            yield from _fields((*node.body, *node.otherwise))


def _generated(what: str, name: Text) -> Text:
    """Something that Skaffold makes up, the same wherever it is used."""
    label = f"{what} {name}"
    return Text.of_hole(Hole(HoleKind.PARAMETER, f"skaffold: {label}", label))


def _as_word(name: Text) -> str:
    """A name as a part of a variable's name."""
    return "".join(each if each.isascii() and (each.isalnum() or each == "_") else "_" for each in str(name))
