"""Development containers: JSON with comments, and its variables."""

from __future__ import annotations

import pytest

from tagcheck.frontends import devcontainer
from tagcheck.irdump import dump_unit


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "//", "/*", '{"image": 1}', '{"image": "${"}', '"//', '{"a": "\\"//"}', "{/* \n"],
)
def test_anything_is_read(text: str) -> None:
    assert devcontainer.parse(".devcontainer.json", text.encode(), "").path == ".devcontainer.json"


def test_comments_and_variables() -> None:
    text = '{\n\t// "image": "no:1"\n\t"image": "a//b:${localEnv:TAG:x}-${devcontainerId}", /* z */\n}'
    dumped = dump_unit(devcontainer.parse(".devcontainer.json", text.encode(), ""))
    assert "no:1" not in dumped
    assert "a//b:" in dumped
    assert "environment" in dumped
    assert "devcontainerId, which the editor knows" in dumped
