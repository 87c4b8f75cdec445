"""Manifests to uses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck.frontends.api import EntryKind
from tagcheck.frontends.kubernetes import field, lower_text, parse, relevant
from tagcheck.frontends.yamltext import plain
from tagcheck.ir import Choice, Join, Literal, MapOf, Opaque, Role, Use
from tagcheck.source import Chunk, Position, Span, Text

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web
    image: localhost/web:1
"""


def names(uses: tuple[Use, ...]) -> list[str]:
    found = []
    for use in uses:
        assert isinstance(use.value, MapOf)
        metadata = field(use.value, "metadata")
        name = field(metadata, "name") if isinstance(metadata, MapOf) else None
        found.append((plain(name) if name is not None else None) or "?")
    return found


def lowered(text: str) -> list[str]:
    uses, problems = lower_text(Text.of_file("f.yaml", text))
    assert problems == ()
    return names(uses)


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("deploy/web.yaml", POD, True),
        ("deploy/web.yml", POD, True),
        ("deploy/web.yaml.tmpl", POD, True),
        ("deploy/web.json", '{"apiVersion": "v1", "kind": "Pod", "image": "x"}', True),
        ("deploy/web.yaml", "{apiVersion: v1, kind: Pod, image: x}", True),
        ("deploy/web.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {RELATED_IMAGE: x}\n", True),
        ("deploy/web.txt", POD, False),
        ("deploy/web.yaml.orig", POD, False),
        ("deploy/kustomization.yaml", POD, False),
        ("chart/Chart.yaml", POD, False),
        ("chart/values.yaml", "web:\n  image: x\n", False),
        ("compose.yaml", "services:\n  web:\n    image: x\n", False),
        ("api.yaml", "openapi: 3.0.0\na:\n  kind: image\n  apiVersion: x\n", False),
        ("deploy/role.yaml", "apiVersion: v1\nkind: ServiceAccount\n", False),
        ("crd.yaml", "apiVersion: v1\nkind: CustomResourceDefinition\nspec: {image: x}\n", False),
        ("deploy/web.yaml", POD.replace("\n", "\r\n"), True),
    ],
)
def test_relevant(path: str, content: str, expected: bool) -> None:
    assert relevant(path, content.encode()) is expected


def test_a_file_is_a_unit_with_one_procedure() -> None:
    unit = parse("deploy/web.yaml", POD.encode(), "deploy/web.yaml")
    ((name, kind),) = unit.entries
    procedure = unit.procedures[name]
    (use,) = procedure.body
    assert isinstance(use, Use) and isinstance(use.value, MapOf)
    assert (kind, procedure.key, use.role) == (EntryKind.FILE, "k8s:deploy/web.yaml", Role.OBJECT)
    assert use.span == Span("deploy/web.yaml", 1, 1, 7, 27)
    assert unit.problems == ()


def test_a_file_without_objects_has_no_entry() -> None:
    unit = parse("f.yaml", b"kind: [", "f.yaml")
    assert (unit.entries, dict(unit.procedures)) == ((), {})
    assert len(unit.problems) == 1
    assert len(parse("f.yaml", b"\xff", "f.yaml").problems) == 1


def test_documents_and_lists() -> None:
    first, second, third = (f"{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}}}" for name in "abc")
    listed = f"apiVersion: v1\nkind: List\nitems: [{first}, {second}]\n"
    text = f"{POD}---\n# empty\n---\n{listed}---\n{third}\n"
    assert lowered(text) == ["web", "a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nimages: [{name: x}]\n",
        "kind: Kustomization\napiVersion: v1\n",
        "apiVersion: skaffold/v4beta6\nkind: Config\nbuild: {artifacts: [{image: x}]}\n",
        "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnodes: [{image: kindest/node:v1}]\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
        "services: {web: {image: x, kind: y}}\n",
        "- kind\n",
        "kind: Pod\n",
        "just text about some kind of thing\n",
    ],
)
def test_what_is_no_object_is_passed_over(text: str) -> None:
    assert lowered(text) == []


def test_a_broken_document_leaves_the_others() -> None:
    uses, problems = lower_text(Text.of_file("f.yaml", f"{POD}---\nkind: [\n---\n{POD.replace('web', 'two')}"))
    assert names(uses) == ["web", "two"]
    assert [problem.line for problem in problems] == [10]


def image(uses: tuple[Use, ...]) -> object:
    (use,) = uses
    assert isinstance(use.value, MapOf)
    return field(use.value, "image")


def test_template_tags_are_unknown_values() -> None:
    text = "apiVersion: v1\nkind: X\n{{- if .a }}\nimage: {{ .Values.image }}:1\n{{- else }}\nimage: z\n{{- end }}\n"
    uses, problems = lower_text(Text.of_file("f.yaml", text))
    found = image(uses)
    assert problems == ()
    assert isinstance(found, Choice) and isinstance(found.otherwise, Join)
    unknown, rest = found.otherwise.parts
    assert isinstance(unknown, Opaque) and unknown.span == Span("f.yaml", 4, 8, 4, 27)
    assert rest == Literal(":1", Span("f.yaml", 4, 27, 4, 29))


def test_variables_stay_as_they_are_written() -> None:
    uses, _ = lower_text(Text.of_file("f.yaml", "apiVersion: v1\nkind: X\nimage: ${REGISTRY}/x:$TAG\n"))
    assert image(uses) == Literal("${REGISTRY}/x:$TAG", Span("f.yaml", 3, 8, 3, 26))


def test_a_manifest_in_a_go_string_with_values_put_in() -> None:
    text = "\napiVersion: v1\nkind: X\n\ue000\nimage: a/\ue001\nother: b\n"
    at = text.index("\ue001")
    after = Position("m.go", 5, 12)
    chunks = (Chunk(0, Position("m.go", 1, 10)), Chunk(at, Position("m.go", 5, 10), False), Chunk(at + 1, after))
    uses, problems = lower_text(Text(text, chunks))
    found = image(uses)
    assert problems == ()
    assert isinstance(found, Join)
    assert [plain(part) for part in found.parts] == ["a/", "\ue001"]
    assert found.parts[0].span == Span("m.go", 5, 8, 5, 10)


@given(
    st.text(max_size=80) | st.lists(st.sampled_from([*POD.splitlines(keepends=True), "---\n", "{{ if }}"])).map("".join)
)
@settings(max_examples=300, deadline=None)
def test_nothing_raises(text: str) -> None:
    lower_text(Text.of_file("f.yaml", text))
    parse("f.yaml", text.encode("utf-8", "surrogatepass"), "f.yaml")


@given(st.binary(max_size=80))
def test_bytes_do_not_raise(content: bytes) -> None:
    relevant("f.yaml", content)
    parse("f.yaml", content, "f.yaml")
