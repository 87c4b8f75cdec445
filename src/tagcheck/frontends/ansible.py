"""Ansible playbooks: each as something that can be run (ansible-core 2.18). What its tasks do depends on variables and
modules, and is not computed here."""

from __future__ import annotations

import re

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.yamltext import compose, decode

LANGUAGE = "ansible"
SUFFIXES = (".yml", ".yaml")
BESIDE = tuple(
    f"{each}/"
    for each in ("roles", "../roles", "group_vars", "host_vars", "vars", "tasks", "templates", "files", "defaults")
)
"""Folders with files that a playbook reads without naming them as they are called."""
_PLAY = re.compile(rb"(?m)^(?:- +|  +)hosts *:")
_DOES = (b"tasks:", b"roles:", b"import_playbook:")
_LIST = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*|---[^\n]*)?\r?\n)*- ")


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a list of plays."""
    return (
        path.endswith(SUFFIXES)
        and _LIST.match(content) is not None
        and any(each in content for each in _DOES)
        and (_PLAY.search(content) is not None or b"import_playbook:" in content)
    )


def parse(path: str, content: bytes, module: str) -> Unit:
    """A playbook as a unit with one procedure, `ansible:path`, that states it. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    end = text.position(len(text.text))
    span = text.span(0, len(text.text)) if end.line else text.span(0, 0)
    stated = ir.Use(ir.Role.PLAYBOOK, ir.Literal(path, span, exact=False), span)
    procedure = ir.Procedure(f"ansible:{path}", module, (), lambda: (stated,), span)
    name = path.rpartition("/")[2]
    problems = compose(text).problems
    entries = ((name, EntryKind.FILE),)
    return Unit(path, LANGUAGE, module, procedures={name: procedure}, entries=entries, problems=problems)
