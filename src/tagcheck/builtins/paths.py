"""Paths of files: joining and taking apart, lexically, with '/' between the parts."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import PurePosixPath

from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.symbolic import as_text, combine, derived, joined, split_last, split_text, text_argument, texts
from tagcheck.values import EMPTY, Filling, HoleKind, Number, Outcome, Piece, Text, Truth, Value
from tagcheck.values import Sequence as Listed


def join_paths(given: Sequence[Value], machine: Machine) -> Value:
    """The paths one below the other, lexically cleaned; empty ones are left out."""
    return combine(tuple(given), lambda row: joined_paths([as_text(value, machine) for value in row]))


def joined_paths(texts: Sequence[Text]) -> Text:
    return cleaned(joined([text for text in texts if text.parts], Text.of("/")))


def joined_as_written(call: Call) -> tuple[Value, ...]:
    """Join all arguments as Python's `pathlib` does: '..' stays, because what stands before may be a link, and a path
    from the root takes the place of what stands before it."""
    return (combine(call.arguments, lambda row: _as_written([as_text(value, call.machine) for value in row])),)


def _as_written(texts: Sequence[Text]) -> Text:
    rooted = [at for at, text in enumerate(texts) if text.leading.startswith("/")]
    whole = joined([text for text in texts[rooted[-1] if rooted else 0 :] if text.parts], Text.of("/"))
    literal = whole.literal
    return cleaned(whole) if literal is None or ".." not in literal else Text.of(str(PurePosixPath(literal)))


def joined_at_separators(call: Call) -> tuple[Value, ...]:
    """Join all arguments as Python's `os.path.join` does: a '/' between them where none is, everything else as it
    stands; a path from the root takes the place of what stands before it."""
    return (combine(call.arguments, lambda row: _at_separators([as_text(value, call.machine) for value in row])),)


def _at_separators(texts: Sequence[Text]) -> Text:
    whole, *others = texts or (EMPTY,)
    for text in others:
        if text.leading.startswith("/"):
            whole = text
        elif whole == EMPTY or whole.trailing.endswith("/"):
            whole = whole + text
        else:
            whole = whole + Text.of("/") + text
    return whole


def cleaned(path: Text) -> Text:
    """A path without '.', doubled separators and, where what stands before is literal, '..'."""
    literal = path.literal
    if literal is not None and not _unclean(literal):
        return path
    if literal is not None:
        return Text.of(posixpath.normpath(literal).replace("//", "/", 1) if literal else ".")
    if not any(_unclean(part.text) for part in path.parts if isinstance(part, Piece)):
        return path
    rooted = path.leading.startswith("/")
    kept: list[Text] = []
    for text in split_text(path, "/"):
        name = text.literal
        if name in ("", "."):
            continue
        if name == ".." and kept and _removable(kept[-1]):
            kept.pop()
            continue
        kept.append(text)
    return joined(kept, Text.of("/"), Text.of("/") if rooted else EMPTY)


def _unclean(text: str) -> bool:
    return "//" in text or "." in text or text.endswith("/")


def _removable(name: Text) -> bool:
    """Whether '..' behind this part takes exactly this part away: a hole may stand for several parts."""
    literal = name.literal
    if literal is not None:
        return literal != ".."
    return all(hole.kind is HoleKind.UNIQUE for hole in name.holes)


def halves(call: Call) -> tuple[Value, ...]:
    """Argument 0 in two after its last separator."""
    path = text_argument(call, 0)
    found = path.split_at("/", last=True)
    if found is None:
        return (EMPTY, path) if not path.holes else (derived("folder", path), derived("base", path))
    return (found[0] + Text.of("/"), found[1])


def join(call: Call) -> tuple[Value, ...]:
    """Join all arguments; with `receiver`, below the receiver."""
    return (join_paths(call.arguments, call.machine),)


def base(call: Call) -> tuple[Value, ...]:
    """The last part of a path; `exact`: what stands behind the last separator, which may be nothing."""
    path = text_argument(call, 0)
    if call.with_.get("exact") and path.literal is not None:
        return (Text.of(path.literal.rpartition("/")[2]),)
    return (last_part_of(path),)


def last_part_of(text: Text) -> Text:
    """The last part of a path."""
    literal = text.literal
    if literal is not None:
        return Text.of(posixpath.basename(literal.rstrip("/")) or ("/" if literal else "."))
    halves = split_last(text, "/")
    return halves[1] if halves is not None and halves[1].parts else derived("base", text)


def directory(call: Call) -> tuple[Value, ...]:
    """A path without its last part; `exact`: what stands before the last separator, which may be nothing."""
    path = text_argument(call, 0)
    if call.with_.get("exact") and path.literal is not None:
        return (Text.of(posixpath.dirname(path.literal)),)
    return (folder_of(path),)


def folder_of(text: Text) -> Text:
    """A path without its last part."""
    literal = text.literal
    if literal is not None:
        return Text.of(posixpath.normpath(posixpath.dirname(literal) or "."))
    halves = split_last(text, "/")
    return halves[0] if halves is not None and halves[0].parts else derived("directory", text)


def caller(call: Call) -> tuple[Value, ...]:
    """Where the code stands: a program counter, file, line, and whether that is known. Only the calling function itself
    (argument 0 is 0) is: paths of a project are kept relative to its root."""
    skipped = call.argument(0)
    if skipped != Number(0):
        return tuple(call.unknown(what) for what in ("a program counter", "a file", "a line", "whether known"))
    return (call.unknown("a program counter"), Text.of(call.site.path), Number(call.site.line), Truth(True))


def extension(call: Call) -> tuple[Value, ...]:
    """The extension of a path with its dot; empty without one."""
    text = text_argument(call, 0)
    name = text.trailing.rpartition("/")[2]
    if "." in name:
        return (Text.of("." + name.rpartition(".")[2]),)
    unknown = text.parts and isinstance(text.parts[-1], Filling)
    return (derived("extension", text) if unknown else EMPTY,)


def stem(call: Call) -> tuple[Value, ...]:
    """The last part of a path without its extension; a name that begins with its only dot has none."""
    name = last_part_of(text_argument(call, 0))
    halves = split_last(name, ".")
    if halves is not None and halves[0].parts:
        return (halves[0],)
    return (derived("stem", name) if name.holes else name,)


def split_extension(call: Call) -> tuple[Value, ...]:
    """A path before its extension, and that with its dot (`os.path.splitext`)."""
    text, ending = text_argument(call, 0), extension(call)[0]
    if ending == EMPTY:
        return (Listed((text, EMPTY)),)
    halves = split_last(text, ".") if isinstance(ending, Text) and not ending.holes else None
    before = halves[0] if halves is not None else derived("root", text)
    return (Listed((before, ending)),)


def parts(call: Call) -> tuple[Value, ...]:
    """The names in a path."""
    text = text_argument(call, 0)
    found = [each for each in split_text(text, "/") if each.parts]
    return (Listed((Text.of("/"), *found) if text.leading.startswith("/") else tuple(found)),)


def with_last_part(call: Call) -> tuple[Value, ...]:
    """A path with another last part: argument 1."""
    halves, name = split_last(text_argument(call, 0), "/"), text_argument(call, 1)
    return (joined((halves[0], name), Text.of("/")) if halves is not None else name,)


def with_extension(call: Call) -> tuple[Value, ...]:
    """A path with another extension: argument 1."""
    text, ending = text_argument(call, 0), extension(call)[0]
    halves = split_last(text, ".") if ending != EMPTY else (text, EMPTY)
    if halves is None or not isinstance(ending, Text) or ending.holes:
        return (derived("with_suffix", *texts(call)),)
    return (joined((halves[0], text_argument(call, 1)), EMPTY),)


def clean(call: Call) -> tuple[Value, ...]:
    path = text_argument(call, 0)
    return (cleaned(path) if path.parts else Text.of("."),)


def absolute(call: Call) -> tuple[Value, ...]:
    """The path itself: paths of a project are kept relative to its root. With `error`, also an outcome."""
    path = cleaned(text_argument(call, 0))
    return (path, Outcome(call.identity)) if call.with_.get("error") else (path,)


def relative(call: Call) -> tuple[Value, ...]:
    """Argument 1 as seen from argument 0, where both are literal or one begins with the other. `target-first`: the
    other way round, and from where the program runs if there is only one."""
    first = text_argument(call, 0)
    second = text_argument(call, 1) if len(call.arguments) > 1 else Text.of(".")
    origin, target = (second, first) if call.with_.get("target-first") else (first, second)
    a, b = origin.literal, target.literal
    if a is not None and b is not None and a.startswith("/") == b.startswith("/"):
        found: Text = Text.of(posixpath.relpath(b or ".", a or "."))
    elif a and (rest := target.without_prefix(a.rstrip("/") + "/")) is not None:
        found = rest
    else:
        found = derived("relative", origin, target)
    return (found,) if call.with_.get("target-first") else (found, Outcome(call.identity))
