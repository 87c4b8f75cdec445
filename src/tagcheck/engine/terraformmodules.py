"""What the files of a folder say together as a module of Terraform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from posixpath import basename

from tagcheck.engine.state import Frame
from tagcheck.frontends.hcl.expressions import Defined
from tagcheck.frontends.terraform import SUFFIXES, Block
from tagcheck.guards import Guards
from tagcheck.values import Value

META = frozenset(
    (
        *("count", "for_each", "depends_on", "provider", "providers", "lifecycle", "provisioner", "connection"),
        *("source", "version", "timeouts"),
    )
)
"""What says how a resource or module is made, and not what it is."""
_LOOSE = ("", "terraform", "provider")


@dataclass
class Module:
    """A module that is being applied: its folder, what it is called from the root, its blocks and constants by the
    names that its expressions use, the values that it is given, and the guards under which it is applied."""

    folder: str
    address: str
    frame: Frame
    guards: Guards
    given: Mapping[str, Value] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    constants: dict[str, Defined] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    """names that are defined more than once"""
    depth: int = 0

    def override(self, blocks: Iterable[Block]) -> None:
        """Take in the blocks of a file whose arguments, and nested blocks of each kind, take the place of others'
        (Terraform 1.12, "Override Files")."""
        for block in blocks:
            known = self.blocks.get(name_of(block)) if block.kind not in ("locals", *_LOOSE) else None
            if block.kind == "locals":
                self.constants.update({f"local.{name}": value for name, value in block.attributes.items()})
            elif known is not None:
                self.blocks[name_of(block)] = merged(known, block)
            else:
                self.add((block,))

    def add(self, blocks: Iterable[Block]) -> None:
        """Take in the blocks of a file."""
        for block in blocks:
            if block.kind == "locals":
                for name, value in block.attributes.items():
                    self._define(f"local.{name}")
                    self.constants[f"local.{name}"] = value
            elif block.kind not in _LOOSE:
                name = name_of(block)
                self._define(name)
                self.blocks[name] = block

    def _define(self, name: str) -> None:
        if name in self.blocks or name in self.constants:
            self.unclear.add(name)


def name_of(block: Block) -> str:
    """By what name expressions of the module mean a block."""
    match block.kind:
        case "variable":
            return ".".join(("var", *block.labels))
        case "resource":
            return ".".join(block.labels)
        case kind:
            return ".".join((kind, *block.labels))


def merged(block: Block, other: Block) -> Block:
    """A block with what another one says in place of its own."""
    return Block(block.kind, block.labels, block.span, lambda: {**block.attributes, **other.attributes})


def overrides(path: str) -> bool:
    """Whether what a file says takes the place of what others say."""
    stem = basename(path).removesuffix(".json").rpartition(".")[0]
    return stem == "override" or stem.endswith("_override")


def is_source(path: str) -> bool:
    """Whether a file says what a module is made of."""
    return path.endswith(SUFFIXES) and not basename(path).startswith(".")
