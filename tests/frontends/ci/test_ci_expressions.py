"""The expression language of workflows: what each form means in the small language."""

from __future__ import annotations

import pytest

from tagcheck import ir
from tagcheck.frontends.ci.body import Body
from tagcheck.frontends.ci.contexts import Contexts, Scope, places
from tagcheck.frontends.ci.expressions import parse
from tagcheck.irdump import dump_expression, dump_statements
from tagcheck.source import Span

AT = Span("ci.yml", 1, 1, 1, 1)
MATRIX = ir.MapOf(
    (
        (ir.Literal("image", AT), ir.Literal("gateway", AT, False)),
        (ir.Literal("debug", AT), ir.Constant(True, AT)),
        (ir.Literal("go", AT), ir.MapOf(((ir.Literal("version", AT), ir.Constant(1.24, AT)),), AT)),
    ),
    AT,
)
SCOPE = Scope(
    "job",
    steps=frozenset({"meta"}),
    needs=frozenset({"build"}),
    inputs=frozenset({"tag"}),
    matrix=MATRIX,
    events=("push", "pull_request"),
    environment={"OWN": ir.Literal("own", AT, False)},
)

FORMS = [
    ("'latest'", '"latest"'),
    ("'it''s'", '"it\'s"~'),
    ("true", "true"),
    ("null", "nil"),
    ("1", "1"),
    ("-2.5", "-2.5"),
    ("0xff", "255"),
    ("github.sha", 'environment!("GITHUB_SHA"~)'),
    ("github.run_id", 'environment!("GITHUB_RUN_ID"~)'),
    ("GitHub.ref_name", 'environment!("GITHUB_REF_NAME"~)'),
    ("github['sha']", 'environment!("GITHUB_SHA"~)'),
    ("github.event.number", 'environment!("github.event.number"~)'),
    ("github.event.requests[0].number", 'environment!("github.event.requests.0.number"~)'),
    ("vars.REGISTRY", 'environment!("vars.REGISTRY"~)'),
    ("secrets.TOKEN", 'environment!("secrets.TOKEN"~)'),
    ("runner.temp", 'environment!("RUNNER_TEMP"~)'),
    ("env.TAG", 'environment!("TAG"~)'),
    ("env.OWN", '"own"~'),
    ("matrix.image", '"gateway"~'),
    ("matrix['image']", '"gateway"~'),
    ("matrix.debug", "true"),
    ("matrix.go.version", "1.24"),
    ("matrix.absent", '""~'),
    ("steps.meta.outputs.tags", "steps.meta.tags"),
    ("steps['meta'].outputs['tags']", "steps.meta.tags"),
    ("needs.build.outputs.image", "needs.build.image"),
    ("needs.build.result", '"success"~'),
    ("inputs.tag", "inputs.tag"),
    ("inputs.other", 'environment!("inputs.other"~)'),
    ("github.event.inputs.tag", "inputs.tag"),
    ("success()", "true"),
    ("always()", "true"),
    ("failure()", "false"),
    ("!cancelled()", "!false"),
    ("env.TAG == 'a'", '(environment!("TAG"~) == "a")'),
    ("env.A != env.B", '(environment!("A"~) != environment!("B"~))'),
    ("1 < 2", "(1 < 2)"),
    ("env.A == 'a' && env.B == 'b'", None),
    ("inputs.tag || 'latest'", 'choice(inputs.tag, inputs.tag, "latest")'),
    ("matrix.debug && 'a' || 'b'", 'choice(all(true, "a"), "a", "b")'),
    ("(matrix.debug)", "true"),
    ("!(env.A == 'a')", '!(environment!("A"~) == "a")'),
    ("format('{0}:{1}', matrix.image, inputs.tag)", 'join("gateway"~, ":", inputs.tag)'),
    ("format('{{{0}}}', 'x')", 'join("{"~, "x", "}"~)'),
    ("format('{3}', 'x')", '"{"~'),
    ("contains(github.ref, 'main')", "%1"),
    ("startsWith(github.ref, 'refs/tags/')", "%1"),
    ("fromJSON('[1]')[0]", "%1[0]"),
    ("join(fromJSON(env.LIST), ' ')", "%2"),
    ("hashFiles('go.sum')", "%1"),
    ("unknown(1)", None),
    ("steps.other.outputs.x", None),
    ("needs.*.result", None),
]


def shown(text: str) -> tuple[str, str]:
    """The expression, and the statements before it."""
    body = Body()
    source = f"${{{{ {text} }}}}"
    value = Contexts(SCOPE, body).template(ir.Literal(source, Span("ci.yml", 3, 9, 3, 9 + len(source))))
    return dump_expression(value), dump_statements(body.out)


@pytest.mark.parametrize(("text", "expected"), FORMS, ids=[text for text, _ in FORMS])
def test_form(text: str, expected: str | None) -> None:
    assert parse(text) is not None
    value, _ = shown(text)
    if expected is not None:
        assert value == expected


def test_functions_are_calls_before_the_expression() -> None:
    assert "<expression>.contains(" in shown("contains(github.ref, 'main')")[1]


def test_the_event_is_one_of_those_that_start_the_workflow() -> None:
    value, _ = shown("github.event_name")
    assert value == 'choice((environment!("GITHUB_EVENT_NAME"~) == "push"~), "push"~, "pull_request"~)'


@pytest.mark.parametrize("text", ["", "a b", "'open", "a.", "f(", "a ==", "(a", "a)", "$", "a && ", "[1]", "1..2"])
def test_what_is_no_expression(text: str) -> None:
    assert parse(text) is None


def test_depth_and_length_are_bounded() -> None:
    assert parse("(" * 5_000 + "a" + ")" * 5_000) is None
    assert parse("!" * 5_000 + "a") is None
    assert parse(" || ".join(["a"] * 2_000)) is None


def test_brackets_in_quotes_do_not_close() -> None:
    text = "x ${{ format('}}{0}', 'a') }} y ${{ b }}"
    assert [text[start:end].strip() for start, end in places(text)] == ["format('}}{0}', 'a')", "b"]


def test_literals_keep_their_places() -> None:
    source = "app:${{ inputs.other || 'latest' }}"
    value = Contexts(SCOPE, Body()).template(ir.Literal(source, Span("ci.yml", 3, 9, 3, 9 + len(source))))
    assert isinstance(value, ir.Join)
    choice = value.parts[1]
    assert isinstance(choice, ir.Choice)
    assert isinstance(choice.otherwise, ir.Literal)
    assert (choice.otherwise.span.line, choice.otherwise.span.column) == (3, 9 + source.index("latest"))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("github.ref == 'main'", '(environment!("GITHUB_REF"~) == "main")'),
        ("${{ github.ref == 'main' }}", '(environment!("GITHUB_REF"~) == "main")'),
        ("always() && env.A == 'x'", 'all(true, (environment!("A"~) == "x"))'),
        ("${{ env.A }} == 'x'", 'opaque("a condition of several expressions")'),
        ("a b", 'opaque("a condition that cannot be read")'),
    ],
)
def test_conditions(condition: str, expected: str) -> None:
    value = Contexts(SCOPE, Body()).condition(ir.Literal(condition, AT))
    assert value is not None
    assert dump_expression(value) == expected
