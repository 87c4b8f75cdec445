"""OCI references with unknown parts: registry, repository, tag, digest.

Purpose: take a symbolic text apart the way the tools do, bring spellings to one form, and say whether two spellings
name the same image. The grammar is that of the OCI distribution specification 1.1 and of the Go module
`github.com/distribution/reference`; how a name without a registry is completed depends on who reads it: docker, kind
and the kubelet complete it to `docker.io/library/NAME`; podman 4 and 5 name what they build `localhost/NAME`, and look
there first when they use a bare name; containerd's `ctr` takes names as they stand.

What it cannot do: know whether a hole holds a registry, a path or a tag. A literal ':' with no literal '/' after it is
taken to begin the tag; where no such sign is there and the last component ends in a hole, the tag is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from msgspec.structs import force_setattr

from tagcheck.comparison import Same, is_longer, same
from tagcheck.values import EMPTY, Filling, Hole, HoleKind, Piece, Text

DOCKER = "docker"

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?|\[[0-9a-fA-F:]+\](?::[0-9]+)?")
LONGEST_TAG = 128


@dataclass(frozen=True, slots=True)
class Reference:
    """A name taken apart. `registry` is None where none is written; `tag` and `digest` likewise. `tag_known` is
    False where a hole at the end may or may not hold a tag."""

    text: Text
    registry: Text | None
    repository: Text
    tag: Text | None
    digest: Text | None
    tag_known: bool = True

    @property
    def name(self) -> Text:
        """Registry and repository together."""
        return self.repository if self.registry is None else self.registry + Text.of("/") + self.repository

    @property
    def is_local_name(self) -> bool:
        """Whether the name can only be local: its registry is `localhost` without a port."""
        return self.registry is not None and self.registry.literal == "localhost"

    @property
    def tag_is_static(self) -> bool:
        """Whether the tag is the same on every run: written out, or left out."""
        return self.tag_known and self.digest is None and (self.tag is None or self.tag.literal is not None)

    def __str__(self) -> str:
        return str(self.text)


def parse(text: Text) -> Reference:
    """Take a name apart; never fails (`fault` says whether the result can be a name). The parts keep the places of this
    very text: equal texts with other places do not share them."""
    known = text.reading
    if isinstance(known, Reference):
        return known
    reference = _parsed(text)
    force_setattr(text, "reading", reference)
    return reference


def _parsed(text: Text) -> Reference:
    name, digest = text.split_at("@") or (text, None)
    tag: Text | None = None
    known = True
    halves = name.split_at(":", last=True)
    if halves is not None and halves[1].split_at("/") is None:
        name, tag = halves
    else:
        component = (name.split_at("/", last=True) or (name, name))[1]
        known = all(_is_one_word(hole) for hole in component.holes) and (len(name.parts) > 1 or not name.holes)
    registry, repository = _split_registry(name)
    return Reference(text, registry, repository, tag, digest, known)


def _is_one_word(hole: Hole) -> bool:
    """Whether an unknown part holds no ':' and no '/': a clock, a uuid, a random number; not what a function returns
    of which only the call is known."""
    return hole.kind is HoleKind.UNIQUE and "(" not in hole.label


def _split_registry(name: Text) -> tuple[Text | None, Text]:
    halves = name.split_at("/")
    if halves is None:
        return None, name
    head, rest = halves
    literal = head.literal
    if literal is None:
        if len(head.parts) == 1 or any(mark in str(head) for mark in ".:"):
            return head, rest
        return None, name
    if "." in literal or ":" in literal or literal == "localhost":
        return head, rest
    return None, name


@lru_cache(maxsize=4096)
def canonical(text: Text, reading: str = DOCKER) -> tuple[Text, ...]:
    """The full names that a spelling can mean to a reader, most likely first: registry completed, the tag `latest`
    made explicit, the tag left out where a digest decides."""
    reference = parse(text)
    tail = _tail(reference)
    if reference.registry is not None:
        registry = reference.registry
        if registry.literal == "index.docker.io":
            registry = Text.of("docker.io")
        repository = reference.repository
        if registry.literal == "docker.io" and repository.split_at("/") is None and _starts_literal(repository):
            repository = Text.of("library/") + repository
        return (registry + Text.of("/") + repository + tail,)
    return tuple(name + tail for name in _completed(reference.repository, reading))


def _tail(reference: Reference) -> Text:
    if reference.digest is not None:
        return Text.of("@") + reference.digest
    if reference.tag is not None:
        return Text.of(":") + reference.tag
    return Text.of(":latest") if reference.tag_known else EMPTY


def _starts_literal(text: Text) -> bool:
    return bool(text.parts) and isinstance(text.parts[0], Piece)


def _completed(repository: Text, reading: str) -> tuple[Text, ...]:
    bare = repository.split_at("/") is None
    docker = Text.of("docker.io/library/" if bare else "docker.io/") + repository
    spellings: tuple[Text, ...]
    match reading:
        case "podman":
            spellings = (Text.of("localhost/") + repository, docker)
        case "podman-build":
            spellings = (Text.of("localhost/") + repository,)
        case "verbatim":
            spellings = (repository,)
        case "engine":
            spellings = (docker, Text.of("localhost/") + repository)
        case _:
            spellings = (docker,)
    return spellings if _starts_literal(repository) else (repository, *spellings)


@lru_cache(maxsize=65536)
def same_image(left: Text, right: Text, left_reading: str = DOCKER, right_reading: str = DOCKER) -> Same:
    """Whether two spellings name the same image, each read by its reader. YES if one common meaning is certain, NO if
    every pair of meanings differs."""
    one, other = parse(left), parse(right)
    digest = one.digest or other.digest
    if digest is not None and digest.holes and (one.digest is None) is not (other.digest is None):
        # A digest that is not known before the run may be that of what the tag names.
        named = same_image(one.name, other.name, left_reading, right_reading)
        return Same.NO if named is Same.NO else Same.MAYBE
    answers = {same(a, b) for a in canonical(left, left_reading) for b in canonical(right, right_reading)}
    if Same.YES in answers:
        return Same.YES
    return Same.MAYBE if Same.MAYBE in answers and not _tags_differ(left, right) else Same.NO


def _tags_differ(left: Text, right: Text) -> bool:
    """Whether two names have tags of which one is longer in every run. Only a tag that is written as such ends where
    it seems to end: a hole at the end of a name may bring a tag of its own."""
    one, other = parse(left).tag, parse(right).tag
    return one is not None and other is not None and (is_longer(one, other) or is_longer(other, one))


@lru_cache(maxsize=4096)
def fault(text: Text) -> str:
    """Why a text cannot be an image name, in words; empty if it can. Only literal parts are judged."""
    reference = parse(text)
    whole = text.literal
    if whole is not None and (not whole or whole.strip() != whole or " " in whole):
        return "a space in the name" if whole.strip() else "the name is empty"
    return _repository_fault(reference) or _tag_fault(reference)


def _repository_fault(reference: Reference) -> str:
    for part in reference.repository.parts:
        if isinstance(part, Piece) and part.text != part.text.lower():
            return "the repository has upper-case letters"
        if isinstance(part, Piece) and re.search(r"[^a-z0-9._/\-]", part.text):
            return "the repository has a character that is not allowed"
    literal = reference.repository.literal
    if literal is not None and not all(_COMPONENT.fullmatch(item) for item in literal.split("/")):
        return "the repository is not made of lower-case words"
    domain = reference.registry.literal if reference.registry else None
    if domain is not None and not _DOMAIN.fullmatch(domain):
        return "the registry is not a host name"
    return ""


def _tag_fault(reference: Reference) -> str:
    tag = reference.tag
    if tag is None:
        return ""
    if not tag.parts:
        return "the tag after ':' is empty"
    for part in tag.parts:
        if isinstance(part, Piece) and re.search(r"[^A-Za-z0-9_.-]", part.text):
            return "the tag has a character that is not allowed"
    if sum(len(part.text) for part in tag.parts if isinstance(part, Piece)) > LONGEST_TAG:
        return f"the tag is longer than {LONGEST_TAG} characters"
    literal = tag.literal
    if literal is not None and not _TAG.fullmatch(literal):
        return "the tag begins with a character that is not allowed"
    return ""


def looks_like_reference(text: Text) -> bool:
    """Whether a text is written like an image name (a tag or a registry, no spaces): used where only the text can
    tell, never to prove anything."""
    if fault(text) or not text.parts:
        return False
    reference = parse(text)
    return reference.tag is not None or reference.digest is not None or reference.registry is not None


@lru_cache(maxsize=4096)
def words(repository: Text) -> tuple[str, ...]:
    """The words of a repository's last component, holes as '*': `kubernaut-data_storage` → kubernaut, data,
    storage."""
    last = repository
    while (halves := last.split_at("/")) is not None:
        last = halves[1]
    return _words(last)


@lru_cache(maxsize=4096)
def _words(path: Text) -> tuple[str, ...]:
    rendered = "".join(part.text if isinstance(part, Piece) else f"-{_hole_word(part)}-" for part in path.parts)
    return tuple(word for word in re.split(r"[-_./]+", rendered) if word)


def _hole_word(filling: Filling) -> str:
    kind, identity, part = filling.hole.key
    # Two values of one generator are two values, but names of one thing.
    which = filling.hole.label if kind is HoleKind.UNIQUE else identity
    return f"*{kind.value}:{which}:{part}*".replace("-", "~").replace("_", "~").replace(".", "~")


def alike(left: Reference, right: Reference) -> int:
    """How strongly two repositories are about the same service: 3 for the same last component, or the same whole path,
    up to separators, 2 if one's words begin or end with the other's, 1 if they do without a last word for the program's
    role, 0 otherwise. The registry is left out, and so is else the path before the last component."""
    a, b = words(left.repository), words(right.repository)
    if not a or not b:
        return 0
    if _is_asked_for(left, b) or _is_asked_for(right, a):
        return 2
    if "".join(a) == "".join(b) or _words(left.repository) == _words(right.repository):
        return 3
    short, long = sorted((a, b), key=len)
    if long[: len(short)] == short or long[-len(short) :] == short:
        return 2
    short, long = sorted((_without_role(a), _without_role(b)), key=len)
    return 1 if long[: len(short)] == short or long[-len(short) :] == short else 0


ROLES = frozenset(("api", "app", "controller", "image", "manager", "operator", "server", "service"))
"""Words at the end of a repository's name that say what kind of program it is, not which."""


def _without_role(found: tuple[str, ...]) -> tuple[str, ...]:
    return found[:-1] if len(found) > 1 and found[-1] in ROLES else found


def _is_asked_for(generated: Reference, repository: tuple[str, ...]) -> bool:
    """Whether a name of which nothing is known but the call that makes it was asked for with a repository's name: one
    of the call's arguments."""
    parts = generated.text.parts
    if len(parts) != 1 or not isinstance(parts[0], Filling) or parts[0].hole.kind is not HoleKind.UNIQUE:
        return False
    arguments = parts[0].hole.label.partition("(")[2].rstrip(")").split(", ")
    return "".join(repository) in {re.sub(r"[-_.]", "", argument) for argument in arguments}
