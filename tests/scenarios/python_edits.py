"""Edits of Python source text that keep its meaning. Each takes the files of a tree and gives them changed, and says at
how many places it applied."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from posixpath import dirname, join

Files = Mapping[str, str]
Edit = Callable[[Files], tuple[dict[str, str], int]]
Replacement = tuple[int, int, str]
MOVED = "moved_constants"


def _sources(files: Files) -> Iterator[tuple[str, str, ast.Module]]:
    for path, text in files.items():
        if path.endswith(".py"):
            yield path, text, ast.parse(text)


def _offsets(text: str, node: ast.AST) -> tuple[int, int]:
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def at(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    assert isinstance(node, ast.expr | ast.stmt)
    return at(node.lineno, node.col_offset), at(node.end_lineno or 0, node.end_col_offset or 0)


def _replaced(text: str, replacements: list[Replacement]) -> str:
    for start, end, with_ in sorted(replacements, reverse=True):
        text = text[:start] + with_ + text[end:]
    return text


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def rename_locals(files: Files) -> tuple[dict[str, str], int]:
    """Local variables of functions without functions inside get other names."""
    found, count = dict(files), 0
    for path, text, tree in _sources(files):
        replacements: list[Replacement] = []
        for function in _functions(tree):
            inner = [node for node in ast.walk(function) if isinstance(node, ast.Lambda | ast.FunctionDef | ast.Global)]
            if len(inner) > 1:
                continue
            names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
            own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
            replacements += [(*_offsets(text, node), f"{node.id}_renamed") for node in names if node.id in own]
        found[path] = _replaced(text, replacements)
        count += len(replacements)
    return found, count


def _inside_formats(tree: ast.AST) -> set[ast.AST]:
    return {inner for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)}


def extract_helper(files: Files) -> tuple[dict[str, str], int]:
    """Texts in the arguments of calls inside functions come out of a function."""
    found, count = dict(files), 0
    for path, text, tree in _sources(files):
        formats, replacements = _inside_formats(tree), list[Replacement]()
        for function in _functions(tree):
            for call in (node for statement in function.body for node in ast.walk(statement)):
                for each in call.args if isinstance(call, ast.Call) else ():
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and each not in formats:
                        replacements.append(
                            (*_offsets(text, each), f"extracted_helper({text[slice(*_offsets(text, each))]})")
                        )
        unique = sorted(set(replacements))
        if unique:
            found[path] = _replaced(text, unique) + "\n\ndef extracted_helper(value):\n    return value\n"
            count += len(unique)
    return found, count


def split_formats(files: Files) -> tuple[dict[str, str], int]:
    """f-strings without layouts become concatenations."""
    found, count = dict(files), 0
    for path, text, tree in _sources(files):
        replacements: list[Replacement] = []
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.JoinedStr)
                and node not in _inside_formats(tree) - {node}
                and node.lineno == node.end_lineno
            ):
                parts = [_part(each) for each in node.values]
                if all(parts) and parts:
                    replacements.append((*_offsets(text, node), f"({' + '.join(map(str, parts))})"))
        # An f-string inside another one is part of that.
        kept = [each for each in replacements if not any(o[0] < each[0] and each[1] < o[1] for o in replacements)]
        found[path] = _replaced(text, kept)
        count += len(kept)
    return found, count


def _part(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return repr(node.value)
    if isinstance(node, ast.FormattedValue) and node.format_spec is None and node.conversion == -1:
        return f"str({ast.unparse(node.value)})"
    return None


def move_constants(files: Files) -> tuple[dict[str, str], int]:
    """Texts in variables of a module go into a module beside it."""
    found, count = dict(files), 0
    for path, text, tree in _sources(files):
        replacements: list[Replacement] = []
        moved: list[str] = []
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str())):
                    replacements.append((*_offsets(text, node), f"from {_module(path)} import {name}"))
                    moved.append(text[slice(*_offsets(text, node))])
        if moved:
            found[path] = _replaced(text, replacements)
            found[join(dirname(path), f"{MOVED}_{_stem(path)}.py")] = "\n".join(moved) + "\n"
            count += len(moved)
    return found, count


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _module(path: str) -> str:
    return f"{MOVED}_{_stem(path)}"


def _wrapped(files: Files, head: str) -> tuple[dict[str, str], int]:
    """Calls that stand alone in a function go into a statement that begins with `head`."""
    found, count = dict(files), 0
    for path, text, tree in _sources(files):
        replacements: list[Replacement] = []
        for function in _functions(tree):
            for node in function.body:
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.lineno == node.end_lineno:
                    start, end = _offsets(text, node)
                    replacements.append((start, end, head + text[start:end]))
        found[path] = _replaced(text, replacements)
        count += len(replacements)
    return found, count


def wrap_in_a_condition(files: Files) -> tuple[dict[str, str], int]:
    """Calls that stand alone in a function go into `if True`."""
    return _wrapped(files, "if True: ")


def wrap_in_a_loop(files: Files) -> tuple[dict[str, str], int]:
    """Calls that stand alone in a function go into a loop of one round."""
    return _wrapped(files, "for once in (1,): ")


def append_arguments(files: Files) -> tuple[dict[str, str], int]:
    """Lists that are the first argument of a call that stands alone are put together item by item before it."""
    found, count = dict(files), 0
    for path, text, tree in _sources(files):
        replacements: list[Replacement] = []
        inside = (each for function in _functions(tree) for each in function.body)
        for node in (*tree.body, *inside):
            match node:
                case ast.Expr(value=ast.Call(args=[ast.List(elts=[_, *_] as items) as listed, *_])) if _alone(
                    text, node
                ):
                    name = f"argv_{count + len(replacements)}"
                    lines = [f"{name} = []", *(f"{name}.{_grown(text, item)}" for item in items)]
                    start, end = _offsets(text, node)
                    low, high = _offsets(text, listed)
                    call = text[start:low] + name + text[high:end]
                    replacements.append((start, end, f"\n{' ' * node.col_offset}".join((*lines, call))))
        found[path] = _replaced(text, replacements)
        count += len(replacements)
    return found, count


def _alone(text: str, node: ast.stmt) -> bool:
    start, _ = _offsets(text, node)
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()


def _grown(text: str, node: ast.expr) -> str:
    """How a list gets an item that is written so."""
    start, end = _offsets(text, node)
    return f"extend([{text[start:end]}])" if isinstance(node, ast.Starred) else f"append({text[start:end]})"


EDITS: Mapping[str, Edit] = {
    "python-rename-locals": rename_locals,
    "python-extract-helper": extract_helper,
    "python-split-formats": split_formats,
    "python-move-constants": move_constants,
    "python-wrap-in-a-condition": wrap_in_a_condition,
    "python-wrap-in-a-loop": wrap_in_a_loop,
    "python-append-arguments": append_arguments,
}
