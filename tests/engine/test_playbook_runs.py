"""Runs of playbooks: what their tasks do to images."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Run, run_script

PLAY = "- hosts: all\n  tasks:\n"


def played(events: Run, tasks: str, command: str = "ansible-playbook site.yml", **files: str) -> list[str]:
    given = {
        name.replace("__", "/").replace("_yml", ".yml").replace("_j2", ".j2"): text for name, text in files.items()
    }
    return events(command, {"site.yml": PLAY + "".join(f"    {line}\n" for line in tasks.splitlines()), **given})


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("- docker_image: {name: a, tag: '1', source: build, build: {path: .}}", ["built a:1"]),
        ("- community.docker.docker_image: {name: 'a:1', source: pull}", ["pulled a:1"]),
        ("- docker_image: {name: 'a:1', source: build, build: {path: .}, push: true}", ["built a:1", "pushed a:1"]),
        (
            "- docker_image: {name: 'a:1', repository: 'r.example.org/a:1', push: yes, source: local}",
            ["tagged r.example.org/a:1", "pushed r.example.org/a:1"],
        ),
        ("- docker_image: {name: 'a:1', state: absent}", ["removed a:1"]),
        ("- docker_image: {name: 'a:1', source: local, archive_path: a.tar}", ["saved a:1"]),
        ("- community.docker.docker_image_build: {name: 'a:1', path: .}", ["built a:1"]),
        ("- docker_container: {name: x, image: 'a:1'}", ["run a:1"]),
        ("- docker_container: {name: x, image: 'a:1', state: absent}", []),
        ("- containers.podman.podman_image: {name: a, tag: '1', path: .}", ["built a:1"]),
        ("- containers.podman.podman_container: {name: x, image: 'a:1'}", ["run a:1"]),
        ("- ansible.builtin.command: docker pull a:1", ["pulled a:1"]),
        ("- command: {argv: [docker, pull, 'a:1']}", ["pulled a:1"]),
        ("- shell: docker pull {{ item }}\n  loop: ['a:1', 'b:1']", ["pulled a:1", "pulled b:1"]),
        ("- shell: docker pull {{ item.x }}\n  with_items: [{x: 'a:1'}]", ["pulled a:1"]),
        ("- shell: docker pull {{ it }}\n  loop: ['a:1']\n  loop_control: {loop_var: it}", ["pulled a:1"]),
        ("- shell: docker pull a:1\n  when: false", []),
        ("- shell: docker pull a:1\n  vars: {x: true}\n  when: [x, not x]", []),
        ("- shell: docker pull a:1\n  when: x == 'y'\n  vars: {x: y}", ["pulled a:1"]),
        ("- debug: {msg: docker pull a:1}", []),
        (
            "- block:\n    - shell: docker pull a:1\n  always:\n    - shell: docker rmi a:1",
            ["pulled a:1", "removed a:1"],
        ),
        ("- set_fact: {i: 'a:1'}\n- shell: docker pull {{ i }}", ["pulled a:1"]),
        ("- set_fact: {i: '{{ j }}:1'}\n  vars: {j: a}\n- shell: docker pull {{ i }}", ["pulled a:1"]),
        ("- shell: docker pull a:{{ t | default('1') }}", ["pulled a:1", "pulled a:<param t>"]),
        ("- shell: docker pull a:{{ lookup('env', 'T') }}", ["pulled a:<env T>"]),
        ("- shell: docker pull a:{{ x }}\n  vars: {x: '{{ y }}', y: '{{ x }}'}", ["pulled a:<?>"]),
        ("- k8s: {state: absent, definition: {apiVersion: v1, kind: Pod, spec: {containers: [{image: 'a:1'}]}}}", []),
        (
            "- shell: git rev-parse HEAD\n  register: c\n- shell: docker pull a:{{ c.stdout }}",
            ["pulled a:<output git rev-parse HEAD>"],
        ),
        ("- shell: echo 1.2\n  register: c\n- shell: docker pull a:{{ c.stdout }}", ["pulled a:1.2"]),
        ("- shell: echo 1.2\n  register: c\n- shell: docker pull a:1\n  when: c.rc == 0", ["pulled a:1"]),
        (
            "- shell: echo {{ item }}\n  loop: [x, y]\n  register: c\n- shell: docker pull a:{{ c.stdout }}",
            ["pulled a:<?>"],
        ),
        ("- debug: {msg: x}\n  register: c\n- shell: docker pull a:{{ c.stdout }}", ["pulled a:<?>"]),
    ],
)
def test_tasks(events: Run, task: str, expected: list[str]) -> None:
    assert sorted(played(events, task)) == sorted(expected)


def test_variables_by_their_precedence(events: Run) -> None:
    task = "- shell: docker pull {{ a }}:{{ b }}\n- include_vars: more.yml\n- shell: docker pull {{ a }}:{{ b }}"
    files = {"group_vars__all_yml": "{a: group, b: group, c: 1}\n", "more_yml": "a: more\n"}
    assert played(events, task, **files) == ["pulled group:group", "pulled more:group"]
    command = "ansible-playbook -e 'b=cli x=y' site.yml"
    assert played(events, task, command, **files) == ["pulled group:cli", "pulled more:cli"]
    command = 'ansible-playbook --extra-vars \'{"b": "json"}\' site.yml'
    assert played(events, task, command, **files) == ["pulled group:json", "pulled more:json"]
    files["host_vars__one_yml"] = "b: host\n"
    assert played(events, task, **files) == ["pulled group:<param b>", "pulled more:<param b>"]


ROLE = {
    "roles/web/defaults/main.yml": "version: '1'\nimage: 'web:{{ version }}'\n",
    "roles/web/vars/main.yml": "kind: role\n",
    "roles/web/tasks/main.yml": "- import_tasks: run.yml\n- include_tasks: missing.yml\n",
    "roles/web/tasks/run.yml": "- docker_container: {name: '{{ kind }}', image: '{{ image }}'}\n",
    "roles/web/tasks/other.yml": "- docker_image: {name: 'other:{{ version }}', source: pull}\n",
    "roles/web/meta/main.yml": "dependencies: [{role: base}]\n",
    "roles/base/tasks/main.yml": "- kubernetes.core.k8s: {template: pod.yml.j2}\n",
    "roles/base/templates/pod.yml.j2": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: 'base:{{ tag }}'}]}\n"
    ),
}


@pytest.mark.parametrize(
    ("play", "expected"),
    [
        ("roles: [web]", ["deployed base:<param tag>", "run web:1"]),
        ("roles: [{role: web, version: '2', tag: x}]", ["deployed base:x", "run web:2"]),
        ("vars: {version: '3', tag: y}\n  roles: [web]", ["deployed base:y", "run web:3"]),
        ("tasks:\n    - include_role: {name: web, tasks_from: other}", ["deployed base:<param tag>", "pulled other:1"]),
        ("roles: [{role: web, when: false}]", []),
        ("roles: [missing]", []),
    ],
)
def test_roles(events: Run, play: str, expected: list[str]) -> None:
    assert events("ansible-playbook site.yml", {"site.yml": f"- hosts: all\n  {play}\n", **ROLE}) == expected


def test_a_template_that_is_written_and_applied(events: Run) -> None:
    task = "- template: {src: pod.yml.j2, dest: /tmp/pod.yml}\n- k8s: {src: /tmp/pod.yml, state: present}"
    pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: 'a:{{ tag }}'}]}\n"
    files = {"templates/pod.yml.j2": pod, "site.yml": PLAY + "".join(f"    {each}\n" for each in task.splitlines())}
    assert events("ansible-playbook -e tag=5 site.yml", files) == ["deployed a:5"]


def test_playbooks_that_take_in_others(events: Run) -> None:
    files = {
        "site.yml": "- import_playbook: sub/web.yml\n- ansible.builtin.import_playbook: site.yml\n",
        "sub/web.yml": "- hosts: web\n  vars_files: [v.yml]\n  tasks:\n    - shell: docker pull {{ i }}\n",
        "sub/v.yml": "i: a:1\n",
    }
    assert events("ansible-playbook site.yml", files) == ["pulled a:1"]


def test_tasks_that_take_in_themselves() -> None:
    files = {"site.yml": PLAY + "    - include_tasks: t.yml\n", "t.yml": "- include_tasks: t.yml\n" * 3}
    scenario = run_script("ansible-playbook site.yml", files)
    assert "too many tasks" in {gap.reason for gap in scenario.gaps}
    role = {"roles/a/meta/main.yml": "dependencies: [a, a]\n", "roles/a/tasks/main.yml": "- include_role: {name: a}\n"}
    scenario = run_script("ansible-playbook site.yml", {"site.yml": "- hosts: all\n  roles: [a]\n", **role})
    assert scenario.gaps


def test_hostile_variables(events: Run) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    files = {
        "vars.yml": bomb,
        "site.yml": "- hosts: all\n  vars_files: [vars.yml]\n  tasks:\n    - shell: docker pull {{ a8 }}\n",
    }
    assert len(events("ansible-playbook site.yml", files)) <= 1
    large = "".join(f"v{n}: '{{{{ v{n + 1} }}}}'\n" for n in range(30_000))
    files["vars.yml"] = large
    files["site.yml"] = files["site.yml"].replace("a8", "v0")
    assert events("ansible-playbook site.yml", files) in (["pulled <?>"], ["pulled <param v0>"])


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("- docker_image: {name: 'a:1', source: build, build: {path: app, args: {TAG: '7'}}}", "base b:7"),
        ("- docker_image: {name: 'a:1', source: build, build: {path: app}}", "base b:1"),
        ("- docker_image: {name: 'a:1', source: build, build: {path: app, dockerfile: Other}}", "base o:1"),
        ("- community.docker.docker_image_build: {name: 'a:1', path: app, args: {TAG: '7'}}", "base b:7"),
        ("- podman_image: {name: a, path: app, build: {extra_args: '--no-cache --build-arg TAG=7'}}", "base b:7"),
        ("- podman_image: {name: a, path: app, build: {file: Other}}", "base o:1"),
    ],
)
def test_builds_read_their_dockerfiles(events: Run, task: str, expected: str) -> None:
    files = {"app/Dockerfile": "ARG TAG=1\nFROM b:${TAG}\n", "app/Other": "FROM o:1\n"}
    assert expected in events("ansible-playbook site.yml", {"site.yml": PLAY + f"    {task}\n", **files})


HANDLED = """- hosts: all
  roles: [web]
  pre_tasks:
    - debug: {msg: x}
      notify: first
  tasks:
    - command: docker pull t:1
      notify: [second, both]
    - debug: {msg: x}
      notify: never
      when: false
  handlers:
    - {name: second, command: 'docker pull s:1'}
    - {name: first, command: 'docker pull f:1'}
    - {name: other, listen: both, command: 'docker pull o:1'}
    - {name: never, command: 'docker pull n:1'}
"""


def test_handlers(events: Run) -> None:
    files = {
        "site.yml": HANDLED,
        "roles/web/tasks/main.yml": "- command: docker pull r:1\n  notify: again\n- meta: flush_handlers\n",
        "roles/web/handlers/main.yml": "- name: again\n  command: docker pull h:1\n",
    }
    names = ["f:1", "r:1", "h:1", "t:1", "s:1", "o:1"]
    assert events("ansible-playbook site.yml", files) == [f"pulled {each}" for each in names]


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: a, image: '%s'}]}\n"


@pytest.mark.parametrize(
    "task",
    [
        "- kubernetes.core.k8s: {definition: \"{{ lookup('template', 'pod.yaml.j2') | from_yaml_all }}\"}",
        "- kubernetes.core.k8s: {definition: \"{{ lookup('ansible.builtin.template', 'pod.yaml.j2') }}\"}",
        "- k8s: {definition: '{{ item }}'}\n  loop: \"{{ lookup('template', 'pod.yaml.j2') | from_yaml_all | list }}\"",
        '- k8s: {resource_definition: \'{{ query("template", "pod.yaml.j2") | first | from_yaml_all }}\'}',
        "- k8s: {template: pod.yaml.j2}",
        "- k8s: {template: [{path: pod.yaml.j2}]}",
        "- set_fact: {them: \"{{ lookup('template', 'pod.yaml.j2') }}\"}\n"
        "- k8s: {definition: '{{ them | from_yaml_all }}'}",
        "- k8s: {definition: '{{ lookup(\"template\", item) | from_yaml_all }}'}\n  with_fileglob: ['templates/*.j2']",
        "- k8s: {definition: '{{ lookup(\"template\", item) | from_yaml_all }}'}\n"
        '  loop: \'{{ query("fileglob", "templates/*.j2") }}\'',
        "- k8s: {definition: '{{ item }}'}\n  with_template: [pod.yaml.j2]",
    ],
)
def test_objects_by_lookups_of_templates(events: Run, task: str) -> None:
    files = {
        "templates/pod.yaml.j2": POD % ("a", "a:{{ tag }}") + "---\n" + POD % ("b", "b:{{ lookup('env', 'B') }}"),
        "group_vars/all.yml": "tag: '1'\n",
    }
    assert sorted(played(events, task, **files)) == ["deployed a:1", "deployed b:<env B>"]


def test_other_lookups(events: Run) -> None:
    files = {
        "files/pod.yaml": POD % ("a", "a:7"),
        "files/other.yaml": POD % ("o", "o:7"),
        "version": "1.4\n",
        "b.j2": "{{ lookup('template', 'b.j2') }}",
    }
    tasks = [
        "- k8s: {definition: \"{{ lookup('file', 'pod.yaml') | from_yaml }}\"}",
        "- k8s: {src: '{{ item }}'}\n  with_fileglob: '*.yaml'",
        "- shell: docker pull a:{{ lookup('file', 'version') }}",
        "- shell: docker pull b:{{ lookup('pipe', 'git rev-parse HEAD') }}",
        "- shell: docker pull c:{{ lookup('url', 'https://example.org') }}",
        "- shell: docker pull d:{{ lookup('template', 'b.j2') }}",
        "- shell: docker pull e:{{ lookup('template', 'e.j2', template_vars=dict(tag='5')) }}",
    ]
    assert sorted(played(events, "\n".join(tasks), **files, **{"e.j2": "{{ tag }}"})) == [
        "deployed a:7",
        "deployed o:7",
        "pulled a:1.4",
        "pulled b:<output git rev-parse HEAD>",
        "pulled c:<?>",
        "pulled d:<?>",
        "pulled e:5",
    ]
