"""Dockerfiles and Containerfiles to the small language (Dockerfile reference, syntax 1.10; grammar:
tree-sitter-containerfile 0.9).

A file is one procedure. Its parameters are its arguments, which a build sets with `--build-arg`: those before the first
FROM, and those of stages that have a default of their own (`NAME#2`: what a build sets for NAME is theirs too). The
body states the images that the build takes something from: FROM, `COPY --from`, `RUN --mount` with `from`. Names of
stages are no images, and `scratch` is none.

A build with `--target` reads the stages that its target is made from, and no others.

What it cannot do: say which stages a build without a target needs; all are taken to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.source import Span, Text

if TYPE_CHECKING:
    from tree_sitter import Language, Node

LANGUAGE = "dockerfile"
_NAMES = ("dockerfile", "containerfile")
_OTHER = (".go", ".py", ".sh", ".md", ".txt", ".yaml", ".yml", ".json", ".j2", ".tmpl", ".tpl", ".in", ".dockerignore")
LARGEST = 1 << 20
MOST_IMAGES = 200
DEEPEST = 20
NO_IMAGE = "scratch"
NAMES = ("Dockerfile", "Containerfile")
"""What a build reads by default."""
STAGE_MARK = "#"
"""What follows an argument's name in that of a parameter for a default of a stage."""
_SET_BY_BUILDS = frozenset(
    f"{which}{what}" for which in ("TARGET", "BUILD") for what in ("PLATFORM", "OS", "ARCH", "VARIANT")
)


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a Dockerfile, by its name: Dockerfile, Dockerfile.e2e, e2e.Dockerfile, and so Containerfile."""
    name = path.rpartition("/")[2].lower()
    if not any(name == word or name.startswith(word + ".") or name.endswith("." + word) for word in _NAMES):
        return False
    return not name.endswith(_OTHER) and b"FROM" in content.upper()


def parse(path: str, content: bytes, module: str) -> Unit:
    """A Dockerfile as a unit with one procedure, `df:path`, which is its entry. Never raises."""
    try:
        text = Text.of_file(path, content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = ir.Problem(path, line, 1, "is not valid UTF-8; save the file as UTF-8 text")
        return Unit(path, LANGUAGE, module, problems=(problem,))
    if len(content) > LARGEST or b"\0" in content:
        reason = "holds a zero byte: not read; save it as text" if b"\0" in content else "is too large: not read"
        return Unit(path, LANGUAGE, module, problems=(ir.Problem(path, 1, 1, reason),))
    procedure = _Dockerfile(text, content).procedure(f"df:{path}", module)
    name = path.rpartition("/")[2]
    return Unit(path, LANGUAGE, module, procedures={name: procedure}, entries=((name, EntryKind.STATEMENT),))


class Stage(Struct, frozen=True):
    """What a stage is made from: the images that it `uses`, the stages that it `needs` by their numbers, and the
    references that may mean one of those before it."""

    uses: tuple[ir.Use, ...]
    needs: frozenset[int]
    unsure: tuple[ir.Expression, ...]


class Instructions(Struct, frozen=True):
    """A Dockerfile as builds read it: its procedure, its stages in order, and their numbers by their names."""

    procedure: ir.Procedure
    stages: tuple[Stage, ...]
    names: dict[str, int]

    def stage(self, written: str) -> int | None:
        """The number of a stage that is meant by its name or by its number."""
        number = int(written) if written.isdecimal() and len(written) < 5 else len(self.stages)
        return self.names.get(written.lower(), number if number < len(self.stages) else None)


def lower_text(source: Text) -> Instructions | None:
    """A Dockerfile that a run gives to a build; None for one that is not read."""
    content = source.text.encode(errors="replace")
    if len(content) > LARGEST or b"\0" in content:
        return None
    path = source.position(0).path
    file = _Dockerfile(source, content)
    procedure = file.procedure(f"df:{path}", path)
    return Instructions(procedure, tuple(file.stage(number) for number in range(len(file.needs))), file.stages)


class _Dockerfile:
    """One file while it is lowered."""

    def __init__(self, text: Text, content: bytes) -> None:
        from tree_sitter import Parser

        self.text, self.content = text, content
        self.ascii = len(content) == len(text.text)
        self.root = Parser(_grammar()).parse(content).root_node
        self.arguments: dict[str, ir.Parameter] = {}
        self.shared: set[str] = set()
        """the arguments that FROM sees"""
        self.own: dict[str, str] = {}
        """the parameters of the arguments that the stage declares"""
        self.stages: dict[str, int] = {}
        """by their names, the number of each"""
        self.uses: list[tuple[int, ir.Use]] = []
        """with the stages that they stand in"""
        self.needs: list[set[int]] = []
        """the stages that each one takes something from"""
        self.unsure: list[list[ir.Expression]] = []
        """what else each one takes something from, where only the arguments say whether it is a stage"""

    def procedure(self, key: str, module: str) -> ir.Procedure:
        before_first = True
        for node in self.root.children:
            match node.type:
                case "arg_instruction" if before_first:
                    self._declare(node)
                case "arg_instruction":
                    self._redeclare(node)
                case "from_instruction":
                    before_first = False
                    self.own = {name: name for name in self.shared}
                    self.needs.append(set())
                    self.unsure.append([])
                    self._from(node)
                case "copy_instruction" | "add_instruction" | "run_instruction":
                    self._takes(node)
        span = self.text.span(0, len(self.text.text))
        body = tuple(use for _, use in self.uses)
        return ir.Procedure(key, module, tuple(self.arguments.values()), lambda: body, span)

    def stage(self, number: int) -> Stage:
        """One of the stages that have been read."""
        uses = tuple(use for stage, use in self.uses if stage == number)
        return Stage(uses, frozenset(self.needs[number]), tuple(self.unsure[number]))

    def _declare(self, node: Node) -> None:
        for name, value in self._pairs(node):
            self.arguments[name] = ir.Parameter(name, "string", default=value, named=True)
            self.shared.add(name)
            self.own[name] = name

    def _redeclare(self, node: Node) -> None:
        """An argument of a stage: what a build sets, else its own default, else that of the file."""
        for name, value in self._pairs(node):
            parameter = name
            if value is not None:
                parameter = f"{name}{STAGE_MARK}{len(self.arguments)}"
                self.arguments[parameter] = ir.Parameter(parameter, "string", default=value, named=True)
            elif name not in self.arguments:
                self.arguments[name] = ir.Parameter(name, "string", named=True)
            self.own[name] = parameter

    def _pairs(self, node: Node) -> Iterator[tuple[str, ir.Expression | None]]:
        for pair in node.children:
            if pair.type == "arg_pair" and pair.named_children:
                name = self._written(pair.named_children[0])
                yield name, self._value(pair.named_children[1]) if len(pair.named_children) > 1 else None

    def _from(self, node: Node) -> None:
        spec = next((each for each in node.children if each.type == "image_spec"), None)
        alias = next((each for each in node.children if each.type == "image_alias"), None)
        if spec is not None:
            self._state(spec.start_byte, spec.end_byte, spec)
        if alias is not None:
            self.stages[self._written(alias).lower()] = len(self.needs) - 1

    def _takes(self, node: Node) -> None:
        """The image that an instruction copies from or mounts."""
        for part in node.children:
            if part.type == "param" and self._written(part).startswith("--from="):
                self._state(part.start_byte + len("--from="), part.end_byte, part)
            elif part.type == "mount_param":
                for each in part.named_children:
                    if self._written(each).startswith("from="):
                        self._state(each.start_byte + len("from="), each.end_byte, each)

    def _state(self, start: int, end: int, node: Node) -> None:
        if end - start > 1 and self.content[start] in b"\"'" and self.content[start] == self.content[end - 1]:
            start, end = start + 1, end - 1
        written = self.content[start:end].decode()
        here = len(self.needs) - 1
        if here < 0:
            return
        if written.lower() in self.stages:
            self.needs[here].add(self.stages[written.lower()])
        elif written.isdecimal() and len(written) < 5:
            self.needs[here].add(min(int(written), here))
        if written.lower() in self.stages or written == NO_IMAGE or written.isdigit() or not written:
            return
        span = self._span(start, end)
        named = self._joined(start, end, node)
        if self.stages and "$" in written:
            # Which of the stages it is, if any, only the arguments say.
            self.unsure[here].append(named)
            stages = (ir.Literal(each, span) for each in sorted(self.stages))
            named = ir.ListOf((named, *stages), span)
        if len(self.uses) < MOST_IMAGES:
            self.uses.append((here, ir.Use(ir.Role.BASE, named, span)))

    # --- values ---

    def _value(self, node: Node) -> ir.Expression:
        quoted = node.type in ("double_quoted_string", "single_quoted_string", "json_string")
        return self._joined(node.start_byte + quoted, node.end_byte - quoted, node)

    def _joined(self, start: int, end: int, node: Node, depth: int = 0) -> ir.Expression:
        """The text between two bytes, expansions taken apart."""
        if depth > DEEPEST:
            return ir.Opaque("an expansion nested too deeply", self._span(start, end))
        parts: list[ir.Expression] = []
        at = start
        for expansion in _expansions(node):
            if not at <= expansion.start_byte < end:
                continue
            if expansion.start_byte > at:
                parts.append(self._literal(at, expansion.start_byte))
            parts.append(self._expanded(expansion, depth))
            at = expansion.end_byte
        if at < end or not parts:
            parts.append(self._literal(at, end))
        return parts[0] if len(parts) == 1 else ir.Join(tuple(parts), self._span(start, end))

    def _expanded(self, node: Node, depth: int) -> ir.Expression:
        span = self._span(node.start_byte, node.end_byte)
        variable = next((each for each in node.children if each.type == "variable"), None)
        name = self._written(variable) if variable is not None else ""
        modifier = next((each for each in node.children if each.type == "expansion_modifier"), None)
        value = self._variable(name, span)
        if modifier is None:
            return value
        operator = next((each for each in modifier.children if each.type == "expansion_operator"), None)
        begin = operator.end_byte if operator is not None else modifier.start_byte
        word = self._joined(begin, modifier.end_byte, modifier, depth + 1)
        sign = self._written(operator) if operator is not None else ""
        given = ir.Compare(ir.CompareOp.NE, value, ir.Literal("", span), span)
        match sign.removeprefix(":"):
            case "-" if name not in self.own:
                return word
            case "-":
                return ir.Choice(given, value, word, span)
            case "+":
                return ir.Choice(given, word, ir.Literal("", span), span)
            case _:
                return ir.Opaque("an expansion that is not known", span)

    def _variable(self, name: str, span: Span) -> ir.Expression:
        if name in self.own and name not in _SET_BY_BUILDS:
            return ir.Name(self.own[name], span)
        return ir.Opaque(f"{name}, which is set by the build", span)

    # --- places ---

    def _written(self, node: Node) -> str:
        return self.content[node.start_byte : node.end_byte].decode()

    def _literal(self, start: int, end: int) -> ir.Literal:
        return ir.Literal(self.content[start:end].decode(), self._span(start, end))

    def _span(self, start: int, end: int) -> Span:
        return self.text.span(self._at(start), self._at(end))

    def _at(self, byte: int) -> int:
        return byte if self.ascii else len(self.content[:byte].decode("utf-8", "ignore"))


def _expansions(node: Node) -> Iterator[Node]:
    """The outermost expansions inside a node, in order."""
    pending = [node]
    while pending:
        current = pending.pop()
        if current.type == "expansion" and current is not node:
            yield current
        else:
            pending.extend(reversed(current.children))


@lru_cache(maxsize=1)
def _grammar() -> Language:
    import tree_sitter_containerfile
    from tree_sitter import Language

    return Language(tree_sitter_containerfile.language())
