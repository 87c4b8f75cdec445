"""Terraform: what commands do to the modules of the project (Terraform 1.11, OpenTofu 1.9)."""

from __future__ import annotations

from posixpath import dirname

from tagcheck import ir
from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue import Tools
from tagcheck.engine.playbooks import Playbooks
from tagcheck.engine.terraformapplication import REST, Application, destroy, place
from tagcheck.engine.terraformfunctions import called
from tagcheck.engine.terraformmodules import is_source
from tagcheck.frontends import terraform
from tagcheck.frontends.hcl.expressions import Defined
from tagcheck.frontends.terraform.expressions import CALL
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Text as SourceText
from tagcheck.values import EMPTY, Mapping, Text, Value


class Terraform(Playbooks):
    """A run that knows modules of Terraform."""

    def __init__(self, program: Program, models: Models, tools: Tools, steps: int) -> None:
        super().__init__(program, models, tools, steps)
        self._applications: dict[str, Application] = {}
        """by the folders of their roots"""
        self._plans: dict[str, Effect] = {}
        """what a plan was made with, by its file"""

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.MODULE and isinstance(value, Text):
            self._apply_module(value.literal or "", Effect(EffectKind.PROVISIONED, "terraform"))
        else:
            super().used(node, value)

    def provisioned(self, effect: Effect) -> None:
        folder = self.folder(effect.directory or EMPTY)
        plan = str(self.placed(effect.path)) if effect.path is not None else ""
        if effect.kind is EffectKind.PLANNED:
            self._plans[plan] = effect
        elif folder is None or not any(
            is_source(path) and dirname(path) == folder for path in self.program.below(folder)
        ):
            self.gap("run", "a module of Terraform that is not in the project")
        elif effect.kind is EffectKind.PROVISIONED:
            self._apply_module(folder, self._plans.get(plan, effect))
        elif folder in self._applications:
            destroy(self, self._applications[folder])

    def _is_module(self, folder: str) -> bool:
        return any(is_source(path) and dirname(path) == folder for path in self.program.below(folder))

    def _apply_module(self, folder: str, effect: Effect) -> None:
        outer = (self.working_directory, self.in_command, self.site)
        application = Application(self, folder, effect)
        self.working_directory, self.in_command = place(folder), True
        # Files that define a name twice are no module, but examples beside each other.
        if not application.root.unclear:
            application.run_root()
        self._applications[folder] = application
        self.working_directory, self.in_command, self.site = outer

    def rendered(self, effect: Effect) -> Value | None:
        if effect.tool != "terraform":
            return super().rendered(effect)
        folder = self.folder(effect.directory or EMPTY)
        application = self._applications.get(folder) if folder is not None else None
        name = effect.workload.literal if effect.workload is not None else None
        return application.output(name) if application is not None and name else None

    # --- expressions ---

    def _entry(self, mapping: Mapping, key: Value) -> Value:
        rest = mapping.entries[0] if mapping.entries else None
        if rest is None or rest[0] is not REST:
            return super()._entry(mapping, key)
        found = mapping.get(key.literal or "") if isinstance(key, Text) else None
        return found if found is not None else self.item(rest[1], key)

    def _applied(self, operation: str, values: tuple[Value, ...]) -> Value:
        if not operation.startswith(CALL):
            return super()._applied(operation, values)
        if operation == f"{CALL}templatefile" and len(values) == 2:
            return self._filled_with(values[0], values[1])
        return called(operation.removeprefix(CALL), values, self)

    def _filled_with(self, path: Value, given: Value) -> Value:
        """A template file with variables."""
        content = self.read_file(path)
        options = self.text_options(content) if content is not None else []
        source, holes = self.source_text(options[0][1]) if len(options) == 1 else (None, ())
        lowered = self.program.lowered(source, _as_template) if source is not None and not holes else None
        if lowered is None or not isinstance(given, Mapping):
            return self.opaque("what a template gives")
        frame = self._nowhere(lowered.value.span)
        frame.names.update(
            (key.literal, self.heap.new(each)) for key, each in given.entries if isinstance(key, Text) and key.literal
        )
        return self.load(self.evaluate(lowered.value, frame))


def _as_template(source: SourceText) -> Defined | None:
    return terraform.lower_template(source)
