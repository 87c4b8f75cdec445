"""Under which names a file sees the packages that it imports."""

from __future__ import annotations

import re

_MAJOR = re.compile(r"v[0-9]+")
_DOTTED_MAJOR = re.compile(r"\.v[0-9]+$")


def default_names(path: str) -> tuple[str, ...]:
    """The names that a package imported as `path` can have, the likeliest first.

    The name stands in the package's own source, which may not be at hand. By custom it is the last element of the path
    without a major version ('gopkg.in/yaml.v3', 'ginkgo/v2'), without 'go-' or '-go'. Kubernetes' API packages are
    called after their version, so that name is kept as the last choice.
    """
    elements = [element for element in path.split("/") if element]
    if not elements:
        return ()
    last = elements[-1]
    if len(elements) == 1 or not _MAJOR.fullmatch(last):
        return _plain(last)
    return (last,) if last in ("v0", "v1") else (*_plain(elements[-2]), last)


def _plain(element: str) -> tuple[str, ...]:
    """The identifiers that an element of a path can stand for."""
    element = _DOTTED_MAJOR.sub("", element)
    if element.isidentifier():
        return (element,)
    words = element.removeprefix("go-").removesuffix("-go").removesuffix(".go").replace(".", "-").split("-")
    return ("_".join(words), "".join(words)) if len(words) > 1 else (words[0],)
