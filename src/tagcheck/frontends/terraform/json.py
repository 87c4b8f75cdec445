"""Terraform files in JSON: the same blocks, whose texts are templates of HCL (Terraform 1.11, "JSON Configuration
Syntax"). What is a block and what a mapping, only the one that reads it can tell."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck import ir
from tagcheck.frontends.hcl.expressions import Defined
from tagcheck.frontends.terraform.blocks import Attributes, Block, lower_quoted
from tagcheck.frontends.terraform.expressions import LABEL
from tagcheck.frontends.yamltext import compose, plain, text_of
from tagcheck.source import Span, Text

_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1}
"""How many labels blocks of a kind have."""
_PLAIN = {"variable": ("type", "default", "description"), "module": ("source", "version")}
"""What is written out in blocks of a kind, no template."""
_REFERENCES = ("depends_on", "provider", "providers")
_LABELLED = ("provisioner", "dynamic")
MOST_TEMPLATES = 2000
"""Each template is parsed by itself."""


def lower_json(text: Text) -> tuple[Block, ...] | None:
    """The blocks of a file in JSON; None if it cannot be read. Never raises."""
    root = _root(text)
    if root is None:
        return None
    file = _File()
    return tuple(
        block
        for key, value in root.entries
        if (kind := plain(key)) is not None
        for block in file.blocks(kind, value, _LABELS.get(kind, 0), (), key.span)
    )


def lower_variables(text: Text) -> tuple[Block, ...] | None:
    """A file of variables in JSON, as one block without a kind; None if it cannot be read. Never raises."""
    root = _root(text)
    if root is None:
        return None
    found = {name: Defined(value) for key, value in root.entries if (name := plain(key))}
    return (Block("", (), root.span, lambda: found),)


def _root(text: Text) -> ir.MapOf | None:
    composed = compose(text)
    root = composed.documents[0].root if composed.documents and not composed.problems else None
    return root if isinstance(root, ir.MapOf) else None


class _File:
    """One file while it is lowered."""

    def __init__(self) -> None:
        self.left = MOST_TEMPLATES
        self.mentioned: set[str] = set()

    def blocks(
        self, kind: str, value: ir.Expression, labels: int, known: tuple[str, ...], span: Span
    ) -> Iterator[Block]:
        """The blocks of a kind, by as many labels as those have; each place may hold one or a list of them."""
        for body in value.items if isinstance(value, ir.ListOf) else (value,):
            if not isinstance(body, ir.MapOf):
                continue
            if not labels:
                yield Block(kind, known, span, lambda body=body: self._attributes(kind, body))  # type: ignore[misc]
                continue
            for key, inner in body.entries:
                label = plain(key)
                if label is not None:
                    yield from self.blocks(kind, inner, labels - 1, (*known, label), key.span)

    def _attributes(self, kind: str, body: ir.MapOf) -> Attributes:
        found: Attributes = {}
        for key, value in body.entries:
            name = plain(key)
            if name in _PLAIN.get(kind, ()):
                found[name or ""] = Defined(_as_text(value) if name != "default" else value)
            elif name in _REFERENCES:
                found[name] = Defined(value, frozenset(_names(value)))
            elif name:
                self.mentioned = set()
                lowered = self._labelled(value) if name in _LABELLED else self._lowered(value)
                found[name] = Defined(lowered, frozenset(self.mentioned))
        return found

    def _labelled(self, value: ir.Expression) -> ir.Expression:
        """Blocks inside of another one that have a label."""
        bodies = value.items if isinstance(value, ir.ListOf) else (value,)
        entries = [entry for body in bodies if isinstance(body, ir.MapOf) for entry in body.entries]
        listed: list[ir.Expression] = []
        for key, inner in entries:
            for body in inner.items if isinstance(inner, ir.ListOf) else (inner,):
                content = self._lowered(body)
                label = (ir.Literal(LABEL, key.span, exact=False), ir.Literal(plain(key) or "", key.span))
                listed.append(ir.MapOf((label, *(content.entries if isinstance(content, ir.MapOf) else ())), key.span))
        return ir.ListOf(tuple(listed), value.span)

    def _lowered(self, node: ir.Expression) -> ir.Expression:
        match node:
            case ir.ListOf():
                return ir.ListOf(tuple(map(self._lowered, node.items)), node.span)
            case ir.MapOf():
                return ir.MapOf(tuple((key, self._lowered(value)) for key, value in node.entries), node.span)
            case ir.Constant(value=None):
                return node
            case ir.Constant():
                return ir.Literal(str(node.value).lower(), node.span, exact=False)
        content = plain(node)
        if content is None or ("${" not in content and "%{" not in content):
            return node
        text = text_of(node)
        self.left -= 1
        found = lower_quoted(text) if text is not None and self.left >= 0 else None
        if found is None:
            return ir.Opaque("a template that is not read", node.span)
        self.mentioned |= found.mentions
        return found.value


def _as_text(value: ir.Expression) -> ir.Expression:
    """What is written out, without the template that may stand around it (`"type": "${list(string)}"`)."""
    content = plain(value)
    if content is not None and content.startswith("${") and content.endswith("}"):
        return ir.Literal(content[2:-1], value.span, exact=False)
    return value


def _names(value: ir.Expression) -> Iterator[str]:
    for each in value.items if isinstance(value, ir.ListOf) else (value,):
        name = plain(each)
        if name:
            yield name.removeprefix("${").removesuffix("}")
