"""The catalogue: what tagcheck knows of container tools and of libraries, read from `rules/`.

This file fixes the vocabulary; the loader is below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tagcheck.values import Text


class EffectKind(Enum):
    """What a command or a library call does to images, clusters and programs."""

    BUILT = "built"
    PULLED = "pulled"
    TAGGED = "tagged"
    """`image` is the new name, `source` the old one"""
    SAVED = "saved"
    """`images` into the archive `archive`"""
    RESTORED = "restored"
    """the archive `archive` into the local engine"""
    LOADED = "loaded"
    """`images`, or what the archive `archive` holds, into the cluster or node `store`"""
    PUSHED = "pushed"
    RUN = "run"
    """a container on the host"""
    REMOVED = "removed"
    PRUNED = "pruned"
    """`filtered` says whether a filter limits it; `everything` whether unused images go too"""
    DEPLOYED = "deployed"
    """one image into a workload (`set image`, `kubectl run`); `workload`, `container`, `policy` where known"""
    APPLIED = "applied"
    """manifests: `path` (file or folder), or standard input when `stdin`"""
    CLUSTER = "cluster"
    """a cluster is made: `store`"""
    CLUSTER_DELETED = "cluster-deleted"
    STACK_UP = "stack-up"
    STACK_DOWN = "stack-down"
    EXECUTES = "executes"
    """another command line: `words`"""
    SCRIPT = "script"
    """a shell text `script`, or a script file `path`"""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a command does. Texts are symbolic. `tool` is the catalogue's name of the tool; `reading` says
    how it reads a bare name ('docker', 'podman', 'containerd', 'verbatim')."""

    kind: EffectKind
    tool: str
    reading: str = "docker"
    images: tuple[Text, ...] = ()
    source: Text | None = None
    archive: Text | None = None
    store: Text | None = None
    namespace: Text | None = None
    workload: Text | None = None
    container: Text | None = None
    policy: Text | None = None
    path: Text | None = None
    script: Text | None = None
    words: tuple[Text, ...] = ()
    stdin: bool = False
    stdout: bool = False
    kustomize: bool = False
    filtered: bool = False
    everything: bool = False
    unnamed: bool = False
