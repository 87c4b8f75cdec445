"""The meeting point of library models and the evaluator.

A model (`rules/models/*.yaml`) says: a call of this name is this operation with these parameters. An operation is a
function from a `Call` to results; what it needs of the running evaluation it asks of the `Machine`. An operation never
raises: what it does not understand it answers with `call.unknown(reason)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct, field

from tagcheck.catalog import Effect
from tagcheck.guards import ALWAYS, Guards
from tagcheck.source import Span
from tagcheck.values import Opaque, Text, Value


class Command(Struct, frozen=True):
    """A command that is about to run. `argv` is already split into words, the program first. `environment` holds the
    variables that are set for it on top of the caller's; `directory` and `stdin` where given. `stdout` is the path of
    the file that its output goes to, if it does; `site` is where the command is put together, if that is elsewhere than
    where it runs; `unread` says that nobody looks at what it prints, which need not be found out then; `asked` that
    somebody looks at how it goes."""

    argv: tuple[Value, ...]
    environment: tuple[tuple[str, Value], ...] = ()
    stdin: Value | None = None
    directory: Value | None = None
    stdout: Value | None = None
    site: Span | None = None
    unread: bool = False
    asked: bool = False


class CommandResult(Struct, frozen=True):
    """What a command prints, and whether it succeeded (an `Outcome`, or a `Failure` or `Null` where known)."""

    output: Value
    outcome: Value


class Machine(Protocol):
    """What an operation may ask of the evaluation in progress."""

    def load(self, value: Value) -> Value:
        """The content of the cell that a pointer leads to; any other value as it is."""
        ...

    def store(self, pointer: Value, content: Value) -> None:
        """Write the cell that a pointer leads to; ignored for other values."""
        ...

    def join(self, values: tuple[Value, ...]) -> Value:
        """The texts of values one after the other. Where their alternatives would give too many, some are kept in the
        text as one hole each, and taken apart where the text is used."""
        ...

    def spend(self, steps: int) -> None:
        """Count work against the bound of the evaluation."""
        ...

    def allocate(self, content: Value) -> Value:
        """A pointer to a fresh cell."""
        ...

    def unique(self, label: str, weak: str = "") -> Text:
        """A fresh unique value, different from every other (`weak`: why it may still collide)."""
        ...

    def environment(self, name: Text) -> Value:
        """The value of an environment variable: what the scenario set, else a hole. `Absent` never appears."""
        ...

    def set_environment(self, name: Text, value: Value) -> None: ...

    def variables_set(self) -> tuple[tuple[Value, Value], ...]:
        """The variables that the run has put into the environment, with their values."""
        ...

    def exports(self, name: Text) -> bool:
        """Whether the run has put a variable into the environment."""
        ...

    def assign(self, name: Text, value: Value) -> None:
        """Give a variable of the shell that runs now a value; nothing happens outside of shells."""
        ...

    def evaluate_text(self, value: Value) -> None:
        """Run a text in the shell that runs now."""
        ...

    def source(self, path: Value, words: tuple[Value, ...], exporting: bool) -> None:
        """Run a file in the shell that runs now; `exporting`: what it assigns is exported."""
        ...

    def read_file(self, path: Value) -> Value | None:
        """The text of a file: one written in this scenario under the same path, or one of the project; None if
        unknown."""
        ...

    def files_below(self, folder: Text) -> tuple[str, ...] | None:
        """The project's files in a folder and below it, as seen from there; None if there are none, or if nobody knows
        which folder is meant."""
        ...

    def starts_clean(self, path: Value) -> bool:
        """Whether a file can only be there if it is the project's or the run has written it: on a host that was made
        for what runs on it, and in a work tree that a job checks out."""
        ...

    def write_file(self, path: Value, content: Value) -> None: ...

    def program_words(self) -> tuple[Text, ...] | None:
        """The arguments of the program that runs, without its name; None where nothing in the project gives them."""
        ...

    def unanswered(self) -> None:
        """A command of the shell that runs has failed, and nobody asks."""
        ...

    def drop_printed(self) -> None:
        """Take back what the last command printed, which has failed."""
        ...

    def print_text(self, value: Value) -> None:
        """Add to what the program that runs prints."""
        ...

    def run(self, command: Command) -> CommandResult:
        """Run a command symbolically: its effects become events."""
        ...

    def emit(self, effect: Effect, given: Guards = ALWAYS) -> None:
        """Record what a library call does to images; alternatives in texts have been taken apart, `given` are the
        guards of the ones that the effect is made of."""
        ...

    def missed(self, wanted: str, image: Text) -> None:
        """A substitution by `image` found no `wanted` in a text all of which is known."""
        ...

    def deploy(self, thing: Value, applied_by: str) -> None:
        """A Kubernetes object (record, mapping, or manifest text) is applied to the cluster."""
        ...

    def call(
        self, function: Value, arguments: Sequence[Value], keywords: dict[str, Value] | None = None
    ) -> tuple[Value, ...]:
        """Call a procedure or library function now; its results."""
        ...

    def replace(self, holder: Value, name: str, value: Value) -> None:
        """Put a value in the place of an attribute of a module or class, or of what a dotted text leads to."""
        ...

    def take_back(self, holder: Value, name: str) -> None:
        """Undo what `replace` did to an attribute."""
        ...

    def take_back_own(self) -> None:
        """Undo what the procedure that runs now has replaced."""
        ...

    def attempt(self, function: Value) -> None:
        """Call a function now; a failure in it ends nothing but that call."""
        ...

    def methods(self, value: Value) -> Mapping[str, Value]:
        """The methods that the project gives to the type of a value, bound to it, in the order of the source."""
        ...

    def own_method(self, value: Value, name: str) -> Value | None:
        """The method of a value's class by its name, bound to the value; of a class itself, one of the class. None if
        there is no such method."""
        ...

    def set_attribute(self, holder: Value, name: str, value: Value) -> bool:
        """Give an attribute to a class, a module, or an object whose class has a descriptor there; False for anything
        else."""
        ...

    def tell_inherited(self, class_: Value, name: str, keywords: dict[str, Value]) -> None:
        """Call the method of the class that comes behind a class, if it has one, with the class."""
        ...

    def own_attribute(self, value: Value, name: str) -> Value | None:
        """What the class of a value has under a name, as seen from the value; None if it has nothing."""
        ...

    def ancestors(self, type_: str) -> tuple[str, ...]:
        """A type and those that it inherits from, by their qualified names."""
        ...

    def is_own(self, type_: str) -> bool:
        """Whether the project declares a type."""
        ...

    def register(self, phase: str, function: Value) -> None:
        """Keep a function for a phase of the scenario ('before-suite', 'body', 'after-suite', 'cleanup', …)."""
        ...

    def spawn(self, function: Value) -> None:
        """Run a function side by side with what follows."""
        ...

    def wait(self) -> None:
        """Wait for everything spawned."""
        ...

    def doubt(self) -> None:
        """Whether something failed is not known."""
        ...

    def stop(self, raised: Value | None = None) -> None:
        """This path ends in failure (panic, t.Fatal), of which whoever handles it gets what was raised."""
        ...

    def end_program(self, status: Value) -> None:
        """The program that runs ends, and not in failure as far as is known."""
        ...

    def gap(self, stage: str, reason: str) -> None:
        """Note that something could not be determined here."""
        ...

    def package(self) -> str | None:
        """The folder of the package whose file of a build system is evaluated, as seen from its workspace; None outside
        of such files."""
        ...

    def begin_job(self, name: Text, shared: bool, closed: bool, given: Mapping[str, Text]) -> None:
        """What follows runs on a host of its own, or on one that others use; with files and variables of its own.
        `closed`: nothing but the job sets variables there; `given`: variables that each job has."""
        ...

    def end_job(self) -> None:
        """Back to where the job began."""
        ...

    def keep_files(self, name: Text, path: Text) -> None:
        """Keep the files at a path, a folder or a pattern under a name for other jobs."""
        ...

    def fetch_files(self, name: Text, pattern: Text, folder: Text, merged: bool) -> None:
        """Put files that were kept into a folder: those under a name, or under all that match a pattern, each in a
        folder of its own unless they are merged."""
        ...


class Call(Struct, frozen=True):
    """One call of a library function. `name` is qualified ('fmt.Sprintf', 'os/exec.Cmd.Run'); `receiver` is the value
    that a method is called on; `arguments` are positional, spreads already expanded; `with_` are the model's
    parameters."""

    name: str
    arguments: tuple[Value, ...]
    machine: Machine
    site: Span
    receiver: Value | None = None
    keywords: Mapping[str, Value] = field(default_factory=dict)
    with_: Mapping[str, object] = field(default_factory=dict)
    identity: str = ""
    """tells this evaluation from every other"""

    def argument(self, index: int) -> Value:
        """The argument at an index; opaque where there is none."""
        return self.arguments[index] if index < len(self.arguments) else self.unknown("a missing argument")

    def unknown(self, reason: str) -> Opaque:
        """A value of which nothing is known, for this evaluation."""
        return Opaque(f"{self.identity}:{reason}", reason)


Operation: TypeAlias = Callable[[Call], tuple[Value, ...]]
"""The results of a call, in order; the empty tuple for a call without results."""
