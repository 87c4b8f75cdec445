#!/usr/bin/env python3
"""How long a scan takes, and how much memory.

    python bench/run.py                      a made tree of 3,000 Go files and 500 manifests
    python bench/run.py --tree DIR           a tree of your own, for example a large checkout
    python bench/run.py --files 300          a smaller made tree
    python bench/run.py --python 20000       a made tree of so many Python modules
    python bench/run.py -- scan test/e2e     other arguments for tagcheck

Every run is a new process. The median of the runs counts: one slow or lucky run must not move it. `cpu` is the time of
all processes of a run, `peak` the memory of the largest one. Nothing judges the figures: no test depends on them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pytree import write_python_tree
from tree import write_tree


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, help="scan this directory instead of a made one")
    parser.add_argument("--files", type=int, default=3000, help="Go files of the made tree (default 3000)")
    parser.add_argument("--python", type=int, help="make a tree of so many Python modules instead")
    parser.add_argument("--runs", type=int, default=5, help="runs that count, after one that does not (default 5)")
    parser.add_argument("arguments", nargs="*", default=["scan"], help="arguments of tagcheck (default: scan)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = given.tree or made_tree(Path(folder), given.files, given.python)
        measure(tree, given.arguments, max(1, given.runs))
    return 0


def made_tree(folder: Path, go: int, python: int | None) -> Path:
    """A tree of so many Python modules, or else Go files."""
    return write_tree(folder, go) if python is None else write_python_tree(folder, python)


def measure(tree: Path, arguments: Sequence[str], runs: int) -> None:
    """Run tagcheck in a tree and print the figures."""
    figures = [run_once(tree, arguments) for _ in range(runs + 1)][1:]
    print(f"{runs} runs of: tagcheck {' '.join(arguments)}")
    for name, unit, values in zip(("wall", "cpu", "peak"), ("s", "s", "MB"), zip(*figures, strict=True), strict=True):
        print(f"{name:<5}{statistics.median(values):8.2f} {unit:<3} ({min(values):.2f} to {max(values):.2f})")


def run_once(tree: Path, arguments: Sequence[str]) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak megabytes of one run. The run ends the program if it fails (2)."""
    command = [sys.executable, "-c", "from tagcheck.cli import main; main()", *arguments]
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"tagcheck failed with status {process.returncode}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


if __name__ == "__main__":
    sys.exit(main())
