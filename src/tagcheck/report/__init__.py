"""Reports: each format is one module with a function from a report and a display to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tagcheck.report import json, text
from tagcheck.report.display import Display
from tagcheck.request import Report

FORMATS: Mapping[str, Callable[[Report, Display], str]] = {
    "text": text.render,
    "json": json.render,
}
"""Every format that `--format` and `--output` take."""
