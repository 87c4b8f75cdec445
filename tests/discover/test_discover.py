"""Which files a project has, and why others are left out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagcheck.discover import discover, git_root, is_generated, project_root, within
from tagcheck.gitindex import tracked_files


def tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def git(root: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
    return subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True).stdout


def reasons(root: Path, **options: object) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in discover(root, **options).skipped}  # type: ignore[arg-type]


def test_regular_files_sorted_with_their_sizes(tmp_path: Path) -> None:
    found = discover(tree(tmp_path, {"b.go": "bb", "a/z.go": "", "a-b.go": "1", ".hidden/c.yaml": "ccc"}))
    assert found.files == (".hidden/c.yaml", "a-b.go", "a/z.go", "b.go")
    assert found.sizes == (3, 1, 0, 2)
    assert found.skipped == ()


def test_nested_ignore_files(tmp_path: Path) -> None:
    files = {
        ".gitignore": "*.log\n/build/\n!keep.log\ntmp/\n",
        "a.log": "",
        "keep.log": "",
        "build/x.go": "",
        "sub/build/x.go": "",
        "sub/.gitignore": "!b.log\n/x.go\nkeep.log\n",
        "sub/b.log": "",
        "sub/c.log": "",
        "sub/x.go": "",
        "sub/keep.log": "",
        "sub/deep/x.go": "",
        "sub/tmp/y.go": "",
    }
    found = discover(tree(tmp_path, files))
    assert found.files == (
        *(".gitignore", "keep.log", "sub/.gitignore", "sub/b.log", "sub/build/x.go", "sub/deep/x.go"),
    )
    assert {skipped.path: skipped.reason for skipped in found.skipped} == {
        "a.log": "ignored by .gitignore",
        "build/": "ignored by .gitignore",
        "sub/c.log": "ignored by .gitignore",
        "sub/keep.log": "ignored by sub/.gitignore",
        "sub/tmp/": "ignored by .gitignore",
        "sub/x.go": "ignored by sub/.gitignore",
    }


def test_what_is_tracked_is_never_ignored(tmp_path: Path) -> None:
    root = tree(tmp_path, {".gitignore": "*.yaml\nout/\n", "a.yaml": "", "out/b.go": "", "out/c.go": "", "d.yaml": ""})
    git(root, "init", "-q")
    git(root, "add", "-f", "a.yaml", "out/b.go")
    assert discover(root).files == (".gitignore", "a.yaml", "out/b.go")


def test_vendored_backup_and_made_files(tmp_path: Path) -> None:
    names = ("vendor/a.go", "x/node_modules/a.js", "third_party/a.go", "a.go.orig", "a.yaml.bak", "a.tmpbak", "a.go~")
    made = ("venv/pyvenv.cfg", "venv/a.py", "cache/CACHEDIR.TAG", "other/.git/HEAD", "other/a.go")
    assert reasons(tree(tmp_path, dict.fromkeys((*names, *made), ""))) == {
        "vendor/": "vendored",
        "x/node_modules/": "vendored",
        "third_party/": "vendored",
        "a.go.orig": "a backup file",
        "a.yaml.bak": "a backup file",
        "a.tmpbak": "a backup file",
        "a.go~": "a backup file",
        "venv/": "made by a program (cache or environment)",
        "cache/": "made by a program (cache or environment)",
        "other/": "another repository",
    }


def test_attributes_and_configured_patterns_hold_for_tracked_files_too(tmp_path: Path) -> None:
    files = {
        ".gitattributes": "gen/** linguist-generated\n*.pb.go linguist-generated=true\n*.txt text\n",
        "gen/a.go": "",
        "x.pb.go": "",
        "notes.txt": "",
        "docs/a.yaml": "",
        "docs/.gitignore": "!a.yaml\n",
    }
    root = tree(tmp_path, files)
    git(root, "init", "-q")
    git(root, "add", "-A")
    found = discover(root, exclude=("/docs/*.yaml",))
    assert found.files == (".gitattributes", "docs/.gitignore", "notes.txt")
    assert reasons(root, exclude=("/docs/*.yaml",))["docs/a.yaml"] == (
        'excluded by "/docs/*.yaml" (exclude in the configuration)'
    )


def test_a_directory_that_is_asked_for_is_walked_although_it_is_excluded(tmp_path: Path) -> None:
    for name in ("a/b/one.go", "a/b/c/two.go", "a/other.go", "top.go"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("package a\n")
    assert discover(tmp_path, exclude=("/a/",)).files == ("top.go",)
    assert discover(tmp_path, exclude=("/a/",), asked=("a/b",)).files == ("a/b/c/two.go", "a/b/one.go", "top.go")
    # What is excluded inside of what is asked for is not asked for by name.
    assert discover(tmp_path, exclude=("/a/b/c/",), asked=("a/b",)).files == ("a/b/one.go", "a/other.go", "top.go")


def test_links_are_not_followed(tmp_path: Path) -> None:
    root = tree(tmp_path / "root", {"a/b.go": ""})
    secret = tree(tmp_path, {"secret.yaml": "x"}) / "secret.yaml"
    (root / "loop").symlink_to(root)
    (root / "a" / "up").symlink_to("..")
    (root / "out.yaml").symlink_to(secret)
    (root / "dead").symlink_to("nowhere")
    (root / "self").symlink_to("self")
    found = discover(root)
    assert found.files == ("a/b.go",)
    assert {skipped.path: skipped.reason for skipped in found.skipped} == {
        "a/up": "a symbolic link",
        "dead": "a symbolic link",
        "loop": "a symbolic link",
        "out.yaml": "a symbolic link out of the project",
        "self": "a symbolic link that leads nowhere",
    }


def test_only_regular_files_of_bounded_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "big.yaml").write_bytes(b"x" * 5)
    assert reasons(tmp_path, largest=4) == {"pipe.yaml": "not a regular file", "big.yaml": "larger than 0 MiB"}


def test_an_ignore_file_that_is_a_pipe_or_wrong_stops_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitignore")
    tree(tmp_path, {"a.go": "", "sub/b.go": "", "sub/c.go": ""})
    (tmp_path / "sub" / ".gitignore").write_bytes(b"\xff!\n!\n[\n\\\n")
    assert {"a.go", "sub/b.go", "sub/c.go"} <= set(discover(tmp_path).files)


def test_very_deep_directories_end_somewhere(tmp_path: Path) -> None:
    at = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(260):
            os.mkdir("d", dir_fd=at)
            inner = os.open("d", os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = inner
    finally:
        os.close(at)
    assert [skipped.reason for skipped in discover(tmp_path).skipped] == ["more than 200 directories deep"]


def test_starting_below_the_root(tmp_path: Path) -> None:
    root = tree(tmp_path, {".gitignore": "*.tmp\nout/\n", "a/b.go": "", "a/c.tmp": "", "out/d.go": "", "e.go": ""})
    assert discover(root, ("a", "e.go")).files == ("a/b.go", "e.go")
    assert discover(root, ("a/c.tmp",)).files == ()
    assert discover(root, ("out/d.go",)).files == ()
    assert [skipped.path for skipped in discover(root, ("out/d.go", "gone.go")).skipped] == ["gone.go", "out/"]


def test_the_root_of_a_project(tmp_path: Path) -> None:
    root = tree(tmp_path / "r", {".git/HEAD": "", "a/b.go": "", "c/d.go": ""})
    assert git_root(root / "a") == root
    assert project_root([root / "a" / "b.go", root / "c"]) == (root, True)
    assert project_root([root / "a"], root / "a") == (root / "a", True)
    bare = tree(tmp_path / "bare", {"x/y.go": "", "x/z/w.go": ""})
    assert project_root([bare / "x" / "y.go", bare / "x" / "z"]) == (bare / "x", False)
    assert within(root, [root, root / "a", bare]) == ("", "a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("// Code generated by mockgen. DO NOT EDIT.\npackage a\n", True),
        ("package a\n\n# Code generated by x. DO NOT EDIT.\n", True),
        ("package a\n// Do not edit code generated by hand\n", False),
        ('x := "Code generated by y. DO NOT EDIT."\n', False),
    ],
)
def test_generated_files_say_so(text: str, expected: bool) -> None:
    assert is_generated(text.encode()) is expected


@pytest.mark.parametrize("version", [2, 3, 4])
def test_the_index_of_git(tmp_path: Path, version: int) -> None:
    names = ["a.go", "a/b.go", "a/b/c d.go", "zäh.go", "long/" + "x" * 150 + ".go", "new.go"]
    root = tree(tmp_path, dict.fromkeys(names, "x"))
    git(root, "init", "-q")
    git(root, "add", *names[:-1])
    git(root, "add", "--intent-to-add", "new.go")
    git(root, "update-index", "--index-version", str(version))
    assert tracked_files(root) == set(names)


def test_the_index_of_a_linked_work_tree(tmp_path: Path) -> None:
    root = tree(tmp_path / "main", {"a.go": ""})
    git(root, "init", "-q")
    git(root, "add", "a.go")
    git(root, "commit", "-q", "-m", "a")
    git(root, "worktree", "add", "-q", str(tmp_path / "linked"))
    assert tracked_files(tmp_path / "linked") == {"a.go"}


def test_a_split_index_is_left_alone(tmp_path: Path) -> None:
    root = tree(tmp_path, {"a.go": ""})
    git(root, "init", "-q")
    git(root, "add", "a.go")
    git(root, "update-index", "--split-index")
    assert tracked_files(root) == frozenset()


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_broken_index_is_no_index(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ".git").mkdir(exist_ok=True)
    (tmp_path / ".git" / "index").write_bytes(b"DIRC\0\0\0\4\0\0\0\2" + data)
    assert all(isinstance(path, str) for path in tracked_files(tmp_path))


PARTS = st.sampled_from(["a", "b", "ab", "x.go", "*.go", "*", "a*", "**", "?", "[ab]"])
PATTERNS = st.lists(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "!"]),
        st.sampled_from(["", "/"]),
        st.lists(PARTS, min_size=1, max_size=3).filter(lambda parts: parts.count("**") < 2).map("/".join),
        st.sampled_from(["", "/"]),
    ),
    max_size=4,
)
FILES = ("a/a/x.go", "a/b/ab", "a/x.go", "ab", "b/a/ab/x.go", "b/x.go", "x.go")


@given(outer=PATTERNS, inner=PATTERNS)
@settings(max_examples=60, deadline=None)
def test_the_same_files_as_git(tmp_path_factory: pytest.TempPathFactory, outer: list[str], inner: list[str]) -> None:
    root = tree(tmp_path_factory.mktemp("r"), dict.fromkeys(FILES, ""))
    tree(root, {".gitignore": "\n".join(outer) + "\n", "b/.gitignore": "\n".join(inner) + "\n"})
    git(root, "init", "-q")
    expected = git(root, "ls-files", "-z", "--others", "--exclude-standard").split("\0")[:-1]
    assert list(discover(root).files) == sorted(expected)
