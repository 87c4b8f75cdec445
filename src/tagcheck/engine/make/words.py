"""What make's functions do to texts (GNU make manual 4.4, sections 8.2 and 8.3).

An unknown part of a text is taken to hold no blanks; what a pattern makes of it is a function of the word where it
cannot be known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

from tagcheck.builtins.symbolic import derived, joined, replace_text, run_text, runs, split_last
from tagcheck.engine.shelltexts import shortened, spaced, split_words
from tagcheck.numerals import natural
from tagcheck.values import EMPTY, Filling, Text
from tagcheck.values import Sequence as Listed

Words = tuple[Text, ...]


def words(text: Text) -> Words:
    """The words of a text."""
    found = split_words(text)
    return tuple(each for each in found.items if isinstance(each, Text)) if isinstance(found, Listed) else (text,)


def stripped(text: Text) -> Text:
    """Without blanks at its ends, one blank between words."""
    return spaced(words(text))


def trimmed(text: Text) -> Text:
    """Without blanks at its ends."""
    leading, trailing = text.leading, text.trailing
    if text.literal is not None and not str(text).strip():
        return EMPTY
    text = text.dropped(len(leading) - len(leading.lstrip()))
    return shortened(text, len(trailing) - len(trailing.rstrip()))


# --- patterns --------------------------------------------------------------------------------------------------------


class Unknown(Exception):
    """Whether a word matches a pattern depends on its unknown parts; never leaves this module."""


def stem_of(word: Text, pattern: Text) -> Text | None:
    """What `%` stands for when a word matches a pattern, the whole word where the pattern has none; None if it does not
    match. Raises Unknown."""
    if "%" not in str(pattern):
        return _equal(word, pattern)
    halves = pattern.split_at("%")
    if halves is None or halves[0].holes or halves[1].holes:
        raise Unknown
    prefix, suffix = str(halves[0]), str(halves[1])
    literal = word.literal
    if literal is not None:
        matches = len(literal) >= len(prefix) + len(suffix) and literal.startswith(prefix) and literal.endswith(suffix)
        return shortened(word.dropped(len(prefix)), len(suffix)) if matches else None
    if word.leading.startswith(prefix) and word.trailing.endswith(suffix):
        return shortened(word.dropped(len(prefix)), len(suffix))
    if prefix.startswith(word.leading) or suffix.endswith(word.trailing):
        raise Unknown
    return None


def _equal(word: Text, other: Text) -> Text | None:
    if word == other:
        return word
    if word.literal is not None and other.literal is not None:
        return word if word.literal == other.literal else None
    raise Unknown


def with_stem(pattern: Text, stem: Text) -> Text:
    """A pattern with its first `%` replaced."""
    halves = pattern.split_at("%")
    return pattern if halves is None else halves[0] + stem + halves[1]


def _patsubst(pattern: Text, replacement: Text, text: Text) -> Text:
    return spaced(tuple(_replaced(word, pattern, replacement) for word in words(text)))


def _replaced(word: Text, pattern: Text, replacement: Text) -> Text:
    try:
        stem = stem_of(word, pattern)
    except Unknown:
        return derived("patsubst", word, pattern, replacement)
    if stem is None:
        return word
    return with_stem(replacement, stem) if "%" in str(pattern) else replacement


def substituted(text: Text, pattern: Text, replacement: Text) -> Text:
    """`$(NAME:pattern=replacement)`: without `%`, the pattern is a suffix."""
    if "%" in str(pattern):
        return _patsubst(pattern, replacement, text)
    any_ = Text.of("%")
    return _patsubst(any_ + pattern, any_ + replacement, text)


def _filter(keep: bool) -> Callable[[Text, Text], Text]:
    def filtered(patterns: Text, text: Text) -> Text:
        wanted = words(patterns)
        try:
            return spaced(tuple(word for word in words(text) if _matches(word, wanted) is keep))
        except Unknown:
            return derived("filter" if keep else "filter-out", text, patterns)

    return filtered


def _matches(word: Text, patterns: Sequence[Text]) -> bool:
    doubtful = False
    for pattern in patterns:
        try:
            if stem_of(word, pattern) is not None:
                return True
        except Unknown:
            doubtful = True
    if doubtful:
        raise Unknown
    return False


# --- parts of texts --------------------------------------------------------------------------------------------------


def _subst(old: Text, new: Text, text: Text) -> Text:
    written = old.literal
    if written is None:
        return derived("subst", text, old, new)
    return replace_text(text, written, new) if written else text + new


def _findstring(wanted: Text, text: Text) -> Text:
    literal, whole = wanted.literal, text.literal
    if literal is not None and any(literal in run_text(run) for run in runs(text) if isinstance(run, tuple)):
        return wanted
    if literal is not None and whole is not None:
        return wanted if not literal else EMPTY
    return derived("findstring", text, wanted)


def _sort(text: Text) -> Text:
    found = dict.fromkeys(words(text))
    if any(word.literal is None for word in found):
        return spaced(tuple(found))
    return spaced(tuple(sorted(found, key=str)))


def _number(text: Text) -> int:
    written = (text.literal or "").strip()
    return natural(written) or 0


def _word(number: Text, text: Text) -> Text:
    at, found = _number(number), words(text)
    return found[at - 1] if 0 < at <= len(found) else EMPTY


def _wordlist(first: Text, last: Text, text: Text) -> Text:
    return spaced(words(text)[max(0, _number(first) - 1) : _number(last)])


def _each(function: Callable[[Text], Text | None]) -> Callable[[Text], Text]:
    def applied(text: Text) -> Text:
        return spaced(tuple(each for word in words(text) if (each := function(word)) is not None))

    return applied


def _dir(word: Text) -> Text:
    halves = split_last(word, "/")
    if halves is not None:
        return halves[0] + Text.of("/")
    return Text.of("./") if word.literal is not None else derived("dir", word)


def _notdir(word: Text) -> Text:
    halves = split_last(word, "/")
    if halves is not None:
        return halves[1]
    return word if word.literal is not None else derived("notdir", word)


def _cut_suffix(word: Text) -> tuple[Text, Text] | None:
    """The parts of a word around the last '.' of its last component."""
    name = word.trailing.rpartition("/")[2]
    at = name.rfind(".")
    if at < 0:
        return None
    count = len(name) - at
    return shortened(word, count), _last(word, count)


def _last(word: Text, count: int) -> Text:
    """The last `count` characters of a word, which are literal."""
    tail = Text(word.parts[_trailing_start(word) :])
    return tail.dropped(len(word.trailing) - count)


def _trailing_start(word: Text) -> int:
    holes = [index for index, part in enumerate(word.parts) if isinstance(part, Filling)]
    return holes[-1] + 1 if holes else 0


def _suffix(word: Text) -> Text | None:
    found = _cut_suffix(word)
    return found[1] if found is not None else None


def _basename(word: Text) -> Text:
    found = _cut_suffix(word)
    return found[0] if found is not None else word


def _added(prefix: Text, suffix: Text, text: Text) -> Text:
    return spaced(tuple(prefix + word + suffix for word in words(text)))


def _joined(left: Text, right: Text) -> Text:
    return spaced(tuple(joined(pair, EMPTY) for pair in zip_longest(words(left), words(right), fillvalue=EMPTY)))


FUNCTIONS: dict[str, Callable[..., Text]] = {
    "subst": _subst,
    "patsubst": _patsubst,
    "strip": stripped,
    "findstring": _findstring,
    "filter": _filter(True),
    "filter-out": _filter(False),
    "sort": _sort,
    "word": _word,
    "wordlist": _wordlist,
    "words": lambda text: Text.of(str(len(words(text)))),
    "firstword": lambda text: next(iter(words(text)), EMPTY),
    "lastword": lambda text: next(iter(words(text)[::-1]), EMPTY),
    "dir": _each(_dir),
    "notdir": _each(_notdir),
    "suffix": _each(_suffix),
    "basename": _each(_basename),
    "addprefix": lambda prefix, text: _added(prefix, EMPTY, text),
    "addsuffix": lambda suffix, text: _added(EMPTY, suffix, text),
    "join": _joined,
}
"""The functions of texts alone, which take as many texts as make's take arguments."""
