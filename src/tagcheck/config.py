"""The configuration: `[tool.tagcheck]` of pyproject.toml, or tagcheck.toml or .tagcheck.toml.

Every setting has a default, and the defaults are the profile of DD-TEST-001. Only tables, keys and types named in
`_SETTINGS` are accepted: a misspelt key would otherwise be a setting that silently does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tagcheck.finding import Severity, Tier

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

CONFIG_FILES = ("tagcheck.toml", ".tagcheck.toml", "pyproject.toml")
"""Looked for in the project root, in this order; the first that has settings counts, nothing is merged."""

_LARGEST = 1 << 20
_SELECTOR = re.compile(r"TC\d{0,3}|[a-z]+(?:-[a-z]+)*")


class ConfigError(Exception):
    """A configuration that cannot be used. Each message names file and key, what is wrong and what to do."""

    def __init__(self, messages: tuple[str, ...]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


@dataclass(frozen=True)
class Config:
    """All settings. Patterns of paths are those of .gitignore files. Regular expressions of names and formats must
    match completely."""

    tiers: tuple[tuple[Tier, tuple[str, ...]], ...] = (
        (Tier.E2E, ("e2e/", "*e2e*")),
        (Tier.INTEGRATION, ("integration/", "*integration*")),
        (Tier.PRODUCTION, ("charts/", "deploy/", "deployments/", "release/", "*release*")),
    )
    """tried in order; the first tier with a pattern that matches the path counts"""
    data: tuple[str, ...] = (
        *("docs/", "doc/", "site/", "website/", "testdata/", "golden/", "__snapshots__/", "examples/", "samples/"),
        *("*assert*.yaml", "*assert*.yml", "*errors.yaml", "*errors.yml"),
    )
    """manifests that nobody deploys as they stand: documentation, test data, what tests expect to find. They are read
    when something applies them, and not judged by themselves"""
    services: tuple[re.Pattern[str], ...] = ()
    """names of the services under test; without any, no tag is held against `service_tag`"""
    infrastructure: tuple[re.Pattern[str], ...] = (
        re.compile("datastorage"),
        re.compile("postgresql"),
        re.compile("redis"),
    )
    """DD-TEST-001 §1.5: infrastructure that several services' tests share"""
    service_tag: re.Pattern[str] = re.compile(r"[a-z]+-([\w]+)-([0-9a-f]{7})-(\d{10})")
    """DD-TEST-001 §1: the tag of a service image"""
    infrastructure_image: re.Pattern[str] = re.compile(r"localhost/[a-z][a-z0-9-]*:[a-z][a-z0-9-]*-[0-9a-f]{8}")
    """DD-TEST-001 §1.5: the whole name of an infrastructure image"""
    ci_tag: re.Pattern[str] = re.compile(r"ci-[0-9a-f]{7,40}-\d+")
    third_party_registries: tuple[str, ...] = ("kindest",)
    """registries, with or without a path, whose images are never local; the nodes of kind are nobody's product"""
    local_registries: tuple[str, ...] = ("localhost", "ko.local", "kind.local")
    """registries whose images exist on the machine alone"""
    exclude: tuple[str, ...] = ()
    fail_on: Severity = Severity.ERROR
    select: tuple[str, ...] = ()
    """report these rules alone; codes, prefixes of codes or names"""
    ignore: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    """rules that are off by default and wanted in addition"""
    disable: tuple[str, ...] = ()
    """rules that are not evaluated at all: their suppressions are not called unused"""
    source: str = ""
    """the file that the settings come from; empty for the defaults"""

    @cached_property
    def _tier_specs(self) -> tuple[tuple[Tier, GitIgnoreSpec], ...]:
        from pathspec import GitIgnoreSpec

        return tuple((tier, GitIgnoreSpec.from_lines(patterns)) for tier, patterns in self.tiers)

    @cached_property
    def _data_spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec.from_lines(self.data)

    def is_data(self, path: str) -> bool:
        """Whether a manifest is not judged by itself."""
        return self._data_spec.match_file(path)

    def tier_of(self, path: str) -> Tier:
        """The tier that a path, relative to the project's root, belongs to by its name alone."""
        return next((tier for tier, spec in self._tier_specs if spec.match_file(path)), Tier.UNKNOWN)


DEFAULT = Config()


def find_config(root: Path) -> Config:
    """The settings of the project at `root`; the defaults where it has none. Raises ConfigError."""
    for name in CONFIG_FILES:
        path = root / name
        if path.is_file():
            table = _table(path)
            if table is not None:
                return _configured(path.name, table)
    return DEFAULT


def load_config(path: Path) -> Config:
    """The settings of a file that the user named. Raises ConfigError, also where the file has no settings."""
    table = _table(path)
    if table is None:
        raise ConfigError((f"{path}: there is no [tool.tagcheck] table; add one or name another file with --config",))
    return _configured(str(path), table)


def _table(path: Path) -> Mapping[str, object] | None:
    """The settings as they stand in a file; None for a pyproject.toml that has none."""
    import tomllib

    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ConfigError((f"{path}: larger than 1 MiB; a configuration is a few lines of TOML",))
        document: dict[str, object] = tomllib.loads(content.decode())
    except OSError as error:
        raise ConfigError(
            (f"{path}: cannot be read: {error.strerror or error}; check the path and its rights",)
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError((f"{path}: is not valid TOML: {error}; correct it there",)) from None
    if path.name != "pyproject.toml":
        return document
    tool = document.get("tool")
    table = tool.get("tagcheck") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError((f"{path}: tool.tagcheck must be a table; write it as [tool.tagcheck]",))
    return table


class _Wrong(Exception):
    """A value that a setting cannot take; the text says what it must be."""


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _Wrong('must be a list of texts, such as ["one", "two"]')
    return tuple(value)


def _expression(value: object) -> re.Pattern[str]:
    if not isinstance(value, str):
        raise _Wrong("must be a text with a regular expression, best in single quotes")
    try:
        return re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise _Wrong(f"is no regular expression ({error})") from None


def _expressions(value: object) -> tuple[re.Pattern[str], ...]:
    return tuple(map(_expression, _texts(value)))


def _patterns(value: object) -> tuple[str, ...]:
    from pathspec import GitIgnoreSpec

    patterns = _texts(value)
    try:
        GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise _Wrong(f"has a pattern that .gitignore files do not know ({error})") from None
    return patterns


def _selectors(value: object) -> tuple[str, ...]:
    selectors = _texts(value)
    for selector in selectors:
        if not _SELECTOR.fullmatch(selector):
            raise _Wrong(f'has "{selector}"; use codes ("TC201"), their beginnings ("TC2") or names ("latest-tag")')
    return selectors


def _severity(value: object) -> Severity:
    names = tuple(severity.value for severity in Severity)
    if value not in names:
        raise _Wrong(f"must be one of {', '.join(names)}")
    return Severity(value)


_SETTINGS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "fail-on": ("fail_on", _severity),
    "select": ("select", _selectors),
    "ignore": ("ignore", _selectors),
    "enable": ("enable", _selectors),
    "disable": ("disable", _selectors),
    "exclude": ("exclude", _patterns),
    "data": ("data", _patterns),
    "names.services": ("services", _expressions),
    "names.infrastructure": ("infrastructure", _expressions),
    "formats.service-tag": ("service_tag", _expression),
    "formats.infrastructure-image": ("infrastructure_image", _expression),
    "formats.ci-tag": ("ci_tag", _expression),
    "registries.third-party": ("third_party_registries", _texts),
    "registries.local": ("local_registries", _texts),
    "tiers.e2e": ("", _patterns),
    "tiers.integration": ("", _patterns),
    "tiers.production": ("", _patterns),
}
"""Key in the file, field of `Config` (the tiers share one), and what reads the value."""

_TABLES = frozenset(key.partition(".")[0] for key in _SETTINGS if "." in key)


def _flat(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if key in _TABLES and isinstance(value, dict):
            yield from ((f"{key}.{inner}", setting) for inner, setting in value.items())
        else:
            yield key, value


def _configured(file: str, table: Mapping[str, object]) -> Config:
    """A configuration from the values of a file; all that is wrong with them is said at once."""
    fields: dict[str, object] = {}
    tiers = dict(DEFAULT.tiers)
    messages: list[str] = []
    for key, value in _flat(table):
        if key not in _SETTINGS:
            messages.append(f"{file}: {_unknown(key)}")
            continue
        field, read = _SETTINGS[key]
        try:
            if field:
                fields[field] = read(value)
            else:
                tiers[Tier(key.partition(".")[2])] = _patterns(value)
        except _Wrong as wrong:
            messages.append(f"{file}: {key} {wrong}")
    if messages:
        raise ConfigError(tuple(messages))
    return Config(tiers=tuple(tiers.items()), source=file, **fields)  # type: ignore[arg-type]


def _unknown(key: str) -> str:
    from difflib import get_close_matches

    if key in _TABLES:
        return f"{key} must be a table; write it as [{key}], or [tool.tagcheck.{key}] in pyproject.toml"
    near = get_close_matches(key, _SETTINGS, n=1)
    advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(_SETTINGS)}"
    return f"{key!r} is no setting; {advice}"
