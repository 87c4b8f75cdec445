"""Steps of a workflow's job or of a composite action to statements.

A step that runs a text starts a shell of its own: what it exports is gone when it ends; what it writes to GITHUB_ENV
and GITHUB_OUTPUT is there for the steps after it. A step that uses an action is a call of the function `use` of a
module named after it, with a mapping of its inputs; actions of the project are procedures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tagcheck import ir
from tagcheck.frontends.ci.body import Body, is_strict, shell_of
from tagcheck.frontends.ci.contexts import Contexts, Scope
from tagcheck.frontends.ci.documents import entries, field, items, without, word
from tagcheck.source import Span

MOST_STEPS = 200
LocalAction = Callable[[str], "ir.Procedure | None"]
"""The procedure of an action of the project, by the path of its folder."""


@dataclass(frozen=True)
class Defaults:
    """What holds for steps that do not say otherwise; `shell` is a line that starts one, None for one that is not
    read."""

    shell: str | None = "bash"
    directory: ir.Expression | None = None


class Steps:
    """The steps of one list, lowered into a body."""

    def __init__(self, scope: Scope, body: Body, defaults: Defaults, local: LocalAction) -> None:
        self.scope, self.body, self.defaults, self.local = scope, body, defaults, local

    def lower(self, listed: ir.Expression | None) -> None:
        steps = items(listed)[:MOST_STEPS]
        for name in sorted(identifiers(listed)):
            span = listed.span if listed is not None else Span("", 1, 1, 1, 1)
            unknown = ir.Opaque("what a step gives that did not run", span)
            self.body.emit(ir.Assign((ir.Name(f"steps.{name}", span),), unknown, span, declare=True))
        for number, step in enumerate(steps, 1):
            self.step(step, number)

    def step(self, step: ir.Expression, number: int) -> None:
        environment = field(step, "env")
        outer = Contexts(self.scope, self.body)
        own = {name: outer.template(value) for name, value in entries(environment)}
        contexts = Contexts(replace(self.scope, environment={**self.scope.environment, **own}), self.body)
        condition = contexts.condition(field(step, "if"))
        if isinstance(condition, ir.Constant) and condition.value is False:
            return
        with self.body.under(condition, step.span):
            uses, run = field(step, "uses"), field(step, "run")
            if uses is not None:
                self.action(step, word(uses), uses.span, contexts, own)
            elif run is not None:
                self.script(step, run, number, contexts, tuple(own.items()))

    def target(self, step: ir.Expression) -> ir.Target:
        """The variable that takes what a step gives."""
        name = word(field(step, "id"))
        return ir.Name(f"steps.{name}", step.span) if name else None

    # --- scripts ---

    def script(
        self,
        step: ir.Expression,
        run: ir.Expression,
        number: int,
        contexts: Contexts,
        environment: tuple[tuple[str, ir.Expression], ...],
    ) -> None:
        said = field(step, "shell")
        line = self.defaults.shell if said is None else word(said)
        shell = shell_of(line) if line is not None else None
        if line is None or shell is None:
            return
        span = run.span
        directory = field(step, "working-directory")
        files = {name: ir.Literal(f"/github/{self.scope.label}/{number}/{name}", span, False) for name in _FILES}
        for path in files.values():
            self.body.call("ci", "empty-file", (path, ir.Literal("", span)), span)
        printed = self.body.temporary(span)
        self.body.shell(
            contexts.template(run),
            span,
            shell,
            (*files.items(), *environment),
            self.defaults.directory if directory is None else contexts.template(directory),
            printed,
            strict=is_strict(line),
        )
        self.body.call("ci", "export-all", (files["GITHUB_ENV"], printed), span)
        target = self.target(step)
        if target is not None:
            self.body.call("ci", "outputs", (files["GITHUB_OUTPUT"], printed), span, target)

    # --- actions ---

    def action(
        self, step: ir.Expression, name: str, span: Span, contexts: Contexts, environment: dict[str, ir.Expression]
    ) -> None:
        given = tuple((key, contexts.template(value)) for key, value in entries(field(step, "with")))
        target = self.target(step)
        if name.startswith("docker://"):
            image = field(step, "uses")
            self.body.call("ci", "container", (without(image, "docker://"),), span)
        elif name.startswith("./"):
            self.of_project(name, given, span, target)
        else:
            inputs = ir.MapOf(tuple((ir.Literal(key, span, False), value) for key, value in given), span)
            own = ir.MapOf(tuple((ir.Literal(key, span, False), value) for key, value in environment.items()), span)
            arguments = (inputs, own) if environment else (inputs,)
            self.body.call(f"action/{name.partition('@')[0].lower()}", "use", arguments, span, target)

    def of_project(
        self, name: str, given: tuple[tuple[str, ir.Expression], ...], span: Span, target: ir.Target
    ) -> None:
        procedure = self.local(name)
        if procedure is None:
            self.body.call(
                "ci", "gap", (ir.Literal(f"an action that is not in the project: {name}", span, False),), span
            )
            return
        invoke(self.body, procedure, given, span, target)


_FILES = ("GITHUB_OUTPUT", "GITHUB_ENV")


def invoke(
    body: Body,
    procedure: ir.Procedure,
    given: tuple[tuple[str, ir.Expression], ...],
    span: Span,
    target: ir.Target = None,
) -> None:
    """Call a procedure whose parameters are inputs."""
    known = {parameter.name for parameter in procedure.parameters}
    arguments = tuple(ir.Argument(value, f"inputs.{key}") for key, value in given if f"inputs.{key}" in known)
    # The result of a pipeline is no name that a caller could drop.
    targets = (body.temporary(span) if target is None else target,)
    body.emit(ir.Invoke(targets, ir.Closure(procedure, span), arguments, span))


def identifiers(listed: ir.Expression | None) -> frozenset[str]:
    """The identifiers of steps."""
    found = (word(field(step, "id")) for step in items(listed)[:MOST_STEPS])
    return frozenset(name for name in found if name)


def outputs(declared: ir.Expression | None, contexts: Contexts, span: Span, *inside: str) -> tuple[ir.Expression, ...]:
    """The results of a procedure: a record of its outputs. `inside`: the key under which an output has its value."""
    fields = tuple(
        (name, contexts.template(field(value, *inside) if inside else value)) for name, value in entries(declared)
    )
    return (ir.RecordOf("", fields, span),)


def parameters(declared: ir.Expression | None, scope: Scope) -> tuple[ir.Parameter, ...]:
    """The parameters of a procedure that has inputs; one without a default is empty."""
    found: list[ir.Parameter] = []
    for name, value in entries(declared):
        default = field(value, "default")
        given = ir.Literal("", value.span) if default is None else Contexts(scope, Body()).template(default)
        found.append(ir.Parameter(f"inputs.{name}", default=_typed(given, default)))
    return tuple(found)


def _typed(given: ir.Expression, default: ir.Expression | None) -> ir.Expression:
    return default if isinstance(default, ir.Constant) and isinstance(default.value, bool) else given
