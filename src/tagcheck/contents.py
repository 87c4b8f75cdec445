"""The contents of a project's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tagcheck.ir import Problem


class Files:
    """The contents of a project's files, read once and kept for the scan. `replaced` are contents that stand in for
    those on disk, by path relative to the root."""

    def __init__(self, root: Path, replaced: Mapping[str, bytes] | None = None) -> None:
        self._root = root
        self._contents: dict[str, bytes | None] = dict(replaced or {})
        self.problems: list[Problem] = []

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if it cannot be read, which is noted as a problem once."""
        if path not in self._contents:
            try:
                with open(f"{self._root}/{path}", "rb") as stream:
                    self._contents[path] = stream.read()
            except OSError as error:
                self._contents[path] = None
                reason = error.strerror or "error"
                self.problems.append(Problem(path, 1, 1, f"cannot be read: {reason}; check the file's rights"))
        return self._contents[path]

    def text(self, path: str) -> str:
        content = self.read(path)
        return "" if content is None else content.decode("utf-8", "replace")

    def lines(self, path: str) -> Sequence[str]:
        """The lines of a file, as editors count them."""
        return self.text(path).split("\n")
