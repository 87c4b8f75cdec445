"""Which Go package a file belongs to: go.mod files, nested modules, workspaces, local replacements, imports from the
bytes.

Sources: the Go modules reference (go.dev/ref/mod) for module paths, `replace`, nested modules and workspaces; the Go
specification for package clauses and import declarations. What lies in vendor folders is a copy of something else and
is not read: of a module of the project, the original is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath

_IMPORT = re.compile(rb'import\s+(?:\(([^)]*)\)|(?:[\w.]+\s+)?"([^"\n]+)")')
_QUOTED = re.compile(rb'"([^"\n]+)"')
_PACKAGE = re.compile(rb"^\s*package\s+(\w+)", re.MULTILINE)
_HEAD = 16_384
"""Bytes of a file in which package clause and imports are looked for."""
_MOST_PRESUMED = 500
"""Files that are asked what a tree without a go.mod is called; a project of more has one."""


@dataclass(frozen=True)
class GoLayout:
    """Module paths by the folder of their go.mod, longest folder first; `aliases` maps replaced module paths to
    folders, longest path first. Of several modules with one path, `copies` maps the folders of all but the first to
    that path; their own name is the path with '@' and the folder. `presumed`: there is no go.mod, and the root's path
    is what its own files call it when they import each other."""

    roots: tuple[tuple[str, str], ...]
    aliases: tuple[tuple[str, str], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    presumed: bool = False
    _cache: dict[str, str] = field(default_factory=dict, compare=False)

    def module(self, path: str, content: bytes) -> str | None:
        found = _PACKAGE.search(content, 0, _HEAD)
        if found is None:
            return None
        external = path.endswith("_test.go") and found[1].endswith(b"_test")
        return self.import_path(dirname(path)) + (".test" if external else "")

    def import_path(self, folder: str) -> str:
        """The import path of the package in a folder; the folder itself where no go.mod is above it."""
        known = self._cache.get(folder)
        if known is None:
            known = self._cache[folder] = self._import_path(folder)
        return known

    def _import_path(self, folder: str) -> str:
        for root, module in self.roots:
            if not root or folder == root or folder.startswith(root + "/"):
                rest = folder[len(root) :].strip("/")
                return f"{module}/{rest}" if rest else module
        return folder or "."

    def imports(self, path: str, content: bytes) -> frozenset[str]:
        return frozenset(self.resolved(path, name) for name in _imported(content))

    def resolved(self, path: str, module: str) -> str:
        for root, own in self.copies:
            if path.startswith(root + "/") and _is_in(module, own):
                return self.import_path(join(root, module[len(own) :].strip("/")).rstrip("/"))
        for replaced, folder in self.aliases:
            if _is_in(module, replaced):
                return self.import_path(join(folder, module[len(replaced) :].strip("/")).rstrip("/"))
        return module

    def defines(self, content: bytes, name: str) -> bool:
        """A definition's name follows a keyword, a receiver (of the type that precedes it in `name`), a comma or, in a
        group, the beginning of the line."""
        type_, _, simple = name.rpartition(".")
        word = simple.encode()
        at = content.find(word)
        while at >= 0:
            if _is_defined(content, at, at + len(word), type_.encode()):
                return True
            at = content.find(word, at + 1)
        return False

    def runs_on_load(self, content: bytes) -> bool:
        return b"func init()" in content

    def is_extract(self, path: str) -> bool:
        return self.presumed or not any(not root or path.startswith(root + "/") for root, _ in self.roots)

    def is_test(self, path: str) -> bool:
        return path.endswith("_test.go")

    def owns(self, module: str) -> bool:
        module = module.removesuffix(".test")
        return self.presumed or not self.roots or any(_is_in(module, own) for _, own in self.roots)


def _declarations(content: bytes) -> Iterator[re.Match[bytes]]:
    """The import declarations at the beginning of a file, each at the beginning of a line. The word is looked for
    first: an expression that begins with the line's beginning would be tried at every line."""
    at = content.find(b"import", 0, _HEAD)
    while at >= 0:
        end = at + 1
        if not content[content.rfind(b"\n", 0, at) + 1 : at].strip():
            match = _IMPORT.match(content, at, _HEAD)
            if match is not None:
                yield match
                end = match.end()
        at = content.find(b"import", end, _HEAD)


_BEFORE = re.compile(rb"(?:(func)\s*(?:\(([^)\n]*)\))?|(var|const|type)|(?:var|const)?[\w ,\t]*,)?\s*")
_AFTER = re.compile(rb"[ \t]*+(?:[\r\n;,/*\[\w\x80-\xff<]|=(?!=)|\Z)|[ \t]++[()]")
"""What follows a name in a group of definitions, as gofmt writes it; statements go on in other ways."""
_WORD = re.compile(rb"\w")


def _is_defined(content: bytes, start: int, end: int, type_: bytes) -> bool:
    """Whether an occurrence of a name looks like its definition; of a method, if a type is given."""
    line = content.rfind(b"\n", 0, start) + 1
    if not type_ and content[end : end + 1] in _CALLED and content[line : line + 4] != b"func":
        return False
    before = _BEFORE.fullmatch(content, line, start)
    if before is None or _WORD.match(content, end):
        return False
    if type_:
        return before[2] is not None and re.search(rb"\b" + re.escape(type_) + rb"\b", before[2]) is not None
    return bool(before[1] or before[3]) or _AFTER.match(content, end) is not None


_CALLED = frozenset((b"(", b".", b")", b":"))
"""What stands behind a name in most statements; no definition but that of a function goes on so."""


def _is_in(module: str, parent: str) -> bool:
    return module == parent or module.startswith(parent + "/")


def is_exported(name: str) -> bool:
    """Whether a package offers a name to others (The Go Programming Language Specification, "Exported identifiers")."""
    return name[:1].isupper()


def layout(paths: Sequence[str], read: Callable[[str], str | None]) -> GoLayout:
    """The layout of a project from its go.mod and go.work files."""
    declared: list[tuple[str, str]] = []
    used: set[str] = set()
    aliases: dict[str, str] = {}
    # What a workspace replaces stands above what its modules do.
    for path in sorted(paths, key=lambda each: (each.endswith("go.work"), each)):
        folder, _, name = path.rpartition("/")
        if name not in ("go.mod", "go.work"):
            continue
        file = _read_mod(read(path) or "")
        if file.module and name == "go.mod":
            declared.append((folder, file.module))
        used.update(_joined(folder, target) for target in file.uses)
        aliases.update((old, _joined(folder, target)) for old, target in file.replaced)
    if not declared and not aliases and (own := _presumed(paths, read)):
        return GoLayout((("", own),), presumed=True)
    roots, copies = _told_apart(declared, used)
    longest = sorted(aliases.items(), key=lambda each: (-len(each[0]), each))
    return GoLayout(roots, tuple(longest), copies)


def _presumed(paths: Sequence[str], read: Callable[[str], str | None]) -> str:
    """What the files of a tree without a go.mod call the tree when they import each other: what stands before the
    names of its folders. Of several, the one before the deepest folders; empty if there is none."""
    files = [path for path in paths if path.endswith(".go")][:_MOST_PRESUMED]
    folders = {dirname(path) for path in files} - {""}
    depths: dict[str, int] = {}
    for path in files if folders else ():
        for name in _imported((read(path) or "").encode()):
            elements = name.split("/")
            for at in range(1, len(elements)):
                if "/".join(elements[at:]) in folders and dirname(path) != "/".join(elements[at:]):
                    own = "/".join(elements[:at])
                    depths[own] = max(depths.get(own, 0), len(elements) - at)
    return max(sorted(depths), key=lambda own: depths[own], default="")


def _imported(content: bytes) -> Iterator[str]:
    """The names that a file imports."""
    for match in _declarations(content):
        for name in (match[2],) if match[2] is not None else _QUOTED.findall(match[1]):
            yield name.decode("utf-8", "replace")


def _joined(folder: str, target: str) -> str:
    """A folder, relative to another, from the root: '' for the root itself."""
    path = normpath(join(folder, target))
    return "" if path == "." else path


def _told_apart(
    declared: list[tuple[str, str]], used: set[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """The modules by folder, longest folder first, and those with a path that another has already: the one that a
    workspace uses, or the one nearest to the root, has it."""
    taken: set[str] = set()
    roots: list[tuple[str, str]] = []
    copies: list[tuple[str, str]] = []
    for folder, module in sorted(declared, key=lambda each: (each[0] not in used, each[0].count("/"), each)):
        if module in taken:
            copies.append((folder, module))
            module = f"{module}@{folder}"
        taken.add(module)
        roots.append((folder, module))
    return tuple(sorted(roots, key=lambda each: (-len(each[0]), each))), tuple(sorted(copies, reverse=True))


@dataclass(frozen=True)
class _ModFile:
    """A go.mod or go.work file: the module's path, folders that a workspace uses, replacements by local folders."""

    module: str
    uses: tuple[str, ...]
    replaced: tuple[tuple[str, str], ...]


def _read_mod(text: str) -> _ModFile:
    module, block = "", ""
    uses: list[str] = []
    replaced: list[tuple[str, str]] = []
    for line in text.splitlines():
        words = line.partition("//")[0].split()
        if not words:
            continue
        if words[-1] == "(":
            block = words[0]
        elif words[0] == ")":
            block = ""
        elif words[0] == "module" and len(words) > 1:
            module = words[1].strip('"')
        elif block == "use" or (words[0] == "use" and len(words) > 1):
            uses.append(words[-1].strip('"'))
        elif (block == "replace" or words[0] == "replace") and "=>" in words:
            names = words[1:] if words[0] == "replace" else words
            target = words[-1].strip('"')
            if target.startswith((".", "/")):
                replaced.append((names[0].strip('"'), target))
    return _ModFile(module, tuple(uses), tuple(replaced))
