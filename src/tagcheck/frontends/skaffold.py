"""Skaffold's configurations: each, and each of its profiles, as something that can be run (Skaffold 2.16). What is
built and deployed then depends on the run, and is not computed here."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.yamltext import compose, decode, plain
from tagcheck.source import Span

LANGUAGE = "skaffold"
NAMES = ("skaffold.yaml", "skaffold.yml")
"""The files that are taken where none is named, the first that is there."""
MOST_PROFILES = 12
"""Profiles of a file that are seen by themselves; further ones are left out."""
_SUFFIXES = (".yaml", ".yml")
_GROUP = b"skaffold/"


def relevant(path: str, content: bytes) -> bool:
    """Whether a file holds a configuration."""
    return path.endswith(_SUFFIXES) and _GROUP in content and b"kind:" in content and _says_version(content)


def parse(path: str, content: bytes, module: str) -> Unit:
    """A file as a unit with one procedure, `skaffold:path`, and one for each profile, `skaffold:path#NAME`, that state
    it. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    end = text.position(len(text.text))
    whole = Span(path, 1, 1, end.line, end.column)
    composed = compose(text)
    roots = [each.root for each in composed.documents if isinstance(each.root, ir.MapOf)]
    found = {"": whole, **dict(pair for root in roots for pair in _profiles(root))}
    names = list(found)[: MOST_PROFILES + 1]
    procedures = {name: _stated(path, module, name, found[name]) for name in names}
    entries = tuple((name, EntryKind.STATEMENT) for name in names)
    return Unit(path, LANGUAGE, module, procedures=procedures, entries=entries, problems=composed.problems)


def key(path: str, profile: str = "") -> str:
    """The key of the procedure that states a file, or one of its profiles."""
    return f"skaffold:{path}#{profile}" if profile else f"skaffold:{path}"


def _stated(path: str, module: str, profile: str, span: Span) -> ir.Procedure:
    words = (ir.Literal(path, span, exact=False), ir.Literal(profile, span, exact=False))
    stated = ir.Use(ir.Role.ARTIFACTS, ir.ListOf(words, span), span)
    return ir.Procedure(key(path, profile), module, (), lambda: (stated,), span)


def _says_version(content: bytes) -> bool:
    lines = (line.strip().replace(b'"', b"").replace(b"'", b"") for line in content.splitlines() if _GROUP in line)
    return any(line.removeprefix(b"apiVersion:").lstrip().startswith(_GROUP) for line in lines)


def _profiles(root: ir.MapOf) -> Iterator[tuple[str, Span]]:
    listed = next((value for name, value in root.entries if plain(name) == "profiles"), None)
    for item in listed.items if isinstance(listed, ir.ListOf) else ():
        for name, value in item.entries if isinstance(item, ir.MapOf) else ():
            if plain(name) == "name" and (found := plain(value)):
                yield found, item.span
