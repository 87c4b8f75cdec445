"""Which lists that a procedure gets it changes in place.

A list is a value here, as an array is; what languages share of it is its items. Where a procedure sets items of a list
that it was given, its caller hands over a reference to the place of the list instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck import ir


def changed_lists(procedure: ir.Procedure) -> frozenset[int]:
    """The positions of the parameters of which items, or parts of items, are set in the procedure's own body."""
    names = {parameter.name: at for at, parameter in enumerate(procedure.parameters) if not parameter.variadic}
    found = {names[name] for name in _changed(procedure.body) if name in names} if names else set()
    return frozenset(found)


def _changed(body: tuple[ir.Statement, ...]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ir.Assign():
                for target in statement.targets:
                    yield from _of_place(target)
                if isinstance(statement.value, ir.AddressOf):
                    yield from _of_place(statement.value.target)
            case ir.Invoke():
                for target in statement.targets:
                    yield from _of_place(target)
                for argument in statement.arguments:
                    if isinstance(argument.value, ir.AddressOf):
                        yield from _of_place(argument.value.target)
            case ir.Branch():
                yield from _changed(statement.then)
                yield from _changed(statement.otherwise)
            case ir.Attempt():
                yield from _changed((*statement.body, *statement.handler, *statement.otherwise))
            case ir.ForEach() | ir.Redirect() | ir.Defer() | ir.Spawn():
                yield from _changed(statement.body)
            case ir.While():
                yield from _changed((*statement.body, *statement.step))


def _of_place(target: ir.Expression | None) -> Iterator[str]:
    """The variable of which an item is a part of this place."""
    indexed = False
    while isinstance(target, ir.Field | ir.Index):
        indexed = isinstance(target, ir.Index)
        target = target.base
    if indexed and isinstance(target, ir.Name):
        yield target.name
