"""Skaffold's configurations in the files of a project: those that a command means, and those that they need."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, join, normpath

from msgspec import Struct, field

from tagcheck.catalog import Effect
from tagcheck.embedded import documents
from tagcheck.engine.injections import Injections
from tagcheck.engine.places import at_root
from tagcheck.engine.skaffoldfiles import Configuration, is_configuration, name_of, requirements, with_profiles
from tagcheck.engine.skaffoldnames import said
from tagcheck.frontends import kubernetes, skaffold
from tagcheck.values import EMPTY, Mapping, Text

MOST_CONFIGURATIONS = 60
_PROFILE, _FILE = "SKAFFOLD_PROFILE", "SKAFFOLD_FILENAME"
_STATED = "configurations of a file"
_NEEDED = "configurations that others need"


class _Chosen(Struct, frozen=True):
    """Which profiles are active, and which configurations of a file are meant: those of these names, or all."""

    profiles: frozenset[str]
    names: frozenset[str]


class Search(Struct):
    """What was found, what others need first, with the files; `whole`: nothing lacks."""

    found: list[Configuration] = field(default_factory=list)
    seen: set[tuple[str, _Chosen]] = field(default_factory=set)
    files: dict[str, None] = field(default_factory=dict)
    whole: bool = True


class Configurations(Injections):
    """A run that finds configurations."""

    def configurations(self, effect: Effect, *, statement: bool) -> Search:
        """Those that a command means. `statement`: there is no command, a file is looked at by itself."""
        given = (*effect.settings, *(() if effect.settings else said(self, _PROFILE)))
        profiles = frozenset(text.literal or "" for text in given)
        modules = frozenset(text.literal or "" for text in effect.modules)
        search = Search(whole="" not in profiles | modules)
        for path in self._configuration_files(effect):
            self._gather(path, _Chosen(profiles, modules), self._seen_from(path, statement=statement), search)
        return search

    def _seen_from(self, path: str, *, statement: bool) -> tuple[str, ...]:
        """What the paths of a configuration are seen from: where the program runs; of one that another needs, its own
        folder, which is the best guess too where nothing runs the program."""
        here = "" if statement else self.folder(EMPTY)
        own = dirname(path)
        return (own,) if here is None or here == own else (own, here) if statement else (here, own)

    def _configuration_files(self, effect: Effect) -> list[str]:
        if effect.values:
            paths = [self.located(each) or self._in_folder(each) for each in effect.values]
            return [path for path in paths if path is not None]
        said_so = said(self, _FILE)
        found = self.located(said_so[0]) if said_so else self._in_folder(EMPTY)
        return [found] if found is not None else []

    def _in_folder(self, path: Text) -> str | None:
        folder = self.folder(path)
        names = (normpath(join(folder, name)) for name in skaffold.NAMES) if folder is not None else ()
        return next((name for name in names if self.program.has(name)), None)

    def _gather(self, path: str, chosen: _Chosen, folders: tuple[str, ...], search: Search) -> None:
        """The configurations of a file that are chosen, after those that they need."""
        key = (path, chosen)
        if key in search.seen:
            return
        if len(search.seen) >= MOST_CONFIGURATIONS:
            search.whole = False
            return
        search.seen.add(key)
        search.files[path] = None
        for content in self._configurations(path):
            if chosen.names and name_of(content) not in chosen.names:
                continue
            laid = with_profiles(content, chosen.profiles)
            for each in requirements(laid):
                active = {name for name, by in each.profiles if not by or by & chosen.profiles}
                where = self._required(path, each.path)
                if where is None:
                    search.whole = False
                else:
                    below = folders if where == path else (dirname(where),)
                    self._gather(where, _Chosen(chosen.profiles | active, each.names), below, search)
            one = Configuration(path, laid, folders)
            if one not in search.found:
                search.found.append(one)

    def _required(self, path: str, needed: str | None) -> str | None:
        """The file that a requirement names: another one, the one in a folder, or the file itself."""
        if needed is None:
            return None
        whole = normpath(join(dirname(path), needed)) if needed else path
        names = (whole, *(normpath(join(whole, name)) for name in skaffold.NAMES))
        return next((name for name in names if self.program.has(name)), None)

    def is_needed(self, path: str) -> bool:
        """Whether a configuration of another file needs one of this file: it may use what is built here."""
        found = self.program.kept.get(_NEEDED)
        known: frozenset[str] = found if isinstance(found, frozenset) else frozenset()
        if found is None:
            known = self.program.kept[_NEEDED] = frozenset(self._needed())
        return path in known

    def _needed(self) -> Iterator[str]:
        for path in self.program.paths:
            if path.endswith(kubernetes.SUFFIXES) and skaffold.relevant(path, self.program.content(path)):
                for content in self._configurations(path):
                    wheres = (self._required(path, each.path) for each in requirements(content))
                    yield from (where for where in wheres if where is not None and where != path)

    def _configurations(self, path: str) -> tuple[Mapping, ...]:
        content = self.read_file(at_root(path))
        options = self.text_options(content) if content is not None else []
        if not options:
            return ()
        text = options[0][1]
        if text.literal != self.program.read(path):
            return _stated(text)
        key = (_STATED, path)
        known = self.program.kept.get(key)
        if not isinstance(known, tuple):
            known = self.program.kept[key] = _stated(text)
        return known


def _stated(text: Text) -> tuple[Mapping, ...]:
    return tuple(each for each in documents(text) if isinstance(each, Mapping) and is_configuration(each))
