"""Which predicate judges which rule, and which rule speaks when several see one fault."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tagcheck.predicates import (
    cleanup,
    names,
    overriding,
    pulling,
    removal,
    stages,
    stores,
    tags,
    undefined,
    unloaded,
    unnamed,
    unused,
)
from tagcheck.predicates.model import Predicate

PREDICATES: Mapping[str, Predicate] = MappingProxyType(
    {
        "static_tag": names.static_tag,
        "latest_tag": names.latest_tag,
        "missing_tag": names.missing_tag,
        "invalid_reference": names.invalid_reference,
        "service_tag_format": names.service_tag_format,
        "infrastructure_image_format": names.infrastructure_image_format,
        "weak_tag": names.weak_tag,
        "tag_not_overridable": tags.tag_not_overridable,
        "ci_tag_format": tags.ci_tag_format,
        "unpinned_image": names.unpinned_image,
        "unnamed_build": unnamed.unnamed_build,
        "implicit_compose_name": names.implicit_compose_name,
        "deployed_name_mismatch": stages.deployed_name_mismatch,
        "loaded_name_mismatch": stages.loaded_name_mismatch,
        "never_loaded": unloaded.never_loaded,
        "regenerated_name": stages.regenerated_name,
        "dropped_name": stages.dropped_name,
        "shared_image_retagged": stages.shared_image_retagged,
        "wrong_store": stores.wrong_store,
        "out_of_order": stages.out_of_order,
        "archive_mismatch": stages.archive_mismatch,
        "unsubstituted_placeholder": stages.unsubstituted_placeholder,
        "ineffective_override": unused.ineffective_override,
        "missing_override": overriding.missing_override,
        "undefined_variable": undefined.undefined_variable,
        "unused_load": unused.unused_load,
        "pull_policy": pulling.pull_policy,
        "implicit_always": pulling.implicit_always,
        "resolves_differently": stages.resolves_differently,
        "image_not_removed": cleanup.image_not_removed,
        "removed_name_mismatch": removal.removed_name_mismatch,
        "unfiltered_prune": cleanup.unfiltered_prune,
        "stack_not_down": cleanup.stack_not_down,
    }
)

FROM_ABSENCE = frozenset(
    (
        *("never_loaded", "unused_load", "image_not_removed", "stack_not_down"),
        *("removed_name_mismatch", "unnamed_build", "missing_override"),
    )
)
"""Predicates that argue from what a scenario does not do: they cannot judge one that was not seen to its end."""

PRECEDENCE = (
    *("TC209", "TC213", "TC210", "TC211", "TC212", "TC303", "TC205", "TC204", "TC202", "TC201", "TC203"),
    *("TC301", "TC302", "TC404"),
)
"""Most specific first: of several matches with one subject only the first is reported."""
