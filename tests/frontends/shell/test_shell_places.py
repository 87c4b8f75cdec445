"""Unknown parts, places, files."""

from __future__ import annotations

from tagcheck import ir
from tagcheck.frontends import shell
from tagcheck.frontends.api import EntryKind
from tagcheck.irdump import dump_statements
from tagcheck.source import Chunk, Position, Span, Text

HOLE, OTHER = "\ue000", "\ue001"


def run_of(text: Text) -> ir.Run:
    (statement,) = shell.lower_text(text, "sh:x").body
    assert isinstance(statement, ir.Run)
    return statement


def test_holes_are_literals_of_their_own_with_the_places_after_them() -> None:
    """As in `fmt.Sprintf("podman build -t %s:dev .", x)`: what follows the hole stands further right in the source."""
    chunks = (
        Chunk(0, Position("a.go", 3, 10)),
        Chunk(16, Position("a.go", 3, 26), exact=False),
        Chunk(17, Position("a.go", 3, 28)),
    )
    run = run_of(Text(f"podman build -t {HOLE}:dev .", chunks))
    split = run.argv[3]
    assert isinstance(split, ir.Spread)
    assert isinstance(split.value, ir.Apply)
    (word,) = split.value.arguments
    assert isinstance(word, ir.Join)
    hole, tag = word.parts
    assert hole == ir.Literal(HOLE, Span("a.go", 3, 26, 3, 26), exact=False)
    assert tag == ir.Literal(":dev", Span("a.go", 3, 28, 3, 32))
    assert run.argv[4] == ir.Literal(".", Span("a.go", 3, 33, 3, 34))


def test_quoted_holes_stay_one_word() -> None:
    run = run_of(Text.of_file("a.sh", f"f \"{HOLE}/{OTHER}\" '{HOLE}'"))
    assert dump_statements([run]) == f'run "f", join("{_shown(HOLE)}", "/", "{_shown(OTHER)}"), "{_shown(HOLE)}"'


def _shown(hole: str) -> str:
    return f"\\u{ord(hole):04x}"


def test_places_behind_wide_characters_count_characters() -> None:
    run = run_of(Text.of_file("a.sh", 'f "é" b'))
    assert run.argv[2] == ir.Literal("b", Span("a.sh", 1, 7, 1, 8))


def test_a_trap_is_read_at_its_place() -> None:
    (defer,) = shell.lower_text(Text.of_file("a.sh", "trap 'docker rmi x' EXIT"), "sh:x").body
    assert isinstance(defer, ir.Defer)
    (run,) = defer.body
    assert isinstance(run, ir.Run)
    assert run.argv[2] == ir.Literal("x", Span("a.sh", 1, 18, 1, 19))


def test_a_file_is_a_unit() -> None:
    content = b"#!/bin/bash\nbuild() { docker build -t $TAG .; }\nTAG=x\nbuild\n"
    unit = shell.parse("hack/e2e.sh", content, "hack/e2e.sh")
    assert {name: each.key for name, each in unit.procedures.items()} == {
        "e2e.sh": "sh:hack/e2e.sh",
        "build": "sh:hack/e2e.sh#build",
    }
    assert unit.entries == (("e2e.sh", EntryKind.FILE),)
    assert list(unit.variables) == ["TAG"]
    assert {"docker", "TAG"} <= unit.procedures["build"].mentions
    assert dump_statements(unit.variables["TAG"].lower()) == 'TAG = environment!("TAG"~)'
    assert not unit.problems


def test_which_files_are_scripts() -> None:
    assert shell.relevant("a.sh", b"x")
    assert shell.relevant("hack/run", b"#!/usr/bin/env bash\nx")
    assert shell.relevant("hack/run", b"#! /bin/sh -e\nx")
    assert not shell.relevant("hack/run", b"#!/usr/bin/env python3\nx")
    assert not shell.relevant("a.sh", b"")
    assert not shell.relevant("a.md", b"x")
