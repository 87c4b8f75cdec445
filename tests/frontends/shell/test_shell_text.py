"""Shell texts in the small language."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

Lower = Callable[[str], str]

WORDS = {
    "echo $A": 'run "echo", spread(split-words!(environment!("A")))',
    "echo \"$A\" '$B' a\\ b": 'run "echo", environment!("A"), "$B", join("a", " b")',
    'echo "a  ${A} b"': 'run "echo", join("a  ", environment!("A"), " b")',
    "echo a$A:${B}": 'run "echo", spread(split-words!(join("a", environment!("A"), ":", environment!("B"))))',
    'echo "${A:-d}"': 'run "echo", choice((environment!("A") != ""), environment!("A"), "d")',
    'echo "${A:+d}" "${A:?gone}"': (
        'call <shell>.require(environment!("A"))\n'
        'run "echo", choice((environment!("A") != ""), "d", ""), environment!("A")'
    ),
    'echo "${A%:*}" "${A%%:*}"': (
        'run "echo", without-suffix!(environment!("A"), ":*"), without-longest-suffix!(environment!("A"), ":*")'
    ),
    'echo "${A#x}" "${A##*/}"': (
        'run "echo", without-prefix!(environment!("A"), "x"), without-longest-prefix!(environment!("A"), "*/")'
    ),
    'echo "${A/a/b}" "${A//a/$B}"': (
        'run "echo", replace-first!(environment!("A"), "a", "b"),'
        ' replace-all!(environment!("A"), "a", environment!("B"))'
    ),
    'echo "${A:0:7}" "${A:2}" "${#A}"': (
        'run "echo", environment!("A")[0:7], environment!("A")[2:], length!(environment!("A"))'
    ),
    'echo "${A^^}" "${A,,}"': 'run "echo", upper!(environment!("A")), lower!(environment!("A"))',
    'echo "${!A}" "$((1 + n))"': ('run "echo", environment!(environment!("A")), add!(1, number!(environment!("n")))'),
    'f "$1" "${2:-x}" "$@" $# "$*x"': (
        'run "f", argument!(@, 1), choice((argument!(@, 2) != ""), argument!(@, 2), "x"), spread(@),'
        ' spread(split-words!(length!(@))), join(spaced!(@), "x")'
    ),
    "echo $'a\\nb' $'c'": 'run "echo", "a\\nb"~, "c"',
}


@pytest.mark.parametrize(("text", "expected"), WORDS.items(), ids=WORDS)
def test_words(lowered: Lower, text: str, expected: str) -> None:
    assert lowered(text) == expected


SCRIPTS = {
    "variables": (
        """
        set -euo pipefail
        IMG="localhost/x:$(git rev-parse --short HEAD)"
        TAG=${TAG:-dev}
        export TAG
        readonly A=b
        TAG+=-x
        D=1 podman build -t "$IMG:$TAG" .
        """,
        """
        TAG = environment!("TAG"~)
        call <shell>.assign("set -e"~, true)
        run "git", "rev-parse", "--short", "HEAD"; output %1
        IMG = join("localhost/x:", %1)
        TAG = choice((TAG != ""), TAG, "dev")
        call <shell>.set-exported("TAG"~, TAG)
        call <shell>.export("TAG"~, TAG)
        A = "b"
        TAG = join(TAG, "-x")
        call <shell>.set-exported("TAG"~, TAG)
        run "podman", "build", "-t", join(IMG, ":", TAG), "."; environment D="1"
        """,
    ),
    "a default that is assigned": (
        ': "${A:=d}"\necho "$A"',
        """
        A = environment!("A"~)
        A = choice((A != ""), A, "d")
        run "echo", A
        """,
    ),
    "and at the end": (
        "a && b",
        """
        run "a"; status %1
        if (%1 != nil)
            call <builtin>.exit(1)
        run "b"
        """,
    ),
    "and, or": (
        "a && b\nc || exit 1\nd || true\ne",
        """
        run "a"; status %1
        if (%1 == nil)
            run "b"
        run "c"; status %2
        if (%2 != nil)
            call <builtin>.exit(1)
        run "d"
        run "e"
        """,
    ),
    "what is printed instead": (
        "a || echo b",
        """
        run "a"; status %1
        if (%1 != nil)
            call <shell>.failed()
            run "echo", "b"
        """,
    ),
    "one or the other": (
        "command -v podman && E=podman || E=docker\n$E ps",
        """
        E = environment!("E"~)
        if has-program!("podman")
            run "echo"~, "podman"
        %1 = false
        if has-program!("podman")
            E = "podman"
            %1 = true
        if !%1
            E = "docker"
        run spread(split-words!(E)), "ps"
        """,
    ),
    "pipelines": (
        "cat a | sed s/x/y/ | kubectl apply -f -",
        """
        run "cat", "a"; whole output %1
        run "sed", "s/x/y/"; stdin %1; whole output %2
        run "kubectl", "apply", "-f", "-"; stdin %2
        """,
    ),
    "a compound command in a pipeline": (
        "{ a; b; } | c",
        """
        redirect own process; whole output %1
            run "a"
            run "b"
        run "c"; stdin %1
        """,
    ),
    "here-documents": (
        "cat <<EOF | kubectl apply -f - && echo done\nimage: $A:\\$B\nEOF\ncat > f <<'EOF'\na: $x\nEOF\nb <<< \"$C\"",
        """
        run "cat"; stdin join("image: ", environment!("A"), ":", "$B\\n"); whole output %1
        run "kubectl", "apply", "-f", "-"; stdin %1; status %2
        if (%2 == nil)
            run "echo", "done"
        run "cat"; stdin "a: $x\\n"; whole output %3
        call <shell>.write-file("f", %3)
        run "b"; stdin environment!("C")
        """,
    ),
    "redirections": (
        "a > f 2>&1\nb >> $F\nc < f\nd > /dev/null\ne 2>/dev/null\nf >&2",
        """
        run "a"; whole output %1
        call <shell>.write-file("f", %1)
        run "b"; whole output %2
        call <shell>.append-file(environment!("F"), %2)
        %3, _ = call <shell>.read-file("f")
        run "c"; stdin %3
        run "d"; whole output %4
        run "e"
        run "f"; whole output %5
        """,
    ),
    "a redirection after a list is its last command's": (
        "a && b > f\nc",
        """
        run "a"; status %1
        if (%1 == nil)
            run "b"; whole output %2
            call <shell>.write-file("f", %2)
        run "c"
        """,
    ),
    "if": (
        """
        if ! docker image inspect x >/dev/null; then a; elif [[ -z "$Q" && $X != 1 ]]; then b; else c; fi
        """,
        """
        run "docker", "image", "inspect", "x"; whole output %1; status %2
        if (%2 != nil)
            run "a"
        else
            if all((environment!("Q") == ""), (environment!("X") != "1"))
                run "b"
            else
                run "c"
        """,
    ),
    "tests": (
        """
        if [ "$a" = "b" -a -n "$c" ]; then x; fi
        if [[ ! $a =~ ^b && ( -z c || d != e* ) ]]; then x; fi
        if test -f y; then x; fi
        """,
        """
        if all((environment!("a") == "b"), (environment!("c") != ""))
            run "x"
        if all(!matches-expression!(environment!("a"), "^b"), any(("c" == ""), !matches!("d", "e*")))
            run "x"
        if file-exists!("y")
            run "x"
        """,
    ),
    "loops": (
        """
        for i in a "$X" $Z; do kind load docker-image "$i"; done
        until kubectl get x; do sleep 1; done
        while read -r l; do f "$l"; done < list
        """,
        """
        for _, %1 in list("a", environment!("X"), spread(file-names!(split-words!(environment!("Z")))))
            i = %1
            run "kind", "load", "docker-image", i
        while true
            run "kubectl", "get", "x"; status %2
            if (%2 == nil)
                break
            run "sleep", "1"
        %3, _ = call <shell>.read-file("list")
        redirect; stdin %3
            for _, %4 in split-lines!(%3)
                l = read-fields!(%4, " "~, 1)[0]
                run "f", l
        """,
    ),
    "case": (
        'case "$1" in a|b) x;; c*) y;; *) z;; esac',
        """
        if any((argument!(@, 1) == "a"), (argument!(@, 1) == "b"))
            run "x"
        else
            if matches!(argument!(@, 1), "c*")
                run "y"
            else
                run "z"
        """,
    ),
    "functions": (
        """
        build() { local t=$1; docker build -t "$t" .; other || return 1; }
        other() { echo "$X"; }
        X=1
        build a:b
        Y=$(other z)
        """,
        """
        X = environment!("X"~)
        build = nil
        other = nil
        build = closure sh:a.sh#build
        other = closure sh:a.sh#other
        X = "1"
        call build("a:b")
        redirect own process; output %1
            call other("z")
        Y = %1
        procedure sh:a.sh#build(@...) -> status
            t := argument!(@, 1)
            run "docker", "build", "-t", t, "."
            %1 = call other()
            if (%1 != nil)
                return 1
        procedure sh:a.sh#other(@...) -> status
            run "echo", X
        """,
    ),
    "directories": (
        "cd a && make x\ncd b\ny\n(cd /c; z)\ncd ..\nw",
        """
        PWD = working-directory!()
        PWD = path-below!(PWD, "a")
        run "make", "x"
        PWD = path-below!(PWD, "b")
        run "y"
        %1 = PWD
        redirect own process
            PWD = path-below!(PWD, "/c")
            run "z"
        PWD = %1
        PWD = path-below!(PWD, "..")
        run "w"
        """,
    ),
    "arrays": (
        'A=(a b)\nA+=(c)\nf "${A[@]}" ${#A[@]} "${A[1]}"',
        """
        A = list("a", "b")
        A = append!(A, "c")
        run "f", spread(A), spread(split-words!(length!(A))), A[1]
        """,
    ),
    "side by side, and at the end": (
        "a &\nwait\ntrap 'rm -f x' EXIT\ntrap b INT\nexit 0",
        """
        spawn
            run "a"
        call <shell>.wait()
        defer
            run "rm", "-f", "x"
        call <builtin>.exit(0)
        """,
    ),
    "other files": (
        '. ./lib.sh\nsource "$D/x.sh"',
        """
        call <shell>.source("./lib.sh")
        call <shell>.source(join(environment!("D"), "/x.sh"))
        """,
    ),
    "values that change": (
        "A=$RANDOM$$",
        """
        %1 = call <shell>.changing("RANDOM")
        %2 = call <shell>.changing("$")
        A = join(%1, %2)
        """,
    ),
}


@pytest.mark.parametrize(("text", "expected"), SCRIPTS.values(), ids=SCRIPTS)
def test_scripts(lowered: Lower, text: str, expected: str) -> None:
    assert lowered(text) == dedent(expected).strip("\n")
