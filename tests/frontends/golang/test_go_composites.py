"""Composite literals: what is known of the type decides the names of fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest

TYPES = """
package p

import core "k8s.io/api/core/v1"

type Image struct {
	Name, Tag string
	Base
}
type Images []*Image
type Tags map[string]Image
type Alias = Image
type Box[T any] struct{ Value T }
"""

LITERALS = {
    "fields": ('Image{Tag: "a"}', 'record<m.Image>(Tag: "a")'),
    "positional fields": ('Image{"n", "t", b}', 'record<m.Image>(Name: "n", Tag: "t", Base: b)'),
    "pointer": ('&Image{Name: "a"}', 'new(record<m.Image>(Name: "a"))'),
    "empty": ("Image{}", "record<m.Image>()"),
    "list": ('[]string{"a", "b"}', 'new(list<[]string>("a", "b"))'),
    "list with indexes": ('[]string{2: "c", "d"}', 'new(list<[]string>(zero<string>, zero<string>, "c", "d"))'),
    "array": ('[...]string{"a"}', 'list<[]string>("a")'),
    "types left out": ('[]Image{{"n", "t", b}, {Tag: "x"}}',
                       'new(list<[]m.Image>(record<m.Image>(Name: "n", Tag: "t", Base: b), '
                       'record<m.Image>(Tag: "x")))'),
    "pointers left out": ('[]*Image{{Name: "n"}}', 'new(list<[]m.Image>(new(record<m.Image>(Name: "n"))))'),
    "named list": ('Images{{Name: "n"}}', 'new(list<m.Images>(new(record<m.Image>(Name: "n"))))'),
    "named mapping": ('Tags{"k": {Tag: "t"}}', 'new(map<m.Tags>("k": record<m.Image>(Tag: "t")))'),
    "mapping": ('map[string][]string{"k": {"v"}, c: nil}',
                'new(map<map[string][]string>("k": new(list<[]string>("v")), c: nil))'),
    "struct without a name": ('[]struct{ image, name string }{{"a", b}}',
                              'new(list<[]m.struct@16:11>(record<m.struct@16:11>(image: "a", name: b)))'),
    "generic": ("Box[int]{Value: 1}", "record<m.Box>(Value: 1)"),
    "foreign struct": ('core.Container{Image: "a", Args: []string{b}}',
                       'record<k8s.io/api/core/v1.Container>(Image: "a", Args: new(list<[]string>(b)))'),
    "list of foreign structs": ('[]core.Container{{Image: "a"}}',
                                'new(list<[]k8s.io/api/core/v1.Container>'
                                '(record<k8s.io/api/core/v1.Container>(Image: "a")))'),
    "foreign mapping": ('core.Labels{"app": x}', 'new(map<k8s.io/api/core/v1.Labels>("app": x))'),
    "foreign mapping with variables as keys": ("core.Labels{app: x}", "new(map<k8s.io/api/core/v1.Labels>(app: x))"),
    "foreign list": ("core.Ports{{Port: 1}}", "list<k8s.io/api/core/v1.Ports>(record(Port: 1))"),
    "unknown positional": ("Other{a, b}", "record<m.Other>(0: a, 1: b)"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), LITERALS.values(), ids=LITERALS)
def test_literal(dumped: Callable[[str], str], source: str, expected: str) -> None:
    text = dumped(f"{TYPES}\n\nvar v = {source}\n")
    assert text.splitlines()[-1] == f"    v := {expected}"


def test_types_of_a_file(dumped: Callable[[str], str]) -> None:
    source = """
    package p
    type Image struct {
        Name, Tag string
        *Base
        Sub struct { X []*Image }
        Run func() error
        All map[string]chan int
    }
    type Runner interface { Run() }
    type Name string
    type Copy = Image
    type Box[T any] struct { Value T }
    """
    assert dumped(source).splitlines() == [
        "type struct@6:9 = m.struct@6:9 {X []m.Image}",
        "type Image = m.Image {Name string, Tag string, Base m.Base, Sub m.struct@6:9, Run func, "
        "All map[string]chan int} embeds m.Base",
        "type Runner = m.Runner interface",
        "type Name = m.Name string",
        "type Copy = m.Copy m.Image",
        "type Box = m.Box {Value ?}",
    ]


def test_types_declared_in_a_body(lowered: Callable[[str], str]) -> None:
    source = 'type result struct{ name string }\nx := result{"a"}\ny := string(z)'
    assert lowered(source) == 'x := record<m.result@10:6>(name: "a")\ny := convert!("string"~, z)'
