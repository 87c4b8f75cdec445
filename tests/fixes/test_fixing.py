"""What is accepted and what is not, with scans and repairs that stand in for the real ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tagcheck.config import Config
from tagcheck.finding import Finding, Gap, Place, Severity, Tier
from tagcheck.fixes import fixing
from tagcheck.fixes.edits import Edit, Proposal, Rename, Use
from tagcheck.fixes.fixing import Outcome, fix
from tagcheck.fixes.situation import Proposals, Repair, Situation
from tagcheck.ir import Problem
from tagcheck.request import Report, Story
from tagcheck.source import Span

Change = Callable[[Report, str], Report]
FILE = "a.txt"


def unchanged(report: Report, text: str) -> Report:
    return report


class Project:
    """A file in which each `x` is a fault; `worse` may change the report of a text."""

    def __init__(self, text: str, worse: Change = unchanged) -> None:
        self.text, self.worse = text, worse
        self.scans: list[str] = []

    def scan(self, replaced: Mapping[str, bytes], paths: Collection[str]) -> Report:
        content = replaced.get(FILE, self.text.encode())
        text = content.decode()
        self.scans.append(text)
        findings = tuple(finding("TC101", column) for column, each in enumerate(text, 1) if each == "x")
        return self.worse(Report(Path("/"), findings, contents={FILE: content}.get), text)

    def fixed(self, *propose: Callable[[Situation, Finding], Proposals]) -> Outcome:
        repairs = [Repair(frozenset({"TC101"}), each) for each in propose]
        return fix(self.scan, lambda report: report.findings, lambda path: path == FILE, Config(), repairs)


def finding(code: str, column: int) -> Finding:
    span = Span(FILE, 1, column, 1, column + 1)
    return Finding(code, "rule", Severity.ERROR, span, "m", "c", Tier.E2E, (), fingerprint=f"{code}{column}")


def edit(each: Finding, text: bytes, length: int = 1, path: str = FILE) -> Edit:
    return Edit(path, each.span.column - 1, each.span.column - 1 + length, text)


def to_y(situation: Situation, each: Finding) -> Proposals:
    yield (Proposal(each, (edit(each, b"yy"),), "y"),)


def nothing(situation: Situation, each: Finding) -> Proposals:
    yield from ()


def after(outcome: Outcome) -> list[bytes]:
    return [change.after for change in outcome.changes]


def test_what_is_better_is_accepted_at_once() -> None:
    project = Project("axbxc")
    outcome = project.fixed(nothing, to_y)
    assert after(outcome) == [b"ayybyyc"]
    assert (len(outcome.repaired), outcome.report.findings, outcome.cut) == (2, (), False)
    assert project.scans == ["axbxc", "ayybyyc"]


def test_without_proposals_there_is_one_scan() -> None:
    project = Project("axb")
    assert project.fixed(nothing).changes == ()
    assert len(project.scans) == 1


def story(image: str, *stages: str, policy: str = "") -> Story:
    span = Span(FILE, 1, 1, 1, 2)
    return Story(image, "s", Tier.E2E, tuple(Place(each, image, span) for each in stages), (policy,) * len(stages))


def has(text: str, change: Change) -> Change:
    """A change of the report where a text has something."""
    return lambda report, scanned: change(report, scanned) if text in scanned else report


@pytest.mark.parametrize(
    "worse",
    [
        pytest.param(lambda r, t: replace(r, findings=(*r.findings, finding("TC999", 9))), id="another finding"),
        pytest.param(lambda r, t: replace(r, findings=(finding("TC101", 2),)), id="the same finding"),
        pytest.param(lambda r, t: replace(r, gaps=(Gap(Span(FILE, 1, 1, 1, 2), "built", "?"),)), id="a gap"),
        pytest.param(lambda r, t: replace(r, errors=(Problem(FILE, 1, 1, "?"),)), id="a file that cannot be read"),
        pytest.param(lambda r, t: replace(r, stories=(story("i", "built"),)), id="another event"),
    ],
)
def test_what_is_not_better_is_not_accepted(worse: Change) -> None:
    project = Project("axb", has("y", worse))
    outcome = project.fixed(to_y)
    assert (outcome.changes, outcome.repaired) == ((), ())
    assert outcome.report.findings == (finding("TC101", 2),)


def test_what_holds_is_accepted_beside_what_does_not() -> None:
    """The first and the third cannot be repaired together, the second not at all."""
    spoilt = has("bz", lambda report, text: replace(report, findings=(*report.findings, finding("TC999", 1))))
    project = Project("axbxcxd", spoilt)

    def to_z(situation: Situation, each: Finding) -> Proposals:
        yield (Proposal(each, (edit(each, b"z"),), "z"),)

    assert after(project.fixed(to_z)) == [b"azbxczd"]


def test_overlapping_edits_are_made_one_after_the_other() -> None:
    def with_heading(situation: Situation, each: Finding) -> Proposals:
        yield (Proposal(each, (Edit(FILE, 0, 0, b"#"), edit(each, b"y")), "y"),)

    project = Project("axbx")
    outcome = project.fixed(with_heading)
    assert after(outcome) == [b"##ayby"]
    assert len(outcome.repaired) == 2
    assert project.scans == ["axbx", "#aybx", "##ayby"]


@pytest.mark.parametrize(("names", "wanted"), [("yx", [b"ayb"]), ("yz", []), ("xx", [])])
def test_exactly_one_alternative_must_hold(names: str, wanted: list[bytes]) -> None:
    def either(situation: Situation, each: Finding) -> Proposals:
        yield [Proposal(each, (edit(each, name.encode()),), name) for name in names]

    assert after(Project("axb").fixed(either)) == wanted


def test_other_files_are_left_alone() -> None:
    def elsewhere(situation: Situation, each: Finding) -> Proposals:
        yield (Proposal(each, (edit(each, b"y"), edit(each, b"y", path="b.txt")), "y"),)

    assert Project("axb").fixed(elsewhere).changes == ()


def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixing, "MOST_GLANCES", 5)
    project = Project("x" * 30, has("y", lambda report, text: replace(report, findings=(finding("TC999", 1),))))
    outcome = project.fixed(to_y)
    assert (outcome.changes, outcome.cut) == ((), True)
    assert len(project.scans) == 7


# --- promises --------------------------------------------------------------------------------------------------------


def promising(old: str, new: str, promise: Use | None = None) -> Callable[[Situation, Finding], Proposals]:
    def propose(situation: Situation, each: Finding) -> Proposals:
        yield (Proposal(each, (edit(each, b"y"),), "y", promise, (Rename(old, new),)),)

    return propose


def test_only_the_names_that_are_to_change_may_change() -> None:
    def stories(report: Report, text: str) -> Report:
        return replace(report, stories=(story("new" if "y" in text else "old", "deployed"),))

    assert after(Project("ax", stories).fixed(promising("old", "new"))) == [b"ay"]
    assert after(Project("ax", stories).fixed(promising("old", "newer"))) == []
    assert after(Project("ax", stories).fixed(promising("other", "new"))) == []


@pytest.mark.parametrize(("stage", "line", "wanted"), [("deployed", 1, [b"ay"]), ("run", 1, []), ("deployed", 2, [])])
def test_a_promise_is_kept(stage: str, line: int, wanted: list[bytes]) -> None:
    def stories(report: Report, text: str) -> Report:
        return replace(report, stories=(story("new" if "y" in text else "old", "deployed"),))

    promise = Use(stage, Span(FILE, line, 1, line, 2), "new")
    assert after(Project("ax", stories).fixed(promising("old", "new", promise))) == wanted


@pytest.mark.parametrize(
    ("stages", "policy", "wanted"),
    [
        (("built", "loaded", "deployed"), "Never", [b"ayy"]),
        (("built", "deployed"), "Never", []),
        (("loaded", "deployed"), "Never", []),
        (("built", "loaded", "deployed"), "Always", []),
    ],
)
def test_policies_become_never_where_the_image_is(stages: tuple[str, ...], policy: str, wanted: list[bytes]) -> None:
    def stories(report: Report, text: str) -> Report:
        return replace(report, stories=(story("image", *stages, policy=policy if "y" in text else ""),))

    assert after(Project("ax", stories).fixed(to_y)) == wanted
