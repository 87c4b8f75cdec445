"""What targets do: order, environments, several makefiles, alternatives."""

from __future__ import annotations

from tests.engine.makes import images, target

SHOW = "docker push r/$(X)"


def all_names(makefile: str) -> list[str]:
    """The names of images in the target `all`, whatever the environment sets."""
    return [str(event.image) for event in target({"Makefile": makefile}, "all").events]


def test_prerequisites_run_first_and_once() -> None:
    text = "all: b c\n\tdocker push all\nb: d\n\tdocker push b\nc: d\n\tdocker push c\nd:\n\tdocker push d\n"
    assert images({"Makefile": text}, "all") == ["pushed d", "pushed b", "pushed c", "pushed all"]


def test_order_only_prerequisites_run_and_are_no_inputs() -> None:
    text = "all: a | b\n\tdocker push x:$<-$^-$|\na b:\n\tdocker push $@\n"
    assert images({"Makefile": text}, "all") == ["pushed a", "pushed b", "pushed x:a-a-b"]


def test_the_last_recipe_counts_and_prerequisites_add_up() -> None:
    text = "all: a\nall: b\n\tdocker push one\nall:\n\tdocker push two\na b:\n\tdocker push $@\n"
    assert images({"Makefile": text}, "all") == ["pushed a", "pushed b", "pushed two"]


def test_double_colon_rules_all_run() -> None:
    text = "all::\n\tdocker push one\nall::\n\tdocker push two\n"
    assert images({"Makefile": text}, "all") == ["pushed one", "pushed two"]


def test_pattern_rules_give_the_stem() -> None:
    text = "all: build-api build-web\n\t@true\nbuild-%: ; docker push r/$*:1\n"
    assert images({"Makefile": text}, "all") == ["pushed r/api:1", "pushed r/web:1"]


def test_static_pattern_rules_give_the_stem() -> None:
    text = "T = push-a push-b\nall: $(T)\n\t@true\n$(T): push-%: x-%\n\tdocker push $*:$<\nx-a x-b: ;\n"
    assert images({"Makefile": text}, "all") == ["pushed a:x-a", "pushed b:x-b"]


def test_variables_of_a_target_reach_what_it_needs() -> None:
    text = "X = 1\nall: X = 2\nall: build\n\tdocker push a:$(X)\nbuild:\n\tdocker push b:$(X)\n"
    assert images({"Makefile": text}, "all") == ["pushed b:2", "pushed a:2"]
    assert images({"Makefile": text.replace("all: build", "all: other")}, "build") == ["pushed b:1"]


def test_private_variables_do_not() -> None:
    text = "X = 1\nall: private X = 2\nall: build\n\tdocker push a:$(X)\nbuild:\n\tdocker push b:$(X)\n"
    assert images({"Makefile": text}, "all") == ["pushed b:1", "pushed a:2"]


def test_a_failing_line_is_not_followed_unless_it_may_fail() -> None:
    text = "all:\n\tdocker push a\n\t%sexit 1\n\tdocker push b\n"
    assert images({"Makefile": text % ""}, "all") == ["pushed a"]
    assert images({"Makefile": text % "-"}, "all") == ["pushed a", "pushed b"]


def test_an_error_ends_its_case() -> None:
    text = "all:\nifndef X-1\n\t$(error no)\nendif\n\tdocker push b\n"
    assert images({"Makefile": text}, "all") == []
    assert images({"Makefile": "X-1 = 1\n" + text}, "all") == ["pushed b"]


def test_each_line_has_a_shell_of_its_own() -> None:
    text = "all:\n\texport T=1\n\tdocker push a:$$T\n"
    assert images({"Makefile": text}, "all") == ["pushed a:<env T>"]
    assert images({"Makefile": ".ONESHELL:\n" + text}, "all") == ["pushed a:1"]


def test_lines_go_on_after_a_backslash() -> None:
    text = "all:\n\tT=1; \\\n\tdocker push \\\n\t  a:$$T\n"
    assert images({"Makefile": text}, "all") == ["pushed a:1"]


def test_another_prefix_of_recipes() -> None:
    assert images({"Makefile": ".RECIPEPREFIX = >\nall:\n>docker push a\n"}, "all") == ["pushed a"]


def test_only_exported_variables_reach_the_shell() -> None:
    text = "%sT = 1\nall:\n\tdocker push a:$$T\n"
    assert images({"Makefile": text % ""}, "all") == ["pushed a:<env T>"]
    assert images({"Makefile": text % "export "}, "all") == ["pushed a:1"]
    assert images({"Makefile": "export\n" + text % ""}, "all") == ["pushed a:1"]
    assert images({"Makefile": ".EXPORT_ALL_VARIABLES:\n" + text % ""}, "all") == ["pushed a:1"]
    assert images({"Makefile": "export\nunexport T\n" + text % ""}, "all") == ["pushed a:<env T>"]


def run(line: str, makefile: str, files: dict[str, str] | None = None) -> list[str]:
    """What a recipe line does that starts another make."""
    top = f"all:\n\t{line}\n"
    return images({"Makefile": top, "sub/Makefile": makefile, **(files or {})}, "all")


def test_the_command_line_wins_over_the_makefile() -> None:
    text = "X = a\nX ?= b\nt:\n\tdocker push $(X)\n"
    assert run("$(MAKE) -C sub t X=c", text) == ["pushed c"]
    assert run("$(MAKE) -C sub t X=c", text.replace("X = a", "override X = a")) == ["pushed a"]
    assert run("$(MAKE) -C sub t X=c", text + "t: X = d\n") == ["pushed c"]


def test_the_environment_gives_way_to_the_makefile() -> None:
    text = "X %s a\nt:\n\tdocker push $(X)\n"
    assert run("X=c $(MAKE) -C sub t", text % "=") == ["pushed a"]
    assert run("X=c $(MAKE) -C sub t", text % "?=") == ["pushed c"]
    assert run("X=c $(MAKE) -e -C sub t", text % "=") == ["pushed c"]


def test_variables_of_the_command_line_reach_deeper_runs() -> None:
    files = {"sub/deep/Makefile": "X = a\nt:\n\tdocker push $(X):$$X\n"}
    assert run("$(MAKE) -C sub t X=c", "t:\n\t$(MAKE) -C deep t\n", files) == ["pushed c:c"]
    assert run("$(MAKE) -C sub t", "X = b\nt:\n\t$(MAKE) -C deep t\n", files) == ["pushed a:<env X>"]
    assert run("cd sub && $(MAKE) t", "X = b\nt:\n\t$(MAKE) -C deep t X=$(X)\n", files) == ["pushed b:b"]


def test_included_makefiles() -> None:
    files = {
        "Makefile": "D = mk\ninclude $(D)/v.mk gone.mk\n-include other.mk\nall:\n\tdocker push a:$(V)\n",
        "mk/v.mk": "V = 3\n",
    }
    assert images(files, "all") == ["pushed a:3"]


def test_what_a_target_prints_is_the_output_of_make() -> None:
    text = "IMG = r/a:1\nall:\n\tdocker push $$(make -s print)\nprint:\n\t@echo $(IMG)\n"
    assert images({"Makefile": text}, "all") == ["pushed r/a:1"]
    text = "IMG = r/a:1\nall:\n\tdocker push $$(make print)\nprint:\n\t$(info $(IMG))@true\n"
    assert images({"Makefile": text}, "all") == ["pushed r/a:1"]


def test_scripts_get_the_environment_and_arguments() -> None:
    files = {
        "Makefile": "export T := 1\nall:\n\tU=2 ./hack/push.sh b\n",
        "hack/push.sh": '#!/bin/sh\ndocker push "$1:$T-$U"\n',
    }
    assert images(files, "all") == ["pushed b:1-2"]


def test_a_variable_of_the_environment_is_a_default_or_what_is_set() -> None:
    scenario = target({"Makefile": "R ?= r\nT ?= 1\nall:\n\tdocker push $(R)/a:$(T)\n"}, "all")
    assert {str(event.image) for event in scenario.events} == {"r/a:1", "<env R>/a:<env T>"}


def test_defaults_of_several_cases_are_all_possible() -> None:
    text = "ifeq ($(shell uname),Linux)\nK ?= a:1\nelse\nK ?= b:1\nendif\nall:\n\tdocker push $(K)\n"
    assert all_names(text) == ["b:1", "a:1", "<env K>"]


def test_a_default_stands_beside_what_a_case_defines() -> None:
    text = "ifeq ($(F),y)\nK = c:1\nendif\nK ?= b:1\nall:\n\tdocker push $(K)\n"
    assert all_names(text) == ["b:1", "c:1", "<env K>"]


def test_what_one_case_defines_is_not_in_the_other() -> None:
    cases = "P ?=\nS ?= false\nifeq ($(S),true)\nQ = x\nelse\nQ = $(P)\nendif\n"
    text = cases + "ifeq ($(Q),)\nK = k\nelse\nK = $(Q)/k\nendif\nall:\n\tdocker push $(K):1\n"
    found = all_names(text)
    assert "/k:1" not in found
    assert "<env Q>/k:1" not in found
    assert {"k:1", "x/k:1", "<env P>/k:1"} <= set(found)


def test_sides_that_are_not_decided_exclude_each_other() -> None:
    text = "ifeq ($(CI),true)\nR = a\nT = 1\nelse\nR = b\nT = 2\nendif\nall:\n\tdocker push $(R):$(T)\n"
    scenario = target({"Makefile": text}, "all")
    assert sorted(str(event.image) for event in scenario.events) == ["a:1", "b:2"]
    first, second = (event.guards for event in scenario.events)
    assert first.and_(second) is None


def test_a_program_is_its_default_or_one_that_is_asked_for() -> None:
    text = "TOOL ?= docker\nifeq ($(TOOL),podman)\nP = localhost/\nendif\nall:\n\t$(TOOL) push $(P)a:1\n"
    scenario = target({"Makefile": text.replace("P =", "P =")}, "all")
    found = {(event.tool, str(event.image).replace("<env P>", "")) for event in scenario.events}
    assert found == {("docker", "a:1"), ("podman", "localhost/a:1")}


def test_a_target_that_nobody_defines_is_a_gap() -> None:
    scenario = target({"Makefile": "all:\n\t$(MAKE) gone\n"}, "all")
    assert [gap.reason for gap in scenario.gaps] == ["a target that the makefile does not have (gone)"]


def test_the_name_of_an_image_is_a_target_and_no_variable() -> None:
    given = run("IMG=localhost/a:`uuidgen`; $(MAKE) -C sub push $$IMG", "IMG ?= r/a:1\npush:\n\tdocker push $(IMG)\n")
    assert "pushed r/a:1" in given


def test_recursion_ends() -> None:
    assert images({"Makefile": "all: all\n\t$(MAKE) all\n\tdocker push a\n"}, "all")
    assert images({"Makefile": "X = $(Y)\nY = $(X)\nall:\n\tdocker push a:$(X)\n"}, "all") == ["pushed a:<?>"]


def test_texts_that_double_end() -> None:
    lines = "".join(f"X{n} = $(X{n + 1})$(X{n + 1})\n" for n in range(40))
    scenario = target({"Makefile": lines + "X40 = a\nall:\n\tdocker push $(X0)\n"}, "all")
    assert scenario.cut


def test_two_evaluations_of_a_clock_are_two_values() -> None:
    text = "T %s $(shell date +%%s)\nall:\n\tdocker push a:$(T)\n\tdocker push b:$(T)\n"
    for operator, count in (("=", 2), (":=", 1)):
        scenario = target({"Makefile": text % operator}, "all")
        assert len({event.image.holes[0].identity for event in scenario.events}) == count


def test_a_target_that_another_target_needs_is_no_entry() -> None:
    from tagcheck.frontends import make

    text = b"all: a b\na:\n\tx\nb: c\n\tx\nc: b\n\tx\n.PHONY: all\n%.o: ;\nd: e\ne: d\n"
    unit = make.parse("Makefile", text, "Makefile")
    assert [name for name, _ in unit.entries] == ["all", "d"]


def test_what_is_added_to_nothing_has_no_blank_before_it() -> None:
    text = "F += -t x:1\nF += -t y:1\nall:\n\tdocker build $(F) .\n"
    assert images({"Makefile": text}, "all") == ["built x:1", "built y:1"]
