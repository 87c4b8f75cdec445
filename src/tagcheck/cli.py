"""The command line.

Everything but click is imported by the command that needs it: `tagcheck --version` costs little more than starting
Python. Reports go to standard output alone, everything else to standard error. Exit status: 0 nothing at or above
`--fail-on`, 1 something, 2 usage, configuration, input or output, or a fault of tagcheck itself.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from tagcheck import __version__
from tagcheck.numerals import natural

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from tagcheck.config import Config
    from tagcheck.finding import Finding
    from tagcheck.fixes.fixing import Outcome
    from tagcheck.request import Report, ScanRequest
    from tagcheck.rules import Rules

_Result = TypeVar("_Result")

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown", "html")
"""The formats of the contract; `tagcheck.report.FORMATS` has those that there are."""

_rules_option = click.option("--rules", "rules", multiple=True, metavar="DIR", help="Add the rules of a directory.")
_config_option = click.option("--config", metavar="FILE", help="Settings of this file instead of the project's.")
_project_option = click.option("--project", metavar="DIR", help="The project's root, instead of the git root.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tagcheck", message="%(prog)s %(version)s")
def cli() -> None:
    """Checks that container image names agree between build, load and deploy (DD-TEST-001)."""


@cli.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", multiple=True, metavar="FORMAT=FILE", help="Write a report to a file as well; repeatable.")
@click.option("--select", multiple=True, metavar="CODES", help="Only these rules: TC201,TC3 or names; repeatable.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules; repeatable.")
@_config_option
@_project_option
@click.option("--certainty", type=click.Choice(["certain", "likely"]), default="certain", show_default=True)
@click.option("--fail-on", type=click.Choice(["error", "warning", "info"]), help="Lowest severity for exit status 1.")
@click.option("--since", metavar="REV", help="Say which findings are newer than a revision.")
@click.option("--baseline", metavar="FILE", help="Leave out the findings of an earlier JSON report.")
@_rules_option
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("--dump-ir", metavar="FILE", help="Print how a source file is understood, and do not scan.")
def scan(
    paths: tuple[str, ...],
    format_: str,
    output: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: str | None,
    project: str | None,
    certainty: str,
    fail_on: str | None,
    since: str | None,
    baseline: str | None,
    rules: tuple[str, ...],
    color: str,
    dump_ir: str | None,
) -> int:
    """Scan the project that the PATHs (default: .) belong to and report what concerns them."""
    if dump_ir is not None:
        _write(_dump_ir(dump_ir))
        return 0
    if since is not None:
        _fail("--since is not available in this version; compare with --baseline")
    outputs = [_output(text) for text in output]
    for name in (format_, *(name for name, _ in outputs)):
        _available(name)
    request = _request(paths, config, project, rules, _codes(select), _codes(ignore), certainty)
    report = _scan(request)
    if baseline is not None:
        report = _without_known(report, baseline)
    for name, path in outputs:
        _save(path, _rendered(report, name, color=False))
    _write(_rendered(report, format_, color=_colored(color)))
    if not report.summary.files:
        from tagcheck.report.display import nothing_to_scan

        _note(nothing_to_scan(report.summary))
    least = _severity_rank(fail_on or request.config.fail_on.value)
    return int(any(finding.severity.rank >= least for finding in report.findings))


@cli.command()
@_rules_option
@_config_option
@_project_option
def rules(rules: tuple[str, ...], config: str | None, project: str | None) -> int:
    """List the rules: code, name, highest severity, whether it is on."""
    from tagcheck.report.display import printable

    catalogue = _load_rules(_directories(rules))
    settings = _config(_root((), project), config)
    active = catalogue.active(settings.select, (*settings.ignore, *settings.disable), settings.enable)
    width = max((len(rule.name) for rule in catalogue.all), default=0)
    for rule in catalogue.all:
        state = "on " if rule.code in active else "off"
        line = f"{rule.code}  {rule.name:<{width}}  {rule.worst.value:<7}  {state}  {rule.summary}"
        _write(printable(" ".join(line.splitlines())) + "\n")
    return 0


@cli.command()
@click.argument("code")
@_rules_option
def explain(code: str, rules: tuple[str, ...]) -> int:
    """Explain a rule, by its CODE or name, with examples."""
    catalogue = _load_rules(_directories(rules))
    rule = next((rule for rule in catalogue.all if code.upper() == rule.code or code == rule.name), None)
    if rule is None:
        _fail(f"there is no rule {code}; list them with: tagcheck rules")
    from tagcheck.report.explain import render

    _write(render(rule))
    return 0


@cli.command()
@click.argument("place", metavar="PATH[:LINE]")
@_config_option
@_project_option
def trace(place: str, config: str | None, project: str | None) -> int:
    """Show what happens to each image that PATH, or its LINE, has to do with."""
    from dataclasses import replace
    from pathlib import Path

    from tagcheck.report.display import Display
    from tagcheck.report.stories import render

    path, line = _place(place)
    request = _request((path,), config, project, (), (), (), "likely")
    told = render(_scan(replace(request, stories=True)), Display(Path.cwd()), Path(path), line)
    _write(told)
    if not told:
        _note("nothing happens to an image here, or its name is not known (TC904)")
    return 0


@cli.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--diff", "diff", is_flag=True, help="Print what would change (the default without --apply).")
@click.option("--apply", "apply_", is_flag=True, help="Write the changes.")
@click.option("--select", multiple=True, metavar="CODES", help="Repair only these rules' findings; repeatable.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules'; repeatable.")
@_config_option
@_project_option
@click.option("--fail-on", type=click.Choice(["error", "warning", "info"]), help="Lowest severity for exit status 1.")
@click.option("--baseline", metavar="FILE", help="Leave alone the findings of an earlier JSON report.")
@_rules_option
def fix(
    paths: tuple[str, ...],
    diff: bool,
    apply_: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: str | None,
    project: str | None,
    fail_on: str | None,
    baseline: str | None,
    rules: tuple[str, ...],
) -> int:
    """Repair findings that have one safe repair, in the files that the PATHs (default: .) name.

    Each repair is tried in memory first: it counts only if another scan of the whole project shows the finding gone,
    none added, and nothing else changed.

    Exit status: with --apply as that of a scan afterwards; else 1 if there is something to repair; 2 as everywhere.
    """
    from tagcheck.fixes.difference import unified

    request = _request(paths, config, project, rules, _codes(select), _codes(ignore), "certain")
    outcome, left = _fixed(request, baseline)
    if diff or not apply_:
        _write_bytes(unified(outcome.changes))
    if apply_:
        _apply(outcome)
    _told(outcome, "repaired" if apply_ else "can be repaired", len(left))
    least = _severity_rank(fail_on or request.config.fail_on.value)
    return int(any(finding.severity.rank >= least for finding in left)) if apply_ else int(bool(outcome.changes))


# --- the request -----------------------------------------------------------------------------------------------------


def _request(
    paths: tuple[str, ...],
    config: str | None,
    project: str | None,
    rules: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    certainty: str,
) -> ScanRequest:
    from tagcheck.finding import Certainty
    from tagcheck.request import ScanRequest

    existing = _existing(paths or (project or ".",))
    directories = _directories(rules)
    settings = _config(_root(existing, project), config)
    catalogue = _load_rules(directories)
    for name, selectors in (
        ("--select", select),
        ("--ignore", ignore),
        (f"{settings.source}: select", settings.select),
        (f"{settings.source}: ignore", settings.ignore),
        (f"{settings.source}: enable", settings.enable),
        (f"{settings.source}: disable", settings.disable),
    ):
        if unknown := catalogue.unknown(selectors):
            _fail(f"{name}: there is no rule {', '.join(unknown)}; list them with: tagcheck rules")
    root = _existing((project,))[0] if project is not None else None
    return ScanRequest(existing, settings, root, select, ignore, Certainty(certainty), directories)


def _existing(paths: Iterable[str]) -> tuple[Path, ...]:
    """The paths, all of which must exist."""
    from pathlib import Path

    found = tuple(map(Path, paths))
    for path in found:
        try:
            path.stat()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            _fail(f"{path}: {reason}; name a file or directory that can be read")
    return found


def _directories(paths: Iterable[str]) -> tuple[Path, ...]:
    return tuple(path.resolve() for path in _existing(paths))


def _root(paths: tuple[Path, ...], project: str | None) -> Path:
    from tagcheck.discover import project_root, within

    chosen = _existing((project,))[0] if project is not None else None
    if chosen is not None and not chosen.is_dir():
        _fail(f"--project {chosen}: is no directory")
    root = project_root(paths or _existing((".",)), chosen)[0]
    for path in paths:
        if not within(root, (path,)):
            _fail(f"{path}: lies outside the project {root}; give paths inside, or another --project")
    return root


def _config(root: Path, config: str | None) -> Config:
    from tagcheck.config import ConfigError, find_config, load_config

    try:
        return find_config(root) if config is None else load_config(_existing((config,))[0])
    except ConfigError as error:
        _fail(*error.messages)


def _load_rules(directories: tuple[Path, ...]) -> Rules:
    from tagcheck.rules import RuleError, load_rules

    try:
        return load_rules(directories)
    except RuleError as error:
        _fail(*error.messages)


def _codes(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(code.strip() for value in values for code in value.split(",") if code.strip())


# --- running and reporting -------------------------------------------------------------------------------------------


def _scan(request: ScanRequest, keep: bool = True) -> Report:
    """The report of a scan. `keep`: it is the last one of the process."""
    from tagcheck import app
    from tagcheck.catalogue.tools import CatalogueError
    from tagcheck.deepcalls import with_room
    from tagcheck.models import ModelError
    from tagcheck.progress import ProgressLine

    # Nearly all that a scan makes lives until its end: looking for cycles over and over takes a third of the time.
    gc.disable()
    try:
        with ProgressLine() as progress:
            report = with_room(lambda: app.scan(request, progress.report))
    except (CatalogueError, ModelError) as error:
        _fail(*str(error).splitlines())
    # Python looks for cycles once more when it ends, among everything that still lives: that takes a second.
    if keep:
        gc.freeze()
    return report


def _dump_ir(file: str) -> str:
    """A source file in the small language, with its path for its module's name."""
    from tagcheck.discover import LARGEST
    from tagcheck.frontends import kubernetes, languages, runnables
    from tagcheck.irdump import dump_unit

    path = _existing((file,))[0]
    if not path.is_file() or path.stat().st_size > LARGEST:
        _fail(f"{file}: is no regular file of at most {LARGEST >> 20} MiB")
    name, content = path.as_posix(), path.read_bytes()
    for language in languages():
        if name.endswith(language.suffixes):
            return dump_unit(language.parse(name, content, path.parent.as_posix()), spans=True) + "\n"
    for kind in runnables():
        if kind.relevant(name, content):
            return dump_unit(kind.unit(name, content, lambda other: None), spans=True) + "\n"
    if name.endswith((".yaml", ".yml", ".json")):
        return dump_unit(kubernetes.parse(name, content, name), spans=True) + "\n"
    _fail(f"{file}: tagcheck reads no files of this kind")


def _without_known(report: Report, baseline: str) -> Report:
    from tagcheck.baseline import without_known

    report, stale = without_known(report, _baseline(baseline))
    if stale:
        _note(f"{stale} of the baseline's findings are found no more; write it again to be rid of them")
    return report


def _baseline(file: str) -> Counter[str]:
    from pathlib import Path

    from tagcheck.baseline import BaselineError, read_baseline

    try:
        return read_baseline(Path(file))
    except BaselineError as error:
        _fail(str(error))


# --- repairing -------------------------------------------------------------------------------------------------------


def _fixed(request: ScanRequest, baseline: str | None) -> tuple[Outcome, tuple[Finding, ...]]:
    """What repairs come to, and the findings that the user asked about and that are left."""
    from collections import Counter

    from tagcheck.repairing import repaired

    def scan(each: ScanRequest) -> Report:
        report = _scan(each, keep=False)
        gc.collect()
        return report

    return repaired(request, scan, _baseline(baseline) if baseline is not None else Counter())


def _told(outcome: Outcome, done: str, left: int) -> None:
    from pathlib import Path

    from tagcheck.report.display import Display

    display = Display(Path.cwd())
    for proposal in outcome.repaired:
        finding = proposal.finding
        place = f"{display.path(outcome.report.root, finding.span.path)}:{finding.span.line}:{finding.span.column}"
        _note(f"{place}: {finding.code} {done}: {proposal.title}")
    if outcome.cut:
        _note("there is more to try than one run tries; run again")
    _note(f"{len(outcome.repaired)} {done}, {left} left")


def _apply(outcome: Outcome) -> None:
    from tagcheck.fixes.writing import NotWritten, write

    try:
        write(outcome.report.root, outcome.changes)
    except NotWritten as error:
        _fail(str(error))


def _output(text: str) -> tuple[str, str]:
    name, separator, file = text.partition("=")
    if not separator or not file or name not in FORMATS:
        _fail(f"--output {text}: write FORMAT=FILE, with FORMAT one of {', '.join(FORMATS)}")
    return name, file


def _available(name: str) -> None:
    from tagcheck import report

    if name not in report.FORMATS:
        _fail(f"the format {name} is not available in this version; there are {', '.join(report.FORMATS)}")


def _rendered(report: Report, name: str, color: bool) -> str:
    from pathlib import Path

    from tagcheck.report import FORMATS as available
    from tagcheck.report.display import Display

    return available[name](report, Display(Path.cwd(), color, __version__))


def _colored(choice: str) -> bool:
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _severity_rank(name: str) -> int:
    from tagcheck.finding import Severity

    return Severity(name).rank


def _save(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(text)
    except (OSError, ValueError) as error:
        _fail(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}")


def _write(text: str) -> None:
    """To standard output, with an escape for what its encoding does not have."""
    _write_bytes(text.encode(sys.stdout.encoding or "utf-8", errors="backslashreplace"))


def _write_bytes(content: bytes) -> None:
    stream = sys.stdout
    try:
        stream.flush()
        stream.buffer.write(content)
        stream.buffer.flush()
    except BrokenPipeError:
        # The reader has gone; without this Python complains once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise click.exceptions.Exit(2) from None


def _note(message: str) -> None:
    from tagcheck.report.display import printable

    click.echo(f"tagcheck: {printable(message, widest=1000)}", err=True)


def _fail(*messages: str) -> NoReturn:
    for message in messages:
        _note(message)
    raise click.exceptions.Exit(2)


# --- trace -----------------------------------------------------------------------------------------------


def _place(text: str) -> tuple[str, int]:
    """A path and a line, 0 for all of the file."""
    path, _, line = text.rpartition(":")
    number = natural(line)
    if path and number is not None and not os.path.lexists(text):
        return path, number
    return text, 0


# --- the process -----------------------------------------------------------------------------------------------------


def _guarded(run: Callable[[], _Result]) -> _Result:
    """Run, and turn what may end it into an exit status."""
    try:
        return run()
    except click.exceptions.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OSError as error:
        _note(f"{error}")
        sys.exit(2)
    except Exception as error:
        _note(f"a fault of tagcheck itself, please report it: {_fault(error)}")
        sys.exit(2)


def _fault(error: Exception) -> str:
    """An exception with the innermost place that it comes from."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" at {os.path.basename(at.tb_frame.f_code.co_filename)}:{at.tb_lineno}" if at is not None else ""
    return f"{type(error).__name__}{where}: {error}"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run tagcheck with the process's arguments, or those given, and end the process."""
    status = _guarded(lambda: cli.main(args=arguments, prog_name="tagcheck", standalone_mode=False))
    sys.exit(status or 0)
