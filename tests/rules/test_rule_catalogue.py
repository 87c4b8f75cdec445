"""The rules that ship, and reading rule files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined

from tagcheck.finding import Severity, Tier
from tagcheck.rules import Rule, RuleError, Rules, load_rules, read_rule, render, rules_root

RULES = load_rules()
MARK = re.compile(r"expect: (TC\d{3})")
WITHOUT_EXAMPLES = {
    "TC901": "its examples would be files that no tool accepts",
    "TC904": "off by default",
}

MINIMAL = """\
code: TC998
name: own-rule
severity: warning
clause: ours
summary: s
why: w
fix: f
message: m
"""


def written(directory: Path, text: str, name: str = "TC998-own-rule.yaml") -> Path:
    path = directory / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("rule", RULES.all, ids=lambda rule: rule.code)
def test_every_message_reads_well_without_any_variable(rule: Rule) -> None:
    for text in (rule.message, rule.consequence, rule.fix):
        shown = render(text, {})
        assert "{{" not in shown and "{%" not in shown
        assert not re.search(r" [,;:.)]|\(\)|\s$|^\s|: *$", shown)
    assert not render(rule.message, {}).endswith(".")


@pytest.mark.parametrize("rule", RULES.all, ids=lambda rule: rule.code)
def test_every_template_is_one(rule: Rule) -> None:
    for text in (rule.message, rule.consequence, rule.fix):
        Environment(undefined=StrictUndefined, autoescape=False).parse(text)


@pytest.mark.parametrize("rule", RULES.all, ids=lambda rule: rule.code)
def test_every_rule_has_examples_that_expect_it(rule: Rule) -> None:
    if rule.code in WITHOUT_EXAMPLES:
        assert not rule.bad
        return
    assert rule.bad
    for example in rule.bad:
        assert rule.code in MARK.findall("".join(text for _, text in example.files))
    for example in rule.good:
        assert not MARK.findall("".join(text for _, text in example.files))


def test_codes_and_names_are_unique_and_sorted() -> None:
    codes = [rule.code for rule in RULES.all]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES.all}) == len(codes)


def test_what_is_off_by_default() -> None:
    assert {rule.code for rule in RULES.all if not rule.default} == {"TC111", "TC904"}


def test_severity_depends_on_tier_and_on_who_owns_the_image() -> None:
    latest = RULES.get("TC102")
    assert latest is not None
    assert latest.severity(Tier.E2E) is Severity.ERROR
    assert latest.severity(Tier.PRODUCTION) is Severity.WARNING
    assert latest.severity(Tier.E2E, local=False) is Severity.WARNING
    removed = RULES.get("TC401")
    assert removed is not None
    assert removed.severity(Tier.PRODUCTION) is None


def test_selecting() -> None:
    every = RULES.active()
    assert "TC904" not in every
    assert RULES.active(["TC2"]) == {code for code in every if code.startswith("TC2")}
    assert RULES.active(["latest-tag", "TC101"]) == {"TC101", "TC102"}
    assert RULES.active(["TC9"]) == {"TC901", "TC902", "TC903"}
    assert RULES.active(["TC904"]) == {"TC904"}
    assert RULES.active((), ["TC1"], ["TC904"]) == {code for code in every if not code.startswith("TC1")} | {"TC904"}
    assert RULES.active(["TC101"], ["TC"]) == frozenset()
    assert RULES.unknown(["TC101", "TC555", "no-such"]) == ("TC555", "no-such")


def test_the_root_is_the_source_tree_or_the_package() -> None:
    assert (rules_root() / "checks" / "TC101-static-tag.yaml").is_file()


def test_a_directory_adds_rules_and_replaces_those_of_the_same_code(tmp_path: Path) -> None:
    written(tmp_path, MINIMAL)
    written(tmp_path, MINIMAL.replace("TC998", "TC101").replace("own-rule", "static-tag"), "TC101-static-tag.yaml")
    found = load_rules((tmp_path,))
    assert len(found.all) == len(RULES.all) + 1
    own, static = found.get("TC998"), found.get("TC101")
    assert own is not None and own.predicate == "own_rule" and own.local == own.third_party
    assert static is not None and static.message == "m"


def test_a_directory_may_have_the_layout_of_rules(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    written(tmp_path / "checks", MINIMAL)
    assert load_rules((tmp_path,)).get("TC998")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("code: TC998\n", ""), "the key 'code' is missing"),
        (("fix: f", "fixx: f"), "'fixx' is no key of a rule"),
        (("code: TC998", "code: TC99"), "code must be TC and three digits"),
        (("name: own-rule", "name: Own"), "name must be lower-case words"),
        (("name: own-rule", "name: other"), "the file must be called TC998-other.yaml"),
        (("severity: warning", "severity: fatal"), "a severity must be one of error, warning, info, not 'fatal'"),
        (("severity: warning", "severity: {e3e: error}"), "severity must be a mapping with keys among"),
        (("severity: warning", "severity: [error]"), "a severity must be one of"),
        (("severity: warning", "severity: error\ntiers: [e3e]"), "tiers must be a list of"),
        (("why: w", "why: 3"), "why must be a text"),
        (("why: w", "why: ''"), "why must be a text"),
        (("why: w", "why: w\ndefault: maybe"), "default must be on or off"),
        (("why: w", "why: w\nexamples: {ugly: []}"), "examples must be a mapping with keys among bad, good"),
        (("why: w", "why: w\nexamples: {bad: [{title: t, files: [a]}]}"), "'files' must map paths to contents"),
        (("why: w", "why: w\nexamples: {bad: 3}"), "examples.bad must be a list"),
        (("why: w", "why: [w"), "is not valid YAML"),
        (("why: w", "why: !!python/object/apply:os.getcwd []"), "is not valid YAML"),
        (("why: w", "why: " + "[" * 100_000), "nested deeper than any rule"),
        (("why: w", "why:\n  " + "- " * 100_000 + "x"), "nested deeper than any rule"),
        (("why: w", "why: " + "x" * 300_000), "is larger or nested deeper"),
        (("why: w", "why: \x00"), "is not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = written(tmp_path, MINIMAL.replace(*change))
    with pytest.raises(RuleError) as caught:
        read_rule(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_what_is_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="must be a mapping with the keys code, name"):
        read_rule(written(tmp_path, "- a\n"))


def test_all_files_are_read_before_complaining(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        written(tmp_path, MINIMAL, name)
    with pytest.raises(RuleError) as caught:
        load_rules((tmp_path, tmp_path / "none"))
    assert len(caught.value.messages) == 3


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("{{ image }} is\n  bad", {"image": "a:1"}, "a:1 is bad"),
        ("{{ image }}", {"image": "<param x> & 'y'"}, "<param x> & 'y'"),
        ("a{% if reason %}: {{ reason }}{% endif %}", {}, "a"),
        ("{{ image.__class__.__mro__ }}", {"image": "a"}, "{{ image.__class__.__mro__ }}"),
        ("{% for x in range(10000000) %}{% endfor %}", {}, "{% for x in range(10000000) %}{% endfor %}"),
        ("{{ 1 / 0 }}", {}, "{{ 1 / 0 }}"),
        ("{{ broken", {}, "{{ broken"),
        ("no template", {}, "no template"),
    ],
)
def test_rendering_never_fails(text: str, variables: dict[str, object], expected: str) -> None:
    assert render(text, variables) == expected


def test_an_empty_catalogue_selects_nothing() -> None:
    assert Rules(()).active(["TC1"]) == frozenset()
