"""What a bake file is made of."""

from __future__ import annotations

from msgspec import Struct

from tagcheck.frontends.hcl.expressions import Defined
from tagcheck.ir import Literal
from tagcheck.source import Span


class Block(Struct, frozen=True):
    """A block with its attributes in source order: `kind` is 'variable', 'group' or 'target'."""

    kind: str
    label: Literal
    attributes: tuple[tuple[str, Defined], ...]


class BakeFile(Struct, frozen=True):
    """The blocks of a file, and the names that it gives values to outside of blocks. `texts` are the places of texts
    that variables are put into."""

    blocks: tuple[Block, ...] = ()
    attributes: tuple[tuple[str, Defined], ...] = ()
    texts: tuple[Span, ...] = ()
