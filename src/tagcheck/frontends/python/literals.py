"""Texts and numbers as they are written (Python language reference, "Literals")."""

from __future__ import annotations

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.sourcefile import SourceFile


def simple_string(node: cst.SimpleString, file: SourceFile) -> ir.Literal:
    """A text without the prefix and quotes; bytes are read as a text."""
    value = node.evaluated_value
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    start, end = file.offsets(node)
    start += len(node.prefix) + len(node.quote)
    end -= len(node.quote)
    return ir.Literal(text, file.stretch(start, end), text == node.raw_value and "\r" not in text)


def formatted_text(node: cst.FormattedStringText, raw: bool, file: SourceFile) -> ir.Literal:
    """A literal part of an f-string: doubled braces stand for one, escapes are read unless it is raw."""
    text = node.value.replace("{{", "{").replace("}}", "}")
    if "\\" in text and not raw:
        text = unescaped(text)
    return ir.Literal(text, file.span(node), text == node.value and "\r" not in text)


def unescaped(text: str) -> str:
    """A text with its escapes read; as it stands where one is malformed."""
    quoted = '"""' + text.replace('"', '\\"') + '"""'
    try:
        value = cst.SimpleString(quoted).evaluated_value
    except (SyntaxError, ValueError, UnicodeError):
        return text
    return value if isinstance(value, str) else text


def integer(node: cst.Integer) -> int | None:
    """A number; None for one that is too long to be of use."""
    digits = node.value.replace("_", "")
    if len(digits) > 30:
        return None
    try:
        return int(digits, 0)
    except ValueError:
        return None
