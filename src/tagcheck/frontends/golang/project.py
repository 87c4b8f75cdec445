"""Which Go package a file belongs to: go.mod files, nested modules, local replacements, imports from the bytes.

Sources: the Go modules reference (go.dev/ref/mod) for module paths, `replace` and nested modules; the Go specification
for package clauses and import declarations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath

_IMPORT = re.compile(rb'^\s*import\s+(?:\(([^)]*)\)|(?:[\w.]+\s+)?"([^"\n]+)")', re.MULTILINE)
_QUOTED = re.compile(rb'"([^"\n]+)"')
_PACKAGE = re.compile(rb"^\s*package\s+(\w+)", re.MULTILINE)
_HEAD = 16_384
"""Bytes of a file in which package clause and imports are looked for."""


@dataclass(frozen=True)
class GoLayout:
    """Module paths by the folder of their go.mod, longest folder first; `aliases` maps replaced module paths to
    folders."""

    roots: tuple[tuple[str, str], ...]
    aliases: tuple[tuple[str, str], ...] = ()
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

    def imports(self, content: bytes) -> frozenset[str]:
        found: set[str] = set()
        for match in _IMPORT.finditer(content, 0, _HEAD):
            if match[2] is not None:
                found.add(match[2].decode("utf-8", "replace"))
            else:
                found.update(name.decode("utf-8", "replace") for name in _QUOTED.findall(match[1]))
        return frozenset(self._resolved(name) for name in found)

    def _resolved(self, name: str) -> str:
        for replaced, folder in self.aliases:
            if name == replaced or name.startswith(replaced + "/"):
                return self.import_path(join(folder, name[len(replaced) :].strip("/")).rstrip("/"))
        return name

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
        return not any(not root or path.startswith(root + "/") for root, _ in self.roots)

    def is_test(self, path: str) -> bool:
        return path.endswith("_test.go")

    def owns(self, module: str) -> bool:
        module = module.removesuffix(".test")
        return any(module == own or module.startswith(own + "/") for _, own in self.roots) or not self.roots


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


def layout(paths: Sequence[str], read: Callable[[str], str | None]) -> GoLayout:
    """The layout of a project from its go.mod files."""
    roots: list[tuple[str, str]] = []
    aliases: list[tuple[str, str]] = []
    for path in paths:
        if path.rpartition("/")[2] != "go.mod":
            continue
        folder = dirname(path)
        module, replaced = _read_mod(read(path) or "")
        if module:
            roots.append((folder, module))
        aliases.extend((name, normpath(join(folder, target))) for name, target in replaced)
    roots.sort(key=lambda each: (-len(each[0]), each))
    return GoLayout(tuple(roots), tuple(sorted(aliases)))


def _read_mod(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The module path and the replacements by local folders of a go.mod file."""
    module, block = "", ""
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
        elif (block == "replace" or words[0] == "replace") and "=>" in words:
            names = words[1:] if words[0] == "replace" else words
            target = words[words.index("=>") + 1]
            if target.startswith((".", "/")):
                replaced.append((names[0], target))
    return module, replaced
