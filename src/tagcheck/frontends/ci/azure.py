"""Azure Pipelines: stages, jobs and steps to one procedure (Microsoft Learn, "YAML schema reference for Azure
Pipelines").

Jobs run in the order in which they are written, each on a host of its own. `$(NAME)` and `${{ variables.NAME }}` are
variables, whose names in a shell are in capitals with underscores. A task is a call of a function `use` of the module
`task/NAME` that models describe.

What it cannot do: template expressions other than names; conditions, which are taken to hold; PowerShell.
"""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath

from tagcheck import ir
from tagcheck.frontends.api import Unit
from tagcheck.frontends.ci import documents
from tagcheck.frontends.ci.body import Pipeline, unit
from tagcheck.frontends.ci.documents import Reader, entries, field, items, spelled, word
from tagcheck.frontends.ci.substitution import environment, substituted
from tagcheck.source import Span

LANGUAGE = "azure-pipelines"
DEEPEST = 6
_NAMES = re.compile(
    r"\$\((?P<a>[A-Za-z_][\w.\-]*)\)|\$\{\{\s*(?P<b>(?:variables|parameters)[.\[][\w.'\-\]\[]+?)\s*\}\}"
    r"|\$\[\s*(?P<c>[^\[\]\n]*(?:\['[^'\n]*'\][^\[\]\n]*)*)\]"
)
_OF_JOBS = ("dependencies.", "stageDependencies.")
"""How the names of what jobs before this one give begin."""


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a pipeline, by its name."""
    name = path.rpartition("/")[2]
    return (
        name.endswith((".yml", ".yaml"))
        and name.startswith("azure-pipelines")
        and (b"steps" in content or b"template" in content)
    )


def parse(path: str, content: bytes, module: str, read: Reader) -> Unit:
    """A pipeline as a unit with one entry. Never raises."""
    document = documents.read(path, content)[0]

    def statements() -> tuple[ir.Statement, ...]:
        lowered = _Lowered(path, read)
        lowered.stages(document.root, path, {}, 0)
        return tuple(lowered.body.out)

    return unit(path, LANGUAGE, statements, document)


class _Lowered:
    def __init__(self, path: str, read: Reader) -> None:
        self.path, self.read = path, read
        self.body = Pipeline("azure")
        self.variables: dict[str, ir.Expression] = {}
        self.count = 0
        self.named: set[str] = set()
        """the steps before this one that have names, behind that of their job"""
        self.job_name = ""

    def stages(self, node: ir.Expression | None, path: str, given: dict[str, ir.Expression], depth: int) -> None:
        """What stands at one level: stages, jobs or steps, with the variables of that level."""
        if depth > DEEPEST:
            return
        outer = dict(self.variables)
        self.variables |= self.declared(node)
        parameters = self.parameters(node, given)
        for key in ("stages", "jobs"):
            for each in items(field(node, key)):
                if not self.template(each, path, parameters, depth):
                    self.stages(each, path, parameters, depth + 1)
        strategy = field(node, "strategy", "runOnce", "deploy")
        steps = field(node, "steps") or field(strategy, "steps")
        if steps is not None and node is not None:
            self.job(node, steps, path, parameters, depth)
        self.variables = outer

    def template(self, node: ir.Expression, path: str, given: dict[str, ir.Expression], depth: int) -> bool:
        """A template of the project in the place of a stage or job."""
        found = self.included(node, path)
        if found is not None:
            passed = {name: self.text(value, given) for name, value in entries(field(node, "parameters"))}
            self.stages(found[0], found[1], passed, depth + 1)
        return field(node, "template") is not None

    def included(self, node: ir.Expression, path: str) -> tuple[ir.Expression, str] | None:
        name = word(field(node, "template"))
        if not name or "@" in name:
            return None
        included = normpath(name.lstrip("/") if name.startswith("/") else join(dirname(path), name))
        content = self.read(included)
        root = documents.read(included, content)[0].root if content is not None else None
        return (root, included) if root is not None else None

    def declared(self, node: ir.Expression | None) -> dict[str, ir.Expression]:
        """The variables of a level: a mapping, or a list of names and values."""
        listed = field(node, "variables")
        if isinstance(listed, ir.MapOf):
            return dict(entries(listed))
        pairs = ((word(field(each, "name")), field(each, "value")) for each in items(listed))
        return {name: value for name, value in pairs if name and value is not None}

    def parameters(self, node: ir.Expression | None, given: dict[str, ir.Expression]) -> dict[str, ir.Expression]:
        declared = field(node, "parameters")
        pairs = [(word(field(each, "name")), field(each, "default")) for each in items(declared)]
        if isinstance(declared, ir.MapOf):
            pairs = list(entries(declared))
        return {**{name: value for name, value in pairs if value is not None}, **given}

    # --- jobs ---

    def job(
        self, node: ir.Expression, steps: ir.Expression, path: str, given: dict[str, ir.Expression], depth: int
    ) -> None:
        self.count += 1
        pool = field(node, "pool")
        shared = isinstance(pool, ir.MapOf) and field(pool, "vmImage") is None
        name = self.job_name = word(field(node, "job")) or word(field(node, "deployment")) or str(self.count)
        with self.body.job(f"{self.path}#{name}", node.span, shared):
            for variable, value in self.variables.items():
                self.body.set(_spelled(variable), self.text(value, given))
            container = field(node, "container")
            image = field(container, "image") if isinstance(container, ir.MapOf) else container
            if image is not None and ("/" in word(image) or ":" in word(image)):
                self.body.container(self.text(image, given))
            self.steps(steps, path, given, depth)

    def steps(self, listed: ir.Expression, path: str, given: dict[str, ir.Expression], depth: int) -> None:
        for step in items(listed):
            included = self.included(step, path) if depth <= DEEPEST else None
            if included is not None:
                passed = {name: self.text(value, given) for name, value in entries(field(step, "parameters"))}
                inner = field(included[0], "steps")
                if inner is not None:
                    self.steps(inner, included[1], self.parameters(included[0], passed), depth + 1)
            elif isinstance(step, ir.MapOf):
                self.step(step, given)

    def step(self, step: ir.MapOf, given: dict[str, ir.Expression]) -> None:
        script = field(step, "script") or field(step, "bash")
        task = field(step, "task")
        inputs = field(step, "inputs")
        if task is not None and word(task).lower().startswith("bash@"):
            script = field(inputs, "script")
        if script is not None:
            own = tuple((name, self.text(value, given)) for name, value in entries(field(step, "env")))
            directory = field(step, "workingDirectory")
            printed = self.body.temporary(script.span)
            where = None if directory is None else self.text(directory, given)
            # A step goes on after a command that fails (Azure Pipelines documentation, task Bash@3).
            self.body.shell(self.text(script, given), script.span, "bash", own, where, printed, strict=False)
            self.body.call("ci", "export-all", (ir.Literal("", script.span), printed), script.span)
            if label := word(field(step, "name")):
                self.named.add(f"{self.job_name}.{label}")
                kept = ir.Name(f"outputs.{self.job_name}.{label}", script.span)
                self.body.call("ci", "outputs", (ir.Literal("", script.span), printed), script.span, kept)
        elif task is not None:
            span = task.span
            pairs = tuple((ir.Literal(name, span, False), self.text(value, given)) for name, value in entries(inputs))
            name = word(task).partition("@")[0].lower()
            self.body.call(f"task/{name}", "use", (ir.MapOf(pairs, span),), span)

    def text(self, value: ir.Expression | None, given: dict[str, ir.Expression]) -> ir.Expression:
        def meaning(name: str, span: Span) -> ir.Expression:
            context, _, rest = name.replace("['", ".").replace("']", "").partition(".")
            if context == "parameters" and rest in given:
                found = given[rest]
                return found if spelled(found) is None else documents.whole_scalar(found)
            if (output := self.output(name, span)) is not None:
                return output
            return environment(_spelled(rest if context == "variables" and rest else name), span)

        return substituted(value, _NAMES, meaning)

    def output(self, written: str, span: Span) -> ir.Expression | None:
        """What a step before this one gives: `STEP.NAME` of the same job, `dependencies.JOB.outputs['STEP.NAME']` of
        another; None for other names, which the environment has."""
        named = f"{self.job_name}.{written}"
        if written.startswith(_OF_JOBS):
            path, _, output = written.strip().partition(".outputs['")
            named = f"{path.rpartition('.')[2]}.{output.removesuffix(chr(39) + ']')}"
        step, _, name = named.rpartition(".")
        if step in self.named:
            return ir.Field(ir.Name(f"outputs.{step}", span), name, span)
        is_name = all(each.isalnum() or each in "._-'[]" for each in written.strip())
        return None if is_name and not written.startswith(_OF_JOBS) else ir.Opaque("an expression of a run", span)


def _spelled(name: str) -> str:
    """How a shell sees a variable."""
    return name.upper().replace(".", "_").replace(" ", "_").replace("-", "_")
