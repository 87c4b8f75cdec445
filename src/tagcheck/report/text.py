"""The report for people: each finding with its excerpt, its labelled places and the names of the image side by side.

Findings that repeat one fault in several services are shown together, the first of them in full.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator

from tagcheck.finding import Certainty, Finding, Severity, Summary
from tagcheck.report.display import WIDEST, Display, counted, joined_places, listed, ordered, printable, same_shape
from tagcheck.request import Report
from tagcheck.source import Span

MOST_PLACES = 8
MOST_GAPS = 5
_TAB = 4

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}

_POD_STATES = {
    "ErrImageNeverPull": "the pod never starts and the suite waits for its timeout",
    "ImagePullBackOff": "the pod never starts and the suite waits for its timeout",
    "ErrImagePull": "the pod never starts and the suite waits for its timeout",
    "InvalidImageName": "the kubelet refuses the name, the pod never starts",
}
"""What follows from the states that a kubelet shows for a pod (kubernetes.io, Images; Debug Pods)."""


def render(report: Report, display: Display) -> str:
    """The whole report, ending in a summary."""
    lines: list[str] = []
    painter = _Painter(report, display)
    findings = ordered(report, display)
    for group in same_shape(findings):
        lines += [*painter.finding(group[0]), *painter.repeats(group[1:]), ""]
    lines += painter.summary(findings)
    return "\n".join(lines) + "\n"


class _Painter:
    """Draws findings of one report for one display."""

    def __init__(self, report: Report, display: Display) -> None:
        self.report = report
        self.display = display

    def style(self, text: str, color: str = "", bold: bool = False) -> str:
        if not self.display.color:
            return text
        from click import style

        return style(text, fg=color or None, bold=bold)

    def place(self, span: Span) -> str:
        return f"{printable(self.display.path(self.report.root, span.path))}:{span.line}:{span.column}"

    def finding(self, finding: Finding) -> Iterator[str]:
        color = _COLORS[finding.severity]
        title = self.style(f"{finding.severity.value}[{finding.code}]", color, bold=True)
        yield f"{title}: {self.style(printable(finding.message, 4 * WIDEST), bold=True)}"
        margin = " " * len(str(finding.span.line))
        yield f"{margin}{self.arrow('-->')} {self.place(finding.span)}"
        yield from self.excerpt(finding, margin)
        yield from self.related(finding, margin)
        for note in self.notes(finding):
            yield f"{margin} {self.arrow('=')} {note}"

    def arrow(self, text: str) -> str:
        return self.style(text, "blue", bold=True)

    def excerpt(self, finding: Finding, margin: str) -> Iterator[str]:
        """The line of the primary place with its label; the label alone where the line cannot be read."""
        span, label = finding.span, printable(finding.label)
        lines = self.report.sources(span.path)
        if not 0 < span.line <= len(lines):
            if label:
                yield f"{margin} {self.arrow('|')} {label}"
            return
        source = lines[span.line - 1]
        end = span.end_column if span.end_line == span.line else len(source) + 1
        text, offset, width = _window(source, span.column - 1, max(end - 1, span.column))
        mark = self.style(f"{'^' * width}{' ' if label else ''}{label}", _COLORS[finding.severity], bold=True)
        yield f"{self.arrow(f'{span.line} |')} {text}"
        yield f"{margin} {self.arrow('|')} {' ' * offset}{mark}"

    def related(self, finding: Finding, margin: str) -> Iterator[str]:
        places = joined_places(finding.places)
        for stages, image, span, note in places[:MOST_PLACES]:
            label = f"{listed(stage.upper() for stage in stages)} {printable(image)}".rstrip()
            if span == finding.span and label == finding.label:
                continue
            yield f"{margin}{self.arrow(':::')} {self.place(span)}"
            yield f"{margin} {self.arrow('|')} {label}{f' ({printable(note)})' if note else ''}"
        if len(places) > MOST_PLACES:
            yield f"{margin}{self.arrow('...')} and {counted(len(places) - MOST_PLACES, 'more place')}"

    def notes(self, finding: Finding) -> Iterator[str]:
        names = [(stage.upper(), image) for stage, images in finding.names for image in images]
        widest = max((len(stage) for stage, _ in names), default=0)
        if len(names) > 1:
            yield from (f"{stage:<{widest}} {printable(image)}" for stage, image in names)
        if finding.consequence:
            state = printable(finding.consequence)
            meaning = _POD_STATES.get(finding.consequence)
            yield f"consequence: {state}{f'; {meaning}' if meaning else ''}"
        if finding.scenarios:
            yield f"{_scenarios(finding.scenarios)} ({finding.tier.value})"
        if finding.certainty is Certainty.LIKELY:
            yield "certainty: likely, not proved"
        advice = ": ".join(filter(None, (finding.clause, printable(finding.fix, 4 * WIDEST))))
        if advice:
            yield f"{advice} (tagcheck explain {finding.code})"

    def repeats(self, findings: list[Finding]) -> Iterator[str]:
        """The other findings of a shape: their places and names."""
        if not findings:
            return
        yield f"   the same fault in {counted(len(findings), 'more place')}:"
        for finding in findings:
            names = (f"{stage.upper()} {printable(image)}" for stage, images in finding.names for image in images[:1])
            told = ", ".join(names) or printable(finding.label) or printable(finding.message)
            yield f"   {self.arrow('-->')} {self.place(finding.span)}  {told}"

    def summary(self, findings: list[Finding]) -> Iterator[str]:
        summary = self.report.summary
        if findings:
            by_level = Counter(finding.severity for finding in findings)
            levels = listed(
                counted(by_level[level], level.value, _plural(level)) for level in Severity if by_level[level]
            )
            yield self.style(f"Found {counted(len(findings), 'finding')}: {levels}.", bold=True)
            by_rule = Counter((finding.code, finding.rule) for finding in findings)
            width = len(str(max(by_rule.values())))
            yield from (f"  {code} {count:>{width}}  {rule}" for (code, rule), count in sorted(by_rule.items()))
        else:
            yield self.style("No findings.", "green")
        suppressed = f"; {counted(summary.suppressed, 'finding')} suppressed" if summary.suppressed else ""
        whole = listed((counted(summary.scenarios, "scenario"), counted(summary.images, "image")))
        yield f"Looked at {counted(summary.files, 'file')} of a project with {whole}{suppressed}."
        yield from self.unresolved(summary)
        yield from _skipped(summary)

    def unresolved(self, summary: Summary) -> Iterator[str]:
        """Where the name of an image could not be found out, the most frequent reasons first."""
        if not summary.unresolved:
            return
        yield f"Not known is the image's name in {counted(summary.unresolved, 'place')} (TC904)."
        reasons = Counter(gap.reason for gap in self.report.gaps)
        first = {gap.reason: gap for gap in sorted(self.report.gaps, key=lambda gap: gap.span, reverse=True)}
        for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:MOST_GAPS]:
            yield f"  {count} times {printable(reason)}, first at {self.place(first[reason].span)}"
        if len(reasons) > MOST_GAPS:
            yield f"  and {counted(len(reasons) - MOST_GAPS, 'more reason')}"


def _plural(level: Severity) -> str:
    return "info" if level is Severity.INFO else f"{level.value}s"


def _skipped(summary: Summary) -> Iterator[str]:
    if summary.skipped:
        reasons = Counter(skipped.reason for skipped in summary.skipped)
        most = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        told = ", ".join(f"{count} {printable(reason)}" for reason, count in most[:MOST_GAPS])
        more = f", and {counted(len(most) - MOST_GAPS, 'more reason')}" if len(most) > MOST_GAPS else ""
        yield f"Skipped {counted(len(summary.skipped), 'path')}: {told}{more}."


def _scenarios(scenarios: tuple[str, ...]) -> str:
    if len(scenarios) == 1:
        return f"scenario: {printable(scenarios[0])}"
    shown = ", ".join(printable(scenario) for scenario in scenarios[:2])
    return f"scenarios: {shown}" + (f" and {len(scenarios) - 2} more" if len(scenarios) > 2 else "")


def _window(source: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a line that is shown, where the mark begins in it and how wide it is, in terminal columns. A line
    that is too wide is shown from shortly before the mark on."""
    start, end = min(start, len(source)), min(max(end, start + 1), max(len(source), start + 1))
    skipped = max(0, start - 40) if end > WIDEST - 4 else 0
    before = ("…" if skipped else "") + _shown(source[skipped:start])
    marked = _shown(source[start : min(end, start + WIDEST)])
    room = max(WIDEST - len(before), 1)
    if len(marked) > room:
        marked = marked[: room - 1] + "…"
    after = _shown(source[end : end + WIDEST])
    rest = max(room - len(marked), 0)
    if len(after) > rest:
        after = after[: max(rest - 1, 0)] + "…"
    return (before + marked + after).rstrip(), _columns(before), max(_columns(marked), 1)


def _shown(text: str) -> str:
    return printable(text.replace("\t", " " * _TAB), widest=WIDEST * 8)


def _columns(text: str) -> int:
    """How many columns a terminal needs for a text (Unicode, UAX #11: wide and full-width characters need two)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
