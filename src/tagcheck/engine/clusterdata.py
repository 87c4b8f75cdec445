"""What a cluster holds for controllers: ConfigMaps and Secrets of the project by their names."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import dirname

from tagcheck.embedded import documents
from tagcheck.engine.charts import Charts
from tagcheck.fields import field, items, word
from tagcheck.frontends.kubernetes import SUFFIXES
from tagcheck.overlays import as_text
from tagcheck.settings import parse_settings, placed
from tagcheck.values import Mapping, Text, Value

MOST_FILES = 60
MOST_HELD = 400
DEFAULT_KEY = "values.yaml"
_KINDS = {"ConfigMap": "data", "Secret": "stringData"}


class ClusterData(Charts):
    """A run that knows the data which it has put into a cluster."""

    _held: tuple[Mapping, ...] = ()

    def announced(self, objects: Iterable[Value]) -> None:
        """Take note of the data among objects that are deployed together, in whatever order."""
        found = [each for each in objects if isinstance(each, Mapping) and word(each, "kind") in _KINDS]
        self._held = (*found, *self._held)[:MOST_HELD]

    def deploy_object(self, value: Value) -> None:
        self.announced((value,))
        super().deploy_object(value)

    def held_data(self, reference: Value, user: Value) -> Mapping | None:
        """The entries of the object that a reference names; None if it is not known. `user` is the object that has the
        reference: the files beside it are the project's data for it."""
        kind, name = word(reference, "kind"), word(reference, "name")
        namespace = word(user, "metadata", "namespace")
        if kind not in _KINDS or not name:
            return None
        found = [each for each in self._held if _is_named(each, kind, name, namespace)]
        found = found[:1] or [each for each in self._data_beside(user) if _is_named(each, kind, name, namespace)]
        data = field(found[0], _KINDS[kind]) if len(found) == 1 else None
        return data if isinstance(data, Mapping) else None

    def _data_beside(self, user: Value) -> list[Mapping]:
        named = as_text(field(user, "metadata", "name"))
        origin = named.origin if named is not None else None
        folder = dirname(origin.path) if origin is not None and origin.path else None
        if folder is None:
            return []
        paths = [path for path in self.program.below(folder) if dirname(path) == folder and path.endswith(SUFFIXES)]
        outer = self.applied_files, self.visited
        self.applied_files, self.visited = set(outer[0]), set(outer[1])
        found = [each for path in paths[:MOST_FILES] for each in self._objects(path).objects]
        self.applied_files, self.visited = outer
        return [each for each in found if isinstance(each, Mapping)]

    def layered_from(self, spec: Value | None, user: Value, values: Value) -> tuple[Value, bool]:
        """Values with those of `valuesFrom` laid over them, and whether all of them are known."""
        sure = True
        for each in items(spec, "valuesFrom"):
            data = self.held_data(each, user)
            found = data.get(word(each, "valuesKey") or DEFAULT_KEY) if data is not None else None
            text, target = as_text(found), as_text(field(each, "targetPath"))
            layer = None
            if text is not None and target is None:
                layer = next((one for one in documents(text) if isinstance(one, Mapping)), None)
            elif text is not None and target is not None:
                for way, value in parse_settings(target + Text.of("=") + text):
                    values = placed(values, way, value)
                continue
            sure = sure and layer is not None
            values = self.laid_over_values(values, layer)
        return values, sure


def _is_named(thing: Value, kind: str, name: str, namespace: str) -> bool:
    own = word(thing, "metadata", "namespace")
    same_place = not own or not namespace or own == namespace
    return word(thing, "kind") == kind and word(thing, "metadata", "name") == name and same_place
