"""What repairs get: a report, the bytes of its files, and which tier a path belongs to by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tagcheck.finding import Finding, Place, Tier
from tagcheck.fixes.edits import Proposal
from tagcheck.fixes.sources import Sources
from tagcheck.request import Report

TEST_TIERS = (Tier.E2E, Tier.INTEGRATION)


@dataclass(frozen=True)
class Situation:
    """A scanned project before a repair."""

    report: Report
    sources: Sources
    tier_of: Callable[[str], Tier]

    def is_test(self, path: str) -> bool:
        """Whether a file is a test tier's own: what else uses it may need what stands there."""
        return self.tier_of(path) in TEST_TIERS


Proposals: TypeAlias = Iterator[Sequence[Proposal]]
"""Groups of alternatives, best first: the first group of which any holds counts, if exactly one of it holds."""


@dataclass(frozen=True)
class Repair:
    """One way to repair findings of some rules. `propose` never raises on what users write."""

    codes: frozenset[str]
    propose: Callable[[Situation, Finding], Proposals]


def used_at(finding: Finding, *stages: str) -> Place | None:
    """The place of a finding's trace where the image goes through one of these stages, if there is one alone."""
    found = [place for place in finding.places if place.stage in stages]
    return found[0] if len(found) == 1 else None
