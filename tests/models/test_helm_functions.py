"""The functions of charts, each with what Helm prints for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck.builtins.chartvalues import as_helm_reads
from tagcheck.builtins.symbolic import as_text
from tagcheck.builtins.template_functions import FUNCTIONS
from tagcheck.builtins.template_rendering import definitions, render_nodes
from tagcheck.builtins.template_scope import Scope, Steps, Variables
from tagcheck.builtins.template_text import parse_template
from tagcheck.embedded import documents
from tagcheck.values import Hole, HoleKind, Mapping, Null, Number, Opaque, Sequence, Text, Truth, Value

from .fake import FakeMachine

ROWS: list[tuple[str, str]] = yaml.safe_load((Path(__file__).parent / "helm_functions.yaml").read_text())
HELPER = """{{- define "hx.image" -}}
repository: team/h
tag: {{ .Values.image.tag | quote }}
{{- end -}}"""
DATA = """
Chart: {AppVersion: "1.4.2"}
Values:
  image: {registry: "", repository: team/web, tag: "v1.2.3-rc.1+b5"}
  number: 17
  float: 1.25
  day: 20240101
  million: 1000000
  less: 123456
  negative: -2000000
  small: 0.00001
  list: [a, b, c]
  text: |
    image: {repository: team/x, tag: "9"}
  json: '{"image": {"tag": "7", "parts": ["x", "y"]}}'
  flag: true
  nothing:
"""


@pytest.mark.parametrize(("expression", "printed"), ROWS, ids=[row[0] for row in ROWS])
def test_prints_what_helm_prints(expression: str, printed: str) -> None:
    machine = FakeMachine()
    (data,) = documents(Text.of(DATA))
    data = as_helm_reads(data)
    nodes = parse_template(Text.of(HELPER + "{{ " + expression + " }}"))
    assert nodes is not None
    scope = Scope(machine, "test", data, data, Variables(), definitions(nodes), Steps(), missing=Null())
    text = as_text(render_nodes(nodes, scope)).literal
    assert text is not None
    assert text.rstrip("\n").replace("\n", "|").replace("<no value>", "") == printed


_OPERANDS = st.recursive(
    st.one_of(
        st.text(alphabet="a1.-/:v(+*[\\$^ \n", max_size=12).map(Text.of),
        st.integers(min_value=-(10**40), max_value=10**40).map(Number),
        st.floats().map(Number),
        st.sampled_from((Null(), Truth(True), Truth(False), Opaque("x", "not known"))),
        st.just(Text.of_hole(Hole(HoleKind.ENVIRONMENT, "TAG", "TAG"))),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: Sequence(tuple(items))),
        st.lists(st.tuples(st.sampled_from("ab").map(Text.of), inner), max_size=3).map(
            lambda entries: Mapping(tuple(entries))
        ),
    ),
    max_leaves=4,
)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@given(row=st.lists(_OPERANDS, max_size=4))
@settings(max_examples=25, deadline=None)
def test_no_operand_stops_a_function(name: str, row: list[Value]) -> None:
    scope = Scope(FakeMachine(), "test", Null(), Null(), Variables(), {}, Steps())
    assert FUNCTIONS[name](tuple(row), scope) is not None
