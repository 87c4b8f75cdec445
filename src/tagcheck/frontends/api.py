"""What every front end offers: units, that is parsed files, whose procedures are lowered when they are needed.

A front end is a module that offers a `Language` (its files form modules and call each other by name) or a `Runnable`
(each file runs by itself), listed in `tagcheck.frontends`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias

from tagcheck.ir import Problem, Procedure, Statement
from tagcheck.source import Span


class EntryKind(Enum):
    """Why something runs without being called in the project."""

    MAIN = "main"
    TEST = "test"
    """a test function of the language's own runner"""
    SETUP = "setup"
    """a test main that runs before and after the tests of its module"""
    FILE = "file"
    """a script, a manifest: the file itself"""
    STATEMENT = "statement"
    """a file that says what is used when somebody uses it"""
    TARGET = "target"
    """a part of a file that people and other programs ask for by name, seldom a whole flow"""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """A type of the project. `fields`: name and qualified type, in order; `embedded`: qualified types of embedded
    fields; `underlying`: for a type that is no struct, what it is made of ('string', '[]pkg.T'); `parents`: the types
    that it inherits from, as the file writes their names; `pointers`: the fields that hold a pointer to what their
    type says."""

    name: str
    fields: tuple[tuple[str, str], ...] = ()
    embedded: tuple[str, ...] = ()
    underlying: str = ""
    parents: tuple[str, ...] = ()
    pointers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable or constant of a module: its declaration is lowered when it is first read. `mentions` as in
    `ir.Procedure`. `type` is the declared type, if written. `in_turn`: what the module runs when it is loaded gives it
    one value after the other, so that it has none before."""

    name: str
    span: Span
    lower: Callable[[], tuple[Statement, ...]]
    mentions: frozenset[str] = frozenset()
    constant: bool = False
    type: str = ""
    in_turn: bool = False


@dataclass(frozen=True)
class Unit:
    """A parsed file.

    `module` names the module that the file belongs to (a Go package's import path, with '.test' appended for an
    external test package; for other files the path). `imports` maps local names to modules, those that the file names;
    who links the files puts those in their place that it means, before any body is lowered. `procedures` maps local
    names ('LoadImage', 'Type.Method') to procedures. `initial` runs when the module is loaded (a Go `var _ = f(…)` or
    `init`), in source order. `entries` are procedures that a runner calls. `alternative` is non-empty where the file
    is one of several that a build chooses from (build tags): two definitions of one name in units with different
    alternatives do not clash.
    """

    path: str
    language: str
    module: str
    imports: dict[str, str] = field(default_factory=dict)
    procedures: Mapping[str, Procedure] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    types: Mapping[str, TypeInfo] = field(default_factory=dict)
    initial: tuple[Procedure, ...] = ()
    entries: tuple[tuple[str, EntryKind], ...] = ()
    alternative: str = ""
    problems: tuple[Problem, ...] = ()


class Layout(Protocol):
    """How the files of one project form modules."""

    def module(self, path: str, content: bytes) -> str | None:
        """The module that a file belongs to; None if the file is not part of any."""
        ...

    def imports(self, path: str, content: bytes) -> frozenset[str]:
        """The modules that a file imports, from its bytes alone; too many are allowed, too few are not."""
        ...

    def resolved(self, path: str, module: str) -> str:
        """The module that a file of the project means when it imports one by this name."""
        ...

    def defines(self, content: bytes, name: str) -> bool:
        """Whether a file may define a name ('Load', 'Type.Load') at its top level, from its bytes alone; too often is
        allowed, too seldom is not."""
        ...

    def runs_on_load(self, content: bytes) -> bool:
        """Whether a file may have code that runs when its module is loaded, from its bytes alone."""
        ...

    def is_extract(self, path: str) -> bool:
        """Whether a file stands outside of every complete project of its language, so that definitions may lack."""
        ...

    def is_test(self, path: str) -> bool:
        """Whether a file holds tests only."""
        ...

    def owns(self, module: str) -> bool:
        """Whether a module would be the project's own if it existed."""
        ...


Goals: TypeAlias = frozenset[str] | None
"""What a file that is run by a word can be asked for; None: whatever it is asked for."""

LOADING = ""
"""The name of a statement of a module that others cannot mention: loading the module runs it."""

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file that is not parsed: a definition, a statement of the module, an import.

    `names` are those that others mention it by (LOADING if they cannot), `owner` the class of a method, `words` those
    that it mentions by themselves and `attributes` those behind a dot, `texts` those of its literals that can hold a
    command, `target` what an import means ('module', 'module:name'; the name of one that binds all that the module
    defines is EVERYTHING), `sets` the fields and variables that it sets. Too many words are allowed, too few are not.
    """

    names: tuple[str, ...]
    owner: str = ""
    words: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    target: str = ""
    sets: tuple[str, ...] = ()
    is_class: bool = False


@dataclass(frozen=True)
class Language:
    """A front end: its name, the suffixes of its files, how files form modules, and the parser, which never raises;
    `runs_files`: each file is a program that can be run by its name. `outline` gives the parts of a file from its path
    and bytes, for a language whose parser is so slow that a cheap look has to decide what it is given. `exports` says
    of a name whether it can be one that a module offers to others.

    `layout` gets the paths of the project and a reader of texts (None for what cannot be read)."""

    name: str
    suffixes: tuple[str, ...]
    layout: Callable[[Sequence[str], Callable[[str], str | None]], Layout]
    parse: Callable[[str, bytes, str], Unit]
    runs_files: bool = False
    outline: Callable[[str, bytes], tuple[Part, ...]] | None = None
    exports: Callable[[str], bool] = lambda name: True


class Folder(Enum):
    """What the folder of a file that runs by itself has to do with it."""

    NONE = "none"
    """it is run by its own name"""
    NAMED = "named"
    """naming the folder is enough to run it"""
    OWNED = "owned"
    """naming the folder is how it is run, and the file stands for everything in it"""


@dataclass(frozen=True)
class Runnable:
    """A front end whose files run by themselves: scripts, makefiles, workflows. The entries of a unit are scenarios,
    each unless another scenario of the project runs it.

    `relevant` says whether a file is of this kind, from its path and bytes; `parse` never raises. A file counts only if
    it mentions a program that can do something to images, or another file that counts, by its name or by one of the
    words `called_by` of its kind (makefiles: "make"); `goals` gives what such a word has to be followed by to come to
    some lines of a file, from its path and bytes; `always` marks a kind whose files state images without naming a
    program. `folder` says what its folder has to do with it, `beside` which files there it reads without naming them; a
    name that ends with a slash stands for all files in a folder.
    `stated`: like a manifest, one in a folder of examples or test data is not judged by itself.
    `is_leaf`: it runs nothing else, and reads nothing that names an image.
    `counts` says in place of that which of all files of a kind count, from their bytes and the names of the libraries
    of the kind that do something to images.
    `parse_among` takes the place of `parse` for a kind whose files take in others: it gets a reader of the project's
    files too."""

    name: str
    relevant: Callable[[str, bytes], bool]
    parse: Callable[[str, bytes, str], Unit] | None = None
    always: bool = False
    called_by: tuple[str, ...] = ()
    goals: Callable[[str, bytes, Collection[int]], Goals] | None = None
    folder: Folder = Folder.NAMED
    beside: tuple[str, ...] = ()
    stated: bool = False
    is_leaf: bool = False
    parse_among: Callable[[str, bytes, str, Callable[[str], bytes | None]], Unit] | None = None
    counts: Callable[[Mapping[str, bytes], Collection[str]], frozenset[str]] | None = None

    def unit(self, path: str, content: bytes, read: Callable[[str], bytes | None]) -> Unit:
        """A file of this kind as a unit; `read` gives the content of a file of the project."""
        if self.parse_among is not None:
            return self.parse_among(path, content, path, read)
        return self.parse(path, content, path) if self.parse is not None else Unit(path, self.name, path)
