"""What scripts do to images: names through variables, functions, files and programs."""

from __future__ import annotations

import pytest

from .conftest import Run, run_script

MANIFEST = """apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers:
    - name: app
      image: IMAGE
"""


def manifest(image: str) -> str:
    return MANIFEST.replace("IMAGE", image)


VARIABLES = {
    "assignment": ('IMG=app:1\ndocker build -t "$IMG" .', ["built app:1"]),
    "export, readonly, declare, typeset": (
        "export A=app\nreadonly B=1\ndeclare -r C=x\ntypeset D=y\ndocker build -t $A:$B-$C$D .",
        ["built app:1-xy"],
    ),
    "the process at the end of a word": (
        "A=e2e-$RANDOM-$$\ndocker build -t app:$A .\ndocker build -t app:x$(date +%s)-$$ .",
        ["built app:e2e-<unique>-<unique>", "built app:x<unique>-<unique>"],
    ),
    "appending": ("A=app\nA+=:1\ndocker build -t $A .", ["built app:1"]),
    "a local variable reaches what its function calls": (
        'main() { local tag=1; build; }\nbuild() { docker build -t "app:$tag" .; }\nmain',
        ["built app:1"],
    ),
    "a subshell keeps its variables to itself": (
        "T=1\nexport E=e\n(T=2; export E=f; docker build -t a:$T-$E .)\ndocker build -t a:$T-$E .",
        ["built a:2-f", "built a:1-e"],
    ),
    "a subshell in a substitution too": (
        "T=1\nA=$(T=2; echo $T)\ndocker build -t a:$T-$A .",
        ["built a:1-2"],
    ),
    "a default that is given by a command that does nothing": (
        'T=\n: "${T:=1}" "${U:=$T}"\ndocker build -t a:$T .',
        ["built a:1"],
    ),
    "a file with settings, in two spellings": (
        "echo T=1 > x.env\n. ./x.env\necho U=2 > ./y.env\nsource y.env\ndocker build -t a:$T-$U .",
        ["built a:1-2"],
    ),
    "an archive that is compressed and unpacked": (
        "docker build -t a:1 .\ndocker build -t b:1 .\n"
        "docker save a:1 | gzip > a.tgz\ndocker save b:1 | gzip -c > b.tgz\n"
        "gunzip -c a.tgz | docker load\nzcat b.tgz | docker load",
        ["built a:1", "built b:1", "saved a:1", "saved b:1", "pulled a:1", "pulled b:1"],
    ),
    "a local variable is gone after its function": (
        'tag=2\nmain() { local tag=1; build; }\nbuild() { docker build -t "app:$tag" .; }\nmain\nbuild',
        ["built app:1", "built app:2"],
    ),
    "a callee sets its caller's local variable": (
        'parse() { tag=3; }\nmain() { local tag=1; parse; docker build -t "app:$tag" .; }\nmain',
        ["built app:3"],
    ),
    "name references": (
        'IMG=app:1\nshow() { local -n ref=$1; docker build -t "$ref" .; ref=app:2; }\nshow IMG\ndocker push $IMG',
        ["built app:1", "pushed app:2"],
    ),
    "indirect": ('api_IMG=app:1\nname=api_IMG\ndocker build -t "${!name}" .', ["built app:1"]),
    "printf -v": ("printf -v IMG '%s:%s' app 1\ndocker build -t $IMG .", ["built app:1"]),
    "read from a here-string": (
        'IFS=: read -r name tag <<< "app:1"\ndocker build -t "$name-x:$tag" .',
        ["built app-x:1"],
    ),
    "read into an array": ('read -ra parts <<< "app 1"\ndocker build -t "${parts[0]}:${parts[1]}" .', ["built app:1"]),
    "set -- and shift": ('set -- app 1 2\nshift\ndocker build -t "app:$1-$#" .', ["built app:1-2"]),
    "all arguments in one word": ('f() { docker build -t "app:$*" .; }\nf 1', ["built app:1"]),
    "some of the arguments": (
        'f() { docker build -t "$1" "${@:2}"; }\nf app:1 -t app:2 .',
        ["built app:1", "built app:2"],
    ),
}
EXPANSIONS = {
    "${A:-x}": "app:x",
    "${A-x}": "app:x",
    "${A:=x}": "app:x",
    "${T:+y}": "app:y",
    "${T:?gone}": "app:v1.2",
    "${T#v}": "app:1.2",
    "${T%.*}": "app:v1",
    "${P##*/}": "app:api",
    "${P%%/*}": "app:ghcr.io",
    "${P%/*}": "app:ghcr.io/acme",
    "${P#*/}": "app:acme/api",
    "${T/./-}": "app:v1-2",
    "${P//\\//-}": "app:ghcr.io-acme-api",
    "${T//[^a-z]/_}": "app:v_._".replace(".", "_"),
    "${T/#v/r}": "app:r1.2",
    "${T/%2/3}": "app:v1.3",
    "${T^^}": "app:V1.2",
    "${T^}": "app:V1.2",
    "${U,,}": "app:main",
    "${U,}": "app:mAIN",
    "${#T}": "app:4",
    "${T:1:1}": "app:1",
    "${T:1}": "app:1.2",
    "${T: -1}": "app:2",
    "${T:0:-2}": "app:v1",
    "${T##v[0-9].}": "app:2",
    "$((1 + 2 * 3))": "app:7",
    "$((N + 1))": "app:6",
    "$(echo v)": "app:v",
    "`echo v`": "app:v",
    "$(show w)": "app:got-w",
    "$(echo a.b | cut -d. -f2)": "app:b",
    "$(echo a b | awk '{print $2}')": "app:b",
    "$(echo a:b | awk -F: '{print $NF}')": "app:b",
    "$(echo MAIN | tr A-Z a-z)": "app:main",
    "$(echo a_b | tr _ -)": "app:a-b",
    "$(echo v1.2 | sed -E 's/^v([0-9]+)\\.([0-9]+)/\\2-\\1/')": "app:2-1",
    "$(echo v1.2 | sed 's/[.]/-/g;s/^v//')": "app:1-2",
    "$(basename ghcr.io/acme/api)": "app:api",
    "$(basename x.tar .tar)": "app:x",
    "$(printf '%s-%s' a b)": "app:a-b",
    "$(head -n1 VERSION)": "app:1.0",
    "$(cat VERSION | tail -1)": "app:2.0",
    "$(grep 2 VERSION)": "app:2.0",
    "$(< ONE)": "app:one",
    "$(wc -l < ONE || echo 1)": None,
}
LISTS = {
    "array": ('A=(app:1 app:2)\nfor i in "${A[@]}"; do docker build -t "$i" .; done', ["built app:1", "built app:2"]),
    "array grown": ('A=()\nA+=(app:1)\nA+=(app:2)\ndocker push "${A[1]}"', ["pushed app:2"]),
    "arguments from an array": (
        'T=(-t app:1)\nT+=(-t app:2)\ndocker build "${T[@]}" .',
        ["built app:1", "built app:2"],
    ),
    "number of items": ("A=(a b c)\ndocker build -t app:${#A[@]} .", ["built app:3"]),
    "indices": ('A=(x y)\nfor i in "${!A[@]}"; do docker build -t "${A[$i]}:$i" .; done', ["built x:0", "built y:1"]),
    "part of an array": ('A=(a b c)\nfor i in "${A[@]:1:1}"; do docker build -t "$i:1" .; done', ["built b:1"]),
    "last item": ("A=(a b)\ndocker build -t ${A[-1]}:1 .", ["built b:1"]),
    "each item changed": ('A=(a b)\nfor i in "${A[@]/%/:1}"; do docker push "$i"; done', None),
    "associative": (
        'declare -A M=([api]="app:1" [web]=app:2)\nM[db]=app:3\n'
        'for k in "${!M[@]}"; do docker build -t "${M[$k]}" --build-arg n=$k .; done',
        ["built app:1", "built app:2", "built app:3"],
    ),
    "words": ('L="app:1 app:2"\nfor i in $L; do docker build -t $i .; done', ["built app:1", "built app:2"]),
    "braces": ("for i in {api,web}; do docker build -t acme/$i:1 .; done", ["built acme/api:1", "built acme/web:1"]),
    "braces in a word": (
        'R=acme\nfor i in "$R"/{api,web}:1; do docker push $i; done',
        ["pushed acme/api:1", "pushed acme/web:1"],
    ),
    "numbers": ("for i in {1..2} $(seq 3 4); do docker push app:$i; done", [f"pushed app:{n}" for n in (1, 2, 3, 4)]),
    "lines of a here-document": (
        "while read -r i; do docker push $i; done <<EOF\napp:1\napp:2\nEOF",
        ["pushed app:1", "pushed app:2"],
    ),
    "columns of lines": (
        "while IFS=, read -r n t; do docker push $n:$t; done <<EOF\na,1\nb,2\nEOF",
        ["pushed a:1", "pushed b:2"],
    ),
    "lines of a pipe": ("cat LIST | while read i; do docker push $i; done", ["pushed app:1", "pushed app:2"]),
    "lines of a process": ("while read i; do docker push $i; done < <(cat LIST)", ["pushed app:1", "pushed app:2"]),
    "mapfile": ('mapfile -t A < LIST\nfor i in "${A[@]}"; do docker push $i; done', ["pushed app:1", "pushed app:2"]),
    "readarray of a process": ('readarray -t A < <(cat LIST)\ndocker push "${A[1]}"', ["pushed app:2"]),
    "xargs": ("cat LIST | xargs docker rmi", ["removed app:1", "removed app:2"]),
    "xargs with a place": ("cat LIST | xargs -I{} docker push r/{}", ["pushed r/app:1", "pushed r/app:2"]),
    "counting": ("for ((i=0; i<2; i++)); do docker push app:$i; done", ["pushed app:0", "pushed app:1"]),
    "counting in a loop": (
        "i=0\nwhile [ $i -lt 2 ]; do docker push app:$i; i=$((i+1)); done",
        ["pushed app:0", "pushed app:1"],
    ),
}
CHOICES = {
    "arguments as a command": ('try() { shift; "$@" || "$@"; }\ntry 3 docker push app:1', ["pushed app:1"]),
    "an array as a command": ('C=(docker push)\nC+=(app:1)\n"${C[@]}" 2>&1 | tee log', ["pushed app:1"]),
    "options of a function": (
        'f() { while [[ $# -gt 0 ]]; do case "$1" in --tag) TAG="$2"; shift 2;; --name=*) NAME="${1#*=}"; shift;; '
        "*) shift;; esac; done; }\nf --tag 1 --name=app x\ndocker build -t $NAME:$TAG .",
        ["built app:1"],
    ),
    "getopts": (
        'f() { local o; while getopts "n:t:v" o; do case $o in n) NAME=$OPTARG;; t) TAG=$OPTARG;; v) ;; esac; done; }\n'
        "f -n app -vt 1\ndocker build -t $NAME:$TAG .",
        ["built app:1"],
    ),
    "case by pattern": (
        "T=v1\ncase $T in release-*) docker push a:1;; v*) docker push b:1;; *) docker push c:1;; esac",
        ["pushed b:1"],
    ),
    "test by pattern": ("T=v1\nif [[ $T == v* ]]; then docker push a:1; else docker push b:1; fi", ["pushed a:1"]),
    "test by expression": (
        "T=v1\nif [[ $T =~ ^v[0-9]+$ ]]; then docker push a:1; else docker push b:1; fi",
        ["pushed a:1"],
    ),
    "arithmetic": ("N=2\nif (( N > 1 )); then docker push a:1; else docker push b:1; fi", ["pushed a:1"]),
    "numbers": ("f() { if [ $# -lt 2 ]; then docker push a:1; else docker push b:1; fi; }\nf x y", ["pushed b:1"]),
    "programs": (
        "E=$(command -v podman || command -v docker)\n$E build -t app:1 .",
        ["built app:1"],
    ),
    "lists": (
        "true && docker push a:1\nfalse && docker push b:1\nfalse || docker push c:1",
        ["pushed a:1", "pushed c:1"],
    ),
    "a subshell is left": ("(docker push a:1; exit; docker push b:1)\ndocker push c:1", ["pushed a:1", "pushed c:1"]),
    "a substitution is left": (
        "X=$(echo a; exit 0; echo b)\ndocker push $X:1",
        ["pushed a:1"],
    ),
    "a subshell is left from a branch": (
        '(if [ -n "$A" ]; then exit 0; fi; docker push a:1)\ndocker push b:1',
        ["pushed a:1", "pushed b:1"],
    ),
    "a script is left from a function": (
        "f() { docker push a:1; exit 0; docker push b:1; }\nf\ndocker push c:1",
        ["pushed a:1"],
    ),
    "a script is left from a function in a loop": (
        "f() { docker push a:$1; exit; }\ng() { for i in 1 2; do f $i; done; }\ng\ndocker push c:1",
        ["pushed a:1"],
    ),
    "a script is left from a group whose output goes to a file": (
        "{ docker push a:1; exit 0; } > log\ndocker push b:1",
        ["pushed a:1"],
    ),
    "a function leaves the subshell that it runs in": (
        "f() { docker push a:1; exit 0; }\n(f; docker push b:1)\ndocker push c:1",
        ["pushed a:1", "pushed c:1"],
    ),
    "a function leaves the substitution that it runs in": (
        "f() { echo a; exit 0; echo b; }\nX=$(f)\ndocker push $X:1",
        ["pushed a:1"],
    ),
    "a function leaves the part of a pipeline that it is": (
        "f() { docker push a:$1; exit 0; }\nf 1 | cat\necho x | f 2\ndocker push c:1",
        ["pushed a:1", "pushed a:2", "pushed c:1"],
    ),
    "a function leaves the background": (
        "f() { docker push a:1; exit 0; }\nf &\nwait\ndocker push c:1",
        ["pushed a:1", "pushed c:1"],
    ),
    "another script is left by itself": (
        "bash -c 'f() { exit 0; }; docker push a:1; f; docker push b:1'\ndocker push c:1",
        ["pushed a:1", "pushed c:1"],
    ),
    "what a function changes before it leaves is seen by nobody": (
        'X=a\nf() { if [ -n "$A" ]; then X=b; exit 0; fi; }\nf\ndocker push $X:1',
        ["pushed a:1"],
    ),
    "a function that fails or leaves": (
        'f() { if [ -n "$A" ]; then docker push a:1; exit 0; fi; exit 1; }\n'
        'if [ -n "$B" ]; then f; fi\ndocker push b:1',
        ["pushed a:1", "pushed b:1"],
    ),
    "a variable that is run as a command": (
        "a=true b=false\nif $a; then docker push a:1; fi\nif $b; then docker push b:1; fi\n"
        "${c:-false} || docker push c:1",
        ["pushed a:1", "pushed c:1"],
    ),
    "a variable that is run as one of two commands": (
        'X=a all=false\nif [ -n "$A" ]; then all=true; X=b; fi\nif ! $all; then docker push $X:1; fi',
        ["pushed a:1"],
    ),
    "a loop in a subshell is left by itself": (
        "(for i in 1 2; do docker push a:$i; break; done; docker push b:1)\ndocker push c:1",
        ["pushed a:1", "pushed b:1", "pushed c:1"],
    ),
}
FAILURES = {
    "a subshell fails": ("(docker push a:1; exit 3; docker push b:1)\ndocker push c:1", ["pushed a:1", "pushed c:1"]),
    "a substitution fails": ("X=$(echo a; exit 3)\ndocker push $X:1", ["pushed a:1"]),
    "a function fails in a substitution": ("f() { echo a; exit 3; }\nX=$(f)\ndocker push $X:1", ["pushed a:1"]),
    "a subshell fails in a script that ends then": ("set -euo pipefail\n(exit 3)\ndocker push c:1", []),
    "a substitution fails in a script that ends then": ("set -o errexit\nX=$(exit 3)\ndocker push c:1", []),
    "a script that ended then, and no longer does": ("set -e\nset +e\n(exit 3)\ndocker push c:1", ["pushed c:1"]),
    "a script that ends by its first line": ("#!/bin/bash -e\n(exit 3)\ndocker push c:1", []),
    "a shell that is told to end": ("bash -ec '(exit 3); docker push a:1'\ndocker push c:1", ["pushed c:1"]),
    "a shell that is not told to": ("set -e\nbash -c '(exit 3); docker push a:1'", ["pushed a:1"]),
    "what is asked ends nothing": (
        "set -e\n(exit 3) || docker push a:1\ndocker push c:1",
        ["pushed a:1", "pushed c:1"],
    ),
    "what does not matter ends nothing": (
        "set -e\n(exit 3) || true\nX=$(exit 3) || :\ndocker push c:1",
        ["pushed c:1"],
    ),
    "an assignment inside of a declaration ends nothing": (
        "set -e\nf() { local X=$(echo a; exit 3); docker push $X:1; }\nf",
        ["pushed a:1"],
    ),
    "a word ends nothing": ("set -e\ndocker push a:$(echo 1; exit 3)", ["pushed a:1"]),
    "what comes after success": ("(exit 3) && docker push a:1\ndocker push c:1", ["pushed c:1"]),
    "one of two ways": ("if (exit 3); then docker push a:1; else docker push b:1; fi", ["pushed b:1"]),
    "an assignment is asked": (
        "f() { echo a; exit 3; }\nif ! X=$(f); then docker push $X:1; else docker push b:1; fi",
        ["pushed a:1"],
    ),
    "an assignment fails, another is made": ("X=$(exit 1) || X=a\ndocker push $X:1", ["pushed a:1"]),
    "a subshell that fails on one way only": (
        '(if [ -n "$A" ]; then exit 3; fi; docker push a:1)\ndocker push b:1',
        ["pushed a:1", "pushed b:1"],
    ),
}
"""Bash 5.2 was asked what it does."""
FILES = {"VERSION": "1.0\n2.0\n", "ONE": "one\n", "LIST": "app:1\napp:2\n"}
FLOWS = {name: each for table in (VARIABLES, LISTS, CHOICES, FAILURES) for name, each in table.items()}


@pytest.mark.parametrize(("script", "expected"), FLOWS.values(), ids=FLOWS)
def test_flows(events: Run, script: str, expected: list[str] | None) -> None:
    found = events(script, FILES)
    if expected is not None:
        assert found == expected


@pytest.mark.parametrize(("written", "expected"), EXPANSIONS.items(), ids=EXPANSIONS)
def test_expansions(events: Run, written: str, expected: str | None) -> None:
    script = f"P=ghcr.io/acme/api T=v1.2 U=MAIN N=5\nshow() {{ echo got-$1; }}\nx={written}\ndocker build -t app:$x ."
    found = events(script.replace(" T=", "\nT=").replace(" U=", "\nU=").replace(" N=", "\nN="), FILES)
    if expected is not None:
        assert [line for line in found if "app:" in line][-1:] == [f"built {expected}"]


def test_options_that_nobody_reads_do_not_multiply_what_happens() -> None:
    labels = " ".join(f'--labels="a=${{L{at}:-}}"' for at in range(30))
    scenario = run_script(f'kubectl run web {labels} --image="app:${{TAG:-1}}"')
    assert [str(event.image) for event in scenario.events] == ["app:<env TAG>", "app:1"]
    assert not scenario.gaps


def test_too_many_alternatives_leave_an_image_that_nobody_knows(events: Run) -> None:
    cases = "".join(f"  {number}) TAG={number};;\n" for number in range(15))
    found = events(f'case "$1" in\n{cases}esac\ndocker push a:$TAG', {})
    assert len(found) == 13
    assert found[0] == "pushed a:0"
    assert found[-1] == "pushed <?>"


def test_a_script_that_was_changed_in_an_unknown_way_is_run_as_it_stands(events: Run) -> None:
    files = {"hack/x.sh": "#!/bin/bash\ndocker push a:1\n"}
    change = 'OLD=$(compute)\nsed -i "s/$OLD/$NEW/" hack/x.sh\n./hack/x.sh'
    assert events(change, files) == ["pushed a:1"]
