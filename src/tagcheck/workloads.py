"""The images that a Kubernetes object names.

Purpose: one search for objects from manifests, typed records of Go's API packages, unstructured maps and custom
resources, since all of them say the same things under the same names (a Go field `ImagePullPolicy` is the JSON field
`imagePullPolicy`). Containers of pod specifications are found at any depth, by the field names of the Kubernetes API
(core/v1, 1.33): containers, initContainers, ephemeralContainers, and images that volumes mount. In custom resources
other fields called `image` count too. Environment values, arguments, annotations and data of ConfigMaps that look like
they hold image names are reported as *named*: the object mentions them, and who judges decides what they are.

Rejected: a schema for each kind. There are hundreds of kinds with pod templates and no list of all.

What it cannot do: know what a controller makes of a custom resource. Fields whose values a controller substitutes
(Tekton's `$(params.x)`, Argo's `{{inputs.x}}`, OpenShift templates' `${X}`) have opaque parts there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from tagcheck.embedded import LONGEST, documents
from tagcheck.guards import ALWAYS, Guards
from tagcheck.source import Position
from tagcheck.values import (
    MOST_OPTIONS,
    Absent,
    Alternatives,
    Filling,
    Hole,
    HoleKind,
    Mapping,
    Null,
    Number,
    Opaque,
    Piece,
    Pointer,
    Record,
    Sequence,
    Text,
    Value,
    alternatives,
    cut,
    iterate,
)

Load = Callable[[Value], Value]

MOST_STEPS = 300_000
"""Nodes that are looked at for one object; shared nodes without images count once."""
MOST_IMAGES = 2_000
DEEPEST = 120


class ImageUse(Struct, frozen=True):
    """An image that an object names.

    `image` and `policy` are loaded, and may be alternatives. `workload` is 'Deployment/gateway', empty if the value is
    no whole object. `container_kind` is 'container', 'init', 'ephemeral', 'volume' (an image that a volume mounts),
    'field' (an `image` field of a custom resource) or 'named'. `runs` says whether a node gets the image because of
    this use: true for all but 'named'. `path` leads from the value to the image. `guards` are those under which the
    object has this part at all.
    """

    image: Value
    workload: str
    container: str
    container_kind: str
    runs: bool
    policy: Value | None = None
    policy_at: Position | None = None
    namespace: str = ""
    path: tuple[str, ...] = ()
    guards: Guards = ALWAYS


def find_images(value: Value, load: Load) -> tuple[ImageUse, ...]:
    """Every image that an object, a list of objects or a part of one names, in the order of its fields. `load` gives
    the content of a pointer, and any other value as it is. Work is bounded; past the bound the last use has an opaque
    image that says so."""
    search = _Search(load)
    search.visit(value, _Place())
    if not search.full:
        return tuple(search.found)
    workload = search.found[-1].workload if search.found else ""
    unknown = Opaque(f"bound:{workload}", "an object too large to be searched")
    return (*search.found, ImageUse(unknown, workload, "", "field", runs=True))


_CONTAINERS = {"containers": "container", "initContainers": "init", "ephemeralContainers": "ephemeral"}
_RUNNERS = frozenset(("container", "script", "steps", "sidecars", "stepTemplate", "containerTemplate"))
"""Fields of workflow resources (Tekton Task, Argo Workflow) whose values are containers under another name."""
_SKIPPED = frozenset(("status", "openAPIV3Schema", "managedFields", "ownerReferences"))
_NO_WORKLOADS = frozenset(
    (
        "CustomResourceDefinition",
        "Secret",
        "Role",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
        "Kustomization",
        "Event",
        "Node",
        "ImageStream",
        "ImageStreamTag",
        "ImageStreamImport",
        "ImageContentSourcePolicy",
        "ImageDigestMirrorSet",
    )
)
_PATTERN_GROUPS = frozenset(
    ("kyverno.io", "policies.kyverno.io", "constraints.gatekeeper.sh", "templates.gatekeeper.sh", "policy.sigstore.dev")
)
"""API groups whose objects hold patterns that images are matched with."""
_GO_NAMES = {"APIVersion": "apiVersion", "ObjectMeta": "metadata"}
_EMBEDDED = ("TypeMeta", "Source", "Common")
"""How the types end that Go's API packages embed, so that their fields stand beside the outer ones."""
_SUBSTITUTED = re.compile(r"\$\([^()]*\)|\{\{[^{}]*\}\}")
_PARAMETER = re.compile(r"\$\{\{?\w+\}\}?")
_INJECTED = frozenset((("istio-proxy", "auto"),))
"""Containers and what stands for their images until a webhook of the cluster replaces it (Istio 1.24, 'Installing
Gateways')."""
_IMAGE_OPTION = re.compile(r"--?[A-Za-z0-9.-]*image", re.IGNORECASE)


class _Place(Struct, frozen=True):
    """Where the search is, and what it is inside of."""

    workload: str = ""
    namespace: str = ""
    container: str = ""
    path: tuple[str, ...] = ()
    guards: Guards = ALWAYS
    custom: bool = False
    named: bool = False
    listing: bool = False
    """whatever looks like the name of an image in here is one"""
    substituted: re.Pattern[str] | None = None

    def at(self, *keys: str) -> _Place:
        return replace(self, path=self.path + keys)

    @property
    def key(self) -> str:
        """The last field on the path."""
        return next((key for key in reversed(self.path) if not key.isdigit()), "")


_Fields = dict[str, Value]


class _Search:
    """One walk over an object."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.found: list[ImageUse] = []
        self.steps = 0
        self.barren: dict[tuple[int, bool], Value] = {}
        self.open: set[int] = set()

    @property
    def full(self) -> bool:
        return self.steps > MOST_STEPS or len(self.found) >= MOST_IMAGES

    def visit(self, value: Value, place: _Place) -> None:
        """Search a value of any kind. Nodes that were searched in vain are not searched again: they may be shared."""
        self.steps += 1
        memo = (id(value), place.custom)
        if self.full or len(place.path) > DEEPEST or memo in self.barren or id(value) in self.open:
            return
        before = len(self.found)
        self.open.add(id(value))
        for guards, node in self.options(value, place.guards):
            inside = place if guards is place.guards else replace(place, guards=guards)
            match node:
                case Sequence(items=items):
                    self.steps += len(items)
                    for index, item in enumerate(items):
                        if isinstance(item, _NODES):
                            self.visit(item, inside.at(str(index)))
                case Mapping() | Record():
                    self.node(node, inside)
        self.open.discard(id(value))
        if len(self.found) == before:
            self.barren[memo] = value

    def node(self, node: Mapping | Record, place: _Place) -> None:
        fields = self.fields(node)
        inside = self.identified(node, fields, place)
        if inside is None:
            return
        if _simple(node) in ("Container", "EphemeralContainer") and "image" in fields:
            return self.container(fields, "container", inside)
        if inside is not place and inside.workload.startswith("ConfigMap/"):
            return self.data(fields, inside)
        if inside.custom and "image" in fields:
            self.field(fields, inside)
        for key, value in fields.items():
            if key in _CONTAINERS:
                self.containers(value, _CONTAINERS[key], inside.at(key))
            elif key == "volumes":
                self.volumes(value, inside.at(key))
            elif key == "annotations":
                self.annotations(value, inside.at(key))
            elif key == "relatedImages" and inside.custom:
                self.related(value, inside.at(key))
            elif inside.custom and key != "image" and (_names_image(key) or inside.listing):
                self.mention(value, inside.at(key))
            elif isinstance(value, _NODES) and key not in _SKIPPED and not (key == "image" and inside.custom):
                self.visit(value, inside.at(key))

    def identified(self, node: Mapping | Record, fields: _Fields, place: _Place) -> _Place | None:
        """The place inside a node: an object of its own has its own name. None for objects that run nothing."""
        simple = _simple(node)
        kind = self.word(fields.get("kind")) or simple
        version = self.word(fields.get("apiVersion"))
        whole = bool(kind and version) or (bool(simple) and "metadata" in fields and not simple.endswith("Spec"))
        if not whole:
            return place
        group = version.rpartition("/")[0]
        if kind in _NO_WORKLOADS or group in _PATTERN_GROUPS:
            return None
        metadata = self.only(fields.get("metadata"))
        name = self.word(metadata.get("name")) or self.word(metadata.get("generateName"))
        custom = _is_custom(group) if version else not _package(node).startswith("k8s.io/api/")
        substituted = _PARAMETER if kind == "Template" else _SUBSTITUTED if custom else None
        return replace(
            place,
            workload=f"{kind}/{name}",
            namespace=self.word(metadata.get("namespace")) or place.namespace,
            custom=custom or place.named,
            substituted=place.substituted if place.substituted is _PARAMETER else substituted,
        )

    # --- what names an image -----------------------------------------------------------------------------------------

    def containers(self, value: Value, kind: str, place: _Place) -> None:
        for guards, items in self.options(value, place.guards):
            for index, item in enumerate(items.items if isinstance(items, Sequence) else ()):
                if self.full:
                    return
                for inner, node in self.options(item, guards):
                    if isinstance(node, Mapping | Record):
                        inside = replace(place.at(str(index)), guards=inner)
                        self.container(self.fields(node), kind, inside)

    def container(self, fields: _Fields, kind: str, place: _Place) -> None:
        place = replace(place, container=self.word(fields.get("name")) or place.key)
        if (place.container, self.word(fields.get("image"))) not in _INJECTED:
            self.add(fields.get("image"), kind, place.at("image"), fields.get("imagePullPolicy"))
        for index, variable in enumerate(self.items(fields.get("env"))):
            entry = self.only(variable)
            name = self.word(entry.get("name")).upper()
            if name.endswith("IMAGE") or "RELATED_IMAGE" in name:
                self.add(entry.get("value"), "named", place.at("env", str(index), "value"))
        for key in ("command", "args"):
            self.arguments(self.items(fields.get(key)), place.at(key))

    def arguments(self, words: tuple[Value, ...], place: _Place) -> None:
        """Options whose name ends in 'image', with their value behind '=' or in the next word."""
        for index, word in enumerate(words):
            text = self.leaf(word)
            if not isinstance(text, Text) or not text.leading.startswith("-"):
                continue
            halves = text.split_at("=")
            option = halves[0] if halves else text
            if option.literal is None or not _IMAGE_OPTION.fullmatch(option.literal):
                continue
            if halves:
                self.add(halves[1], "named", place.at(str(index)))
            elif index + 1 < len(words):
                self.add(words[index + 1], "named", place.at(str(index + 1)))

    def volumes(self, value: Value, place: _Place) -> None:
        for index, volume in enumerate(self.items(value)):
            fields = self.only(volume)
            image = self.only(fields.get("image"))
            inside = replace(place.at(str(index), "image", "reference"), container=self.word(fields.get("name")))
            self.add(image.get("reference"), "volume", inside, image.get("pullPolicy"))
            if not image:
                # Anything may be called volumes in a custom resource.
                self.visit(volume, place.at(str(index)))

    def related(self, value: Value, place: _Place) -> None:
        """The images that an operator may use (operators.coreos.com/v1alpha1)."""
        for index, item in enumerate(self.items(value)):
            self.add(self.only(item).get("image"), "named", place.at(str(index), "image"))

    def annotations(self, value: Value, place: _Place) -> None:
        for key, annotation in self.only(value).items():
            if key.rpartition("/")[2].lower().endswith("image"):
                self.add(annotation, "named", place.at(key))

    def data(self, fields: _Fields, place: _Place) -> None:
        """The entries of a ConfigMap: image names, and documents that hold some."""
        self.annotations(self.only(fields.get("metadata")).get("annotations", Absent()), place)
        for key, value in self.only(fields.get("data")).items():
            inside = replace(place.at("data", key), container=key, custom=True, named=True, listing=_lists_images(key))
            text = self.leaf(value)
            if key.lower().endswith("image"):
                self.add(value, "named", inside)
            elif isinstance(text, Text) and (_lists_images(key) or _may_hold_images(text)) and not self.full:
                self.steps += sum(len(part.text) for part in text.parts if isinstance(part, Piece)) // 16
                for document in documents(text):
                    self.visit(document, inside)

    def field(self, fields: _Fields, place: _Place) -> None:
        """The `image` field of a node in a custom resource: a name, or a mapping of its parts."""
        inside = replace(place.at("image"), container=self.word(fields.get("name")) or place.container or place.key)
        kind = "container" if place.key in _RUNNERS else "field"
        policy = fields.get("imagePullPolicy", fields.get("pullPolicy"))
        for guards, image in self.options(fields["image"], place.guards):
            under = replace(inside, guards=guards)
            if isinstance(image, Mapping | Record):
                parts = self.fields(image)
                self.add(self.joined(parts), kind, under, parts.get("pullPolicy", policy))
            elif not isinstance(image, Text) or _may_be_name(image):
                self.add(image, kind, under, policy)
        if "env" in fields or "args" in fields:
            self.container({key: value for key, value in fields.items() if key != "image"}, kind, place)

    def mention(self, value: Value, place: _Place) -> None:
        """A field of a custom resource whose name ends in 'image': what is made of it, its controller knows."""
        for guards, image in self.options(value, place.guards):
            under = replace(place, guards=guards)
            if isinstance(image, Mapping | Record) and (name := self.joined(self.fields(image))) is not None:
                self.add(name, "named", under)
            elif isinstance(image, Text) and _may_be_name(image):
                self.add(image, "named", under)
            elif isinstance(image, _NODES):
                self.visit(image, under)

    def joined(self, parts: _Fields) -> Value | None:
        """One name of registry, repository, tag and digest, as charts and operators write them apart."""
        if "reference" in parts:
            return self.leaf(parts["reference"])
        repository = parts.get("repository", parts.get("name") if "tag" in parts else None)
        if repository is None or self.leaf(repository) == Text(()):
            return None
        absent = Absent()
        pieces = (
            ("", parts.get("registry", absent), "/"),
            ("", repository, ""),
            (":", parts.get("tag", absent), ""),
            ("@", parts.get("digest", absent), ""),
        )
        names: list[tuple[Guards, Text]] = [(ALWAYS, Text(()))]
        for before, part, after in pieces:
            names = [
                (both, name + Text.of(before) + text + Text.of(after) if text.parts else name)
                for guards, name in names[:MOST_OPTIONS]
                for both, option in iterate(self.leaf(part), guards)
                if (text := _text(option)) is not None
            ]
        return alternatives(names) if names else None

    def add(self, image: Value | None, kind: str, place: _Place, policy: Value | None = None) -> None:
        if image is None or len(self.found) >= MOST_IMAGES:
            return
        name = _with_runtime_parts(self.leaf(image), place.substituted)
        if not isinstance(name, Text | Opaque | Alternatives) or name == Text(()):
            return
        pulled = self.leaf(policy) if policy is not None else None
        named = kind == "named" or place.named
        self.found.append(
            ImageUse(
                name,
                place.workload,
                place.container,
                "named" if named else kind,
                runs=not named,
                policy=None if pulled == Text(()) or isinstance(pulled, Null | Absent) else pulled,
                policy_at=pulled.origin if isinstance(pulled, Text) else None,
                namespace=place.namespace,
                path=place.path,
                guards=place.guards,
            )
        )

    # --- reading values ----------------------------------------------------------------------------------------------

    def options(self, value: Value | None, given: Guards) -> Iterator[tuple[Guards, Value]]:
        """The alternatives of a value with pointers followed, each under its guards."""
        pending = [(given, value, 0)] if value is not None else []
        while pending:
            guards, current, depth = pending.pop()
            content = self.load(current) if isinstance(current, Pointer) else current
            if depth < _DEREFERENCES and isinstance(content, Pointer | Alternatives):
                pending.extend((inner, option, depth + 1) for inner, option in reversed([*iterate(content, guards)]))
            else:
                yield guards, content

    def leaf(self, value: Value) -> Value:
        """A value with pointers followed, alternatives kept."""
        if not isinstance(value, Pointer | Alternatives):
            return value
        return alternatives(self.options(value, ALWAYS))

    def fields(self, node: Value) -> _Fields:
        """The fields of a mapping or record under their JSON names; embedded structures are taken in."""
        found: _Fields = {}
        self.steps += 1
        if isinstance(node, Mapping):
            self.steps += len(node.entries)
            for key, value in node.entries:
                name = key.literal if isinstance(key, Text) else None
                if name is not None:
                    found.setdefault(name, value)
        elif isinstance(node, Record):
            for name, value in node.fields:
                content = self.leaf(value)
                if isinstance(content, Record) and _simple(content) == name and name.endswith(_EMBEDDED):
                    found.update(self.fields(content))
                else:
                    found.setdefault(_GO_NAMES.get(name) or name[:1].lower() + name[1:], value)
        return found

    def only(self, value: Value | None) -> _Fields:
        """The fields of a value, of its first alternative if it has several."""
        return self.fields(next((node for _, node in self.options(value, ALWAYS)), Absent()))

    def items(self, value: Value | None) -> tuple[Value, ...]:
        """The items of a sequence, of all its alternatives."""
        found = (node.items for _, node in self.options(value, ALWAYS) if isinstance(node, Sequence))
        items = tuple(item for items in found for item in items)
        self.steps += len(items)
        return () if self.full else items

    def word(self, value: Value | None) -> str:
        """A name for people: unknown parts in angle brackets, empty if there is none."""
        text = next((node for _, node in self.options(value, ALWAYS) if isinstance(node, Text)), None)
        return str(text) if text is not None else ""


_DEREFERENCES = 8
_NODES = (Mapping, Record, Sequence, Pointer, Alternatives)


def _simple(node: Value) -> str:
    """The name of a record's type without its package."""
    return node.type.rpartition(".")[2] if isinstance(node, Record) else ""


def _package(node: Value) -> str:
    return node.type.rpartition(".")[0] + "/" if isinstance(node, Record) else ""


def _is_custom(group: str) -> bool:
    """Whether an API group is none of Kubernetes' own, which have no dot or end in '.k8s.io'."""
    return "." in group and not group.endswith(".k8s.io")


def _text(value: Value) -> Text | None:
    """A part of a name as text: numbers as they are printed, the unknown as a hole; None for what no name has."""
    match value:
        case Text():
            return value
        case Number(value=number):
            return Text.of(str(number))
        case Opaque(identity=identity, label=label):
            return Text.of_hole(Hole(HoleKind.OPAQUE, identity, label))
        case Null() | Absent():
            return Text(())
        case _:
            return None


def _names_image(key: str) -> bool:
    return key.endswith(("Image", "_image", "-image"))


def _lists_images(key: str) -> bool:
    """Whether an entry of a ConfigMap is a document of images, by its name."""
    return "image" in key.lower()


def _may_be_name(text: Text) -> bool:
    """Whether a field called image can name a container image: not a sentence, not a picture's address."""
    literal = "".join(part for part in text.merged() if isinstance(part, str))
    return not any(character.isspace() for character in literal) and "://" not in literal


def _may_hold_images(text: Text) -> bool:
    length = sum(len(part.text) for part in text.parts if isinstance(part, Piece))
    return length <= LONGEST and any(isinstance(part, Piece) and "mage" in part.text for part in text.parts)


def _with_runtime_parts(value: Value, pattern: re.Pattern[str] | None) -> Value:
    """A name in which what a controller substitutes is not known."""
    if pattern is None or not isinstance(value, Text):
        return value
    parts: list[Piece | Filling] = []
    for part in value.parts:
        rest: tuple[Piece, ...] = (part,) if isinstance(part, Piece) else ()
        if isinstance(part, Filling):
            parts.append(part)
        while rest and (match := pattern.search(rest[0].text)):
            before, after = cut(rest[0], match.start())
            parts += before
            parts.append(Filling(Hole(HoleKind.OPAQUE, f"substituted:{match.group()}", match.group())))
            rest = cut(after[0], len(match.group()))[1]
        parts += rest
    return Text(tuple(parts))
