"""Which proposals hold: they are tried on the project in memory, together where they can be, else by themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tagcheck.config import Config
from tagcheck.finding import Finding
from tagcheck.fixes.edits import Edit, Proposal, applied, by_file, overlapping
from tagcheck.fixes.proof import Proof
from tagcheck.fixes.repairs import REPAIRS
from tagcheck.fixes.situation import Repair, Situation
from tagcheck.fixes.sources import Sources
from tagcheck.request import Report

Scan: TypeAlias = Callable[[Mapping[str, bytes], Collection[str]], Report]
"""Scans the project with some files' contents replaced, and reports what concerns some files, all if none are named;
the report has stories."""
MOST_PASSES = 8
MOST_SCANS = 40
MOST_GLANCES = 100
"""Scans for what concerns the edited files alone."""
MOST_ALTERNATIVES = 12
"""Alternatives for one finding that are tried."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after all repairs."""

    path: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What repairs came to. `report` is that of the project after them; `cut` says that there was more to try than is
    tried."""

    changes: tuple[Change, ...]
    repaired: tuple[Proposal, ...]
    report: Report
    cut: bool = False


def fix(
    scan: Scan,
    wanted: Callable[[Report], Iterable[Finding]],
    may_change: Callable[[str], bool],
    config: Config,
    repairs: Sequence[Repair] = REPAIRS,
) -> Outcome:
    """Repair what can be repaired of the findings that `wanted` picks out of a report, in files that may change."""
    fixing = _Fixing(scan, wanted, may_change, config, repairs)
    fixing.run()
    return fixing.outcome()


@dataclass
class _Fixing:
    """One run: the report and the contents so far, and what was accepted."""

    scan: Scan
    wanted: Callable[[Report], Iterable[Finding]]
    may_change: Callable[[str], bool]
    config: Config
    repairs: Sequence[Repair]
    scans: int = 0
    glances: int = 0
    contents: dict[str, bytes] = field(default_factory=dict)
    originals: dict[str, bytes] = field(default_factory=dict)
    repaired: list[Proposal] = field(default_factory=list)
    report: Report = field(init=False)

    def __post_init__(self) -> None:
        self.report = self.scan({}, ())

    @property
    def is_spent(self) -> bool:
        return self.scans >= MOST_SCANS or self.glances >= MOST_GLANCES

    def outcome(self) -> Outcome:
        pairs = ((path, self.originals[path], content) for path, content in sorted(self.contents.items()))
        changes = tuple(Change(*pair) for pair in pairs if pair[1] != pair[2])
        return Outcome(changes, tuple(self.repaired), self.report, self.is_spent)

    def run(self) -> None:
        for _ in range(MOST_PASSES):
            if not self.perform(_Pass(self, self.report)):
                return

    def perform(self, attempt: _Pass) -> bool:
        """One pass; whether anything was repaired."""
        certain, open_ = attempt.proposals()
        attempt.together(certain)
        for groups in open_:
            attempt.one_of(groups)
        self.contents.update(attempt.contents(()))
        self.repaired += attempt.accepted
        self.report = attempt.report
        return bool(attempt.accepted)

    def tried(self, contents: Mapping[str, bytes]) -> Report:
        self.scans += 1
        return self.scan({**self.contents, **contents}, ())

    def glanced(self, contents: Mapping[str, bytes], paths: Collection[str]) -> Report:
        self.glances += 1
        return self.scan({**self.contents, **contents}, paths)


@dataclass
class _Pass:
    """Proposals for one report. All edits are edits of the texts that the report is about; `report` is the one after
    those accepted so far."""

    fixing: _Fixing
    base: Report
    accepted: list[Proposal] = field(default_factory=list)
    report: Report = field(init=False)

    def __post_init__(self) -> None:
        self.report = self.base

    def proposals(self) -> tuple[list[Proposal], list[list[Sequence[Proposal]]]]:
        """The proposals without alternatives, and for other findings their groups of alternatives."""
        certain: list[Proposal] = []
        alternatives: list[list[Sequence[Proposal]]] = []
        for groups in self._groups():
            if len(groups) == 1 and len(groups[0]) == 1:
                certain += groups[0]
            else:
                alternatives.append(groups)
        return certain, alternatives

    def _groups(self) -> Iterator[list[Sequence[Proposal]]]:
        situation = Situation(self.base, Sources(self.base.contents), self.fixing.config.tier_of)
        for finding in self.fixing.wanted(self.base):
            asked = (repair for repair in self.fixing.repairs if finding.code in repair.codes)
            proposed = (group for repair in asked for group in repair.propose(situation, finding))
            allowed = ([each for each in group if self._is_allowed(each)] for group in proposed)
            if found := [group for group in allowed if group]:
                yield list(found)

    def _is_allowed(self, proposal: Proposal) -> bool:
        edits = proposal.edits
        return bool(edits) and not overlapping(edits) and all(self.fixing.may_change(edit.path) for edit in edits)

    def together(self, proposals: Sequence[Proposal]) -> None:
        """Accept all proposals that hold. One that touches what another changes waits for the next pass."""
        free: list[Proposal] = []
        for proposal in proposals:
            if not overlapping(_edits((*self.accepted, *free, proposal))):
                free.append(proposal)
        if free and not self.accept(free) and len(free) > 1:
            promising = [each for each in free if self.may_hold(each)]
            self.in_halves(promising, is_new=len(promising) < len(free))

    def in_halves(self, proposals: Sequence[Proposal], is_new: bool = True) -> None:
        """Accept those that hold; `is_new`: they were not tried together before."""
        if not proposals or (is_new and self.accept(proposals)) or len(proposals) == 1:
            return
        half = len(proposals) // 2
        self.in_halves(proposals[:half])
        self.in_halves(proposals[half:])

    def one_of(self, groups: Sequence[Sequence[Proposal]]) -> None:
        """Accept the one proposal of the first group of which any holds."""
        left = MOST_ALTERNATIVES
        for group in groups:
            left -= len(group)
            promising = [each for each in group if left >= 0 and self.may_hold(each)]
            if left < 0 or len(promising) > 1 or (promising and self.accept(promising)):
                return

    def may_hold(self, proposal: Proposal) -> bool:
        """Whether a proposal is not refuted by what concerns the edited files alone, which takes far less time."""
        every = (*self.accepted, proposal)
        if self.fixing.is_spent or overlapping(_edits(every)):
            return False
        edits = by_file(_edits(every))
        paths = {edit.path for edit in proposal.edits} | {proposal.finding.span.path}
        after = self.fixing.glanced(self.contents([proposal]), sorted(paths))
        return Proof(self.base, after, every, edits).may_hold

    def accept(self, proposals: Sequence[Proposal]) -> bool:
        report = self.attempt(proposals)
        if report is None:
            return False
        self.report = report
        self.accepted += proposals
        return True

    def attempt(self, proposals: Sequence[Proposal]) -> Report | None:
        """The report with some more proposals; None if they do not hold beside those accepted before."""
        every = (*self.accepted, *proposals)
        if self.fixing.is_spent or overlapping(_edits(every)):
            return None
        after = self.fixing.tried(self.contents(proposals))
        return after if Proof(self.base, after, every, by_file(_edits(every))).holds else None

    def contents(self, proposals: Sequence[Proposal]) -> dict[str, bytes]:
        """The files as they are with the accepted proposals and some more."""
        found: dict[str, bytes] = {}
        for path, edits in by_file(_edits((*self.accepted, *proposals))).items():
            content = self.base.contents(path) or b""
            self.fixing.originals.setdefault(path, content)
            found[path] = applied(content, edits)
        return found


def _edits(proposals: Iterable[Proposal]) -> list[Edit]:
    return [edit for proposal in proposals for edit in proposal.edits]
