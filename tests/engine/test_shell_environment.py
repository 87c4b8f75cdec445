"""What shells hand to the programs that they start, and the files with settings that a run writes."""

from __future__ import annotations

import pytest

from tagcheck.comparison import Same, same

from .conftest import Run, run_script

READS = {"x.sh": 'docker push "a:${T:-none}"\n', "y.sh": "T=2\nbash x.sh\n"}
OUTSIDE = ["pushed a:<env T>", "pushed a:none"]
EXPORTS = {
    "what is not exported is not there": ("T=1\nbash x.sh", OUTSIDE),
    "what is exported later is not there before": ("T=1\nbash x.sh\nexport T\nbash x.sh", [*OUTSIDE, "pushed a:1"]),
    "what is exported stays so": (
        "export T=1\nT=2\nbash x.sh\nf() { T=3; }\nf\nbash x.sh",
        ["pushed a:2", "pushed a:3"],
    ),
    "what is exported without a value": ("export T\nT=1\nbash x.sh", ["pushed a:1"]),
    "what is exported by a function": ("f() { export T; }\nT=1\nf\nbash x.sh", ["pushed a:1"]),
    "what is exported no longer": ("export T=1\nexport -n T\nbash x.sh", ["pushed a:none"]),
    "what is declared as not exported": ("declare -x T=1\ndeclare +x T\nbash x.sh", ["pushed a:none"]),
    "what was inherited stays exported": ("T=1 bash y.sh", ["pushed a:2"]),
    "the same shell has it": ("T=1\n. ./x.sh\nbash x.sh", ["pushed a:1", *OUTSIDE]),
    "a subshell has it": ("T=1\n(. ./x.sh)\nX=$(echo $T)\ndocker push b:$X", ["pushed a:1", "pushed b:1"]),
    "envsubst": (
        "T=1\necho 'docker push a:${T}' | envsubst | sh\nexport T\necho 'docker push a:${T}' | envsubst | sh",
        ["pushed a:<env T>", "pushed a:1"],
    ),
}
SETTINGS = {
    "by turns": (
        'if [ -n "$A" ]; then echo T=1 > x.env; else echo T=2 > x.env; fi\n. ./x.env\ndocker push a:$T',
        ["pushed a:2", "pushed a:1"],
    ),
    "where nothing was written, nothing changes": (
        'T=3\nif [ -n "$A" ]; then echo T=1 > x.env; elif [ -n "$B" ]; then echo T=2 > x.env; fi\n'
        ". ./x.env\ndocker push a:$T",
        ["pushed a:3", "pushed a:2", "pushed a:1"],
    ),
    "a variable that only one case sets": (
        'echo T=1 > x.env\nif [ -n "$A" ]; then echo U=2 >> x.env; fi\n. ./x.env\ndocker push a:$T-$U',
        ["pushed a:1-2", "pushed a:1-<env U>"],
    ),
    "for compose": (
        'if [ -n "$A" ]; then echo T=1 > .env; else echo T=2 > .env; fi\ndocker compose push',
        ["pushed c:2", "pushed c:1"],
    ),
    "emptied": ("echo T=1 > x.env\n: > x.env\n. ./x.env\ndocker push a:$T", ["pushed a:<env T>"]),
    "emptied without a command": (
        "echo T=1 > x.env\n> x.env\necho U=2 >> x.env\n. ./x.env\ndocker push a:$T-$U",
        ["pushed a:<env T>-2"],
    ),
    "emptied by turns": (
        "echo T=1 > x.env\n[ -f y ] && true > x.env\n. ./x.env\ndocker push a:$T",
        ["pushed a:<env T>", "pushed a:1"],
    ),
    "whatever stands there": (
        "set -C\necho T=1 > x.env\necho T=2 >| x.env\n. ./x.env\ndocker push a:$T",
        ["pushed a:2"],
    ),
    "with the redirection in front": ("> x.env echo T=4\n. ./x.env\ndocker push a:$T", ["pushed a:4"]),
    "of two files": (
        "echo T=1 > x.env\necho U=2 > y.env\ncat x.env y.env > z.env\n. ./z.env\ndocker push a:$T-$U",
        ["pushed a:1-2"],
    ),
    "of a file and the input": (
        "echo T=1 > x.env\ncat x.env - > z.env <<EOF\nU=2\nEOF\n. ./z.env\ndocker push a:$T-$U",
        ["pushed a:1-2"],
    ),
}
PROCESSES = {
    "a function in a substitution changes nothing": (
        "T=1\nf() { T=2; echo x; }\nX=$(f)\ndocker push a:$T-$X\nf\ndocker push b:$T",
        ["pushed a:1-x", "pushed b:2"],
    ),
    "a function in a subshell neither": (
        "f() { T=2; }\nT=1\n(f; docker push a:$T)\ndocker push b:$T",
        ["pushed a:2", "pushed b:1"],
    ),
    "nor the last part of a pipeline": ("T=1\necho x | while read L; do T=$L; done\ndocker push a:$T", ["pushed a:1"]),
    "what is exported there is gone": ("f() { export T=1; bash x.sh; }\n(f)\nbash x.sh", ["pushed a:1", *OUTSIDE]),
    "a file that was made is there": (
        "n() { [ -f .tag ] || echo 1 > .tag; cat .tag; }\ndocker push a:$(n)\n[ -e .tag ] || docker push b:1",
        ["pushed a:1"],
    ),
    "a file that was there stays there": (
        "if [ -f x.tar ]; then docker push a:1; fi\nif [ ! -f x.tar ]; then docker push b:1; fi\n"
        "if [ -f x.tar ]; then docker push c:1; else docker push d:1; fi",
        ["pushed a:1", "pushed b:1", "pushed c:1", "pushed d:1"],
    ),
}
FILES = {**READS, "compose.yaml": "services: {c: {build: ., image: 'c:${T}'}}\n"}


@pytest.mark.parametrize(("script", "expected"), EXPORTS.values(), ids=EXPORTS)
def test_environments(events: Run, script: str, expected: list[str]) -> None:
    assert sorted(events(script, FILES)) == sorted(expected)


@pytest.mark.parametrize(("script", "expected"), PROCESSES.values(), ids=PROCESSES)
def test_processes_of_their_own(events: Run, script: str, expected: list[str]) -> None:
    assert sorted(events(script, FILES)) == sorted(expected)


def test_a_name_that_a_file_keeps_is_one_name() -> None:
    script = "n() { [ -f .tag ] || uuidgen > .tag; cat .tag; }\ndocker build -t a:$(n) .\ndocker push a:$(n)"
    made, pushed = run_script(script).events
    assert same(made.image, pushed.image) is Same.YES


@pytest.mark.parametrize(("script", "expected"), SETTINGS.values(), ids=SETTINGS)
def test_files_with_settings(events: Run, script: str, expected: list[str]) -> None:
    assert sorted(events(script, FILES)) == sorted(expected)


def test_a_stack_whose_files_differ_in_too_many_cases_is_a_gap(events: Run) -> None:
    cases = "".join(f'[ -n "$A{number}" ] && echo T={number} > .env\n' for number in range(20))
    assert all(each.startswith("pushed c:") for each in events(f"echo T=x > .env\n{cases}docker compose push", FILES))
