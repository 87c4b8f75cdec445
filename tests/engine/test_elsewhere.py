"""What comes from outside of a project, and what a run makes itself and uses later."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Run, run_script
from tests.engine.makes import images

SILENT = {
    "a script that a server sends": "curl -sL https://example.com/x.sh | sh -s -- a",
    "one in a substitution": 'bash <(curl -s https://example.com/x)\nsh -c "$(wget -qO- https://example.com/x)"',
    "a program of the host": "bash /usr/share/app/x.sh a",
    "words of an input for what does nothing to images": (
        "find . -name '*.go' | xargs gofmt -w\ndocker ps -q | xargs -r docker rm"
    ),
    "a manifest that a server sends": 'kubectl apply -f "https://example.com/$VERSION/x.yaml"',
    "a kustomization that a server sends": (
        'kubectl apply -k "https://example.com/x?ref=$VERSION"\nkubectl apply -k "github.com/a/b/c?ref=v1"'
    ),
    "an object without containers": "kubectl create ns $NAME --dry-run=client -o yaml | kubectl apply -f -",
    "the engine of a cluster": "eval $(minikube docker-env)",
}
UNKNOWN = {
    "a script that is not there": "bash /work/x.sh",
    "a text from nobody knows where": 'curl -s "$(cat address)" | frobnicate | sh',
    "images that are not known": "cat images.txt | xargs -n1 kind load docker-image",
    "a kustomization that is not there": "kubectl apply -k missing",
    "a file that is not there": "kubectl apply -f missing.yaml",
}
MADE = {
    "a script that is written and run": (
        "IMG=app:1\ncat > /tmp/b.sh <<EOF\n#!/bin/sh\ndocker build -t $IMG-\\$1 .\nEOF\n"
        "sh /tmp/b.sh a\nchmod +x /tmp/b.sh\n/tmp/b.sh b",
        ["built app:1-a", "built app:1-b"],
    ),
    "an object of a command line": (
        "kubectl run p --image=$IMG --dry-run=client -o yaml | kubectl apply -f -",
        ["deployed <env IMG>"],
    ),
    "an object that is changed": (
        "kubectl create cronjob c --image=a:1 --schedule='0 0 * * *' --dry-run=client -o yaml > e.yaml\n"
        "sed 's/a:/b:/' e.yaml > f.yaml\n"
        "kubectl apply -f f.yaml",
        ["deployed b:1"],
    ),
    "an object that is only shown": ("kubectl run p --image=a:1 --dry-run=client -o yaml", []),
}


@pytest.mark.parametrize("script", SILENT.values(), ids=SILENT)
def test_what_is_not_of_the_project_is_no_gap(script: str) -> None:
    scenario = run_script(script)
    assert not scenario.events
    assert not scenario.gaps


@pytest.mark.parametrize("script", UNKNOWN.values(), ids=UNKNOWN)
def test_what_could_be_of_the_project_is_one(script: str) -> None:
    assert run_script(script).gaps


@pytest.mark.parametrize(("script", "expected"), MADE.values(), ids=MADE)
def test_what_a_run_makes(events: Run, script: str, expected: list[str]) -> None:
    assert events(script) == expected


def test_the_folder_of_a_makefile_is_a_path_of_one_line() -> None:
    below = "R := $(shell dirname $(abspath $(lastword $(MAKEFILE_LIST))))/../..\nall:\n\tcd $(R) && $(MAKE) build\n"
    files = {"a/b/Makefile": below, "Makefile": "include x.mk\n", "x.mk": "build:\n\tdocker build -t root:1 .\n"}
    assert images(files, "all", "a/b/Makefile") == ["built root:1"]
