"""Which files a project consists of.

A project is what its version control would show: tracked files, and untracked ones that no ignore file names. The walk
follows no symbolic link, opens nothing but ignore files, and gives a reason for whatever it leaves out, so that a
report can say what was not looked at.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tagcheck.finding import Skipped
from tagcheck.gitindex import tracked_files

LARGEST = 4 << 20
"""Bytes; larger files are generated or data."""
MARKED = "marked as generated or vendored in .gitattributes"
"""Why such files are skipped."""
_MOST_DEPTH = 200

_BOOKKEEPING = frozenset({".git", ".hg", ".svn", ".jj", "__pycache__"})
_VENDORED = frozenset({"vendor", "node_modules", "third_party", "bower_components"})
_BACKUPS = (".orig", ".bak", ".tmpbak", "~", ".rej", ".swp")
_TREE_MARKERS = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})
"""A directory with such a file is made by a program: a cache (bford.info/cachedir), a Python environment (PEP 405)."""
_ANYWHERE = "^(?:.+/)?"
"""How a pattern of pathspec begins that may match in any directory."""
_NEVER = "(?!)"
_GENERATED = re.compile(rb"^(?://|#|--|;|/\*)?\s*Code generated .* DO NOT EDIT\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Project:
    """The files of a project: `root` is absolute, `files` are regular files relative to it with '/' separators,
    sorted, and `sizes` their sizes in bytes."""

    root: Path
    files: tuple[str, ...]
    sizes: tuple[int, ...]
    skipped: tuple[Skipped, ...]


def is_generated(content: bytes) -> bool:
    """Whether a file says of itself that a program wrote it (go.dev/s/generatedcode; the comment may be of any
    language). Generators say so in the first lines."""
    return b"DO NOT EDIT" in content[:4096] and _GENERATED.search(content, 0, 4096) is not None


def git_root(path: Path) -> Path | None:
    """The nearest directory at or above `path` that holds a git work tree."""
    return next((above for above in (path, *path.parents) if (above / ".git").exists()), None)


def project_root(paths: Sequence[Path], project: Path | None = None) -> tuple[Path, bool]:
    """The root of the project that `paths` (existing, at least one) belong to, and whether the project is all of it:
    without a repository and without `project`, it is the paths alone."""
    if project is not None:
        return project.resolve(), True
    resolved = [path.resolve() for path in paths]
    common = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in resolved]))
    root = git_root(common)
    return (root, True) if root is not None else (common, False)


def discover(
    root: Path,
    starts: Iterable[str] = ("",),
    exclude: Sequence[str] = (),
    largest: int = LARGEST,
    settings: str = "the configuration",
    asked: Iterable[str] = (),
) -> Project:
    """The files below `root`, or below those of its files and directories that `starts` names (relative, '/'
    separators). `exclude` are further ignore patterns, relative to the root; `settings` says where they stand. `asked`
    are directories for which somebody has asked by name: what is excluded there, is looked at nevertheless."""
    walk = _Walk(root.resolve(), largest)
    walk.fix(exclude, settings)
    scope = _Scope(walk.read_rules("", ".git/info/exclude", "ignored by .git/info/exclude"))
    for start in sorted(set(starts)):
        walk.start(start.strip("/"), scope)
    for directory in sorted({each.strip("/") for each in asked} - {""}):
        walk.bring_in(directory, scope)
    return walk.project()


def within(root: Path, paths: Sequence[Path]) -> tuple[str, ...]:
    """The paths relative to `root` with '/' separators, '' for the root itself; those outside of it are left out."""
    found: list[str] = []
    for path in paths:
        resolved = path.resolve()
        if resolved == root:
            found.append("")
        elif resolved.is_relative_to(root):
            found.append(resolved.relative_to(root).as_posix())
    return tuple(found)


_EXCLUDED = "excluded by "
"""How the reason begins where the project's own settings leave something out."""


class _Rules:
    """The patterns of one ignore file, for paths below `base` ('' or a path that ends in '/').

    Almost every path matches no pattern at all: two compiled alternations answer that many times faster than asking
    pattern by pattern. Patterns without a slash see the last name alone, because a walk has asked about the directories
    above before.
    """

    def __init__(self, base: str, lines: Iterable[str], reason: str) -> None:
        from pathspec import GitIgnoreSpec

        self.skip = len(base)
        self.reason = reason
        self.patterns: list[tuple[re.Pattern[str], bool]] = []
        self.written: list[str] = []
        names: list[str] = []
        paths: list[str] = []
        for pattern in GitIgnoreSpec.from_lines(lines).patterns:
            if pattern.include is None or pattern.regex is None:
                continue
            line = str(pattern.pattern).strip()
            source = _anchored(line, pattern.regex.pattern)
            if source.startswith(_ANYWHERE) and "/" not in line.rstrip("/"):
                names.append(source.removeprefix(_ANYWHERE))
            else:
                paths.append(source)
            self.patterns.append((re.compile(source), pattern.include))
            self.written.append(line)
        self.names = re.compile("|".join(names) or _NEVER)
        self.paths = re.compile("|".join(paths) or _NEVER)

    def verdict(self, name: str, path: str) -> bool | None:
        """True: ignored; False: explicitly not; None: these patterns say nothing. The last pattern that matches counts.
        Directories end in '/', and those above have been asked about before."""
        inner = path[self.skip :]
        if self.names.fullmatch(name) is None and self.paths.fullmatch(inner) is None:
            return None
        return next((include for source, include in reversed(self.patterns) if source.fullmatch(inner)), None)

    def deciding(self, path: str) -> str:
        """The last pattern that matches, as it is written."""
        pairs = zip(self.patterns, self.written, strict=True)
        return next((line for (source, _), line in reversed(list(pairs)) if source.fullmatch(path[self.skip :])), "")


def _anchored(line: str, source: str) -> str:
    """The regular expression of an ignore pattern for `fullmatch`. What ends in '/**' means what lies inside a
    directory: pathspec lets it match the directory too, and then nothing inside could be excepted."""
    source = source.replace("?P<ps_d>", "?:")
    if not source.startswith("^"):
        return f".*{source}"
    if line.endswith("/**"):
        return f"{source}.+"
    return f"{source}.*/" if line.endswith("/**/") else source


@dataclass(frozen=True, slots=True)
class _Scope:
    """What holds in a directory: the ignore files above and in it, and why untracked files are left out altogether
    (below an ignored directory no ignore file brings them back)."""

    rules: tuple[_Rules, ...] = ()
    buried: str = ""

    def with_rules(self, rules: tuple[_Rules, ...]) -> _Scope:
        return _Scope(self.rules + rules, self.buried) if rules else self


@dataclass
class _Walk:
    """The state of one walk."""

    root: Path
    largest: int
    files: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    fixed: tuple[_Rules, ...] = ()
    tracked: frozenset[str] = frozenset()
    tracked_above: frozenset[str] = frozenset()
    brought_in: str = ""
    """the directory that is walked although it is excluded, ending in '/'"""

    def __post_init__(self) -> None:
        self.tracked = tracked_files(self.root)
        self.tracked_above = frozenset(_directories(self.tracked))

    def project(self) -> Project:
        files = sorted(self.files)
        reasons = tuple(self.left_out(path) for path in sorted(self.skipped))
        return Project(self.root, tuple(files), tuple(self.files[path] for path in files), reasons)

    def left_out(self, path: str) -> Skipped:
        reason = self.skipped[path]
        by_exclude = bool(self.fixed) and reason.startswith(_EXCLUDED)
        advice = "name the directory, take the pattern out, or name other settings with --config"
        return Skipped(path, reason, advice if by_exclude else "")

    def fix(self, exclude: Sequence[str], settings: str) -> None:
        """Set up the patterns that hold for every file, tracked or not."""
        marked = [line.split()[0] for line in self.lines(".gitattributes") if _is_marked(line)]
        source = settings.replace("{", "{{").replace("}", "}}")
        excluded = f'{_EXCLUDED}"{{}}" (exclude in {source})'
        groups = ((marked, MARKED), (exclude, excluded))
        self.fixed = tuple(_Rules("", lines, reason) for lines, reason in groups if lines)

    def lines(self, path: str) -> list[str]:
        """The lines of a small regular file; none if it cannot be read."""
        try:
            full = self.root / path
            if not stat.S_ISREG(os.lstat(full).st_mode):
                return []
            with full.open("rb") as stream:
                return stream.read(self.largest).decode(errors="surrogateescape").splitlines()
        except OSError:
            return []

    def read_rules(self, base: str, path: str, reason: str) -> tuple[_Rules, ...]:
        lines = self.lines(path)
        try:
            return (_Rules(base, lines, reason),) if lines else ()
        except (ValueError, re.error):
            self.skipped[path] = "an ignore file with a pattern that git does not know"
            return ()

    def start(self, start: str, scope: _Scope) -> None:
        """Walk from one path, with the ignore files of the directories above it."""
        *outer, name = start.split("/")
        above = ""
        for part in outer:
            scope = scope.with_rules(self.ignore_file(above))
            above += f"{part}/"
            reason, scope = self.judged(part, above, scope)
            if reason:
                self.skipped[above] = reason
                return
        if not start:
            self.directory("", scope, 0)
            return
        scope = scope.with_rules(self.ignore_file(above))
        try:
            state = os.lstat(self.root / start)
        except OSError as error:
            self.skipped[start] = f"cannot be read ({error.strerror})"
            return
        if stat.S_ISDIR(state.st_mode):
            self.inner(name, f"{start}/", scope, len(outer))
        else:
            self.file(name, start, state, scope)

    def bring_in(self, directory: str, scope: _Scope) -> None:
        """Walk a directory that is excluded, or lies in one that is."""
        path = f"{directory}/"
        above = [path[: at + 1] for at, character in enumerate(path) if character == "/"]
        excluded = [each for each in above if self.skipped.get(each, "").startswith(_EXCLUDED)]
        for each in excluded:
            del self.skipped[each]
        if excluded:
            self.brought_in = path
            self.start(directory, scope)
            self.brought_in = ""

    def ignore_file(self, base: str) -> tuple[_Rules, ...]:
        return self.read_rules(base, f"{base}.gitignore", f"ignored by {base}.gitignore")

    def directory(self, base: str, scope: _Scope, depth: int) -> None:
        """Take the files of the directory `base` ('' or ending in '/') and walk those below it."""
        try:
            with os.scandir(self.root / base if base else self.root) as listing:
                entries = list(listing)
        except OSError as error:
            self.skipped[base] = f"cannot be read ({error.strerror})"
            return
        names = {entry.name for entry in entries}
        if base and (names & _TREE_MARKERS or ".git" in names):
            self.skipped[base] = "another repository" if ".git" in names else "made by a program (cache or environment)"
            return
        if ".gitignore" in names:
            scope = scope.with_rules(self.ignore_file(base))
        for entry in entries:
            self.entry(entry, base + entry.name, scope, depth)

    def entry(self, entry: os.DirEntry[str], path: str, scope: _Scope, depth: int) -> None:
        if entry.is_symlink():
            self.skipped[path] = self.link_reason(path)
        elif entry.is_dir(follow_symlinks=False):
            self.inner(entry.name, f"{path}/", scope, depth)
        else:
            try:
                self.file(entry.name, path, entry.stat(follow_symlinks=False), scope)
            except OSError as error:
                self.skipped[path] = f"cannot be read ({error.strerror})"

    def inner(self, name: str, path: str, scope: _Scope, depth: int) -> None:
        """Walk a directory, unless there is a reason not to."""
        if name in _BOOKKEEPING:
            return
        reason, scope = self.judged(name, path, scope)
        if not reason and depth >= _MOST_DEPTH:
            reason = f"more than {_MOST_DEPTH} directories deep"
        if reason:
            self.skipped[path] = reason
        else:
            self.directory(path, scope, depth + 1)

    def file(self, name: str, path: str, state: os.stat_result, scope: _Scope) -> None:
        if not stat.S_ISREG(state.st_mode):
            self.skipped[path] = "not a regular file"
        elif reason := self.judged(name, path, scope)[0]:
            self.skipped[path] = reason
        elif state.st_size > self.largest:
            self.skipped[path] = f"larger than {self.largest >> 20} MiB"
        else:
            self.files[path] = state.st_size

    def judged(self, name: str, path: str, scope: _Scope) -> tuple[str, _Scope]:
        """Why a path is left out (empty if it is not), and for a directory what holds in it. Directories end in '/'."""
        directory = path.endswith("/")
        if directory:
            if name in _VENDORED:
                return "vendored", scope
            name += "/"
        elif name.endswith(_BACKUPS):
            return "a backup file", scope
        for group in self.fixed:
            if group.verdict(name, path) and not self.is_brought_in(group, path):
                return group.reason.format(group.deciding(path)), scope
        if not directory:
            return ("" if path in self.tracked else scope.buried or _ignored(name, path, scope)), scope
        ignored = scope.buried or _ignored(name, path, scope)
        if ignored and path not in self.tracked_above:
            return ignored, scope
        return "", _Scope(scope.rules, ignored) if ignored else scope

    def is_brought_in(self, group: _Rules, path: str) -> bool:
        """Whether an exclusion does not hold for a path: it lies in the directory that is walked nevertheless, or on
        the way to it."""
        if not self.brought_in or not group.reason.startswith(_EXCLUDED):
            return False
        return path.startswith(self.brought_in) or self.brought_in.startswith(path)

    def link_reason(self, path: str) -> str:
        """Links are never followed: what they lead to inside the project is found under its own name."""
        try:
            inside = (self.root / path).resolve().is_relative_to(self.root)
        except (OSError, RuntimeError):
            return "a symbolic link that leads nowhere"
        return "a symbolic link" if inside else "a symbolic link out of the project"


def _ignored(name: str, path: str, scope: _Scope) -> str:
    """Why the ignore files leave a path out; the innermost that says anything counts."""
    for group in reversed(scope.rules):
        verdict = group.verdict(name, path)
        if verdict is not None:
            return group.reason if verdict else ""
    return ""


def _directories(files: Iterable[str]) -> set[str]:
    """All directories, ending in '/', that lie above the files."""
    found: set[str] = set()
    for path in files:
        at = path.rfind("/")
        while at > 0 and path[: at + 1] not in found:
            found.add(path[: at + 1])
            at = path.rfind("/", 0, at)
    return found


def _is_marked(line: str) -> bool:
    """Whether a line of .gitattributes says that its files are generated or vendored."""
    return any(
        word in ("linguist-generated", "linguist-generated=true", "linguist-vendored", "linguist-vendored=true")
        for word in line.split()[1:]
    )
