"""The small language that every front end lowers to.

Purpose: carry names, and only names, from sources in many languages to one evaluator. There is just enough here to
say where a value comes from, which command gets it and in which order; arithmetic, types and most of control flow are
left out. A front end lowers faithfully and decides nothing: it knows no container tool and no library.

Rejected: one union syntax tree of all languages (every later layer would have to know every language); three-address
code over a control-flow graph (joins and loops would lose the block structure that the evaluator uses to keep
alternatives apart).

What it cannot do: goto, exceptions that are caught far from where they are raised, coroutines, pointer arithmetic. A
front end that meets such a thing emits `Opaque` or leaves the statement out and keeps what it could translate.

Expressions have no side effects, except that `Allocate` makes a fresh cell. Calls are statements (`Invoke`): a front
end lowers `f(g(x))` to `t := g(x)` and `f(t)`, with temporaries whose names start with '%'. Every node has the span of
the source that it was lowered from.

Names of variables are unique within a procedure: where a language lets an inner block hide an outer variable, the
front end renames the inner one (`err`, `err#2`). `Assign.declare` makes a new cell for the name each time it runs, so
that a closure made in a loop keeps the variable of its own round.

Types are mentioned by their qualified name, 'package/path.Name', without pointer stars; builtin kinds are written
'string', 'int', 'bool', 'error', '[]T', 'map[K]V', 'chan T', 'func'. They steer zero values and the choice of methods.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from tagcheck.source import Span

# --- expressions -----------------------------------------------------------------------------------------------------


class Literal(Struct, frozen=True):
    """A text written out. `span` covers the content without its quotes; `exact`: content and source agree character
    by character (a raw string, or one without escapes), so that places inside can be computed."""

    text: str
    span: Span
    exact: bool = True


class Constant(Struct, frozen=True):
    """A number, a truth value, or None (nil, null)."""

    value: int | float | bool | None
    span: Span


class Name(Struct, frozen=True):
    """A variable or procedure by its simple name: a local, a captured one, or one of the own module's."""

    name: str
    span: Span


class Global(Struct, frozen=True):
    """A symbol of another module: `Global("os/exec", "Command")`. `module` is the import path, or for modules of the
    project what the front end resolved it to."""

    module: str
    name: str
    span: Span


class Join(Struct, frozen=True):
    """Concatenation of texts."""

    parts: tuple[Expression, ...]
    span: Span


class Spread(Struct, frozen=True):
    """In a list or an argument list: all items of a list value."""

    value: Expression
    span: Span


class ListOf(Struct, frozen=True):
    """A list, array or tuple written out; `type` is its qualified type where written ('[]string')."""

    items: tuple[Expression, ...]
    span: Span
    type: str = ""


class MapOf(Struct, frozen=True):
    """A mapping written out, in source order. As a value it is immutable; a language with mappings that are shared
    wraps it in `Allocate`."""

    entries: tuple[tuple[Expression, Expression], ...]
    span: Span
    type: str = ""


PARAMETER_TYPE = "?"
"""The type of what has the type that a type parameter stands for."""
TEXT_FIELD = "%text"
"""The field of a record that holds the text it is printed as (a uuid, a point in time, a member of an enumeration of
texts)."""
NUMBER_FIELD = "%number"
"""The field of a record that holds the number which it counts as (a member of an enumeration of numbers)."""


class RecordOf(Struct, frozen=True):
    """A record (struct, object) of a type, with the fields that are set. Embedded fields use the embedded type's
    simple name. As a value it is immutable and copied by assignment."""

    type: str
    fields: tuple[tuple[str, Expression], ...]
    span: Span


class Zero(Struct, frozen=True):
    """The zero value of a type ('string': empty text; a struct: a record with no field set; a pointer: nil)."""

    type: str
    span: Span


class Allocate(Struct, frozen=True):
    """A reference to a fresh cell that holds `value` (`&T{…}`, `new(T)`, a map literal, a channel)."""

    value: Expression
    span: Span


class MakeChannel(Struct, frozen=True):
    """A fresh channel: what is sent is received in order."""

    span: Span


class AddressOf(Struct, frozen=True):
    """A reference to the cell of a variable (`&x`)."""

    target: Expression
    span: Span


class Dereference(Struct, frozen=True):
    """The value that a reference leads to (`*p`)."""

    pointer: Expression
    span: Span


class Field(Struct, frozen=True):
    """A field, or a method bound to its receiver; references are followed."""

    base: Expression
    name: str
    span: Span


class Index(Struct, frozen=True):
    """An item of a list (from 0; negative from the end), a character of a text, a value of a mapping."""

    base: Expression
    index: Expression
    span: Span


class Slice(Struct, frozen=True):
    """A part of a list or text, from `low` (default 0) to `high` (default the end, exclusive)."""

    base: Expression
    low: Expression | None
    high: Expression | None
    span: Span


class Closure(Struct, frozen=True):
    """A procedure as a value, capturing the variables around it."""

    procedure: Procedure
    span: Span


class CompareOp(Enum):
    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Compare(Struct, frozen=True):
    operator: CompareOp
    left: Expression
    right: Expression
    span: Span


class Not(Struct, frozen=True):
    operand: Expression
    span: Span


class AllOf(Struct, frozen=True):
    """Conjunction of conditions."""

    operands: tuple[Expression, ...]
    span: Span


class AnyOf(Struct, frozen=True):
    """Disjunction of conditions."""

    operands: tuple[Expression, ...]
    span: Span


class Choice(Struct, frozen=True):
    """`then` where the condition holds, else `otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression
    span: Span


class Apply(Struct, frozen=True):
    """A pure operation of the language itself, by name; those in use: 'add', 'subtract', 'multiply', 'divide',
    'modulo' (numbers; 'add' of texts is `Join`), 'length', 'append' (list and items), 'keys', 'has' (mapping and key),
    'comprehend' (a list or mapping, two names that hold the key and the value of an entry, what becomes of it, and
    whether it counts: a list), 'comprehend-mapping' (the same, with a key before what becomes of it: a mapping),
    'add-in-place' (and so with 'multiply', 'whole-quotient', 'power': a left operand that is a list, or an object which
    has a method for it, is changed itself, and is the result),
    'convert' (type name as first literal), 'is-type' (whether a value is of one of the types of a first list; those of
    a second list are asked for at the same place; types with a star for pointers, 'nil' for none), 'repeat' (a list of
    an item so many times).

    Of compose files: 'set-empty' (whether a variable of the environment is set to the empty text).

    Of shells: 'environment' (the variable of this name, as the environment has it), 'split-words' (a text as the list
    of words that an unquoted expansion becomes), 'file-names' (a list in which patterns of file names become the names
    of files), 'file-exists' (its path), 'split-lines', 'without-line-ends', 'argument' (a list and a number from 1:
    that item, the empty text past the end), 'without-item' (a list or mapping and an index: all others keep theirs),
    'name-of-shell' (`$0` of a text; else a path), 'quoted' (in quotes that a shell takes off), 'without-prefix',
    'without-longest-prefix', 'without-suffix', 'without-longest-suffix' (a text and a pattern), 'replace-first',
    'replace-all' (a text, a pattern and a text),
    'upper', 'lower'."""

    operation: str
    arguments: tuple[Expression, ...]
    span: Span


class Opaque(Struct, frozen=True):
    """What the front end could not translate, why, and the parts that it could."""

    reason: str
    span: Span
    parts: tuple[Expression, ...] = ()


Expression: TypeAlias = (
    Literal
    | Constant
    | Name
    | Global
    | Join
    | Spread
    | ListOf
    | MapOf
    | RecordOf
    | Zero
    | Allocate
    | MakeChannel
    | AddressOf
    | Dereference
    | Field
    | Index
    | Slice
    | Closure
    | Compare
    | Not
    | AllOf
    | AnyOf
    | Choice
    | Apply
    | Opaque
)

# --- statements ------------------------------------------------------------------------------------------------------

Target: TypeAlias = Name | Global | Field | Index | Dereference | None
"""Where a value goes; None drops it (the blank identifier)."""


class Assign(Struct, frozen=True):
    """`targets = value`; with several targets the value is a list that is taken apart. `declare`: a new cell."""

    targets: tuple[Target, ...]
    value: Expression
    span: Span
    declare: bool = False


ALL_KEYWORDS = "**"


class Argument(Struct, frozen=True):
    """An argument of a call: positional, or by keyword; `value` may be a `Spread`. The keyword `ALL_KEYWORDS` stands
    for all entries of a mapping."""

    value: Expression
    keyword: str = ""


class Invoke(Struct, frozen=True):
    """A call. `targets` take its results, one each; no targets at all: the results are dropped. `span` is the call's
    (from the callee's first character to the closing bracket)."""

    targets: tuple[Target, ...]
    callee: Expression
    arguments: tuple[Argument, ...]
    span: Span
    declare: bool = False


class Run(Struct, frozen=True):
    """A command line as a shell or make runs it. `argv` holds the words, the command first, not yet split;
    `output` takes what it prints, without the line ends at its end; without one it is printed. `status` takes whether
    it failed. Without `stdin` and `directory` those around it hold. `whole`: `output` takes the line ends as well."""

    argv: tuple[Expression, ...]
    span: Span
    environment: tuple[tuple[str, Expression], ...] = ()
    stdin: Expression | None = None
    directory: Expression | None = None
    output: Target = None
    status: Target = None
    whole: bool = False


class Redirect(Struct, frozen=True):
    """Run the body with another standard input, or with what it prints going to `output` (as in `Run`). `own`: it is a
    process of its own, and who leaves the program there, leaves this alone. `status` takes whether such a process was
    left in failure; without one, who fails there may end the program around. Where somebody asks for the status, no
    command that fails in the body ends it."""

    body: tuple[Statement, ...]
    span: Span
    stdin: Expression | None = None
    output: Target = None
    whole: bool = False
    own: bool = False
    status: Target = None


class Branch(Struct, frozen=True):
    """If; a switch is lowered to nested branches (`Compare` with each case)."""

    condition: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    span: Span


class Attempt(Struct, frozen=True):
    """A body whose failure is handled. Where it surely fails what it did stays done, and the handler runs; where it may
    fail, either the handler or what follows success does. `error` gets what was raised. `leaves`: the body may leave
    its procedure or loop; then either the handler runs or the body and what follows."""

    body: tuple[Statement, ...]
    handler: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    span: Span
    error: Target = None
    leaves: bool = False
    surely: bool = False
    """the handler runs only where the body surely fails"""
    looks: bool = False
    """nothing in the body can fail but lookups, of which each says if that is not known"""


class ForEach(Struct, frozen=True):
    """For every item of a list, entry of a mapping, value received from a channel or number below an integer.
    `targets` get (index or key, value), as in Go's range; one target gets the index or key, or, over a channel, the
    value; they are declared anew in each round."""

    targets: tuple[Target, ...]
    over: Expression
    body: tuple[Statement, ...]
    span: Span


class While(Struct, frozen=True):
    """As long as the condition holds; `step` runs after each round (also after Continue)."""

    condition: Expression
    step: tuple[Statement, ...]
    body: tuple[Statement, ...]
    span: Span


class Break(Struct, frozen=True):
    """Leave the innermost loop, or the one that so many loops lie inside of."""

    span: Span
    loops: int = 0


class Continue(Struct, frozen=True):
    """Go on with the next round of the innermost loop, or of the one that so many loops lie inside of."""

    span: Span
    loops: int = 0


class Return(Struct, frozen=True):
    """Leave the procedure with these results; for named results that are returned bare, the front end names them."""

    values: tuple[Expression, ...]
    span: Span


class Defer(Struct, frozen=True):
    """Run the body when the procedure ends, last deferred first. Arguments are evaluated before, into temporaries.
    `on_failure`: run it each time that a command fails of which nobody asks how it went, in the place of what was to
    run then before."""

    body: tuple[Statement, ...]
    span: Span
    on_failure: bool = False


class Spawn(Struct, frozen=True):
    """Run the body side by side with what follows (go, &, a thread). `copied`: in a process of its own, which has the
    variables as they are now and shares none of them."""

    body: tuple[Statement, ...]
    span: Span
    copied: bool = False


class Send(Struct, frozen=True):
    channel: Expression
    value: Expression
    span: Span


class Receive(Struct, frozen=True):
    """Take the next value of a channel; a second target gets whether there was one."""

    targets: tuple[Target, ...]
    channel: Expression
    span: Span
    declare: bool = False


class Role(Enum):
    """What a file says about images without any command."""

    OBJECT = "object"
    """a Kubernetes object, complete or part"""
    KUSTOMIZATION = "kustomization"
    """a folder's kustomization, as if it were applied"""
    TEMPLATE = "template"
    """a file that is a template of manifests, as if it were rendered and applied"""
    CHART = "chart"
    """a folder's chart, as if it were installed"""
    STACK = "stack"
    """a compose file, as if it were started"""
    BAKE = "bake"
    """a bake file, as if all of its targets were built"""
    ARTIFACTS = "artifacts"
    """a file that lists artifacts and what deploys them, and one of its profiles, as if it were run"""
    BASE = "base"
    """a Dockerfile's FROM"""
    PLAYBOOK = "playbook"
    """a file of plays, as if it were run"""
    SUITE = "suite"
    """a file of tests for a cluster, as if they were run"""
    DELIVERY = "delivery"
    """a file that lists images which are built for a chart, as if that were installed"""
    WORKPLACE = "workplace"
    """a container that a person works in, as if it were started"""
    MODULE = "module"
    """a folder of resources, as if they were made"""


class Use(Struct, frozen=True):
    """A file states something that names images: a manifest's object, written out as `MapOf`, `ListOf`, `Literal`."""

    role: Role
    value: Expression
    span: Span


Statement: TypeAlias = (
    Assign
    | Invoke
    | Run
    | Redirect
    | Branch
    | Attempt
    | ForEach
    | While
    | Break
    | Continue
    | Return
    | Defer
    | Spawn
    | Send
    | Receive
    | Use
)

# --- procedures and modules ------------------------------------------------------------------------------------------


class Parameter(Struct, frozen=True):
    """`copied`: what is passed is a copy, also where the caller has a reference (a Go receiver that is no pointer).
    `named`: only a keyword gives it. `rest`: it takes the keywords that no other parameter has, as a mapping."""

    name: str
    type: str = ""
    variadic: bool = False
    default: Expression | None = None
    copied: bool = False
    named: bool = False
    rest: bool = False


class Procedure(Struct, frozen=True, eq=False, dict=True):
    """A function, method, closure, target, script or file.

    `key` says where it lives: 'go:test/utils#LoadImage', 'go:test/utils#Type.Method', 'k8s:config/manager.yaml';
    closures append '$1', '$2' to the key around them. `module` is the module whose symbols its names mean. `receiver`
    is the first parameter of a method. `results` are the result types; `named_results` the names of results that have
    them (the engine declares them with zero values). `mentions` holds every identifier that occurs in the body: a cheap
    over-approximation of what it can call. The body is lowered when it is first asked for. `computed`: to ask for it as
    a field is to call it. `constructs`: the qualified type whose objects it makes; the type's members are its fields.
    """

    key: str
    module: str
    parameters: tuple[Parameter, ...]
    lower: Callable[[], tuple[Statement, ...]]
    span: Span
    results: tuple[str, ...] = ()
    named_results: tuple[str, ...] = ()
    receiver: Parameter | None = None
    mentions: frozenset[str] = frozenset()
    computed: bool = False
    constructs: str = ""

    @cached_property
    def body(self) -> tuple[Statement, ...]:
        return self.lower()


class Problem(Struct, frozen=True):
    """Why a file, or a part of it, could not be read: becomes TC901. `message` says what is wrong and what to do."""

    path: str
    line: int
    column: int
    message: str
