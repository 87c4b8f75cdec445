"""Development containers: what a person who works in one starts (containers.dev, "Dev Container metadata reference",
2025). Their images are no one's but his: they are judged by their names alone."""

from __future__ import annotations

from posixpath import dirname

from tagcheck import ir
from tagcheck.catalog import Effect, EffectKind
from tagcheck.engine.deliveredcharts import DeliveredCharts
from tagcheck.engine.places import at_root, below
from tagcheck.events import Stage
from tagcheck.fields import field
from tagcheck.overlays import as_text
from tagcheck.values import Mapping, Sequence, Text, Value


class Workplaces(DeliveredCharts):
    """A run that knows development containers."""

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is not ir.Role.WORKPLACE:
            super().used(node, value)
        elif isinstance(value, Mapping):
            self._start(value, at_root(dirname(node.span.path)))

    def _start(self, said: Mapping, folder: Text) -> None:
        for guards, image in self.text_options(said.get("image") or Text(())):
            if image.parts:
                self.record_under(guards, Stage.RUN, image)
        file = as_text(field(said, "build", "dockerfile") or said.get("dockerFile"))
        if file is not None:
            context = as_text(field(said, "build", "context") or said.get("context"))
            # Both paths are as seen from the folder of the file.
            based = Effect(
                *(EffectKind.BASED, "docker"),
                directory=below(folder, context) if context is not None else folder,
                path=below(folder, file),
                stage=as_text(field(said, "build", "target")),
            )
            self.reads(based, self.mapped_arguments(field(said, "build", "args")))
        listed = said.get("dockerComposeFile")
        paths = listed.items if isinstance(listed, Sequence) else (listed,)
        files = tuple(below(folder, each) for each in paths if isinstance(each, Text))
        if files:
            self.composed(Effect(EffectKind.STACK_UP, "compose", values=files, settings=(Text.of("*"),)))
