"""TC102, TC103: the image of a compose service that is built gets its tag from the environment.

`${IMAGE_TAG:?}` has no default: compose refuses to run where nobody chose a tag (Compose Specification, interpolation),
instead of sharing one name between all runs. In test tiers alone: elsewhere people start a stack by hand. The project's
own commands that name the image must take the same variable already; if one does not, the other scan finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tagcheck.finding import Finding
from tagcheck.fixes.edits import Edit, Proposal, Rename, applied
from tagcheck.fixes.situation import TEST_TIERS, Proposals, Repair, Situation
from tagcheck.frontends.compose import relevant
from tagcheck.frontends.yamltext import compose, decode
from tagcheck.ir import Constant, Expression, Literal, MapOf, Problem

TAG = "${IMAGE_TAG:?}"


def propose(situation: Situation, finding: Finding) -> Proposals:
    """The tag of the service whose image the finding is about."""
    path = finding.span.path
    source = situation.sources.get(path)
    if source is None or finding.tier not in TEST_TIERS or not relevant(path, source.content):
        return
    found = [(name, image) for name, image in _built(path, source.content) if image.span.contains(finding.span)]
    if len(found) != 1:
        return
    name, image = found[0]
    bare = image.text.removesuffix(":latest")
    at = source.range(image.span)
    if at is None or not bare or "$" in bare or source.content[slice(*at)] != image.text.encode():
        return
    edit = Edit(path, at[0] + len(bare.encode()), at[1], f":{TAG}".encode())
    after = dict(_built(path, applied(source.content, (edit,))))
    if name in after and after[name].text == f"{bare}:{TAG}":
        rename = Rename(image.text, f"{bare}:", begins=True)
        yield (Proposal(finding, (edit,), f"the tag comes from {TAG}", renames=(rename,)),)


@lru_cache(maxsize=2)
def _built(path: str, content: bytes) -> tuple[tuple[str, Literal], ...]:
    """The services of a compose file that are built and say what their image is called, with the name as written."""
    return tuple(_found(path, content))


def _found(path: str, content: bytes) -> Iterator[tuple[str, Literal]]:
    text = decode(path, content)
    if isinstance(text, Problem):
        return
    documents = compose(text).documents
    services = _entry(documents[0].root, "services") if len(documents) == 1 else None
    for key, service in services.entries if isinstance(services, MapOf) else ():
        image, build = _entry(service, "image"), _entry(service, "build")
        is_built = build is not None and not isinstance(build, Constant)
        if isinstance(key, Literal) and isinstance(image, Literal) and image.exact and is_built:
            yield key.text, image


def _entry(expression: Expression, name: str) -> Expression | None:
    if not isinstance(expression, MapOf):
        return None
    found = (value for key, value in expression.entries if isinstance(key, Literal) and key.text == name)
    return next(found, None)


REPAIR = Repair(frozenset({"TC102", "TC103"}), propose)
