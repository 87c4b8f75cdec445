"""Front ends: text of one language to the small language."""

from __future__ import annotations

from tagcheck.frontends.api import Folder, Language, Runnable


def languages() -> tuple[Language, ...]:
    """The languages of programs that are linked, one line each; imported late, because each brings its parser."""
    from tagcheck.frontends import golang, python
    from tagcheck.frontends.golang import project as go_project
    from tagcheck.frontends.python import project as python_project
    from tagcheck.frontends.python.outline import outline as python_outline

    return (
        Language("go", (".go",), go_project.layout, golang.parse, exports=go_project.is_exported),
        Language("python", python_project.SUFFIXES, python_project.layout, python.parse, True, python_outline),
    )


def runnables() -> tuple[Runnable, ...]:
    """The kinds of files that run by themselves, one line each; a file is of the first kind that takes it."""
    from tagcheck.frontends import (
        ansible,
        bake,
        chart,
        ci,
        clustertests,
        compose,
        devcontainer,
        dockerfile,
        jinja,
        make,
        shell,
        skaffold,
        terraform,
        werf,
    )
    from tagcheck.frontends.make import goals
    from tagcheck.frontends.python import bazel, starlark

    return (
        Runnable("dockerfile", dockerfile.relevant, dockerfile.parse, always=True, is_leaf=True),
        Runnable("compose", compose.relevant, compose.parse, always=True, beside=(".env",)),
        Runnable("skaffold", skaffold.relevant, skaffold.parse, always=True),
        Runnable("devcontainer", devcontainer.relevant, devcontainer.parse, always=True),
        Runnable("werf", werf.relevant, werf.parse, always=True, beside=(".helm/",)),
        Runnable("starlark", starlark.relevant, parse_among=starlark.parse, always=True),
        Runnable("bazel", bazel.relevant, parse_among=bazel.parse, called_by=bazel.PROGRAMS, counts=bazel.counting),
        Runnable("bake", bake.relevant, bake.parse, always=True),
        Runnable(
            *("terraform", terraform.relevant),
            parse_among=terraform.parse,
            always=True,
            folder=Folder.OWNED,
            stated=True,
        ),
        Runnable("helm", chart.relevant, chart.parse, always=True, folder=Folder.OWNED),
        Runnable("jinja", jinja.relevant, jinja.parse, always=True),
        Runnable("ansible", ansible.relevant, ansible.parse, always=True, beside=ansible.BESIDE),
        Runnable("cluster-suite", clustertests.is_suite, clustertests.parse, always=True, folder=Folder.OWNED),
        Runnable("cluster-test", clustertests.relevant, clustertests.parse, folder=Folder.OWNED),
        Runnable("make", make.relevant, make.parse, called_by=("make", "gmake", "MAKE"), goals=goals.goals),
        *ci.systems(),
        Runnable("shell", shell.relevant, shell.parse, folder=Folder.NONE),
        *ci.systems(),
    )


def meant_by_folder() -> frozenset[str]:
    """The names of files that do not run by themselves and that others mean by their folder."""
    from tagcheck.frontends import kustomize
    from tagcheck.frontends.ci import github

    return frozenset((*kustomize.NAMES, *github.ACTIONS))
