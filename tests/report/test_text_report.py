"""The report for people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tagcheck.finding import Finding, Place, Severity
from tagcheck.report.display import WIDEST, Display
from tagcheck.report.text import render
from tagcheck.request import Report
from tagcheck.source import Span

from .sample import BUILT, DEPLOYED, ROOT, mismatch, report, static


def shown(value: Report, color: bool = False) -> str:
    return render(value, Display(ROOT, color))


def test_a_finding_in_full() -> None:
    text = shown(report(mismatch()))
    assert text.startswith(
        f"""\
error[TC201]: the deployed image is none that this scenario builds or loads
  --> test/notification.go:10:2
10 |     GenerateImage("datastorage", "notification"), writer)
   |     {"^" * 44} DEPLOYED {DEPLOYED}
  ::: test/datastorage.go:1154:9
   | BUILT and LOADED {BUILT} (podman build)
   = BUILT    {BUILT}
   = LOADED   {BUILT}
   = DEPLOYED {DEPLOYED}
   = consequence: ErrImageNeverPull; the pod never starts and the suite waits for its timeout
   = scenarios: DeployNotification, DeployGateway and 1 more (e2e)
   = DD-TEST-001 §1.5: generate the name once (tagcheck explain TC201)

"""
    )


def test_the_summary() -> None:
    text = shown(report())
    assert text.endswith(
        """\
Found 2 findings: 1 error and 1 warning.
  TC101 1  static-tag
  TC201 1  deployed-name-mismatch
Looked at 61 files of a project with 14 scenarios and 37 images; 1 finding suppressed.
Not known is the image's name in 2 places (TC904).
  2 times a value read from a file, first at test/a.go:4:2
Skipped 2 paths: 1 a backup file, 1 vendored.
"""
    )


def test_findings_are_ordered_by_the_path_that_is_shown() -> None:
    text = shown(report(mismatch("z.go"), mismatch("a.go", 2), mismatch("a.go", 1)))
    assert text.index("a.go:1:") < text.index("a.go:2:") < text.index("z.go:10:")


def test_one_shape_is_shown_in_full_once() -> None:
    text = shown(report(*(mismatch(f"{name}.go", 2, "same") for name in "cab")))
    assert text.count("error[TC201]") == 1
    assert text.count("consequence:") == 1
    assert "the same fault in 2 more places:" in text
    assert f"   --> b.go:2:2  BUILT {BUILT}, LOADED {BUILT}, DEPLOYED {DEPLOYED}" in text


def test_findings_without_shape_stay_apart() -> None:
    assert shown(report(static(), static(line=4))).count("warning[TC101]") == 2


def test_a_likely_finding_says_so() -> None:
    assert "= certainty: likely" in shown(report(static()))
    assert "certainty" not in shown(report(mismatch()))


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b[" in shown(report(), color=True)
    assert "\x1b[" not in shown(report())


def test_no_findings() -> None:
    text = shown(Report(ROOT))
    assert text.startswith("No findings.\n")


def test_a_very_long_line_is_shown_around_the_mark() -> None:
    line = "x" * 100_000 + '"localhost/a:1"' + "y" * 100_000
    finding = replace(static(), span=Span("a.go", 1, 100_001, 1, 100_016))
    text = shown(replace(report(finding), sources=lambda path: [line]))
    excerpt = next(row for row in text.splitlines() if row.startswith("1 | "))
    marks = next(row for row in text.splitlines() if "^" in row)
    assert len(excerpt) < WIDEST + 10
    begin = marks.index("^")
    assert excerpt[begin : begin + marks.count("^")] == '"localhost/a:1"'


def test_wide_characters_do_not_move_the_mark() -> None:
    finding = replace(static(), span=Span("a.go", 1, 4, 1, 6))
    text = shown(replace(report(finding), sources=lambda path: ["日本 ab"]))
    assert " |      ^^" in text


@given(
    start=st.integers(1, 400),
    length=st.integers(0, 400),
    source=st.text(max_size=400),
    end_line=st.integers(1, 2),
)
def test_any_span_in_any_line_gives_an_excerpt_of_bounded_width(
    start: int, length: int, source: str, end_line: int
) -> None:
    finding = replace(static(), span=Span("a.go", 1, start, end_line, start + length), label="")
    rows = shown(replace(report(finding), sources=lambda path: [source])).split("\n")
    excerpt, marks = rows[2:4]
    assert set(marks) <= set(" |^")
    assert marks.count("^") >= 1
    assert max(len(excerpt), len(marks)) <= 2 * WIDEST + 10


HOSTILE = st.text(st.characters(), max_size=300)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_nothing_from_a_file_acts_on_the_terminal_or_forges_a_line(path: str, name: str, source: str) -> None:
    where = "a" + path.replace("\0", "")
    text = shown(replace(report(named(name, where)), sources=lambda path: [source] * 20))
    expected = shown(replace(report(named("x", where)), sources=lambda path: ["x"] * 20))
    assert all(row.isprintable() for row in text.split("\n"))
    assert text.count("\n") == expected.count("\n")


def named(name: str, path: str) -> Finding:
    """A finding that says the same thing everywhere."""
    return replace(
        mismatch(path),
        message=name,
        label=name,
        fix=name or "x",
        scenarios=(name,),
        severity=Severity.INFO,
        names=(("built", (name,)), ("deployed", (name,))),
        places=(Place("built", name, Span(path, 1, 1, 1, 2), name),),
    )


def test_paths_are_seen_from_the_working_directory() -> None:
    text = render(report(mismatch()), Display(ROOT / "test" / "infrastructure"))
    assert "--> ../notification.go:10:2" in text
    text = render(report(mismatch()), Display(Path("/")))
    assert "--> project/test/notification.go:10:2" in text
