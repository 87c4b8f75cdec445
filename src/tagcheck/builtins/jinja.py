"""Jinja2 templates filled with symbolic values (Jinja 3.1, "Template Designer Documentation").

Jinja's own lexer says where text, expressions and control tags stand; what a tag means is read here as far as names need
it: variables, attributes, items, texts, `default`, `if`, `for`, `set`. Of a condition that is not decided, both sides
are kept; any other control tag is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.marked import between, marked
from tagcheck.builtins.paths import join_paths
from tagcheck.builtins.symbolic import as_text, combine, derived, joined
from tagcheck.values import EMPTY, Absent, Null, Number, Opaque, Record, Text, Truth, Value

LONGEST = 400_000
MOST_ROUNDS = 40
MOST_DEPTH = 20
TEMPLATE = "jinja2.Template"


@dataclass(frozen=True)
class Tag:
    """A stretch of a template: text, an expression, or a control tag, whose tokens are (kind, text) pairs."""

    kind: str
    low: int
    high: int
    tokens: tuple[tuple[str, str], ...] = ()


@dataclass
class Filling:
    """A template that is being filled."""

    call: Call
    text: Text
    tags: list[Tag]
    names: dict[str, Value] = field(default_factory=dict)
    budget: int = 20_000


def template(call: Call) -> tuple[Value, ...]:
    """A template that argument 0 is the text of."""
    return (Record(TEMPLATE, (("%template", call.argument(0)),)),)


def environment(call: Call) -> tuple[Value, ...]:
    """An environment that finds templates below the folders of its loader."""
    loader = call.machine.load(call.keywords.get("loader", call.arguments[0] if call.arguments else Null()))
    folder = loader.get("%folder") if isinstance(loader, Record) else None
    return (Record("jinja2.Environment", (("%folder", EMPTY if folder is None else folder),)),)


def loader(call: Call) -> tuple[Value, ...]:
    """A loader of the templates below the folder in argument 0; `package`: argument 1, below the package's folder."""
    given = call.argument(1 if call.with_.get("package") and len(call.arguments) > 1 else 0)
    loaded = call.machine.load(given)
    first = loaded.items[0] if isinstance(loaded, values.Sequence) and loaded.items else loaded
    return (Record("jinja2.Loader", (("%folder", first),)),)


def find(call: Call) -> tuple[Value, ...]:
    """The template of the name in argument 0, below the folder of the receiver."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    folder = held.get("%folder") if isinstance(held, Record) else None
    path = call.argument(0)
    content = call.machine.read_file(join_paths((folder, path), call.machine) if folder is not None else path)
    if content is None:
        content = call.machine.read_file(path)
    return (Record(TEMPLATE, (("%template", call.unknown("a template that is not known") if content is None else content),)),)


def render(call: Call) -> tuple[Value, ...]:
    """The receiver, a template, filled from argument 0, a mapping, and the keywords."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    content = held.get("%template") if isinstance(held, Record) else None
    given = call.machine.load(call.arguments[0]) if call.arguments else values.Mapping(())
    names: dict[str, Value] = {}
    for key, value in given.entries if isinstance(given, values.Mapping) else ():
        if isinstance(key, Text) and key.literal is not None:
            names[key.literal] = value
    names.update(call.keywords)
    loaded = call.machine.load(content) if content is not None else None
    if not isinstance(loaded, Text | values.Alternatives):
        return (call.unknown("an unknown template"),)
    return (combine((loaded,), lambda row: filled(call, as_text(row[0]), names)),)


def filled(call: Call, text: Text, names: dict[str, Value]) -> Value:
    """A template's text with values for its names."""
    written = marked(text)
    tags = _tags(written) if len(written) <= LONGEST else None
    if tags is None:
        return derived("template", text)
    filling = Filling(call, text, tags, dict(names))
    found = list(_block(filling, 0, len(tags), 0))
    return combine([call.machine.load(each) for each in found], lambda row: joined([as_text(each, call.machine) for each in row], EMPTY))


def _tags(written: str) -> list[Tag] | None:
    from jinja2 import Environment, TemplateSyntaxError

    found: list[Tag] = []
    at = 0
    opened: tuple[str, int] | None = None
    tokens: list[tuple[str, str]] = []
    try:
        for _, kind, text in Environment(keep_trailing_newline=True).lex(written):
            # White space that a tag takes away (`{%-`) is in no token.
            low = max(at, written.find(text, at))
            at = low + len(text)
            if opened is not None and kind == f"{opened[0]}_end":
                found.append(Tag(opened[0], opened[1], at, tuple(tokens)))
                opened, tokens = None, []
            elif kind in ("variable_begin", "block_begin"):
                opened = (kind.removesuffix("_begin"), low)
            elif opened is not None and kind != "whitespace":
                tokens.append((kind, text))
            elif opened is None and kind == "data":
                found.append(Tag("data", low, at))
    except (TemplateSyntaxError, RecursionError):
        return None
    return found


def _block(filling: Filling, first: int, last: int, depth: int) -> Iterator[Value]:
    at = first
    while at < last and filling.budget > 0:
        filling.budget -= 1
        tag = filling.tags[at]
        if tag.kind == "data":
            yield between(filling.text, tag.low, tag.high)
        elif tag.kind == "variable":
            yield Expression(filling, tag.tokens).value()
        else:
            word = tag.tokens[0][1] if tag.tokens else ""
            if word in ("if", "for") and depth < MOST_DEPTH:
                end = _end(filling.tags, at, last, word)
                yield from (_if if word == "if" else _for)(filling, at, end, depth)
                at = end
            elif word == "set":
                _set(filling, tag)
        at += 1


def _end(tags: list[Tag], at: int, last: int, word: str) -> int:
    depth = 0
    for index in range(at, last):
        first = tags[index].tokens[0][1] if tags[index].kind == "block" and tags[index].tokens else ""
        depth += (first == word) - (first == f"end{word}")
        if depth == 0:
            return index
    return last - 1


def _if(filling: Filling, at: int, end: int, depth: int) -> Iterator[Value]:
    """The branch whose condition holds; every one that may."""
    bounds = [at, *_else_tags(filling.tags, at, end), end]
    for start, stop in zip(bounds, bounds[1:], strict=False):
        tokens = filling.tags[start].tokens
        is_else = tokens[0][1] == "else"
        decided = True if is_else else truth(Expression(filling, tokens[1:]).value())
        if decided is not False:
            yield from _block(filling, start + 1, stop, depth + 1)
        if decided is True:
            return


def _else_tags(tags: list[Tag], at: int, end: int) -> list[int]:
    found: list[int] = []
    depth = 0
    for index in range(at + 1, end):
        word = tags[index].tokens[0][1] if tags[index].kind == "block" and tags[index].tokens else ""
        depth += (word in ("if", "for")) - (word in ("endif", "endfor"))
        if depth == 0 and word in ("else", "elif"):
            found.append(index)
    return found


def truth(value: Value) -> bool | None:
    match value:
        case Truth():
            return value.value
        case Number():
            return bool(value.value)
        case Null() | Absent() | Text(parts=()) | values.Sequence(items=(), open=False):
            return False
        case Text() if value.literal is not None:
            return True
        case values.Sequence() | values.Mapping():
            return True
        case _:
            return None


def _for(filling: Filling, at: int, end: int, depth: int) -> Iterator[Value]:
    tokens = filling.tags[at].tokens[1:]
    split = next((index for index, token in enumerate(tokens) if token == ("name", "in")), len(tokens))
    names = [text for kind, text in tokens[:split] if kind == "name"]
    over = filling.call.machine.load(Expression(filling, tokens[split + 1 :]).value())
    outer = dict(filling.names)
    rounds: list[Value] = [filling.call.unknown("an item of a loop in a template")]
    if isinstance(over, values.Sequence) and not over.open:
        rounds = list(over.items[:MOST_ROUNDS])
    elif isinstance(over, values.Mapping) and not over.open:
        rounds = [key for key, _ in over.entries[:MOST_ROUNDS]]
    for item in rounds:
        parts = item.items if isinstance(item, values.Sequence) and len(names) > 1 else (item,)
        filling.names.update(zip(names, parts, strict=False))
        yield from _block(filling, at + 1, end, depth + 1)
    filling.names = outer


def _set(filling: Filling, tag: Tag) -> None:
    if len(tag.tokens) > 3 and tag.tokens[2][1] == "=":
        filling.names[tag.tokens[1][1]] = Expression(filling, tag.tokens[3:]).value()


class Expression:
    """The tokens of an expression, read from left to right."""

    def __init__(self, filling: Filling, tokens: tuple[tuple[str, str], ...]) -> None:
        self.filling, self.tokens, self.at = filling, tokens, 0

    def value(self) -> Value:
        """The value of the whole; opaque where it has more than is understood."""
        found = self._joined()
        return found if self.at >= len(self.tokens) else self._unknown()

    def _unknown(self) -> Opaque:
        self.at = len(self.tokens)
        return self.filling.call.unknown("an expression of a template")

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        found = self._peek()
        self.at += 1
        return found

    def _joined(self) -> Value:
        parts = [self._filtered()]
        while self._peek()[1] in ("~", "+"):
            self._next()
            parts.append(self._filtered())
        if len(parts) == 1:
            return parts[0]
        machine = self.filling.call.machine
        return combine([machine.load(each) for each in parts], lambda row: joined([as_text(each) for each in row], EMPTY))

    def _filtered(self) -> Value:
        found = self._postfix(self._atom())
        while self._peek()[1] == "|":
            self._next()
            _, name = self._next()
            given = self._arguments() if self._peek()[1] == "(" else []
            found = self._apply(name, found, given)
        return found

    def _apply(self, name: str, value: Value, given: list[Value]) -> Value:
        machine = self.filling.call.machine
        match name:
            case "default" | "d":
                missing = isinstance(value, Absent) or (len(given) > 1 and truth(value) is False)
                return (given[0] if given else EMPTY) if missing else value
            case "lower" | "upper":
                return as_text(value, machine).mapped(name)
            case "string" | "trim" | "safe" | "e" | "escape" | "quote":
                return value
            case "replace" if len(given) > 1 and isinstance(given[0], Text) and given[0].literal:
                from tagcheck.builtins.symbolic import replace_text

                return replace_text(as_text(value, machine), given[0].literal, as_text(given[1], machine))
            case _:
                return derived(name, as_text(value, machine))

    def _atom(self) -> Value:
        kind, text = self._next()
        match kind:
            case "string":
                return Text.of(text[1:-1])
            case "integer":
                return Number(int(text.replace("_", "")))
            case "name" if text.lower() in ("true", "false", "none"):
                return Null() if text.lower() == "none" else Truth(text.lower() == "true")
            case "name" if text == "not":
                answer = truth(self._filtered())
                return self._unknown() if answer is None else Truth(not answer)
            case "name":
                return self.filling.names.get(text, Absent())
            case "operator" if text == "(":
                inner = self._joined()
                return inner if self._next()[1] == ")" else self._unknown()
            case _:
                return self._unknown()

    def _postfix(self, value: Value) -> Value:
        while True:
            _, text = self._peek()
            if text == ".":
                self._next()
                value = self._member(value, Text.of(self._next()[1]))
            elif text == "[":
                self._next()
                value = self._member(value, self._joined())
                self._next()
            elif text == "(":
                self._arguments()
                value = self._unknown()
            else:
                return value

    def _member(self, value: Value, key: Value) -> Value:
        loaded = self.filling.call.machine.load(value)
        literal = key.literal if isinstance(key, Text) else None
        found: Value | None = Absent()
        match loaded:
            case values.Mapping() if literal is not None:
                found = loaded.get(literal)
                if found is None and loaded.open:
                    return self.filling.call.unknown("a value that a template is given")
            case Record() if literal is not None:
                found = loaded.get(literal)
            case values.Sequence(items) if isinstance(key, Number) and 0 <= int(key.value) < len(items):
                found = items[int(key.value)]
            case Opaque():
                found = Opaque(f"{loaded.identity}.{literal}", loaded.reason)
        return Absent() if found is None else found

    def _arguments(self) -> list[Value]:
        found: list[Value] = []
        self._next()
        while self._peek()[1] not in (")", ""):
            if self._peek()[1] == ",":
                self._next()
                continue
            if self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][1] == "=":
                self.at += 2
            found.append(self._joined())
        self._next()
        return found
