"""CI systems: their files to the small language, a procedure for each job.

What they have in common is here once: positioned documents, statements, shells. Each system is a module with
`relevant` and `parse`.
"""

from __future__ import annotations

from tagcheck.frontends.api import Folder, Runnable
from tagcheck.frontends.ci import azure, buildkite, circleci, github, gitlab, jenkins, kubernetes_pipelines


def systems() -> tuple[Runnable, ...]:
    """The CI systems, one line each. Their files name images without naming a program, so all of them count."""
    return tuple(
        Runnable(each.LANGUAGE, each.relevant, parse_among=each.parse, always=True, folder=Folder.NONE)
        for each in (github, gitlab, circleci, azure, buildkite, jenkins, kubernetes_pipelines)
    )
