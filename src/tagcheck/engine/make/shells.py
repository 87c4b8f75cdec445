"""The programs that run recipes (GNU make manual 4.4, section 5.3.2)."""

from __future__ import annotations

_SHELLS = frozenset(("sh", "bash", "dash", "ksh", "zsh", "ash"))
_ARGUMENTS = frozenset(('"$@"', '"${@}"'))


def is_shell(word: str) -> bool:
    """Whether a word of a command line is a POSIX shell."""
    return word.rpartition("/")[2] in _SHELLS


def hands_on(script: str) -> bool:
    """Whether a script, given a shell's arguments, runs a shell with all of them: what it does before or after, the
    recipe's line is run as by that shell."""
    lines = (line.split() for line in script.splitlines())
    return any(words[-1] in _ARGUMENTS and any(map(is_shell, words[:-1])) for words in lines if words)
