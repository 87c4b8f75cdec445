"""Jenkinsfiles: the steps of a pipeline, declarative or scripted, to one procedure (Jenkins User Handbook, "Pipeline
Syntax"; Docker Pipeline plugin, "docker" global variable).

A reader of calls and blocks, no parser of Groovy: it knows `sh`, `environment`, `withEnv`, assignments of texts,
`agent` images and what the variable `docker` does; blocks are gone into in the order in which they stand, other
statements are passed over. The sides of an `if` are two cases.

What it cannot do: functions, classes, shared libraries, loops, the conditions of `when`.
"""

from __future__ import annotations

import re

from tagcheck import ir
from tagcheck.frontends.api import Unit
from tagcheck.frontends.ci import groovy
from tagcheck.frontends.ci.body import Pipeline, unit
from tagcheck.frontends.ci.documents import Document, Reader, joined, literals
from tagcheck.frontends.ci.groovy import Token
from tagcheck.frontends.ci.substitution import environment
from tagcheck.source import Span, Text

LANGUAGE = "jenkins"
MOST_CHARACTERS = 512 * 1024
DEEPEST = 60
_FILLED = re.compile(r"\\(?P<escaped>.)|\$(?:\{(?P<a>[^}{]*)\}|(?P<b>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_PASSED = frozenset(("when", "options", "triggers", "tools", "parameters", "post", "input"))


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a Jenkinsfile, by its name."""
    name = path.rpartition("/")[2]
    return (name.startswith("Jenkinsfile") or name.endswith(".jenkinsfile")) and len(content) <= MOST_CHARACTERS


def parse(path: str, content: bytes, module: str, read: Reader) -> Unit:
    """A Jenkinsfile as a unit with one entry. Never raises."""
    text = Text.of_file(path, content.decode("utf-8", "replace"))
    span = text.span(0, len(text.text))
    document = Document(path, ir.Literal("", span))

    def statements() -> tuple[ir.Statement, ...]:
        lowered = _Lowered(text)
        lowered.block(0, len(lowered.tokens), 0)
        return tuple(lowered.body.out)

    return unit(path, LANGUAGE, statements, document)


class _Lowered:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.tokens = groovy.tokens(text)
        self.pairs = _pairs(self.tokens)
        self.body = Pipeline("jenkins")
        self.known: set[str] = set()
        self.registry: ir.Expression | None = None

    # --- blocks ---

    def block(self, at: int, end: int, depth: int) -> None:
        """The statements between two tokens."""
        while at < end and depth <= DEEPEST:
            at = max(at + 1, self.statement(at, end, depth))

    def statement(self, at: int, end: int, depth: int) -> int:
        """Lower what begins at a token; the token after it."""
        token = self.tokens[at]
        following = self.tokens[at + 1] if at + 1 < end else None
        if token.kind != "name" or following is None:
            return at + 1
        opened = following.text if following.kind == "mark" else ""
        if token.text in _PASSED and opened == "{":
            return self.pairs.get(at + 1, at) + 1
        if token.text == "environment" and opened == "{":
            return self.variables(at + 2, self.pairs.get(at + 1, end))
        if token.text == "if" and opened == "(":
            return self.choice(at, end, depth)
        if token.text in ("sh", "image") or token.text.startswith("docker.") or "." in token.text:
            called = self.call(at, end, depth)
            if called is not None:
                return called
        if token.text in ("withEnv", "docker.withRegistry") and opened == "(":
            return self.within(at, end, depth)
        return self.assignment(at, end, depth)

    def within(self, at: int, end: int, depth: int) -> int:
        """A call with a block: variables, or a registry, that hold inside."""
        closed = self.pairs.get(at + 1, end)
        outer = self.registry
        for index in range(at + 2, min(closed, end)):
            token = self.tokens[index]
            if token.kind == "text" and self.tokens[at].text == "withEnv":
                name, mark, _ = token.text.partition("=")
                if mark:
                    self.body.set(name, self.value(token, len(name) + 1))
            elif token.kind == "text" and index == at + 2:
                self.registry = self.address(token)
        if closed + 1 < end and self.tokens[closed + 1].text == "{":
            inner = self.pairs.get(closed + 1, end)
            self.block(closed + 2, inner, depth + 1)
            closed = inner
        self.registry = outer
        return closed + 1

    def address(self, token: Token) -> ir.Expression | None:
        """A registry without its scheme; None for the default one."""
        scheme = next((each for each in ("https://", "http://") if token.text.startswith(each)), "")
        return self.value(token, len(scheme)) if token.text.strip() else None

    def choice(self, at: int, end: int, depth: int) -> int:
        """The sides of an `if`, each a case."""
        closed = self.pairs.get(at + 1, end)
        if closed + 1 >= end or self.tokens[closed + 1].text != "{":
            return closed + 1
        span = self.span(self.tokens[at])
        inner = self.pairs.get(closed + 1, end)
        with self.body.block() as then:
            self.block(closed + 2, inner, depth + 1)
        after = inner + 1
        with self.body.block() as otherwise:
            if after < end and self.tokens[after].text == "else":
                if after + 1 < end and self.tokens[after + 1].text == "{":
                    last = self.pairs.get(after + 1, end)
                    self.block(after + 2, last, depth + 1)
                    after = last + 1
                elif depth < DEEPEST:
                    after = max(after + 1, self.statement(after + 1, end, depth + 1)) if after + 1 < end else end
        condition = ir.Opaque("a condition of a pipeline", span)
        self.body.emit(ir.Branch(condition, tuple(then), tuple(otherwise), span))
        return after

    # --- variables ---

    def variables(self, at: int, end: int) -> int:
        """`NAME = text` lines of an environment."""
        while at < end:
            token = self.tokens[at]
            if token.kind == "name" and at + 1 < end and self.tokens[at + 1].text == "=":
                value, after = self.expression(at + 2, end)
                self.body.set(token.text.removeprefix("env."), value)
                at = after
            else:
                at += 1
        return end + 1

    def assignment(self, at: int, end: int, depth: int) -> int:
        """`name = …`: of a variable of the environment or of the script."""
        token = self.tokens[at]
        if at + 1 >= end or self.tokens[at + 1].text != "=" or (at + 2 < end and self.tokens[at + 2].text == "="):
            return at + 1
        value, after = self.expression(at + 2, end)
        if token.text.startswith("env."):
            self.body.set(token.text.removeprefix("env."), value)
        elif "." not in token.text:
            self.known.add(token.text)
            self.body.emit(ir.Assign((ir.Name(token.text, self.span(token)),), value, self.span(token)))
        return after

    def expression(self, at: int, end: int) -> tuple[ir.Expression, int]:
        """The value that begins at a token, and the token after it."""
        if at >= end:
            return ir.Opaque("nothing", self.span(self.tokens[-1])), at
        token = self.tokens[at]
        if token.kind == "name":
            built = self.call(at, end, 0)
            if built is not None:
                return self.result or ir.Opaque("what a step gives", self.span(token)), built
        value = self.operand(token)
        while at + 2 < end and self.tokens[at + 1].text == "+" and self.tokens[at + 2].text != "+":
            value = ir.Join((value, self.operand(self.tokens[at + 2])), self.span(token))
            at += 2
        return value, at + 1

    def operand(self, token: Token) -> ir.Expression:
        if token.kind == "text":
            return self.value(token)
        if token.kind == "name":
            return self.meaning(token.text, self.span(token))
        return ir.Opaque("an expression of Groovy", self.span(token))

    def meaning(self, name: str, span: Span) -> ir.Expression:
        """What a name in a text or expression stands for."""
        name = name.strip()
        if name in self.known:
            return ir.Name(name, span)
        if name.startswith("env."):
            return environment(name.removeprefix("env."), span)
        if re.fullmatch(r"\w+", name) or re.fullmatch(r"params\.\w+", name):
            return environment(name, span)
        return ir.Opaque(f"an expression of Groovy: {name[:60]}", span)

    def value(self, token: Token, skip: int = 0) -> ir.Expression:
        """A text with its expressions."""
        at, parts = token.start + skip, list[ir.Expression]()
        for match in _FILLED.finditer(self.text.text, at, token.end):
            span = self.text.span(match.start(), match.end())
            if match["escaped"] is not None:
                shown = _ESCAPES.get(match["escaped"], match["escaped"])
                part: ir.Expression = ir.Literal(
                    "" if shown == "\n" and match["escaped"] == "\n" else shown, span, False
                )
            elif not token.filled:
                continue
            else:
                part = self.meaning(match["a"] if match["a"] is not None else match["b"], span)
            parts += [*literals(self.text, at, match.start()), part]
            at = match.end()
        return joined([*parts, *literals(self.text, at, token.end)], self.text.span(token.start, token.end))

    # --- calls ---

    result: ir.Expression | None = None

    def call(self, at: int, end: int, depth: int) -> int | None:
        """A call that is known; the token after it. `result` is what it gives."""
        token, self.result = self.tokens[at], None
        name = token.text
        given, after = self.arguments(at + 1, end)
        span = self.span(token)
        if name == "sh" and given:
            printed = self.body.temporary(span)
            self.body.shell(given[0], given[0].span, "sh", output=printed)
            self.result = printed
        elif name == "image" and given and at + 1 < end and self.tokens[at + 1].kind == "text":
            self.body.container(given[0])
        elif name == "docker.build" and given:
            self.body.call("jenkins", "build", (given[0],), span)
            self.result = given[0]
        elif name == "docker.image" and given:
            self.result = given[0]
        elif name.rpartition(".")[0] in self.known:
            self.of_image(name.rpartition(".")[2], ir.Name(name.rpartition(".")[0], span), given, span)
            return after if name.endswith((".push", ".tag")) else at + 1
        else:
            return None
        return self.chained(after, end, self.result, span) if name.startswith("docker.") else after

    def chained(self, at: int, end: int, image: ir.Expression | None, span: Span) -> int:
        """`.push()`, `.run()`, `.inside { … }` after an image."""
        while image is not None and at + 1 < end and self.tokens[at].text == "." and self.tokens[at + 1].kind == "name":
            given, after = self.arguments(at + 2, end)
            self.of_image(self.tokens[at + 1].text, image, given, span)
            at = after
        return at

    def of_image(self, method: str, image: ir.Expression, given: list[ir.Expression], span: Span) -> None:
        """What a method of an image does."""
        named = image
        if self.registry is not None:
            named = ir.Join((self.registry, ir.Literal("/", span, False), image), span)
        if method == "push":
            self.body.call("jenkins", "push-tag" if given else "push", (named, *given[:1]), span)
        elif method in ("run", "withRun", "inside"):
            self.body.container(image)
        elif method == "pull":
            self.body.call("jenkins", "pull", (named,), span)

    def arguments(self, at: int, end: int) -> tuple[list[ir.Expression], int]:
        """The texts and names that a call gets, and the token after it. `script:` comes first wherever it stands."""
        if at >= end:
            return [], at
        if self.tokens[at].text != "(" or self.tokens[at].kind != "mark":
            if self.tokens[at].kind == "text":
                value, after = self.expression(at, end)
                return [value], after
            return [], at
        closed = min(self.pairs.get(at, end), end)
        found: list[ir.Expression] = []
        index = at + 1
        while index < closed:
            token = self.tokens[index]
            labelled = token.kind == "name" and index + 1 < closed and self.tokens[index + 1].text == ":"
            if labelled:
                index += 2
            if index >= closed:
                break
            if self.tokens[index].kind in ("text", "name"):
                outer = self.result
                value, after = self.argument(index, closed)
                self.result = outer
                if labelled and token.text == "script":
                    found.insert(0, value)
                elif not labelled:
                    found.append(value)
                index = max(after, index + 1)
            else:
                index += 1
        return found, closed + 1

    def argument(self, at: int, end: int) -> tuple[ir.Expression, int]:
        """An operand, or several with `+` between them; calls in arguments are not gone into."""
        value = self.operand(self.tokens[at])
        while at + 2 < end and self.tokens[at + 1].text == "+":
            value = ir.Join((value, self.operand(self.tokens[at + 2])), value.span)
            at += 2
        return value, at + 1

    def span(self, token: Token) -> Span:
        return self.text.span(token.start, token.end)


def _pairs(tokens: list[Token]) -> dict[int, int]:
    """For each opening bracket the index of the one that closes it."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind != "mark":
            continue
        if token.text in "([{":
            opened.append(index)
        elif token.text in ")]}" and opened:
            found[opened.pop()] = index
    found.update({index: len(tokens) for index in opened})
    return found
