"""Attributes of objects by their names, and objects of data classes taken apart and made anew (Python library
reference: built-in functions, `dataclasses`)."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.general import is_function
from tagcheck.builtins.symbolic import as_text, undecided
from tagcheck.comparison import Same, same_key
from tagcheck.ir import TEXT_FIELD
from tagcheck.values import Alternatives, FunctionValue, LibraryValue, Opaque, Record, Text, Truth, Value

DEEPEST = 20


def attribute(call: Call) -> tuple[Value, ...]:
    """The field of argument 0 that argument 1 names, else argument 2."""
    found, absent = _found(call)
    if found is not None:
        return (found,)
    if absent and len(call.arguments) > 2:
        return (call.arguments[2],)
    return (call.unknown("an attribute by its name"),)


def has_attribute(call: Call) -> tuple[Value, ...]:
    """Whether argument 0 has the field that argument 1 names."""
    found, absent = _found(call)
    if found is None and not absent:
        return (call.unknown("whether there is an attribute"),)
    return (Truth(found is not None),)


def _found(call: Call) -> tuple[Value | None, bool]:
    """The attribute of argument 0 that argument 1 names, and whether there surely is none."""
    holder, name = call.machine.load(call.argument(0)), call.argument(1)
    literal = name.literal if isinstance(name, Text) else None
    if isinstance(holder, LibraryValue) and literal is not None:
        return call.machine.own_attribute(holder, literal), False
    if not isinstance(holder, Record) or literal is None:
        return None, False
    found = holder.get(literal) or call.machine.own_attribute(call.argument(0), literal)
    known = call.machine.ancestors(holder.type)
    is_whole = all(call.machine.is_own(each) or each in ("object", "ABC") for each in known)
    has_more = call.machine.own_method(call.argument(0), "__getattr__") is not None
    return found, found is None and is_whole and not has_more and call.machine.is_own(holder.type)


def set_attribute(call: Call) -> tuple[Value, ...]:
    """Give the field of argument 0 that argument 1 names the value of argument 2. Where the name is not known, nothing
    of the object is any more."""
    holder, name = call.machine.load(call.argument(0)), call.argument(1)
    literal = name.literal if isinstance(name, Text) else None
    own = call.machine.own_method(call.argument(0), f"{literal}%set") if isinstance(holder, Record) else None
    if own is not None:
        call.machine.call(own, (call.argument(2),))
    elif literal is not None and call.machine.set_attribute(call.argument(0), literal, call.argument(2)):
        return ()
    elif isinstance(holder, Record):
        unknown = Opaque(call.identity, "an object with an attribute set by a name that is not known", holder.type)
        call.machine.store(call.argument(0), holder.with_field(literal, call.argument(2)) if literal else unknown)
    return ()


def with_fields(call: Call) -> tuple[Value, ...]:
    """A new object like argument 0 (without arguments, the receiver) with the fields that the keywords give."""
    given = call.arguments[0] if call.arguments else call.receiver
    holder = call.machine.load(given) if given is not None else None
    if not isinstance(holder, Record):
        return (call.unknown("an object with other fields"),)
    made = call.machine.allocate(holder)
    after = call.machine.own_method(made, "__post_init__")
    wanted = {each.name for each in after.procedure.parameters} if isinstance(after, FunctionValue) else frozenset()
    for name, value in call.keywords.items():
        if name not in wanted:
            holder = holder.with_field(name, value)
    call.machine.store(made, holder)
    if after is not None:
        call.machine.call(after, (), {name: call.keywords[name] for name in wanted & call.keywords.keys()})
    return (made,)


def fields_of(call: Call) -> tuple[Value, ...]:
    """The fields of argument 0 (without arguments, the receiver), an object: as a mapping from their names, with
    `values` as a list; objects in it are treated likewise."""
    given = call.arguments[0] if call.arguments else call.receiver
    holder = call.machine.load(given) if given is not None else None
    if not isinstance(holder, Record):
        return (call.unknown("the fields of an object"),)
    made = _apart(call.machine, holder, bool(call.with_.get("values")), DEEPEST)
    return (made,)


def _apart(machine: Machine, value: Value, listed: bool, depth: int) -> Value:
    held = machine.load(value)
    if not depth:
        return held

    def inner(part: Value) -> Value:
        return _apart(machine, part, listed, depth - 1)

    match held:
        case Record() if machine.is_own(held.type) or depth == DEEPEST:
            public = [(name, inner(each)) for name, each in held.fields if not name.startswith("%")]
            if listed:
                return values.Sequence(tuple(each for _, each in public))
            return machine.allocate(values.Mapping(tuple((Text.of(name), each) for name, each in public)))
        case values.Sequence():
            return machine.allocate(values.Sequence(tuple(map(inner, held.items)), held.open))
        case values.Mapping():
            return machine.allocate(values.Mapping(tuple((key, inner(each)) for key, each in held.entries), held.open))
        case _:
            return value


def positional(call: Call) -> tuple[Value, ...]:
    """The field of argument 0, an object of a data class, at the place in argument 1 (`__match_args__`)."""
    holder, at = call.machine.load(call.argument(0)), call.argument(1)
    if isinstance(holder, Record) and isinstance(at, values.Number):
        public = [each for name, each in holder.fields if not name.startswith("%")]
        if 0 <= at.value < len(public):
            return (public[int(at.value)],)
    return (call.unknown("a field by its place"),)


def without_keys(call: Call) -> tuple[Value, ...]:
    """The entries of argument 0, a mapping, without those with the keys in the other arguments."""
    held, keys = call.machine.load(call.argument(0)), call.arguments[1:]
    if not isinstance(held, values.Mapping):
        return (call.unknown("the other entries"),)
    kept = tuple(each for each in held.entries if each[0] not in keys)
    return (call.machine.allocate(values.Mapping(kept, held.open)),)


def same_member(call: Call) -> tuple[Value, ...]:
    """Whether argument 1 is the member of an enumeration in argument 0, or its value."""
    member, given = (call.machine.load(call.argument(at)) for at in (0, 1))
    value = member.get("value") if isinstance(member, Record) else None
    if value is None:
        return (call.unknown("the member of an enumeration"),)
    answer = same_key(member if isinstance(given, Record) else call.machine.load(value), given)
    if answer is Same.MAYBE:
        texts = [as_text(each, call.machine) for each in (value, given)]
        return (undecided("is member", *texts),)
    return (Truth(answer is Same.YES),)


def callable_or(call: Call) -> tuple[Value, ...]:
    """Argument 0 if it can be called, as far as is known, else argument 1."""
    found = call.argument(0)
    held = call.machine.load(found)
    can = is_function(held) or (isinstance(held, Record) and call.machine.own_method(found, "__call__") is not None)
    return (found if can or isinstance(held, Alternatives) else call.argument(1),)


def set_fields(call: Call) -> tuple[Value, ...]:
    """Argument 0, an object by reference, has argument 1 in each of the `fields`."""
    held, names = call.machine.load(call.argument(0)), call.with_.get("fields")
    for name in names if isinstance(held, Record) and isinstance(names, list | tuple) else ():
        held = held.with_field(str(name), call.argument(1)) if isinstance(held, Record) else held
    if isinstance(held, Record):
        call.machine.store(call.argument(0), held)
    return ()


def subclass_made(call: Call) -> tuple[Value, ...]:
    """Argument 0, a class, has been made with the keywords: what it inherits from is told (`__init_subclass__`)."""
    call.machine.tell_inherited(call.argument(0), "__init_subclass__", dict(call.keywords))
    return ()


def name_in_module(call: Call) -> tuple[Value, ...]:
    """What argument 0 names in the receiver, a module; with `setting`, the names that a mapping and the keywords give
    are set there."""
    module = call.receiver if call.receiver is not None else call.unknown("a module")
    if not call.with_.get("setting"):
        return (call.unknown("a name of a module"),)
    given = call.machine.load(call.arguments[0]) if call.arguments else None
    entries = given.entries if isinstance(given, values.Mapping) else ()
    named = [(key.literal, value) for key, value in entries if isinstance(key, Text)]
    for name, value in (*named, *call.keywords.items()):
        if name is not None:
            call.machine.set_attribute(module, name, value)
    return ()


def new_object(call: Call) -> tuple[Value, ...]:
    """A new object of the class in argument 0 (`object.__new__`); that of a class of texts holds argument 1."""
    class_ = call.argument(0)
    if not isinstance(class_, FunctionValue) or not class_.procedure.constructs:
        return (call.unknown("a new object"),)
    shown = ((TEXT_FIELD, as_text(call.argument(1), call.machine)),) if len(call.arguments) > 1 else ()
    return (call.machine.allocate(Record(class_.procedure.constructs, shown if call.with_.get("text") else ())),)


def delete_attribute(call: Call) -> tuple[Value, ...]:
    """Take the field that argument 1 names from argument 0."""
    holder, name = call.machine.load(call.argument(0)), call.argument(1)
    literal = name.literal if isinstance(name, Text) else None
    own = call.machine.own_method(call.argument(0), f"{literal}%delete") if isinstance(holder, Record) else None
    if own is not None:
        call.machine.call(own, ())
    elif isinstance(holder, Record):
        fields = tuple(each for each in holder.fields if each[0] != literal) if literal else ()
        call.machine.store(call.argument(0), Record(holder.type, fields))
    return ()
