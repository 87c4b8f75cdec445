"""Suppressions: comments that say that a finding is known.

    # tagcheck: ignore[TC201, TC101] why it is right here owner=TEAM until=2027-01-31

in the comment syntax of the file, at the end of the line or alone on a line before it; `ignore-file[…]` in the first
lines holds for the whole file. Comments are sought line by line and not by the grammar of the file's language, because
a manifest in a Go string or a script in a CI step has comments of its own, which count as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tagcheck.finding import Finding, Severity, Tier
from tagcheck.rules import Rules, render
from tagcheck.source import Span

MARKER = "tagcheck:"
"""What a file must contain to have suppressions at all."""
NEAR_THE_TOP = 20
"""Lines in which `ignore-file` may stand; licence headers come first in many trees."""

_COMMENT = re.compile(
    r"""(?:^|(?<=\s))(?:\#+|//+|/\*+|--|;+|<!--)\s*
        tagcheck:\s*(?P<verb>ignore-file|ignore)\b\s*
        (?:\[(?P<codes>[^\]]*)\])?(?P<reason>[^\n]*)""",
    re.VERBOSE,
)
_OWNER = re.compile(r"(?:^|\s)owner=(\S+)")
_UNTIL = re.compile(r"(?:^|\s)until=(\S+)")
_ENDS = ("*/", "-->")
_ONLY_COMMENT = re.compile(r"\s*(?:#|//|/\*|--|;|<!--)")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment. `span` is the comment's; `target` the line that it speaks of, 0 for the whole file. `until` is the
    last day on which it holds; `problem` says what is wrong with a comment that suppresses nothing for that."""

    span: Span
    target: int
    codes: tuple[str, ...]
    reason: str = ""
    owner: str = ""
    until: date | None = None
    problem: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether it speaks of this finding, whatever the day."""
        span = finding.span
        at_line = not self.target or span.line <= self.target <= span.end_line
        return finding.code in self.codes and span.path == self.span.path and at_line


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left after suppressing: `findings` with those about suppressions themselves, `suppressed` with the
    suppression that each fell under."""

    findings: tuple[Finding, ...]
    suppressed: tuple[tuple[Finding, Suppression], ...]


def suppressions(path: str, text: str) -> tuple[Suppression, ...]:
    """The suppressions of a file, in order."""
    if MARKER not in text:
        return ()
    lines = text.split("\n")
    found = (_of_line(path, lines, number) for number, line in enumerate(lines, 1) if MARKER in line)
    return tuple(suppression for suppression in found if suppression is not None)


def _of_line(path: str, lines: Sequence[str], number: int) -> Suppression | None:
    line = lines[number - 1]
    match = _COMMENT.search(line)
    # An odd number of quotation marks before the comment: it stands inside a text.
    if match is None or (line[: match.start()].replace('\\"', "").count('"')) % 2:
        return None
    span = Span(path, number, match.start() + 1, number, len(line.rstrip()) + 1)
    whole = match["verb"] == "ignore-file"
    alone = not line[: match.start()].strip()
    reason = match["reason"]
    for end in _ENDS:
        reason = reason.partition(end)[0]
    codes = tuple(code.strip() for code in (match["codes"] or "").split(",") if code.strip())
    found = Suppression(span, 0 if whole else _below(lines, number) if alone else number, codes)
    if not codes:
        return replace(found, problem=f"it names no rule; write {match['verb']}[TC201] with the codes that it is for")
    if whole and number > NEAR_THE_TOP:
        return replace(found, problem=f"ignore-file counts in the first {NEAR_THE_TOP} lines of a file only; move it")
    return _with_fields(found, reason)


def _below(lines: Sequence[str], number: int) -> int:
    """The first line below a comment that stands alone which is neither another suppression nor empty."""
    for below in range(number + 1, min(len(lines), number + NEAR_THE_TOP) + 1):
        line = lines[below - 1]
        if line.strip() and not (MARKER in line and _ONLY_COMMENT.match(line)):
            return below
    return number


def _with_fields(suppression: Suppression, reason: str) -> Suppression:
    """The owner and the date taken out of a reason."""
    owner, until = _OWNER.search(reason), _UNTIL.search(reason)
    text = " ".join(_UNTIL.sub(" ", _OWNER.sub(" ", reason)).split())
    found = replace(suppression, reason=text, owner=owner[1] if owner else "")
    if until is None:
        return found
    try:
        return replace(found, until=date.fromisoformat(until[1]))
    except ValueError:
        return replace(found, problem=f"until={until[1]} is no date; write until=YYYY-MM-DD")


def apply(
    findings: Iterable[Finding],
    of_file: Mapping[str, Sequence[Suppression]],
    today: date,
    rules: Rules,
    active: frozenset[str],
    tier_of: Callable[[str], Tier],
) -> Outcome:
    """Take away what is suppressed, and add TC902 for suppressions that suppress nothing and TC903 for those past
    their date. `of_file` has the suppressions of each file that is reported; `active` the codes that were judged: a
    suppression of other codes is not called unused. Findings about suppressions cannot be suppressed."""
    kept: list[Finding] = []
    suppressed: list[tuple[Finding, Suppression]] = []
    used: dict[Suppression, set[str]] = {}
    for finding in findings:
        by = _suppressing(finding, of_file.get(finding.span.path, ()))
        for suppression in by:
            used.setdefault(suppression, set()).add(finding.code)
        current = next((suppression for suppression in by if not _expired(suppression, today)), None)
        if current is None:
            kept.append(finding)
        else:
            suppressed.append((finding, current))
    about = _About(rules, active, tier_of)
    for suppression in (suppression for several in of_file.values() for suppression in several):
        kept += about.findings(suppression, frozenset(used.get(suppression, ())), today)
    return Outcome(tuple(kept), tuple(suppressed))


def _suppressing(finding: Finding, candidates: Sequence[Suppression]) -> list[Suppression]:
    if finding.code in ("TC902", "TC903"):
        return []
    return [candidate for candidate in candidates if not candidate.problem and candidate.covers(finding)]


def _expired(suppression: Suppression, today: date) -> bool:
    return suppression.until is not None and suppression.until < today


@dataclass(frozen=True, slots=True)
class _About:
    """Makes the findings that are about suppressions."""

    rules: Rules
    active: frozenset[str]
    tier_of: Callable[[str], Tier]

    def findings(self, suppression: Suppression, used: frozenset[str], today: date) -> list[Finding]:
        if suppression.problem:
            code = "TC903" if "until=" in suppression.problem else "TC902"
            return self.finding(code, suppression, suppression.problem)
        unknown = [code for code in suppression.codes if self.rules.get(code) is None]
        unused = [code for code in suppression.codes if code in self.active and code not in used]
        found: list[Finding] = []
        if unknown:
            found += self.finding("TC902", suppression, f"there is no rule {', '.join(unknown)}")
        if unused:
            found += self.finding("TC902", suppression, f"no {' or '.join(unused)} is found here any more")
        if _expired(suppression, today) and used:
            owner = f"; ask {suppression.owner}" if suppression.owner else ""
            found += self.finding("TC903", suppression, f"it held until {suppression.until}{owner}")
        return found

    def finding(self, code: str, suppression: Suppression, reason: str) -> list[Finding]:
        rule = self.rules.get(code)
        if rule is None or code not in self.active:
            return []
        variables = {"reason": reason, "codes": ", ".join(suppression.codes), "owner": suppression.owner}
        tier = self.tier_of(suppression.span.path)
        return [
            Finding(
                code=code,
                rule=rule.name,
                severity=rule.severity(tier) or Severity.WARNING,
                span=suppression.span,
                message=render(rule.message, variables),
                clause=rule.clause,
                tier=tier,
                scenarios=(),
                fix=render(rule.fix, variables),
                label=reason,
            )
        ]
