"""TC201, TC202, TC204: a name that is generated in the arguments of several calls is generated once, before the first.

The expression is the one that the finding blames, or one around it, and stands in the same list of statements more than
once, written the same way. It becomes the value of a new variable, which takes the place of each. In a shell's script,
so does the expression of a build, which takes the place of another name.
"""

from __future__ import annotations

from tagcheck.finding import Finding
from tagcheck.fixes.edits import Edit, Proposal, Rename, Use
from tagcheck.fixes.situation import Proposals, Repair, Situation, used_at
from tagcheck.fixes.sources import Source
from tagcheck.fixes.syntax.places import Repeat

NAMES = ("image", "built", "reference")
"""What the variable is called: the first that the file does not have."""


def propose(situation: Situation, finding: Finding) -> Proposals:
    """A variable for each expression around the blamed place that is written more than once."""
    path = finding.span.path
    source = situation.sources.get(path)
    at = source.range(finding.span) if source is not None else None
    if source is None or at is None:
        return
    from tagcheck.fixes.syntax import repeats

    for repeat in repeats(path, source.content, *at):
        name = next((name for name in NAMES if name not in repeat.written), None)
        edits = _edits(path, source, repeat, name) if name is not None else ()
        if edits:
            yield (Proposal(finding, edits, f"the name is generated once, as {name}"),)
    yield from _with_another(situation, finding, source, at)


def _with_another(situation: Situation, finding: Finding, source: Source, at: tuple[int, int]) -> Proposals:
    """A variable for the name that is generated where the image is built, which takes the place of the other too."""
    names, path = dict(finding.names), finding.span.path
    built, wrong = names.get("built", ()), names.get("deployed") or names.get("loaded", ())
    place, use = used_at(finding, "built"), used_at(finding, "deployed", "run") or used_at(finding, "loaded")
    if place is None or use is None or len(built) != 1 or len(wrong) != 1 or place.span.path != path:
        return
    made = source.range(place.span)
    from tagcheck.fixes.syntax import pairs

    for repeat in pairs(path, source.content, made, at) if made is not None else ():
        name = next((name for name in NAMES if name not in repeat.written), None)
        edits = _edits(path, source, repeat, name) if name is not None else ()
        if edits:
            promise = Use(use.stage, use.span, built[0])
            title = f"the name is generated once, as {name}"
            yield (Proposal(finding, edits, title, promise, (Rename(wrong[0], built[0]),)),)


def _edits(path: str, source: Source, repeat: Repeat, name: str) -> tuple[Edit, ...]:
    """The assignment on a line of its own, and the uses; none where the statement does not begin its line."""
    content = source.content
    begin = content.rfind(b"\n", 0, repeat.statement) + 1
    indentation = content[begin : repeat.statement]
    if indentation.strip(b" \t"):
        return ()
    _, line_break = source.line_end(repeat.statement)
    value = content[slice(*repeat.places[0])].decode()
    assignment = repeat.assignment.format(name, value).encode()
    uses = (Edit(path, start, end, repeat.use.format(name).encode()) for start, end in repeat.places)
    return (Edit(path, repeat.statement, repeat.statement, assignment + line_break + indentation), *uses)


REPAIR = Repair(frozenset({"TC201", "TC202", "TC204"}), propose)
