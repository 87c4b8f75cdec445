"""Edits of shell scripts, makefiles and workflows that keep their meaning. Each takes the files of a tree and gives
them changed, and says at how many places it applied. They know of the languages what fixtures use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

Files = Mapping[str, str]
Edit = Callable[[Files], tuple[dict[str, str], int]]
MOVED = "moved.mk"

_BUILD = re.compile(
    r"(?P<before>\b(?:docker|podman) (?:buildx )?build\b[^|;&\n]*?) -t (?P<name>\"[^\"\n]*\"|[^\s\"';]+)"
)
_SIMPLE = re.compile(r"^(?P<name>[A-Za-z_]\w*) *:= *(?P<value>.*)$", re.MULTILINE)
_DEFINED = re.compile(r"^(?P<name>[A-Za-z_]\w*) *:?= *(?P<value>[^\n]*)$", re.MULTILINE)
_QUOTED = re.compile(r"(?<=\s)\"(\$\{?[A-Za-z_]\w*\}?)\"(?=\s|$)")
_BARE = re.compile(r"(?<=\s)(\$\{?[A-Za-z_]\w*\}?)(?=\s|$)")
_ASSIGNED = re.compile(r"^[ \t]*(?:local |readonly )?(?P<name>[A-Za-z_]\w*)=", re.MULTILINE)
_FROM_OUTSIDE = re.compile(
    r"\$\{(\w+):?[-=?+]|export\s+(\w+)|\bread\b[^\n]*?(\w+)|\bfor\s+(\w+)|\bgetopts\b\s+\S+\s+(\w+)"
)
_PROGRAMS = ("docker ", "podman ", "kind ", "kubectl ", "helm ")
_GIVEN_TO_PROGRAMS = (
    "DOCKER",
    "KUBE",
    "KIND",
    "KO_",
    "HELM",
    "COMPOSE",
    "BUILDKIT",
    "PATH",
    "HOME",
    "IFS",
    "SHELL",
    "OPT",
)
_JOB_ENV = re.compile(r"^    env:\n(?P<entries>(?:      [^\n]*\n)+)", re.MULTILINE)


def _is_makefile(path: str) -> bool:
    return path.rpartition("/")[2] == "Makefile" or path.endswith(".mk")


def _is_workflow(path: str) -> bool:
    return ".github/workflows/" in path


def _edited(
    files: Files, wanted: Callable[[str], bool], edit: Callable[[str], tuple[str, int]]
) -> tuple[dict[str, str], int]:
    found, count = dict(files), 0
    for path, text in files.items():
        if wanted(path):
            found[path], times = edit(text)
            count += times
    return found, count


def tag_with_equals(files: Files) -> tuple[dict[str, str], int]:
    """`docker build -t X` becomes `docker build --tag=X`."""

    def edit(text: str) -> tuple[str, int]:
        return _BUILD.subn(lambda found: f"{found['before']} --tag={found['name']}", text)

    return _edited(files, lambda path: path.endswith(".sh") or _is_makefile(path) or _is_workflow(path), edit)


def expand_later(files: Files) -> tuple[dict[str, str], int]:
    """`A := x` becomes `A = x` where nothing is run, and nothing that it names is set more than once."""

    def edit(text: str) -> tuple[str, int]:
        times = [
            found["name"]
            for found in re.finditer(r"^\s*(?:export |override )?(?P<name>\w+)\s*[:?+]?=", text, re.MULTILINE)
        ]
        named = re.compile(r"\$[({](\w+)[)}]")

        def later(found: re.Match[str]) -> str:
            parts = (found["name"], *named.findall(found["value"]))
            if (
                "shell" in found["value"]
                or "MAKEFILE_LIST" in found["value"]
                or any(times.count(each) > 1 for each in parts)
            ):
                return found.group()
            itself = found["name"] in parts[1:]
            return found.group() if itself else f"{found['name']} = {found['value']}"

        changed = _SIMPLE.sub(later, text)
        return changed, int(changed != text)

    return _edited(files, _is_makefile, edit)


def _commands(text: str, change: Callable[[str], str]) -> tuple[str, int]:
    """Change the lines that begin with a program, outside of texts of several lines."""
    lines, count = text.splitlines(keepends=True), 0
    if "<<" in text or "tagcheck: ignore" in text:
        return text, 0
    for at, line in enumerate(lines):
        before = lines[at - 1].rstrip() if at else ""
        if line.lstrip().startswith(_PROGRAMS) and not before.endswith(("\\", "|", "&&", "||")):
            lines[at] = change(line)
            count += lines[at] != line
    return "".join(lines), count


def unquote(files: Files) -> tuple[dict[str, str], int]:
    """Quoted variables that are whole words lose their quotes."""
    return _edited(
        files, lambda path: path.endswith(".sh"), lambda text: _commands(text, lambda line: _QUOTED.sub(r"\1", line))
    )


def quote(files: Files) -> tuple[dict[str, str], int]:
    """Bare variables that are whole words, and name no lists of words, get quotes."""

    def change(line: str) -> str:
        return _BARE.sub(
            lambda found: (
                found[1] if "S" in found[1][-2:] or "ARG" in found[1] or "FLAG" in found[1] else f'"{found[1]}"'
            ),
            line,
        )

    return _edited(files, lambda path: path.endswith(".sh"), lambda text: _commands(text, change))


def wrap_in_functions(files: Files) -> tuple[dict[str, str], int]:
    """A command of a script moves into a function, which is called where it was."""

    def edit(text: str) -> tuple[str, int]:
        numbers = iter(range(1000))

        def change(line: str) -> str:
            simple = line[0] not in " \t" and not line.rstrip().endswith(("\\", "|", "&", "{", "(", "'"))
            if not simple or re.search(r"\$[{]?[@*#?0-9]", line) or line.count('"') % 2 or line.count("'") % 2:
                return line
            name = f"step_{next(numbers)}"
            return f"{name}() {{\n  {line.rstrip()}\n}}\n{name}\n"

        return _commands(text, change)

    return _edited(files, lambda path: path.endswith(".sh"), edit)


def _renamed(text: str, others: str, names: Iterator[str]) -> tuple[str, int]:
    count = 0
    for name in dict.fromkeys(names):
        word = re.compile(rf"\b{name}\b")
        if (
            not name.isupper()
            or name.startswith(_GIVEN_TO_PROGRAMS)
            or word.search(others)
            or "eval" in text
            or "envsubst" in text
            or any(mark in text for mark in ("${!", "$($(", "$(${"))
        ):
            continue
        text, times = word.subn(f"{name}_own", text)
        count += times > 0
    return text, count


def _rename(
    files: Files, wanted: Callable[[str], bool], names: Callable[[str], Iterator[str]]
) -> tuple[dict[str, str], int]:
    found, count = dict(files), 0
    for path, text in files.items():
        if wanted(path):
            others = "\n".join(other for name, other in files.items() if name != path)
            found[path], times = _renamed(text, others, names(text))
            count += times
    return found, count


def rename_shell_variables(files: Files) -> tuple[dict[str, str], int]:
    """Variables that only one script sets and reads get other names."""

    def names(text: str) -> Iterator[str]:
        outside = {each for groups in _FROM_OUTSIDE.findall(text) for each in groups}
        return (found["name"] for found in _ASSIGNED.finditer(text) if found["name"] not in outside)

    return _rename(files, lambda path: path.endswith(".sh"), names)


def rename_make_variables(files: Files) -> tuple[dict[str, str], int]:
    """Variables that only one makefile sets and reads get other names."""

    def names(text: str) -> Iterator[str]:
        shell = set(re.findall(r"\$\$\{?(\w+)", text)) | set(re.findall(r"(?:export|override|undefine) +(\w+)", text))
        given = set(re.findall(r"(?<=[\s;])(\w+)=", text)) | set(re.findall(r"^(\w+) *\?=", text, re.MULTILINE))
        return (found["name"] for found in _DEFINED.finditer(text) if found["name"] not in shell | given)

    return _rename(files, _is_makefile, names)


def move_make_variables(files: Files) -> tuple[dict[str, str], int]:
    """The variables of a makefile move into a file that it includes."""
    found, count = dict(files), 0
    for path, text in files.items():
        if path.rpartition("/")[2] != "Makefile" or re.search(
            r"^(?:if|define|include|export|-include)|MAKEFILE_LIST", text, re.MULTILINE
        ):
            continue
        lines = text.splitlines(keepends=True)
        moved = [line for line in lines if re.match(r"\w+ *[:?]?=", line) and not line.rstrip().endswith("\\")]
        if moved:
            folder = path.rpartition("/")[0]
            found[path] = f"include {MOVED}\n" + "".join(line for line in lines if line not in moved)
            found[f"{folder}/{MOVED}" if folder else MOVED] = "".join(moved)
            count += 1
    return found, count


def environment_of_the_workflow(files: Files) -> tuple[dict[str, str], int]:
    """The environment of a workflow's only job becomes that of the workflow."""

    def edit(text: str) -> tuple[str, int]:
        found = _JOB_ENV.search(text)
        jobs = re.findall(r"^  [\w-]+:\n", text.partition("\njobs:\n")[2], re.MULTILINE)
        if found is None or len(jobs) != 1 or re.search(r"^env:", text, re.MULTILINE):
            return text, 0
        if re.search(r"\b(?:matrix|needs|steps|runner|env|strategy|job)\.", found["entries"]):
            return text, 0
        entries = re.sub(r"^    ", "", found["entries"], flags=re.MULTILINE)
        text = text[: found.start()] + text[found.end() :]
        return text.replace("\njobs:\n", f"\nenv:\n{entries}jobs:\n", 1), 1

    return _edited(files, _is_workflow, edit)


EDITS: Mapping[str, Edit] = {
    "tag-with-equals": tag_with_equals,
    "expand-later": expand_later,
    "unquote": unquote,
    "quote": quote,
    "wrap-in-functions": wrap_in_functions,
    "rename-shell-variables": rename_shell_variables,
    "rename-make-variables": rename_make_variables,
    "move-make-variables": move_make_variables,
    "environment-of-the-workflow": environment_of_the_workflow,
}
