"""Parts of texts that match patterns of file names (Bash Reference Manual 5.2, section 3.5.8.1)."""

from __future__ import annotations

from tagcheck.builtins.marked import between, marked
from tagcheck.builtins.patterns import Costly, glob
from tagcheck.builtins.symbolic import derived, joined
from tagcheck.values import EMPTY, Text

LONGEST = 500
"""Characters of a text of which every beginning is tried."""


def replaced(operation: str, text: Text, wanted: str, new: Text) -> Text:
    """`${x/pattern/new}` for a pattern that is no plain text."""
    found = glob(wanted)
    if found is None:
        return derived(operation, text, Text.of(wanted), new)
    written = marked(text)
    parts: list[Text] = []
    at = 0
    try:
        while (match := found.find(written, at)) is not None and match.end() > match.start():
            parts += [between(text, at, match.start()), new]
            at = match.end()
            if operation == "replace-first":
                break
    except Costly:
        return derived(operation, text, Text.of(wanted), new)
    return joined([*parts, between(text, at, len(written))], EMPTY)


def trimmed(text: Text, wanted: str, at_end: bool, longest: bool) -> Text | None:
    """`${x#pattern}` and its like for any pattern, where the text is known."""
    found = glob(wanted)
    written = text.literal
    if found is None or written is None or len(written) > LONGEST:
        return None
    places = range(len(written) + 1)
    if at_end != longest:
        places = range(len(written), -1, -1)
    try:
        for at in places:
            if found.whole(written[at:] if at_end else written[:at]):
                return between(text, 0, at) if at_end else between(text, at, len(written))
    except Costly:
        return None
    return text
