"""What expressions expand to: GNU make manual 4.4, chapters 6, 8 and 10."""

from __future__ import annotations

import pytest

from tests.engine.makes import expanded

OBJECTS = "objects = foo.o bar.o baz.o\n"
FILES = {"src/a.go": "", "src/b.go": "", "hack/x.sh": "", "docker/Dockerfile": ""}

TABLE = [
    # references
    ("x = a", "$(x)", "a"),
    ("x = a", "${x}", "a"),
    ("x = a", "$x", "a"),
    ("x = a", "$(x)b$(x)", "aba"),
    ("", "a$$$$b", "a$$b"),
    ("a = 1\nb = $(a)\na = 2", "$(b)", "2"),
    ("a := 1\nb := $(a)\na := 2", "$(b)", "1"),
    ("a ::= 1\nb ::= $(a)\na ::= 2", "$(b)", "1"),
    ("a := 1\nb :::= $(a)\na := 2", "$(b)", "1"),
    ("x = $(y)\ny = $(z)\nz = Huh?", "$(x)", "Huh?"),
    ("x = a\nx = b", "$(x)", "b"),
    ("x = a\nx ?= b", "$(x)", "a"),
    ("x := \nx ?= b", "$(x)", ""),
    ("x-y ?= b", "$(x-y)", "b"),
    ("x = a\nx += b", "$(x)", "a b"),
    ("x := a\ny := b\nx += $(y)\ny := c", "$(x)", "a b"),
    ("x = a\nx += $(y)\ny = b\ny = c", "$(x)", "a c"),
    ("x-y += a", "$(x-y)", "a"),
    ("x := $(shell echo one)", "$(x)", "one"),
    ("x != printf 'one\\ntwo\\n'", "$(x)", "one two"),
    ("x = y\ny = z", "$($(x))", "z"),
    ("x = y\ny = z\nz = u", "$($($(x)))", "u"),
    ("api_IMG = one\nname = api", "$($(name)_IMG)", "one"),
    ("a-x := 1\nb := x", "$(a-$(b))", "1"),
    ("x = a   \\\n   b", "$(x)", "a b"),
    ("x = a # b", "[$(x)]", "[a ]"),
    ("x = a\\#b", "$(x)", "a#b"),
    ("define x\na\nendef", "$(x)", "a"),
    ("define x :=\na$(y-1)\nendef\ny-1 = 1", "$(x)", "a"),
    ("x = a\nundefine x\nx-1 = $(x-2)", "$(x-1)", ""),
    # substitution references
    ("foo := a.o b.o l.a c.o", "$(foo:.o=.c)", "a.c b.c l.a c.c"),
    ("foo := a.o b.o l.a c.o", "$(foo:%.o=%.c)", "a.c b.c l.a c.c"),
    ("foo := a.o b.o", "$(foo:%.o=x-%-y)", "x-a-y x-b-y"),
    # texts
    ("", "$(subst ee,EE,feet on the street)", "fEEt on the strEEt"),
    ("", "$(patsubst %.c,%.o,x.c.c bar.c)", "x.c.o bar.o"),
    (OBJECTS, "$(patsubst %.o,%.c,$(objects))", "foo.c bar.c baz.c"),
    ("", "$(patsubst a,b,a ab a)", "b ab b"),
    ("", "[$(strip   a b   c )]", "[a b c]"),
    ("", "$(findstring a,a b c)", "a"),
    ("", "[$(findstring a,b c)]", "[]"),
    ("sources := foo.c bar.c baz.s ugh.h", "$(filter %.c %.s,$(sources))", "foo.c bar.c baz.s"),
    ("objects=main1.o foo.o main2.o bar.o\nmains=main1.o main2.o", "$(filter-out $(mains),$(objects))", "foo.o bar.o"),
    ("", "$(sort foo bar lose foo)", "bar foo lose"),
    ("", "$(word 2,foo bar baz)", "bar"),
    ("", "[$(word 4,foo bar baz)]", "[]"),
    ("", "$(wordlist 2,3,foo bar baz)", "bar baz"),
    ("", "$(words foo bar baz)", "3"),
    ("", "$(firstword foo bar)", "foo"),
    ("", "$(lastword foo bar)", "bar"),
    ("", "$(let a b,1 2 3,[$a][$b])", "[1][2 3]"),
    ("", "$(let a b,1,[$a][$b])", "[1][]"),
    ("", "$(intcmp 2,2)", "2"),
    ("", "$(intcmp 2,3)", ""),
    ("", "$(intcmp 2,10,less,equal,greater)", "less"),
    ("", "$(intcmp 10,10,less,equal,greater)", "equal"),
    ("", "$(intcmp 11,10,less,equal,greater)", "greater"),
    ("", "$(intcmp 11,10,less,equal)", "equal"),
    ("comma := ,\nempty :=\nspace := $(empty) $(empty)\nfoo := a b c", "$(subst $(space),$(comma),$(foo))", "a,b,c"),
    # file names
    ("", "$(dir src/foo.c hacks)", "src/ ./"),
    ("", "$(notdir src/foo.c hacks)", "foo.c hacks"),
    ("", "$(suffix src/foo.c src-1.0/bar.c hacks)", ".c .c"),
    ("", "$(basename src/foo.c src-1.0/bar hacks)", "src/foo src-1.0/bar hacks"),
    ("", "$(addsuffix .c,foo bar)", "foo.c bar.c"),
    ("", "$(addprefix src/,foo bar)", "src/foo src/bar"),
    ("", "$(join a b,.c .o)", "a.c b.o"),
    ("", "$(join a b c,.c .o)", "a.c b.o c"),
    ("", "$(wildcard src/*.go)", "src/a.go src/b.go"),
    ("", "[$(wildcard gone/*.go)]", "[]"),
    ("", "$(notdir $(wildcard src/*.go))", "a.go b.go"),
    # conditions
    ("x-1 = a", "$(if $(x-1),yes,no)", "yes"),
    ("", "$(if $(x-1),yes,no)", "no"),
    ("", "[$(if $(x-1),yes)]", "[]"),
    ("", "$(or $(x-1),b,c)", "b"),
    ("", "[$(or $(x-1),$(y-1))]", "[]"),
    ("", "$(and a,b,c)", "c"),
    ("", "[$(and a,$(x-1),c)]", "[]"),
    # loops, macros
    ("dirs := a b", "$(foreach d,$(dirs),$(d)/x)", "a/x b/x"),
    ("imgs := api web\ntag = 1", "$(foreach i,$(imgs),r/$(i):$(tag))", "r/api:1 r/web:1"),
    ("reverse = $(2) $(1)", "$(call reverse,a,b)", "b a"),
    ("f = [$(0) $(1) $(2)]", "$(call f,a)", "[f a ]"),
    ("image = $(1)/$(2):$(3)", "$(call image,localhost,api,v1)", "localhost/api:v1"),
    ("f = $(call g,$(1)x)\ng = <$(1)>", "$(call f,a)", "<ax>"),
    ("f = $(if $(1),$(firstword $(1))$(call f,$(wordlist 2,9,$(1))))", "$(call f,a b c)", "abc"),
    ("map = $(foreach a,$(2),$(call $(1),$(a)))\no = <$(1)>", "$(call map,o,x y)", "<x> <y>"),
    ("define pair\n$(1)_a = $(2)\nendef\n$(eval $(call pair,x,1))", "$(x_a)", "1"),
    ("$(foreach n,a b,$(eval $(n)_t := $(n)1))", "$(a_t) $(b_t)", "a1 b1"),
    ("x = $(y)\ny = 1", "$(value y)", "1"),
    # origin, flavour
    ("x = a", "$(origin x)", "file"),
    ("override x = a", "$(origin x)", "override"),
    ("", "$(origin x-y)", "undefined"),
    ("x = a", "$(flavor x)", "recursive"),
    ("x := a", "$(flavor x)", "simple"),
    # automatic variables
    ("", "$@ $<", "show first"),
    ("", "$^", "first second"),
    ("", "$+", "first second first"),
    ("", "$(@F) $(@D)", "show ."),
    # shells
    ("", "$(shell echo a b)", "a b"),
    ("", "$(shell printf 'a\\nb\\n')", "a b"),
    # conditionals in the makefile
    ("ifeq (a,a)\nx = 1\nelse\nx = 2\nendif", "$(x)", "1"),
    ("ifeq 'a' \"b\"\nx = 1\nelse\nx = 2\nendif", "$(x)", "2"),
    ("ifneq ($(x-1),)\nx = 1\nelse ifeq (b,b)\nx = 2\nelse\nx = 3\nendif", "$(x)", "2"),
    ("v-1 = a\nifdef v-1\nx = 1\nendif", "$(x)", "1"),
    ("ifndef v-1\nx = 1\nendif", "$(x)", "1"),
    ("v =\nu = $(v)\nifdef u\nx = 1\nelse\nx = 2\nendif", "$(x)", "1"),
    # variables of targets
    ("x = 1\nshow: x = 2", "$(x)", "2"),
    ("x = 1\nshow: x += 2", "$(x)", "1 2"),
    ("x = 1\nsh%: x = 2", "$(x)", "2"),
]


@pytest.mark.parametrize(("definitions", "expression", "wanted"), TABLE)
def test_expressions_expand_as_the_manual_says(definitions: str, expression: str, wanted: str) -> None:
    assert expanded(definitions, expression, FILES) == wanted


UNKNOWN = [
    ("", "$(FOO)", "<env FOO>"),
    ("x := $(shell git rev-parse HEAD)", "a:$(x)", "a:<output git rev-parse HEAD>"),
    ("", "$(patsubst %,x-%,$(FOO))", "x-<env FOO>"),
    ("", "$(addprefix v,$(FOO))", "v<env FOO>"),
    ("", "$(notdir a/$(FOO))", "<env FOO>"),
    ("", "$(lastword $(FOO) b)", "b"),
    ("", "$(filter-out a,b $(FOO) c)", "<?>"),
    ("x = $(x)", "a$(x)", "a<?>"),
]


@pytest.mark.parametrize(("definitions", "expression", "wanted"), UNKNOWN)
def test_what_is_not_known_stays_a_hole(definitions: str, expression: str, wanted: str) -> None:
    assert expanded(definitions, expression) == wanted
