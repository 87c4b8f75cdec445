"""From the words of a command to what it does, by the catalogue of tools.

Purpose: `effects` says what a command line does to images, clusters and programs; `output_is_unique` and
`output_identity` say what the text that it prints is worth as part of a name. Words are symbolic texts, already split
as a shell would split them.

Rejected: a parser for each tool in code; what differs between tools is their tables, which releases change.

What it cannot do: know which words an unknown word would become; such a word is an operand only where nothing else is
possible, else the effect has no images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue.expressions import evaluate, holds
from tagcheck.catalogue.line import NOTHING_KNOWN, Around, Line
from tagcheck.catalogue.reading import program_name, read
from tagcheck.catalogue.tools import Action, OutputRule, Tool, Tools, Verb
from tagcheck.catalogue.transports import copy_effects, end_of
from tagcheck.values import Hole, Text

_MANY = frozenset(
    (
        *("images", "words", "environment", "hidden", "settings", "values", "modules", "arguments", "contexts"),
        *("settings_as_json", "settings_of_files", "settings_verbatim", "environment_files"),
    )
)
_STREAMED = frozenset(("archive", "path"))
_STANDARD_STREAMS = frozenset(("-", "/dev/stdin", "/dev/stdout"))


def effects(tools: Tools, words: Sequence[Text], around: Around = NOTHING_KNOWN) -> tuple[Effect, ...]:
    """What a command line does, in order. Empty for a program or a verb that the catalogue does not have, and for a
    command that does nothing (a dry run, a call for help). `around` answers what a variable such as KIND_CLUSTER_NAME
    is for the command. Never raises."""
    recognised = recognise(tools, words, around)
    if recognised is None:
        return ()
    tool, verb, line = recognised
    dry = any(holds(condition, line) for condition in (*tool.unless, *verb.unless))
    # What a dry run prints is not what it does.
    actions = (each for each in verb.actions if not dry or each.kind is EffectKind.RENDERED)
    return tuple(effect for action in actions for effect in _effects(tools, tool, action, line))


def recognise(tools: Tools, words: Sequence[Text], around: Around = NOTHING_KNOWN) -> tuple[Tool, Verb, Line] | None:
    """The tool and verb of a command line, with its options and operands."""
    tool = tools.find(program_name(words[0])) if words else None
    found = read(tools, tool, words[1:], around) if tool is not None else None
    return None if tool is None or found is None else (tool, *found)


def _effects(tools: Tools, tool: Tool, action: Action, line: Line) -> Iterator[Effect]:
    if action.singly and line.operands:
        for operand in line.operands:
            yield from _effects_of(tools, tool, action, replace(line, operands=(operand,)))
    else:
        yield from _effects_of(tools, tool, action, line)


def _effects_of(tools: Tools, tool: Tool, action: Action, line: Line) -> Iterator[Effect]:
    items: tuple[Text | None, ...] = (None,) if action.per is None else evaluate(action.per, line)
    if not items and line.operands is None and not any(action.per.options() if action.per else ()):
        items = (None,)
    for item in items:
        if all(holds(condition, line, item) for condition in action.when):
            if action.kind is None:
                yield from _copied(tool, action, line, item)
            else:
                yield _effect(tools, tool, action.kind, action, line, item)


def _effect(tools: Tools, tool: Tool, kind: EffectKind, action: Action, line: Line, item: Text | None) -> Effect:
    found: dict[str, Any] = {}
    for name, expression in (*tool.shared, *action.texts):
        texts = evaluate(expression, line, item)
        if not texts:
            continue
        if name in _MANY:
            found[name] = texts
        elif name == "context":
            found["store"] = _cluster(texts[-1], tools.context_prefixes)
        elif name in _STREAMED and texts[-1].literal in _STANDARD_STREAMS:
            found["stdout" if kind is EffectKind.SAVED else "stdin"] = True
        else:
            found[name] = texts[-1]
    if kind is EffectKind.BASED and line.open:
        found["open"] = True
    found.update((name, holds(condition, line, item)) for name, condition in action.flags)
    if found.get("images") or line.open:
        found.update((name, False) for name in ("unnamed", "lost", "wanted") if name in found)
    return Effect(kind, tool.name, tool.reading, **found)


def _cluster(context: Text, prefixes: Sequence[str]) -> Text:
    """The name of the cluster that a kubeconfig context leads to."""
    shorter = (context.without_prefix(prefix) for prefix in prefixes)
    return next((name for name in shorter if name is not None and name.parts), context)


def _copied(tool: Tool, action: Action, line: Line, item: Text | None) -> Iterator[Effect]:
    texts = {name: evaluate(expression, line, item) for name, expression in action.texts}
    ends = (end_of(tool, _last(texts, side), _last(texts, f"{side}-is")) for side in ("from", "to"))
    yield from copy_effects(tool, *ends)


def _last(texts: Mapping[str, tuple[Text, ...]], name: str) -> Text | None:
    found = texts.get(name)
    return found[-1] if found else None


# --- what a command prints -------------------------------------------------------------------------------------------


def output_is_unique(tools: Tools, words: Sequence[Text]) -> str | None:
    """Whether a command prints another value each time it runs (a clock, a random source): None if not, or if that is
    not known; else why two values can still be equal, which is the empty text for a good source."""
    rule = _output_rule(tools, words)
    return rule.weak if rule is not None and rule.unique else None


def output_identity(tools: Tools, words: Sequence[Text]) -> tuple[str, str] | None:
    """For a command that prints the same value each time it runs in one place: the text that identifies it, and why
    two teams or runs can get the same value. None if the command is not known, or prints a unique value."""
    rule = _output_rule(tools, words)
    if rule is None or rule.unique:
        return None
    return " ".join(_identity(word) for word in words), rule.weak


def output_shape(tools: Tools, words: Sequence[Text]) -> str:
    """What all that a command prints is written in, one of SHAPES; the empty text if that is not known."""
    rule = _output_rule(tools, words)
    return rule.shape if rule is not None else ""


def output_prints(tools: Tools, words: Sequence[Text]) -> str:
    """What a command makes of its words and its input: one of PRINTS, the empty text if that is not known."""
    rule = _output_rule(tools, words)
    return rule.prints if rule is not None and not rule.unique else ""


def _identity(word: Text) -> str:
    parts = word.merged()
    return "".join(part if isinstance(part, str) else _hole_identity(part) for part in parts)


def _hole_identity(hole: Hole) -> str:
    return f"<{hole.kind.value} {hole.identity}{hole.part}>"


def _output_rule(tools: Tools, words: Sequence[Text]) -> OutputRule | None:
    if not words:
        return None
    # One command is asked for several things, and scripts run the same commands again and again.
    key = tuple(words)
    if key not in tools.output_rules:
        program = program_name(words[0]).removesuffix(".exe")
        arguments = [word.literal if word.literal is not None else str(word) for word in words[1:]]
        tools.output_rules[key] = next((each for each in tools.outputs_of(program) if _prints(each, arguments)), None)
    return tools.output_rules[key]


def _prints(rule: OutputRule, arguments: Sequence[str]) -> bool:
    remaining = iter(arguments)
    if not all(any(word == argument for argument in remaining) for word in rule.command[1:]):
        return False
    return not rule.has or any(text in argument for text in rule.has for argument in arguments)
