"""Kustomizations, as far as they say which manifests are not deployed as they stand (Kustomize v5, `resources`,
`patches`)."""

from __future__ import annotations

from posixpath import dirname, join, normpath

from tagcheck import ir
from tagcheck.frontends.yamltext import compose, decode, plain

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LISTS = ("resources", "patches", "patchesStrategicMerge", "bases", "components")


def parts(path: str, content: bytes) -> frozenset[str]:
    """The files and folders of the project, relative to its root, that a kustomization is made of; none if it cannot be
    read."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return frozenset()
    found: set[str] = set()
    for document in compose(text).documents:
        if isinstance(document.root, ir.MapOf):
            for key, value in document.root.entries:
                if plain(key) in _LISTS and isinstance(value, ir.ListOf):
                    found |= {name for item in value.items if (name := _file(item))}
    folder = dirname(path)
    return frozenset(normpath(join(folder, name)) for name in found)


def _file(item: ir.Expression) -> str:
    """The path that an entry of a list names: the entry itself, or its field `path`."""
    if isinstance(item, ir.MapOf):
        return next((plain(value) or "" for key, value in item.entries if plain(key) == "path"), "")
    return plain(item) or ""
