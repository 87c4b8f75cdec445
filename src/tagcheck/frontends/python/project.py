"""Which module a file is, and which file an import means (Python language reference, chapter 5; pytest's conftest.py).

A module is named after its path without the suffix ('tests/e2e/helpers', './build' at the root), so that it is never
taken for a library's. An absolute import is looked for beside the file that has it and in every folder above, each with
its `src`: that is what interpreters, test runners and installed packages come to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, join

SUFFIXES = (".py", "SConstruct", "SConscript")
DODO = "dodo.py"
"""The file that doit reads."""
PLUGINS = "pytest_plugins"
"""The variable in which a file names modules with fixtures."""
RUN_TASKS = "actions"
"""What its tasks are done by: it must be a word that a file with tasks has."""
CONFTEST = "conftest"
FIXTURES = "pytest.fixtures"
"""The module of the fixtures that plug-ins bring."""
AUTOUSE = "autouse fixtures"
"""What a file runs before its tests, and those of the folders below it, without being asked."""
HOOKS = ("pytest_configure", "pytest_sessionstart", "setup_module", "setUpModule")
FINAL_HOOKS = ("teardown_module", "tearDownModule", "pytest_sessionfinish", "pytest_unconfigure")
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|(?:[^\n\\#]|\\\r?\n)*)|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)
_PLUGINS = re.compile(rb"^pytest_plugins[ \t]*(?::[^=\n]*)?=[ \t]*([\[(][^\])]*|[^\n]*)", re.MULTILINE)
_QUOTED = re.compile(rb"[\"']([\w.]+)[\"']")
_ALIAS = re.compile(rb"([\w.*]+)(?:\s+as\s+(\w+))?")
_COMMENT = re.compile(rb"#[^\n]*")
_SOURCE_FOLDERS = ("", "src", "lib")
_MOST_HOPS = 4
_OF_SCONS = (
    *("Environment", "DefaultEnvironment", "Command", "Alias", "Execute", "Touch", "Copy", "Delete", "Mkdir", "Move"),
    *("Chmod", "Default", "Depends", "AlwaysBuild", "Requires", "Precious", "NoClean", "Clean", "Export", "Import"),
)


@dataclass(frozen=True)
class PythonLayout:
    """The Python files of a project, by path without the suffix."""

    files: frozenset[str]
    read: Callable[[str], str | None]
    _found: dict[tuple[str, str], str] = field(default_factory=dict, compare=False)
    _bound: dict[str, dict[str, str]] = field(default_factory=dict, compare=False)

    def module(self, path: str, content: bytes) -> str | None:
        return named(path.removesuffix(".py"))

    def imports(self, path: str, content: bytes) -> frozenset[str]:
        found: set[str] = set()
        for target, _ in imported(content):
            meant = self.resolved(path, target)
            found.add(meant.partition(":")[0])
            module, _, name = target.partition(":")
            found.add(self.resolved(path, module))
            if name and meant == target:
                found.add(f"{module}.{name}")
        if is_test(path):
            found.update(self.resolved(path, f"{CONFTEST}:{folder}").partition(":")[0] for folder in folders(path))
            found.add(FIXTURES)
        found.update(self.resolved(path, module) for module in plugin_modules(content))
        found.update(target.partition(":")[0] for target in given_names(path).values())
        return frozenset(found)

    def resolved(self, path: str, module: str) -> str:
        key = (dirname(path), module)
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = self._resolved(path, module, 0)
        return known

    def _resolved(self, path: str, target: str, hops: int) -> str:
        module, _, name = target.partition(":")
        if module == CONFTEST and target != CONFTEST:
            conftest = join(name, CONFTEST)
            return named(conftest) if conftest in self.files else FIXTURES
        base = self._file(path, module)
        if not name:
            return target if base is None else named(base)
        inner = self._file(path, f"{module}{name}" if module.endswith(".") else f"{module}.{name}")
        if inner is not None:
            return named(inner)
        if base is None:
            return target
        return self._followed(base, name, hops) or f"{named(base)}:{name}"

    def _followed(self, base: str, name: str, hops: int) -> str | None:
        """Where a name comes from that a module only passes on."""
        bound = self._bindings(base).get(name)
        if bound is None or hops >= _MOST_HOPS:
            return None
        found = self._resolved(base + ".py", bound, hops + 1)
        return None if found == bound and bound[:1] == "." else found

    def _bindings(self, base: str) -> dict[str, str]:
        known = self._bound.get(base)
        if known is None:
            text = self.read(base + ".py") or ""
            known = self._bound[base] = {alias: to for to, alias in imported(text.encode()) if ":" in to}
        return known

    def _file(self, path: str, module: str) -> str | None:
        """The file of a module as a file imports it; a package is its `__init__`."""
        if module[:1] == ".":
            rest = module.lstrip(".")
            folder = dirname(path)
            for _ in range(len(module) - len(rest) - 1):
                folder = dirname(folder)
            return self._at(join(folder, *rest.split(".")).rstrip("/"))
        tail = module.replace(".", "/")
        for folder in folders(path):
            for source in _SOURCE_FOLDERS:
                found = self._at(join(folder, source, tail))
                if found is not None:
                    return found
        return None

    def _at(self, base: str) -> str | None:
        if base in self.files:
            return base
        package = join(base, "__init__")
        return package if package in self.files else None

    def defines(self, content: bytes, name: str) -> bool:
        """A module is one file: whether its bytes have the name at all."""
        simple = name.rpartition(".")[2].rpartition(":")[2]
        return simple.encode() in content

    def runs_on_load(self, content: bytes) -> bool:
        return False

    def is_extract(self, path: str) -> bool:
        return False

    def is_test(self, path: str) -> bool:
        return is_test(path)

    def owns(self, module: str) -> bool:
        return False


def given_names(path: str) -> dict[str, str]:
    """What the program that reads a file gives it without an import, as 'module:name'."""
    match path.rpartition("/")[2]:
        case "SConstruct" | "SConscript":
            return {name: f"scons:{name}" for name in _OF_SCONS}
        case name if name == DODO:
            return {RUN_TASKS: f"doit:{RUN_TASKS}"}
        case _:
            return {}


def named(base: str) -> str:
    """The module of a path without its suffix."""
    return base if "/" in base else f"./{base}"


def is_test(path: str) -> bool:
    """Whether pytest and unittest take a file for one with tests or fixtures, by its name."""
    name = path.rpartition("/")[2]
    return name == "conftest.py" or name.startswith("test_") or name.endswith(("_test.py", "_tests.py"))


def folders(path: str) -> Iterator[str]:
    """The folder of a file and those above it, up to the root (''); a file outside of the project has none here."""
    folder = dirname(path)
    while folder and not folder.startswith("/"):
        yield folder
        folder = dirname(folder)
    if not folder:
        yield ""


def imported(content: bytes) -> Iterator[tuple[str, str]]:
    """What a file imports, as 'module' or 'module:name', and the name that it is bound to, from its bytes alone."""
    for match in _import_statements(content):
        if match[3] is not None:
            for name, alias in _ALIAS.findall(match[3]):
                yield name.decode(), (alias or name).decode()
            continue
        module = match[1].decode()
        for name, alias in _ALIAS.findall(_COMMENT.sub(b"", match[2])):
            if name == b"*":
                yield module, "*"
            else:
                yield f"{module}:{name.decode()}", (alias or name).decode()


def plugin_modules(content: bytes) -> Iterator[str]:
    """The modules that a file names as plug-ins."""
    for match in _PLUGINS.finditer(content) if PLUGINS.encode() in content else ():
        yield from (each.decode() for each in _QUOTED.findall(match[1]))


def _import_statements(content: bytes) -> Iterator[re.Match[bytes]]:
    """Each import, looked for by its keyword: most lines of a file have none."""
    at = content.find(b"import")
    while at >= 0:
        match = _IMPORT.match(content, content.rfind(b"\n", 0, at) + 1)
        if match is not None:
            yield match
        at = content.find(b"import", at + len(b"import") if match is None else max(match.end(), at + 1))


def layout(paths: Sequence[str], read: Callable[[str], str | None]) -> PythonLayout:
    """The layout of a project from the paths of its files."""
    return PythonLayout(frozenset(path.removesuffix(".py") for path in paths if path.endswith(".py")), read)
