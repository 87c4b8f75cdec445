"""The command line: options, exit statuses, and what goes to which stream. The pipeline is a stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tagcheck import __version__, app, cli
from tagcheck.finding import Certainty, Finding, Place, Severity, Summary, Tier
from tagcheck.request import Progress, Report, ScanRequest, Story
from tagcheck.source import Span

Run = Callable[..., tuple[int, str, str]]


def finding(severity: Severity = Severity.ERROR, fingerprint: str = "f1") -> Finding:
    span = Span("a.go", 1, 1, 1, 2)
    return Finding("TC101", "static-tag", severity, span, "m", "c", Tier.E2E, (), fingerprint=fingerprint)


class Pipeline:
    """Stands in for `app`: remembers what it was asked and answers with a report."""

    def __init__(self) -> None:
        self.requests: list[ScanRequest] = []
        self.findings: tuple[Finding, ...] = ()
        self.stories: tuple[Story, ...] = ()
        self.files = 1

    def scan(self, request: ScanRequest, progress: Progress | None = None) -> Report:
        self.requests.append(request)
        summary = Summary(files=self.files, findings=len(self.findings))
        return Report(Path.cwd(), self.findings, summary=summary, stories=self.stories)


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pipeline:
    for name in ("NO_COLOR", "TERM", "CI"):
        monkeypatch.delenv(name, raising=False)
    found = Pipeline()
    monkeypatch.setattr(app, "scan", found.scan)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.go").write_text("package a\n")
    return found


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        out, err = capsys.readouterr()
        status = ended.value.code
        assert isinstance(status, int)
        return status, out, err

    return call


def test_the_version(run: Run) -> None:
    assert run("--version") == (0, f"tagcheck {__version__}\n", "")


@pytest.mark.parametrize("command", ["", "scan", "fix", "rules", "explain", "trace"])
def test_help(run: Run, command: str) -> None:
    status, out, err = run(*command.split(), "--help")
    assert (status, err) == (0, "")
    assert out.startswith("Usage: tagcheck")


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "tagcheck", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["tagcheck", __version__]


def test_starting_imports_nothing_heavy() -> None:
    code = "import sys, tagcheck.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment())
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint(
        {"yaml", "jinja2", "pathspec", "tree_sitter", "tree_sitter_go", "tomllib", "difflib", "libcst"}
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}


def test_without_findings(run: Run, pipeline: Pipeline) -> None:
    status, out, err = run("scan")
    assert (status, err) == (0, "")
    assert out.startswith("No findings.")
    (request,) = pipeline.requests
    assert (request.paths, request.project, request.certainty) == ((Path("."),), None, Certainty.CERTAIN)


@pytest.mark.parametrize(
    ("severity", "arguments", "status"),
    [
        (Severity.ERROR, (), 1),
        (Severity.WARNING, (), 0),
        (Severity.WARNING, ("--fail-on", "warning"), 1),
        (Severity.INFO, ("--fail-on", "warning"), 0),
        (Severity.INFO, ("--fail-on", "info"), 1),
    ],
)
def test_exit_status(run: Run, pipeline: Pipeline, severity: Severity, arguments: tuple[str, ...], status: int) -> None:
    pipeline.findings = (finding(severity),)
    assert run("scan", *arguments)[0] == status
    assert run("scan", "--format", "json", *arguments)[0] == status


def test_fail_on_may_be_configured(run: Run, pipeline: Pipeline) -> None:
    Path("tagcheck.toml").write_text("fail-on = 'warning'\n")
    pipeline.findings = (finding(Severity.WARNING),)
    assert run("scan")[0] == 1
    assert run("scan", "--fail-on", "error")[0] == 0


def test_nothing_to_scan_is_said(run: Run, pipeline: Pipeline) -> None:
    pipeline.files = 0
    status, out, err = run("scan", "--format", "json")
    assert status == 0
    assert json.loads(out)["findings"] == []
    assert "nothing to scan" in err


@pytest.mark.parametrize("path", ["test/infra/set.go", "test"])
def test_a_path_that_the_configuration_excludes_names_the_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "test/infra").mkdir(parents=True)
    (tmp_path / "test/infra/set.go").write_text("package infra\n")
    (tmp_path / "pyproject.toml").write_text('[tool.tagcheck]\nexclude = ["docs/", "test/infra/"]\n')
    status, out, err = run("scan", path)
    assert status == 0
    assert err == (
        'tagcheck: nothing to scan: test/infra/: excluded by "test/infra/" (exclude in pyproject.toml); '
        "name the directory, take the pattern out, or name other settings with --config\n"
    )
    assert "Looked at 0 files of a project with 0 scenarios and 0 images." in out


@pytest.mark.parametrize("path", ["test/infra", "test/infra/deep"])
def test_a_directory_that_is_named_is_scanned_although_it_is_excluded(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "test/infra/deep").mkdir(parents=True)
    (tmp_path / "test/infra/deep/pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'a:latest'}]}\n"
    )
    (tmp_path / "pyproject.toml").write_text('[tool.tagcheck]\nexclude = ["test/infra/"]\n')
    assert run("scan", ".")[0] == 0
    _, out, err = run("scan", path)
    assert "test/infra/deep/pod.yaml:4" in out
    assert "Skipped" not in out
    assert not err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scan", "missing.go"), "missing.go: No such file or directory"),
        (("scan", "a.go/x"), "a.go/x: Not a directory"),
        (("scan", "x\0y"), "x\\x00y: "),
        (("scan", "bad\x1b[31m"), "bad\\x1b[31m: "),
        (("scan", "--project", "missing"), "missing: No such file"),
        (("scan", "--project", "a.go"), "--project a.go: is no directory"),
        (("scan", "--project", "sub", "a.go"), "a.go: lies outside the project"),
        (("scan", "--config", "missing.toml"), "missing.toml: No such file"),
        (("scan", "--config", "wrong.toml"), "wrong.toml: 'a' is no setting"),
        (("scan", "--rules", "missing"), "missing: No such file"),
        (("scan", "--rules", "a.go"), "a.go: is no directory"),
        (("scan", "--rules", "sub"), "x.yaml: the key 'code' is missing"),
        (("scan", "--select", "TC777"), "--select: there is no rule TC777"),
        (("scan", "--ignore", "TC101,nonsense"), "--ignore: there is no rule nonsense"),
        (("scan", "--output", "json"), "write FORMAT=FILE"),
        (("scan", "--output", "xml=a"), "write FORMAT=FILE"),
        (("scan", "--output", "json=missing/a.json"), "missing/a.json: cannot be written"),
        (("scan", "--baseline", "missing"), "missing: cannot be read"),
        (("scan", "--baseline", "a.go"), "a.go: is no JSON report"),
        (("scan", "--since", "HEAD"), "--since is not available"),
        (("scan", "--format", "xml"), "Invalid value for '--format'"),
        (("scan", "--fail-on", "never"), "Invalid value for '--fail-on'"),
        (("scan", "--no-such-option"), "No such option"),
        (("explain", "TC777"), "there is no rule TC777; list them with: tagcheck rules"),
        (("trace", "missing.go:3"), "missing.go: No such file"),
        (("rules", "--config", "wrong.toml"), "'a' is no setting"),
        (("no-such-command",), "No such command"),
    ],
)
def test_what_is_wrong_ends_with_status_two(
    run: Run, pipeline: Pipeline, arguments: tuple[str, ...], message: str
) -> None:
    Path("wrong.toml").write_text("a = 1\n")
    Path("sub").mkdir()
    Path("sub/x.yaml").write_text("name: x\n")
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert "\x1b" not in err


def test_a_configured_rule_that_does_not_exist(run: Run, pipeline: Pipeline) -> None:
    Path("tagcheck.toml").write_text("ignore = ['TC777']\n")
    status, _, err = run("scan")
    assert status == 2
    assert "tagcheck.toml: ignore: there is no rule TC777" in err


def test_selectors_may_be_repeated_and_joined(run: Run, pipeline: Pipeline) -> None:
    run("scan", "--select", "TC2,latest-tag", "--select", "TC101", "--ignore", "TC205", "--certainty", "likely")
    (request,) = pipeline.requests
    assert request.select == ("TC2", "latest-tag", "TC101")
    assert request.ignore == ("TC205",)
    assert request.certainty is Certainty.LIKELY


def test_the_project_is_scanned_when_it_alone_is_named(run: Run, pipeline: Pipeline) -> None:
    Path("sub").mkdir()
    run("scan", "--project", "sub")
    assert (pipeline.requests[0].paths, pipeline.requests[0].project) == ((Path("sub"),), Path("sub"))


def test_reports_to_files_beside_the_one_on_standard_output(run: Run, pipeline: Pipeline) -> None:
    pipeline.findings = (finding(),)
    status, out, err = run("scan", "--output", "json=r.json", "--output", "text=r.txt", "--color", "always")
    assert (status, err) == (1, "")
    assert "\x1b[" in out
    assert json.loads(Path("r.json").read_text())["findings"][0]["code"] == "TC101"
    assert "\x1b[" not in Path("r.txt").read_text()
    assert "error[TC101]: m" in Path("r.txt").read_text()


def test_no_colour_where_there_is_no_terminal(run: Run, pipeline: Pipeline) -> None:
    pipeline.findings = (finding(),)
    assert "\x1b" not in run("scan")[1]


@pytest.mark.parametrize(
    ("terminal", "environment", "choice", "expected"),
    [
        (True, {}, "auto", True),
        (False, {}, "auto", False),
        (True, {"NO_COLOR": "1"}, "auto", False),
        (True, {"NO_COLOR": ""}, "auto", True),
        (True, {"TERM": "dumb"}, "auto", False),
        (True, {"NO_COLOR": "1"}, "always", True),
        (True, {}, "never", False),
    ],
)
def test_when_there_is_colour(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], choice: str, expected: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert cli._colored(choice) is expected


def test_a_baseline_hides_as_many_findings_as_it_has(run: Run, pipeline: Pipeline) -> None:
    pipeline.findings = (finding(), finding(fingerprint="f2"))
    run("scan", "--output", "json=base.json")
    assert run("scan", "--baseline", "base.json")[0] == 0
    pipeline.findings = (finding(), finding(), finding(fingerprint=""))
    status, out, err = run("scan", "--baseline", "base.json", "--format", "json")
    assert status == 1
    assert [each["fingerprint"] for each in json.loads(out)["findings"]] == ["f1", ""]
    assert json.loads(out)["summary"]["findings"] == 2
    assert "1 of the baseline's findings are found no more" in err


def test_listing_rules(run: Run, pipeline: Pipeline) -> None:
    Path("tagcheck.toml").write_text("disable = ['TC109']\nenable = ['TC904']\n")
    status, out, err = run("rules")
    assert (status, err) == (0, "")
    rows = {line.split()[0]: line.split()[1:4] for line in out.splitlines()}
    assert rows["TC201"] == ["deployed-name-mismatch", "error", "on"]
    assert rows["TC109"] == ["weak-tag", "warning", "off"]
    assert rows["TC904"] == ["unresolved-name", "info", "on"]


@pytest.mark.parametrize("name", ["TC204", "tc204", "regenerated-name"])
def test_explaining_a_rule(run: Run, name: str) -> None:
    status, out, err = run("explain", name)
    assert (status, err) == (0, "")
    assert out.startswith("TC204 regenerated-name (error, on)\n\nDD-TEST-001")
    for heading in ("\nWhy it matters\n", "\nHow to fix it\n", "\nBad: ", "\nGood: "):
        assert heading in out
    assert "\t" not in out


def test_tracing_a_line(run: Run, pipeline: Pipeline) -> None:
    places = (
        Place("built", "localhost/a:1", Span("a.go", 3, 1, 3, 9), "podman build"),
        Place("loaded", "localhost/a:2", Span("b.go", 9, 1, 9, 2)),
    )
    pipeline.stories = (
        Story("localhost/a:1", "SetUp", Tier.E2E, places),
        Story("localhost/b:1", "SetUp", Tier.E2E, (replace(places[0], span=Span("a.go", 5, 1, 5, 2)),)),
    )
    status, out, err = run("trace", "a.go:3")
    assert (status, err) == (0, "")
    assert out == (
        "localhost/a:1  in SetUp (e2e)\n  BUILT     a.go:3:1 (podman build)\n  LOADED    localhost/a:2 b.go:9:1\n\n"
    )
    assert run("trace", "a.go")[1].count("in SetUp") == 2
    assert run("trace", ".")[1].count("in SetUp") == 2
    assert pipeline.requests[0].stories
    status, out, err = run("trace", "a.go:4")
    assert (status, out) == (0, "")
    assert "nothing happens to an image here" in err


def test_printing_how_a_file_is_understood(run: Run, pipeline: Pipeline) -> None:
    Path("a.go").write_text('package a\n\nfunc Tag() string { return "localhost/a:1" }\n')
    status, out, err = run("scan", "--dump-ir", "a.go")
    assert (status, err) == (0, "")
    assert '"localhost/a:1"' in out
    Path("pod.yaml").write_text("apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'localhost/b:1'}]}\n")
    assert '"localhost/b:1"' in run("scan", "--dump-ir", "pod.yaml")[1]
    assert not pipeline.requests
    Path("a.txt").write_text("")
    assert run("scan", "--dump-ir", "a.txt")[::2] == (2, "tagcheck: a.txt: tagcheck reads no files of this kind\n")
    assert run("scan", "--dump-ir", ".")[0] == 2


@pytest.mark.parametrize("error", [RuntimeError("x\x1b[2J"), RecursionError(), MemoryError(), KeyError("k")])
def test_a_fault_of_the_tool_is_no_finding(
    run: Run, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(request: ScanRequest, progress: Progress | None = None) -> Report:
        raise error

    monkeypatch.setattr(app, "scan", fail)
    status, out, err = run("scan")
    assert (status, out) == (2, "")
    assert f"please report it: {type(error).__name__} at test_cli.py:" in err
    assert "\x1b" not in err


def test_an_interruption(run: Run, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(request: ScanRequest, progress: Progress | None = None) -> Report:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "scan", interrupt)
    assert run("scan")[0] == 130


def test_a_reader_that_has_gone(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", "from tagcheck.cli import main; main()", "explain", "TC201"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(arguments, stdout=write, stderr=subprocess.PIPE, env=_environment(), cwd=tmp_path)
    os.close(write)
    assert (done.returncode, done.stderr) == (2, b"")


def test_an_encoding_that_has_not_every_character(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", "from tagcheck.cli import main; main()", "explain", "TC201"]
    environment = {**_environment(), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(arguments, capture_output=True, env=environment, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"DD-TEST-001 \\xa71" in done.stdout


# --- fix -------------------------------------------------------------------------------------------------------------

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: relay
spec:
  containers:
  - name: relay
    image: localhost/relay:e2e
    imagePullPolicy: Always
"""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project whose suite deploys a local image with a pull policy that cannot work."""
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "e2e").mkdir()
    (root / "e2e/pod.yaml").write_text(POD)
    (root / "e2e/run.sh").write_text(
        "#!/bin/sh\ndocker build -t localhost/relay:e2e .\nkind load docker-image localhost/relay:e2e\n"
        "kubectl apply -f e2e/pod.yaml\ndocker rmi localhost/relay:e2e\n"
    )
    monkeypatch.chdir(root)
    return root


def test_repairs_are_shown(run: Run, project: Path) -> None:
    status, out, err = run("fix")
    assert status == 1
    assert out.startswith("--- a/e2e/pod.yaml\n+++ b/e2e/pod.yaml\n@@ ")
    assert "-    imagePullPolicy: Always\n+    imagePullPolicy: Never\n" in out
    assert err == (
        "tagcheck: e2e/pod.yaml:9:22: TC301 can be repaired: the pull policy is Never\n"
        "tagcheck: 1 can be repaired, 1 left\n"
    )
    assert (project / "e2e/pod.yaml").read_text() == POD


def test_repairs_are_written(run: Run, project: Path) -> None:
    status, out, err = run("fix", "--apply")
    assert (status, out) == (1, ""), "the static tag is left"
    assert "1 repaired, 1 left" in err
    assert (project / "e2e/pod.yaml").read_text() == POD.replace("Always", "Never")
    assert run("fix", "--apply", "--select", "TC301") == (0, "", "tagcheck: 0 repaired, 0 left\n")
    assert run("fix") == (0, "", "tagcheck: 0 can be repaired, 1 left\n")


def test_repairs_are_written_and_shown(run: Run, project: Path) -> None:
    status, out, _ = run("fix", "--apply", "--diff", "--select", "TC3")
    assert (status, out[:9]) == (0, "--- a/e2e")
    assert (project / "e2e/pod.yaml").read_text() == POD.replace("Always", "Never")


@pytest.mark.parametrize("arguments", [("--select", "TC1"), ("--ignore", "TC301"), ("e2e/run.sh",)])
def test_what_was_not_asked_for_is_not_repaired(run: Run, project: Path, arguments: tuple[str, ...]) -> None:
    status, out, err = run("fix", *arguments)
    assert (status, out) == (0, "")
    assert "0 can be repaired" in err


def test_the_rest_of_the_project_counts(run: Run, project: Path) -> None:
    """Another script deploys the same manifest with an image that it pulls."""
    other = "#!/bin/sh\ndocker pull localhost/relay:e2e\nkubectl apply -f e2e/pod.yaml\n"
    (project / "hack.sh").write_text(other)
    assert run("fix", "e2e/pod.yaml")[:2] == (0, "")


def test_suppressed_and_known_findings_are_left_alone(run: Run, project: Path) -> None:
    run("scan", "--output", "json=known.json")
    assert run("fix", "--baseline", "known.json")[:2] == (0, "")
    (project / "e2e/pod.yaml").write_text(POD.replace("Always", "Always # tagcheck: ignore[TC301] ours"))
    assert run("fix")[:2] == (0, "")


def test_a_file_that_cannot_be_written_is_an_error(run: Run, project: Path) -> None:
    (project / "e2e/pod.yaml").chmod(0o444)
    status, _, err = run("fix", "--apply")
    assert status == 2
    assert err == "tagcheck: e2e/pod.yaml: is read-only; allow writing to it first\n"


@pytest.mark.parametrize("arguments", [("gone.yaml",), ("--select", "TC999"), ("--baseline", "gone.json"), ("--what",)])
def test_what_cannot_be_asked_of_fix(run: Run, project: Path, arguments: tuple[str, ...]) -> None:
    status, out, err = run("fix", *arguments)
    assert (status, out) == (2, "")
    assert err
