"""What is written over, and what is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tagcheck.fixes.fixing import Change
from tagcheck.fixes.writing import NotWritten, write


def change(path: str = "a/b.yaml") -> Change:
    return Change(path, b"old\r\n", b"new\r\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "p/a").mkdir(parents=True)
    (tmp_path / "p/a/b.yaml").write_bytes(b"old\r\n")
    return tmp_path / "p"


def test_a_file_is_written_with_its_mode(root: Path) -> None:
    (root / "a/b.yaml").chmod(0o751)
    write(root, [change()])
    assert (root / "a/b.yaml").read_bytes() == b"new\r\n"
    assert (root / "a/b.yaml").stat().st_mode & 0o7777 == 0o751
    assert os.listdir(root / "a") == ["b.yaml"]


def test_the_name_of_the_temporary_file_fits(root: Path) -> None:
    name = "é" * 127
    (root / name).write_bytes(b"old\r\n")
    write(root, [change(name)])
    assert (root / name).read_bytes() == b"new\r\n"


@pytest.mark.parametrize("path", ["a/b.yaml", "link.yaml", "folder/b.yaml", "gone.yaml", "a"])
def test_nothing_is_written_where_one_file_cannot_be(root: Path, path: str) -> None:
    (root / "ok.yaml").write_bytes(b"old\r\n")
    (root / "link.yaml").symlink_to(root / "a/b.yaml")
    (root / "folder").symlink_to(root / "a")
    if path == "a/b.yaml":
        (root / path).chmod(0o444)
    with pytest.raises(NotWritten, match=r"link|read"):
        write(root, [change("ok.yaml"), change(path)])
    assert (root / "ok.yaml").read_bytes() == b"old\r\n"
    assert (root / "a/b.yaml").read_bytes() == b"old\r\n"


def test_a_file_that_has_changed_is_left_alone(root: Path) -> None:
    (root / "a/b.yaml").write_bytes(b"newer\n")
    with pytest.raises(NotWritten, match="has changed since"):
        write(root, [change()])
    assert (root / "a/b.yaml").read_bytes() == b"newer\n"


def test_a_root_behind_a_link_is_the_users_choice(root: Path) -> None:
    link = root.with_name("link")
    link.symlink_to(root)
    write(link, [change()])
    assert (root / "a/b.yaml").read_bytes() == b"new\r\n"


def test_nothing_is_left_behind_where_writing_fails(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(NotWritten, match="No space left"):
        write(root, [change()])
    assert os.listdir(root / "a") == ["b.yaml"]
    assert (root / "a/b.yaml").read_bytes() == b"old\r\n"
