"""Runs that make and run bundles of operators."""

from __future__ import annotations

from tests.engine.conftest import Run, run_script

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{image: 'a:1'}]}\n"


def test_running_a_bundle_deploys_what_it_was_made_of(events: Run) -> None:
    made = "cat pod.yaml | operator-sdk generate bundle -q"
    assert events(f"{made}\noperator-sdk run bundle b:1", {"pod.yaml": POD}) == ["deployed b:1", "deployed a:1"]
    assert events("operator-sdk run bundle b:1", {"pod.yaml": POD}) == ["deployed b:1"]
    assert events(f"{made}\noperator-sdk generate bundle\noperator-sdk run bundle b:1", {"pod.yaml": POD}) == [
        "deployed b:1"
    ]
    assert events("operator-sdk bundle validate ./bundle", {"bundle/manifests/a.yaml": POD}) == []


def test_related_images_run_nowhere() -> None:
    text = (
        "apiVersion: operators.coreos.com/v1alpha1\nkind: ClusterServiceVersion\nmetadata: {name: x}\nspec:\n"
        "  relatedImages: [{name: w, image: 'w:1'}]\n  install: {spec: {deployments: [{name: m, spec: {template: "
        "{spec: {containers: [{image: 'a:1', env: [{name: RELATED_IMAGE_W, value: 'w:1'}]}]}}}}]}}\n"
    )
    found = run_script("kubectl apply -f csv.yaml", {"csv.yaml": text}).events
    assert sorted((each.stage.value, str(each.image)) for each in found) == [
        ("deployed", "a:1"),
        ("named", "w:1"),
        ("named", "w:1"),
    ]
