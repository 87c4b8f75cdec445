"""Command lines and effects written as text, for the catalogue's examples: `<NAME>` is an unknown text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from itertools import takewhile

from msgspec.structs import fields

from tagcheck import argv
from tagcheck.catalog import Effect
from tagcheck.catalogue import Tools
from tagcheck.catalogue.line import Around
from tagcheck.values import EMPTY, Filling, Hole, HoleKind, Text

_ASSIGNMENT = re.compile(r"[A-Z_]+=.*")
_HOLE = re.compile(r"<([A-Z]+)>")


def words_of(line: str) -> tuple[Text, ...]:
    """A shell-quoted command line as words."""
    return tuple(text_of(word) for word in shlex.split(line))


def text_of(word: str) -> Text:
    whole = EMPTY
    for index, piece in enumerate(_HOLE.split(word)):
        whole += Text.of_hole(Hole(HoleKind.ENVIRONMENT, piece, piece)) if index % 2 else Text.of(piece)
    return whole


def effects_of(tools: Tools, line: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """What a command line does, as examples state it; `NAME=VALUE` words before it are its environment. The packages
    of the working directory belong to the module example.com/m."""
    words = line.split()
    given = dict(word.split("=", 1) for word in takewhile(_ASSIGNMENT.fullmatch, words))
    variables = {name: text_of(value) for name, value in {**(environment or {}), **given}.items()}
    around = Around(variables.get, _package)
    found = []
    for effect in argv.effects(tools, words_of(line)[len(given) :], around):
        tool = tools.find(effect.tool)
        found.append(written(effect, tool.reading if tool else "docker"))
    return found


def _package(folder: Text) -> Text | None:
    own = folder.without_prefix("./")
    return folder if own is None else Text.of("example.com/m/") + own


def written(effect: Effect, reading: str = "docker") -> str:
    """An effect as examples state it: its kind, then each field that is not empty; the reading if not the usual one."""
    found = [effect.kind.value]
    for one in fields(Effect):
        value = getattr(effect, one.name)
        if one.name in ("kind", "tool", "reading") or not value:
            continue
        found.append(one.name if value is True else f"{one.name}={_written(value)}")
    if effect.reading != reading:
        found.append(f"reading={effect.reading}")
    return " ".join(found)


def _written(value: Text | tuple[Text, ...]) -> str:
    texts = value if isinstance(value, tuple) else (value,)
    return ",".join(_quoted(_plain(text)) for text in texts)


def _plain(text: Text) -> str:
    return "".join(part.hole.identity.join("<>") if isinstance(part, Filling) else part.text for part in text.parts)


def _quoted(text: str) -> str:
    return f"'{text}'" if any(character in text for character in ' "\n') else text
