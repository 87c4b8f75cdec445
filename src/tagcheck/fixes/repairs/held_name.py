"""TC201, TC202, TC204: the variable that holds the built name takes the place of another name.

The place is the expression that the finding blames, or one around it that is nearest to it. The variable is in scope
there and assigned before, in the same file, as the language's syntax tree says. That it holds the name is for the other
scan to say: after the edit the stage must have the built name, not only no fault. Where two variables do, there is no
repair: which of them is meant is for a person to say.
"""

from __future__ import annotations

from tagcheck.finding import Finding, Place
from tagcheck.fixes.edits import Edit, Proposal, Rename, Use
from tagcheck.fixes.situation import Proposals, Repair, Situation, used_at
from tagcheck.fixes.sources import Source
from tagcheck.fixes.syntax.places import Site
from tagcheck.source import Span

_MADE = ("built", "tagged")
_USES = ("deployed", "run")


def propose(situation: Situation, finding: Finding) -> Proposals:
    """For each expression around the blamed place, the variables that could stand there."""
    names = dict(finding.names)
    built, wrong = names.get("built", ()), names.get("deployed") or names.get("loaded", ())
    source = situation.sources.get(finding.span.path)
    at = source.range(finding.span) if source is not None else None
    if source is None or at is None or len(built) != 1 or len(wrong) != 1 or "<?>" in built[0]:
        return
    use = _use(finding, wrong[0])
    if use is None:
        return
    from tagcheck.fixes.syntax import copies, sites

    for site in sites(finding.span.path, source.content, *at):
        yield tuple(
            Proposal(
                finding,
                (Edit(finding.span.path, site.start, site.end, name.encode()),),
                f"the name is that in {name}",
                Use(use.stage, _used_at(site, source, use), built[0]),
                (Rename(wrong[0], built[0]),),
            )
            for name in site.names
        )
    place = used_at(finding, *_MADE)
    made = source.range(place.span) if place is not None and place.span.path == finding.span.path else None
    for site in copies(finding.span.path, source.content, made, at) if made is not None else ():
        edit = Edit(finding.span.path, site.start, site.end, site.names[0].encode())
        promise = Use(use.stage, use.span, built[0])
        title = "the name is that of the image that is built"
        yield (Proposal(finding, (edit,), title, promise, (Rename(wrong[0], built[0]),)),)


def _used_at(site: Site, source: Source, use: Place) -> Span:
    """Where the use of a name is seen once a variable holds it."""
    if site.used_at is None:
        return use.span
    line, column = source.place(site.used_at)
    return Span(use.span.path, line, column, line, column)


def _use(finding: Finding, image: str) -> Place | None:
    """The place that uses an image which is not there. Two names that are generated are written the same way: then the
    stage tells which is which."""
    used = [place for place in finding.places if place.image == image and place.stage not in _MADE]
    last = [place for place in used if place.stage in _USES]
    found = last or used
    return found[0] if len(found) == 1 else None


REPAIR = Repair(frozenset({"TC201", "TC202", "TC204"}), propose)
