"""Scripts whose options are not known: each of them is given or not, whatever the others are (bash 5.2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagcheck.analysis import analyse
from tagcheck.config import Config
from tagcheck.contents import Files
from tagcheck.discover import discover
from tagcheck.guards import ALWAYS

from .trees import write

USE = """
docker build -t "web:$TAG" .
if [[ "$LOAD" == true ]]; then kind load docker-image "web:$TAG"; fi
"""

FORMS = {
    "while and case": """
while [[ $# -gt 0 ]]; do
  case "$1" in
    -t|--tag) TAG="$2"; shift 2 ;;
    --load) LOAD=true; shift ;;
    -h|--help) echo usage; exit 0 ;;
    *) echo unknown; exit 1 ;;
  esac
done
""",
    "a variable, and one shift for all": """
while [ -n "${1:-}" ]; do
  key="$1"
  case $key in
    --tag) shift; TAG=$1 ;;
    --load) LOAD=true ;;
    *) REST+=("$1") ;;
  esac
  shift
done
""",
    "if and else": """
while (( $# )); do
  if [[ $1 == --load ]]; then LOAD=true; shift
  elif [[ "$1" = "--tag" ]]; then TAG=$2; shift; shift
  else break; fi
done
""",
    "without end": """
while true; do
  case "$1" in
    --tag ) TAG="$2"; shift 2 ;;
    --load ) LOAD=true; shift ;;
    -- ) shift; break ;;
    * ) break ;;
  esac
done
""",
    "continue": """
while test $# -gt 0; do
  case $1 in
    --load) LOAD=true; shift; continue ;;
    --tag) TAG=$2; shift 2; continue ;;
  esac
  shift
done
""",
    "a value behind a sign": """
for arg in "$@"; do
  case "$arg" in
    --tag=*) TAG="${arg#*=}" ;;
    --load) LOAD=true ;;
  esac
done
""",
    "without a list": """
for arg; do
  case $arg in --tag=*) TAG=${arg#--tag=} ;; --load) LOAD=true ;; *) exit 2 ;; esac
done
""",
    "getopts": """
while getopts ":t:lh" opt; do
  case $opt in
    t) TAG="$OPTARG" ;;
    l) LOAD=true ;;
    h) exit 0 ;;
    \\?) exit 1 ;;
  esac
done
shift $((OPTIND - 1))
""",
    "a function": """
read_options() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --tag) TAG="$2"; shift 2 ;;
      --load) LOAD=true; shift ;;
      *) return 1 ;;
    esac
  done
}
read_options "$@"
""",
}


def _names(text: str, tmp_path: Path) -> dict[str, set[str]]:
    root = write({"e2e.sh": text}, tmp_path / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    names: dict[str, set[str]] = {}
    for scenario in found.scenarios:
        for event in scenario.events:
            names.setdefault(event.stage.value, set()).add(str(event.image))
    return names


@pytest.mark.parametrize("form", FORMS)
def test_each_option_is_given_or_not_whatever_the_others_are(form: str, tmp_path: Path) -> None:
    names = _names(f"TAG=dev\nLOAD=false\n{FORMS[form]}{USE}", tmp_path)
    built = names["built"]
    assert "web:dev" in built
    assert len(built) == 2
    assert all(name.startswith("web:<param -") for name in built - {"web:dev"})
    assert names["loaded"] == built


def test_an_option_that_ends_the_script_leaves_what_it_did_to_its_own_run(tmp_path: Path) -> None:
    text = """
for arg in "$@"; do
  case $arg in --clean) docker rmi web:dev; exit 0 ;; --tag=*) TAG=${arg#*=} ;; esac
done
docker build -t "web:${TAG:-dev}" .
"""
    assert _names(text, tmp_path)["removed"] == {"web:dev"}
    root = tmp_path / "repository"
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    removed, *built = found.scenarios[0].events
    assert all(removed.guards.and_(each.guards) is None for each in built)


def test_subcommands_can_be_given_one_after_the_other(tmp_path: Path) -> None:
    text = """
for command in "$@"; do
  case "$command" in
    build) docker build -t "web:$(git rev-parse HEAD)" . ;;
    load) kind load docker-image "web:$(git rev-parse HEAD)" ;;
  esac
done
"""
    names = _names(text, tmp_path)
    assert names["built"] == names["loaded"]
    root = tmp_path / "repository"
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    built, loaded = found.scenarios[0].events
    assert built.guards.and_(loaded.guards) is not None


def test_words_that_change_nothing_are_one_command_however_many_there_are(tmp_path: Path) -> None:
    names = ("PULL", "CACHE", "QUIET", "SQUASH", "PLATFORM", "PROGRESS", "LABEL")
    defaults = "".join(f'{name}=${{{name}:-"--label {name}"}}\n' for name in names)
    text = f"{defaults}docker build {' '.join(f'${name}' for name in names)} -t web:dev .\n"
    root = write({"e2e.sh": text}, tmp_path / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    assert [(str(event.image), event.guards) for event in found.scenarios[0].events] == [("web:dev", ALWAYS)]


def test_commands_that_all_do_the_same_are_one_whatever_the_conditions_are(tmp_path: Path) -> None:
    text = """
if [[ $SOURCE =~ mgmt ]] || [[ $SOURCE =~ private ]]; then if [ "$CI" != true ]; then FROM="--a $WHO"; fi; fi
if [[ $TARGET =~ mgmt ]]; then if [ "$CI" != true ]; then TO="--b $WHO"; fi; fi
ARCH=-a
if [[ $TARGET =~ public ]] || [[ $TARGET =~ market ]]; then ARCH="--c d"; fi
docker run --rm copier:dev copy $ARCH $FROM $TO
docker build -t copier:dev .
"""
    root = write({"e2e.sh": text}, tmp_path / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    assert [str(event.image) for event in found.scenarios[0].events] == ["copier:dev", "copier:dev"]
