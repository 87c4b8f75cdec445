"""What holds for every tool: how words are read when some are unknown, and properties over arbitrary words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck import argv
from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue import Tools, load_tools
from tagcheck.catalogue.line import Switch
from tagcheck.catalogue.tools import Path as VerbPath
from tagcheck.catalogue.tools import Tool
from tagcheck.source import Position
from tagcheck.values import Hole, HoleKind, Origin, Piece, Text

from .commands import effects_of, words_of

TOOLS = load_tools([Path(__file__).parents[2] / "rules"])
HOLES = st.builds(
    Hole, st.sampled_from(list(HoleKind)), st.sampled_from(["A", "B"]), st.sampled_from(["IMG", "TAG", "OPTS"])
)


def effects(line: str) -> list[str]:
    return effects_of(TOOLS, line)


def test_word_after_an_option_is_its_value_whatever_it_looks_like() -> None:
    assert effects("docker build -t --tag=a .") == ["based directory=.", "built images=--tag=a"]


def test_where_a_name_stands_is_kept() -> None:
    tag = Text((Piece("--tag=a:1", Origin(Position("Makefile", 7, 20))),))
    _, effect = argv.effects(TOOLS, [*words_of("docker build"), tag, Text.of(".")])
    assert effect.images[0].origin == Position("Makefile", 7, 26)


def test_unique_value_is_never_a_switch() -> None:
    unique = Text.of_hole(Hole(HoleKind.UNIQUE, "1"))
    (effect,) = argv.effects(TOOLS, [*words_of("docker run"), unique, Text.of("serve")])
    assert effect.images == (unique,)


def test_default_is_not_assumed_where_an_unknown_word_may_say_otherwise() -> None:
    assert effects("kind load docker-image a:1") == ["loaded images=a:1 store=kind"]
    assert effects("kind load docker-image a:1 <OPTS>") == ["loaded images=a:1,<OPTS>"]


@pytest.mark.parametrize(
    ("line", "variable", "expected"),
    [
        ("kind load docker-image a:1", "KIND_CLUSTER_NAME", "loaded images=a:1 store=value"),
        ("kind load docker-image a:1 -n c", "KIND_CLUSTER_NAME", "loaded images=a:1 store=c"),
        ("minikube image load a:1", "MINIKUBE_PROFILE", "loaded images=a:1 store=value"),
        ("ctr i import a.tar", "CONTAINERD_NAMESPACE", "loaded archive=a.tar namespace=value"),
    ],
)
def test_variable_stands_in_for_an_option(line: str, variable: str, expected: str) -> None:
    assert effects_of(TOOLS, line, {variable: "value"}) == [expected]


def test_many_commas_and_words_take_bounded_time() -> None:
    many = "," * 200_000
    assert len(argv.effects(TOOLS, [*words_of("kubectl apply"), Text.of("-f" + many)])) < 1_000
    words = [Text.of("ssh"), Text.of("host"), *[Text.of("-x")] * 50_000]
    (effect,) = argv.effects(TOOLS, words)
    assert effect.kind is EffectKind.SCRIPT


# --- properties ------------------------------------------------------------------------------------------------------

VOCABULARY = sorted(
    set(TOOLS.by_program)
    | {word for tool in TOOLS for path in tool.verbs for word in path}
    | {f"--{name}" for tool in TOOLS for verb in tool.own for name in verb.switches}
    | {"--", "-", "-t", "-abc", "--name=", "=", "-=", "--=", "", "a:1", "type=docker,dest=f", "a=b", ".", "docker://a"}
)
PARTS = st.lists(
    st.one_of(st.sampled_from(VOCABULARY), st.text("-=ab:/,.{}$ <\n\u00e9", max_size=6), HOLES), max_size=3
)


@st.composite
def words(draw: st.DrawFn) -> Text:
    whole = Text(())
    for part in draw(PARTS):
        whole += Text.of_hole(part) if isinstance(part, Hole) else Text.of(part)
    return whole


@given(st.sampled_from(sorted(TOOLS.by_program)), st.lists(words(), max_size=12))
def test_arbitrary_words_never_raise(program: str, rest: list[Text]) -> None:
    line = [Text.of(program), *rest]
    for effect in argv.effects(TOOLS, line):
        assert isinstance(effect, Effect)
        assert not effect.images or not effect.unnamed
    unique = argv.output_is_unique(TOOLS, line)
    assert unique is None or argv.output_identity(TOOLS, line) is None


COMMANDS = [
    ("docker build", "-t a:1 --push <CTX>"),
    ("docker run", "a:1 sh -c ls"),
    ("podman run", "--name x a:<TAG> serve --port 80"),
    ("docker exec", "<NODE> crictl images"),
    ("docker tag", "<A> <B>"),
    ("docker save", "-o f.tar a:1 <IMG>:1"),
    ("podman build", "--tag=<IMG> ."),
    ("kind load docker-image", "a:1 <IMG>"),
    ("k3d image import", "a:1 f.tar -c x"),
    ("kubectl set image", "deployment/x a=<IMG> b=b:1"),
    ("kubectl run", "p --image=<IMG>"),
    ("kubectl create deployment", "d --image a:1"),
    ("kubectl apply", "-f a.yaml"),
    ("helm upgrade", "x ./chart --set image.tag=<TAG>"),
    ("skopeo copy", "docker://<IMG> docker-daemon:a:1"),
    ("buildah bud", "-t a:1 ."),
    ("sudo", "docker build ."),
    ("timeout", "300 make x"),
]


def _switches(tools: Tools, line: str) -> list[Switch]:
    """The switches of a command's verb and tool that its effects do not depend on."""
    recognised = argv.recognise(tools, words_of(line))
    assert recognised is not None
    tool, verb, _ = recognised
    used = _used(tool, verb.paths)
    found = {**tool.switches, **verb.switches}
    return [switch for switch in set(found.values()) if switch.name not in used and switch == found[switch.name]]


def _used(tool: Tool, paths: tuple[VerbPath, ...]) -> set[str]:
    verb = tool.verbs[paths[0]]
    conditions = [*tool.unless, *verb.unless]
    expressions = [expression for _, expression in tool.shared]
    for action in verb.actions:
        conditions += [*action.when, *(condition for _, condition in action.flags)]
        expressions += [expression for _, expression in action.texts] + ([action.per] if action.per else [])
    return {
        name for one in [*expressions, *(condition.expression for condition in conditions)] for name in one.options()
    }


@pytest.mark.parametrize(("verb", "rest"), COMMANDS)
def test_other_switches_before_the_operands_change_nothing(verb: str, rest: str) -> None:
    expected = effects(f"{verb} {rest}")
    switches = _switches(TOOLS, f"{verb} {rest}")
    assert expected and switches
    for switch in switches:
        dashes = "--" if len(switch.name) > 1 else "-"
        if switch.valued:
            spellings = [
                f"{dashes}{switch.name} value",
                f"{dashes}{switch.name}=value",
                f"{dashes}{switch.name} <VALUE>",
            ]
        else:
            spellings = [f"{dashes}{switch.name}"]
        for spelling in spellings:
            assert effects(f"{verb} {spelling} {rest}") == expected, spelling


@pytest.mark.parametrize(
    "line",
    [
        "docker build --tag={} --file={} .",
        "docker save a:1 --output={}",
        "podman load --input={}",
        "docker image prune --filter={}",
        "kind load docker-image a:1 --name={}",
        "kind --name={} load docker-image a:1",
        "kubectl --context={} apply --filename={}",
        "kubectl run p --image={} --image-pull-policy={}",
        "helm install x c --set={} --values={}",
        "ctr --namespace={} images import f",
        "docker compose --file={} --project-name={} up",
        "make --directory={} --file={} x",
    ],
)
@given(value=words(), other=words())
def test_attached_and_separate_values_are_the_same(line: str, value: Text, other: Text) -> None:
    def filled(template: str) -> list[Text]:
        given_values = iter((value, other))
        found = []
        for word in template.split():
            before, braces, _ = word.partition("{}")
            found.append(Text.of(before) + next(given_values) if braces else Text.of(before))
        return found

    attached = argv.effects(TOOLS, filled(line))
    assert argv.effects(TOOLS, filled(line.replace("={}", " {}"))) == attached
    assert attached
