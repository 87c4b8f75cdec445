"""Build constraints (documentation of Go's `go/build`): which builds a file belongs to."""

from __future__ import annotations

import re

_LINE = re.compile(rb"^//(?:go:build|[ \t]*\+build)[ \t]+([^\n]*)", re.MULTILINE)
_PACKAGE = re.compile(rb"^package\b", re.MULTILINE)

SYSTEMS = frozenset(
    ("aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd",
     "openbsd", "plan9", "solaris", "wasip1", "windows", "zos")
)  # fmt: skip
MACHINES = frozenset(
    ("386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64",
     "s390x", "sparc64", "wasm")
)  # fmt: skip


def constraint(path: str, content: bytes) -> str:
    """The condition under which a file is built, as text; '' for a file that always is."""
    parts: list[str] = []
    if b"build" in content:
        package = _PACKAGE.search(content)
        header = content[: package.start()] if package else b""
        parts += [match.group(1).strip().decode(errors="replace") for match in _LINE.finditer(header)]
    return " && ".join(parts + _of_file_name(path))


def _of_file_name(path: str) -> list[str]:
    stem = path.rpartition("/")[2].removesuffix(".go").removesuffix("_test")
    words = stem.split("_")[1:]
    if words and words[-1] in MACHINES:
        return words[-2:] if len(words) > 1 and words[-2] in SYSTEMS else words[-1:]
    return words[-1:] if words and words[-1] in SYSTEMS else []
