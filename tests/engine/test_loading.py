"""Modules that set themselves up for long when they are loaded: what is asked about comes afterwards."""

from __future__ import annotations

import pytest

from tagcheck.engine.loading import MOST_LOADING_STEPS
from tests.engine.conftest import Run

USE = """import subprocess
from lib import {names}

subprocess.run(["docker", "build", "-t", f"{image}", "."])
"""
SLOW = "".join(f"register('{number}')\n" for number in range(MOST_LOADING_STEPS))
LIBRARY = """def register(name):
    print(name)


PLAIN = "app"
TAG = "v1"
SETTINGS = {"tag": "v1"}
TAGS = ["v1"]
@SLOW@TAG = "v2"
SETTINGS["tag"] = "v2"
TAGS.append("v2")
"""


def built(events: Run, names: str, image: str, slow: str) -> list[str]:
    files = {"use.py": USE.format(names=names, image=image), "lib.py": LIBRARY.replace("@SLOW@", slow)}
    return events("python use.py", files)


@pytest.mark.parametrize(
    ("names", "image"),
    [
        ("TAG", "app:{TAG}"),
        ("SETTINGS", "app:{SETTINGS['tag']}"),
        ("TAGS", "app:{TAGS[-1]}"),
    ],
)
def test_what_a_module_assigns_while_it_is_loaded_is_known_if_that_is_not_long(
    names: str, image: str, events: Run
) -> None:
    assert built(events, names, image, "") == ["built app:v2"]
    assert built(events, names, image, SLOW) == ["built app:<?>"]


def test_what_is_assigned_once_is_known_however_long_the_rest_takes(events: Run) -> None:
    assert built(events, "PLAIN", "{PLAIN}:1", SLOW) == ["built app:1"]


def test_a_module_that_does_something_to_images_is_followed_further(events: Run) -> None:
    library = "import subprocess\nsubprocess.run(['docker', 'pull', 'a:1'])\n" + LIBRARY.replace("@SLOW@", SLOW)
    files = {"use.py": USE.format(names="TAG", image="app:{TAG}"), "lib.py": library}
    assert events("python use.py", files) == ["pulled a:1", "built app:v2"]
