"""What a scan reports: findings with labelled places, and the problems met on the way."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from enum import Enum

from msgspec import Struct

from tagcheck.source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """3 for error, 2 for warning, 1 for info."""
        return {"error": 3, "warning": 2, "info": 1}[self.value]


class Tier(Enum):
    E2E = "e2e"
    INTEGRATION = "integration"
    PRODUCTION = "production"
    UNKNOWN = "unknown"


class Certainty(Enum):
    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Place:
    """A related place: the stage that happens there ('built', 'loaded', …), the image's name, and a note for people
    ('podman build, reached from notification.go:345')."""

    stage: str
    image: str
    span: Span
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `label` is written under the excerpt of the primary place; `names` maps 'built', 'loaded', 'deployed'
    … to names in the notation of the JSON contract; `places` is the trace in the order of events; `shape` is equal
    for findings that repeat one fault in several services. `unless_built` are names, one for each scenario that reaches
    it: no fault where other scenarios of the project build them all; empty if that does not matter."""

    code: str
    rule: str
    severity: Severity
    span: Span
    message: str
    clause: str
    tier: Tier
    scenarios: tuple[str, ...]
    certainty: Certainty = Certainty.CERTAIN
    consequence: str = ""
    fix: str = ""
    label: str = ""
    names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    places: tuple[Place, ...] = ()
    shape: str = ""
    fingerprint: str = ""
    unless_built: frozenset[str] = frozenset()

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        return (self.span.path, self.span.line, self.span.column, self.code, self.message)

    def stands(self, built: Set[str]) -> bool:
        """Whether it is a fault where these names are built."""
        return not self.unless_built or not self.unless_built <= built


class Gap(Struct, frozen=True):
    """A stage whose image could not be determined, and what stood in the way (TC904)."""

    span: Span
    stage: str
    reason: str
    scenario: str = ""
    host: str = ""
    """the machine of its own on which it is, as in events"""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or directory that was not looked at, why ('larger than 4 MiB', 'not a regular file') and what to do for it
    to be looked at, where the user has decided so."""

    path: str
    reason: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of the report. `unresolved` is the number of distinct gaps."""

    files: int = 0
    scenarios: int = 0
    images: int = 0
    findings: int = 0
    suppressed: int = 0
    unresolved: int = 0
    skipped: tuple[Skipped, ...] = field(default=())
