"""What the tasks of a playbook are given (ansible-core 2.18): the keys of a task, and the parameters of its module."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.fields import field
from tagcheck.overlays import as_text
from tagcheck.values import EMPTY, Hole, HoleKind, Number, Opaque, Sequence, Text, Value
from tagcheck.values import Mapping as MappingValue

_WORDS = frozenset(
    (
        *("name", "when", "loop", "loop_control", "register", "vars", "tags", "notify", "listen", "hosts", "args"),
        *("become", "become_user", "become_method", "connection", "remote_user", "delegate_to", "delegate_facts"),
        *("block", "rescue", "always", "ignore_errors", "ignore_unreachable", "any_errors_fatal", "changed_when"),
        *(
            "failed_when",
            "until",
            "retries",
            "delay",
            "environment",
            "no_log",
            "check_mode",
            "diff",
            "throttle",
            "async",
        ),
        *("poll", "collections", "module_defaults", "timeout", "debugger", "local_action", "action", "run_once"),
    )
)
"""Keys of a task that name no module."""


def is_module(key: Text) -> bool:
    name = key.literal
    return name is not None and name not in _WORDS and not name.startswith("with_")


def subelements(terms: Value) -> Sequence | None:
    """`with_subelements`: each item of a list with each one of a list inside of it; None if they are not known."""
    listed, key = terms.items[:2] if isinstance(terms, Sequence) and len(terms.items) > 1 else (None, None)
    name = as_text(key)
    if not isinstance(listed, Sequence) or listed.open or name is None:
        return None
    inner = [(each, field(each, str(name))) for each in listed.items]
    rows = [(each, one) for each, found in inner if isinstance(found, Sequence) for one in found.items]
    return Sequence(tuple(map(Sequence, rows)))


def entries(value: Value | None) -> Iterator[tuple[str, Value]]:
    for key, each in value.entries if isinstance(value, MappingValue) else ():
        if isinstance(key, Text) and key.literal is not None:
            yield key.literal, each


def parameters(given: Value, further: Value | None) -> MappingValue:
    """The parameters of a module; a command may be written as one text."""
    entries = list(given.entries) if isinstance(given, MappingValue) else []
    if isinstance(given, Text) and given.parts:
        entries.append((Text.of("cmd"), given))
    entries += further.entries if isinstance(further, MappingValue) else ()
    return MappingValue(tuple(entries))


def flat(given: dict[str, Value]) -> Iterator[tuple[str, Value]]:
    """Parameters, those inside of others by both names; the words of a command as one text."""
    for key, value in given.items():
        if key == "argv" and isinstance(value, Sequence):
            yield "cmd", joined(value, " ")
        elif isinstance(value, Sequence):
            yield key, joined(value, "\n")
        elif isinstance(value, MappingValue):
            yield key, joined(Sequence(tuple(_pair(name, each) for name, each in entries(value))), "\n")
            yield from ((f"{key}.{name}", each) for name, each in flat(dict(entries(value))))
        else:
            yield key, value


def _pair(name: str, value: Value) -> Value:
    return Text.of(f"{name}=") + (as_text(value) or EMPTY)


def joined(listed: Sequence, separator: str) -> Value:
    texts = [as_text(each) or EMPTY for each in listed.items if isinstance(each, Text | Number | Opaque)]
    if listed.open:
        texts.append(Text.of_hole(Hole(HoleKind.OPAQUE, "ansible:items", "items that are not known")))
    whole = EMPTY
    for number, each in enumerate(texts):
        whole += (Text.of(separator) if number else EMPTY) + each
    return whole
