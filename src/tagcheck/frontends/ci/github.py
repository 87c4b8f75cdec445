"""GitHub Actions: workflows to procedures (GitHub Docs, "Workflow syntax for GitHub Actions").

Purpose: say what the jobs of a workflow do one after the other, each on a host of its own. A job is a procedure,
`wf:PATH#JOB`, that returns its outputs. An entry runs the jobs that hang together by what they need, in
order and in all their rows, so that a chain of jobs is one scenario; of a job that stands alone each row is one.
Called workflows and the project's own actions are procedures with inputs.

Rejected: one scenario for each job (names pass between jobs through outputs, registries and artifacts); one for each
combination of rows of all jobs (a job that comes after a matrix waits for all its rows).

What it cannot do: scripts for other shells than those of POSIX; workflows and actions of other repositories, of which
only what models say is known; a matrix that the run makes is one row of which nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from posixpath import normpath

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.ci import documents, matrix
from tagcheck.frontends.ci.body import Body, Pipeline, system_of
from tagcheck.frontends.ci.contexts import ROW, Contexts, Scope
from tagcheck.frontends.ci.documents import Document, Reader, entries, items, spelled, word
from tagcheck.frontends.ci.documents import field as field_of
from tagcheck.frontends.ci.steps import Defaults, Steps, identifiers, invoke, outputs, parameters
from tagcheck.source import Span

LANGUAGE = "github-actions"
FOLDER = ".github/workflows/"
ACTIONS = ("action.yml", "action.yaml")
"""What the file of an action is called in its folder."""
MOST_JOBS = 60
DEEPEST = 5
"""Workflows and actions that use each other."""
_CALL = "workflow_call"
_ALWAYS = ("always()", "failure()", "cancelled()", ".result")


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a workflow."""
    return path.startswith(FOLDER) and path.endswith((".yml", ".yaml")) and b"jobs" in content


def parse(path: str, content: bytes, module: str, read: Reader) -> Unit:
    """A workflow file as a unit; its entries are the ends of its chains of jobs. Never raises."""
    document = documents.read(path, content)[0]
    workflow = Workflow(document, read)
    entered = workflow.entries()
    return Unit(
        path,
        LANGUAGE,
        module,
        procedures=entered,
        entries=tuple((name, EntryKind.FILE) for name in entered),
        problems=document.problems,
    )


@dataclass(frozen=True)
class Workflow:
    """A workflow. `events` start the one that calls it, if one does."""

    document: Document
    read: Reader
    called: bool = False
    events: tuple[str, ...] = ()
    depth: int = 0
    _actions: dict[str, ir.Procedure | None] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def triggers(self) -> tuple[str, ...]:
        if self.called:
            return self.events
        on = field_of(self.document.root, "on")
        names = [name for name, _ in entries(on)] if isinstance(on, ir.MapOf) else [word(each) for each in items(on)]
        return tuple(name for name in names if name and name != "workflow_call")[:8]

    @cached_property
    def jobs(self) -> dict[str, ir.Expression]:
        return dict(list(entries(field_of(self.document.root, "jobs")))[:MOST_JOBS])

    def needs(self, job: str) -> tuple[str, ...]:
        """The jobs that a job waits for and that are there."""
        named = (word(each) for each in items(field_of(self.jobs[job], "needs")))
        return tuple(name for name in named if name in self.jobs and name != job)

    def ordered(self, job: str) -> tuple[str, ...]:
        """A job and those that it needs, directly or not, each after those that it needs itself."""
        found: dict[str, None] = {}
        pending = [(job, False)]
        begun: set[str] = set()
        while pending:
            name, is_ready = pending.pop()
            if is_ready:
                found[name] = None
            elif name not in begun:
                begun.add(name)
                pending += [(name, True), *((each, False) for each in reversed(self.needs(name)))]
        return tuple(found)

    def ends(self) -> tuple[str, ...]:
        """The jobs that no other job needs."""
        needed = {name for job in self.jobs for name in self.needs(job)}
        return tuple(name for name in self.jobs if name not in needed)

    # --- procedures ---

    def entries(self) -> dict[str, ir.Procedure]:
        """The procedures that run by themselves: one for the jobs of each chain, one for each row of a job that stands
        alone."""
        found: dict[str, ir.Procedure] = {}
        for chain in self.chains():
            ends = [name for name in self.ends() if name in chain]
            # A called workflow is known by the jobs that it runs: an entry is named after one of them.
            name = next((each for each in reversed(ends) if len(self.rows(each)) == 1), ends[-1] if ends else chain[-1])
            rows = self.rows(name)
            for row in rows if len(chain) == 1 else rows[:1]:
                key = self.title(name, row, len(rows) > 1)
                lower = partial(self._chain, chain, row if len(chain) == 1 else None)
                found[key] = self._procedure(key, lower, self.jobs[name].span)
        return found

    def title(self, name: str, row: ir.MapOf | None, several: bool) -> str:
        """A job, or a row of it, for people."""
        return f"{name} ({matrix.title(row)})" if several else name

    def chains(self) -> list[tuple[str, ...]]:
        """The jobs that hang together, each group in an order in which they can run."""
        group: dict[str, int] = {name: number for number, name in enumerate(self.jobs)}
        for name in self.jobs:
            for other in self.needs(name):
                joined, into = group[name], group[other]
                group = {each: into if number == joined else number for each, number in group.items()}
        ordered = dict.fromkeys(each for name in (*self.ends(), *self.jobs) for each in self.ordered(name))
        return [tuple(each for each in ordered if group[each] == number) for number in dict.fromkeys(group.values())]

    def whole(self) -> ir.Procedure:
        """The workflow as one that is called: its inputs are parameters, its outputs the result."""
        call = field_of(self.document.root, "on", "workflow_call")
        given = parameters(field_of(call, "inputs"), Scope(self.document.path, events=self.triggers))
        return self._procedure("", self._all, self.document.span, given)

    def _procedure(
        self,
        name: str,
        lower: partial[tuple[ir.Statement, ...]] | object,
        span: Span,
        given: tuple[ir.Parameter, ...] = (),
    ) -> ir.Procedure:
        key = f"wf:{self.document.path}" + (f"#{name}" if name else "")
        return ir.Procedure(key, "", given, lower, span, results=("outputs",))  # type: ignore[arg-type]

    def rows(self, job: str) -> tuple[ir.MapOf | None, ...]:
        node = self.jobs[job]
        strategy = field_of(node, "strategy", "matrix")
        return matrix.rows(strategy, node.span)

    @cached_property
    def inputs(self) -> frozenset[str]:
        declared = field_of(self.document.root, "on", "workflow_call", "inputs") if self.called else None
        return frozenset(name for name, _ in entries(declared))

    @cached_property
    def declared(self) -> frozenset[str]:
        """Every input that the workflow declares, however it is started, in lower case."""
        on = field_of(self.document.root, "on")
        listed = (field_of(on, each, "inputs") for each in (_CALL, "workflow_dispatch"))
        return frozenset(name.lower() for each in listed for name, _ in entries(each))

    @cached_property
    def dispatched(self) -> frozenset[str] | None:
        """The inputs that the event can bring; not known where a caller's may have brought others."""
        on = field_of(self.document.root, "on")
        names = [name for name, _ in entries(on)] if isinstance(on, ir.MapOf) else [word(each) for each in items(on)]
        return self.declared if names and _CALL not in names and not self.called else None

    @cached_property
    def defaults(self) -> dict[str, ir.Expression]:
        """What inputs hold that are given by hand, where that is the only way to start the workflow."""
        if self.called or set(self.triggers) != {"workflow_dispatch"}:
            return {}
        declared = entries(field_of(self.document.root, "on", "workflow_dispatch", "inputs"))
        found = ((name, field_of(value, "default")) for name, value in declared)
        return {name: value for name, value in found if value is not None}

    def scope(self, label: str, job: str = "", row: ir.MapOf | None = None) -> Scope:
        """What names mean in a job, or in the workflow as a whole."""
        node = self.jobs.get(job)
        return Scope(
            label,
            identifiers(field_of(node, "steps")),
            frozenset(self.needs(job) if job else self.jobs),
            self.inputs,
            self.defaults,
            row,
            bool(job) and row is None and self.rows(job) == (None,),
            self.triggers,
            self.declared,
            self.dispatched,
        )

    # --- chains of jobs ---

    def _chain(self, jobs: tuple[str, ...], row: ir.MapOf | None) -> tuple[ir.Statement, ...]:
        """Jobs in order, in all their rows, or a single job in one."""
        body = Pipeline()
        for name in jobs:
            self._job(name, self.rows(name) if row is None else (row,), body)
        return tuple(body.out)

    def _all(self) -> tuple[ir.Statement, ...]:
        body = Body()
        done: set[str] = set()
        for name in (each for end in self.ends() for each in self.ordered(end)):
            if name not in done:
                done.add(name)
                self._job(name, self.rows(name), body)
        scope = self.scope(self.document.path)
        declared = field_of(self.document.root, "on", "workflow_call", "outputs")
        results = outputs(declared, Contexts(scope, body), self.document.span, "value")
        body.emit(ir.Return(results, self.document.span))
        return tuple(body.out)

    def _job(self, name: str, rows: tuple[ir.MapOf | None, ...], body: Body) -> None:
        """Run a job under its condition; it is left out where a job is that it needs."""
        node = self.jobs[name]
        span = node.span
        contexts = Contexts(self.scope(name, name), body)
        unknown = ir.Opaque(f"the outputs of the job {name}", span)
        body.emit(ir.Assign((ir.Name(f"needs.{name}", span),), unknown, span, declare=True))
        body.emit(ir.Assign((ir.Name(f"ran.{name}", span),), ir.Constant(False, span), span, declare=True))
        asked = field_of(node, "if")
        condition = contexts.condition(asked)
        conditions = [] if condition is None else [condition]
        if not any(word in (spelled(asked) or "") for word in _ALWAYS):
            conditions += [ir.Name(f"ran.{each}", span) for each in self.needs(name)]
        with body.under(ir.AllOf(tuple(conditions), span) if conditions else None, span):
            body.emit(ir.Assign((ir.Name(f"ran.{name}", span),), ir.Constant(True, span), span))
            results = []
            for row in rows:
                target = body.temporary(span)
                results.append(target)
                called = ir.Closure(self._row(name, row, len(rows) > 1), span)
                if row is None:
                    self._made_rows(name, called, contexts, target)
                else:
                    body.emit(ir.Invoke((target,), called, (), span))
            body.emit(ir.Assign((ir.Name(f"needs.{name}", span),), _last(results, span), span))

    def _made_rows(self, name: str, called: ir.Closure, contexts: Contexts, target: ir.Name) -> None:
        """Run a job in the rows that the run makes."""
        strategy, body, span = field_of(self.jobs[name], "strategy", "matrix"), contexts.body, target.span
        given = ir.Opaque("a matrix", span) if strategy is None else contexts.whole(strategy)
        over = body.result("expression", "rows", (given,), span)
        item, outputs_ = body.temporary(span), body.temporary(span)
        body.emit(ir.Assign((target,), ir.Opaque(f"the outputs of the job {name}", span), span))
        which = ir.Opaque("which row of a matrix ends last", span)
        inner = (
            ir.Invoke((outputs_,), called, (ir.Argument(item),), span),
            ir.Assign((target,), ir.Choice(which, outputs_, target, span), span),
        )
        body.emit(ir.ForEach((None, item), over, inner, span))

    def _row(self, name: str, row: ir.MapOf | None, several: bool) -> ir.Procedure:
        shown = self.title(name, row, several)
        given = (ir.Parameter(ROW),) if row is None else ()
        return self._procedure(shown, partial(self._host, name, row, shown), self.jobs[name].span, given)

    # --- one job ---

    def _host(self, name: str, row: ir.MapOf | None, label: str) -> tuple[ir.Statement, ...]:
        node, body = self.jobs[name], Body()
        span = node.span
        contexts = Contexts(self.scope(f"{self.document.path}#{label}", name, row), body)
        if field_of(node, "uses") is not None:
            self._called(node, contexts, body)
            return tuple(body.out)
        shared = any(word(each) == "self-hosted" for each in items(field_of(node, "runs-on")))
        # Nothing but a workflow sets variables on a host that GitHub makes for a job (GitHub Docs, "Variables").
        flags = (ir.Constant(shared, span), ir.Constant(not shared, span))
        body.call(system_of("github"), "begin", (ir.Literal(contexts.scope.label, span, False), *flags), span)
        for level in (self.document.root, node):
            for variable, value in entries(field_of(level, "env")):
                key = ir.Literal(variable, value.span, False)
                body.call("ci", "set", (key, contexts.template(value)), value.span)
        for image in _images(node):
            if spelled(image) != "":
                body.call("ci", "container", (_reference(image, contexts),), image.span)
        self._steps(node, contexts, body)
        results = outputs(field_of(node, "outputs"), contexts, span)
        kept = body.temporary(span)
        body.emit(ir.Assign((kept,), results[0], span))
        body.call("ci", "end", (), span)
        body.emit(ir.Return((kept,), span))
        return tuple(body.out)

    def _steps(self, node: ir.Expression, contexts: Contexts, body: Body) -> None:
        ran = next((found for at in (node, self.document.root) if (found := field_of(at, "defaults", "run"))), None)
        said, directory = field_of(ran, "shell"), field_of(ran, "working-directory")
        windows = any("windows" in word(each) for each in self._machines(node, contexts))
        shell = word(said) if said is not None else None if windows else "bash"
        defaults = Defaults(shell, None if directory is None else contexts.template(directory))
        Steps(contexts.scope, body, defaults, self.action).lower(field_of(node, "steps"))

    def _machines(self, node: ir.Expression, contexts: Contexts) -> tuple[ir.Expression, ...]:
        """What a job runs on, a value of the matrix put in."""
        found = items(field_of(node, "runs-on"))
        return tuple(contexts.template(each) for each in found)

    def _called(self, node: ir.Expression, contexts: Contexts, body: Body) -> None:
        """A job that is another workflow."""
        name, span = word(field_of(node, "uses")), node.span
        procedure = self._workflow(name) if name.startswith("./") else None
        given = tuple((key, contexts.template(value)) for key, value in entries(field_of(node, "with")))
        target = body.temporary(span)
        if procedure is not None:
            invoke(body, procedure, given, span, target)
        else:
            inputs = ir.MapOf(tuple((ir.Literal(key, span, False), value) for key, value in given), span)
            body.call(f"workflow/{name.partition('@')[0].lower()}", "use", (inputs,), span, target)
        body.emit(ir.Return((target,), span))

    def _workflow(self, name: str) -> ir.Procedure | None:
        path = normpath(name)
        content = self.read(path) if self.depth < DEEPEST else None
        if content is None:
            return None
        document = documents.read(path, content)[0]
        return Workflow(document, self.read, True, self.triggers, self.depth + 1).whole()

    # --- actions of the project ---

    def action(self, name: str) -> ir.Procedure | None:
        """The action in a folder of the project; None if there is none that has steps."""
        if name not in self._actions:
            self._actions[name] = self._action(normpath(name))
        return self._actions[name]

    def _action(self, folder: str) -> ir.Procedure | None:
        for path in (f"{folder}/{name}" for name in ACTIONS):
            content = self.read(path) if self.depth < DEEPEST else None
            if content is not None:
                document = documents.read(path, content)[0]
                declared = field_of(document.root, "inputs")
                names = frozenset(name for name, _ in entries(declared))
                own = frozenset(name.lower() for name in names)
                scope = Scope(path, inputs=names, events=self.triggers, declared=own)
                given = parameters(declared, scope)
                inner = Workflow(document, self.read, True, self.triggers, self.depth + 1)
                return inner._procedure("", partial(_composite, inner, scope), document.span, given)
        return None


def _composite(action: Workflow, scope: Scope) -> tuple[ir.Statement, ...]:
    """The steps of an action, or the image that it runs."""
    root, body = action.document.root, Body()
    runs = field_of(root, "runs")
    listed = field_of(runs, "steps")
    scope = replace(scope, steps=identifiers(listed))
    image = field_of(runs, "image")
    if image is not None and word(image).startswith("docker://"):
        body.call("ci", "container", (documents.without(image, "docker://"),), image.span)
    Steps(scope, body, Defaults(), action.action).lower(listed)
    results = outputs(field_of(root, "outputs"), Contexts(scope, body), action.document.span, "value")
    body.emit(ir.Return(results, action.document.span))
    return tuple(body.out)


def _last(results: list[ir.Name], span: Span) -> ir.Expression:
    """The outputs of the row that ends last: any of them."""
    value: ir.Expression = results[0]
    for other in results[1:]:
        value = ir.Choice(ir.Opaque("which row of a matrix ends last", span), value, other, span)
    return value


def _reference(image: ir.Expression, contexts: Contexts) -> ir.Expression:
    """The image of a container, which may have the scheme that images have in `uses`."""
    return documents.without(image, "docker://") if word(image).startswith("docker://") else contexts.template(image)


def _images(node: ir.Expression) -> tuple[ir.Expression, ...]:
    """The images that a job's own container and its services run."""
    container = field_of(node, "container")
    found = [field_of(container, "image") if isinstance(container, ir.MapOf) else container]
    found += [field_of(service, "image") for _, service in entries(field_of(node, "services"))]
    return tuple(each for each in found if each is not None)
