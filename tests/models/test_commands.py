"""Commands over several calls: input and output through pipes, buffers and variables."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.commands import environment
from tagcheck.guards import when
from tagcheck.values import Record, Text, Value, alternatives

from .fake import FakeMachine, run_model, shown, value_of
from .test_loading import MODELS


def call(machine: FakeMachine, name: str, receiver: Value | None, *arguments: object) -> list[Value]:
    model = MODELS.find(name)
    assert model is not None
    return run_model(model, machine, [each if isinstance(each, Record | values.Pointer) else value_of(machine, each)
                                      for each in arguments], receiver)  # fmt: skip


def command(machine: FakeMachine, *argv: str) -> Value:
    return call(machine, "os/exec.Command", None, *argv)[0]


def with_field(machine: FakeMachine, pointer: Value, name: str, value: Value) -> None:
    held = machine.load(pointer)
    assert isinstance(held, Record)
    machine.store(pointer, held.with_field(name, value))


def test_input_that_is_written_after_the_start_is_there_when_the_command_runs() -> None:
    machine = FakeMachine()
    made = command(machine, "kubectl", "apply", "-f", "-")
    pipe = call(machine, "os/exec.Cmd.StdinPipe", made)[0]
    call(machine, "os/exec.Cmd.Start", made)
    assert machine.log == []
    call(machine, "io.WriteString", None, pipe, "image: x")
    call(machine, "os/exec.Cmd.Wait", made)
    assert machine.log == ["write image: x", "run kubectl apply -f - < image: x"]


def test_output_reaches_a_buffer_and_the_next_command() -> None:
    machine = FakeMachine()
    save, load = command(machine, "docker", "save", "x"), command(machine, "kind", "load")
    with_field(machine, load, "Stdin", call(machine, "os/exec.Cmd.StdoutPipe", save)[0])
    call(machine, "os/exec.Cmd.Start", load)
    call(machine, "os/exec.Cmd.Run", save)
    call(machine, "os/exec.Cmd.Wait", load)
    assert [line for line in machine.log if line.startswith("run")] == [
        "run docker save x",
        "run kind load < <output docker save x>",
    ]


def test_a_reader_of_the_project_holds_its_one_text() -> None:
    machine = FakeMachine()
    for fields, wanted in (({"data": "image: x", "at": 0}, " < image: x"), ({"data": "image: x", "other": "y"}, "")):
        made = command(machine, "kubectl", "apply", "-f", "-")
        with_field(machine, made, "Stdin", value_of(machine, {"pointer": {"record": "p.reader", **fields}}))
        call(machine, "os/exec.Cmd.Run", made)
        assert machine.log[-1] == f"run kubectl apply -f -{wanted}"


def test_a_command_runs_once() -> None:
    machine = FakeMachine()
    made = command(machine, "docker", "ps")
    call(machine, "os/exec.Cmd.Start", made)
    call(machine, "os/exec.Cmd.Wait", made)
    assert machine.log == ["run docker ps"]


def test_environment_later_entries_win_and_alternatives_stay() -> None:
    machine = FakeMachine()
    listed = value_of(machine, ["A=1", "B=x=y", {"env": "unknown"}, "A=2", "..."])
    assert [(name, shown(machine, value)) for name, value in environment(listed, machine)] == [("A", "2"), ("B", "x=y")]
    either = alternatives([(when("g"), value_of(machine, ["A=1"])), (when("g", False), value_of(machine, ["A=2"]))])
    ((name, value),) = environment(either, machine)
    assert (name, shown(machine, value)) == ("A", {"either": ["1", "2"]})
    item = value_of(machine, [{"either": ["A=1", "A=2"]}])
    assert shown(machine, dict(environment(item, machine))["A"]) == {"either": ["1", "2"]}


def test_a_file_that_is_written_holds_everything_written() -> None:
    machine = FakeMachine()
    file = value_of(machine, {"file": "x.yaml"})
    call(machine, "os.File.WriteString", file, "a\n")
    call(machine, "fmt.Fprintf", None, file, "image: %s", "x")
    assert machine.log[-1] == "file x.yaml: a\nimage: x"


def test_text_that_doubles_without_end_is_cut() -> None:
    machine = FakeMachine()
    text: Value = Text.of("x")
    sprintf = MODELS.find("fmt.Sprintf")
    assert sprintf is not None
    for _ in range(40):
        text = run_model(sprintf, machine, [Text.of("%s%s"), text, text], None)[0]
    assert isinstance(text, Text)
    assert len(text.parts) < 20_001
