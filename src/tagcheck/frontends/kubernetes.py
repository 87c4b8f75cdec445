"""Kubernetes manifests: YAML and JSON documents to `Use` statements, one for each API object.

Purpose: say that a file states API objects, and write them out. Which images an object names, and whether a cluster
runs them, is not decided here.

A document is an object if it has `apiVersion` and `kind` (Kubernetes API conventions, "Types (Kinds)"); a list kind is
taken apart. Files that only client programs read have both too: they are told by their API group and left out, as are
definitions of resources, which hold schemas. Template tags are values of which nothing is known; `${VARIABLE}` stays as
it is written.

What it cannot do: chart templates whose structure a tag makes; patches, which have no `kind` of their own in general.
"""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.holes import blank_definitions, blank_substituted_lines, mask
from tagcheck.frontends.yamltext import compose, decode, plain
from tagcheck.ir import Expression, ListOf, Literal, MapOf, Problem, Procedure, Role, Use
from tagcheck.source import Span, Text

LANGUAGE = "kubernetes"

SUFFIXES = (".yaml", ".yml", ".json")
_TEMPLATE_SUFFIXES = (".tmpl", ".tpl", ".gotmpl", ".template", ".in")
_OTHER_FILES = frozenset(
    ("chart.yaml", "kustomization.yaml", "kustomization.yml", "package.json", "package-lock.json", "tsconfig.json")
)
_CLIENT_GROUPS = frozenset(
    (
        "skaffold",
        "kind.x-k8s.io",
        "k3d.io",
        "kustomize.config.k8s.io",
        "config.kubernetes.io",
        "kuttl.dev",
        "chainsaw.kyverno.io",
        "ctlptl.dev",
        "kubeadm.k8s.io",
        "client.authentication.k8s.io",
    )
)
"""API groups of files that a client program reads and no API server ever sees, or (kuttl, chainsaw) a test runner."""
_OTHER_KINDS = frozenset(("Kustomization", "Component", "CustomResourceDefinition"))
DELIVERING = ("helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "argoproj.io")
"""API groups with objects that name no image and have others deployed."""
_DELIVERING = tuple(each.encode() for each in DELIVERING)


def relevant(path: str, content: bytes) -> bool:
    """Whether a file can state an API object that names an image or has a pod template."""
    name = path.rpartition("/")[2].lower()
    for suffix in _TEMPLATE_SUFFIXES:
        name = name.removesuffix(suffix)
    if not name.endswith(SUFFIXES) or name in _OTHER_FILES:
        return False
    if b"\x00" in content[:4] or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    return (
        (
            b"mage" in content
            or b"IMAGE" in content
            or b"ontainers" in content
            or any(each in content for each in _DELIVERING)
        )
        and _has_key(content, b"kind")
        and _has_key(content, b"apiVersion")
        and not _definitions_only(content)
    )


def parse(path: str, content: bytes, module: str) -> Unit:
    """A manifest file as a unit with one procedure, `k8s:path`, that states its objects. Never raises."""
    text = decode(path, content)
    if isinstance(text, Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    uses, problems = lower_text(text)
    if not uses:
        return Unit(path, LANGUAGE, module, problems=problems)
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    procedure = Procedure(f"k8s:{path}", module, (), lambda: uses, span)
    name = path.rpartition("/")[2]
    return Unit(
        path, LANGUAGE, module, procedures={name: procedure}, entries=((name, EntryKind.FILE),), problems=problems
    )


def lower_text(text: Text) -> tuple[tuple[Use, ...], tuple[Problem, ...]]:
    """The objects that a text states, and why parts of it could not be read. Hole characters that the text has stay in
    the literals; a line of holes alone, which stands for a block of lines, is passed over. Never raises."""
    if "kind" not in text.text:
        return (), ()
    masked = mask(blank_definitions(text))
    composed = compose(blank_substituted_lines(masked.text), masked.opaque(), masked.controlled)
    uses = tuple(
        Use(Role.OBJECT, item, item.span) for document in composed.documents for item in objects(document.root)
    )
    return uses, tuple(map(_explained, composed.problems)) if masked.tags or masked.controlled else composed.problems


def objects(root: Expression) -> Iterator[MapOf]:
    """The API objects of a document, the items of lists (v1 List, PodList) one by one."""
    pending = [root]
    while pending:
        value = pending.pop()
        if not isinstance(value, MapOf):
            continue
        kind, version = field(value, "kind"), field(value, "apiVersion")
        items = field(value, "items")
        if kind is None or version is None or not _stated(plain(kind), plain(version)):
            continue
        if isinstance(items, ListOf) and (plain(kind) or "").endswith("List"):
            pending.extend(reversed(items.items))
        else:
            yield value


def field(mapping: MapOf, name: str) -> Expression | None:
    """The value of a key of a mapping."""
    return next((value for key, value in mapping.entries if isinstance(key, Literal) and key.text == name), None)


def _stated(kind: str | None, version: str | None) -> bool:
    """Whether objects of a kind and API version reach a cluster and may name images."""
    group = (version or "").partition("/")[0]
    return group in DELIVERING or (kind not in _OTHER_KINDS and group not in _CLIENT_GROUPS)


def _has_key(content: bytes, key: bytes) -> bool:
    """Whether a document may have a key at its top: at the beginning of a line, quoted, or in a flow mapping."""
    if content.startswith(key) or b"\n" + key in content or b'"' + key + b'"' in content:
        return True
    return key in content and content.lstrip()[:1] in (b"{", b"-", b"\xef")


def _definitions_only(content: bytes) -> bool:
    """Whether every document of a YAML file defines a resource: such files are large, and hold schemas only."""
    kinds = content.count(b"\nkind:") + content.startswith(b"kind:")
    return kinds > 0 and kinds == content.count(b"\nkind: CustomResourceDefinition")


def _explained(problem: Problem) -> Problem:
    message = f"{problem.message} (template tags were taken as unknown values; a rendered file can be checked instead)"
    return Problem(problem.path, problem.line, problem.column, message)
