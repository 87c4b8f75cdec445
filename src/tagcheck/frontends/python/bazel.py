"""Bazel's files (BUILD, MODULE.bazel, WORKSPACE, and the .bzl files that they load) to the small language (Bazel 8,
bazel.build/rules/language).

A file is one procedure. It begins with what the files that it loads define, each of which runs once in a scope of its
own; what other repositories define is a library's: `@rules_oci//oci:defs.bzl` is the module `bazel/rules_oci/oci/defs`.
What nobody defines is Bazel's own, the module `bazel`.

What it cannot do: repositories under another name than their own; files that other files generate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from posixpath import basename, dirname, join

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.ir import Problem

LANGUAGE = "bazel"
LIBRARY = "bazel"
PACKAGES = ("BUILD.bazel", "BUILD")
"""The file of a package; the first that there is."""
WORKSPACES = ("MODULE.bazel", "WORKSPACE.bazel", "WORKSPACE")
"""What stands at the root of a workspace."""
SUFFIX = ".bzl"
PROGRAMS = ("bazel", "bazelisk")
Read = Callable[[str], bytes | None]


def is_named(path: str) -> bool:
    """Whether a file is called like one of Bazel's."""
    name = basename(path)
    return name in PACKAGES or name in WORKSPACES or name.endswith(SUFFIX)


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is one of Bazel's."""
    return is_named(path) and b"\x00" not in content[:4]


def key(path: str) -> str:
    """The key of the procedure that a file is."""
    return f"{LIBRARY}:{path}"


def counting(files: Mapping[str, bytes], libraries: Collection[str]) -> frozenset[str]:
    """The files, by path, that mention one of the `libraries`, the names of repositories whose rules do something to
    images; or a .bzl file that does, however many steps away. Bytes decide: a large tree has thousands of such files
    and few about containers."""
    fresh = _mentioning(files, libraries)
    found: set[str] = set()
    while fresh:
        found |= fresh
        names = {basename(path) for path in fresh if path.endswith(SUFFIX)}
        fresh = _mentioning({path: files[path] for path in files.keys() - found}, names)
    return frozenset(found)


def _mentioning(files: Mapping[str, bytes], names: Iterable[str]) -> set[str]:
    words = [name.encode() for name in sorted(names)]
    return {path for path, content in files.items() if any(word in content for word in words)}


def libraries(modules: Iterable[str]) -> frozenset[str]:
    """The names of the repositories that modules of Bazel's belong to: 'bazel/rules_oci/…' → 'rules_oci'."""
    parts = (module.split("/") for module in modules)
    return frozenset(each[1] for each in parts if len(each) > 1 and each[0] == LIBRARY and each[1])


def workspace_of(folder: str, has: Callable[[str], bool]) -> str:
    """The root of the workspace that a folder belongs to; the project's folder if none is marked as such."""
    around = folders_around(folder)
    return next((each for each in around if any(has(join(each, name)) for name in WORKSPACES)), around[-1])


def folders_around(folder: str) -> list[str]:
    """A folder and those that it lies in."""
    found = [folder]
    while (outer := dirname(found[-1])) != found[-1]:
        found.append(outer)
    return found


def package_file(folder: str, has: Callable[[str], bool]) -> str | None:
    """The file of the package in a folder; None if the folder is none."""
    return next((path for name in PACKAGES if has(path := join(folder, name))), None)


def parse(path: str, content: bytes, module: str, read: Read) -> Unit:
    """A file as a unit with one procedure, `bazel:path`; a .bzl file does nothing by itself. `read` gives the content
    of a file of the project. Never raises."""
    if path.endswith(SUFFIX):
        return Unit(path, LANGUAGE, module)
    try:
        return _parsed(path, content, module, read)
    except RecursionError:
        return Unit(path, LANGUAGE, module, problems=(Problem(path, 1, 1, "nested too deeply; not read as Starlark"),))


def _parsed(path: str, content: bytes, module: str, read: Read) -> Unit:
    from tagcheck.frontends.python.bazelfiles import Files

    files = Files(read, workspace_of(dirname(path), lambda name: read(name) is not None))
    span = files.add(path, content)
    if span is None:
        return Unit(path, LANGUAGE, module, problems=tuple(files.problems))
    name = basename(path)
    mentions = files.mentions()
    procedure = ir.Procedure(key(path), module, (), lambda: files.lowered(path), span, ("",), mentions=mentions)
    return Unit(
        path,
        LANGUAGE,
        module,
        procedures={name: procedure},
        entries=((name, EntryKind.STATEMENT),),
        problems=tuple(files.problems),
    )
