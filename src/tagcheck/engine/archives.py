"""Archives of images: which file a word means, and which images a name brings into one."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from tagcheck.comparison import Same, equal, same
from tagcheck.engine.filenames import FILE_NAME
from tagcheck.events import MADE, Event, Stage
from tagcheck.guards import Guards
from tagcheck.image import parse
from tagcheck.values import Text


def is_archive(named: Text, path: Text) -> bool:
    """Whether a word of a command line names a file; a pattern stands for all files that match it."""
    pattern = named.literal
    if pattern is not None and "*" in pattern:
        return fnmatchcase(str(path), pattern)
    if any(hole.identity.startswith(FILE_NAME) for hole in named.holes):
        return same(path, named) is not Same.NO
    return equal(path, named)


def all_tags(images: Iterable[Text], events: Iterable[Event], guards: Guards, host: str) -> tuple[Text, ...]:
    """Images with those that have no tag replaced by all that the engine of a host certainly has under the name; where
    it is not known to have one, the name stays as it is."""
    found: dict[Text, None] = {}
    for image in images:
        found.update(dict.fromkeys(_tags(image, events, guards, host) or (image,)))
    return tuple(found)


def _tags(image: Text, events: Iterable[Event], guards: Guards, host: str) -> list[Text]:
    reference = parse(image)
    if reference.tag is not None or reference.digest is not None or not reference.tag_known:
        return []
    return [
        each.image for each in events if _is_there(each, guards, host) and equal(each.reference.name, reference.name)
    ]


def _is_there(event: Event, guards: Guards, host: str) -> bool:
    return event.stage in (*MADE, Stage.PULLED) and event.host == host and event.guards.compatible(guards)
