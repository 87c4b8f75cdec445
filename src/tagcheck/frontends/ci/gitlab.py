"""GitLab CI: `.gitlab-ci.yml` and the files of the project that it includes, to one procedure (GitLab Docs, "CI/CD YAML
syntax reference").

The pipeline is one scenario: its jobs in the order of their stages, each a shell that runs `before_script` and
`script`. A job with an image or a docker-in-docker service has a host of its own; whether other jobs share one depends
on the runner, and they are taken to. Jobs with different rules are taken to run in different pipelines: which rules can
hold together is not worked out.

What it cannot do: includes from elsewhere, inputs of components, child pipelines.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from posixpath import dirname, join, normpath

from tagcheck import ir
from tagcheck.frontends.api import Unit
from tagcheck.frontends.ci import documents
from tagcheck.frontends.ci.body import Pipeline, lines, unit
from tagcheck.frontends.ci.documents import Reader, entries, field, items, spelled, word
from tagcheck.frontends.ci.substitution import Variables, environment
from tagcheck.source import Span

LANGUAGE = "gitlab-ci"
NAME = ".gitlab-ci.yml"
MOST_FILES = 30
MOST_ROWS = 16
DEEPEST = 10
_RESERVED = frozenset(
    (
        *("stages", "variables", "default", "include", "workflow", "image", "services", "before_script"),
        *("after_script", "cache", "spec", "types"),
    )
)
_STAGES = (".pre", "build", "test", "deploy", ".post")
_DEFAULTS = ("image", "services", "before_script", "after_script")

Table = dict[str, ir.Expression]


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a pipeline's."""
    return path == NAME and bool(content)


def parse(path: str, content: bytes, module: str, read: Reader) -> Unit:
    """A pipeline as a unit with one entry. Never raises."""
    found = documents.read(path, content)
    # A header with the inputs of a component may stand before the pipeline.
    document = found[-1] if len(found) > 1 and field(found[0].root, "spec") is not None else found[0]
    return unit(path, LANGUAGE, lambda: _Configuration(document.root, path, read).statements(), document)


class _Configuration:
    """The pipeline with its includes put in."""

    def __init__(self, root: ir.Expression | None, path: str, read: Reader) -> None:
        self.span = root.span if root is not None else Span(path, 1, 1, 1, 1)
        self.read, self.files = read, 0
        self.table = self.merged(root, path, 0)
        default = self.table.get("default")
        own = {name: value for name, value in entries(default) if name in _DEFAULTS}
        self.defaults = {**{name: self.table[name] for name in _DEFAULTS if name in self.table}, **own}

    # --- what is written ---

    def merged(self, root: ir.Expression | None, path: str, depth: int) -> Table:
        """The keys of a file over those of the files that it includes."""
        own = dict(entries(root))
        found: Table = {}
        for each in items(own.get("include")):
            local = field(each, "local") if isinstance(each, ir.MapOf) else each
            name = word(local)
            for included in (normpath(name.lstrip("/")), normpath(join(dirname(path), name))):
                content = self.read(included) if name and depth < DEEPEST and self.files < MOST_FILES else None
                if content is not None:
                    self.files += 1
                    inner = documents.read(included, content)[-1].root
                    found = _over(found, self.merged(inner, included, depth + 1))
                    break
        return _over(found, own)

    def job(self, name: str, depth: int = 0) -> Table:
        """A job with what it extends put in."""
        own = dict(entries(self.table.get(name)))
        found: Table = {}
        for base in items(own.get("extends")):
            if word(base) in self.table and depth < DEEPEST:
                found = _over(found, self.job(word(base), depth + 1))
        return _over(found, own)

    def script(self, value: ir.Expression | None, depth: int = 0) -> Iterator[ir.Expression]:
        """The commands of a script: lists in lists and references taken apart."""
        for each in items(value):
            if isinstance(each, ir.ListOf) and depth < DEEPEST:
                referred = self.referred(each)
                yield from self.script(each if referred is None else referred, depth + 1)
            elif spelled(each) is not None:
                yield each

    def referred(self, listed: ir.ListOf) -> ir.Expression | None:
        """What `!reference [job, key]` means; None for another list."""
        names = [word(each) for each in listed.items]
        if len(names) < 2 or names[0] not in self.table:
            return None
        found = self.job(names[0]).get(names[1])
        return field(found, *names[2:]) if found is not None else None

    # --- jobs ---

    def jobs(self) -> list[tuple[str, Table]]:
        """The jobs that run, in the order of their stages."""
        names = [word(each) for each in items(self.table.get("stages"))]
        order = {name: at for at, name in enumerate((".pre", *names, ".post") if names else _STAGES)}
        found = [
            (name, self.job(name))
            for name, value in self.table.items()
            if name not in _RESERVED and not name.startswith(".") and isinstance(value, ir.MapOf)
        ]
        runs = [each for each in found if "script" in each[1] or "services" in each[1]]
        return sorted(runs, key=lambda each: order.get(word(each[1].get("stage")) or "test", len(order)))

    def statements(self) -> tuple[ir.Statement, ...]:
        body = Pipeline("gitlab")
        jobs = self.jobs()
        conditions = _Conditions([table for _, table in jobs])
        for name, table in jobs:
            span = self.table[name].span
            with body.under(conditions.of(table, span), span):
                for row in _rows(field(table.get("parallel"), "matrix")):
                    self.one(name, table, row, [each for each, _ in jobs[: jobs.index((name, table))]], body)
        return tuple(body.out)

    def one(self, name: str, table: Table, row: Table, before: list[str], body: Pipeline) -> None:
        """One job, or one row of it."""
        span = self.table[name].span
        written = {key: _value(each) for key, each in entries(self.table.get("variables"))}
        written |= {key: _value(each) for key, each in entries(table.get("variables"))}
        by_rules = [(rule, field(rule, "variables")) for rule in items(table.get("rules"))]
        by_rules = [(rule, given) for rule, given in by_rules if word(field(rule, "when")) != "never"]
        if len(by_rules) == 1:
            # The job runs by this rule or not at all.
            written |= {key: _value(each) for key, each in entries(by_rules[0][1])}
        variables = Variables({**written, **row})
        services = [_named(each) for each in items(self.of(table, "services"))]
        # A job with an image runs in a container of its own.
        alone = self.of(table, "image") is not None or any("dind" in word(each) for each in services)
        with body.job(f"{NAME}#{name}", span, not alone):
            for earlier in before:
                body.fetch(earlier, "", span)
                body.call("ci", "export-lines", (ir.Literal("", span), ir.Name(f"dotenv.{earlier}", span)), span)
            for variable, value in variables.all():
                body.set(variable, value)
            for variable, value in _by_rules(by_rules[: len(by_rules) > 1 and MOST_ROWS], variables, span):
                body.set(variable, value)
            for image in (_named(self.of(table, "image")), *services):
                if image is not None:
                    body.container(variables.expanded(image))
            commands = [*self.script(self.of(table, "before_script")), *self.script(table.get("script"))]
            for text in (lines(commands, span), lines(self.script(self.of(table, "after_script")), span)):
                if text is not None:
                    body.shell(text, span)
            self.artifacts(name, table, body)

    def artifacts(self, name: str, table: Table, body: Pipeline) -> None:
        """What a job leaves for those after it."""
        span = self.table[name].span
        kept = table.get("artifacts")
        for path in items(field(kept, "paths")):
            body.keep(name, path)
        dotenv = field(kept, "reports", "dotenv")
        text: ir.Expression = ir.Literal("", span)
        for path in items(dotenv)[:1]:
            read = body.temporary(span)
            body.emit(ir.Invoke((read, None), ir.Global("ci", "read-file", span), (ir.Argument(path),), span))
            text = read
        body.emit(ir.Assign((ir.Name(f"dotenv.{name}", span),), text, span))

    def of(self, table: Table, key: str) -> ir.Expression | None:
        return table.get(key, self.defaults.get(key))


class _Conditions:
    """Under what conditions jobs run: the same for the same rules, and one at a time."""

    def __init__(self, tables: list[Table]) -> None:
        self.texts = list(dict.fromkeys(text for table in tables if (text := _rules(table))))[:12]

    def of(self, table: Table, span: Span) -> ir.Expression | None:
        text = _rules(table)
        if text not in self.texts:
            return None
        at = self.texts.index(text)
        others: list[ir.Expression] = [ir.Not(_holds(each, span), span) for each in self.texts[:at]]
        return ir.AllOf((_holds(text, span), *others), span)


def _holds(text: str, span: Span) -> ir.Expression:
    return ir.Compare(ir.CompareOp.NE, environment(f"rules {text}", span), ir.Literal("", span), span)


def _by_rules(
    rules: list[tuple[ir.Expression, ir.Expression | None]], variables: Variables, span: Span
) -> Iterator[tuple[str, ir.Expression]]:
    """The variables that the first of several rules to hold gives, or else the job itself."""
    names = dict.fromkeys(name for _, given in rules for name, _ in entries(given))
    for name in names:
        value = variables.meaning(name, span)
        for rule, given in reversed(rules):
            own = dict(entries(given)).get(name)
            here = variables.meaning(name, span) if own is None else variables.expanded(_value(own))
            asked = field(rule, "if")
            value = here if asked is None else ir.Choice(_holds(f"if {word(asked)}", span), here, value, span)
        yield name, value


def _rules(table: Table) -> str:
    """What is written under `rules`, `only` and `except`, one text for what says the same."""
    return " ".join(_flat(table[key], 0) for key in ("rules", "only", "except") if key in table)[:400]


def _flat(value: ir.Expression, depth: int) -> str:
    if depth > DEEPEST:
        return ""
    if isinstance(value, ir.MapOf):
        return "{" + ",".join(f"{key}:{_flat(each, depth + 1)}" for key, each in entries(value)) + "}"
    if isinstance(value, ir.ListOf):
        return "[" + ",".join(_flat(each, depth + 1) for each in value.items) + "]"
    return word(value)


def _over(base: Table, own: Table) -> Table:
    """Keys over those of another table; mappings are merged, everything else is replaced."""
    found = dict(base)
    for key, value in own.items():
        before = found.get(key)
        if isinstance(before, ir.MapOf) and isinstance(value, ir.MapOf):
            inner = _over(dict(entries(before)), dict(entries(value)))
            value = ir.MapOf(
                tuple((ir.Literal(name, each.span, False), each) for name, each in inner.items()), value.span
            )
        found[key] = value
    return found


def _value(variable: ir.Expression) -> ir.Expression:
    """A variable's value, which may stand beside a description."""
    found = field(variable, "value")
    return variable if found is None else found


def _named(image: ir.Expression | None) -> ir.Expression | None:
    return field(image, "name") if isinstance(image, ir.MapOf) else image


def _rows(matrix: ir.Expression | None) -> list[Table]:
    """The variables of each row of `parallel: matrix`."""
    found: list[Table] = []
    for each in items(matrix):
        keys = [(key, items(value)[:MOST_ROWS]) for key, value in entries(each)]
        rows = product(*(values for _, values in keys))
        found += [dict(zip([key for key, _ in keys], row, strict=True)) for row in islice(rows, MOST_ROWS)]
    return found[:MOST_ROWS] or [{}]
