"""What a kustomization does to objects, on symbolic values (kustomize 5.5; kubectl.docs.kubernetes.io/references).

Purpose: images, patches and replacements as the tool applies them, without running it. Objects are `Mapping` values as
they come from manifests; what is not known of one stays unknown in the result.

The order is the tool's: patches, then images, then replacements. An entry under `images` is found by the name without
tag and digest; it reaches the `image` of every item of a list called `containers` or `initContainers`, at any depth.

What it cannot do: name prefixes and hashes (no image depends on them), generators and transformers that are programs,
charts, the deprecated `vars`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from tagcheck.comparison import Same, same
from tagcheck.fields import field, word
from tagcheck.fields import items as items_of
from tagcheck.image import parse
from tagcheck.numerals import natural
from tagcheck.selectors import FORMER_NAMES, names_of, selected_by
from tagcheck.values import (
    EMPTY,
    Alternatives,
    Hole,
    HoleKind,
    Mapping,
    Null,
    Number,
    Opaque,
    Piece,
    Sequence,
    Text,
    Truth,
    Value,
    alternatives,
)

CONTAINERS = frozenset(("containers", "initContainers"))
"""Where kustomize looks for images (api/internal/accumulator, `loadDefaultImages`)."""
_KEYED = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "ports": "containerPort",
}
"""Lists that a strategic merge joins by a key (core/v1, `patchMergeKey`)."""
DEEPEST = 60


class ImageEntry(Struct, frozen=True):
    """One item under `images`; what it does not say is None."""

    name: Text
    new_name: Text | None = None
    new_tag: Text | None = None
    digest: Text | None = None
    suffix: Text | None = None

    @property
    def image(self) -> Text:
        """The name that the entry leads to, as far as it says one."""
        return self.applied(self.name, None, None)

    def applied(self, name: Text, tag: Text | None, digest: Text | None) -> Text:
        """The name with this entry's parts in the place of its own. A new name with an unknown part may hold a
        tag, so that nothing is known of the old one."""
        if self.new_name is not None and self.new_tag is None and _may_hold_tag(self.new_name):
            tag = None
        if self.new_tag is not None or self.digest is not None:
            tag, digest = self.new_tag, self.digest
        found = self.new_name or name
        if tag is not None:
            found += Text.of(":") + tag + (self.suffix or EMPTY)
        return found + Text.of("@") + digest if digest is not None else found


def _may_hold_tag(name: Text) -> bool:
    """Whether there is an unknown part behind the last slash."""
    for part in reversed(name.parts):
        if not isinstance(part, Piece):
            return True
        if "/" in part.text:
            break
    return False


def named_anew(item: Value, before: Value | None, behind: Value | None) -> Value:
    """An object with something before and behind its name; it is still meant by its name of before."""
    name, prefix, suffix = as_text(field(item, "metadata", "name")), as_text(before), as_text(behind)
    if name is None or not isinstance(item, Mapping) or not (prefix or suffix):
        return item
    former = Text.of(",".join(filter(None, names_of(item))))
    new = (prefix or Text(())) + name + (suffix or Text(()))
    kept = Mapping(((Text.of(FORMER_NAMES), former),))
    changes = Mapping(((Text.of("name"), new), (Text.of("annotations"), kept)))
    return with_entry(item, "metadata", patched(field(item, "metadata") or Mapping(()), changes))


def labelled(item: Value, labels: Value | None) -> Value:
    """An object with further labels."""
    metadata = field(item, "metadata")
    if not isinstance(item, Mapping) or not isinstance(metadata, Mapping) or not isinstance(labels, Mapping):
        return item
    return with_entry(item, "metadata", patched(metadata, Mapping(((Text.of("labels"), labels),))))


def entries(images: Value | None) -> tuple[ImageEntry, ...]:
    """The items under `images`."""
    items = images.items if isinstance(images, Sequence) else ()
    return tuple(entry for item in items if (entry := _entry(item)) is not None)


def _entry(item: Value) -> ImageEntry | None:
    if not isinstance(item, Mapping):
        return None
    name = as_text(item.get("name"))
    parts = (as_text(item.get(key)) for key in ("newName", "newTag", "digest", "tagSuffix"))
    return ImageEntry(name, *parts) if name is not None else None


class ImageField(Struct, frozen=True):
    """A further field of objects of a kind that holds an image (`images` of a `configurations` file)."""

    kind: str
    steps: tuple[str, ...]


def image_fields(configuration: Value) -> tuple[ImageField, ...]:
    """The fields for images that a `configurations` file names."""
    listed = items_of(configuration, "images")
    return tuple(ImageField(word(item, "kind"), _field_steps(word(item, "path"))) for item in listed)


def _field_steps(path: str) -> tuple[str, ...]:
    """The way to a field: `[]` behind a name means every item of a list."""
    found: list[str] = []
    for step in path.strip("/").split("/"):
        found += [step.removesuffix("[]"), "*"] if step.endswith("[]") else [step]
    return tuple(found)


def as_text(value: Value | None) -> Text | None:
    """A scalar as text: a tag may be written as a number."""
    match value:
        case Text():
            return value if value.parts else None
        case Number(value=number):
            return Text.of(str(number))
        case Opaque(identity=identity, reason=reason):
            return Text.of_hole(Hole(HoleKind.OPAQUE, identity, reason))
        case _:
            return None


class Renaming:
    """The images of objects under the entries of a kustomization. `used` are the entries that found an image, or may
    have: by their number."""

    def __init__(self, found: tuple[ImageEntry, ...], fields: tuple[ImageField, ...] = ()) -> None:
        self.entries = found
        self.fields = fields
        self.used: set[int] = set()

    def __call__(self, item: Value) -> Value:
        for each in self.fields:
            if each.kind in ("", word(item, "kind")) and each.steps:
                item = put(item, each.steps, lambda old: each_option(old, self.renamed) if old is not None else None)
        return self._node(item, 0)

    def _node(self, node: Value, depth: int) -> Value:
        if depth > DEEPEST:
            return node
        match node:
            case Mapping():
                return Mapping(tuple((key, self._field(key, value, depth)) for key, value in node.entries), node.open)
            case Sequence():
                return Sequence(tuple(self._node(each, depth + 1) for each in node.items), node.open)
            case Alternatives():
                return alternatives((guards, self._node(option, depth + 1)) for guards, option in node.options)
            case _:
                return node

    def _field(self, key: Value, value: Value, depth: int) -> Value:
        if isinstance(key, Text) and key.literal in CONTAINERS and isinstance(value, Sequence):
            items = tuple(self._container(each) for each in value.items)
            return Sequence(items, value.open)
        return self._node(value, depth + 1)

    def _container(self, container: Value) -> Value:
        image = container.get("image") if isinstance(container, Mapping) else None
        if not isinstance(container, Mapping) or image is None:
            return container
        return with_entry(container, "image", each_option(image, self.renamed))

    def renamed(self, image: Value) -> Value:
        """A name under all entries, one after the other, as the tool applies them."""
        text = as_text(image)
        for number, entry in enumerate(self.entries):
            if text is None:
                break
            reference = parse(text)
            answer = same(reference.name, entry.name)
            if answer is not Same.NO:
                self.used.add(number)
            if answer is Same.YES:
                text = entry.applied(reference.name, reference.tag, reference.digest)
            elif answer is Same.MAYBE:
                return Opaque(f"kustomized:{text}", "whether an entry of a kustomization takes this name")
        return image if text is None else text


def each_option(value: Value, change: Callable[[Value], Value]) -> Value:
    """A value with every option of it changed."""
    if isinstance(value, Alternatives):
        return alternatives((guards, change(option)) for guards, option in value.options)
    return change(value)


def with_entry(mapping: Mapping, name: str, value: Value) -> Mapping:
    """A mapping in which a key has another value; the key is added where it lacks."""
    found = [(key, value if _is(key, name) else old) for key, old in mapping.entries]
    if not any(_is(key, name) for key, _ in mapping.entries):
        found.append((Text.of(name), value))
    return Mapping(tuple(found), mapping.open)


def _is(key: Value, name: str) -> bool:
    return isinstance(key, Text) and key.literal == name


# --- patches ---------------------------------------------------------------------------------------------------------


def patched(item: Value, patch: Value, depth: int = 0) -> Value:
    """A strategic merge: mappings join key by key, null takes a key away, lists with a known key join item by item,
    other lists are replaced (Kubernetes API conventions, 'Strategic Merge Patch')."""
    if not isinstance(item, Mapping) or not isinstance(patch, Mapping) or depth > DEEPEST:
        return patch
    directive = word(patch, "$patch")
    if directive in ("delete", "replace"):
        return Null() if directive == "delete" else Mapping(tuple(e for e in patch.entries if not _is(e[0], "$patch")))
    result = item
    for key, value in patch.entries:
        name = key.literal if isinstance(key, Text) else None
        if name is not None:
            result = _with_patched(result, name, value, depth)
    return result


def _with_patched(item: Mapping, name: str, value: Value, depth: int) -> Mapping:
    old = item.get(name)
    if isinstance(value, Null):
        return Mapping(tuple(each for each in item.entries if not _is(each[0], name)), item.open)
    if isinstance(value, Sequence) and isinstance(old, Sequence) and name in _KEYED:
        return with_entry(item, name, _joined(old, value, _KEYED[name], depth))
    if isinstance(value, Mapping) and isinstance(old, Mapping):
        return with_entry(item, name, patched(old, value, depth + 1))
    return with_entry(item, name, value)


def _joined(old: Sequence, new: Sequence, key: str, depth: int) -> Sequence:
    others = tuple(each for each in new.items if word(each, "$patch") != "replace")
    if len(others) < len(new.items):
        return Sequence(others)
    items = list(old.items)
    for each in new.items:
        at = next((i for i, item in enumerate(items) if _same_field(item, each, key)), None)
        if at is None and word(each, "$patch") != "delete":
            items.append(each)
        elif at is not None:
            items[at] = patched(items[at], each, depth + 1)
    return Sequence(tuple(item for item in items if not isinstance(item, Null)), old.open)


def _same_field(left: Value, right: Value, key: str) -> bool:
    a, b = field(left, key), field(right, key)
    return a is not None and a == b


def operated(item: Value, operations: Value) -> Value:
    """A JSON patch (RFC 6902); a test changes nothing."""
    for operation in operations.items if isinstance(operations, Sequence) else ():
        kind, steps = word(operation, "op"), _pointed(word(operation, "path"))
        source = _pointed(word(operation, "from"))
        value = _standing(item, source) if kind in ("copy", "move") else field(operation, "value")
        if not steps or (value is None and kind in ("copy", "move")):
            continue
        if kind in ("remove", "move"):
            item = put(item, steps if kind == "remove" else source, lambda _: None)
        if kind in ("add", "copy", "move"):
            item = _added(item, steps, value)
        elif kind == "replace":
            item = put(item, steps, lambda _, value=value: value)  # type: ignore[misc]
    return item


def _pointed(path: str) -> tuple[str, ...]:
    """The steps of a JSON pointer (RFC 6901)."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:])


def _standing(node: Value | None, steps: tuple[str, ...]) -> Value | None:
    """What stands at the end of a way; None if nothing does."""
    for step in steps:
        if isinstance(node, Mapping):
            node = node.get(step)
        else:
            index = natural(step)
            known = isinstance(node, Sequence) and index is not None and index < len(node.items)
            node = node.items[index] if known and isinstance(node, Sequence) and index is not None else None
    return node


def _added(item: Value, steps: tuple[str, ...], value: Value | None) -> Value:
    """An item with a value added: in a list before the one whose number is said."""
    index = natural(steps[-1])
    whole = _standing(item, steps[:-1])
    if index is None or value is None or not isinstance(whole, Sequence):
        return put(item, steps, lambda _: value)
    longer = Sequence((*whole.items[:index], value, *whole.items[index:]), whole.open)
    return put(item, steps[:-1], lambda _: longer)


def put(node: Value, steps: tuple[str, ...], change: Callable[[Value | None], Value | None]) -> Value:
    """A node in which what stands at the end of a way is changed; None takes it away. A step is a key, a number, '-'
    (past the end), '*' (every item) or '[key=value]' (the items with that field)."""
    if not steps:
        return change(node) or Null()
    step, rest = steps[0], steps[1:]
    if isinstance(node, Mapping):
        old = node.get(step)
        new = change(old) if not rest else (put(old, rest, change) if old is not None else None)
        if new is None and rest:
            return node
        if new is None:
            return Mapping(tuple(each for each in node.entries if not _is(each[0], step)), node.open)
        return with_entry(node, step, new)
    if isinstance(node, Sequence):
        return Sequence(tuple(_put_items(node, step, rest, change)), node.open)
    return node


def _put_items(
    node: Sequence, step: str, rest: tuple[str, ...], change: Callable[[Value | None], Value | None]
) -> Iterator[Value]:
    for index, item in enumerate(node.items):
        if not _selects(step, index, item):
            yield item
        elif rest:
            yield put(item, rest, change)
        elif (new := change(item)) is not None:
            yield new
    if step == "-" and not rest and (added := change(None)) is not None:
        yield added


def _selects(step: str, index: int, item: Value) -> bool:
    if step.startswith("[") and step.endswith("]"):
        key, _, value = step[1:-1].partition("=")
        return word(item, key) == value
    return step in (str(index), "*")


# --- replacements ----------------------------------------------------------------------------------------------------


def steps_of(path: str) -> tuple[str, ...]:
    """The steps of a field path: 'spec.containers.[name=web].image'; dots in brackets ('[app.io/tag]') and after a
    backslash do not separate."""
    found, depth, current, escaped = list[str](), 0, "", False
    for character in path:
        if escaped:
            current, escaped = current + character, False
        elif character == "\\":
            escaped = True
        elif character == "." and not depth:
            found.append(current)
            current = ""
        else:
            depth += (character == "[") - (character == "]")
            current += character
    return tuple(_without_brackets(step) for step in (*found, current) if step)


def _without_brackets(step: str) -> str:
    """A key that stands in brackets for the sake of its dots, and asks nothing of an item."""
    return step[1:-1] if step.startswith("[") and step.endswith("]") and "=" not in step else step


def at(node: Value | None, steps: tuple[str, ...]) -> Value | None:
    """What stands at the end of a way; of several items the first."""
    for step in steps:
        if isinstance(node, Sequence):
            node = next((item for index, item in enumerate(node.items) if _selects(step, index, item)), None)
        else:
            node = field(node, step)
    return node


def replaced(items: tuple[Value, ...], replacement: Value) -> tuple[Value, ...]:
    """The objects after one item under `replacements`."""
    source = field(replacement, "source")
    if source is None:
        return items
    selected = next(filter(selected_by(source, exact=True).takes, items), None)
    value = at(selected, steps_of(word(source, "fieldPath") or "metadata.name"))
    if value is None:
        return items
    value = _part(value, field(source, "options"))
    for target in items_of(replacement, "targets"):
        items = tuple(_target_set(item, target, value) for item in items)
    return items


def _target_set(item: Value, target: Value, value: Value) -> Value:
    selector = field(target, "select")
    if selector is None or not selected_by(selector).takes(item):
        return item
    if any(selected_by(each).takes(item) for each in items_of(target, "reject")):
        return item
    paths = field(target, "fieldPaths")
    options = field(target, "options")
    for path in paths.items if isinstance(paths, Sequence) else ():
        steps = steps_of(path.literal or "") if isinstance(path, Text) else ()
        if steps:
            item = put(item, steps, lambda old: _filled(old, value, options))
    return item


def _part(value: Value, options: Value | None) -> Value:
    """The part of a source that `delimiter` and `index` choose."""
    delimiter, index = word(options or Null(), "delimiter"), field(options, "index")
    if not delimiter or not isinstance(value, Text):
        return value
    parts = value.split(delimiter)
    number = int(index.value) if isinstance(index, Number) else 0
    return parts[number] if 0 <= number < len(parts) else value


def _filled(old: Value | None, value: Value, options: Value | None) -> Value | None:
    """A target's value with the part that `delimiter` and `index` choose replaced. Only fields that are there are
    changed, unless `create` says otherwise."""
    if old is None:
        return value if field(options, "create") == Truth(True) else None
    delimiter, index = word(options or Null(), "delimiter"), field(options, "index")
    if not delimiter or not isinstance(old, Text) or not isinstance(value, Text):
        return value
    parts = old.split(delimiter)
    number = int(index.value) if isinstance(index, Number) else 0
    if 0 <= number < len(parts):
        parts[number] = value
    else:
        parts.insert(number if number >= 0 else 0, value)
    return _with_delimiter(parts, delimiter)


def _with_delimiter(parts: Iterable[Text], delimiter: str) -> Text:
    found = EMPTY
    for index, part in enumerate(parts):
        found = found + Text.of(delimiter) + part if index else part
    return found
