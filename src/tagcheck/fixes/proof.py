"""Whether a project is better after edits, and nothing else is different: two reports held against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from tagcheck.finding import Finding, Tier
from tagcheck.fixes.edits import Edit, Proposal, moved
from tagcheck.fixes.sources import Sources
from tagcheck.request import Report, Story
from tagcheck.source import Position, Span

_Place: TypeAlias = tuple[str, str, int, int]
"""Code, path, line, column."""
_Event: TypeAlias = tuple[str, Tier, str, str]
"""Scenario, tier, stage, image."""
_Deployed: TypeAlias = tuple[str, Tier, str]
"""Scenario, tier, image."""
_MADE = ("built", "tagged")
_NEVER = "Never"


@dataclass(frozen=True)
class Proof:
    """The reports before and after proposals, of which `edits` are the edits by file. Both have stories, and cover all
    that the edits can concern."""

    before: Report
    after: Report
    proposals: Sequence[Proposal]
    edits: Mapping[str, Sequence[Edit]]

    @property
    def holds(self) -> bool:
        """Whether the findings are gone, none is new, and everything else is as it was."""
        return (
            self._findings_hold()
            and self._knowledge_holds()
            and self._events_hold()
            and self._policies_hold()
            and all(self._is_kept(proposal) for proposal in self.proposals)
        )

    @property
    def may_hold(self) -> bool:
        """Whether nothing speaks against it, where the report after the proposals is one of a part of the project."""
        kept = all(self._is_kept(proposal) for proposal in self.proposals)
        return kept and self._findings_hold() and self._knowledge_holds() and self._policies_hold()

    def _findings_hold(self) -> bool:
        before = Counter(map(self._moved, self.before.findings))
        after = Counter(map(_place, self.after.findings))
        repaired = {self._moved(proposal.finding) for proposal in self.proposals}
        prints = {proposal.finding.fingerprint for proposal in self.proposals}
        left = {finding.fingerprint for finding in self.after.findings}
        others = Counter(finding.fingerprint for finding in self.before.findings)
        alone = {each for each in prints if each and others[each] == 1}
        return after <= before and not repaired & set(after) and not alone & left

    def _knowledge_holds(self) -> bool:
        """Whether nothing is less known: an edit that hides a name from the analysis would silence rules as well."""
        gaps = [Counter((each.span.path, each.stage) for each in report.gaps) for report in (self.before, self.after)]
        errors = [Counter(each.path for each in report.errors) for report in (self.before, self.after)]
        return gaps[1] <= gaps[0] and errors[1] <= errors[0]

    def _events_hold(self) -> bool:
        """Whether every image goes through the stages that it went through, but for names that were to change."""
        before, after = _events(self.before.stories), _events(self.after.stories)
        lost, gained = before - after, after - before
        for event, number in lost.items():
            taken = self._renamed(event, gained)
            if taken is None or gained[taken] < number:
                return False
            gained[taken] -= number
        return not +gained

    def _renamed(self, event: _Event, gained: Counter[_Event]) -> _Event | None:
        """What an event that is no more may have become, by its image's new name."""
        renames = [each for proposal in self.proposals for each in proposal.renames if each.old == event[3]]
        found = [each for each in gained if each[:3] == event[:3] and any(name.gives(each[3]) for name in renames)]
        return found[0] if len(found) == 1 else None

    def _policies_hold(self) -> bool:
        """Whether pull policies changed only to Never, where the image is built and loaded in the same run."""
        before, after = _policies(self.before.stories), _policies(self.after.stories)
        kinds = _policies_of_runs(after) - _policies_of_runs(before)
        gained = (run for run, policies in after.items() if policies[_NEVER] > before.get(run, Counter())[_NEVER])
        return all(policy == _NEVER for _, _, policy in kinds) and all(self._is_present(*run) for run in gained)

    def _is_present(self, scenario: str, tier: Tier, image: str) -> bool:
        stories = (
            each for each in self.after.stories if (each.scenario, each.tier, each.image) == (scenario, tier, image)
        )
        stages = {place.stage for story in stories for place in story.places}
        return "loaded" in stages and bool(stages & set(_MADE))

    def _is_kept(self, proposal: Proposal) -> bool:
        """Whether the use that was to have a name has it."""
        promise = proposal.promise
        if promise is None:
            return True
        line = self._position(promise.span).line
        stories = (each for each in self.after.stories if each.image == promise.image)
        places = (place for story in stories for place in story.places if place.stage == promise.stage)
        return any((place.span.path, place.span.line) == (promise.span.path, line) for place in places)

    def _moved(self, finding: Finding) -> _Place:
        at = self._position(finding.span)
        return finding.code, at.path, at.line, at.column

    def _position(self, span: Span) -> Position:
        """Where the beginning of a stretch of the old text stands in the new one."""
        edits = self.edits.get(span.path)
        old, new = self._sources
        source, changed = (old.get(span.path), new.get(span.path)) if edits else (None, None)
        offset = source.offset(span.line, span.column) if source is not None else None
        if edits is None or offset is None or changed is None:
            return span.start
        return Position(span.path, *changed.place(moved(offset, edits)))

    @cached_property
    def _sources(self) -> tuple[Sources, Sources]:
        return Sources(self.before.contents), Sources(self.after.contents)


def _place(finding: Finding) -> _Place:
    return finding.code, finding.span.path, finding.span.line, finding.span.column


def _events(stories: Iterable[Story]) -> Counter[_Event]:
    return Counter(
        (story.scenario, story.tier, place.stage, story.image) for story in stories for place in story.places
    )


def _policies(stories: Iterable[Story]) -> dict[_Deployed, Counter[str | None]]:
    """The pull policies under which scenarios deploy images."""
    found: dict[_Deployed, Counter[str | None]] = {}
    for story in stories:
        pairs = zip(story.places, story.policies, strict=True)
        policies = [policy for place, policy in pairs if place.stage == "deployed"]
        found.setdefault((story.scenario, story.tier, story.image), Counter()).update(policies)
    return found


def _policies_of_runs(
    policies: Mapping[_Deployed, Counter[str | None]],
) -> Counter[tuple[str, Tier, str | None]]:
    """The pull policies of scenarios, whatever the image."""
    found: Counter[tuple[str, Tier, str | None]] = Counter()
    for (scenario, tier, _), counts in policies.items():
        found.update({(scenario, tier, policy): number for policy, number in counts.items()})
    return found
