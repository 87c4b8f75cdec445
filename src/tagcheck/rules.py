"""The rule catalogue: one YAML file a rule, read from `rules/checks` and from directories that the user adds.

A rule is data: its names, when it applies, how severe it is and what it says. What it needs beyond data is one
predicate, by name. Nothing in a rule file is executed: `yaml.safe_load`'s types only, and messages are Jinja2 templates
rendered in a sandbox. A later directory's rule replaces an earlier one of the same code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tagcheck.finding import Severity, Tier

_LARGEST = 1 << 18
_MOST_NESTING = 64
_CODE = re.compile(r"TC\d{3}")
_NESTING = re.compile(rb"[\[\]{}]|(?:[-?:] +)+")
_NAME = re.compile(r"[a-z]+(-[a-z]+)*")


class RuleError(Exception):
    """Rules that cannot be used. Each message names file and key, what is wrong and what to do."""

    def __init__(self, messages: tuple[str, ...]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


@dataclass(frozen=True, slots=True)
class Example:
    """A small tree of files (path and content) with `expect: TC201` marks in comments where findings are due."""

    title: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `message`, `consequence` and `fix` are templates for `render`; `predicate` names the function that
    judges. `local` and `third_party` give the severity for each tier; a tier that is absent is not judged."""

    code: str
    name: str
    clause: str
    summary: str
    why: str
    fix: str
    message: str
    consequence: str
    predicate: str
    default: bool
    local: tuple[tuple[Tier, Severity], ...]
    third_party: tuple[tuple[Tier, Severity], ...]
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()

    def severity(self, tier: Tier, local: bool = True) -> Severity | None:
        """The severity in a tier for local or third-party images; None where the rule does not apply."""
        return dict(self.local if local else self.third_party).get(tier)

    @property
    def worst(self) -> Severity:
        """The highest severity that the rule can have."""
        levels = (severity for _, severity in (*self.local, *self.third_party))
        return max(levels, key=lambda severity: severity.rank)


@dataclass(frozen=True, slots=True)
class Rules:
    """The catalogue, sorted by code."""

    all: tuple[Rule, ...]

    def get(self, code: str) -> Rule | None:
        return next((rule for rule in self.all if rule.code == code), None)

    def matching(self, selector: str) -> frozenset[str]:
        """The codes that a selector means: a code, the beginning of codes ('TC2'), or a rule's name."""
        return frozenset(rule.code for rule in self.all if rule.name == selector or _begins(rule.code, selector))

    def active(
        self, select: Iterable[str] = (), ignore: Iterable[str] = (), enable: Iterable[str] = ()
    ) -> frozenset[str]:
        """The codes that are reported. With `select`, these alone, and those off by default only where a selector is
        their whole code or name; `enable` adds, `ignore` takes away at last."""
        selectors = tuple(select)
        chosen = {rule.code for rule in self.all if _wanted(rule, selectors)}
        for selector in enable:
            chosen |= self.matching(selector)
        for selector in ignore:
            chosen -= self.matching(selector)
        return frozenset(chosen)

    def unknown(self, selectors: Iterable[str]) -> tuple[str, ...]:
        """The selectors that mean no rule."""
        return tuple(selector for selector in selectors if not self.matching(selector))


def _begins(code: str, selector: str) -> bool:
    return selector.startswith("TC") and code.startswith(selector)


def _wanted(rule: Rule, selectors: tuple[str, ...]) -> bool:
    if rule.code in selectors or rule.name in selectors:
        return True
    return rule.default and (not selectors or any(_begins(rule.code, selector) for selector in selectors))


def rules_root() -> Path:
    """The directory of the data that ships: inside an installed package, else at the top of a source tree."""
    package = Path(__file__).resolve().parent / "rules"
    return package if package.is_dir() else Path(__file__).resolve().parents[2] / "rules"


@lru_cache(maxsize=8)
def load_rules(directories: tuple[Path, ...] = ()) -> Rules:
    """The rules that ship and those of further directories. Raises RuleError with all that is wrong."""
    found: dict[str, Rule] = {}
    messages: list[str] = []
    shipped = rules_root() / "checks"
    for directory in (shipped, *directories):
        if not directory.is_dir():
            messages.append(f"{directory}: is no directory; name one with rule files (*.yaml)")
            continue
        # A directory may have the layout of rules/, with the checks one level down.
        inner = directory / "checks" if (directory / "checks").is_dir() else directory
        for path in sorted(inner.glob("*.yaml")):
            try:
                rule = read_rule(path)
                found[rule.code] = rule
            except RuleError as error:
                messages.extend(error.messages)
    if messages:
        raise RuleError(tuple(messages))
    return Rules(tuple(found[code] for code in sorted(found)))


def read_rule(path: Path) -> Rule:
    """The rule of one file. Raises RuleError."""
    import yaml

    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise RuleError((f"{path}: cannot be read: {error.strerror}; check the file's rights",)) from None
    if len(content) > _LARGEST or _nesting(content) > _MOST_NESTING:
        raise RuleError((f"{path}: is larger or nested deeper than any rule; correct or remove it",))
    try:
        data = yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RuleError((f"{path}: is not valid YAML: {' '.join(str(error).split())}; correct it there",)) from None
    if not isinstance(data, dict):
        raise RuleError((f"{path}: must be a mapping with the keys {', '.join(_KEYS)}",))
    return _Reader(path, data).rule()


def _nesting(content: bytes) -> int:
    """How deep the collections of a YAML text can be nested at most: the C loader ends the process on deep ones, so
    this is counted on the bytes. Brackets inside texts count as well."""
    depth = deepest = 0
    for match in _NESTING.finditer(content):
        token = match.group()
        if token in b"]}":
            depth = max(0, depth - 1)
        else:
            depth += token in b"[{"
            deepest = max(deepest, depth, len(token) // 2)
    return deepest


_REQUIRED = ("code", "name", "severity", "clause", "summary", "why", "fix", "message")
_KEYS = (*_REQUIRED, "tiers", "consequence", "predicate", "default", "examples")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one rule and gathers what is wrong with it."""

    path: Path
    data: Mapping[object, object]

    def rule(self) -> Rule:
        problems = [f"the key {key!r} is missing" for key in _REQUIRED if key not in self.data]
        problems += [
            f"{key!r} is no key of a rule; known are {', '.join(_KEYS)}" for key in self.data if key not in _KEYS
        ]
        self.refuse(problems)
        texts = {key: self.text(key) for key in (*_REQUIRED, "consequence", "predicate") if key != "severity"}
        code, name = texts["code"], texts["name"]
        local, third_party = self.severities()
        default = self.data.get("default", "on")
        problems = [] if _CODE.fullmatch(code) else [f"code must be TC and three digits, not {code!r}"]
        problems += [] if _NAME.fullmatch(name) else [f"name must be lower-case words joined by '-', not {name!r}"]
        problems += [] if self.path.stem == f"{code}-{name}" else [f"the file must be called {code}-{name}.yaml"]
        problems += [] if default in ("on", "off", True, False) else ["default must be on or off"]
        self.refuse(problems)
        examples = self.mapping(self.data.get("examples", {}), "examples", ("bad", "good"))
        return Rule(
            **{key: value for key, value in texts.items() if key != "predicate"},
            predicate=texts["predicate"] or name.replace("-", "_"),
            default=default in ("on", True),
            local=local,
            third_party=third_party,
            bad=self.examples(examples.get("bad", []), "examples.bad"),
            good=self.examples(examples.get("good", []), "examples.good"),
        )

    def refuse(self, problems: Sequence[str]) -> None:
        if problems:
            raise RuleError(tuple(f"{self.path}: {problem}" for problem in problems))

    def text(self, key: str) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str) or (key in _REQUIRED and not value.strip()):
            self.refuse([f"{key} must be a text"])
        return str(value).strip()

    def mapping(self, value: object, key: str, allowed: Sequence[str]) -> Mapping[str, object]:
        if not isinstance(value, dict) or not all(name in allowed for name in value):
            self.refuse([f"{key} must be a mapping with keys among {', '.join(allowed)}"])
        return value if isinstance(value, dict) else {}

    def severities(self) -> tuple[tuple[tuple[Tier, Severity], ...], tuple[tuple[Tier, Severity], ...]]:
        """For local and for third-party images. Written as one severity; or by tier; or both under 'local' and
        'third-party', of which an absent one is not judged."""
        value = self.data["severity"]
        if isinstance(value, dict) and value.keys() & {"local", "third-party"}:
            both = self.mapping(value, "severity", ("local", "third-party"))
            return tuple(self.by_tier(both.get(key, {})) for key in ("local", "third-party"))  # type: ignore[return-value]
        return self.by_tier(value), self.by_tier(value)

    def by_tier(self, value: object) -> tuple[tuple[Tier, Severity], ...]:
        names = tuple(tier.value for tier in Tier)
        by_name = value if isinstance(value, dict) else {"other": value}
        self.mapping(by_name, "severity", (*names, "other"))
        applied = self.data.get("tiers", list(names))
        if not isinstance(applied, list) or not all(tier in names for tier in applied):
            self.refuse([f"tiers must be a list of {', '.join(names)}"])
            return ()
        found = ((tier, by_name.get(tier.value, by_name.get("other"))) for tier in Tier if tier.value in applied)
        return tuple((tier, self.level(level)) for tier, level in found if level is not None)

    def level(self, value: object) -> Severity:
        levels = {severity.value: severity for severity in Severity}
        if not isinstance(value, str) or value not in levels:
            self.refuse([f"a severity must be one of {', '.join(levels)}, not {value!r}"])
        return levels[str(value)]

    def examples(self, value: object, key: str) -> tuple[Example, ...]:
        if not isinstance(value, list):
            self.refuse([f"{key} must be a list of examples, each with 'title' and 'files'"])
            return ()
        found: list[Example] = []
        for item in value:
            example = self.mapping(item, key, ("title", "files"))
            files = example.get("files")
            if not isinstance(files, dict) or not all(isinstance(text, str) for text in (*files, *files.values())):
                self.refuse([f"{key}: 'files' must map paths to contents"])
                continue
            found.append(Example(str(example.get("title", "")), tuple(files.items())))
        return tuple(found)


@lru_cache(maxsize=512)
def _template(text: str) -> object:
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(autoescape=False, keep_trailing_newline=False).from_string(text)


def render(text: str, variables: Mapping[str, object]) -> str:
    """A message with its variables; one that is not given is empty. Runs of spaces become one, because templates are
    written over several lines. A template that fails is shown as it stands: no finding is lost by it."""
    if "{" not in text:
        return " ".join(text.split())
    from jinja2 import Template, TemplateError

    try:
        template = _template(text)
        assert isinstance(template, Template)
        return " ".join(template.render(variables).split())
    except (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return " ".join(text.split())
