"""Pipelines that are Kubernetes objects: Tekton (tekton.dev) and Argo Workflows (argoproj.io), to one procedure for
each pipeline of a file (Tekton documentation, "Tasks" and "Pipelines"; Argo documentation, "Fields").

A step runs an image with a script or a command. Parameters are texts that are replaced before anything runs:
`$(params.NAME)` and `{{inputs.parameters.NAME}}`; those that nobody gives come from outside. Tasks are looked for in
the same file.

What a task or template leaves in a file as a result is known to those after it.

What it cannot do: loops over parameters, conditions, tasks of other files.
"""

from __future__ import annotations

from functools import partial

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.ci import documents
from tagcheck.frontends.ci.body import SHELLS, Pipeline
from tagcheck.frontends.ci.documents import Reader, field, items, spelled, word
from tagcheck.frontends.ci.substitution import CURLY, ROUND, Meaning, environment, substituted
from tagcheck.source import Span

LANGUAGE = "kubernetes-pipelines"
DEEPEST = 6
MOST_STEPS = 200
_FILLED_IN = (
    *("context.", "results.", "workspaces.", "steps.", "tasks."),
    *("workflow.name", "workflow.namespace", "workflow.uid", "workflow.creationTimestamp", "workflow.labels."),
    *("workflow.annotations.", "workflow.serviceAccountName", "pod.name", "node.name", "outputs.", "inputs.artifacts."),
)
"""How the names begin that Tekton and Argo replace beside parameters."""
_ARGO = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")

Given = dict[str, ir.Expression]


def relevant(path: str, content: bytes) -> bool:
    """Whether a file holds such a pipeline."""
    if not path.endswith((".yaml", ".yml")):
        return False
    return b"tekton.dev/" in content or (b"argoproj.io/" in content and b"templates:" in content)


def parse(path: str, content: bytes, module: str, read: Reader) -> Unit:
    """The pipelines of a file as a unit. Never raises."""
    found = documents.read(path, content)
    objects = [document.root for document in found if isinstance(document.root, ir.MapOf)]
    lowered = _Objects(path, objects)
    procedures = {}
    for name, node in lowered.entered():
        lower = partial(lowered.statements, node)
        procedures[name] = ir.Procedure(f"wf:{path}#{name}", "", (), lower, node.span, ("outputs",))
    entered = tuple((name, EntryKind.FILE) for name in procedures)
    return Unit(path, LANGUAGE, module, procedures=procedures, entries=entered, problems=found[0].problems)


class _Objects:
    def __init__(self, path: str, objects: list[ir.MapOf]) -> None:
        self.path, self.objects = path, objects
        kinds = [(word(field(each, "kind")), word(field(each, "metadata", "name")), each) for each in objects]
        self.tasks = {name: each for kind, name, each in kinds if kind in ("Task", "ClusterTask")}
        self.pipelines = [(name or kind, each) for kind, name, each in kinds if kind in ("Pipeline", "PipelineRun")]
        self.alone = [(name or kind, each) for kind, name, each in kinds if kind == "TaskRun"]
        self.workflows = [(name or kind, each) for kind, name, each in kinds if kind in _ARGO]
        self.budget = MOST_STEPS
        self.results: Given = {}
        """what has been left for those that come now, by the names under which they ask for it"""

    def entered(self) -> list[tuple[str, ir.MapOf]]:
        """What runs by itself: pipelines and workflows, tasks where there is no pipeline."""
        found = [*self.pipelines, *self.alone, *self.workflows]
        return found or [(name or "Task", each) for name, each in self.tasks.items()]

    def statements(self, node: ir.MapOf) -> tuple[ir.Statement, ...]:
        body = Pipeline()
        self.budget, self.results = MOST_STEPS, {}
        name = word(field(node, "metadata", "name"))
        with body.job(f"{self.path}#{name}", node.span):
            if word(field(node, "kind")) in _ARGO:
                self.workflow(node, body)
            else:
                self.pipeline(node, body)
        return tuple(body.out)

    # --- Tekton ---

    def pipeline(self, node: ir.MapOf, body: Pipeline) -> None:
        spec = field(node, "spec")
        inner = field(spec, "pipelineSpec") or field(spec, "taskSpec") or spec
        given = {**_defaults(field(inner, "params")), **_given(field(spec, "params"))}
        if field(inner, "steps") is not None:
            self.task(inner, given, body, "")
        for each in (*items(field(inner, "tasks")), *items(field(inner, "finally"))):
            meaning = self.known(_meaning("params.", given, f"params of {self.path}"))
            passed = {key: substituted(value, ROUND, meaning) for key, value in _given(field(each, "params")).items()}
            task = field(each, "taskSpec") or field(self.tasks.get(word(field(each, "taskRef", "name"))), "spec")
            if task is not None:
                self.task(task, {**_defaults(field(task, "params")), **passed}, body, word(field(each, "name")))

    def task(self, spec: ir.Expression | None, given: Given, body: Pipeline, name: str) -> None:
        """Run the steps of a task. Its results are files, which get a place of their own here."""
        declared = field(spec, "results")
        results = [word(field(each, "name")) for each in items(declared)]
        span = declared.span if declared is not None else Span("", 1, 1, 1, 1)
        paths = {f"results.{each}.path": f"/tekton/results/{name}/{each}" for each in results}
        plain = _meaning("params.", given, f"params of {self.path}")

        def meaning(written: str, span: Span) -> ir.Expression | None:
            return ir.Literal(paths[written], span, exact=False) if written in paths else plain(written, span)

        for step in items(field(spec, "steps")):
            self.container(step, partial(substituted, pattern=ROUND, meaning=meaning), field(step, "script"), body)
        for each in results if name else ():
            path = ir.Literal(paths[f"results.{each}.path"], span, exact=False)
            self.results[f"tasks.{name}.results.{each}"] = _left_in(path, body)

    def known(self, meaning: Meaning) -> Meaning:
        """What names stand for, those of results too."""

        def found(written: str, span: Span) -> ir.Expression | None:
            return self.results[written] if written in self.results else meaning(written, span)

        return found

    # --- Argo ---

    def workflow(self, node: ir.MapOf, body: Pipeline) -> None:
        spec = field(node, "spec", "workflowSpec") or field(node, "spec")
        templates = {word(field(each, "name")): each for each in items(field(spec, "templates"))}
        whole = _given(field(spec, "arguments", "parameters"))
        start = word(field(spec, "entrypoint"))
        for name in [start] if start in templates else list(templates):
            self.template(name, templates, whole, {}, body, 0)

    def template(
        self, name: str, templates: dict[str, ir.Expression], whole: Given, given: Given, body: Pipeline, depth: int
    ) -> None:
        node = templates.get(name)
        if node is None or depth > DEEPEST:
            return
        inputs = {**_given(field(node, "inputs", "parameters")), **given}
        outer = _meaning("workflow.parameters.", whole, f"parameters of {self.path}")
        inner = _meaning("inputs.parameters.", inputs, f"parameters of {name} in {self.path}")

        def meaning(written: str, span: Span) -> ir.Expression | None:
            return inner(written, span) or outer(written, span)

        replaced = partial(substituted, pattern=CURLY, meaning=self.known(meaning))
        if (script := field(node, "script")) is not None:
            self.container(script, replaced, field(script, "source"), body)
        if (container := field(node, "container")) is not None:
            self.container(container, replaced, None, body)
        called = [*(one for each in items(field(node, "steps")) for one in items(each))]
        for each in (*called, *items(field(node, "dag", "tasks"))):
            passed = {key: replaced(one) for key, one in _given(field(each, "arguments", "parameters")).items()}
            template = word(field(each, "template"))
            self.template(template, templates, whole, passed, body, depth + 1)
            self.leave(templates.get(template), word(field(each, "name")), body)

    def leave(self, node: ir.Expression | None, name: str, body: Pipeline) -> None:
        """What a template that has run under a name leaves as parameters."""
        for each in items(field(node, "outputs", "parameters")):
            path = field(each, "valueFrom", "path")
            if path is not None and "{{" not in word(path):
                value = _left_in(path, body)
                for kind in ("steps", "tasks"):
                    self.results[f"{kind}.{name}.outputs.parameters.{word(field(each, 'name'))}"] = value

    # --- both ---

    def container(
        self, node: ir.Expression, replaced: partial[ir.Expression], script: ir.Expression | None, body: Pipeline
    ) -> None:
        """Run an image with a script, or with a command and arguments."""
        self.budget -= 1
        if self.budget < 0:
            return
        image = field(node, "image")
        if image is not None:
            body.container(replaced(image))
        own = tuple(
            (word(field(each, "name")), replaced(field(each, "value")))
            for each in items(field(node, "env"))
            if field(each, "value") is not None
        )
        command = items(field(node, "command"))
        if script is not None:
            program = word(command[0]).rpartition("/")[2] if command else "sh"
            if program in SHELLS and _is_shell(spelled(script) or ""):
                body.shell(replaced(script), script.span, program, own, strict=False)
            return
        words = tuple(replaced(each) for each in (*command, *items(field(node, "args"))))
        if words and command:
            body.emit(ir.Run(words, node.span, own))


def _left_in(path: ir.Expression, body: Pipeline) -> ir.Expression:
    """What a file holds."""
    read = body.temporary(path.span)
    body.emit(ir.Invoke((read, None), ir.Global("ci", "read-file", path.span), (ir.Argument(path),), path.span))
    return ir.Apply("without-line-ends", (read,), path.span)


def _is_shell(script: str) -> bool:
    """Whether the first line, if it names a program, names a shell."""
    first = script.lstrip().partition("\n")[0]
    return not first.startswith("#!") or any(each.rpartition("/")[2] in SHELLS for each in first[2:].split())


def _given(listed: ir.Expression | None) -> Given:
    pairs = ((word(field(each, "name")), field(each, "value")) for each in items(listed))
    return {name: value for name, value in pairs if value is not None}


def _defaults(listed: ir.Expression | None) -> Given:
    pairs = ((word(field(each, "name")), field(each, "default")) for each in items(listed))
    return {name: value for name, value in pairs if value is not None}


def _meaning(prefix: str, given: Given, label: str) -> Meaning:
    """What parameters stand for, and what the controller fills in; None for other names."""

    def meaning(name: str, span: Span) -> ir.Expression | None:
        if not name.startswith(prefix):
            return _filled_in(name, span)
        key = name.removeprefix(prefix)
        value = given.get(key)
        return environment(f"{label}: {key}", span) if value is None else documents.whole_scalar(value)

    return meaning


def _filled_in(name: str, span: Span) -> ir.Expression | None:
    """What the controller knows of a run: its name, what its steps gave, one round of a loop."""
    if name.split(".")[0] == "item":
        return ir.Opaque("one round of a loop", span)
    return environment(name, span) if name.startswith(_FILLED_IN) else None
