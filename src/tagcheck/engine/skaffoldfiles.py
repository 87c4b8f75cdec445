"""What Skaffold's configurations say (Skaffold 2.16, schemas v1 to v4beta13): profiles laid over them, the artifacts,
what is deployed. Values are those of the file, with their places; what a template among them means depends on the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import join, normpath

from msgspec import Struct

from tagcheck.fields import field, items, word
from tagcheck.overlays import as_text, operated, with_entry
from tagcheck.values import EMPTY, Mapping, Sequence, Text, Truth, Value

DEEPEST = 12
_KIND = "Config"
_GROUP = "skaffold/"
_ALTERNATIVES = {"build": ("local", "googleCloudBuild", "cluster")}
"""Of some fields only one can be given: a profile's takes the place of any other."""
_USUAL = "k8s/*.yaml"
"""The manifests of a configuration that says nothing of any."""
_OTHERS = ("kpt", "cloudrun", "docker")
_PUSHING = ("googleCloudBuild", "cluster")


class Artifact(Struct, frozen=True):
    """An image that is built: its name as written, and the images that its build takes in."""

    name: Text
    needs: tuple[str, ...] = ()


class Release(Struct, frozen=True):
    """A chart that is installed, as the configuration describes it."""

    content: Mapping

    def texts(self, name: str) -> tuple[Text, ...]:
        return _texts(self.content.get(name))

    def pairs(self, name: str) -> tuple[tuple[Text, Value], ...]:
        """The settings under a key, mappings in mappings as one key with dots."""
        found = self.content.get(name)
        return tuple(_flat(found, EMPTY, 0)) if isinstance(found, Mapping) else ()


class Configuration(Struct, frozen=True):
    """One configuration with its profiles laid over it; `path` is the file that it stands in, `folders` are what its
    paths may be seen from, the likeliest first."""

    path: str
    content: Mapping
    folders: tuple[str, ...] = ("",)

    def places(self, path: str) -> tuple[str, ...]:
        """What a path of the configuration can mean, as seen from the project's folder."""
        found = (normpath(join(folder, path)) for folder in self.folders)
        return tuple("" if each == "." else each for each in found)

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        found: list[Artifact] = []
        for item in items(field(self.content, "build", "artifacts")):
            name = field(item, "image")
            if not isinstance(name, Text):
                # Before v1beta1 it was called so.
                name = field(item, "imageName")
            if isinstance(name, Text) and name.parts:
                needs = tuple(word(each, "image") for each in items(field(item, "requires")))
                found.append(Artifact(name, needs))
        return tuple(found)

    @property
    def policy(self) -> Value | None:
        return field(self.content, "build", "tagPolicy")

    @property
    def pushes(self) -> bool | None:
        """Whether what is built is pushed; None where the cluster decides."""
        if any(field(self.content, "build", name) is not None for name in _PUSHING):
            return True
        given = field(self.content, "build", "local", "push")
        return given.value if isinstance(given, Truth) else None

    @property
    def manifests(self) -> tuple[Text, ...]:
        """The patterns of the manifest files."""
        listed = (*self._listed("rawYaml"), *_texts(field(self.content, "deploy", "kubectl", "manifests")))
        return listed if listed or self._says_what() else (Text.of(_USUAL),)

    @property
    def kustomizations(self) -> tuple[Text, ...]:
        found: list[Text] = []
        for given in (field(self.content, "manifests", "kustomize"), field(self.content, "deploy", "kustomize")):
            if given is not None:
                paths = (*_texts(field(given, "paths")), *_texts(field(given, "path")))
                found += paths or (Text.of("."),)
        return tuple(found)

    @property
    def releases(self) -> tuple[Release, ...]:
        listed = (field(self.content, name, "helm", "releases") for name in ("manifests", "deploy"))
        return tuple(Release(item) for each in listed for item in items(each) if isinstance(item, Mapping))

    @property
    def is_whole(self) -> bool:
        """Whether everything that it deploys stands in files of the kinds above."""
        manifests, deploy = field(self.content, "manifests"), field(self.content, "deploy")
        others = [field(each, name) for each in (manifests, deploy) for name in _OTHERS]
        changing = [field(manifests, name) for name in ("hooks", "transform")]
        if any("--post-renderer" in str(each) for each in self._flags()):
            return False
        remote = [*items(field(deploy, "kubectl", "remoteManifests")), *items(field(manifests, "remoteManifests"))]
        chosen = field(self.content, "resourceSelector", "allow")
        return not remote and chosen is None and all(each is None for each in (*others, *changing))

    @property
    def named(self) -> Iterator[str]:
        """The images that it uses without a manifest."""
        for name in ("test", "verify", "customActions"):
            for item in items(self.content.get(name)):
                yield from (word(item, "image"), word(item, "container", "image"))
                yield from (word(each, "image") for each in items(field(item, "containers")))
        for item in items(field(self.content, "deploy", "docker", "images")):
            yield item.literal or "" if isinstance(item, Text) else ""
        yield from (
            word(each, "resourceName") for each in items(self.content.get("portForward")) if _is_container(each)
        )

    def _flags(self) -> Iterator[Text]:
        for part in ("manifests", "deploy"):
            given = field(self.content, part, "helm", "flags")
            for _, flags in given.entries if isinstance(given, Mapping) else ():
                yield from _texts(flags)

    def _listed(self, name: str) -> tuple[Text, ...]:
        return _texts(field(self.content, "manifests", name))

    def _says_what(self) -> bool:
        """Whether it says of anything that it is deployed."""
        manifests, deploy = field(self.content, "manifests"), field(self.content, "deploy")
        names = ("kustomize", "helm", "kpt", "cloudrun", "docker")
        return any(field(each, name) is not None for each in (manifests, deploy) for name in names)


class Requirement(Struct, frozen=True):
    """A configuration that another one needs: the path of its file (None if it is elsewhere), the names of the
    configurations there (all, if none), and its profiles with those that make them active."""

    path: str | None
    names: frozenset[str]
    profiles: tuple[tuple[str, frozenset[str]], ...]


def is_configuration(value: Value) -> bool:
    """Whether a document is a configuration."""
    return word(value, "apiVersion").startswith(_GROUP) and word(value, "kind") in (_KIND, "")


def name_of(value: Value) -> str:
    """What a configuration is called, if it has a name."""
    return word(value, "metadata", "name")


def with_profiles(content: Mapping, names: frozenset[str]) -> Mapping:
    """A configuration with its profiles of these names, in the order in which they stand."""
    for profile in items(content.get("profiles")):
        if isinstance(profile, Mapping) and word(profile, "name") in names:
            patches = field(profile, "patches")
            patched = operated(content, _with_operation(patches)) if isinstance(patches, Sequence) else content
            content = patched if isinstance(patched, Mapping) else content
            for key in ("build", "test", "verify", "deploy", "manifests", "customActions", "portForward"):
                given = profile.get(key)
                if given is not None:
                    below = content.get(key)
                    content = with_entry(content, key, _overlaid(below, given, key, 0))
    return content


def requirements(content: Mapping) -> tuple[Requirement, ...]:
    """What a configuration needs besides itself."""
    found: list[Requirement] = []
    for item in items(content.get("requires")):
        elsewhere = any(
            field(item, name) is not None for name in ("git", "googleCloudStorage", "googleCloudBuildRepoV2")
        )
        profiles = tuple(
            (word(each, "name"), frozenset(text.literal or "" for text in _texts(field(each, "activatedBy"))))
            for each in items(field(item, "activeProfiles"))
        )
        names = frozenset(text.literal or "" for text in _texts(field(item, "configs")))
        found.append(Requirement(None if elsewhere else word(item, "path"), names, profiles))
    return tuple(found)


def _with_operation(patches: Sequence) -> Sequence:
    """Patches that say no operation replace."""
    found = (
        with_entry(each, "op", Text.of("replace")) if isinstance(each, Mapping) and not word(each, "op") else each
        for each in patches.items
    )
    return Sequence(tuple(found))


def _overlaid(below: Value | None, above: Value, name: str, depth: int) -> Value:
    """Mappings join key by key, anything else is replaced."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping) or depth > DEEPEST or name == "tagPolicy":
        return above
    alone = _ALTERNATIVES.get(name, ())
    if any(above.get(each) is not None for each in alone):
        kept = ((key, value) for key, value in below.entries if not isinstance(key, Text) or key.literal not in alone)
        below = Mapping(tuple(kept), below.open)
    for key, value in above.entries:
        if isinstance(key, Text) and key.literal:
            below = with_entry(below, key.literal, _overlaid(below.get(key.literal), value, key.literal, depth + 1))
    return below


def _flat(node: Mapping, before: Text, depth: int) -> Iterator[tuple[Text, Value]]:
    for key, value in node.entries:
        if not isinstance(key, Text):
            continue
        name = before + Text.of(".") + key if before.parts else key
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from _flat(value, name, depth + 1)
        else:
            yield name, value


def _texts(value: Value | None) -> tuple[Text, ...]:
    listed = value.items if isinstance(value, Sequence) else (value,)
    return tuple(text for each in listed if (text := as_text(each)) is not None)


def _is_container(item: Value) -> bool:
    return word(item, "resourceType").lower() == "container"
