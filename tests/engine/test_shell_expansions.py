"""What a shell makes of words: the expected names are those that bash gives to a program."""

from __future__ import annotations

import pytest

from .conftest import Run

# Each script, and the names of the images that bash 5 builds with it.
SCRIPTS: dict[str, tuple[str, str]] = {
    "a pattern in a variable": (
        'R=ghcr.io/x\nI=ghcr.io/x/web:1\n'
        'docker build -t "${I#$R/}" .\ndocker build -t "a${I#"$R"}" .\ndocker build -t "${I/${R}/localhost}" .\n'
        'docker build -t "${I/#$R/localhost:5000}" .',
        "web:1 a/web:1 localhost/web:1 localhost:5000/web:1",
    ),
    "a divider in a set, in quotes, behind a backslash": (
        'V=a/b_c+d\nI=ghcr.io/x/web:1\n'
        'docker build -t "x:${V//[\\/_+]/}" .\ndocker build -t "${I/ghcr.io\\/x/reg\\/y}" .\n'
        'docker build -t "x:${V//[\\/_+]/-}" .',
        "x:abcd reg/y/web:1 x:a-b-c-d",
    ),
    "ends that match a pattern, or nothing": (
        'I=x/web:1\nT=(a b)\ndocker build -t "${I/%:*/:2}" .\ndocker build -t "${I/#?/y}" .\n'
        'docker build "${T[@]/#/-tr:}" .\ndocker build -t "${T[1]/%/:3}" .',
        "x/web:2 y/web:1 r:a r:b b:3",
    ),
    "case by declaration and by transformation": (
        'declare -l A=FooBar\nA=Xy\ndeclare -u B=abc\nC=abc\ndocker build -t "$A:$B-${C@U}${C@u}${B@L}" .',
        "xy:ABC-ABCAbcabc",
    ),
    "parts whose places are computed": (
        'V=0123456789\nn=3\ndocker build -t "a:${V:0:n}-${V:n+1:2}-${V:(-4):2}" .',
        "a:012-45-67",
    ),
    "operators": (
        'n=3\ndocker build -t "a:$(( (n * 2) % 4 ))-$((n > 2 ? 7 : 8))-$((n**2))-$((7 / 2))-$((-7 / 2))" .\n'
        'docker build -t "b:$((n & 6 | 1))-$((n << 2))-$((!n))-$((n == 3 && n < 4))-$((16#ff))-$((010))-$((0x1f))" .',
        "a:2-7-9-3--3 b:3-12-0-1-255-8-31",
    ),
    "changes inside of arithmetic": (
        'n=1\n((n++, m = n * 2))\nlet n+=5 "k = n + 1"\ndeclare -i i=2+3\ni+=4\n'
        'docker build -t "a:$n-$m-$k-$i" .\nx=$((n *= 2, n++))\ndocker build -t "b:$x-$n" .\n'
        'for ((a = 0, b = 5; a < 2; a++, b--)); do docker build -t "c:$a-$b" .; done',
        "a:7-4-8-9 b:14-15 c:0-5 c:1-4",
    ),
    "variables whose names are computed": (
        'S=web\nweb_IMG=a:1\nv=${S}_IMG\ndeclare -n r="$v"\ndocker build -t "$r" .\nr=b:2\n'
        'docker build -t "$web_IMG" .\n'
        'printf -v "${S}_NEW" "d:%03d" 4\ndocker build -t "$web_NEW" .\ndeclare "${S}_D=g:7"\n'
        'docker build -t "$web_D" .\n'
        'set_it() { local -n out=$1; out="e:$2"; }\nset_it RES 5\ndocker build -t "$RES" .',
        "a:1 b:2 d:004 g:7 e:5",
    ),
    "eval in a function sees its arguments and its own variables": (
        'f() { local tag=3; eval "$1=\\$2:\\$tag"; eval "tag=4"; docker build -t "x:$tag" .; }\ntag=9\nf RES g\n'
        'docker build -t "$RES" .\ndocker build -t "y:$tag" .',
        "x:4 g:3 y:9",
    ),
    "side by side, each with the variables that it began with": (
        'b() { docker build -t "$1:$T" .; T=changed; }\nT=1\nfor s in a b c; do b "$s" & done\nT=2\nb d &\nwait\n'
        'docker build -t "e:$T" .',
        "a:1 b:1 c:1 d:2 e:2",
    ),
    "a last line without an end": (
        'printf "b:2\\nc:3" > list\nwhile IFS= read -r l || [[ -n "$l" ]]; do docker build -t "$l" .; done < list',
        "b:2 c:3",
    ),
    "sets of characters": (
        'B=Feature/AB-c\ndocker build -t "a:$(echo "$B" | tr \'[:upper:]/\' \'[:lower:]-\')" .\n'
        'docker build -t "b:$(printf %s "$B" | tr -cs a-zA-Z _)" .\n'
        'docker build -t "c:$(printf %s "$B" | tr -cd A-Z)" .\n'
        'docker build -t "d:$(printf "b\\na\\n" | tr "\\n" -)e" .\ndocker build -t "f:$(echo a//b | tr -s / -)" .',
        "a:feature-ab-c b:Feature_AB_c c:FAB d:b-a-e f:a-b",
    ),
    "columns, characters, parts that are printed side by side": (
        'I=localhost:5000/team/web:v1\ndocker build -t "$(echo $I | cut -d: -f1,3)" .\n'
        'docker build -t "$(echo $I | awk -F/ \'{print $2"/"$3}\')" .\n'
        'docker build -t "x:$(echo v1.2 | cut -c2-)" .\n'
        'docker build -t "x:$(echo abcdefghij | head -c 7)" .',
        "localhost:v1 team/web:v1 x:1.2 x:abcdefg",
    ),
    "all items in one word, with what is set to stand between them": (
        'join_by() { local IFS="$1"; shift; echo "$*"; }\np=(a b c)\n'
        'docker build -t "x:$(join_by - 1 2 3)" .\ndocker build -t "y:$(IFS=_; echo "${p[*]:1}")" .\n'
        'docker build -t "z:$(echo "${p[*]}" | tr " " -)" .\nset -- one two three\n'
        'docker build -t "g:${*: -1}-${@: -2:1}-${p[@]: -1}" .',
        "x:1-2-3 y:b_c z:a-b-c g:three-two-c",
    ),
    "what an expression finds": (
        '[[ "k:v1" =~ ^([a-z]+):(.*)$ ]] && docker build -t "${BASH_REMATCH[2]}:${BASH_REMATCH[1]}" .',
        "v1:k",
    ),
    "formats": (
        'T=(x y)\ndocker build $(printf -- "-t i:%s " "${T[@]}") .\n'
        'docker build -t "a:$(printf "%05d-%-3s|" 42 b | tr -d "| ")" .',
        "i:x i:y a:00042-b",
    ),
    "as many words as xargs is told, lines, other dividers": (
        'printf "a:1 b:1\\nc:1 d:1\\n" | xargs -n2 docker build . -t q:1 -t\n'
        'printf "a:2 x\\nc:2 y\\n" | xargs -L1 docker build -t\necho "u,v" | xargs -d, -I{} docker build -t {}:3 .\n'
        'printf "r\\0s\\0" | xargs -0 -I{} docker build -t {}:5 .\necho "x:6" > list\n'
        'xargs -a list docker build . -t',
        "q:1 a:1 c:1 a:2 c:2 u:3 v:3 r:5 s:5 x:6",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "names"), SCRIPTS.values(), ids=SCRIPTS)
def test_names_are_those_of_the_shell(events: Run, script: str, names: str) -> None:
    assert events(f"#!/bin/bash\n{script}\n") == [f"built {name}" for name in names.split()]


def test_what_is_not_known_is_no_name(events: Run) -> None:
    script = (
        'V=abc\nI=web:1\ndocker build -t "a:${V:$N}" .\ndocker build -t "b:$((10#$V))" .\ndocker build -t "${I#$X}" .'
    )
    assert not [each for each in events(script) if each in ("built a:abc", "built b:10", "built b:0", "built web:1")]
