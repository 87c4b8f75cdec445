"""References: what is read out of a name, and which spellings name the same image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck.comparison import Same
from tagcheck.image import alike, fault, parse, same_image
from tagcheck.values import Hole, HoleKind, Text

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("name", "registry", "repository", "tag"),
    [
        ("nginx", None, "nginx", None),
        ("nginx:1.27", None, "nginx", "1.27"),
        ("localhost:5000/nginx", "localhost:5000", "nginx", None),
        ("localhost/a/b:c", "localhost", "a/b", "c"),
        ("library/nginx", None, "library/nginx", None),
        ("quay.io/a/b@" + DIGEST, "quay.io", "a/b", None),
        ("quay.io/a/b:c@" + DIGEST, "quay.io", "a/b", "c"),
    ],
)
def test_a_name_is_taken_apart(name: str, registry: str | None, repository: str, tag: str | None) -> None:
    reference = parse(Text.of(name))
    assert (reference.registry.literal if reference.registry else None) == registry
    assert reference.repository.literal == repository
    assert (reference.tag.literal if reference.tag else None) == tag


@pytest.mark.parametrize(
    ("left", "right", "reading", "other", "answer"),
    [
        ("nginx", "nginx:latest", "docker", "docker", Same.YES),
        ("nginx", "docker.io/library/nginx:latest", "docker", "docker", Same.YES),
        ("nginx", "index.docker.io/library/nginx", "docker", "docker", Same.YES),
        ("a/b:t", "docker.io/a/b:t", "docker", "docker", Same.YES),
        ("r.io/n:t@" + DIGEST, "r.io/n@" + DIGEST, "docker", "docker", Same.YES),
        ("x:1", "localhost/x:1", "podman-build", "docker", Same.YES),
        ("x:1", "localhost/x:1", "podman", "podman-build", Same.YES),
        ("x:1", "localhost/x:1", "docker", "docker", Same.NO),
        ("x:1", "x:1", "podman-build", "docker", Same.NO),
        ("x:1", "docker.io/library/x:1", "verbatim", "docker", Same.NO),
        ("team_backend:1", "team-backend:1", "docker", "docker", Same.NO),
        ("localhost:5000/x:1", "localhost:5001/x:1", "docker", "docker", Same.NO),
    ],
)
def test_spellings(left: str, right: str, reading: str, other: str, answer: Same) -> None:
    assert same_image(Text.of(left), Text.of(right), reading, other) is answer
    assert same_image(Text.of(right), Text.of(left), other, reading) is answer


@pytest.mark.parametrize(
    "name", ["", "Gateway:1", "a:b c", "a:", "a:-b", "a//b", "a:" + "x" * 129, "a b:c", "A.io/x_/y", "a:é"]
)
def test_what_cannot_be_a_name(name: str) -> None:
    assert fault(Text.of(name))


@pytest.mark.parametrize("name", ["a", "a/b-c.d_e:1.2_3-4", "localhost:5000/a", "a@" + DIGEST, "A.io/b:C"])
def test_what_can(name: str) -> None:
    assert not fault(Text.of(name))


def test_unknown_parts_are_not_judged() -> None:
    name = Text.of("localhost/x:") + Text.of_hole(Hole(HoleKind.ENVIRONMENT, "T", "T"))
    assert not fault(name)
    assert parse(name).tag_known


@given(st.text())
def test_parsing_never_raises(name: str) -> None:
    parse(Text.of(name))
    fault(Text.of(name))


@given(st.text("abc/-:.@", max_size=12), st.text("abc/-:.@", max_size=12))
def test_likeness_has_no_direction(left: str, right: str) -> None:
    a, b = parse(Text.of(left)), parse(Text.of(right))
    assert alike(a, b) == alike(b, a)


@pytest.mark.parametrize(
    ("left", "right", "strength"),
    [
        ("localhost/kubernaut-gateway:1", "localhost/gateway:2", 2),
        ("data-storage", "datastorage", 3),
        ("quay.io/a/gateway", "localhost/gateway", 3),
        ("postgres", "gateway", 0),
        ("acme-planner", "planner-controller", 1),
    ],
)
def test_likeness(left: str, right: str, strength: int) -> None:
    assert alike(parse(Text.of(left)), parse(Text.of(right))) == strength


@given(st.text("ab-", min_size=1, max_size=4))
def test_a_tag_that_is_longer_in_every_run_is_another(more: str) -> None:
    tag = Text.of_hole(Hole(HoleKind.ENVIRONMENT, "TAG", "TAG"))
    short, long = Text.of("web:") + tag, Text.of(f"web:{more}") + tag
    assert same_image(short, long) is Same.NO
    # Without a tag of its own the hole may hold one.
    assert same_image(tag, tag + Text.of(":latest")) is not Same.NO
    assert same_image(tag, Text.of("docker.io/library/") + tag) is not Same.NO


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [("localhost/", "-dev", False), ("", "/web", True), ("", "-dev", False), ("localhost/", "/web", True)],
)
def test_an_unknown_part_of_the_last_component_may_bring_a_tag(before: str, after: str, known: bool) -> None:
    hole = Text.of_hole(Hole(HoleKind.ENVIRONMENT, "IMG", "IMG"))
    assert parse(Text.of(before) + hole + Text.of(after)).tag_known is known
