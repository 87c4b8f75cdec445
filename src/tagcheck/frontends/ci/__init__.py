"""CI systems: their files to the small language, a procedure for each job.

What they have in common is here once: positioned documents, statements, shells. Each system is a module with
`relevant` and `parse`.
"""

from __future__ import annotations

from tagcheck.frontends.api import Runnable
from tagcheck.frontends.ci import github


def systems() -> tuple[Runnable, ...]:
    """The CI systems, one line each. Their files name images without naming a program, so all of them count."""
    return (Runnable(github.LANGUAGE, github.relevant, parse_among=github.parse, always=True),)
