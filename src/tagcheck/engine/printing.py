"""What commands print: the words and files that they pass on, else a value that is known by where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tagcheck import argv
from tagcheck.builtins.paths import folder_of, last_part_of
from tagcheck.builtins.symbolic import cut_run, derived, joined, replace_text, run_text, runs, split_text
from tagcheck.catalogue import Tools
from tagcheck.engine import shelltexts
from tagcheck.engine.places import FETCHED, ROOT, below
from tagcheck.engine.searching import Searching
from tagcheck.engine.shelltexts import shortened as without_end
from tagcheck.numerals import natural, whole
from tagcheck.values import EMPTY, Filling, Hole, HoleKind, Text, Value

_ECHO_FLAG = re.compile(r"-[neE]+")
_KEEPING = frozenset(("derived", "edited", "awk", "columns", "first-lines", "last-lines", "translated"))
"""What is made of an input is as unique as the input."""
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_VERB = re.compile(r"(?P<flags>[0-]*)(?P<width>\d{0,3})(?P<verb>[sdb])")
_LINE_END = Text.of("\n")
LARGEST_NUMBER = 1000
MOST_REPEATS = 64
"""How often a format is used again for further words."""


_KEPT = "/%kept/"
"""The folder of what is kept under names; no file of a run stands there."""


class Printing(Searching):
    """A run that knows what programs print."""

    tools: Tools

    def output(self, words: tuple[Text, ...]) -> Value:
        """What a command prints."""
        reader = _READERS.get(argv.output_prints(self.tools, words))
        known = reader(self, words[1:]) if reader is not None else None
        return self._source(words) if known is None else known

    def _source(self, words: tuple[Text, ...]) -> Value:
        """Another value each time, or the same for the same command line and input."""
        line = " ".join(map(str, words))
        weak = argv.output_is_unique(self.tools, words)
        if weak is not None:
            return self.unique(line, weak)
        identity, weak = argv.output_identity(self.tools, words) or (line, "")
        if any(hole.kind in (HoleKind.UNIQUE, HoleKind.OPAQUE) for word in words for hole in word.holes):
            return self.opaque(f"the output of {words[0] if words else EMPTY}")
        if self.standard_input is not None:
            keeps = argv.output_prints(self.tools, words) in _KEEPING
            return self._of_input(lambda text: derived(identity, text, keeps_unique=keeps))
        hole = Hole(HoleKind.OUTPUT, identity, line, weak=weak, shape=argv.output_shape(self.tools, words))
        return Text.of_hole(hole, self.site, self.stack)

    def _of_input(self, function: Callable[[Text], Value]) -> Value:
        """A function of the standard input; nothing is there where nobody says."""
        loaded = self.load(self.standard_input) if self.standard_input is not None else EMPTY
        return self.distribute((loaded,), lambda chosen: function(self.as_text(chosen[0])))

    def _fetched(self, words: tuple[Text, ...]) -> Value | None:
        kinds = {hole.kind for word in words for hole in word.holes}
        line = " ".join(map(str, words))
        # An address that another command prints may be one in the project.
        if kinds & {HoleKind.UNIQUE, HoleKind.OPAQUE} or (HoleKind.OUTPUT in kinds and "://" not in line):
            return None
        return Text.of_hole(Hole(HoleKind.OUTPUT, FETCHED + line, line), self.site, self.stack)

    def _nothing(self, words: tuple[Text, ...]) -> Value | None:
        return EMPTY

    def _recalled(self, words: tuple[Text, ...]) -> Value | None:
        """What is kept under the name that is the last word."""
        return self.read_file(Text.of(_KEPT) + words[-1]) if words and words[-1].literal else None

    def _remembered(self, words: tuple[Text, ...]) -> Value | None:
        """Keep the last word, or the input without one, under the name before it."""
        named = [word for word in words if not word.leading.startswith("-")][2:]
        content = named[1] if len(named) == 2 else self._input(()) if len(named) == 1 else None
        if content is not None and named[0].literal:
            self.write_file(Text.of(_KEPT) + named[0], content)
        return EMPTY

    # --- paths ---

    def _directory(self, words: tuple[Text, ...]) -> Value | None:
        return self.directory() or ROOT

    def _path(self, words: tuple[Text, ...]) -> Value | None:
        paths = [word for word in words if not (word.literal or "").startswith("-")]
        return below(self.directory() or ROOT, paths[0]) if len(paths) == 1 else None

    def _folder(self, words: tuple[Text, ...]) -> Value | None:
        paths = [word for word in words if not (word.literal or "").startswith("-")]
        return folder_of(paths[0]) if len(paths) == 1 else None

    def _last_part(self, words: tuple[Text, ...]) -> Value | None:
        suffix = words[1].literal if len(words) == 2 else ""
        if not 1 <= len(words) <= 2 or (words[0].literal or "").startswith("-"):
            return None
        found = last_part_of(words[0])
        if suffix and found.trailing.endswith(suffix) and found.literal != suffix:
            return without_end(found, len(suffix))
        return found if not suffix or found.literal is not None else None

    # --- programs that pass on what they get ---

    def _words(self, words: tuple[Text, ...]) -> Value | None:
        flags = ""
        while words and _ECHO_FLAG.fullmatch(words[0].literal or ""):
            flags += words[0].literal or ""
            words = words[1:]
        text = joined(words, Text.of(" "))
        return (_unescaped(text) if "e" in flags else text) + (EMPTY if "n" in flags else _LINE_END)

    def _format(self, words: tuple[Text, ...]) -> Value | None:
        if words[:1] and words[0].literal == "--":
            words = words[1:]
        elif words and words[0].leading.startswith("-"):
            return None
        if not words:
            return None
        pieces = split_text(_unescaped(words[0]), "%")
        rest = list(words[1:])
        found: list[Text] = []
        for _ in range(MOST_REPEATS):
            count = len(rest)
            formatted = _formatted(pieces, rest)
            if formatted is None:
                return None
            found.append(formatted)
            if not rest or len(rest) == count:
                break
        return joined(found, EMPTY)

    def _files(self, words: tuple[Text, ...]) -> Value | None:
        paths = [word for word in words if not (word.literal or "").startswith("-") or word.literal == "-"]
        if len(paths) < len(words):
            return None
        if not paths:
            return self._input(())
        contents = [self._input(()) if path.literal == "-" else self.read_file(path) for path in paths]
        known = tuple(content for content in contents if content is not None)
        return self.join(known) if len(known) == len(contents) else None

    def _unpacked(self, words: tuple[Text, ...]) -> Value | None:
        """What is compressed says the same."""
        return self._files(tuple(word for word in words if not word.leading.startswith("-") or word.literal == "-"))

    def _input(self, words: tuple[Text, ...]) -> Value | None:
        return self._of_input(lambda text: text) if self.standard_input is not None else None

    def _input_words(self, words: tuple[Text, ...]) -> Value | None:
        if self.standard_input is None or any(not (word.literal or "").startswith("-") for word in words):
            return None
        return self._of_input(lambda text: joined(shelltexts.words(text), Text.of(" ")) + _LINE_END)

    def _numbers(self, words: tuple[Text, ...]) -> Value | None:
        numbers = [number for word in words if (number := natural(word.literal or "")) is not None]
        if len(numbers) != len(words) or not 1 <= len(words) <= 2 or max(numbers) > LARGEST_NUMBER:
            return None
        first, last = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
        return Text.of("".join(f"{number}\n" for number in range(first, last + 1)))

    def _repeated(self, words: tuple[Text, ...]) -> Value | None:
        content = self._input(())
        appends = any(word.literal in ("-a", "--append", "-ai", "-ia") for word in words)
        for word in words if content is not None else ():
            if content is not None and not word.leading.startswith("-"):
                before = self.read_file(word) if appends else None
                self.write_file(word, content if before is None else self.join((before, content)))
        return content

    def _substituted(self, words: tuple[Text, ...]) -> Value | None:
        if self.standard_input is None or len(words) > 1:
            return None
        only = None
        if words:
            listed = words[0].literal
            if listed is None:
                return None
            only = frozenset(found[1] or found[2] for found in _VARIABLE.finditer(listed))
        return self._of_input(lambda text: self.join(tuple(self._expanded(text, only))))

    def _expanded(self, text: Text, only: frozenset[str] | None) -> Iterator[Value]:
        """A text with `$NAME` and `${NAME}` replaced, all of them or `only` some."""
        for run in runs(text):
            if isinstance(run, Filling):
                yield Text((run,))
                continue
            at, content = 0, run_text(run)
            for found in _VARIABLE.finditer(content):
                name = found[1] or found[2]
                if only is not None and name not in only:
                    self.unlisted.add(name)
                else:
                    yield Text(cut_run(run, at, found.start()))
                    yield self.seen(Text.of(name))
                    at = found.end()
            yield Text(cut_run(run, at, len(content)))


def _unescaped(text: Text) -> Text:
    for escape, character in (("\\n", "\n"), ("\\t", "\t"), ("\\0", "\0")):
        if any(escape in run_text(run) for run in runs(text) if not isinstance(run, Filling)):
            text = replace_text(text, escape, Text.of(character))
    return text


def _shown(word: Text, verb: str, flags: str, width: int) -> Text | None:
    """A word as a verb of a format shows it; None where that is not known."""
    if not width:
        return word
    written = word.literal
    # A number with a 0 before it is an octal one.
    if written is None or (verb == "d" and (whole(written) is None or written[:1] == "0")):
        return None
    if "-" in flags:
        return word + Text.of(" " * (width - len(written)))
    return (
        Text.of(written.zfill(width)) if "0" in flags and verb == "d" else Text.of(" " * (width - len(written))) + word
    )


def _formatted(pieces: list[Text], words: list[Text]) -> Text | None:
    """A format, split at its '%', with the first of the words, which are taken from the list; None for a verb other
    than %s, %d and %b."""
    found = [pieces[0]]
    escaped = False
    for index, piece in enumerate(pieces[1:], 1):
        if escaped:
            found += [Text.of("%"), piece]
            escaped = False
        elif not piece.parts and index < len(pieces) - 1:
            escaped = True
        elif (verb := _VERB.match(piece.leading)) is not None:
            word = words.pop(0) if words else EMPTY
            shown = _shown(word, verb["verb"], verb["flags"], natural(verb["width"]) or 0)
            if shown is None:
                return None
            found += [shown, piece.dropped(verb.end())]
        else:
            return None
    return joined(found, EMPTY)


_READERS: dict[str, Callable[[Printing, tuple[Text, ...]], Value | None]] = {
    "edited": Printing.sed,
    "edited-by-perl": Printing.perl,
    "columns": Printing.cut_columns,
    "awk": Printing.awk,
    "first-lines": Printing.first_lines,
    "last-lines": Printing.lines_from,
    "ordered-lines": Printing.ordered_lines,
    "distinct-lines": Printing.distinct_lines,
    "mirrored-lines": Printing.mirrored_lines,
    "last-line-first": Printing.last_line_first,
    "counted-lines": Printing.counted_lines,
    "pasted-lines": Printing.pasted_lines,
    "translated": Printing.translated,
    "matching-lines": Printing.grep,
    "queried": Printing.queried,
    "queried-as-json": Printing.queried_as_json,
    "input-words": Printing._input_words,
    "numbers": Printing._numbers,
    "words": Printing._words,
    "format": Printing._format,
    "files": Printing._files,
    "input": Printing._repeated,
    "unpacked": Printing._unpacked,
    "substituted": Printing._substituted,
    "directory": Printing._directory,
    "path": Printing._path,
    "folder": Printing._folder,
    "last-part": Printing._last_part,
    "nothing": Printing._nothing,
    "kept": Printing._recalled,
    "keep": Printing._remembered,
    "copied-files": Printing.copied,
    "copied-by-engine": Printing.copied_by_engine,
    "emptied-files": Printing.emptied,
    "for-files": Printing.for_files,
    "fetched": Printing._fetched,
}
