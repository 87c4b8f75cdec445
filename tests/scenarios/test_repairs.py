"""Repairs of little trees written here: what they change to the byte, and where they leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_fixes import fixed
from .trees import write

SETUP = """\
package e2e

import (
	"os/exec"

	"github.com/google/uuid"
)

func fresh(name string) string {
	return "localhost/" + name + ":" + name + "-" + uuid.NewString()
}

func build(image string) error {
	return exec.Command("podman", "build", "-t", image, ".").Run()
}

func load(image string) error {
	return exec.Command("kind", "load", "docker-image", image).Run()
}

func deploy(name, image string) error {
	return exec.Command("kubectl", "run", name, "--image="+image, "--image-pull-policy=Never").Run()
}

// SetUp brings up what the suite needs.
func SetUp() error {
%s}
"""

MANIFEST = """\
apiVersion: v1
kind: Pod
metadata:
  name: relay
spec:
  containers:
  - image: localhost/relay:e2e # the relay
    name: relay
  - name: proxy
    image: docker.io/envoyproxy/envoy:v1.31.0
"""

SCRIPT = """\
#!/bin/sh
set -e
kind create cluster
docker build -t localhost/relay:e2e .
kind load docker-image localhost/relay:e2e
kubectl apply -f test/e2e/relay.yaml
"""


def go(*statements: str) -> str:
    return SETUP % "".join(f"\t{line}\n" for line in statements)


def repaired(files: dict[str, str | bytes], directory: Path) -> dict[str, bytes]:
    """The files that repairs change, with their contents after them."""
    root = write({}, directory / "repository")
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    outcome, _ = fixed(root)
    return {change.path: change.after for change in outcome.changes}


# --- pull policies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_container_gets_a_policy_below_its_image(tmp_path: Path, line_break: str, mark: str) -> None:
    before = mark + MANIFEST.replace("\n", line_break)
    after = before.replace("# the relay", f"# the relay{line_break}    imagePullPolicy: Never")
    found = repaired({"e2e.sh": SCRIPT, "test/e2e/relay.yaml": before.encode()}, tmp_path)
    assert found == {"test/e2e/relay.yaml": after.encode()}


def test_a_container_in_one_line_is_left_alone(tmp_path: Path) -> None:
    manifest = MANIFEST[: MANIFEST.index("  - image")] + "  - {image: localhost/relay:e2e, name: relay}\n"
    assert repaired({"e2e.sh": SCRIPT, "test/e2e/relay.yaml": manifest}, tmp_path) == {}


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_policy_that_is_written_is_replaced_in_its_quotes(tmp_path: Path, quote: str) -> None:
    line = f"    imagePullPolicy: {quote}%s{quote} # a comment"
    before = MANIFEST.replace("    name: relay\n  -", f"    name: relay\n{line % 'Always'}\n  -")
    found = repaired({"e2e.sh": SCRIPT, "test/e2e/relay.yaml": before}, tmp_path)
    assert found == {"test/e2e/relay.yaml": before.replace("Always", "Never").encode()}


def test_what_is_not_the_tests_own_is_left_alone(tmp_path: Path) -> None:
    script = SCRIPT.replace("test/e2e/", "config/")
    assert repaired({"e2e.sh": script, "config/relay.yaml": MANIFEST}, tmp_path) == {}


def test_a_policy_that_others_share_is_left_alone(tmp_path: Path) -> None:
    other = SCRIPT.replace("localhost/relay:e2e", "localhost/other:e2e").replace("docker build", "docker pull")
    assert repaired({"e2e.sh": SCRIPT, "hack/other-e2e.sh": other, "test/e2e/relay.yaml": MANIFEST}, tmp_path) == {}


def test_a_policy_that_a_foreign_image_shares_is_left_alone(tmp_path: Path) -> None:
    files = go(
        'image := fresh("relay")',
        "build(image)",
        "load(image)",
        'deploy("db", "docker.io/library/postgres:16")',
        'return deploy("relay", image)',
    ).replace("policy=Never", "policy=IfNotPresent")
    assert repaired({"test/e2e/setup.go": files}, tmp_path) == {}
    alone = files.replace('	deploy("db", "docker.io/library/postgres:16")\n', "")
    after = alone.replace("policy=IfNotPresent", "policy=Never").encode()
    assert repaired({"test/e2e/setup.go": alone}, tmp_path) == {"test/e2e/setup.go": after}


# --- compose ---------------------------------------------------------------------------------------------------------

STACK = """\
services:
  api:
    image: localhost/api:latest
    build: .
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("image: localhost/api:latest", "image: localhost/api:${IMAGE_TAG:?}"),
        ("image: 'localhost/api:latest'", "image: 'localhost/api:${IMAGE_TAG:?}'"),
        ('image: "localhost/api" # api', 'image: "localhost/api:${IMAGE_TAG:?}" # api'),
    ],
)
def test_a_service_that_is_built_gets_its_tag_from_outside(tmp_path: Path, before: str, after: str) -> None:
    stack = STACK.replace("image: localhost/api:latest", before)
    found = repaired({"test/e2e/compose.yaml": stack}, tmp_path)
    assert found == {"test/e2e/compose.yaml": stack.replace(before, after).encode()}


@pytest.mark.parametrize(
    "stack",
    [
        STACK.replace("    build: .\n", ""),
        STACK.replace("    build: .", "    build:"),
        STACK.replace("localhost/api:latest", "localhost/api:${TAG:-latest}"),
        "services: {api: {image: localhost/api:latest, build: .}}\n",
        STACK.replace("  api:\n", "  one: &one\n") + "  two: *one\n",
    ],
)
def test_other_services_are_left_alone(tmp_path: Path, stack: str) -> None:
    assert repaired({"test/e2e/compose.yaml": stack}, tmp_path) == {}


def test_a_stack_that_people_start_is_left_alone(tmp_path: Path) -> None:
    assert repaired({"compose.yaml": STACK}, tmp_path) == {}


def test_a_name_that_another_command_writes_out_is_left_alone(tmp_path: Path) -> None:
    script = "#!/bin/sh\ndocker compose -f test/e2e/compose.yaml build\nkind load docker-image localhost/api:latest\n"
    assert repaired({"e2e.sh": script, "test/e2e/compose.yaml": STACK}, tmp_path) == {}


# --- the variable that holds the name --------------------------------------------------------------------------------

HELD = ('image := fresh("relay")', "build(image)", "load(image)")


def test_a_variable_takes_the_place_of_a_name(tmp_path: Path) -> None:
    before = go(*HELD, 'return deploy("relay", "localhost/relay:e2e")')
    after = go(*HELD, 'return deploy("relay", image)')
    assert repaired({"test/e2e/setup.go": before}, tmp_path) == {"test/e2e/setup.go": after.encode()}


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(
            (*HELD, "same := image", "build(same)", 'return deploy("relay", "localhost/relay:e2e")'), id="two"
        ),
        pytest.param(("{", *HELD, "}", 'return deploy("relay", "localhost/relay:e2e")'), id="no longer in scope"),
        pytest.param(
            (*HELD, 'only := "relay:e2e"', 'return deploy("relay", "localhost/"+only)'), id="a variable left unused"
        ),
    ],
)
def test_names_in_go_that_are_left_alone(tmp_path: Path, statements: tuple[str, ...]) -> None:
    assert repaired({"test/e2e/setup.go": go(*statements)}, tmp_path) == {}


def test_an_import_is_not_left_unused(tmp_path: Path) -> None:
    other = go(*HELD, 'return deploy("relay", strings.ToLower("localhost/relay:e2e"))')
    other = other.replace('	"os/exec"\n', '	"os/exec"\n	"strings"\n')
    assert repaired({"test/e2e/setup.go": other}, tmp_path) == {}


def test_a_constant_of_a_type_of_its_own_is_left_alone(tmp_path: Path) -> None:
    typed = go(*HELD, 'return deploy("relay", "localhost/relay:e2e")')
    typed = typed.replace(
        "func deploy(name, image string)", "type Image string\n\nfunc deploy(name string, image Image)"
    )
    typed = typed.replace('"--image="+image', '"--image="+string(image)')
    assert repaired({"test/e2e/setup.go": typed}, tmp_path) == {}


PYTHON = """\
import subprocess
import uuid

image = f"localhost/relay:{uuid.uuid4().hex}"
subprocess.run(["docker", "build", "-t", image, "."], check=True)


def load():
    subprocess.run(["kind", "load", "docker-image", "localhost/relay:e2e"], check=True)
%s

load()
"""


def test_a_variable_of_a_module_takes_the_place_of_a_name(tmp_path: Path) -> None:
    before = (PYTHON % "").encode().replace(b"\n", b"\r\n")
    after = before.replace(b'"localhost/relay:e2e"', b"image")
    assert repaired({"e2e/load.py": before}, tmp_path) == {"e2e/load.py": after}


def test_a_variable_that_a_function_binds_itself_is_another(tmp_path: Path) -> None:
    assert repaired({"e2e/load.py": PYTHON % '    image = "other"\n'}, tmp_path) == {}


def test_a_file_that_is_no_utf_8_is_left_alone(tmp_path: Path) -> None:
    before = "# é\n".encode("latin-1") + (PYTHON % "").encode()
    assert repaired({"e2e/load.py": before}, tmp_path) == {}


SHELL = """\
#!/bin/sh
image="localhost/relay:$(date +%%s%%N)-$$"
docker build -t "$image" .
%s
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("kind load docker-image localhost/relay:e2e", 'kind load docker-image "$image"'),
        ("kind load docker-image 'localhost/relay:e2e'", ""),
        ("kind load docker-image localhost/relay:e2e && echo ok", 'kind load docker-image "$image" && echo ok'),
        (
            '(image=other)\nkind load docker-image "localhost/relay:e2e"',
            '(image=other)\nkind load docker-image "$image"',
        ),
        ('image=other\nkind load docker-image "localhost/relay:e2e"', ""),
    ],
)
def test_a_shell_variable_takes_the_place_of_a_word(tmp_path: Path, before: str, after: str) -> None:
    wanted = {"e2e.sh": (SHELL % after).encode()} if after else {}
    assert repaired({"e2e.sh": SHELL % before}, tmp_path) == wanted


POD = """kubectl apply -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: %s
      imagePullPolicy: Never
EOF
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "kubectl run web --image=localhost/relay:e2e --image-pull-policy=Never",
            'kubectl run web --image="$image" --image-pull-policy=Never',
        ),
        ("kubectl set image deployment/web web=localhost/relay:e2e", 'kubectl set image deployment/web web="$image"'),
        (POD % "localhost/relay:e2e", POD % "${image}"),
        (POD.replace("EOF", "'EOF'", 1) % "localhost/relay:e2e", ""),
    ],
)
def test_a_shell_variable_takes_the_place_of_a_part_of_a_word(tmp_path: Path, before: str, after: str) -> None:
    load = 'kind load docker-image "$image"\n'
    wanted = {"e2e.sh": (SHELL % (load + after)).encode()} if after else {}
    assert repaired({"e2e.sh": SHELL % (load + before)}, tmp_path) == wanted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'docker build -t "localhost/web:$(uuidgen)" . && kind load docker-image "localhost/web:$(uuidgen)"\n',
            'image="localhost/web:$(uuidgen)"\ndocker build -t "$image" . && kind load docker-image "$image"\n',
        ),
        (
            'docker build --tag="localhost/web:$(uuidgen)" .\n'
            'if ! kind load docker-image "localhost/web:$(uuidgen)"; then\n  exit 1\nfi\n',
            'image="localhost/web:$(uuidgen)"\ndocker build --tag="$image" .\n'
            'if ! kind load docker-image "$image"; then\n  exit 1\nfi\n',
        ),
        (
            'docker build -t "localhost/web:$(uuidgen)" .\nkind load docker-image localhost/web:latest\n',
            'image="localhost/web:$(uuidgen)"\ndocker build -t "$image" .\nkind load docker-image "$image"\n',
        ),
        (
            'TAG=$(uuidgen)\ndocker build -t "localhost/web:$TAG" .\nkind load docker-image localhost/web:latest\n',
            'TAG=$(uuidgen)\ndocker build -t "localhost/web:$TAG" .\nkind load docker-image "localhost/web:$TAG"\n',
        ),
        (
            'build() {\n  docker build -t "localhost/web:$(uuidgen)" .\n}\nbuild\n'
            'kind load docker-image "localhost/web:$(uuidgen)"\n',
            "",
        ),
        (
            'for each in a b; do\n  docker build -t "localhost/web:$(uuidgen)" .\ndone\n'
            'kind load docker-image "localhost/web:$(uuidgen)"\n',
            "",
        ),
    ],
)
def test_a_shell_generates_a_name_once(tmp_path: Path, before: str, after: str) -> None:
    wanted = {"e2e/run.sh": f"#!/bin/bash\n{after}".encode()} if after else {}
    assert repaired({"e2e/run.sh": f"#!/bin/bash\n{before}"}, tmp_path) == wanted


# --- names that are generated more than once -------------------------------------------------------------------------

TWICE = (
    'if err := build(fresh("relay")); err != nil {',
    "\treturn err",
    "}",
    'load(fresh("relay"))',
    'return deploy("relay", fresh("relay"))',
)


def test_a_name_is_generated_once_in_go(tmp_path: Path) -> None:
    after = go('image := fresh("relay")', *(line.replace('fresh("relay")', "image") for line in TWICE))
    assert repaired({"test/e2e/setup.go": go(*TWICE)}, tmp_path) == {"test/e2e/setup.go": after.encode()}


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(("for range 3 {", '\tbuild(fresh("relay"))', "}", *TWICE[3:]), id="in a loop"),
        pytest.param(("go func() {", '\tbuild(fresh("relay"))', "}()", *TWICE[3:]), id="in a closure"),
        pytest.param(
            ('name := "relay"', "build(fresh(name))", 'name = "other"', "load(fresh(name))", "return nil"), id="changed"
        ),
    ],
)
def test_names_generated_in_go_that_are_left_alone(tmp_path: Path, statements: tuple[str, ...]) -> None:
    assert repaired({"test/e2e/setup.go": go(*statements)}, tmp_path) == {}


def test_a_name_is_generated_once_in_python(tmp_path: Path) -> None:
    text = (
        'import subprocess\nimport uuid\n\n\ndef fresh(name):\n    return f"localhost/{name}:{uuid.uuid4().hex}"\n\n\n'
        'def main():\n    print("images")\n%s    subprocess.run(["docker", "build", "-t", %s, "."], check=True)\n'
        '    subprocess.run(["kind", "load", "docker-image", %s], check=True)\n\n\nmain()\n'
    )
    call = 'fresh("store")'
    found = repaired({"e2e/run.py": text % ("", call, call)}, tmp_path)
    assert found == {"e2e/run.py": (text % (f"    image = {call}\n", "image", "image")).encode()}


def test_a_name_is_generated_once_in_a_script(tmp_path: Path) -> None:
    text = "#!/bin/sh\n%sdocker build -t %s .\nkind load docker-image %s\n"
    word = '"localhost/relay:$(date +%s%N)-$$-$RANDOM"'
    found = repaired({"e2e.sh": text % ("", word, word)}, tmp_path)
    assert found == {"e2e.sh": (text % (f"image={word}\n", '"$image"', '"$image"')).encode()}
