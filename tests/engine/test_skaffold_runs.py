"""Runs of Skaffold: what is built, and under which names it is deployed."""

from __future__ import annotations

import pytest

from tagcheck.engine import skaffold
from tests.engine.conftest import Run, run_script

APP = """
apiVersion: skaffold/v4beta11
kind: Config
build:
  artifacts:
    - image: app
  local: {push: true}
manifests:
  rawYaml: [k8s/*.yaml]
profiles:
  - name: tagged
    build:
      tagPolicy:
        envTemplate: {template: "{{.USER}}-e2e"}
  - name: other
    patches:
      - path: /build/artifacts/0/image
        value: other
  - name: local
    build:
      local: {push: false}
"""
POD = "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: a, image: {image}}}]}}}}\n"
MADE = "app:<param the tag of app>"


def ran(events: Run, words: str, config: str = APP, image: str = "app", **files: str) -> list[str]:
    return events(words, {"skaffold.yaml": config, "k8s/a.yaml": POD.format(image=image), **files})


def made(name: str) -> list[str]:
    return [f"built {name}", f"pushed {name}", f"deployed {name}"]


def test_names_in_manifests_are_replaced_whatever_their_tag(events: Run) -> None:
    assert ran(events, "skaffold run") == made(MADE)
    assert ran(events, "skaffold dev", image="app:v1") == made(MADE)
    assert ran(events, "skaffold run", image="my-app")[2:] == ["deployed my-app"]
    assert ran(events, "skaffold run", image="r/app")[2:] == ["deployed r/app"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("run -t v1", made("app:v1")),
        ("run -d r.example/x -t v1", made("r.example/x/app:v1")),
        ("run -p tagged", made("app:<env USER>-e2e")),
        ("build -t v1", made("app:v1")[:2]),
        ("build -b nothing", []),
        ("deploy -t v1", made("app:v1")[2:]),
        ("deploy -i app=r/app:v2", ["deployed r/app:v2"]),
        ("deploy -i r/app:v2", [f"deployed {MADE}"]),
        ("deploy -i app:v2", ["deployed app:v2"]),
        ("run -f missing.yaml", []),
        ("run -p local -t v1", ["built app:v1", "loaded app:v1", "deployed app:v1"]),
        (
            "run -p other",
            ["built other:<param the tag of other>", "pushed other:<param the tag of other>", "deployed app"],
        ),
    ],
)
def test_switches(events: Run, words: str, expected: list[str]) -> None:
    assert ran(events, f"skaffold {words}") == expected


def test_variables_of_the_environment_are_switches(events: Run) -> None:
    assert ran(events, "SKAFFOLD_TAG=v1 skaffold run") == made("app:v1")
    assert ran(events, "export SKAFFOLD_PROFILE=tagged USER=me; skaffold build") == made("app:me-e2e")[:2]
    assert ran(events, "SKAFFOLD_DEFAULT_REPO=r.example SKAFFOLD_TAG=v1 skaffold run") == made("r.example/app:v1")


def test_a_name_with_folders_below_another_repository_is_not_known(events: Run) -> None:
    config = APP.replace("image: app", "image: team/app")
    (built, *_) = ran(events, "skaffold run -d r.example -t v1", config)
    assert built == "built r.example/<param another name of team/app>:v1"


def test_tags_by_digest_are_pinned(events: Run) -> None:
    config = APP.replace("  local:", "  tagPolicy: {sha256: {}}\n  local:", 1)
    assert ran(events, "skaffold run", config)[0] == "built app:latest@sha256:<param the digest of app>"


def test_what_was_built_is_handed_on_in_a_file(events: Run) -> None:
    both = "skaffold build -t v1 --file-output=out/tags.json; skaffold deploy --build-artifacts out/tags.json"
    assert ran(events, both) == made("app:v1")
    (deployed,) = ran(events, "skaffold deploy -a elsewhere.json")
    assert deployed == "deployed app:<?>"


def test_rendered_manifests_have_the_names_that_are_built(events: Run) -> None:
    assert ran(events, "skaffold render -t v1 | kubectl apply -f -") == ["deployed app:v1"]
    assert ran(events, "skaffold render -t v1 -o all.yaml; skaffold apply all.yaml") == ["deployed app:v1"]


def test_configurations_that_need_each_other(events: Run) -> None:
    first = "apiVersion: skaffold/v4beta11\nkind: Config\nmetadata: {name: one}\nrequires: [{path: b}]\n"
    second = APP.replace("k8s/*", "../k8s/*") + "requires: [{path: .., configs: [one]}]\n"
    assert ran(events, "skaffold run", first, **{"b/skaffold.yaml": second}) == made(MADE)


def test_paths_are_seen_from_where_the_program_runs(events: Run) -> None:
    files = {"dev/skaffold.yaml": APP}
    assert ran(events, "skaffold run -f dev/skaffold.yaml", "", **files) == made(MADE)
    assert ran(events, "export SKAFFOLD_FILENAME=dev/skaffold.yaml; skaffold run", "", **files) == made(MADE)


def test_only_some_configurations(events: Run) -> None:
    head = "apiVersion: skaffold/v4beta11\nkind: Config\nmetadata: {name: NAME}\n"
    one = head.replace("NAME", "one") + "build: {artifacts: [{image: one}]}\n"
    two = head.replace("NAME", "two") + "build: {artifacts: [{image: two}]}\n"
    assert ran(events, "skaffold build -t v1 -m two --push", f"{one}---\n{two}") == ["built two:v1", "pushed two:v1"]


def test_a_requirement_makes_profiles_active(events: Run) -> None:
    first = (
        "apiVersion: skaffold/v4beta11\nkind: Config\n"
        "requires: [{path: b, activeProfiles: [{name: tagged, activatedBy: [mine]}]}]\n"
    )
    files = {"b/skaffold.yaml": APP.replace("k8s/*", "../k8s/*")}
    assert ran(events, "skaffold run", first, **files) == made(MADE)
    assert ran(events, "USER=me skaffold run -p mine", first, **files) == made("app:me-e2e")


CHART = {
    "chart/Chart.yaml": "name: c\nversion: 1.0.0\n",
    "chart/values.yaml": "image: {name: x, tag: y}\n",
    "chart/templates/a.yaml": POD.format(image="{{ .Values.image.name }}:{{ .Values.image.tag }}"),
}


@pytest.mark.parametrize(
    "settings",
    [
        'setValueTemplates: {image.name: "{{.IMAGE_REPO_team_app}}", image.tag: "{{.IMAGE_TAG_team_app}}"}',
        'setValueTemplates: {image: {name: "{{.IMAGE_REPO}}", tag: "{{.IMAGE_TAG}}"}}',
        "setValues: {image.name: team/app}",
        "overrides: {image: {name: team/app, tag: z}}",
    ],
)
def test_charts_get_names_and_tags(events: Run, settings: str) -> None:
    config = (
        "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {artifacts: [{image: team/app}]}\n"
        f"deploy:\n  helm:\n    releases:\n      - name: c\n        chartPath: chart\n        {settings}\n"
    )
    assert ran(events, "skaffold run", config, **CHART)[2:] == ["deployed team/app:<param the tag of team/app>"]


def test_overrides_by_artifact(events: Run) -> None:
    config = (
        "apiVersion: skaffold/v2beta29\nkind: Config\nbuild: {artifacts: [{image: app}]}\n"
        "deploy:\n  helm:\n    releases:\n      - name: c\n        chartPath: chart\n"
        "        artifactOverrides: {image: app}\n"
    )
    whole = {**CHART, "chart/templates/a.yaml": POD.format(image="{{ .Values.image }}")}
    assert ran(events, "skaffold run", config, **whole)[2:] == [f"deployed {MADE}"]
    split = {
        **CHART,
        "chart/templates/a.yaml": POD.format(image="{{ .Values.image.repository }}:{{ .Values.image.tag }}"),
    }
    strategy = "        imageStrategy: {helm: {}}\n"
    assert ran(events, "skaffold run", config + strategy, **split)[2:] == [f"deployed {MADE}"]


@pytest.mark.parametrize(
    "config",
    [
        "apiVersion: skaffold/v4beta11\nkind: Config\nrequires: [{path: .}]\n",
        "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: 3\nmanifests: [x]\nprofiles: {a: b}\nrequires: 1\n",
        "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {artifacts: [{image: '" + "{{if .A}}" * 3_000 + "'}]}\n",
        "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {artifacts: [{image: [a]}, 3, {image: ''}]}\n",
        "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: " + "{a: " * 2_000 + "1" + "}" * 2_000 + "\n",
        "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests: {rawYaml: ['**/**/*', '../../x', '/etc/*', '[']}\n",
    ],
)
def test_files_that_nobody_writes_end(events: Run, config: str) -> None:
    assert all(each.startswith(("built", "pushed", "deployed")) for each in ran(events, "skaffold run", config))


def test_many_artifacts_and_many_configurations_end(events: Run) -> None:
    items = "".join(f"    - image: app{number}\n" for number in range(2_000))
    many = f"apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  artifacts:\n{items}"
    assert len(ran(events, "skaffold build -t v1", many)) == 300
    chain = {
        f"c{number}/skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\n"
        f"requires: [{{path: ../c{number + 1}}}, {{path: ../c{number + 2}, activeProfiles: [{{name: p{number}}}]}}]\n"
        for number in range(100)
    }
    assert ran(events, "cd c0 && skaffold run", **chain) == []


def test_names_are_not_known_where_not_all_artifacts_were_looked_at(
    events: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ran(events, "skaffold run -t v1", image="other")[2:] == ["deployed other"]
    monkeypatch.setattr(skaffold, "MOST_ARTIFACTS", 1)
    assert ran(events, "skaffold run -t v1", image="other")[2:] == ["deployed <?>"]
    assert ran(events, "skaffold run -t v1")[2:] == ["deployed app:v1"]


@pytest.mark.parametrize(("most", "missed"), [(2, ["app"]), (1, [])])
def test_an_image_is_missed_only_where_all_manifests_were_looked_at(
    most: int, missed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skaffold, "MOST_MANIFESTS", most)
    files = {"skaffold.yaml": APP, "k8s/a.yaml": POD.format(image="x"), "k8s/b.yaml": POD.format(image="y")}
    assert [each.wanted for each in run_script("skaffold run", files).missed] == missed
