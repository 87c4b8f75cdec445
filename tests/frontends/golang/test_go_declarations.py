"""The top level of Go files: imports, procedures, variables, entries, build constraints."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tagcheck.frontends import golang
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.golang.imports import default_names
from tagcheck.irdump import dump_procedure, dump_statements

Units = Callable[..., Unit]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("fmt", ("fmt",)),
        ("os/exec", ("exec",)),
        ("github.com/onsi/ginkgo/v2", ("ginkgo", "v2")),
        ("gopkg.in/yaml.v3", ("yaml",)),
        ("k8s.io/api/core/v1", ("v1",)),
        ("k8s.io/api/autoscaling/v2", ("autoscaling", "v2")),
        ("github.com/hashicorp/go-version", ("version",)),
        ("github.com/testcontainers/testcontainers-go", ("testcontainers",)),
        ("m/test/e2e-utils", ("e2e_utils", "e2eutils")),
        ("", ()),
    ],
)
def test_default_name_of_an_import(path: str, names: tuple[str, ...]) -> None:
    assert default_names(path) == names


def test_a_written_name_wins_over_a_guessed_one(unit: Units) -> None:
    written, guessed = 'yaml "sigs.k8s.io/yaml"', '"example.com/go-yaml"'
    for first, second in ((written, guessed), (guessed, written)):
        assert unit(f"package p\nimport {first}\nimport {second}\n").imports["yaml"] == "sigs.k8s.io/yaml"


def test_imports(unit: Units) -> None:
    source = """
    package p
    import "fmt"
    import (
        . "github.com/onsi/ginkgo/v2"
        . "github.com/onsi/gomega"
        _ "embed"
        core "k8s.io/api/core/v1"
    )
    """
    assert dict(unit(source).imports) == {
        "fmt": "fmt",
        ".0": "github.com/onsi/ginkgo/v2",
        ".1": "github.com/onsi/gomega",
        "core": "k8s.io/api/core/v1",
    }


def test_signatures(dumped: Callable[[str], str]) -> None:
    source = """
    package p
    import core "k8s.io/api/core/v1"
    func a(x, y int, z ...*core.Pod) (string, error) {}
    func (r *Runner[K]) Run(_ K, fn func(int) error) (n int, err error) {}
    func (Runner) Value(any) map[string][]chan<- Runner {}
    func generic[T any, U comparable](x T, y []U) T {}
    func outside(x int)
    """
    assert dumped(source).splitlines() == [
        "procedure go:dir#a(x int, y int, z... []k8s.io/api/core/v1.Pod) -> string, error",
        "procedure (r m.Runner) go:dir#Runner.Run(_ ?, fn func) -> n int, err error",
        "procedure (_ m.Runner) go:dir#Runner.Value(_ any) -> map[string][]chan m.Runner",
        "procedure go:dir#generic(x ?, y []?) -> ?",
    ]


def test_variables_and_constants(dumped: Callable[[str], str]) -> None:
    source = """
    package p
    const (
        a = iota * 10
        b
        _
        c, d = iota, "x"
    )
    const image, port = "repo:" + tag, base + off
    const base, off = 8000, 80
    var e, f = g()
    var h *Image
    var (
        i = "x"
        j int
    )
    """
    assert dumped(source).splitlines() == [
        "constant a",
        "    a := 0",
        "constant b",
        "    b := 10",
        "constant c",
        '    c, d := list(3, "x")',
        "constant d",
        '    c, d := list(3, "x")',
        "constant image",
        '    image, port := list(join("repo:", tag), add!(base, off))',
        "constant port",
        '    image, port := list(join("repo:", tag), add!(base, off))',
        "constant base",
        "    base, off := list(8000, 80)",
        "constant off",
        "    base, off := list(8000, 80)",
        "variable e",
        "    e, f := call g()",
        "variable f",
        "    e, f := call g()",
        "variable h m.Image",
        "    h := nil",
        "variable i",
        '    i := "x"',
        "variable j int",
        "    j := zero<int>",
    ]


def test_what_runs_when_the_package_is_loaded(unit: Units) -> None:
    source = 'package p\nvar _ = Describe("a", func() { It("b") })\nfunc init() { a() }\nfunc init() { b() }\n'
    parsed = unit(source, path="dir/a_test.go")
    assert [dump_procedure(procedure) for procedure in parsed.initial] == [
        'procedure go:dir#_@a_test.go:2()\n    _ := call Describe("a", closure go:dir#_@a_test.go:2$1)\n'
        'procedure go:dir#_@a_test.go:2$1()\n    call It("b")',
        "procedure go:dir#init@a_test.go:3()\n    call a()",
        "procedure go:dir#init@a_test.go:4()\n    call b()",
    ]
    assert not parsed.procedures


def test_an_interface_check_is_no_call(unit: Units) -> None:
    (check,) = unit("package p\nvar _ Runner = (*T)(nil)\n").initial
    assert dump_statements(check.body) == '_ := convert!("m/dir.T"~, nil)'


TESTS = """
package main
import "testing"
func TestMain(m *testing.M) {}
func TestA(t *testing.T) {}
func Test(t *testing.T) {}
func Testing(t *testing.T) {}
func TestB(t *testing.T, x int) {}
func TestC(t *B) {}
func BenchmarkA(b *testing.B) {}
func FuzzA(f *testing.F) {}
func ExampleA() {}
func main() {}
func (x T) TestD(t *testing.T) {}
"""


def test_entries_of_a_test_file(unit: Units) -> None:
    assert unit(TESTS, path="dir/a_test.go").entries == (
        ("TestMain", EntryKind.SETUP),
        ("TestA", EntryKind.TEST),
        ("Test", EntryKind.TEST),
        ("main", EntryKind.MAIN),
    )


def test_entries_of_another_file(unit: Units) -> None:
    assert unit(TESTS).entries == (("main", EntryKind.MAIN),)
    assert unit(TESTS.replace("package main", "package p")).entries == ()


def test_keys_of_an_external_test_package(unit: Units) -> None:
    parsed = unit("package p_test\nfunc f() { T{} }\n", path="a_test.go", module="m.test")
    assert parsed.procedures["f"].key == "go:..test#f"


def test_embedded_files(unit: Units) -> None:
    source = """
    package p
    import "embed"

    //go:embed a.yaml "b c.yaml"
    //go:embed d/*
    var files embed.FS

    //go:embed e.yaml
    // A comment.

    var (
        text string
        //go:embed f.yaml
        more string
    )
    """
    parsed = unit(source)
    dumps = {name: dump_statements(variable.lower()) for name, variable in parsed.variables.items()}
    assert dumps == {
        "files": 'files := call <embed>.Folder("dir"~)',
        "text": 'text := call <embed>.File("dir"~, "e.yaml"~)',
        "more": 'more := call <embed>.File("dir"~, "f.yaml"~)',
    }


@pytest.mark.parametrize(
    ("path", "header", "expected"),
    [
        ("a.go", "", ""),
        ("a.go", "//go:build linux && !cgo\n\n", "linux && !cgo"),
        ("a.go", "// +build e2e\n\n", "e2e"),
        ("a.go", "// Text about //go:build x\n\n", ""),
        ("a_linux.go", "", "linux"),
        ("a_linux_arm64_test.go", "", "linux && arm64"),
        ("a_amd64.go", "//go:build e2e\n\n", "e2e && amd64"),
        ("linux.go", "", ""),
        ("a_test.go", "", ""),
    ],
)
def test_build_constraints(unit: Units, path: str, header: str, expected: str) -> None:
    assert unit(f"{header}package p\n\n//go:build late\n", path=path).alternative == expected


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [("a.go", b"package p", True), ("a.go", b"", False), ("_a.go", b"package p", False), ("d/.a.go", b"x", False),
     ("a.py", b"package p", False)],
)  # fmt: skip
def test_relevant(path: str, content: bytes, expected: bool) -> None:
    assert golang.relevant(path, content) is expected


def test_mentions(unit: Units) -> None:
    parsed = unit('package p\nfunc f(a int) { b("c `", \'"\', `d "`) /* e */ // g\nh(func() { i() }) }\nvar x = j(k)\n')
    assert parsed.procedures["f"].mentions == {"func", "f", "a", "int", "b", "h", "i"}
    assert parsed.variables["x"].mentions == {"x", "j", "k"}
