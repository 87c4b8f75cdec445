"""Rules over scenarios: matches become findings, one for each fault."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tagcheck.config import Config
from tagcheck.events import Scenario, Stage
from tagcheck.finding import Finding, Severity
from tagcheck.predicates.model import Case, Match, whole
from tagcheck.predicates.table import FROM_ABSENCE, PRECEDENCE, PREDICATES
from tagcheck.processes import perform
from tagcheck.rules import Rule, Rules, render

DEPLOYMENT = ("TC201", "TC202", "TC203", "TC204", "TC205", "TC303")


def judge(scenarios: Sequence[Scenario], rules: Rules, active: frozenset[str], config: Config) -> tuple[Finding, ...]:
    """The findings of the active rules in all scenarios; one fault that several scenarios reach is one finding."""
    built, project = built_names(scenarios), whole(scenarios)

    def judged(number: int) -> list[Finding]:
        scenario = scenarios[number]
        matches = _matches(Case(scenario, config, project), rules, active)
        findings = (_finding(rule, match, scenario) for rule, match in matches)
        return [finding for finding in findings if finding is not None and finding.stands(built)]

    found: dict[tuple[object, ...], Finding] = {}
    for finding in (finding for each in perform(len(scenarios), judged) for finding in each):
        key = (finding.code, finding.span)
        first = found.get(key)
        found[key] = finding if first is None else _merged(first, finding)
    return tuple(sorted(found.values(), key=lambda finding: finding.sort_key))


def built_names(scenarios: Iterable[Scenario]) -> frozenset[str]:
    """The images that scenarios build under names that are wholly known."""
    events = (event for each in scenarios for event in each.events if event.stage is Stage.BUILT)
    return frozenset(literal for event in events if (literal := event.image.literal) is not None)


def _matches(case: Case, rules: Rules, active: frozenset[str]) -> Iterable[tuple[Rule, Match]]:
    taken: set[object] = set()
    for rule in sorted(rules.all, key=_rank):
        predicate = PREDICATES.get(rule.predicate)
        if predicate is None or (case.scenario.cut and rule.predicate in FROM_ABSENCE):
            continue
        if rule.code not in active and rule.code not in PRECEDENCE:
            continue
        matched = list(predicate(case))
        for match in matched:
            if match.subject is not None and match.subject in taken:
                continue
            if rule.code in active:
                yield rule, match
        if rule.code in PRECEDENCE:
            taken.update(match.subject for match in matched if match.subject is not None)


def _rank(rule: Rule) -> tuple[int, str]:
    return (PRECEDENCE.index(rule.code) if rule.code in PRECEDENCE else len(PRECEDENCE), rule.code)


def _finding(rule: Rule, match: Match, scenario: Scenario) -> Finding | None:
    severity = rule.severity(scenario.tier, match.local)
    if severity is None or not match.span.path:
        return None
    variables = {**match.variables, "scenario": scenario.name, "tier": scenario.tier.value}
    finding = Finding(
        code=rule.code,
        rule=rule.name,
        severity=severity,
        span=match.span,
        message=render(rule.message, variables),
        clause=rule.clause,
        tier=scenario.tier,
        scenarios=(scenario.name,),
        certainty=match.certainty,
        consequence=render(rule.consequence, variables) if rule.consequence else match.consequence,
        fix=render(rule.fix, variables),
        label=match.label,
        names=match.names,
        places=match.places,
        unless_built=frozenset((match.unless_built,)) if match.unless_built else frozenset(),
    )
    return replace(finding, fingerprint=_fingerprint(finding), shape=_shape(rule, match))


def _fingerprint(finding: Finding) -> str:
    """Survives moved lines and unrelated edits: the code, the file, the names and where related places are, without
    line numbers."""
    parts = [finding.code, finding.span.path, finding.scenarios[0]]
    parts += [f"{stage}={','.join(names)}" for stage, names in finding.names]
    parts += [f"{place.stage}@{place.span.path}" for place in finding.places]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _shape(rule: Rule, match: Match) -> str:
    """Equal for one fault in several services: the code and the stages, not the names."""
    stages = "/".join(dict.fromkeys(place.stage for place in match.places))
    return f"{rule.code}:{stages}" if rule.code in DEPLOYMENT else ""


def _merged(first: Finding, other: Finding) -> Finding:
    """One finding for two scenarios that reach one fault; the worse severity counts."""
    worse: Severity = max(first.severity, other.severity, key=lambda severity: severity.rank)
    scenarios = tuple(dict.fromkeys((*first.scenarios, *other.scenarios)))
    both = first.unless_built and other.unless_built
    unless = first.unless_built | other.unless_built if both else frozenset[str]()
    return replace(first, severity=worse, scenarios=scenarios, unless_built=unless)
