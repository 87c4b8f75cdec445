"""The functions of charts, each with what Helm prints for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tagcheck.builtins.chartvalues import as_helm_reads
from tagcheck.builtins.symbolic import as_text
from tagcheck.builtins.template_rendering import definitions, render_nodes
from tagcheck.builtins.template_scope import Scope, Steps, Variables
from tagcheck.builtins.template_text import parse_template
from tagcheck.embedded import documents
from tagcheck.values import Null, Text

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
