"""Configuration files that Python reads (Python library reference: `tomllib`, `configparser`)."""

from __future__ import annotations

import configparser
import tomllib

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.files import held
from tagcheck.builtins.known import Unknown, valued
from tagcheck.builtins.pythoncollections import ENTRIES
from tagcheck.comparison import Same, same_key
from tagcheck.values import Null, Record, Text, Value

LONGEST = 100_000


def toml(call: Call) -> tuple[Value, ...]:
    """What argument 0, a text or a file, holds as TOML."""
    written = _literal(held(call)[0])
    try:
        if written is not None:
            return (valued(call.machine, tomllib.loads(written)),)
    except (tomllib.TOMLDecodeError, RecursionError, Unknown):
        pass
    return (call.unknown("what a configuration holds"),)


def _literal(value: Value) -> str | None:
    known = value.literal if isinstance(value, Text) else None
    return known if known is not None and len(known) <= LONGEST else None


def read_sections(call: Call) -> tuple[Value, ...]:
    """The receiver, a parser of configurations, has what the file in argument 0 holds; `of`: argument 0 is the 'text',
    or an open 'file'."""
    parser = call.machine.load(call.receiver) if call.receiver is not None else None
    match call.with_.get("of"):
        case "text":
            given: Value | None = call.machine.load(call.argument(0))
        case "file":
            given = held(Call(call.name, call.arguments[:1], call.machine, call.site, identity=call.identity))[0]
        case _:
            given = call.machine.read_file(call.argument(0))
    if not isinstance(parser, Record) or call.receiver is None:
        return (call.unknown("a parser"),)
    sections = _sections(_literal(given)) if given is not None else None
    found = values.Mapping((), open=True) if sections is None else call.machine.load(valued(call.machine, sections))
    inner = call.machine.allocate(found)
    call.machine.store(call.receiver, parser.with_field(ENTRIES, inner))
    return (call.unknown("the files that were read"),)


def _sections(written: str | None) -> dict[str, dict[str, str]] | None:
    parser = configparser.ConfigParser(strict=False)
    try:
        parser.read_string(written or "")
        return {name: dict(parser.items(name)) for name in parser.sections()} if written is not None else None
    except (configparser.Error, RecursionError):
        return None


def section_names(call: Call) -> tuple[Value, ...]:
    """The sections of the receiver."""
    found = _of(call)
    if found is None:
        return (values.Sequence((), open=True),)
    return (values.Sequence(tuple(name for name, _ in found.entries), found.open),)


def option(call: Call) -> tuple[Value, ...]:
    """The option that argument 1 names in the section that argument 0 names, else the keyword `fallback`."""
    section = _entry(_of(call), call.argument(0))
    inner = call.machine.load(section) if section is not None else None
    found = _entry(inner, call.argument(1)) if isinstance(inner, values.Mapping) else None
    if found is not None:
        return (found,)
    is_known = _of(call) is not None and isinstance(inner, values.Mapping | Null | None) and "fallback" in call.keywords
    return (call.keywords["fallback"] if is_known else call.unknown("an option of a configuration"),)


def _of(call: Call) -> values.Mapping | None:
    parser = call.machine.load(call.receiver) if call.receiver is not None else None
    inner = parser.get(ENTRIES) if isinstance(parser, Record) else None
    found = call.machine.load(inner) if inner is not None else None
    return found if isinstance(found, values.Mapping) and not found.open else None


def _entry(mapping: values.Mapping | None, name: Value) -> Value | None:
    entries = mapping.entries if mapping is not None else ()
    return next((value for key, value in entries if same_key(key, name) is Same.YES), None)
