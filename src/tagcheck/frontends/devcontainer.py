"""Development containers to the small language (containers.dev, "Dev Container metadata reference", 2025).

A file is JSON with comments; what it says is stated as a mapping. `${localEnv:NAME:default}` is what the environment
holds, other variables are not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.yamltext import compose, decode
from tagcheck.source import Span, Text

LANGUAGE = "devcontainer"
_NAMES = ("devcontainer.json", ".devcontainer.json")
_ENVIRONMENT = ("localEnv", "env")


def relevant(path: str, content: bytes) -> bool:
    """Whether a file describes a development container, by its name."""
    return path.rpartition("/")[2] in _NAMES


def parse(path: str, content: bytes, module: str) -> Unit:
    """A file as a unit with one procedure, `devcontainer:path`, that states it. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    composed = compose(Text(_without_comments(text.text), text.chunks))
    root = composed.documents[0].root if composed.documents else None
    body = (ir.Use(ir.Role.WORKPLACE, _lowered(root), root.span),) if isinstance(root, ir.MapOf) else ()
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    procedure = ir.Procedure(f"devcontainer:{path}", module, (), lambda: body, span)
    name = path.rpartition("/")[2]
    entries = ((name, EntryKind.STATEMENT),)
    return Unit(path, LANGUAGE, module, procedures={name: procedure}, entries=entries, problems=composed.problems)


def _without_comments(text: str) -> str:
    """The text with blanks in the place of its comments, and of what YAML does not take for blanks."""
    parts: list[str] = []
    at = 0
    for start, end in _comments(text):
        parts += [text[at:start], "".join(each if each == "\n" else " " for each in text[start:end])]
        at = end
    return "".join((*parts, text[at:])).replace("\t", " ")


def _comments(text: str) -> Iterator[tuple[int, int]]:
    at, quoted = 0, False
    while at < len(text):
        if quoted:
            quoted, at = text[at] != '"', at + 1 + (text[at] == "\\")
            continue
        end = at + 1
        if text.startswith("//", at):
            end = text.find("\n", at)
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2) + 2 if "*/" in text[at + 2 :] else -1
        else:
            quoted = text[at] == '"'
            at = end
            continue
        end = len(text) if end < 0 else end
        yield at, end
        at = end


def _lowered(node: ir.Expression) -> ir.Expression:
    match node:
        case ir.MapOf():
            return ir.MapOf(tuple((key, _lowered(value)) for key, value in node.entries), node.span)
        case ir.ListOf():
            return ir.ListOf(tuple(map(_lowered, node.items)), node.span)
        case ir.Literal() if "${" in node.text:
            return ir.Join(tuple(_parts(node)), node.span)
        case _:
            return node


def _parts(node: ir.Literal) -> Iterator[ir.Expression]:
    at, text = 0, node.text
    while (start := text.find("${", at)) >= 0 and (end := text.find("}", start)) >= 0:
        yield _cut(node, at, start)
        yield _variable(text[start + 2 : end], node.span)
        at = end + 1
    yield _cut(node, at, len(text))


def _variable(written: str, span: Span) -> ir.Expression:
    kind, _, rest = written.partition(":")
    name, divider, default = rest.partition(":")
    if kind not in _ENVIRONMENT or not name:
        return ir.Opaque(f"{written}, which the editor knows", span)
    value = ir.Apply("environment", (ir.Literal(name, span, exact=False),), span)
    if not divider:
        return value
    given = ir.Compare(ir.CompareOp.NE, value, ir.Literal("", span), span)
    return ir.Choice(given, value, ir.Literal(default, span, exact=False), span)


def _cut(node: ir.Literal, start: int, end: int) -> ir.Literal:
    """A part of a literal, at its place."""
    first, last = (node.span.start.advanced(node.text[:at]) if node.exact else node.span.start for at in (start, end))
    span = Span(first.path, first.line, first.column, last.line, last.column)
    return ir.Literal(node.text[start:end], span, exact=node.exact)
