"""What happens to images: events, scenarios.

An event is one stage in the life of one image under one set of guards. A scenario is one run from an entry point: its
events in the order in which they were evaluated. Rules see these and nothing below them: they cannot tell which
language an event came from.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from tagcheck.finding import Gap, Tier
from tagcheck.guards import ALWAYS, Guards
from tagcheck.image import Reference, parse
from tagcheck.source import Position, Span
from tagcheck.values import Text


class Stage(Enum):
    BUILT = "built"
    PULLED = "pulled"
    TAGGED = "tagged"
    SAVED = "saved"
    LOADED = "loaded"
    PUSHED = "pushed"
    DEPLOYED = "deployed"
    RUN = "run"
    REMOVED = "removed"
    BASE = "base"
    """an image that a build starts from or copies from"""
    NAMED = "named"
    """an object that is deployed mentions the image (an environment value, an argument)"""
    OFFERED = "offered"
    """a name is computed for builds to take"""
    UNNAMED = "unnamed"
    """a build whose result gets no name, and whose id nobody keeps"""
    PRUNED = "pruned"
    STACK_UP = "stack-up"
    STACK_DOWN = "stack-down"


MADE = (Stage.BUILT, Stage.TAGGED)
"""Stages that give an image a name."""


class Event(Struct, frozen=True):
    """One stage of one image.

    `image` is the name as spelled and `reading` who reads it. `source` is the old name of a tagging, `archive` the file
    of a saving or loading, `store` the cluster, node or engine concerned. `policy` is the pull policy and `policy_at`
    where it is written. `span` is the statement or line where the stage happens, `trace` the calls that led there from
    the entry point, outermost first. `order` grows along the run; events whose `lane` tuples differ in the same batch
    run side by side (see `before`). `container` and `workload` say where a deployed image runs.
    """

    stage: Stage
    image: Text
    span: Span
    order: int
    reading: str = "docker"
    tool: str = ""
    guards: Guards = ALWAYS
    trace: tuple[Span, ...] = ()
    lane: tuple[tuple[int, int], ...] = ()
    source: Text | None = None
    archive: Text | None = None
    store: Text | None = None
    namespace: Text | None = None
    workload: str = ""
    container: str = ""
    policy: Text | None = None
    policy_at: Position | None = None
    policy_known: bool = True
    kubelet: bool = True
    """False for objects in a control plane without nodes (envtest): nothing is ever pulled there"""
    filtered: bool = False
    everything: bool = False
    implicit: bool = False
    """the tool made up the name, because nobody gave one"""
    wanted: bool = False
    """an unnamed build is asked to push what it makes"""
    stays: bool = False
    """what is built stays in the builder: it is in no engine and in no registry"""
    away: bool = False
    """what is built may be in a registry or a builder alone"""
    assumed: bool = False
    """the stage is known from the words of a function's name only"""
    host: str = ""
    """the machine that is made for a part of the run (a job of a pipeline) and gone after it; empty for the one that
    all others share. Engines, archives and clusters of one host are not those of another; registries are"""
    carried: bool = False
    """an archive that comes from another host"""

    @property
    def reference(self) -> Reference:
        return parse(self.image)

    def before(self, other: Event) -> bool:
        """Whether this certainly happens before the other in a run in which both happen."""
        for mine, theirs in zip(self.lane, other.lane, strict=False):
            if mine != theirs:
                return mine[0] < theirs[0]
        return self.order < other.order


class Dropped(Struct, frozen=True):
    """A name that a procedure of the project returned and its caller did not keep."""

    name: Text
    span: Span
    trace: tuple[Span, ...]
    order: int


class Override(Struct, frozen=True):
    """A substitution of an image's name in a text that does not contain what was to be replaced."""

    wanted: str
    image: Text
    span: Span
    order: int
    guards: Guards = ALWAYS
    trace: tuple[Span, ...] = ()
    certain: bool = False
    """everything that it could concern was seen"""
    is_variable: bool = False
    """`wanted` is a variable that is set for a program, and nothing there reads it"""
    is_repeated: bool = False
    """`wanted` is a key that was set before"""
    given: Text | None = None
    """`wanted` is a variable that a program was given this for before and is not given now: it has `image` by itself"""
    until: int = 0
    """for a variable, the order of the last event of the program that it was set for"""


class Misspelt(Struct, frozen=True):
    """A variable that nothing sets, given to a program as an image where a makefile has one of another spelling."""

    variable: str
    meant: str
    into: str
    """the variable that the program reads"""
    span: Span
    guards: Guards


class Cluster(Struct, frozen=True):
    """A cluster that the run makes, with nothing in it but what is brought there. `name` is None if it is not known."""

    name: Text | None
    order: int
    guards: Guards
    host: str


class Scenario(Struct, frozen=True):
    """One run from an entry point. `name` is for people, `entry` the procedure's key, `span` its definition."""

    name: str
    entry: str
    span: Span
    tier: Tier
    events: tuple[Event, ...] = ()
    gaps: tuple[Gap, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    missed: tuple[Override, ...] = ()
    unset: frozenset[str] = frozenset()
    """variables that names are made from, and that no file of the project mentions but to read them"""
    unset_for_jobs: frozenset[str] = frozenset()
    """those of them in names on hosts where nothing but their job sets variables, whatever it does with the names"""
    unassigned: frozenset[str] = frozenset()
    """variables that a script alone could have set, by their names, and that nothing sets"""
    misspelt: tuple[Misspelt, ...] = ()
    unlisted: frozenset[str] = frozenset()
    """variables that a substitution left in a text because its list does not name them"""
    cut: str = ""
    """why evaluation stopped early; empty if it did not"""
    uses_cluster: bool = False
    makes_cluster: bool = False
    """it makes a cluster, which has nothing but what is brought into it"""
    clusters: tuple[Cluster, ...] = ()
    is_run: bool = True
    """False for a manifest file by itself: nothing is known to apply it"""
    is_whole: bool = False
    """the entry point has a teardown of its own if there is one: a suite, a test, a program, not a set-up function"""
