"""Scripts, files and manifests: what passes from one to the other."""

from __future__ import annotations

import pytest

from .conftest import Run

POD = """apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers:
    - name: app
      image: %s
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  template:
    spec:
      containers:
        - {name: side, image: "side:1"}
        - {name: app, image: "app:0"}
"""
FILES = {
    "pod.yaml": POD % "app:0",
    "deploy/pod.yaml": POD % "__IMAGE__",
    "deploy/deployment.yaml": DEPLOYMENT,
    "pod.tmpl": POD % "${NAME}:$TAG",
    "both.yaml": POD % "a:1" + "---\n" + DEPLOYMENT,
    "hack/lib.sh": 'IMG=lib:1\nbuild() { docker build -t "$1" .; }\nbuild_default() { build "$IMG"; }\n'
    'build_override() { build "$OVERRIDE"; }\n',
    "hack/tag.sh": "#!/bin/sh\necho v7\n",
    "hack/build.sh": '#!/bin/bash\ndocker build -t "${NAME}:${1:-none}" .\n',
    "hack/env.sh": 'DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\nsource "${DIR}/lib.sh"\n',
    "hack/main.sh": (
        '#!/bin/bash\nROOT=$(cd "$(dirname "$0")/.." && pwd)\n. "$ROOT/hack/env.sh"\ncd "$ROOT/deploy"\n'
        "build_default\nkubectl apply -f pod.yaml\n"
    ),
    ".env": "# names\nNAME=app\nTAG=1\n",
}
SCRIPTS = {
    "a script by its path": ("NAME=x\nexport NAME\n./hack/build.sh 2", ["built x:2"]),
    "a variable that is not exported": ("NAME=x\nhack/build.sh 2", ["built <env NAME>:2"]),
    "a variable for one command": ("NAME=x hack/build.sh 2", ["built x:2"]),
    "a script beside this one": ('export NAME=x\n"$(dirname "$0")/hack/build.sh"', ["built x:none"]),
    "a script through bash": ('export NAME=x\nbash -eu "$PWD/hack/build.sh" 3', ["built x:3"]),
    "a script in another folder": ("export NAME=x\ncd hack\n./build.sh 1", ["built x:1"]),
    "a folder for one subshell": (
        "export NAME=x\n(cd hack; ./build.sh 1)\nhack/build.sh 2",
        ["built x:1", "built x:2"],
    ),
    "pushd and popd": ("export NAME=x\npushd hack\npopd\nhack/build.sh 2", ["built x:2"]),
    "what a script prints": ("docker push app:$(hack/tag.sh)", ["pushed app:v7"]),
    "what a script assigns is its own": ("NAME=x\nhack/tag.sh\nbash -c 'NAME=y'\ndocker push $NAME:1", ["pushed x:1"]),
    "a library": ("source hack/lib.sh\nbuild app:1\nbuild_default", ["built app:1", "built lib:1"]),
    "a library reads what the script sets": (". ./hack/lib.sh\nOVERRIDE=mine:1\nbuild_override", ["built mine:1"]),
    "a script changes what a library set": ("source hack/lib.sh\nIMG=mine:1\nbuild_default", ["built mine:1"]),
    "a library through a library": ("source hack/env.sh\nbuild_default", ["built lib:1"]),
    "a script that goes elsewhere": ("hack/main.sh", ["built lib:1", "deployed __IMAGE__"]),
    "a function that replaces the library's": (
        "source hack/lib.sh\nbuild() { docker push $1; }\nbuild_default",
        ["pushed lib:1"],
    ),
    "an env file": (". ./.env\ndocker build -t $NAME:$TAG .", ["built app:1"]),
    "an env file is exported": ("set -a\n. ./.env\nset +a\nhack/build.sh $TAG", ["built app:1"]),
    "an env file as words": ("export $(grep -v '^#' .env | xargs)\nhack/build.sh $TAG", ["built app:1"]),
    "a file that the script writes": ("echo IMG=app:1 > x.env\nsource x.env\ndocker push $IMG", ["pushed app:1"]),
    "a file that the script writes in two steps": (
        "{ echo IMG=app; printf TAG=; } > x.env\necho 1 >> x.env\nsource x.env\ndocker push $IMG:$TAG",
        ["pushed app:1"],
    ),
    "a name through a file, read by the shell": ("echo app:1 > IMG\ndocker push $(<IMG)", ["pushed app:1"]),
    "a name through a file": ("echo app:1 > IMG\ndocker push $(cat IMG)", ["pushed app:1"]),
    "eval": ('eval "IMG=app:1"\ndocker push $IMG', ["pushed app:1"]),
    "eval of words": ('for n in a b; do eval "${n}_IMG=$n:1"; done\ndocker push $b_IMG', ["pushed b:1"]),
    "a text for another shell": (
        "T=1\nbash -c \"docker push app:$T\"\nsh -c 'docker push app:$0' 2",
        ["pushed app:1", None],
    ),
    "side by side": ("docker build -t a:1 . &\ndocker build -t b:1 . &\nwait", ["built a:1", "built b:1"]),
    "at the end": ("trap 'docker rmi app:1' EXIT\ndocker build -t app:1 .", ["built app:1", "removed app:1"]),
    "at the end, by a function": (
        'clean() { docker rmi "$IMG"; }\ntrap clean EXIT INT\nIMG=app:1\ndocker build -t $IMG .',
        ["built app:1", "removed app:1"],
    ),
    "at the end, set by a function": (
        "init() { trap 'docker rmi app:1' EXIT; }\ninit\ndocker build -t app:1 .",
        ["built app:1", "removed app:1"],
    ),
    "at the end, with the value of now": ('IMG=app:1\ntrap "docker rmi $IMG" EXIT\nIMG=app:2', ["removed app:1"]),
    "another host": ("ssh node 'docker build -t app:1 .'", ["built app:1"]),
    "the cluster's own engine": (
        "eval $(minikube -p dev docker-env)\ndocker build -t app:1 .",
        ["built app:1", "loaded app:1 in dev"],
    ),
    "the host's engine again": (
        "eval $(minikube docker-env)\neval $(minikube docker-env -u)\ndocker build -t app:1 .",
        ["built app:1"],
    ),
    "a node's containerd": (
        "docker save -o a.tar app:1\ndocker exec -i kind-control-plane ctr -n k8s.io images import - < a.tar",
        ["saved app:1", "loaded app:1"],
    ),
    "an archive through a pipe": (
        "docker save app:1 | gzip | docker exec -i node ctr -n k8s.io images import -",
        ["saved app:1", "loaded app:1"],
    ),
    "an archive through a redirection": (
        "docker save app:1 > a.tar\nkind load image-archive a.tar --name dev",
        ["saved app:1", "loaded app:1 in dev"],
    ),
    "a function whose name is put together": (
        'build_a() { docker build -t a:1 .; }\nbuild_b() { docker build -t b:1 .; }\n"build_${KIND:-b}"',
        ["built b:1"],
    ),
    "a loop over files": (
        'for f in hack/*ai*.sh d*/; do docker push "$(basename "$f" .sh):1"; done',
        ["pushed main:1", "pushed deploy:1"],
    ),
    "a loop over files, from another folder": (
        'cd hack\nfor f in [lt]*.sh; do docker push "${f%.sh}:1"; done',
        ["pushed lib:1", "pushed tag:1"],
    ),
    "a loop over files that are not there": (
        'for f in plugins/*/ "$OUT"/*.txt; do docker push "r/$(basename "$f"):1"; done',
        ["pushed r/<?>:1", "pushed r/<?>.txt:1"],
    ),
    "a quoted pattern is a word": ("for t in 'a*'; do docker push x:$t; done", ["pushed x:a*"]),
    "archives that come to be": (
        "docker save -o out/a.tar app:1\nfor f in out/*.tar; do kind load image-archive $f; done",
        ["saved app:1", "loaded app:1 in kind"],
    ),
    "a switch that is there at times": (
        "docker run $(tty -s && echo -it) app:1\ndocker run $(test -t 1 && echo -it || echo) app:2",
        ["run app:1", "run app:2"],
    ),
    "what several programs print": ("docker run $(frobnicate; echo -it) app:1", []),
    "a query that nothing answers": ("echo 'a: {b: [1]}' | yq '.a.b.c[0]'\ndocker push a:1", ["pushed a:1"]),
}
MANIFESTS = {
    "sed into kubectl": ("sed 's|__IMAGE__|app:1|' deploy/pod.yaml | kubectl apply -f -", "app:1"),
    "sed with other delimiters": (
        "sed -e 's#__IMAGE__#app:2#g' -e 's,app:2,app:3,' deploy/pod.yaml | kubectl apply -f -",
        "app:3",
    ),
    "sed with a pattern": ("sed -E 's@(image:).*@\\1 app:4@' pod.yaml | kubectl apply -f -", "app:4"),
    "sed with everything found": ("sed 's/app:0/r\\/&/' pod.yaml | kubectl apply -f -", "r/app:0"),
    "sed on one line": ("sed '/image:/s/0$/9/' pod.yaml | kubectl apply -f -", "app:9"),
    "sed in place": ("sed -i 's|app:0|app:5|' pod.yaml\nkubectl apply -f pod.yaml", "app:5"),
    "sed in place, as on a Mac": ("sed -i '' -e 's|app:0|app:5|' pod.yaml\nkubectl apply -f pod.yaml", "app:5"),
    "sed in place in a folder": ("cd deploy\nsed -i.bak 's|__IMAGE__|app:5|' pod.yaml\nkubectl apply -f .", "app:5"),
    "sed to a file that takes the other's place": (
        "sed 's|app:0|app:5|' pod.yaml > new && mv new pod.yaml\nkubectl apply -f pod.yaml",
        "app:5",
    ),
    "sed on a copy": (
        "cp pod.yaml /tmp/x/\nsed -i s/app:0/app:5/ /tmp/x/pod.yaml\nkubectl apply -f /tmp/x/pod.yaml",
        "app:5",
    ),
    "sed in a copy of a folder": (
        'D=$(mktemp -d)\ncp -R deploy "$D"\n'
        'sed -i "s|__IMAGE__|app:5|" "$D/deploy/pod.yaml"\nkubectl apply -f "$D/deploy"',
        "app:5",
    ),
    "a copy of a copy": (
        "cp -r deploy /tmp/a\ncp -r /tmp/a/. /tmp/b\n"
        'sed -i "s|__IMAGE__|app:5|" /tmp/b/pod.yaml\nkubectl apply -f /tmp/b/',
        "app:5",
    ),
    "what was changed before it was copied": (
        'sed -i "s|__IMAGE__|app:5|" deploy/pod.yaml\ncp -r deploy /tmp/a\nkubectl apply -f /tmp/a/pod.yaml',
        "app:5",
    ),
    "a file that is copied into a folder": ("cp -t deploy pod.yaml\nkubectl apply -f deploy/pod.yaml", "app:0"),
    "perl": ("perl -pi -e 's{app:(\\d+)}{app:v$1}g' pod.yaml\nkubectl apply -f pod.yaml", "app:v0"),
    "envsubst": ("export NAME=app TAG=1\nenvsubst < pod.tmpl | kubectl apply -f -", "app:1"),
    "envsubst with a list": ("export NAME=app TAG=1\nenvsubst '$NAME' < pod.tmpl | kubectl apply -f -", "app:$TAG"),
    "envsubst to a file": ("NAME=app TAG=1 envsubst < pod.tmpl > out.yaml\nkubectl apply -f out.yaml", "app:1"),
    "a here-document": ("TAG=1\ncat <<EOF | kubectl apply -f -\n" + POD % "app:${TAG}" + "EOF\n", "app:1"),
    "a here-document for kubectl": ("TAG=1\nkubectl apply -f - <<EOF\n" + POD % "app:$TAG" + "EOF\n", "app:1"),
    "a quoted here-document": ("TAG=1\nkubectl apply -f - <<'EOF'\n" + POD % "app:$TAG" + "EOF\n", "app:$TAG"),
    "a here-document, then a file": (
        "TAG=1\ncat <<EOF > x.yaml\n" + POD % "app:$TAG" + "EOF\nkubectl apply -f x.yaml",
        "app:1",
    ),
    "a here-document into a file": (
        "TAG=1\ncat > x.yaml <<EOF\n" + POD % "app:$TAG" + "EOF\nkubectl apply -f x.yaml",
        "app:1",
    ),
    "a process's file": ("kubectl apply -f <(sed s/app:0/app:1/ pod.yaml)", "app:1"),
    "tee": ("sed s/app:0/app:1/ pod.yaml | tee out.yaml\nkubectl apply -f out.yaml", "app:1"),
    "a variable with a manifest": ('M=$(sed s/app:0/app:1/ pod.yaml)\necho "$M" | kubectl apply -f -', "app:1"),
    "a replacement in a variable": ('M=$(cat pod.yaml)\necho "${M//app:0/app:1}" | kubectl apply -f -', "app:1"),
    "yq": ("yq -i '.spec.containers[0].image = \"app:1\"' pod.yaml\nkubectl apply -f pod.yaml", "app:1"),
    "yq with a variable": (
        "IMG=app:1 yq -i '.spec.containers[0].image = env(IMG)' pod.yaml\nkubectl apply -f pod.yaml",
        "app:1",
    ),
    "yq, printed": ("yq e '.spec.containers[].image = strenv(IMG)' pod.yaml | kubectl apply -f -", "<env IMG>"),
    "yq with a choice": (
        'yq \'(.spec.template.spec.containers[] | select(.name == "app") | .image) = "app:1"\' deploy/deployment.yaml'
        " | kubectl apply -f -",
        "app:1",
    ),
    "yq of one document": (
        'yq \'select(.kind == "Deployment") | .spec.template.spec.containers[1].image |= "app:1"\' both.yaml'
        " | kubectl apply -f -",
        "app:1",
    ),
    "yq of what has an image": (
        "IMG=app:1 yq -i '(.. | select(has(\"image\")) | .image) = env(IMG)' pod.yaml\nkubectl apply -f pod.yaml",
        "app:1",
    ),
    "yq of a list that is not there": (
        "yq '.spec.template.spec.initContainers[0].image = \"init:1\"' deploy/deployment.yaml > out.yaml\n"
        "kubectl run x --image=\"$(yq '.spec.template.spec.initContainers[0].image' out.yaml)\"",
        "init:1",
    ),
    "yq of version 3": ("yq w -i pod.yaml 'spec.containers[0].image' app:1\nkubectl apply -f pod.yaml", "app:1"),
    "yq that reads": ("IMG=$(yq '.spec.containers[0].image' pod.yaml)\nkubectl run x --image=$IMG", "app:0"),
    "jq": (
        'kubectl create -f - --dry-run=client; echo \'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},'
        '"spec":{"containers":[{"name":"a","image":"b:1"}]}}\' '
        "| jq --arg i app:1 '.spec.containers[0].image = $i' | kubectl apply -f -",
        "app:1",
    ),
}


@pytest.mark.parametrize(("script", "expected"), SCRIPTS.values(), ids=SCRIPTS)
def test_scripts(events: Run, script: str, expected: list[str | None]) -> None:
    found = events(script, FILES)
    known = [line for line in expected if line is not None]
    assert found == known if len(known) == len(expected) else set(known) <= set(found)


@pytest.mark.parametrize(("script", "expected"), MANIFESTS.values(), ids=MANIFESTS)
def test_manifests(events: Run, script: str, expected: str) -> None:
    assert f"deployed {expected}" in events(script, FILES)


@pytest.mark.parametrize(
    "started", ["/opt/tool", "bash /opt/tool", "python3 -m /opt/tool", "/tool", "python3 /opt/a.py"]
)
def test_a_program_outside_of_the_project_ends(events: Run, started: str) -> None:
    """Beside modules of Python, whose folders are looked through up to the root."""
    assert "built app:1" in events(f"{started}\ndocker build -t app:1 .\n", {"a.py": "import os\n"})
