"""Kustomizations: which files they are made of, and each as something that can be applied (kustomize 5.5). What one
makes of its resources depends on the run, and is not computed here."""

from __future__ import annotations

from posixpath import dirname, join, normpath

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.yamltext import compose, decode, plain
from tagcheck.source import Span

LANGUAGE = "kustomize"
NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LISTS = ("resources", "patches", "patchesStrategicMerge", "bases", "components")


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a kustomization that can be applied; a component is part of one."""
    return path.rpartition("/")[2] in NAMES and b"kind: Component" not in content


def parse(path: str, content: bytes, module: str) -> Unit:
    """A kustomization as a unit with one procedure, `kz:path`, that states it. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    stated = ir.Use(ir.Role.KUSTOMIZATION, ir.Literal(dirname(path) or ".", span, exact=False), span)
    procedure = ir.Procedure(f"kz:{path}", module, (), lambda: (stated,), span)
    name = path.rpartition("/")[2]
    problems = compose(text).problems
    return Unit(
        path, LANGUAGE, module, procedures={name: procedure}, entries=((name, EntryKind.FILE),), problems=problems
    )


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
