"""The repairs that there are, one module each."""

from __future__ import annotations

from tagcheck.fixes.repairs import compose_tag, generated_name, held_name, pull_policy
from tagcheck.fixes.situation import Repair

REPAIRS: tuple[Repair, ...] = (compose_tag.REPAIR, pull_policy.REPAIR, held_name.REPAIR, generated_name.REPAIR)
"""In the order in which they are asked about a finding."""
