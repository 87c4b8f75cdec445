"""The images that objects name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck.embedded import documents
from tagcheck.guards import when
from tagcheck.source import Position, Span
from tagcheck.values import (
    Absent,
    Alternatives,
    Filling,
    Hole,
    HoleKind,
    Mapping,
    Null,
    Number,
    Opaque,
    Piece,
    Pointer,
    Record,
    Sequence,
    Text,
    Truth,
    Value,
)
from tagcheck.workloads import MOST_IMAGES, ImageUse, find_images

CORE, APPS, META = "k8s.io/api/core/v1", "k8s.io/api/apps/v1", "k8s.io/apimachinery/pkg/apis/meta/v1"


def value(data: object) -> Value:
    """Python data as a value."""
    match data:
        case dict():
            return Mapping(tuple((Text.of(str(key)), value(item)) for key, item in data.items()))
        case list():
            return Sequence(tuple(map(value, data)))
        case bool():
            return Truth(data)
        case int() | float():
            return Number(data)
        case str():
            return Text.of(data)
        case None:
            return Null()
        case _:
            assert isinstance(data, Text | Record | Pointer | Opaque | Alternatives | Mapping | Sequence)
            return data


def keep(content: Value) -> Value:
    return content


def found(data: object, load: Callable[[Value], Value] = keep) -> list[tuple[str, str, str, str]]:
    return [(use.container_kind, use.workload, use.container, str(use.image)) for use in find_images(value(data), load)]


def pod(**spec: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": spec}


def only(data: object) -> ImageUse:
    (use,) = find_images(value(data), keep)
    return use


def custom(**spec: object) -> dict[str, object]:
    return {"apiVersion": "example.com/v1", "kind": "Memcached", "metadata": {"name": "m"}, "spec": spec}


def test_all_kinds_of_containers() -> None:
    spec = {
        "initContainers": [{"name": "a", "image": "a:1"}],
        "containers": [{"name": "b", "image": "b:1"}, {"name": "no-image"}],
        "ephemeralContainers": [{"name": "c", "image": "c:1"}],
        "volumes": [{"name": "d", "image": {"reference": "d:1", "pullPolicy": "Never"}}, {"name": "e", "emptyDir": {}}],
    }
    assert found(pod(**spec)) == [
        ("init", "Pod/p", "a", "a:1"),
        ("container", "Pod/p", "b", "b:1"),
        ("ephemeral", "Pod/p", "c", "c:1"),
        ("volume", "Pod/p", "d", "d:1"),
    ]
    assert all(use.runs and use.namespace == "n" for use in find_images(value(pod(**spec)), keep))


def test_policy_path_and_places() -> None:
    policy = Text.of("Never", Span("f", 9, 4, 9, 9))
    use = only(pod(containers=[{"name": "b", "image": "b:1", "imagePullPolicy": policy}]))
    assert (use.policy, use.policy_at) == (policy, Position("f", 9, 4))
    assert use.path == ("spec", "containers", "0", "image")


@pytest.mark.parametrize("policy", ["", None])
def test_no_policy(policy: object) -> None:
    use = only(pod(containers=[{"name": "b", "image": "b:1", "imagePullPolicy": policy}]))
    assert (use.policy, use.policy_at) == (None, None)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "CronJob", "Job", "DaemonSet"])
def test_templates_at_any_depth(kind: str) -> None:
    template: object = {"spec": {"containers": [{"name": "c", "image": "c:1"}]}}
    for _ in range(2):
        template = {"spec": {"template": template}}
    data = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "w"}, "spec": template}
    assert found(data) == [("container", f"{kind}/w", "c", "c:1")]


def deployment() -> Record:
    container = Record(
        f"{CORE}.Container",
        (("Name", Text.of("c")), ("Image", Text.of("c:1")), ("ImagePullPolicy", Text.of("IfNotPresent"))),
    )
    source = Record(f"{CORE}.VolumeSource", (("Image", Pointer(1)),))
    volume = Record(f"{CORE}.Volume", (("Name", Text.of("v")), ("VolumeSource", source)))
    spec = Record(f"{CORE}.PodSpec", (("Containers", value([container])), ("Volumes", value([volume]))))
    metadata = Record(f"{META}.ObjectMeta", (("Name", Text.of("inner")),))
    template = Record(f"{CORE}.PodTemplateSpec", (("ObjectMeta", metadata), ("Spec", spec)))
    outer = Record(f"{META}.ObjectMeta", (("Name", Text.of("d")), ("Namespace", Text.of("n"))))
    specification = Record(f"{APPS}.DeploymentSpec", (("Template", template),))
    return Record(f"{APPS}.Deployment", (("ObjectMeta", outer), ("Spec", specification)))


def test_typed_records_and_pointers() -> None:
    cells: dict[Value, Value] = {
        Pointer(0): deployment(),
        Pointer(1): Record(f"{CORE}.ImageVolumeSource", (("Reference", Text.of("v:1")),)),
    }
    uses = find_images(
        Pointer(0), lambda content: cells.get(content, content) if isinstance(content, Pointer) else content
    )
    assert [(use.container_kind, use.workload, use.container, str(use.image)) for use in uses] == [
        ("container", "Deployment/d", "c", "c:1"),
        ("volume", "Deployment/d", "v", "v:1"),
    ]
    assert uses[0].namespace == "n"
    assert uses[0].policy == Text.of("IfNotPresent")


def test_unstructured_and_bare_parts() -> None:
    unstructured = Record(f"{META}/unstructured.Unstructured", (("Object", value(pod(containers=[{"image": "a:1"}]))),))
    assert found(unstructured) == [("container", "Pod/p", "containers", "a:1")]
    bare = Record(f"{CORE}.Container", (("Name", Text.of("c")), ("Image", Text.of("c:1"))))
    assert found([bare]) == [("container", "", "c", "c:1")]


def test_lists_of_objects() -> None:
    data = {"apiVersion": "v1", "kind": "List", "items": [pod(containers=[{"image": "a"}]), custom(image="b")]}
    assert [(use.workload, str(use.image)) for use in find_images(value(data), keep)] == [
        ("Pod/p", "a"),
        ("Memcached/m", "b"),
    ]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("a:1", "a:1"),
        ({"repository": "a", "tag": "1"}, "a:1"),
        ({"registry": "r.io", "repository": "a", "tag": 2, "digest": ""}, "r.io/a:2"),
        ({"repository": "a", "digest": "sha256:0"}, "a@sha256:0"),
        ({"name": "a", "tag": "1"}, "a:1"),
        ({"reference": "a:1"}, "a:1"),
        ({"repository": "a", "tag": Opaque("i", "why")}, "a:<?>"),
    ],
)
def test_image_fields_of_custom_resources(image: object, expected: str) -> None:
    assert found(custom(server={"image": image})) == [("field", "Memcached/m", "server", expected)]


@pytest.mark.parametrize(
    "image",
    ["", None, True, 5, "a picture of it", "https://example.com/a.png", {"tag": "1"}, {"type": "string"}, ["a"]],
)
def test_image_fields_that_name_no_image(image: object) -> None:
    assert found(custom(image=image)) == []


def test_pull_policies_of_custom_resources() -> None:
    assert only(custom(image={"repository": "a", "pullPolicy": "Never"})).policy == Text.of("Never")
    assert only(custom(image="a", imagePullPolicy="Always")).policy == Text.of("Always")


def test_workflow_steps_run() -> None:
    data = {
        "apiVersion": "tekton.dev/v1",
        "kind": "Task",
        "metadata": {"name": "t"},
        "spec": {"steps": [{"name": "s", "image": "a:1"}, {"name": "u", "image": "r/$(params.image)"}]},
    }
    known, unknown = find_images(value(data), keep)
    assert (known.container_kind, known.container, known.runs) == ("container", "s", True)
    assert isinstance(unknown.image, Text)
    assert [hole.kind for hole in unknown.image.holes] == [HoleKind.OPAQUE]
    assert unknown.image.leading == "r/"


def test_template_parameters_are_not_known() -> None:
    inner = pod(containers=[{"name": "c", "image": "r/${NAME}:1"}])
    data = {"apiVersion": "template.openshift.io/v1", "kind": "Template", "metadata": {"name": "t"}, "objects": [inner]}
    assert found(data) == [("container", "Pod/p", "c", "r/<?>:1")]
    assert found(inner) == [("container", "Pod/p", "c", "r/${NAME}:1")]


def test_names_in_environment_and_arguments() -> None:
    container = {
        "name": "c",
        "env": [
            {"name": "SIDECAR_IMAGE", "value": "a:1"},
            {"name": "RELATED_IMAGE_DB", "value": "b:1"},
            {"name": "IMAGE_COUNT", "value": "3"},
            {"name": "OTHER_IMAGE", "valueFrom": {}},
        ],
        "args": ["--sidecar-image=c:1", "--init-image", "d:1", "-image=", "--images-per-page=3", "run"],
    }
    assert [(kind, name) for kind, _, _, name in found(pod(containers=[container]))] == [
        ("named", "a:1"),
        ("named", "b:1"),
        ("named", "c:1"),
        ("named", "d:1"),
    ]
    assert not any(use.runs for use in find_images(value(pod(containers=[container])), keep))


def test_the_part_behind_the_option_keeps_its_place() -> None:
    argument = Text.of("--sidecar-image=c:1", Span("f", 3, 5, 3, 24))
    use = only(pod(containers=[{"args": [argument]}]))
    assert isinstance(use.image, Text)
    assert use.image.origin == Position("f", 3, 21)


def test_annotations() -> None:
    data = pod()
    data["metadata"] = {"name": "p", "annotations": {"sidecar.istio.io/proxyImage": "a:1", "note": "b:1"}}
    assert found(data) == [("named", "Pod/p", "", "a:1")]


def config(**data: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}


def test_documents_in_config_maps() -> None:
    hole = Filling(Hole(HoleKind.ENVIRONMENT, "TAG", "TAG"))
    text = Text((Piece('{"image": "a:1",\n "x": {"containers": [{"image": "b:'), hole, Piece('"}]}}')))
    assert [(kind, key, name) for kind, _, key, name in found(config(settings=text, proxy_image="c:1"))] == [
        ("named", "settings", "a:1"),
        ("named", "containers", "b:<env TAG>"),
        ("named", "proxy_image", "c:1"),
    ]


@pytest.mark.parametrize("text", ["an image: of it: x", "image", "[image", "- image\n- b", "image: |\n  a b\n"])
def test_other_texts_in_config_maps(text: str) -> None:
    assert found(config(notes=text)) == []


def test_embedded_documents_keep_places() -> None:
    text = Text.of("a: 1\nimage: x:1\n", Span("f", 5, 3, 7, 1))
    (document,) = documents(text)
    assert isinstance(document, Mapping)
    image = document.get("image")
    assert isinstance(image, Text) and image.origin == Position("f", 6, 8)


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("v1", "Secret"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("kyverno.io/v1", "ClusterPolicy"),
    ],
)
def test_objects_that_run_nothing(version: str, kind: str) -> None:
    data = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": {"containers": [{"image": "a"}]}}
    assert found(data) == []


def test_image_fields_of_builtin_kinds_and_statuses_do_not_count() -> None:
    data = custom(x=1) | {"status": {"image": "a:1"}}
    assert found(data) == []
    assert found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}, "spec": {"image": "a:1"}}) == []


def test_alternatives_keep_their_guards() -> None:
    yes, no = when("REGISTRY"), when("REGISTRY", False)
    image = Alternatives(((yes, Text.of("r/a:1")), (no, Text.of("a:1"))))
    assert only(pod(containers=[{"image": image}])).image == image
    containers = Alternatives(((yes, value([{"image": image}])), (no, value([{"image": "b"}]))))
    first, second = find_images(value(pod(containers=containers)), keep)
    assert (first.guards, second.guards) == (yes, no)
    objects = Alternatives(((yes, value(pod(containers=[{"image": "a"}]))), (no, value(custom(image="b")))))
    assert [use.guards for use in find_images(objects, keep)] == [yes, no]


def test_unknown_images_are_reported() -> None:
    unknown = Opaque("i", "read from a file")
    assert only(pod(containers=[{"image": unknown}])).image == unknown


def test_cycles_and_bombs_end() -> None:
    cycle = Mapping(((Text.of("a"), Pointer(0)), (Text.of("containers"), value([{"image": "x:1"}]))))
    uses = find_images(cycle, lambda content: cycle if isinstance(content, Pointer) else content)
    assert str(uses[0].image) == "x:1"
    barren: Value = value({"a": "b"})
    fruitful: Value = value({"containers": [{"image": "x:1"}]})
    for _ in range(40):
        barren, fruitful = Sequence((barren,) * 9), Sequence((fruitful,) * 9)
    assert find_images(barren, keep) == ()
    *known, cut = find_images(fruitful, keep)
    assert len(known) == MOST_IMAGES
    assert isinstance(cut.image, Opaque)


def test_wide_objects_take_bounded_work_and_say_so() -> None:
    variables = value([{"name": "X"}] * 1_000)
    containers = Sequence((Mapping(((Text.of("env"), variables),)),) * 100_000)
    (cut,) = find_images(Mapping(((Text.of("containers"), containers),)), keep)
    assert isinstance(cut.image, Opaque)
    assert "too large" in cut.image.reason


LEAVES: st.SearchStrategy[Value] = st.sampled_from(
    [Null(), Absent(), Opaque("o", "r"), Truth(True), Number(1), Text.of("a:1"), Text(()), Pointer(1)]
)
KEYS = st.sampled_from(["apiVersion", "kind", "metadata", "name", "spec", "containers", "image", "env", "value", "args",
                        "volumes", "data", "repository", "tag", "annotations", "x"])  # fmt: skip
VALUES: st.SearchStrategy[Value] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: Sequence(tuple(items))),
        st.lists(st.tuples(KEYS.map(Text.of), inner), max_size=4).map(lambda entries: Mapping(tuple(entries))),
        st.lists(st.tuples(KEYS.map(str.capitalize), inner), max_size=4).map(
            lambda fields: Record("example.com/v1.Thing", tuple(fields))
        ),
        st.tuples(inner, inner).map(lambda pair: Alternatives(((when("a"), pair[0]), (when("a", False), pair[1]))))
    ),
    max_leaves=20,
)  # fmt: skip


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_any_value_is_searched(data: Value) -> None:
    for use in find_images(data, lambda content: data if isinstance(content, Pointer) else content):
        assert use.runs == (use.container_kind != "named")
