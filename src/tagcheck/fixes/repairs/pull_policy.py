"""TC301, TC302: an image that only the nodes have is deployed with pull policy Never.

The policy's place comes from the analysis, which is exact: what stands there is a word, whether in a manifest, in a
manifest within a program's text, or in an argument. In Go it may be a constant of the Kubernetes API. Where a container
has no policy, a line is added below its image. In files of test tiers alone: a release's manifest may be deployed by
people who pull the image. Whether all images that the policy concerns are on the nodes is for the other scan to say.
"""

from __future__ import annotations

from tagcheck.finding import Finding
from tagcheck.fixes.edits import Edit, Proposal
from tagcheck.fixes.manifests import below_image
from tagcheck.fixes.situation import Proposals, Repair, Situation
from tagcheck.fixes.sources import Source

_POLICIES = (b"IfNotPresent", b"Always")
_CONSTANTS = tuple(b"Pull" + policy for policy in _POLICIES)
_TITLE = "the pull policy is Never"


def propose(situation: Situation, finding: Finding) -> Proposals:
    """The policy that is written, or one where there is none."""
    path = finding.span.path
    source = situation.sources.get(path)
    start = source.offset(finding.span.line, finding.span.column) if source is not None else None
    if source is None or start is None or not situation.is_test(path):
        return
    edit = _written(path, source, start) or _constant(path, source, start) or below_image(path, source, finding.span)
    if edit is not None:
        yield (Proposal(finding, (edit,), _TITLE),)


def _written(path: str, source: Source, start: int) -> Edit | None:
    """The policy as a word of its own."""
    for policy in _POLICIES:
        end = start + len(policy)
        if source.content[start:end] == policy and not _joins(source.content, start, end):
            return Edit(path, start, end, b"Never")
    return None


def _constant(path: str, source: Source, start: int) -> Edit | None:
    """The policy as a constant of a package, `corev1.PullAlways`."""
    if not path.endswith(".go"):
        return None
    from tagcheck.fixes.syntax.golang import selected

    field = selected(source.content, start)
    if field is None or source.content[slice(*field)] not in _CONSTANTS:
        return None
    return Edit(path, *field, b"PullNever")


def _joins(content: bytes, start: int, end: int) -> bool:
    """Whether a word goes on before or behind a stretch."""
    around = content[start - 1 : start] if start else b"", content[end : end + 1]
    return any(each.isalnum() or each == b"_" for each in around)


REPAIR = Repair(frozenset({"TC301", "TC302"}), propose)
