"""Under which names a file sees the packages that it imports."""

from __future__ import annotations

import re

_MAJOR = re.compile(r"v[0-9]+")
_DOTTED_MAJOR = re.compile(r"\.v[0-9]+$")


def default_names(path: str) -> tuple[str, ...]:
    """The names that a package imported as `path` can have, the likeliest first.

    The name stands in the package's own source, which may not be at hand. By custom it is the last element of the path
    without a major version ('gopkg.in/yaml.v3', 'ginkgo/v2'), without 'go-' or '-go'. Kubernetes' API packages are
    called after their version, so that name is kept as the second choice.
    """
    elements = [element for element in path.split("/") if element]
    if not elements:
        return ()
    last = elements[-1]
    if len(elements) > 1 and _MAJOR.fullmatch(last):
        before = _plain(elements[-2])
        return (last,) if last in ("v0", "v1") else (before, last)
    return (_plain(last),)


def _plain(element: str) -> str:
    element = _DOTTED_MAJOR.sub("", element)
    if element.isidentifier():
        return element
    return element.removeprefix("go-").removesuffix("-go").removesuffix(".go").replace("-", "_").replace(".", "_")
