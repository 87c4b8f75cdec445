"""CircleCI: `.circleci/config.yml` to one procedure for each workflow (CircleCI Docs, "Configuration reference").

The jobs of a workflow run in the order of `requires`, each on a host of its own. What a step writes to BASH_ENV is
read by the shells after it. Commands of the file are put in where they are used; those of orbs are calls of which only
models say something.

What it cannot do: matrices of parameters; conditions of steps, which are taken to hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.ci import documents
from tagcheck.frontends.ci.body import Pipeline, lines
from tagcheck.frontends.ci.documents import Document, Reader, entries, field, items, spelled, word
from tagcheck.frontends.ci.substitution import ANGLE, environment, substituted
from tagcheck.source import Span

LANGUAGE = "circleci"
NAME = ".circleci/config.yml"
MOST_JOBS = 60
DEEPEST = 5
_PASSED = frozenset(("checkout", "setup_remote_docker", "save_cache", "restore_cache", "store_artifacts"))

Given = Mapping[str, ir.Expression]


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is CircleCI's configuration."""
    return path == NAME and b"jobs" in content


def parse(path: str, content: bytes, module: str, read: Reader) -> Unit:
    """A configuration as a unit; its entries are the workflows. Never raises."""
    document = documents.read(path, content)[0]
    configuration = _Configuration(document)
    found = {
        name: ir.Procedure(f"wf:{path}#{name}", "", (), partial(configuration.workflow, jobs), span, ("outputs",))
        for name, jobs, span in configuration.workflows()
    }
    entered = tuple((name, EntryKind.FILE) for name in found)
    return Unit(path, LANGUAGE, module, procedures=found, entries=entered, problems=document.problems)


class _Configuration:
    def __init__(self, document: Document) -> None:
        self.root, self.span = document.root, document.span
        self.jobs = dict(entries(field(self.root, "jobs")))
        self.commands = dict(entries(field(self.root, "commands")))

    def workflows(self) -> list[tuple[str, list[tuple[str, ir.Expression | None]], Span]]:
        """The workflows: name, and jobs with what they are given."""
        found = []
        for name, workflow in entries(field(self.root, "workflows")):
            listed = field(workflow, "jobs")
            if listed is not None:
                found.append((name, self.ordered(items(listed)[:MOST_JOBS]), workflow.span))
        if not found and "build" in self.jobs:
            found.append(("build", [("build", None)], self.span))
        return found

    def ordered(self, listed: tuple[ir.Expression, ...]) -> list[tuple[str, ir.Expression | None]]:
        """The jobs of a workflow, each after those that it requires."""
        pending: list[tuple[str, str, ir.Expression | None]] = []
        for each in listed:
            if isinstance(each, ir.MapOf):
                pending += [(word(field(given, "name")) or name, name, given) for name, given in entries(each)]
            else:
                pending.append((word(each), word(each), None))
        found: list[tuple[str, ir.Expression | None]] = []
        while pending:
            waiting = {title for title, _, _ in pending}
            ready = [each for each in pending if not _required(each[2]) & (waiting - {each[0]})] or pending[:1]
            found += [(name, given) for _, name, given in ready]
            pending = [each for each in pending if each not in ready]
        return found

    def workflow(self, jobs: list[tuple[str, ir.Expression | None]]) -> tuple[ir.Statement, ...]:
        body = Pipeline("circleci")
        for name, given in jobs:
            if name in self.jobs:
                self.job(name, self.jobs[name], dict(entries(given)), body)
        return tuple(body.out)

    def job(self, name: str, node: ir.Expression, given: Given, body: Pipeline) -> None:
        span = node.span
        with body.job(f"{NAME}#{name}", span):
            parameters = self.parameters(node, given)
            executor = field(node, "executor")
            chosen = word(field(executor, "name") if isinstance(executor, ir.MapOf) else executor)
            shape = field(self.root, "executors", chosen) if chosen else None
            for at in (shape, node):
                for variable, value in entries(field(at, "environment")):
                    body.set(variable, self.text(value, parameters))
                for container in items(field(at, "docker")):
                    image = field(container, "image")
                    if image is not None:
                        body.container(self.text(image, parameters))
            path = ir.Literal("/circleci/bash-env", span, False)
            body.call("ci", "empty-file", (path, ir.Literal("", span)), span)
            body.set("BASH_ENV", path)
            self.steps(field(node, "steps"), parameters, body, 0)

    def parameters(self, node: ir.Expression, given: Given) -> Given:
        """The parameters of a job or command: what is given, else the defaults."""
        found: dict[str, ir.Expression] = {}
        for name, declared in entries(field(node, "parameters")):
            value = given.get(name, field(declared, "default"))
            if value is not None:
                found[name] = value
        return found

    def text(self, value: ir.Expression | None, parameters: Given) -> ir.Expression:
        def meaning(name: str, span: Span) -> ir.Expression:
            context, _, rest = name.partition(".")
            if context == "parameters" and rest in parameters:
                found = parameters[rest]
                return found if spelled(found) is None else documents.whole_scalar(found)
            if name.startswith("pipeline.parameters."):
                default = field(self.root, "parameters", name.rpartition(".")[2], "default")
                if default is not None:
                    return documents.whole_scalar(default)
            return environment(name, span)

        return substituted(value, ANGLE, meaning)

    def steps(self, listed: ir.Expression | None, parameters: Given, body: Pipeline, depth: int) -> None:
        for step in items(listed):
            for name, given in entries(step) if isinstance(step, ir.MapOf) else ((word(step), None),):
                self.step(name, given, step.span, parameters, body, depth)

    def step(
        self, name: str, given: ir.Expression | None, span: Span, parameters: Given, body: Pipeline, depth: int
    ) -> None:
        if name == "run":
            self.run(given, parameters, body)
        elif name in ("when", "unless"):
            self.steps(field(given, "steps"), parameters, body, depth + 1)
        elif name == "persist_to_workspace":
            root = word(field(given, "root"))
            for path in items(field(given, "paths")):
                body.keep("workspace", _below(root, path))
        elif name == "attach_workspace":
            body.fetch("workspace", self.text(field(given, "at"), parameters), span)
        elif name in self.commands and depth < DEEPEST:
            passed = {key: self.text(value, parameters) for key, value in entries(given)}
            command = self.commands[name]
            self.steps(field(command, "steps"), self.parameters(command, passed), body, depth + 1)
        elif name not in _PASSED:
            pairs = tuple((ir.Literal(key, span, False), self.text(value, parameters)) for key, value in entries(given))
            body.call(f"orb/{name}", "use", (ir.MapOf(pairs, span),), span)

    def run(self, given: ir.Expression | None, parameters: Given, body: Pipeline) -> None:
        command = field(given, "command") if isinstance(given, ir.MapOf) else given
        if command is None:
            return
        directory = field(given, "working_directory")
        text = lines((ir.Literal('. "$BASH_ENV"', command.span, False), self.text(command, parameters)), command.span)
        own = tuple((key, self.text(value, parameters)) for key, value in entries(field(given, "environment")))
        if text is not None:
            where = None if directory is None else self.text(directory, parameters)
            body.shell(text, command.span, "bash", own, where)


def _required(given: ir.Expression | None) -> set[str]:
    return {word(each) for each in items(field(given, "requires"))}


def _below(root: str, path: ir.Expression) -> ir.Expression:
    if not root or root == ".":
        return path
    return ir.Join((ir.Literal(f"{root.rstrip('/')}/", path.span, False), documents.whole_scalar(path)), path.span)
