"""What the loader accepts, refuses and says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tagcheck.catalogue import CatalogueError, load_tools

from .commands import effects_of

RULES = Path(__file__).parents[2] / "rules"

FIRST = """
tool: first
flags: q/quiet
options: H/host
verbs:
  push, image push:
    options: p/platform
    operands: 1
    effects: [{do: pushed, images: $1}]
  pull:
    operands: 1
    effects: [{do: pulled, images: $1}]
"""


def rules(folder: Path, **files: str) -> Path:
    (folder / "tools").mkdir(parents=True)
    for name, text in files.items():
        (folder / "tools" / f"{name}.yaml").write_text(text)
    return folder


def test_a_tool_is_one_file(tmp_path: Path) -> None:
    tools = load_tools([rules(tmp_path, first=FIRST)])
    assert effects_of(tools, "first -qH h push --platform x a:1") == ["pushed images=a:1"]
    assert effects_of(tools, "first image push a:1") == ["pushed images=a:1"]


def test_like_takes_over_what_is_not_stated(tmp_path: Path) -> None:
    second = """
tool: second
like: first
reading: podman
without: pull
verbs:
  push:
    flags: fast
    operands: 1+
    effects: [{do: pushed, images: $*}]
"""
    tools = load_tools([rules(tmp_path, first=FIRST, second=second)])
    assert effects_of(tools, "second --host h image push --fast --platform x a:1 b:1") == ["pushed images=a:1,b:1"]
    assert effects_of(tools, "second pull a:1") == []
    assert effects_of(tools, "first pull a:1") == ["pulled images=a:1"]


def test_a_later_directory_extends_or_replaces_a_tool(tmp_path: Path) -> None:
    addition = "tool: kind\nlike: kind\nverbs: {load all: {operands: 1, effects: [{do: loaded, images: $1}]}}"
    extended = load_tools([RULES, rules(tmp_path / "a", kind=addition)])
    assert effects_of(extended, "kind load all a:1") == ["loaded images=a:1"]
    assert effects_of(extended, "kind load docker-image a:1") == ["loaded images=a:1 store=kind"]
    replaced = load_tools([RULES, rules(tmp_path / "b", kind="tool: kind\nverbs: {}")])
    assert effects_of(replaced, "kind load docker-image a:1") == []


def test_contexts_of_a_cluster_tool_name_its_clusters(tmp_path: Path) -> None:
    own = load_tools([RULES, rules(tmp_path, mine="tool: mine\ncontexts: mine-")])
    assert effects_of(own, "kubectl --context mine-c apply -f a") == ["applied store=c path=a"]
    assert effects_of(load_tools([RULES]), "kubectl --context mine-c apply -f a") == ["applied store=mine-c path=a"]


def test_a_directory_without_tools_adds_nothing(tmp_path: Path) -> None:
    assert list(load_tools([tmp_path])) == []


@pytest.mark.parametrize(
    ("text", "entry", "said"),
    [
        ("tool: [", "file", "cannot be read"),
        ("- tool", "file", "no mapping"),
        ("like: first", "tool None", "no name"),
        ("tool: a\ncolour: red", "tool a", "unknown key 'colour'"),
        ("tool: a\nreading: loud", "tool a", "unknown reading 'loud'"),
        ("tool: a\nlike: b", "tool a", "like b, which is no tool"),
        ("tools: [{tool: a, like: b}, {tool: b, like: a}]", "tool a", "like b, and that like it"),
        ("tools: [{tool: a}, {tool: a}]", "tool a", "occurs twice"),
        ("tools: [{tool: a}, {tool: b, like: a, without: x}]", "tool b", "without names 'x'"),
        ("tool: a\nflags: --x", "tool a", "has dashes"),
        ("tool: a\nflags: x y/x", "tool a", "occurs twice"),
        ("tool: a\ntransports: {x: moon}", "tool a", "unknown transport role 'moon'"),
        ("tool: a\nverbs: {x: 1}", "tool a, verb x", "no mapping"),
        ("tool: a\nverbs: {x: {operands: many}}", "tool a, verb x", "no arity"),
        ("tool: a\nverbs: {x: {operands: 2 then command}}", "tool a, verb x", "more than one operand"),
        ("tool: a\nverbs: {x: {options-of: y}}", "tool a, verb x", "options-of names 'y'"),
        ("tool: a\nverbs: {x: {effects: {do: built}}}", "tool a, verb x", "effects is no list"),
        ("tool: a\nverbs: {x: {effects: [{do: burnt}]}}", "tool a, verb x", "unknown effect 'burnt'"),
        ("tool: a\nverbs: {x: {effects: [{do: built, image: $1}]}}", "tool a, verb x", "unknown key 'image'"),
        ("tool: a\nverbs: {x: {effects: [{do: built, images: --tag}]}}", "tool a, verb x", "no switch is called --tag"),
        ("tool: a\nverbs: {x: {effects: [{do: built, images: $0}]}}", "tool a, verb x", "count from $1"),
        ("tool: a\nverbs: {x: {effects: [{do: built, images: $one}]}}", "tool a, verb x", "'$one' is no reference"),
        ("tool: a\nverbs: {x: {unless: --dry}}", "tool a, verb x", "no switch is called --dry"),
        ("tool: a\nunless: --dry", "tool a", "no switch is called --dry"),
        ("outputs: [{weak: x}]", "output None", "no command"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, text: str, entry: str, said: str) -> None:
    with pytest.raises(CatalogueError) as raised:
        load_tools([rules(tmp_path, wrong=text)])
    message = str(raised.value)
    assert message.startswith(str(tmp_path / "tools" / "wrong.yaml"))
    assert entry in message
    assert said in message
    assert raised.value.remedy in message


def test_no_key_stands_twice_in_a_file() -> None:
    def check(node: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), (file.name, keys)
            for _, value in node.value:
                check(value)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                check(item)

    for file in sorted((RULES / "tools").glob("*.yaml")):
        for document in yaml.compose_all(file.read_text()):
            check(document)
