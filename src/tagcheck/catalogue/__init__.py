"""What tagcheck knows of command-line tools: the data of `rules/tools`, read and checked."""

from tagcheck.catalogue.loader import load_tools
from tagcheck.catalogue.tools import CatalogueError, Tool, Tools

__all__ = ["CatalogueError", "Tool", "Tools", "load_tools"]
