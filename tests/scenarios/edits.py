"""Edits of Go source text that keep its meaning. Each takes the files of a tree and gives them changed, and says at how
many places it applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import tree_sitter_go
from tree_sitter import Language, Node, Parser

Files = Mapping[str, str]
Edit = Callable[[Files], tuple[dict[str, str], int]]

_PARSER = Parser(Language(tree_sitter_go.language()))
_FORMATS = ("%s", "%v", "%d", "%q")


@dataclass
class Source:
    """One Go file with the replacements that are wanted in it."""

    path: str
    content: bytes
    replacements: list[tuple[int, int, bytes]] = field(default_factory=list)
    appended: list[str] = field(default_factory=list)

    @property
    def root(self) -> Node:
        return _PARSER.parse(self.content).root_node

    @property
    def package(self) -> str:
        clause = next(node for node in self.root.named_children if node.type == "package_clause")
        return text(clause).removeprefix("package").strip()

    def replace(self, node: Node, with_: str) -> None:
        self.replacements.append((node.start_byte, node.end_byte, with_.encode()))

    def insert(self, at: int, what: str) -> None:
        self.replacements.append((at, at, what.encode()))

    def result(self) -> str:
        content = self.content
        for start, end, with_ in sorted(self.replacements, key=lambda each: each[:2], reverse=True):
            content = content[:start] + with_ + content[end:]
        return content.decode() + "".join(self.appended)


def text(node: Node) -> str:
    return (node.text or b"").decode()


def walk(node: Node, *types: str) -> Iterator[Node]:
    """The nodes of these types below a node, in the order of the text."""
    stack = [node]
    while stack:
        current = stack.pop()
        if current.type in types:
            yield current
        stack.extend(reversed(current.children))


def _go_files(files: Files) -> list[Source]:
    return [Source(path, content.encode()) for path, content in files.items() if path.endswith(".go")]


def _joined(files: Files, sources: list[Source]) -> dict[str, str]:
    return {**files, **{source.path: source.result() for source in sources}}


def _imports(source: Source) -> dict[str, str]:
    """The names under which packages are imported, with their paths."""
    found: dict[str, str] = {}
    for spec in walk(source.root, "import_spec"):
        path = spec.child_by_field_name("path")
        name = spec.child_by_field_name("name")
        if path is not None:
            inside = text(path).strip('"')
            found[text(name) if name is not None else inside.rpartition("/")[2]] = inside
    return found


# --- rename local identifiers ----------------------------------------------------------------------------------------


def rename_locals(files: Files) -> tuple[dict[str, str], int]:
    """Parameters and variables of functions get other names."""
    sources, count = _go_files(files), 0
    for source in sources:
        root = source.root
        kept = {"_", "nil", "true", "false", *_imports(source), *_package_names(root)}
        for function in root.named_children:
            if function.type in ("function_declaration", "method_declaration"):
                count += _rename_in(source, function, _declared(function) - kept)
    return _joined(files, sources), count


def _package_names(root: Node) -> set[str]:
    names: set[str] = set()
    for declaration in root.named_children:
        for spec in walk(declaration, "const_spec", "var_spec", "type_spec", "function_declaration"):
            if not any(parent.type == "block" for parent in _above(spec)):
                names |= {text(name) for name in spec.children_by_field_name("name")}
    return names


def _above(node: Node) -> Iterator[Node]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _declared(function: Node) -> set[str]:
    names: set[str] = set()
    for node in walk(function, "parameter_declaration", "variadic_parameter_declaration", "var_spec", "const_spec"):
        names |= {text(name) for name in node.children_by_field_name("name")}
    for node in walk(function, "short_var_declaration", "range_clause"):
        left = node.child_by_field_name("left")
        targets = left.named_children if left is not None else []
        names |= {text(name) for name in targets if name.type == "identifier"}
    return names


def _rename_in(source: Source, function: Node, names: set[str]) -> int:
    for node in walk(function, "identifier"):
        if text(node) in names and not _is_key(node):
            source.replace(node, f"{text(node)}Other")
    return len(names)


def _is_key(node: Node) -> bool:
    """Whether an identifier is the name of a field in a composite literal."""
    element = node.parent
    if element is None or element.type != "literal_element":
        return False
    pair = element.parent
    return pair is not None and pair.type == "keyed_element" and pair.named_children[0] == element


# --- rename functions ------------------------------------------------------------------------------------------------

_CALLED_BY_NAME = ("Test", "Benchmark", "Example", "Fuzz", "main", "init")


def rename_functions(files: Files) -> tuple[dict[str, str], int]:
    """Functions of packages get other names, wherever they are called."""
    sources = _go_files(files)
    names: set[str] = set()
    taken: set[str] = set()
    for source in sources:
        for node in source.root.named_children:
            name = node.child_by_field_name("name")
            if node.type == "function_declaration" and name is not None:
                names.add(text(name))
        taken |= {text(node) for node in walk(source.root, "type_identifier")}
        taken |= _locals_of(source)
    names = {name for name in names if not name.startswith(_CALLED_BY_NAME)} - taken
    for source in sources:
        own = _project_packages(files, source)
        for node in walk(source.root, "identifier", "field_identifier"):
            if text(node) in names and _is_function(node, own):
                source.replace(node, f"{text(node)}Renamed")
    return _joined(files, sources), len(names)


def _locals_of(source: Source) -> set[str]:
    functions = walk(source.root, "function_declaration", "method_declaration")
    return {name for function in functions for name in _declared(function)}


def _project_packages(files: Files, source: Source) -> set[str]:
    modules = [path.strip() for name, path in _modules(files)]
    return {name for name, path in _imports(source).items() if path.startswith(tuple(modules) or ("\0",))}


def _modules(files: Files) -> Iterator[tuple[str, str]]:
    """The directory and the path of every module of a tree."""
    for path, content in files.items():
        if path.rpartition("/")[2] == "go.mod":
            yield path.rpartition("/")[0], content.split("module ", 1)[1].split("\n", 1)[0]


def _is_function(node: Node, packages: set[str]) -> bool:
    parent = node.parent
    if node.type == "identifier":
        return not _is_key(node)
    operand = parent.child_by_field_name("operand") if parent is not None else None
    return operand is not None and text(operand) in packages


# --- extract expressions ---------------------------------------------------------------------------------------------


def extract_literals(files: Files) -> tuple[dict[str, str], int]:
    """Every string literal in an expression becomes a function that returns it."""
    sources, count = _go_files(files), 0
    for number, source in enumerate(sources):
        for node in walk(source.root, "interpreted_string_literal", "raw_string_literal"):
            if _is_extractable(node):
                name = f"extracted{number}x{count}"
                source.appended.append(f"\nfunc {name}() string {{\n\treturn {text(node)}\n}}\n")
                source.replace(node, f"{name}()")
                count += 1
    return _joined(files, sources), count


def _is_extractable(node: Node) -> bool:
    parent = node.parent
    inside = any(above.type == "block" for above in _above(node))
    constant = any(above.type in ("const_spec", "expression_case") for above in _above(node))
    places = ("argument_list", "binary_expression", "expression_list")
    if not inside or constant or parent is None or parent.type not in places:
        return False
    return not _types_itself(node) and b"expect" not in (node.text or b"")


def _types_itself(node: Node) -> bool:
    """Whether an untyped constant takes its type from where it stands: as a string it would not fit."""
    call = next((above for above in _above(node) if above.type == "call_expression"), None)
    function = call.child_by_field_name("function") if call is not None else None
    return function is not None and text(function) in ("append",)


# --- formats ---------------------------------------------------------------------------------------------------------


def split_formats(files: Files) -> tuple[dict[str, str], int]:
    """`fmt.Sprintf("a%sb", x)` becomes `"a" + fmt.Sprint(x) + "b"`."""
    sources, count = _go_files(files), 0
    for source in sources:
        for call in walk(source.root, "call_expression"):
            function = call.child_by_field_name("function")
            if function is not None and text(function) == "fmt.Sprintf" and (joined := _concatenated(call)):
                source.replace(call, joined)
                count += 1
    return _joined(files, _outermost(sources)), count


def _outermost(sources: list[Source]) -> list[Source]:
    """Without replacements inside of others."""
    for source in sources:
        source.replacements = [
            each
            for each in source.replacements
            if not any(a <= each[0] and each[1] <= b and (a, b) != each[:2] for a, b, _ in source.replacements)
        ]
    return sources


def _concatenated(call: Node) -> str:
    arguments = call.child_by_field_name("arguments")
    operands = [node for node in arguments.named_children if node.type != "comment"] if arguments is not None else []
    if not operands or not operands[0].type.endswith("string_literal"):
        return ""
    quote, body = text(operands[0])[0], text(operands[0])[1:-1]
    pieces = body.split("%s")
    values = operands[1:]
    if "%" in "".join(pieces) or len(pieces) != len(values) + 1 or any(v.type == "variadic_argument" for v in values):
        return ""
    parts = [f"{quote}{pieces[0]}{quote}"]
    for value, piece in zip(values, pieces[1:], strict=True):
        parts += [f"fmt.Sprint({text(value)})", f"{quote}{piece}{quote}"]
    return " + ".join(part for part in parts if part not in ('""', "``"))


# --- constants -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Constant:
    source: Source
    spec: Node
    declaration: Node
    name: str
    value: str


def _constants(sources: list[Source]) -> Iterator[_Constant]:
    """Constants of packages that are one literal text."""
    for source in sources:
        if b"//go:build" in source.content:
            continue
        for declaration in source.root.named_children:
            for spec in walk(declaration, "const_spec") if declaration.type == "const_declaration" else ():
                name, value = spec.child_by_field_name("name"), spec.child_by_field_name("value")
                if name is None or value is None or spec.child_by_field_name("type") is not None:
                    continue
                if len(value.named_children) == 1 and value.named_children[0].type.endswith("string_literal"):
                    yield _Constant(source, spec, declaration, text(name), text(value))


def _take_out(constant: _Constant) -> None:
    alone = len([node for node in constant.declaration.named_children if node.type == "const_spec"]) == 1
    constant.source.replace(constant.declaration if alone else constant.spec, "")


def move_constants(files: Files) -> tuple[dict[str, str], int]:
    """Constants move to another file of their package."""
    sources, moved, count = _go_files(files), {}, 0
    for constant in _constants(sources):
        source = constant.source
        directory, _, name = source.path.rpartition("/")
        end = "_test.go" if name.endswith("_test.go") else ".go"
        path = f"{directory}/moved{count}{end}" if directory else f"moved{count}{end}"
        moved[path] = f"package {source.package}\n\nconst {constant.name} = {constant.value}\n"
        _take_out(constant)
        count += 1
    return {**_joined(files, sources), **moved}, count


def move_constants_to_a_package(files: Files) -> tuple[dict[str, str], int]:
    """Constants move to a package of their own, which the files that use them import."""
    modules = list(_modules(files))
    sources = _go_files(files)
    constants = list(_constants(sources))
    packages = {(each.source.path.rpartition("/")[0], each.source.package) for each in constants}
    if len(modules) != 1 or modules[0][0] or len(packages) != 1 or _is_used_elsewhere(files, constants, packages):
        return dict(files), 0
    (directory, package), module = packages.pop(), modules[0][1].strip()
    lines: list[str] = []
    for constant in constants:
        lines.append(f"const Moved{constant.name} = {constant.value}\n")
        _take_out(constant)
    used = {constant.name for constant in constants}
    for source in sources:
        if source.path.rpartition("/")[0] == directory and source.package == package:
            _import_moved(source, used, module)
    package_text = "package moved\n\n" + "\n".join(lines)
    return {**_joined(files, sources), "internal/moved/moved.go": package_text}, len(lines)


def _is_used_elsewhere(files: Files, constants: list[_Constant], packages: set[tuple[str, str]]) -> bool:
    """Whether another package names them, or a local variable hides them."""
    names = {constant.name for constant in constants}
    if any(name[0].isupper() for name in names):
        return True
    return any(names & _locals_of(source) for source in _go_files(files))


def _import_moved(source: Source, names: set[str], module: str) -> None:
    gone = [span[:2] for span in source.replacements]
    used = [
        node
        for node in walk(source.root, "identifier")
        if text(node) in names
        and not _is_key(node)
        and not any(start <= node.start_byte and node.end_byte <= end for start, end in gone)
    ]
    for node in used:
        source.replace(node, f"moved.Moved{text(node)}")
    if used:
        clause = next(node for node in source.root.named_children if node.type == "package_clause")
        source.insert(clause.end_byte, f'\n\nimport "{module}/internal/moved"\n')


# --- argument lists --------------------------------------------------------------------------------------------------


def grow_arguments(files: Files) -> tuple[dict[str, str], int]:
    """A command's words written out become a list that grows by `append`."""
    sources, count = _go_files(files), 0
    for source in sources:
        for call in walk(source.root, "call_expression"):
            function = call.child_by_field_name("function")
            first = {"exec.Command": 1, "exec.CommandContext": 2}.get(text(function) if function is not None else "")
            statement = _statement(call)
            if first is None or statement is None:
                continue
            words = _words(call)[first:]
            if len(words) < 2 or any(word.type == "variadic_argument" for word in words):
                continue
            name = f"grown{count}"
            lines = [f"{name} := []string{{{text(words[0])}}}"]
            lines += [f"{name} = append({name}, {text(word)})" for word in words[1:]]
            source.insert(statement.start_byte, "\n".join(lines) + "\n")
            source.replacements.append((words[0].start_byte, words[-1].end_byte, f"{name}...".encode()))
            count += 1
    return _joined(files, sources), count


def _words(call: Node) -> list[Node]:
    arguments = call.child_by_field_name("arguments")
    return [node for node in arguments.named_children if node.type != "comment"] if arguments is not None else []


def _statement(node: Node) -> Node | None:
    """The statement of a block that a node belongs to, if what precedes the statement is evaluated just before it."""
    current = node
    for above in _above(node):
        if above.type in ("statement_list", "block"):
            return current
        if above.type in ("for_statement", "expression_case", "communication_case", "source_file"):
            return None
        if above.type == "if_statement" and not _is_first_evaluated(above, current):
            return None
        current = above
    return None


def _is_first_evaluated(statement: Node, part: Node) -> bool:
    first = statement.child_by_field_name("initializer") or statement.child_by_field_name("condition")
    parent = statement.parent
    return part == first and (parent is None or parent.type != "if_statement")


# --- wrapping --------------------------------------------------------------------------------------------------------

_COMPLETE = ("expression_statement", "assignment_statement", "if_statement", "for_statement")


def _wrapped(files: Files, opening: str) -> tuple[dict[str, str], int]:
    sources, count = _go_files(files), 0
    for source in sources:
        for function in walk(source.root, "function_declaration", "method_declaration"):
            body = function.child_by_field_name("body")
            lists = [node for node in body.named_children if node.type == "statement_list"] if body is not None else []
            statements = [each for node in lists for each in node.named_children if each.type != "comment"]
            last = statements[-1] if statements else None
            for statement in statements:
                ends = statement == last and function.child_by_field_name("result") is not None
                if statement.type in _COMPLETE and not ends:
                    source.insert(statement.start_byte, opening + " {\n")
                    source.insert(statement.end_byte, "\n}")
                    count += 1
    return _joined(files, sources), count


def wrap_in_a_loop(files: Files) -> tuple[dict[str, str], int]:
    """Statements of a function's body go into a loop over one element."""
    return _wrapped(files, "for range []int{1}")


def wrap_in_a_condition(files: Files) -> tuple[dict[str, str], int]:
    """Statements of a function's body go into `if true`."""
    return _wrapped(files, "if true")


EDITS: Mapping[str, Edit] = {
    "rename-locals": rename_locals,
    "rename-functions": rename_functions,
    "extract-literals": extract_literals,
    "split-formats": split_formats,
    "move-constants": move_constants,
    "move-constants-to-a-package": move_constants_to_a_package,
    "grow-arguments": grow_arguments,
    "wrap-in-a-loop": wrap_in_a_loop,
    "wrap-in-a-condition": wrap_in_a_condition,
}
