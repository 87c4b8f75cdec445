"""The operations that library models may name, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tagcheck.builtins import (
    actions,
    arguments,
    attributes,
    boundcommands,
    clocks,
    collections,
    commands,
    configurations,
    containers,
    effects,
    exitstacks,
    files,
    formats,
    foundfiles,
    general,
    gopatterns,
    iterating,
    jinja,
    kinds,
    known,
    kubernetes,
    mocks,
    ordering,
    paths,
    pipelines,
    programs,
    pythoncollections,
    pythonpatterns,
    pythontexts,
    resources,
    scanning,
    serialised,
    shells,
    suites,
    targets,
    templates,
    texts,
)
from tagcheck.builtins.api import Operation
from tagcheck.values import Value


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """An operation. `pure`: its results depend on its arguments alone, and the evaluator calls it once for every
    combination of their alternatives. `stops`: nothing after the call happens. `parameters`: what a model may say.
    `wants`: how many arguments the operation looks at if the first is no reference (most calls print to a log and do
    nothing); None for all of them in any case."""

    run: Operation
    pure: bool = False
    stops: bool = False
    parameters: frozenset[str] = frozenset()
    wants: int | None = None
    speaks: bool = False
    """it only adds to what the program prints"""
    prints: bool = False
    """it prints its arguments, so that a method of a value says how it is printed"""
    formats: bool = False
    """a method of a value may say besides how it is formatted"""
    numbers: Callable[[tuple[Value, ...], Mapping[str, object]], frozenset[int]] | None = None
    """which of its arguments it prints as numbers all the same, given them and the parameters of the model"""


def _pure(run: Operation, *parameters: str) -> OperationSpec:
    return OperationSpec(run, pure=True, parameters=frozenset(parameters))


def _acts(run: Operation, *parameters: str) -> OperationSpec:
    return OperationSpec(run, parameters=frozenset(parameters))


_TEXTS: dict[str, OperationSpec] = {
    "case": _pure(texts.case, "change"),
    "contains": _pure(texts.contains),
    "cut": _pure(texts.cut_in_two),
    "encode": _pure(texts.encode, "function"),
    "equal-fold": _pure(texts.equal_fold),
    "expand-environment": _acts(texts.expand_environment, "error"),
    "fields": _pure(texts.fields),
    "has-prefix": _pure(texts.has_prefix),
    "has-suffix": _pure(texts.has_suffix),
    "index": _pure(texts.index, "last"),
    "integer-text": _pure(texts.integer_text),
    "join": _pure(texts.join),
    "compare-texts": _pure(texts.compared),
    "duration-text": _pure(clocks.duration_text),
    "go-pattern": _pure(gopatterns.compiled, "error"),
    "go-pattern-matches": _pure(gopatterns.matched, "error", "compiled"),
    "go-pattern-first": _pure(gopatterns.first_match, "groups", "compiled"),
    "go-pattern-all": _pure(gopatterns.all_matches, "groups", "compiled"),
    "go-pattern-split": _pure(gopatterns.split, "compiled"),
    "go-pattern-replaced": _pure(gopatterns.replaced, "plain", "compiled"),
    "cut-end": _pure(texts.cut_end, "last"),
    "opaque-number": _pure(texts.opaque_number),
    "parse-truth": _pure(texts.parse_truth),
    "path-halves": _pure(paths.halves),
    "parse-number": _pure(texts.parse_number, "base"),
    "part": _pure(texts.part),
    "quote": _pure(texts.quote),
    "repeat": _pure(texts.repeat),
    "replace": _pure(texts.substitute),
    "replacer": _pure(texts.replacer),
    "replacer-replace": _pure(texts.replacer_replace),
    "shell-quote": _pure(texts.shell_quote),
    "split": _pure(texts.split, "last"),
    "sprint": OperationSpec(formats.sprint, pure=True, parameters=frozenset(("line",)), prints=True),
    "sprintf": OperationSpec(
        formats.sprintf, pure=True, parameters=frozenset(("from",)), prints=True, numbers=formats.numbers
    ),
    "to-text": _pure(texts.to_text),
    "trim": _pure(texts.trim, "characters", "side"),
    "trim-prefix": _pure(texts.trim_prefix),
    "trim-suffix": _pure(texts.trim_suffix),
}

_PATHS: dict[str, OperationSpec] = {
    "path-absolute": _pure(paths.absolute, "error"),
    "path-base": _pure(paths.base, "exact"),
    "path-stem": _pure(paths.stem),
    "path-parts": _pure(paths.parts),
    "path-with-name": _pure(paths.with_last_part),
    "path-with-extension": _pure(paths.with_extension),
    "split-extension": _pure(paths.split_extension),
    "path-caller": _pure(paths.caller),
    "path-clean": _pure(paths.clean),
    "path-directory": _pure(paths.directory),
    "path-extension": _pure(paths.extension),
    "path-join": _pure(paths.join),
    "path-join-as-written": _pure(paths.joined_as_written),
    "path-relative": _pure(paths.relative),
}

_CLOCKS: dict[str, OperationSpec] = {
    "clock-number": _pure(clocks.clock_number, "unit", "weak"),
    "digest": _acts(clocks.digest, "function", "results"),
    "fill-random": _acts(clocks.fill, "buffer"),
    "format-time": _pure(clocks.format_time, "letters"),
    "moment": _acts(clocks.moment),
    "named-record": _pure(clocks.named_record, "type", "parsed", "error"),
    "now": _acts(clocks.now),
    "process-number": _acts(clocks.process_number),
    "random-choice": _acts(clocks.choice, "error"),
    "unique": _acts(clocks.unique, "label", "weak", "error"),
    "unique-record": _acts(clocks.unique_record, "label", "type", "error"),
}

_FILES: dict[str, OperationSpec] = {
    "all-environment": _acts(files.all_environment),
    "buffer": _acts(files.buffer, "type"),
    "copy": _acts(files.copy),
    "directory-system": _acts(files.directory_system),
    "embed-file": _acts(files.embed_file),
    "embed-folder": _acts(files.embed_folder),
    "file-name": _acts(files.file_name),
    "get-environment": _acts(files.get_environment, "found"),
    "held": _acts(files.held, "error"),
    "line-scanner": _acts(scanning.scanner),
    "scan-line": _acts(scanning.scan),
    "scanned-line": _acts(scanning.scanned),
    "divide-otherwise": _acts(scanning.divide_otherwise),
    "open-file": _acts(files.open_file, "flags"),
    "pipe": _acts(files.pipe),
    "print-to": OperationSpec(
        files.print_to,
        parameters=frozenset(("format", "line")),
        wants=1,
        prints=True,
        numbers=lambda arguments, with_: (
            formats.numbers(arguments, {"from": 1}) if with_.get("format") else frozenset()
        ),
    ),
    "read-file": _acts(files.read_file),
    "reset": _acts(files.reset),
    "set-environment": _acts(files.set_environment, "unset"),
    "several-writers": _acts(files.several_writers),
    "sub-folder": _acts(files.sub_folder),
    "temporary": _acts(files.temporary, "alone", "file"),
    "wrapping-reader": _acts(files.wrapping_reader),
    "write": _acts(files.write, "to", "character", "results"),
    "write-file": _acts(files.write_file, "append"),
}

_COLLECTIONS: dict[str, OperationSpec] = {
    "call-once": _acts(collections.call_once),
    "collect": _acts(collections.collect),
    "copy-items": _acts(collections.copy_items),
    "delete-entry": _acts(collections.delete),
    "extreme": _pure(collections.extreme, "largest"),
    "iterate": _acts(collections.iterate, "of"),
    "keep": _acts(collections.keep, "type"),
    "kept": _acts(collections.kept, "found"),
    "once": _acts(collections.once),
    "put": _acts(collections.put),
}

_COMMANDS: dict[str, OperationSpec] = {
    "command": _acts(commands.command, "from"),
    "command-line": _acts(commands.line_of),
    "command-pipe": _acts(commands.pipe_end, "field"),
    "command-run": _acts(commands.run, "gives", "start"),
    "command-shown": _acts(commands.shown),
    "command-wait": _acts(commands.wait, "gives"),
    "look-up-command": _acts(commands.look_up),
    "run-composed": _acts(commands.run_composed, "words", "type", "results"),
    "run-argument": _acts(commands.run_argument, "results"),
    "run-words": _acts(commands.run_words, "from", "environment", "line", "gives", "results"),
}

_GENERAL: dict[str, OperationSpec] = {
    "call-functions": _acts(general.call_functions, "arguments", "results"),
    "call-receiver": _acts(general.call_receiver, "function"),
    "failure": _acts(general.failure, "wrapping"),
    "first-set": _pure(general.first_set),
    "declare-option": _acts(arguments.declare_option),
    "declare-commands": _acts(arguments.declare_commands, "type"),
    "declare-command": _acts(arguments.declare_command),
    "declare-defaults": _acts(arguments.declare_defaults),
    "parse-options": _acts(arguments.parse_options, "type", "rest"),
    "flag": _acts(arguments.flag, "name", "default", "into"),
    "later": _acts(general.later),
    "leave": _acts(general.leave),
    "require": _acts(shells.require),
    "unanswered": _acts(shells.unanswered),
    "drop-printed": _acts(shells.failed),
    "nothing": OperationSpec(general.nothing, wants=0),
    "pointed": _acts(general.pointed),
    "pointer-to": _acts(general.pointer_to),
    "returns": _acts(general.returns, "results", "fills"),
    "merge-entries": _acts(collections.merge),
    "clear-items": _acts(collections.clear),
    "deep-copy": _acts(collections.deep_copy),
    "clone-items": _acts(collections.clone),
    "spawn": _acts(general.spawn, "results"),
    "stop": OperationSpec(general.stop, stops=True),
    "wait": _acts(general.wait, "results"),
}

_SHELLS: dict[str, OperationSpec] = {
    "assign-variable": _acts(shells.assign),
    "evaluate-text": _acts(shells.evaluate),
    "export-words": _acts(shells.export_words, "exporting"),
    "set-exported": _acts(shells.set_exported),
    "source-file": _acts(shells.source, "exporting"),
}

_EFFECT_PARAMETERS = (
    *("kind", "tool", "reading", "form", "tag", "image", "required", "when", "also", "before", "arguments", "within"),
    *("words", "values", "apart", "switch", "results"),
    *effects.TEXT_FIELDS,
)  # fmt: skip

_EFFECTS: dict[str, OperationSpec] = {
    "container-request": _acts(effects.container_request, "request", "results"),
    "effect": _acts(effects.effect, *_EFFECT_PARAMETERS),
    "image-stream": _acts(effects.image_stream, "kind", "tool", "reading", "image", "type"),
    "package-name": _acts(targets.package),
    "configured": _acts(targets.chosen),
    "target": _acts(targets.target, "names", "runs", "builds", "content", "results"),
}

_KUBERNETES: dict[str, OperationSpec] = {
    "decode": _acts(kubernetes.decode),
    "decoded-object": _acts(kubernetes.decoded_object),
    "decoder": _acts(kubernetes.decoder),
    "deploy": _acts(kubernetes.deploy, "object", "argument-type", "path", "by", "results", "fields"),
    "encode-to": _acts(kubernetes.encode_to),
    "encoder": _acts(kubernetes.encoder),
    "marshal": _acts(kubernetes.marshal),
    "mutate-and-deploy": _acts(kubernetes.mutate, "object", "by", "results"),
    "set-content": _acts(kubernetes.set_content),
    "terraform-manifest": _acts(resources.manifest, "in"),
    "terraform-object": _acts(resources.made, "kind", "version"),
    "terraform-release": _acts(resources.released),
    "set-nested": _acts(kubernetes.set_nested),
    "unmarshal": _acts(kubernetes.unmarshal, "from", "into"),
}

_TEMPLATES: dict[str, OperationSpec] = {
    "template-execute": _acts(templates.execute, "named"),
    "template-files": _acts(templates.parse_files, "system"),
    "template-functions": _acts(templates.functions),
    "template-itself": _acts(templates.itself),
    "template-new": _acts(templates.new),
    "template-parse": _acts(templates.parse),
}

_SUITES: dict[str, OperationSpec] = {
    "assertion": _acts(suites.assertion, "negated"),
    "bind-functions": _acts(suites.bind, "field"),
    "decorator": _acts(suites.decorator),
    "expectation": _acts(suites.expectation),
    "matcher": _acts(suites.matcher, "wants"),
    "phase": _acts(suites.phase, "phase", "bind", "results"),
    "require-success": _acts(suites.require_success, "error", "results"),
    "run-bound": _acts(suites.run_bound, "fields", "arguments", "results"),
    "run-methods": _acts(suites.run_methods, "of", "tests", "results", *suites.METHOD_LISTS),
    "run-synchronised": _acts(suites.run_synchronised),
    "run-tests": _acts(suites.run_tests, "results"),
    "synchronised": _acts(suites.synchronised, "phase", "reversed"),
    "table": _acts(suites.table),
    "table-call": _acts(suites.run_table_entry),
    "table-entry": _acts(suites.entry),
}

_PIPELINES: dict[str, OperationSpec] = {
    "action": _acts(actions.action, "does", "gives", "sets", "destroyed"),
    "begin-job": _acts(pipelines.begin_job, "constant", "filled", "shapes"),
    "download-files": _acts(pipelines.download),
    "end-job": _acts(pipelines.end_job),
    "export-all": _acts(pipelines.export_all, "plain"),
    "from-json": _pure(pipelines.from_json),
    "matrix-rows": _pure(pipelines.rows_of),
    "matrix-value": _pure(pipelines.value_of_row),
    "hash-files": _pure(pipelines.hash_of_files),
    "image-tags": _acts(actions.image_tags),
    "join-list": _pure(pipelines.join_list),
    "not-known": _acts(pipelines.not_known, "what"),
    "step-outputs": _acts(pipelines.outputs),
    "to-json": _pure(pipelines.to_json),
    "unknown-action": _acts(actions.unknown_action, "telling"),
    "upload-files": _acts(pipelines.upload),
}

_PYTHON: dict[str, OperationSpec] = {
    "append-item": _acts(containers.append),
    "attribute-by-name": _acts(attributes.attribute),
    "communicate": _acts(programs.communicate),
    "compute": _acts(known.computed, "function"),
    "divide": _acts(known.quotient),
    "expand-variables": _pure(known.expand_variables),
    "whole-number": _pure(known.whole_number),
    "enter-context": _acts(exitstacks.entered),
    "exit-stack": _acts(exitstacks.left),
    "hand-over-stack": _acts(exitstacks.handed_over),
    "keep-for-exit": _acts(exitstacks.later, "results"),
    "file-exists": _pure(foundfiles.exists, "kind"),
    "find-files": _pure(foundfiles.find, "how", "everywhere"),
    "field-at": _acts(attributes.positional),
    "fields-of": _acts(attributes.fields_of, "values"),
    "same-member": _acts(attributes.same_member),
    "callable-or": _acts(attributes.callable_or),
    "begins-with": _pure(pythontexts.begins, "ends"),
    "read-sections": _acts(configurations.read_sections, "of"),
    "section-names": _acts(configurations.section_names),
    "section-option": _acts(configurations.option),
    "toml-document": _acts(configurations.toml),
    "objects-of-file": _acts(serialised.objects_of_file, "type", "field"),
    "set-fields": _acts(attributes.set_fields, "fields"),
    "until-the-end": _acts(containers.until_the_end, "begins", "ends", "results"),
    "has-attribute": _acts(attributes.has_attribute),
    "without-keys": _acts(attributes.without_keys),
    "copy-of": _acts(pythoncollections.copied, "deep"),
    "count-items": _acts(pythoncollections.counted),
    "entries-of": _acts(pythoncollections.of_entries, "method"),
    "entry-or-made": _acts(pythoncollections.entry_or_made),
    "getter": _acts(pythoncollections.getter),
    "got-attribute": _acts(pythoncollections.got_attribute),
    "got-item": _acts(pythoncollections.got_item),
    "iterator": _acts(pythoncollections.iterator),
    "made-mapping": _acts(pythoncollections.made_mapping, "type", "counts"),
    "most-common": _acts(pythoncollections.most_common),
    "move-to-end": _acts(pythoncollections.move_to_end),
    "next-item": _acts(pythoncollections.next_item),
    "set-entry": _acts(pythoncollections.set_entry),
    "set-slice": _acts(pythoncollections.set_slice),
    "slice-of": _acts(pythoncollections.stepped),
    "take-entry": _acts(pythoncollections.take_entry),
    "call-partial": _acts(containers.call_partial),
    "absolute-number": _pure(ordering.absolute),
    "any-item": _acts(ordering.any_item, "every"),
    "arrange-list": _acts(ordering.arrange, "by", "backwards"),
    "arranged-list": _acts(ordering.arranged, "by"),
    "position": _acts(ordering.position),
    "insert-items": _acts(ordering.insert),
    "delete-items": _acts(ordering.delete, "by"),
    "compiled-pattern": _pure(pythonpatterns.compiled),
    "contains-item": _pure(containers.is_in),
    "copy-environment": _acts(containers.environment_copy),
    "dump-object": _acts(containers.dumped),
    "document": _acts(serialised.document, "many"),
    "entry": _acts(containers.entry, "keeping"),
    "extend-list": _acts(containers.extend),
    "fill-template": _acts(pythontexts.substitute, "safe"),
    "print-line": OperationSpec(pythontexts.print_line, prints=True, speaks=True),
    "format-fields": OperationSpec(
        pythontexts.format_fields, parameters=frozenset(("mapping",)), prints=True, formats=True
    ),
    "format-percent": OperationSpec(pythontexts.modulo, prints=True),
    "format-value": OperationSpec(pythontexts.format_value, pure=True, prints=True, formats=True),
    "iterate-items": _acts(pythoncollections.through),
    "jinja-environment": _acts(jinja.environment),
    "jinja-find": _acts(jinja.find),
    "jinja-loader": _acts(jinja.loader, "package"),
    "jinja-render": _acts(jinja.render),
    "jinja-template": _acts(jinja.template),
    "join-items": _acts(pythontexts.join_items),
    "leave-program": _acts(programs.leave),
    "list-of": _acts(containers.as_list),
    "combine-items": _acts(iterating.combined),
    "chain-items": _acts(iterating.chained, "nested"),
    "filter-items": _acts(iterating.filtered),
    "first-items": _acts(iterating.first_items),
    "fold-items": _acts(iterating.folded),
    "map-items": _acts(iterating.mapped, "spread"),
    "margin": _pure(pythontexts.without_margin),
    "make-thread": _acts(iterating.thread, "type"),
    "start-thread": _acts(iterating.started),
    "submit-call": _acts(iterating.submitted, "type"),
    "put-together": _acts(containers.together, "how"),
    "is-instance": _acts(kinds.is_instance),
    "held-lines": _acts(pythontexts.held_lines),
    "mapping-parts": _acts(containers.parts, "of"),
    "delete-item": _acts(containers.delete),
    "in-order": _acts(ordering.in_order),
    "insert-item": _acts(containers.insert),
    "item-count": _acts(containers.length),
    "merge-mappings": _acts(containers.merged),
    "number-range": _acts(containers.numbers),
    "object-of-keywords": _acts(containers.object_of_keywords, "fields"),
    "one-line": _acts(programs.one_line),
    "pair-items": _acts(containers.pairs, "numbered", "longest"),
    "partition": _pure(pythontexts.partition, "last"),
    "rearrange-list": _acts(ordering.rearrange, "how"),
    "remember": _acts(containers.remember),
    "mock": _acts(mocks.mock),
    "patch": _acts(mocks.patch, "object", "start", "gives"),
    "start-patch": _acts(mocks.start),
    "stop-patch": _acts(mocks.stop),
    "stop-own-patches": _acts(mocks.stop_own),
    "partial": _acts(containers.partial),
    "match-groups": _pure(pythonpatterns.matched_groups, "named"),
    "match-group": _pure(pythonpatterns.matched_group),
    "match-pattern": _pure(pythonpatterns.match_pattern, "how", "compiled"),
    "split-pattern": _acts(pythonpatterns.split_pattern, "compiled"),
    "every-match": _acts(pythonpatterns.every_match, "compiled", "matches"),
    "extreme-item": _acts(ordering.extreme, "last"),
    "padded-text": _pure(pythontexts.padded, "side", "fill"),
    "replace-pattern": _acts(pythonpatterns.replace_pattern, "compiled"),
    "function-name": _acts(containers.function_name),
    "with-fields": _acts(attributes.with_fields),
    "reverse-items": _acts(containers.turned),
    "bind-words": _acts(boundcommands.bind, "type", "program"),
    "run-bound-words": _acts(boundcommands.run_bound, "alone", "gives"),
    "run-described-tasks": _acts(boundcommands.run_tasks),
    "build-environment": _acts(boundcommands.construction),
    "build-step": _acts(boundcommands.build_step, "of", "actions"),
    "run-later": _acts(containers.run_later, "results"),
    "run-program": _acts(programs.run_words, "program", "before", "gives"),
    "set-attribute": _acts(attributes.set_attribute),
    "delete-attribute": _acts(attributes.delete_attribute),
    "subclass-made": _acts(attributes.subclass_made),
    "name-in-module": _acts(attributes.name_in_module, "setting"),
    "new-object": _acts(attributes.new_object, "text"),
    "dump-json": _acts(containers.dumped_json),
    "shown-as-code": _acts(pythontexts.shown_as_code),
    "set-variables": _acts(containers.set_variables),
    "shell-words": _pure(pythontexts.shell_words),
    "shown-text": OperationSpec(pythontexts.shown, pure=True, prints=True),
    "split-text": _pure(pythontexts.split, "last"),
    "start-program": _acts(programs.start, "gives", "line"),
    "take-item": _acts(containers.take),
    "template-text": _pure(pythontexts.template),
    "text-lines": _pure(pythontexts.lines),
    "truth-of": _pure(pythontexts.truth_of),
    "update-mapping": _acts(containers.update),
    "variable-or": _acts(containers.variable_or, "keeping", "taking"),
}

OPERATIONS: Mapping[str, OperationSpec] = MappingProxyType(
    {
        **_TEXTS,
        **_PATHS,
        **_CLOCKS,
        **_FILES,
        **_COLLECTIONS,
        **_COMMANDS,
        **_GENERAL,
        **_SHELLS,
        **_EFFECTS,
        **_KUBERNETES,
        **_TEMPLATES,
        **_SUITES,
        **_PIPELINES,
        **_PYTHON,
    }
)
