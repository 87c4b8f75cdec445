"""Tools as the catalogue describes them: verbs, switches, effects and outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tagcheck.catalog import EffectKind
from tagcheck.catalogue.expressions import Condition, Expression
from tagcheck.catalogue.line import SwitchTable
from tagcheck.values import Text

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arity:
    """How many operands a verb takes. `most` None: any number. `command`: what follows them is another command line,
    and switches stand before the first of them only."""

    least: int = 0
    most: int | None = None
    command: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One effect as data. `texts` and `flags` fill the fields of `Effect` of the same name; `per` makes one effect for
    each of its texts, `singly` one for each operand as if it stood alone. `kind` None is a copy between transports:
    `from` and `to` in `texts`, and for an end that names no transport its role, `from-is` and `to-is`."""

    kind: EffectKind | None
    texts: tuple[tuple[str, Expression], ...] = ()
    flags: tuple[tuple[str, Condition], ...] = ()
    when: tuple[Condition, ...] = ()
    per: Expression | None = None
    singly: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """`paths` are its spellings: ('image', 'build'). The verb of a tool that has none has the path ()."""

    paths: tuple[Path, ...]
    switches: SwitchTable = field(default_factory=dict)
    arity: Arity = Arity()
    actions: tuple[Action, ...] = ()
    unless: tuple[Condition, ...] = ()
    group: bool = False
    """other verbs follow; it is no command by itself"""


@dataclass(frozen=True, slots=True)
class Transport:
    """What a prefix such as `docker-archive:` names: 'local' (an engine with its `reading`), 'registry', 'archive' or
    'other'."""

    role: str
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """`shared` are fields of every effect. `own` are the verbs that the tool's file states itself."""

    name: str
    programs: tuple[str, ...]
    reading: str
    switches: SwitchTable
    verbs: Mapping[Path, Verb]
    own: tuple[Verb, ...]
    unless: tuple[Condition, ...] = ()
    shared: tuple[tuple[str, Expression], ...] = ()
    transports: Mapping[str, Transport] = field(default_factory=dict)
    cluster_contexts: str = ""
    """what precedes a cluster's name in the contexts that the tool writes into a kubeconfig ('kind-')"""
    single_dash: bool = False
    """`-name` is a long switch, as in Go's flag package"""
    source: str = ""
    is_common: bool = False
    """its name is a word that mostly means something else"""


@dataclass(frozen=True, slots=True)
class OutputRule:
    """What a command prints. `command`: words that occur in this order, the program first ('*': any). `has`: any of
    these texts occurs in the arguments. `weak`: why the value can still be the same for two teams or two runs.
    `prints`: what it makes of its words and its input, one of PRINTS. `shape`: what all that is written in."""

    command: tuple[str, ...]
    has: tuple[str, ...] = ()
    unique: bool = False
    weak: str = ""
    prints: str = ""
    shape: str = ""


PRINTS = (
    "words", "format", "files", "input", "substituted", "derived", "directory", "path", "folder", "last-part",
    "edited", "edited-by-perl", "columns", "awk", "first-lines", "last-lines", "translated", "matching-lines",
    "queried", "queried-as-json", "keep", "kept",
    "ordered-lines", "distinct-lines", "mirrored-lines", "last-line-first", "counted-lines", "pasted-lines",
    "input-words", "numbers", "nothing", "copied-files", "copied-by-engine", "emptied-files", "unpacked", "for-files",
    "fetched", "workspace", "workspace-outputs",
)  # fmt: skip
"""Its words (echo); its words by a format (printf); the files that it names, or its input (cat); its input (tee); its
input with the variables of the environment in it (envsubst); something of its input that is as unique as that; where
the shell is (pwd); the path that it is given (realpath), the folder of that (dirname), its last part (basename); the
files that it names, or its input, changed as sed, perl -p, cut, awk, head, tail, tr and grep do, or
asked as yq and jq do, or as sort, uniq, rev, tac, wc -l and paste make of them; nothing, and what it names is kept
for later (`meta-data set`), or that; the words of its input (xargs); the numbers from one to another (seq); nothing
(tty -s); nothing, and the files that it names are at another path as well (cp), or empty (truncate); what a server far
from the project sends; the folder of the workspace (bazel info workspace), the one in it where builds leave what they
make."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The catalogue of command-line tools, by the names of their programs."""

    by_program: Mapping[str, Tool]
    outputs: tuple[OutputRule, ...] = ()
    context_prefixes: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    _outputs_of: dict[str, tuple[OutputRule, ...]] = field(default_factory=dict, compare=False, repr=False)
    output_rules: dict[tuple[Text, ...], OutputRule | None] = field(default_factory=dict, compare=False, repr=False)
    """the rules of command lines, as they are found"""

    def outputs_of(self, program: str) -> tuple[OutputRule, ...]:
        """The rules that can concern what a program prints."""
        found = self._outputs_of.get(program)
        if found is None:
            found = tuple(rule for rule in self.outputs if rule.command[0] in ("*", program))
            self._outputs_of[program] = found
        return found

    def __iter__(self) -> Iterator[Tool]:
        return iter({tool.name: tool for tool in self.by_program.values()}.values())

    def gives(self, variable: str) -> bool:
        """Whether a variable of the environment is set without anybody in the project doing so."""
        if variable in self.given:
            return True
        return any(name.endswith("*") and variable.startswith(name[:-1]) for name in self.given)

    @property
    def programs(self) -> frozenset[str]:
        """The names of programs that do something to images, clusters or manifests, or run files that can."""
        return frozenset(name for name, tool in self.by_program.items() if any(map(_acts, tool.verbs.values())))

    @property
    def common(self) -> frozenset[str]:
        """The names of programs that mostly mean something else."""
        return frozenset(name for name, tool in self.by_program.items() if tool.is_common)

    def find(self, program: str) -> Tool | None:
        """The tool of a program name, given without folder."""
        return self.by_program.get(program.removesuffix(".exe"))


def _acts(verb: Verb) -> bool:
    """Whether a command does anything besides running what its own words say."""
    return any(action.kind not in _PASSING for action in verb.actions)


_PASSING = (EffectKind.EXECUTES, EffectKind.SCRIPT)


class CatalogueError(Exception):
    """An entry of the catalogue is wrong: which file, which entry, what, and what to do."""

    def __init__(self, file: str, entry: str, wrong: str, remedy: str) -> None:
        super().__init__(f"{file}: {entry}: {wrong}; {remedy}")
        self.file, self.entry, self.wrong, self.remedy = file, entry, wrong, remedy
