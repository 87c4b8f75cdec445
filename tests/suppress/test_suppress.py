"""Comments that suppress findings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck.finding import Finding, Severity, Tier
from tagcheck.rules import load_rules
from tagcheck.source import Span
from tagcheck.suppress import Outcome, Suppression, apply, suppressions

RULES = load_rules()
TODAY = date(2026, 6, 30)
ACTIVE = RULES.active()


def finding(line: int, code: str = "TC101", end_line: int = 0, path: str = "a.go") -> Finding:
    span = Span(path, line, 1, end_line or line, 9)
    return Finding(code, "static-tag", Severity.ERROR, span, "m", "c", Tier.E2E, ())


def applied(text: str, *findings: Finding, active: frozenset[str] = ACTIVE, today: date = TODAY) -> Outcome:
    found = {"a.go": suppressions("a.go", text)}
    return apply(findings, found, today, RULES, active, lambda path: Tier.E2E)


def left(outcome: Outcome) -> list[tuple[str, int]]:
    return [(each.code, each.span.line) for each in outcome.findings]


def only(text: str) -> Suppression:
    (found,) = suppressions("a.go", text)
    return found


@pytest.mark.parametrize(
    "comment",
    [
        "# {}",
        "#{}",
        "// {}",
        "/* {} */",
        "-- {}",
        "; {}",
        "<!-- {} -->",
        "## {}",
        "/// {}",
    ],
)
def test_every_comment_syntax(comment: str) -> None:
    directive = comment.format("tagcheck: ignore[TC101, TC204] shared on purpose owner=gateway until=2027-01-31")
    found = only(f"x := 1 {directive}\n")
    assert found.codes == ("TC101", "TC204")
    assert (found.reason, found.owner, found.until) == ("shared on purpose", "gateway", date(2027, 1, 31))
    assert (found.target, found.span.column, found.problem) == (1, 8, "")


@pytest.mark.parametrize(
    "line",
    [
        'fmt.Println("use # tagcheck: ignore[TC101]")',
        "see tagcheck: ignore[TC101]",
        "url#tagcheck: ignore[TC101]",
        "# tagcheck: ignored[TC101]",
        "# tagcheck ignore[TC101]",
    ],
)
def test_what_is_no_suppression(line: str) -> None:
    assert suppressions("a.go", line) == ()


def test_a_comment_in_a_manifest_inside_a_go_string_counts() -> None:
    text = "const pod = `\nimage: x:latest # tagcheck: ignore[TC102]\n`\n"
    assert only(text).target == 2


def test_a_trailing_comment_speaks_of_its_own_line_only() -> None:
    outcome = applied("x # tagcheck: ignore[TC101]\ny\n", finding(1), finding(2))
    assert left(outcome) == [("TC101", 2)]


def test_a_comment_alone_speaks_of_the_next_line() -> None:
    text = "# tagcheck: ignore[TC101] a\n# tagcheck: ignore[TC102] b\n\nx\n"
    outcome = applied(text, finding(4), finding(4, "TC102"), finding(5))
    assert left(outcome) == [("TC101", 5)]
    assert [(each.code, by.reason) for each, by in outcome.suppressed] == [("TC101", "a"), ("TC102", "b")]


def test_a_finding_over_several_lines_can_be_suppressed_on_each() -> None:
    assert left(applied("a\nb\nc # tagcheck: ignore[TC101]\n", finding(2, end_line=4))) == []


def test_other_codes_are_not_touched() -> None:
    outcome = applied("x # tagcheck: ignore[TC102] y\n", finding(1))
    assert left(outcome) == [("TC101", 1), ("TC902", 1)]


def test_a_whole_file() -> None:
    outcome = applied("// Licence\n// tagcheck: ignore-file[TC101] demo\n", finding(99), finding(98, "TC102"))
    assert left(outcome) == [("TC102", 98)]


def test_a_whole_file_must_be_asked_for_near_the_top() -> None:
    outcome = applied("\n" * 40 + "# tagcheck: ignore-file[TC101]\n", finding(3))
    assert left(outcome) == [("TC101", 3), ("TC902", 41)]
    assert "first 20 lines" in outcome.findings[1].message


def test_another_file_is_not_touched() -> None:
    assert ("TC101", 1) in left(applied("x # tagcheck: ignore[TC101]\n", finding(1, path="b.go")))


def test_an_unused_suppression_is_reported_with_the_codes_that_are_unused() -> None:
    outcome = applied("x # tagcheck: ignore[TC101,TC102] y\n", finding(1))
    assert left(outcome) == [("TC902", 1)]
    assert "no TC102 is found here" in outcome.findings[0].message
    assert outcome.findings[0].severity is Severity.WARNING


def test_a_suppression_of_a_rule_that_did_not_run_is_not_called_unused() -> None:
    assert left(applied("x # tagcheck: ignore[TC102] y\n", active=ACTIVE - {"TC102"})) == []


def test_a_date_counts_to_its_end() -> None:
    text = "x # tagcheck: ignore[TC101] y owner=gateway until=2026-06-30\n"
    assert left(applied(text, finding(1))) == []
    after = applied(text, finding(1), today=date(2026, 7, 1))
    assert left(after) == [("TC101", 1), ("TC903", 1)]
    assert "until 2026-06-30; ask gateway" in after.findings[1].message
    assert after.findings[1].severity is Severity.ERROR


def test_an_expired_suppression_of_nothing_is_unused() -> None:
    assert left(applied("x # tagcheck: ignore[TC101] until=2020-01-01\n")) == [("TC902", 1)]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("# tagcheck: ignore\n", "TC902", "names no rule"),
        ("# tagcheck: ignore[] x\n", "TC902", "names no rule"),
        ("# tagcheck: ignore[TC999] x\n", "TC902", "there is no rule TC999"),
        ("# tagcheck: ignore[TC101] until=soon\n", "TC903", "until=soon is no date"),
        ("# tagcheck: ignore[TC101] until=2026-02-30\n", "TC903", "is no date"),
    ],
)
def test_what_is_wrong_with_a_suppression(text: str, code: str, message: str) -> None:
    outcome = applied(text, finding(1))
    assert [each.code for each in outcome.findings] == ["TC101", code]
    assert message in outcome.findings[1].message


def test_findings_about_suppressions_cannot_be_suppressed() -> None:
    outcome = applied("x # tagcheck: ignore[TC902]\n", finding(1, "TC902"))
    assert ("TC902", 1) in left(outcome)


def test_lines_are_counted_by_newlines_alone() -> None:
    assert only("a\x0b\x0c\x85\u2028b\nx # tagcheck: ignore[TC101]\r\n").target == 2


COMMENTS: list[Callable[[str], str]] = [lambda codes: f"x # tagcheck: ignore[{codes}]", lambda codes: "plain"]


@given(
    st.lists(st.tuples(st.sampled_from(COMMENTS), st.sampled_from(["TC101", "TC102", "TC101,TC102"])), max_size=6),
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["TC101", "TC102"])), max_size=6),
)
def test_nothing_is_lost(lines: list[tuple[Callable[[str], str], str]], places: list[tuple[int, str]]) -> None:
    text = "\n".join(comment(codes) for comment, codes in lines)
    findings = [finding(line, code) for line, code in places]
    outcome = applied(text, *findings)
    kept = [each for each in outcome.findings if each.code != "TC902"]
    assert sorted(map(id, [*kept, *(each for each, _ in outcome.suppressed)])) == sorted(map(id, findings))


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for found in suppressions("a.go", f"# tagcheck: ignore[{text}] {text}\n"):
        assert found.target >= 0
