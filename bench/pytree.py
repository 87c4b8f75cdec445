"""A made tree of Python modules, the same for the same size: packages that import each other, run programs and have
methods with everyday names, and a few modules that build, load and deploy an image through a wrapper."""

from __future__ import annotations

from pathlib import Path

GENERIC = '''"""Reads, changes and writes the records of one department."""

import json
import subprocess
from pathlib import Path
{imports}

KIND = "{kind}"


class Worker:
    def __init__(self, name, image=None):
        self.name = name
        self.image = image
        self.tool = KIND

    def run(self, *arguments):
        return subprocess.run(["git", "describe", *arguments], check=True)

    def build(self, path):
        return json.loads(Path(path).read_text())

    def load(self, path):
        return self.build(path)

    def deploy(self):
        return [each.run() for each in self.load(self.name)]


def run(command, **options):
    return {{"kind": KIND, "command": command, **options}}


def build(records):
    return [run(each, image=each) for each in records]


def test_records():
    assert build([1])
'''
"""What a module says that has nothing to do with containers, and names much that such modules name, too."""

CONTAINERS = {
    "ship/__init__.py": "",
    "ship/sh.py": """import subprocess


def run(command, **options):
    return subprocess.run(command, check=True, **options)
""",
    "ship/images.py": """from ship.sh import run


def name(service):
    return f"localhost/{service}:dev"


def build_and_load(service):
    image = name(service)
    run(["docker", "build", "-t", image, "."])
    run(["kind", "load", "docker-image", image])
""",
    "ship/main.py": """from ship.images import build_and_load
from ship.sh import run


def main():
    build_and_load("shop-api")
    run(["kubectl", "create", "deployment", "api", "--image=localhost/shop_api:dev"])


if __name__ == "__main__":
    main()
""",
}
"""A wrapper that names no program, and two modules that run programs through it."""
PER_PACKAGE = 50


def python_files(count: int) -> dict[str, str]:
    """The modules of a tree by path: `count` that have nothing to do with containers, and those that have."""
    return {**{f"dep{at // PER_PACKAGE}/part{at}.py": _generic(at) for at in range(count)}, **CONTAINERS}


def write_python_tree(folder: Path, count: int) -> Path:
    """Write a tree of Python modules into a folder."""
    for path, content in python_files(count).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


def _generic(at: int) -> str:
    others = sorted({at * 7 // 11, at // 2, max(0, at - 1)} - {at})
    imports = "\n".join(f"from dep{other // PER_PACKAGE}.part{other} import run as run{other}" for other in others)
    return GENERIC.format(imports=imports, kind=f"record{at}")
