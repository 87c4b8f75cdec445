"""The catalogue is read once for all the little trees: reading it takes longer than scanning one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tagcheck import analysis


@pytest.fixture(scope="session", autouse=True)
def catalogue_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("load_models", "load_tools"):
            patch.setattr(analysis, name, _once(getattr(analysis, name)))
        yield


def _once(load: Callable[..., Any]) -> Callable[..., Any]:
    cached = lru_cache(maxsize=None)(load)

    def loaded(directories: Sequence[Path], *rest: str) -> Any:
        return cached(tuple(directories), *rest)

    return loaded
