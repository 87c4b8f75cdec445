"""Where redirections send what commands print (Bash Reference Manual 5.2, section 3.6).

What it cannot do: descriptors that are read from; a descriptor of which two places say different files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.commands import Commands
from tagcheck.frontends.shell.names import is_exec, opened_descriptor
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node


class Descriptors(Commands):
    """Redirections, one by one."""

    def is_input(self, redirect: Node) -> bool:
        return any(child.type in ("<", "<&", "<>") for child in redirect.children)

    def output_target(self, redirect: Node) -> tuple[bool, ir.Expression | None] | None:
        """Where a redirection sends the standard output: whether at a file's end, and the file, None for away from
        it; no redirection of the standard output at all: None."""
        descriptor = next((child for child in redirect.children if child.type == "file_descriptor"), None)
        path = redirect.child_by_field_name("destination")
        if (descriptor is not None and self.script.written(descriptor) != "1") or path is None:
            return None
        kind = next((child.type for child in redirect.children if not child.is_named), ">")
        if kind.startswith(">&"):
            written = self.script.written(path)
            if written in self.shared.names.descriptors:
                return True, ir.Apply(
                    "environment", (_descriptor(written, path_span := self.script.span(path)),), path_span
                )
            return (False, None) if written == "2" else None
        return kind in (">>", "&>>"), self.word(path)

    def is_taken_back(self, node: Node) -> bool:
        """Whether an `exec` gives the standard output back what a descriptor has kept."""
        if node.type != "redirected_statement" or not is_exec(self.script, node):
            return False
        return any(self._is_copied(each) for each in node.children_by_field_name("redirect"))

    def _is_copied(self, redirect: Node) -> bool:
        number, source = redirect.child_by_field_name("descriptor"), redirect.child_by_field_name("destination")
        if source is None or (number is not None and self.script.written(number) != "1"):
            return False
        written = self.script.written(source)
        copies = any(child.type == ">&" for child in redirect.children)
        return (copies and written.isdecimal() and written != "2") or written == "/dev/tty"

    def opened(self, node: Node) -> bool:
        """Lower `exec 3> FILE`; whether an `exec` opens descriptors alone."""
        span = self.script.span(node)
        redirects = node.children_by_field_name("redirect")
        for each in redirects:
            number, path = opened_descriptor(self.script, each), each.child_by_field_name("destination")
            if number and path is not None:
                kept = self.temporary(span)
                self.emit(ir.Assign((kept,), self.word(path), span))
                self.call("assign", (_descriptor(number, span), kept), span)
                if not any(child.type == ">>" for child in each.children):
                    self.call("write-file", (kept, ir.Literal("", span, exact=False)), span)
        return all(each.child_by_field_name("descriptor") is not None for each in redirects)


def _descriptor(number: str, span: Span) -> ir.Literal:
    """The variable that holds the path of the file that a descriptor writes."""
    return ir.Literal(f"exec {number}", span, exact=False)
