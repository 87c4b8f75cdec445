"""What can matter to a scan, by what the catalogue says of libraries: which calls can do something to images, which
hand an object to a cluster, and which methods a framework calls."""

from __future__ import annotations

from collections.abc import Callable

from tagcheck.builtins.suites import METHOD_LISTS, PREPARING
from tagcheck.catalog import EffectKind
from tagcheck.catalogue import Tool, Tools
from tagcheck.frontends.api import EVERYTHING
from tagcheck.models import MadeOf, Model, Models

EFFECTS = frozenset(
    (
        "start-program",
        "run-program",
        "command",
        "run-words",
        "run-argument",
        "run-bound-words",
        "run-described-tasks",
        "build-step",
        "effect",
        "container-request",
        "image-stream",
    )
)
"""The operations from which an event can come. Objects handed to a Kubernetes client are not among them: product code
does that all day, and what a scenario deploys is seen when it is evaluated for another reason."""
STARTING = frozenset(
    ("start-program", "run-program", "command", "run-words", "run-argument", "run-described-tasks", "build-step")
)
"""Those that start a program, whatever it does."""
DEPLOYING = frozenset(("deploy", "mutate-and-deploy"))
"""The operations that hand an object to a cluster."""


def deploying(models: Models) -> frozenset[str]:
    """The simple names of client methods that hand an object to a cluster."""
    names = [name for name, model in models.exact.items() if model.op in DEPLOYING]
    names += [name for name, found in models.modules.items() if any(model.op in DEPLOYING for _, model in found)]
    return frozenset(name.rpartition(".")[2] for name in names)


def implicit(models: Models) -> Callable[[str], bool]:
    """Whether a test framework calls methods of a name."""
    running = [model.with_ for model in models.exact.values() if model.op == "run-methods"]
    lists = [found for with_ in running for key in METHOD_LISTS if isinstance(found := with_.get(key), list)]
    names = frozenset(str(name) for each in lists for name in each)
    beginnings = tuple(str(with_.get("tests", "Test")) for with_ in running)
    return lambda name: name in names or name.startswith(beginnings)


def preparing(models: Models) -> frozenset[str]:
    """The simple names of the functions of test frameworks that take what runs before all tests of a suite."""
    hooks = (name for name, model in models.exact.items() if model.op in _HOOKING and _phase(model) == PREPARING[0])
    return frozenset(name.rpartition(".")[2] for name in hooks if name.rpartition("/")[2].count(".") == 1)


_HOOKING = ("phase", "synchronised")


def _phase(model: Model) -> str:
    return str(model.with_.get("phase", PREPARING[0]))


class Effectful:
    """Which functions of a library module can do something to images."""

    def __init__(self, models: Models) -> None:
        self._exact: dict[str, set[str]] = {}
        self._prefixes: list[tuple[str, str]] = []
        for name, model in models.exact.items():
            if _has_effect(model):
                module, simple = _module_and_name(name)
                self._exact.setdefault(module, set()).add(simple)
        for name, value in models.values.items():
            if isinstance(value, MadeOf):
                module, simple = _module_and_name(name)
                self._exact.setdefault(module, set()).add(simple.rpartition(":")[2])
        for rest, found in models.modules.items():
            self._prefixes += [(prefix, rest.rpartition(".")[2]) for prefix, model in found if _has_effect(model)]

    def __call__(self, module: str) -> frozenset[str]:
        """The simple names of such functions in a module; none for most."""
        names = set(self._exact.get(module, ()))
        names |= {name for prefix, name in self._prefixes if module.startswith(prefix)}
        head, _, version = module.rpartition("/")
        if version[:1] == "v" and version[1:].isdigit():
            names |= self._exact.get(head, set())
        return frozenset(names)


def says_stage(models: Models, name: str) -> bool:
    """Whether a function's name alone says that it does something to images."""
    convention = models.convention(name)
    return convention is not None and convention.stage is not None


def _has_effect(model: Model) -> bool:
    return model.op in EFFECTS and not str(model.with_.get("kind", "")).startswith("cluster")


def _module_and_name(qualified: str) -> tuple[str, str]:
    """'a/b.Type.Method' → ('a/b', 'Method')."""
    module, _, name = qualified.rpartition(".")
    head, dot, type_ = module.rpartition(".")
    return (head if dot and type_[:1].isupper() else module), name


class Container:
    """Which names of a library module mean containers: EVERYTHING where it has functions that can do something to
    images, not only such as start any program. `programs` are programs that do so."""

    def __init__(self, models: Models, programs: frozenset[str]) -> None:
        self._names: dict[str, set[str]] = {}
        for name, model in models.exact.items():
            module, simple = _module_and_name(name)
            if _has_effect(model) and (model.op not in STARTING or simple in programs):
                self._names.setdefault(module, set()).add(simple)
                if model.op not in STARTING:
                    self._names[module].add(EVERYTHING)
        for name, value in models.values.items():
            if isinstance(value, MadeOf):
                module, simple = _module_and_name(name)
                self._names.setdefault(module, set()).add(simple.rpartition(":")[2])

    def __call__(self, module: str) -> frozenset[str]:
        """The simple names of such functions in a module; none for most."""
        return frozenset(self._names.get(module, ()))


def verbs_of(tools: Tools) -> dict[str, frozenset[str]]:
    """The programs that do something to images, with the first words of their verbs. Those that only run a file which
    stands beside them are none of them: that file says more."""
    found = ((name, tools.find(name)) for name in tools.programs)
    acting = ((name, tool) for name, tool in found if tool is not None and not _runs_a_file(tool))
    return {name: frozenset(path[0] for path in tool.verbs if path) for name, tool in acting}


def _runs_a_file(tool: Tool) -> bool:
    verb = tool.verbs.get(())
    return verb is not None and any(action.kind is EffectKind.PROGRAM for action in verb.actions)
