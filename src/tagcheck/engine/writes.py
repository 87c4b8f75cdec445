"""What a procedure changes that is not its own: lists that it gets, in place, and variables around it.

An array is a value, and so is a list that came about in a way that makes no reference of it. Where a procedure sets
items of one that it was given, its caller hands over a reference to the place of the list instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck import ir


def changed_lists(procedure: ir.Procedure) -> frozenset[int]:
    """The positions of the parameters of which items, or parts of items, are set in the procedure's own body."""
    names = {parameter.name: at for at, parameter in enumerate(procedure.parameters) if not parameter.variadic}
    found = {names[name] for name in _changed(procedure.body) if name in names} if names else set()
    return frozenset(found)


def sets_around(procedure: ir.Procedure, captured: frozenset[str]) -> bool:
    """Whether the procedure's own body sets a variable that is not its own, or a part of one: of its module, or one of
    those that it captured."""
    for target in _set(procedure.body):
        while isinstance(target, ir.Field | ir.Index):
            target = target.base
        if isinstance(target, ir.Global) or (isinstance(target, ir.Name) and target.name in captured):
            return True
    return False


def _changed(body: tuple[ir.Statement, ...]) -> Iterator[str]:
    for target in _set(body):
        yield from _of_place(target)


def _set(body: tuple[ir.Statement, ...]) -> Iterator[ir.Expression | None]:
    """The places that statements set, or of which they hand out a reference; variables that they declare are none."""
    for statement in body:
        match statement:
            case ir.Assign():
                yield from () if statement.declare else statement.targets
                if isinstance(statement.value, ir.AddressOf):
                    yield statement.value.target
            case ir.Invoke():
                yield from () if statement.declare else statement.targets
                for argument in statement.arguments:
                    if isinstance(argument.value, ir.AddressOf):
                        yield argument.value.target
            case ir.Branch():
                yield from _set(statement.then)
                yield from _set(statement.otherwise)
            case ir.Attempt():
                yield from _set((*statement.body, *statement.handler, *statement.otherwise))
            case ir.ForEach() | ir.Redirect() | ir.Defer() | ir.Spawn():
                yield from _set(statement.body)
            case ir.While():
                yield from _set((*statement.body, *statement.step))


def _of_place(target: ir.Expression | None) -> Iterator[str]:
    """The variable of which an item is a part of this place."""
    indexed = False
    while isinstance(target, ir.Field | ir.Index):
        indexed = isinstance(target, ir.Index)
        target = target.base
    if indexed and isinstance(target, ir.Name):
        yield target.name
