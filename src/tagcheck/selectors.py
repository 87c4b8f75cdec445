"""Which objects of a kustomization a patch or a replacement concerns (kustomize 5.5, `Selector`; Kubernetes, "Labels
and selectors").

Parts of the type and the name are regular expressions that must take all of the text; labels and annotations are asked
for by equality (`tier=web,stage!=test`), by sets (`tier in (web, api)`) and by presence (`tier`, `!tier`). What is not
written out in an object, and a question that is not understood, counts as a yes.
"""

from __future__ import annotations

import re

from msgspec import Struct

from tagcheck.fields import field, word
from tagcheck.values import Mapping, Text, Value

LONGEST_PATTERN = 200
_NESTED = re.compile(r"[*+}]\)*[*+{]|\)[*+{]")
"""What can make matching take exponential time."""
_REQUIREMENT = re.compile(
    r"""\s* (?P<absent>!)? \s* (?P<key>[\w./-]+) \s*
    (?: (?P<sign>==|!=|=) \s* (?P<value>[\w.-]*) | (?P<set>in|notin) \s* \( (?P<values>[^()]*) \) )? \s*""",
    re.VERBOSE,
)
_COMMA = re.compile(r",(?![^()]*\))")


FORMER_NAMES = "internal.config.kubernetes.io/previousNames"
"""The annotation that keeps what an object was called while a kustomization is built (kustomize 5.6)."""


class Target(Struct, frozen=True):
    """A question about objects; empty parts ask nothing. `exact`: the parts are texts and no expressions."""

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    labels: str = ""
    annotations: str = ""
    exact: bool = False

    def takes(self, item: Value) -> bool:
        """Whether an object is meant."""
        group, _, version = word(item, "apiVersion").rpartition("/")
        asked = (
            (self.group, group),
            (self.version, version),
            (self.kind, word(item, "kind")),
            (self.namespace, word(item, "metadata", "namespace")),
        )
        if not all(_fits(wanted, found, self.exact) for wanted, found in asked):
            return False
        if not any(_fits(self.name, each, self.exact) for each in names_of(item)):
            return False
        metadata = field(item, "metadata")
        return _has(self.labels, field(metadata, "labels")) and _has(self.annotations, field(metadata, "annotations"))


def names_of(item: Value) -> tuple[str, ...]:
    """The name of an object, and those that it had before it got a prefix or a suffix."""
    before = word(item, "metadata", "annotations", FORMER_NAMES)
    return (word(item, "metadata", "name"), *filter(None, before.split(",")))


def target_of(selector: Value | None, patch: Value) -> Target:
    """What a patch concerns: what its selector says, else its own kind and name."""
    if isinstance(selector, Mapping):
        return selected_by(selector)
    return Target(kind=word(patch, "kind"), name=word(patch, "metadata", "name"), exact=True)


def selected_by(selector: Value, *, exact: bool = False) -> Target:
    """What a selector says."""
    return Target(
        group=word(selector, "group"),
        version=word(selector, "version"),
        kind=word(selector, "kind"),
        name=word(selector, "name"),
        namespace=word(selector, "namespace"),
        labels=word(selector, "labelSelector"),
        annotations=word(selector, "annotationSelector"),
        exact=exact,
    )


def _fits(wanted: str, found: str, exact: bool) -> bool:
    """Whether an anchored regular expression takes a text; one that could take long is taken to."""
    if not wanted or wanted == found:
        return True
    if exact:
        return False
    if len(wanted) > LONGEST_PATTERN or _NESTED.search(wanted):
        return True
    try:
        return re.fullmatch(wanted, found) is not None
    except re.error:
        return False


def _has(selector: str, pairs: Value | None) -> bool:
    if not selector or (isinstance(pairs, Mapping) and pairs.open):
        return True
    return all(_meets(each, pairs) for each in _COMMA.split(selector))


def _meets(requirement: str, pairs: Value | None) -> bool:
    asked = _REQUIREMENT.fullmatch(requirement)
    if asked is None:
        return True
    found = field(pairs, asked["key"])
    if found is None:
        return bool(asked["absent"]) or asked["sign"] == "!=" or asked["set"] == "notin"
    if asked["absent"]:
        return False
    text = found.literal if isinstance(found, Text) else None
    if text is None or (asked["sign"] is None and asked["set"] is None):
        return True
    wanted = {asked["value"]} if asked["sign"] else {each.strip() for each in asked["values"].split(",")}
    return (text in wanted) == (asked["sign"] in ("=", "==") or asked["set"] == "in")
