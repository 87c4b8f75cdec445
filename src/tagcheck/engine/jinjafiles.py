"""Jinja2 templates of the project: rendered on symbolic values, alone or by a program that gives the variables."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import dirname, join, normpath

from tagcheck import ir
from tagcheck.builtins import jinja_rendering
from tagcheck.engine.places import at_root
from tagcheck.engine.workspaces import Workspaces
from tagcheck.values import Text, Value


class JinjaFiles(Workspaces):
    """A run that knows Jinja2."""

    def render_file(self, path: str, given: Mapping[str, Value]) -> Value | None:
        """What a template file of the project becomes with variables; None if it cannot be read."""
        content = self.read_file(at_root(path)) if self.program.has(path) else None
        options = self.text_options(content) if content is not None else []
        if not options:
            return None
        self.visited.add(f"j2:{path}")
        return jinja_rendering.render(
            *(options[0][1], given, self.machine(), f"j2:{path}"),
            lambda name: self._beside(path, name),
            self.look_up,
        )

    def look_up(self, kind: str, terms: tuple[Value, ...], options: Mapping[str, Value]) -> Value | None:
        """What a lookup in a template gives; None where that is not known."""
        return None

    def _beside(self, path: str, name: str) -> Text | None:
        """Another template by its name: in the folder of the first or in one around it."""
        folder = dirname(path)
        while True:
            found = normpath(join(folder, name))
            if self.program.has(found):
                self.visited.add(f"j2:{found}")
                return self._project_content(found)
            if not folder:
                return None
            folder = dirname(folder)

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.TEMPLATE and isinstance(value, Text) and value.literal:
            rendered = self.render_file(value.literal, {})
            if rendered is not None:
                self.deploy(rendered)
        else:
            super().used(node, value)
