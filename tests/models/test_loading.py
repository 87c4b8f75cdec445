"""The loader: names, patterns, constants, conventions, and errors that say where."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck.catalog import EffectKind
from tagcheck.models import ModelError, Models, load_models, split_words
from tagcheck.values import Number, Record

RULES = Path(__file__).parents[2] / "rules" / "models"
MODELS = load_models([RULES], "go")


def written(folder: Path, text: str) -> Models:
    (folder / "go-test.yaml").write_text(text, encoding="utf-8")
    return load_models([folder], "go")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("strings.Split", "strings.Split"),
        ("math/rand/v2.IntN", "math/rand.IntN"),
        ("github.com/google/uuid/v3.New", "github.com/google/uuid.New"),
        ("gopkg.in/yaml.v3.Marshal", "gopkg.in/yaml.v3.Marshal"),
        ("k8s.io/client-go/dynamic.ResourceInterface.Create", "k8s.io/client-go/dynamic.ResourceInterface.Create"),
        ("k8s.io/client-go/kubernetes/typed/core/v1.Pods.Create", "k8s.io/client-go/kubernetes/typed/*.*.Create"),
        ("github.com/onsi/gomega.Equal", "github.com/onsi/gomega.*"),
        ("*.Create", "*.Create"),
    ],
)
def test_finds_the_most_specific_model(name: str, found: str) -> None:
    model = MODELS.find(name)
    assert model is not None
    assert model.name == found


@pytest.mark.parametrize("name", ["strings.NoSuch", "strings2.Split", "x/strings.Split", "", ".", "*.NoSuch", "a/b"])
def test_finds_nothing_else(name: str) -> None:
    assert MODELS.find(name) is None


@given(st.text(alphabet="ab./*v2", max_size=20))
def test_any_name_is_answered(name: str) -> None:
    found = MODELS.find(name)
    assert found is None or found.op


def test_own_entry_wins_over_patterns_and_star(tmp_path: Path) -> None:
    models = written(
        tmp_path,
        "- module: a/*\n  models: {F: nothing, '*': stop}\n"
        "- module: a/b\n  models: {F: case, '*.M': join, '*': split, T.M: trim}\n",
    )
    asked = ["a/b.F", "a/b.T.M", "a/b.U.M", "a/b.G", "a/c.F", "a/c.G", "a.F"]
    found = [models.find(name) for name in asked]
    assert [model and model.op for model in found] == ["case", "trim", "join", "split", "nothing", "stop", None]


def test_later_directories_win(tmp_path: Path) -> None:
    (tmp_path / "go-mine.yaml").write_text("- module: strings\n  models: {Split: nothing}\n", encoding="utf-8")
    model = load_models([RULES, tmp_path], "go").find("strings.Split")
    assert model is not None
    assert model.op == "nothing"


def test_constants_of_libraries() -> None:
    assert MODELS.values["k8s.io/api/core/v1.PullNever"] == "Never"
    assert MODELS.values["time.Second"] == Number(1_000_000_000, "time.Duration")
    assert MODELS.values["os.PathSeparator"] == "/"
    assert MODELS.values["os.Stdout"] == Record("os.File")


def test_examples_are_not_loaded(tmp_path: Path) -> None:
    assert written(tmp_path, "- module: m\n  models: {F: nothing}\n---\n[this is no YAML\n").find("m.F") is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b", "a list of groups is expected"),
        ("- models: {F: nothing}", "group 1 has no `module`"),
        ("- module: m\n  model: {}", "unknown key 'model'"),
        ("- module: m\n  models: {F: nonsense}", "m.F: there is no operation 'nonsense'"),
        ("- module: m\n  models: {F: {op: case, chnage: lower}}", "the operation 'case' has no parameter 'chnage'"),
        ("- module: m\n  models: {F: 5}", "m.F: an operation or a mapping"),
        ("- module: m\n  models: {F: nothing, G: nothing, 'F, H': stop}", "m.F is defined twice"),
        ("- module: m\n  models: {On: nothing}", "must be quoted"),
        ("- module: m\n  values: {V: [1]}", "m.V: not a value"),
        ("- module: m\n  models: [F]", "`models` maps names"),
        ("- [", "cannot be read"),
    ],
)
def test_errors_name_file_and_entry(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        written(tmp_path, text)
    assert message in str(caught.value)
    assert "go-test.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- words: [a, b]", "needs either"),
        ("- {words: [a, b], stage: eaten}", "there is no stage 'eaten'"),
        ("- generates: true", "has no `words`"),
        ("a: b", "a list of conventions"),
    ],
)
def test_errors_of_conventions(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "conventions.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        load_models([tmp_path], "go")


# --- conventions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("GenerateInfraImageName", ("generate", "infra", "image", "name")),
        ("newImageTag", ("new", "image", "tag")),
        ("load_image_to_kind", ("load", "image", "to", "kind")),
        ("loadTLSCert", ("load", "tls", "cert")),
        ("LoadImages", ("load", "images")),
        ("k3dImport", ("k3d", "import")),
        ("x", ("x",)),
        ("", ()),
        ("__", ()),
    ],
)
def test_words(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name) == words


@given(st.text(max_size=30))
def test_words_lose_no_letter(name: str) -> None:
    assert "".join(split_words(name)) == "".join(c for c in name if c.isalnum()).lower()


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("BuildImage", EffectKind.BUILT),
        ("buildDataStorageImage", EffectKind.BUILT),
        ("LoadImageToKind", EffectKind.LOADED),
        ("load_images_into_cluster", EffectKind.LOADED),
        ("TagImage", EffectKind.TAGGED),
        ("PullImage", EffectKind.PULLED),
        ("PushImage", EffectKind.PUSHED),
        ("SaveImage", EffectKind.SAVED),
        ("DeployDataStorage", EffectKind.DEPLOYED),
        ("CleanupImages", EffectKind.REMOVED),
        ("rmi_image", EffectKind.REMOVED),
    ],
)
def test_stages_by_name(name: str, stage: EffectKind) -> None:
    found = MODELS.convention(name)
    assert found is not None
    assert found.stage is stage
    assert not found.generates


@pytest.mark.parametrize("name", ["GenerateInfraImageName", "newImageTag", "generate_tag", "UniqueImageName"])
def test_generators_by_name(name: str) -> None:
    found = MODELS.convention(name)
    assert found is not None
    assert found.generates
    assert found.stage is None


@pytest.mark.parametrize(
    "name",
    [
        "Build", "Load", "loadImage", "BuildImageName", "ImagePullPolicy", "GetImageTag", "newTag", "parseImageTag",
        "NewImageClient", "generateReport", "DeployTimeout", "buildImageArgs", "LoadConfigFromCluster", "imageBuild",
        "PullImageSecret", "deploy", "IsDeployed", "", "TestBuildImage", "new_tagger",
    ],
)  # fmt: skip
def test_unclear_names_say_nothing(name: str) -> None:
    assert MODELS.convention(name) is None
