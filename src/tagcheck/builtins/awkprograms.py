"""Programs of awk (POSIX.1-2024, awk) on texts that are wholly known.

    BEGIN {…}   END {…}   /PATTERN/ {…}   CONDITION {…}   print   printf   if else   for (;;)   while   next   exit
    $N   NF   NR   FS   OFS   ORS   -v NAME=VALUE   NAME[KEY]   = += -= ++ --   == != < > ~ !~ && || ! ?:   + - * / %
    length   substr   index   split   sub   gsub   match   tolower   toupper   sprintf   int

What is not in it (output to files, functions, ranges of lines, `for (in)`, `getline`) gives no program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tagcheck.builtins import awkrun
from tagcheck.builtins.awkrun import (
    DEEPEST,
    Action,
    Exit,
    Expression,
    Field,
    Next,
    Place,
    Run,
    Simple,
    Unread,
    holds,
    number_of,
)
from tagcheck.builtins.patterns import Costly

LONGEST = 4000

_TOKEN = re.compile(
    r"[ \t]+|\\\n|#[^\n]*|\n|\"(?:[^\"\\\n]|\\.)*\"|\d+(?:\.\d+)?|[A-Za-z_]\w*"
    r"|\+\+|--|\+=|-=|\*=|/=|%=|==|!=|<=|>=|!~|&&|\|\|"
    r"|[-+*/%=<>!~?:;,$(){}\[\]|]"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "/": "/"}
_FUNCTIONS = frozenset(
    ("length", "substr", "index", "split", "sub", "gsub", "match", "tolower", "toupper", "sprintf", "int")
)
_BEFORE_PATTERN = frozenset(
    ("", "(", ",", "{", "}", ";", "\n", "!", "~", "!~", "&&", "||", "=", "==", "?", ":", "return", "print")
)
_ENDS = frozenset((";", "\n", "}"))


@dataclass(frozen=True)
class Program:
    before: tuple[Action, ...]
    rules: tuple[tuple[Expression | None, Action], ...]
    after: tuple[Action, ...]


def parse(written: str) -> Program | None:
    """The program that a text is; None if it is not understood."""
    if len(written) > LONGEST:
        return None
    try:
        reader = _Reader(list(_tokens(written)))
        return reader.program()
    except (Unread, IndexError):
        return None


def printed(program: Program, text: str, variables: dict[str, str], separator: str) -> str | None:
    """What a program prints for a text; None where that is not known. `separator`: of columns, `variables` are given
    before the first line."""
    given: dict[str, Simple] = {"FS": separator, "OFS": " ", "ORS": "\n", "NR": 0.0, "NF": 0.0}
    run = Run({**given, **{name: Field(value) for name, value in variables.items()}})
    try:
        _do_all(program, text, run)
    except (Unread, Costly, RecursionError):
        return None
    return "".join(run.printed)


def _do_all(program: Program, text: str, run: Run) -> None:
    try:
        for action in program.before:
            action(run)
        lines = text.split("\n")
        wanted = lines[:-1] if lines[-1] == "" else lines
        for line in wanted if program.rules or program.after else ():
            run.variables["NR"] = number_of(run.variables["NR"]) + 1
            run.read(line)
            try:
                for condition, action in program.rules:
                    if condition is None or holds(condition(run)):
                        action(run)
            except Next:
                continue
    except Exit:
        pass
    try:
        for action in program.after:
            action(run)
    except Exit:
        pass


# --- reading ---------------------------------------------------------------------------------------------------------


def _tokens(written: str) -> Iterator[str]:
    at, before = 0, ""
    while at < len(written):
        if written[at] == "/" and before in _BEFORE_PATTERN:
            end = _end_of_pattern(written, at + 1)
            token = written[at:end]
        else:
            match = _TOKEN.match(written, at)
            if match is None:
                raise Unread
            token, end = match[0], match.end()
        at = end
        if token.strip(" \t") and token[0] != "#" and token != "\\\n":
            yield token
            before = token


def _end_of_pattern(written: str, at: int) -> int:
    in_set = False
    while at < len(written) and (written[at] != "/" or in_set):
        if written[at] == "\n":
            raise Unread
        in_set = written[at] == "[" or (in_set and written[at] != "]")
        at += 2 if written[at] == "\\" else 1
    if at >= len(written):
        raise Unread
    return at + 1


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.in_print = False

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _taken(self, *wanted: str) -> bool:
        found = self._next() in wanted and bool(self._next())
        self.at += found
        return found

    def _need(self, wanted: str) -> None:
        if not self._taken(wanted):
            raise Unread

    def _skip_lines(self) -> None:
        while self._taken("\n", ";"):
            pass

    def program(self) -> Program:
        before: list[Action] = []
        rules: list[tuple[Expression | None, Action]] = []
        after: list[Action] = []
        self._skip_lines()
        while self._next():
            if self._taken("BEGIN"):
                before.append(self._block())
            elif self._taken("END"):
                after.append(self._block())
            elif self._next() == "function":
                raise Unread
            else:
                condition = None if self._next() == "{" else self._expression()
                if self._next() == ",":
                    raise Unread
                action = self._block() if self._next() == "{" else partial(awkrun.print_values, ())
                rules.append((condition, action))
            self._skip_lines()
        return Program(tuple(before), tuple(rules), tuple(after))

    def _block(self) -> Action:
        self._need("{")
        found: list[Action] = []
        self._skip_lines()
        while not self._taken("}"):
            if not self._next():
                raise Unread
            found.append(self._statement())
            self._skip_lines()
        return partial(awkrun.in_order, tuple(found))

    def _statement(self) -> Action:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unread
        found = self._one_statement()
        self.depth -= 1
        return found

    def _one_statement(self) -> Action:
        token = self._next()
        if token == "{":
            return self._block()
        self.at += 1
        match token:
            case "print" | "printf":
                return self._printing(token)
            case "if":
                return self._if()
            case "while":
                self._need("(")
                condition = self._expression()
                self._need(")")
                self._skip_lines()
                return partial(awkrun.loop, condition, None, self._statement())
            case "for":
                return self._for()
            case "next":
                return awkrun.next_line
            case "exit":
                return awkrun.end
            case "delete" | "do" | "getline" | "break" | "continue" | "return":
                raise Unread
        self.at -= 1
        return partial(awkrun.evaluated, self._expression())

    def _printing(self, kind: str) -> Action:
        values: list[Expression] = []
        outer, self.in_print = self.in_print, True
        while self._next() and self._next() not in _ENDS:
            values.append(self._expression())
            if not self._taken(","):
                break
        self.in_print = outer
        if self._next() and self._next() not in _ENDS:
            raise Unread
        return partial(awkrun.print_values if kind == "print" else awkrun.print_format, tuple(values))

    def _if(self) -> Action:
        self._need("(")
        condition = self._expression()
        self._need(")")
        self._skip_lines()
        then = self._statement()
        mark = self.at
        self._skip_lines()
        if self._taken("else"):
            self._skip_lines()
            return partial(awkrun.either_action, condition, then, self._statement())
        self.at = mark
        return partial(awkrun.either_action, condition, then, partial(awkrun.in_order, ()))

    def _for(self) -> Action:
        self._need("(")
        first = self._expression()
        self._need(";")
        condition = self._expression()
        self._need(";")
        step = self._expression()
        self._need(")")
        self._skip_lines()
        loop = partial(awkrun.loop, condition, step, self._statement())
        return partial(awkrun.in_order, (partial(awkrun.evaluated, first), loop))

    # --- expressions ---

    def _expression(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unread
        found = self._choice()
        self.depth -= 1
        return found

    def _choice(self) -> Expression:
        start = self.at
        left = self._or()
        operator = self._next()
        if operator in ("=", "+=", "-=", "*=", "/=", "%="):
            self.at += 1
            return partial(awkrun.assign, self._place(start), operator[:-1], self._expression())
        if self._taken("?"):
            then = self._expression()
            self._need(":")
            return partial(awkrun.chosen, left, then, self._expression())
        return left

    def _place(self, start: int) -> Place:
        """What an assignment that begins at a token sets."""
        end, self.at = self.at, start
        token = self._next()
        place: Place
        if self._taken("$"):
            place = Place("$", self._primary())
        elif token.isidentifier():
            self.at += 1
            place = Place(token)
            if self._taken("["):
                place = Place(token, self._expression())
                self._need("]")
        else:
            raise Unread
        if self.at not in (end - 1, end):
            raise Unread
        self.at = end
        return place

    def _or(self) -> Expression:
        left = self._and()
        while self._taken("||"):
            left = partial(awkrun.either, left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._matched()
        while self._taken("&&"):
            left = partial(awkrun.both, left, self._matched())
        return left

    def _matched(self) -> Expression:
        left = self._relation()
        while self._next() in ("~", "!~"):
            negated = self._next() == "!~"
            self.at += 1
            left = partial(awkrun.matches, negated, left, self._pattern_or(self._relation))
        return left

    def _pattern_or(self, other: Callable[[], Expression]) -> Expression:
        """A pattern written out as a text; any other expression."""
        token = self._next()
        if token[:1] == "/" and len(token) > 1 and token != "/=":
            self.at += 1
            return partial(awkrun.constant, token[1:-1].replace("\\/", "/"))
        return other()

    def _relation(self) -> Expression:
        left = self._concatenation()
        operator = self._next()
        if operator in ("==", "!=", "<", "<=", ">=") or (operator == ">" and not self.in_print):
            self.at += 1
            return partial(awkrun.relation, operator, left, self._concatenation())
        return left

    def _concatenation(self) -> Expression:
        found = [self._sum()]
        while self._begins_value():
            found.append(self._sum())
        return found[0] if len(found) == 1 else partial(awkrun.concatenated, tuple(found))

    def _begins_value(self) -> bool:
        token = self._next()
        if token in ("in", "getline"):
            raise Unread
        return bool(token) and (token[0] in '"$(' or token[0].isalnum() or token[0] == "_" or token in ("!",))

    def _sum(self) -> Expression:
        left = self._product()
        while self._next() in ("+", "-"):
            operator = self._next()
            self.at += 1
            left = partial(awkrun.calculated, operator, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._unary()
        while self._next() in ("*", "/", "%"):
            operator = self._next()
            self.at += 1
            left = partial(awkrun.calculated, operator, left, self._unary())
        return left

    def _unary(self) -> Expression:
        token = self._next()
        if self._taken("!"):
            return partial(awkrun.negated, self._unary())
        if self._taken("-"):
            return partial(awkrun.calculated, "-", partial(awkrun.constant, 0.0), self._unary())
        if token in ("++", "--"):
            self.at += 1
            start = self.at
            self._primary()
            return partial(awkrun.assign, self._place(start), token[0], partial(awkrun.constant, 1.0))
        start = self.at
        found = self._primary()
        after = self._next()
        if after in ("++", "--"):
            place = self._place(start)
            self.at += 1
            return partial(awkrun.stepped, found, place, after[0])
        return found

    def _primary(self) -> Expression:
        token = self._next()
        self.at += 1
        if token[:1] == '"':
            return partial(awkrun.constant, _unescaped(token[1:-1]))
        if token[:1].isdigit():
            return partial(awkrun.constant, float(token[:15]))
        if token[:1] == "/" and len(token) > 1:
            line = partial(awkrun.column, partial(awkrun.constant, 0.0))
            return partial(awkrun.matches, False, line, partial(awkrun.constant, token[1:-1]))
        if token == "$":
            return partial(awkrun.column, self._primary())
        if token == "(":
            outer, self.in_print = self.in_print, False
            inner = self._expression()
            self.in_print = outer
            self._need(")")
            return inner
        if token in _FUNCTIONS:
            return self._call(token)
        if token.isidentifier() and self._next() != "(":
            if self._taken("["):
                key = self._expression()
                self._need("]")
                return partial(awkrun.element, token, key)
            return partial(awkrun.variable, token)
        raise Unread

    def _call(self, name: str) -> Expression:
        arguments: list[Expression] = []
        target: Place | None = None
        outer, self.in_print = self.in_print, False
        if name == "length" and self._next() != "(":
            self.in_print = outer
            return partial(awkrun.called, name, (), None)
        self._need("(")
        while not self._taken(")"):
            start = self.at
            if name == "split" and len(arguments) == 1:
                target = Place(self._next())
                self.at += 1
                arguments.append(partial(awkrun.constant, ""))
            else:
                arguments.append(self._pattern_or(self._expression))
                if name in ("sub", "gsub") and len(arguments) == 3:
                    target = self._place(start)
            if not self._taken(",") and self._next() != ")":
                raise Unread
        self.in_print = outer
        return partial(awkrun.called, name, tuple(arguments), target)


def _unescaped(written: str) -> str:
    pieces = re.split(r"\\(.)", written)
    return "".join(_ESCAPES.get(each, f"\\{each}") if at % 2 else each for at, each in enumerate(pieces))
