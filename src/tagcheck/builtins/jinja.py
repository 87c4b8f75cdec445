"""Jinja2 as programs use it: environments that find templates, and templates that are rendered (Jinja 3.1)."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins import jinja_rendering
from tagcheck.builtins.api import Call
from tagcheck.builtins.paths import join_paths
from tagcheck.builtins.symbolic import as_text, combine
from tagcheck.values import EMPTY, Null, Record, Text, Value

TEMPLATE = "jinja2.Template"


def template(call: Call) -> tuple[Value, ...]:
    """A template that argument 0 is the text of."""
    return (Record(TEMPLATE, (("%template", call.argument(0)),)),)


def environment(call: Call) -> tuple[Value, ...]:
    """An environment that finds templates below the folders of its loader."""
    loader = call.machine.load(call.keywords.get("loader", call.arguments[0] if call.arguments else Null()))
    folder = loader.get("%folder") if isinstance(loader, Record) else None
    return (Record("jinja2.Environment", (("%folder", EMPTY if folder is None else folder),)),)


def loader(call: Call) -> tuple[Value, ...]:
    """A loader of the templates below the folder in argument 0; `package`: argument 1, below the package's folder."""
    given = call.argument(1 if call.with_.get("package") and len(call.arguments) > 1 else 0)
    loaded = call.machine.load(given)
    first = loaded.items[0] if isinstance(loaded, values.Sequence) and loaded.items else loaded
    return (Record("jinja2.Loader", (("%folder", first),)),)


def find(call: Call) -> tuple[Value, ...]:
    """The template of the name in argument 0, below the folder of the receiver."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    folder = held.get("%folder") if isinstance(held, Record) else None
    path = call.argument(0)
    content = call.machine.read_file(join_paths((folder, path), call.machine) if folder is not None else path)
    if content is None:
        content = call.machine.read_file(path)
    shown = call.unknown("a template that is not known") if content is None else content
    return (Record(TEMPLATE, (("%template", shown), ("%folder", EMPTY if folder is None else folder))),)


def render(call: Call) -> tuple[Value, ...]:
    """The receiver, a template, filled from argument 0, a mapping, and the keywords."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    content = held.get("%template") if isinstance(held, Record) else None
    given = call.machine.load(call.arguments[0]) if call.arguments else values.Mapping(())
    names: dict[str, Value] = {}
    for key, value in given.entries if isinstance(given, values.Mapping) else ():
        if isinstance(key, Text) and key.literal is not None:
            names[key.literal] = value
    names.update(call.keywords)
    loaded = call.machine.load(content) if content is not None else None
    if not isinstance(loaded, Text | values.Alternatives):
        return (call.unknown("an unknown template"),)
    folder = held.get("%folder") if isinstance(held, Record) else None

    def load(name: str) -> Text | None:
        path = Text.of(name) if folder is None else join_paths((folder, Text.of(name)), call.machine)
        found = call.machine.read_file(path)
        return found if isinstance(found, Text) else None

    def rendered(row: tuple[Value, ...]) -> Value:
        return jinja_rendering.render(as_text(row[0]), names, call.machine, call.identity, load, whole=True)

    return (combine((loaded,), rendered),)
