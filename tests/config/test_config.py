"""Reading settings, and saying what is wrong with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tagcheck.config import DEFAULT, Config, ConfigError, find_config, load_config
from tagcheck.finding import Severity, Tier

FULL = """
fail-on = "warning"
select = ["TC2", "latest-tag"]
ignore = ["TC205"]
enable = ["TC904"]
disable = ["TC109"]
exclude = ["/docs/"]
[tiers]
e2e = ["acceptance/"]
[names]
services = ["gateway", "notification-.*"]
infrastructure = ["mariadb"]
[formats]
service-tag = 'v\\d+'
infrastructure-image = 'localhost/[a-z]+:.+'
ci-tag = 'ci-.*'
[registries]
third-party = ["quay.io"]
local = ["localhost", "kind.local"]
"""


def written(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text)
    return path


def wrong(directory: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(written(directory, "tagcheck.toml", text))
    return str(caught.value)


def test_every_setting(tmp_path: Path) -> None:
    path = written(tmp_path, "tagcheck.toml", FULL)
    found = load_config(path)
    assert found == Config(
        tiers=((Tier.E2E, ("acceptance/",)), *DEFAULT.tiers[1:]),
        services=(re.compile("gateway"), re.compile("notification-.*")),
        infrastructure=(re.compile("mariadb"),),
        service_tag=re.compile(r"v\d+"),
        infrastructure_image=re.compile("localhost/[a-z]+:.+"),
        ci_tag=re.compile("ci-.*"),
        third_party_registries=("quay.io",),
        local_registries=("localhost", "kind.local"),
        exclude=("/docs/",),
        fail_on=Severity.WARNING,
        select=("TC2", "latest-tag"),
        ignore=("TC205",),
        enable=("TC904",),
        disable=("TC109",),
        source=str(path),
    )


def test_the_first_file_with_settings_counts(tmp_path: Path) -> None:
    assert find_config(tmp_path) is DEFAULT
    written(tmp_path, "pyproject.toml", "[project]\nname = 'x'\n")
    assert find_config(tmp_path) is DEFAULT
    written(tmp_path, "pyproject.toml", "[tool.tagcheck]\nignore = ['TC1']\n")
    assert find_config(tmp_path).ignore == ("TC1",)
    written(tmp_path, ".tagcheck.toml", "ignore = ['TC2']\n")
    assert find_config(tmp_path).ignore == ("TC2",)
    written(tmp_path, "tagcheck.toml", "ignore = ['TC3']\n")
    assert find_config(tmp_path).ignore == ("TC3",)


def test_a_named_file_must_have_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no \[tool.tagcheck\] table; add one"):
        load_config(written(tmp_path, "pyproject.toml", "[project]\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fail_on = 'error'", "'fail_on' is no setting; did you mean fail-on?"),
        ("xyzzy = 1", "'xyzzy' is no setting; known are fail-on, select"),
        ("fail-on = 'fatal'", "fail-on must be one of error, warning, info"),
        ("fail-on = ['error']", "fail-on must be one of"),
        ("select = 'TC201'", "select must be a list of texts"),
        ("select = ['TC2011']", 'select has "TC2011"; use codes'),
        ("ignore = [1]", "ignore must be a list of texts"),
        ("exclude = ['']", "exclude must be a list of texts"),
        ("formats = 3", "formats must be a table; write it as [formats]"),
        ("[formats]\nservice-tag = '('", "formats.service-tag is no regular expression"),
        ("[formats]\nservice-tag = 1", "formats.service-tag must be a text with a regular expression"),
        ("[formats]\nservice_tag = ''", "'formats.service_tag' is no setting; did you mean formats.service-tag?"),
        ("[names]\nservices = ['[']", "names.services is no regular expression"),
        ("[tiers]\nunknown = []", "'tiers.unknown' is no setting"),
        ("a = [", "is not valid TOML"),
        ("a = 1\n\udcff", "is not valid TOML"),
        ("a = " + "[" * 5_000, "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tagcheck.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    assert len(wrong(tmp_path, "a = 1\nb = 2\nfail-on = 3\n").splitlines()) == 3


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_a_file_without_end(tmp_path: Path) -> None:
    assert "larger than 1 MiB" in wrong(tmp_path, "#" * (2 << 20))


@pytest.mark.parametrize(
    ("path", "tier"),
    [
        ("test/e2e/gateway/suite_test.go", Tier.E2E),
        ("test/integration/db_test.go", Tier.INTEGRATION),
        ("hack/e2e-setup.sh", Tier.E2E),
        ("charts/app/templates/deployment.yaml", Tier.PRODUCTION),
        ("charts/e2e/values.yaml", Tier.E2E),
        (".github/workflows/release.yml", Tier.PRODUCTION),
        ("pkg/server/main.go", Tier.UNKNOWN),
        ("test/infrastructure/datastorage.go", Tier.UNKNOWN),
    ],
)
def test_the_tier_of_a_path(path: str, tier: Tier) -> None:
    assert DEFAULT.tier_of(path) is tier


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (DEFAULT.service_tag, "notification-jordi-abc123f-1734278400", "latest"),
        (DEFAULT.service_tag, "gateway-a_b-0000000-0000000000", "gateway-jordi-abc123f-173427840"),
        (DEFAULT.infrastructure_image, "localhost/datastorage:gateway-a5f3c2e9", "datastorage:gateway-a5f3c2e9"),
        (DEFAULT.infrastructure_image, "localhost/redis:signal-processing-00000000", "localhost/redis:gateway-a5f3c2e"),
        (DEFAULT.ci_tag, "ci-abc123f-42", "ci-42"),
    ],
)
def test_the_formats_of_the_standard(pattern: re.Pattern[str], good: str, bad: str) -> None:
    assert pattern.fullmatch(good)
    assert not pattern.fullmatch(bad)
