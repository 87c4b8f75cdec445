"""A rule, explained: what `tagcheck explain` prints."""

from __future__ import annotations

import textwrap

from tagcheck.rules import Example, Rule

WIDTH = 100


def render(rule: Rule) -> str:
    """What the rule asks, why, how to repair it, and its examples."""
    state = "on" if rule.default else "off by default"
    parts = [
        f"{rule.code} {rule.name} ({rule.worst.value}, {state})",
        f"{rule.clause}\n{_folded(rule.summary)}",
        f"Why it matters\n{_folded(rule.why)}",
        f"How to fix it\n{_folded(rule.fix)}",
        *(_example("Bad", example) for example in rule.bad),
        *(_example("Good", example) for example in rule.good),
    ]
    return "\n\n".join(parts) + "\n"


def _folded(text: str) -> str:
    return "\n\n".join(textwrap.fill(" ".join(part.split()), WIDTH) for part in text.split("\n\n"))


def _example(kind: str, example: Example) -> str:
    trees = "\n".join(f"  {path}\n{textwrap.indent(text.rstrip(), '    ')}" for path, text in example.files)
    return f"{kind}: {example.title}\n{trees}".expandtabs(4)
