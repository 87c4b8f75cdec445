"""Runs of Terraform: what applying a module does to images."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Run

APPLY = "terraform apply -auto-approve"
BUILT = 'build {\n    context = "."\n  }\n'


def image(name: str, rest: str = BUILT) -> str:
    return f'resource "docker_image" "app" {{\n  name = {name}\n  {rest}}}\n'


@pytest.mark.parametrize(
    ("expression", "more", "expected"),
    [
        ('"a:1"', "", "a:1"),
        ('"a:${var.tag}"', 'variable "tag" {\n  default = "1"\n}', "a:1"),
        ('"${local.name}:${local.tag}"', 'locals {\n  name = "r/${local.tag}"\n  tag = "1"\n}', "r/1:1"),
        ('format("%s:%s", "a", "1")', "", "a:1"),
        ('join(":", ["a", var.x])', 'variable "x" {\n default = 2\n}', "a:2"),
        ('join("/", concat(["a"], local.x))', 'locals {\n  x = ["b", "c"]\n}', "a/b/c"),
        ('coalesce(var.x, "a:1")', 'variable "x" {\n default = ""\n}', "a:1"),
        ('coalesce(null, "b:1")', "", "b:1"),
        ('lookup({ e2e = "a:1" }, "e2e", "b:1")', "", "a:1"),
        ('lookup(var.x, "dev", "b:1")', 'variable "x" {\n default = { e2e = "a:1" }\n}', "b:1"),
        ('var.x["e2e"].image', 'variable "x" {\n default = { e2e = { image = "a:1" } }\n}', "a:1"),
        ('local.x ? "a:1" : "b:1"', "locals {\n  x = false\n}", "b:1"),
        ('local.x == "y" ? "a:1" : "b:1"', 'locals {\n  x = "y"\n}', "a:1"),
        ('local.x != null ? local.x : "b:1"', "locals {\n  x = null\n}", "b:1"),
        ('element(["a:1", "b:1"], 3)', "", "b:1"),
        ('[for x in ["a", "b"] : "${x}:1"][1]', "", "b:1"),
        ('{ for k, v in local.x : k => "${k}:${v}" }["b"]', "locals {\n  x = { a = 1, b = 2 }\n}", "b:2"),
        (
            "[for x in local.x : x.n if x.on][0]",
            'locals {\n  x = [{n = "a", on = false}, {n = "b:1", on = true}]\n}',
            "b:1",
        ),
        ('split(",", "a:1,b:1")[1]', "", "b:1"),
        ('merge({ i = "a:1" }, { i = "b:1" }).i', "", "b:1"),
        ('"a:${trimspace(file("VERSION"))}"', "", "a:1.2"),
        ('yamldecode(file("values.yaml")).image.tag', "", "v7"),
        ('"a:${replace("1+2", "+", "-")}"', "", "a:1-2"),
        ('"a:${lower("X")}"', "", "a:x"),
        ('"a:${data.external.x.result.tag}"', 'data "external" "x" {\n}', "a:<?>"),
        ('"a:${timestamp()}"', "", "a:<?>"),
        ('"a:${var.tag}"', 'variable "tag" {\n}', "a:<param tag>"),
        ('"a:${local.x}"', "locals {\n  x = local.y\n  y = local.x\n}", "a:<?>"),
        ('"a:$${x}"', "", "a:${x}"),
    ],
)
def test_names(events: Run, expression: str, more: str, expected: str) -> None:
    files = {"main.tf": image(expression) + more + "\n", "VERSION": "1.2\n", "values.yaml": "image:\n  tag: v7\n"}
    assert f"built {expected}" in events(APPLY, files)


def applied(events: Run, body: str, command: str = APPLY, **more: str) -> list[str]:
    files = {
        name.replace("__", "/").replace("_tf", ".tf").replace("_yaml", ".yaml"): text for name, text in more.items()
    }
    return events(command, {"main.tf": body, **files})


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("terraform apply", "built a:auto"),
        ("terraform apply -var tag=cli", "built a:cli"),
        ("terraform apply -var-file=e2e.tfvars", "built a:file"),
        ("terraform apply -var-file e2e.tfvars -var=tag=cli", "built a:cli"),
        ("terraform plan -var tag=p -out=x.plan && terraform apply x.plan", "built a:p"),
        ("cd /tmp; terraform apply", ""),
    ],
)
def test_variables_by_their_precedence(events: Run, command: str, expected: str) -> None:
    files = {
        "main.tf": image('"a:${var.tag}"') + 'variable "tag" {\n  default = "default"\n}\n',
        "terraform.tfvars": 'tag = "tfvars"\n',
        "x.auto.tfvars": 'tag = "auto"\n',
        "e2e.tfvars": 'tag = "file"\n',
    }
    assert events(command, files) == ([expected] if expected else [])


def test_variables_of_the_environment(events: Run) -> None:
    body = image('"a:${var.tag}"') + 'variable "tag" {\n  default = "default"\n}\n'
    assert applied(events, body, f"export TF_VAR_tag=env\n{APPLY}") == ["built a:env"]
    assert applied(events, body, f"TF_VAR_tag=env {APPLY}") == ["built a:env"]
    assert sorted(applied(events, body)) == ["built a:<env TF_VAR_tag>", "built a:default"]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (image('"a:1"', ""), []),
        ('resource "docker_container" "x" {\n  image = "a:1"\n}\n', ["run a:1"]),
        (
            image('"a:1"') + 'resource "docker_container" "x" {\n  image = docker_image.app.image_id\n}\n',
            ["built a:1", "run a:1"],
        ),
        (
            'resource "docker_registry_image" "x" {\n  name = docker_image.app.name\n}\n' + image('"r.io/a:1"'),
            ["built r.io/a:1", "pushed r.io/a:1"],
        ),
        (
            'resource "docker_tag" "x" {\n  source_image = "a:1"\n  target_image = "b:1"\n}\n',
            ["tagged b:1"],
        ),
        (
            image('"a:1"', 'build {\n context = "."\n tag = ["a:2", "a:3"]\n}\n'),
            ["built a:1", "built a:2", "built a:3"],
        ),
        (image("each.value", 'for_each = toset(["a:1", "b:1"])\n' + BUILT), ["built a:1", "built b:1"]),
        (image('"${each.key}:${each.value}"', "for_each = { a = 1 }\n" + BUILT), ["built a:1"]),
        (image('"a:${count.index}"', "count = 2\n" + BUILT), ["built a:0", "built a:1"]),
        (image('"a:1"', "count = 0\n" + BUILT), []),
        (image('"a:1"', "count = var.on ? 1 : 0\n" + BUILT) + 'variable "on" {\n}\n', ["built a:1"]),
        (
            image("each.key", 'for_each = toset(["a:1"])\n' + BUILT)
            + 'resource "docker_container" "x" {\n  image = docker_image.app["a:1"].image_id\n}\n',
            ["built a:1", "run a:1"],
        ),
        (
            'resource "null_resource" "x" {\n  provisioner "local-exec" {\n    command = <<-EOT\n'
            "      docker pull a:${1}\n      docker pull $${HOME}:1\n    EOT\n  }\n}\n",
            ["pulled a:1", "pulled <env HOME>:1"],
        ),
        (
            'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "docker pull $I"\n'
            '    environment = {\n      I = "a:1"\n    }\n  }\n}\n',
            ["pulled a:1"],
        ),
        (
            'resource "null_resource" "x" {\n  provisioner "local-exec" {\n    when = destroy\n'
            '    command = "docker rmi a:1"\n  }\n}\n',
            [],
        ),
        (
            'resource "kubectl_manifest" "x" {\n  yaml_body = <<YAML\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n'
            "  - image: a:${1}\nYAML\n}\n",
            ["deployed a:1"],
        ),
        (
            'resource "kubernetes_manifest" "x" {\n  manifest = { apiVersion = "v1", kind = "Pod", spec = '
            '{ containers = [{ image = "a:1" }] } }\n}\n',
            ["deployed a:1"],
        ),
        ('resource "kind_load" "x" {\n  image = "a:1"\n  cluster_name = "c"\n}\n', ["loaded a:1 in c"]),
        (
            'data "docker_registry_image" "x" {\n  name = "a:1"\n}\n'
            'resource "docker_container" "x" {\n  image = data.docker_registry_image.x.name\n}\n',
            ["run a:1"],
        ),
        (
            'resource "shell_script" "x" {\n  lifecycle_commands {\n    create = "docker pull a:1"\n  }\n}\n',
            ["pulled a:1"],
        ),
        ('resource "aws_instance" "x" {\n  image = "a:1"\n}\n', []),
    ],
)
def test_resources(events: Run, resource: str, expected: list[str]) -> None:
    assert sorted(applied(events, resource)) == sorted(expected)


def workload(type_: str, template: str) -> str:
    return f'resource "{type_}" "x" {{\n  metadata {{\n    name = "x"\n  }}\n{template}}}\n'


CONTAINER = 'init_container {\n  image = "i:1"\n}\ncontainer {\n  image = "a:1"\n  image_pull_policy = "Never"\n}\n'
SPEC = f"spec {{\n{CONTAINER}}}\n"
TEMPLATE = f"spec {{\n  template {{\n{SPEC}}}\n}}\n"


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("kubernetes_pod", SPEC),
        ("kubernetes_deployment", TEMPLATE),
        ("kubernetes_deployment_v1", TEMPLATE),
        ("kubernetes_stateful_set", TEMPLATE),
        ("kubernetes_daemon_set_v1", TEMPLATE),
        ("kubernetes_job", TEMPLATE),
        ("kubernetes_cron_job_v1", f"spec {{\n  job_template {{\n{TEMPLATE}}}\n}}\n"),
        (
            "kubernetes_pod_v1",
            'spec {\n  dynamic "container" {\n    for_each = ["i:1", "a:1"]\n    content {\n'
            "      image = container.value\n    }\n  }\n}\n",
        ),
    ],
)
def test_workloads(events: Run, type_: str, body: str) -> None:
    assert sorted(applied(events, workload(type_, body))) == ["deployed a:1", "deployed i:1"]


def test_modules(events: Run) -> None:
    body = (
        'module "app" {\n  source = "./modules/app"\n  image = "a:${local.tag}"\n}\nlocals {\n  tag = "1"\n}\n'
        'resource "docker_container" "x" {\n  image = module.app.image\n}\n'
        'module "far" {\n  source = "hashicorp/consul/aws"\n}\n'
        'resource "docker_container" "y" {\n  image = "b:${module.far.tag}"\n}\n'
    )
    inner = image("var.image") + 'variable "image" {\n}\noutput "image" {\n  value = docker_image.app.name\n}\n'
    assert applied(events, body, modules__app__main_tf=inner) == ["built a:1", "run a:1", "run b:<?>"]
    twice = (
        'module "app" {\n  source = "./modules/app"\n  for_each = { a = "a:1", b = "b:1" }\n  image = each.value\n}\n'
    )
    assert applied(events, twice, modules__app__main_tf=inner) == ["built a:1", "built b:1"]
    itself = 'module "app" {\n  source = "./"\n}\n' + image('"a:1"')
    assert applied(events, itself) == ["built a:1"]


def test_commands(events: Run) -> None:
    body = image('"a:1"') + 'output "image" {\n  value = docker_image.app.name\n}\n'
    assert events("terraform -chdir=deploy apply", {"deploy/main.tf": body}) == ["built a:1"]
    assert events("cd deploy && tofu apply", {"deploy/main.tf": body}) == ["built a:1"]
    assert applied(events, body, "terraform plan && terraform init") == []
    assert applied(events, body, "terraform destroy") == []
    assert applied(events, body, f"{APPLY}; docker pull $(terraform output -raw image)") == ["built a:1", "pulled a:1"]
    assert applied(events, body, f"{APPLY}; terraform destroy") == ["built a:1", "removed a:1"]
    kept = image('"a:1"', f"keep_locally = true\n{BUILT}")
    assert applied(events, kept, f"{APPLY}; terraform destroy") == ["built a:1"]
    two = body + 'resource "docker_image" "b" {\n  name = "b:1"\n  build {\n    context = "."\n  }\n}\n'
    assert applied(events, two, f"{APPLY} -target=docker_image.b") == ["built b:1"]


CHART = {
    "chart/Chart.yaml": "name: c\nversion: 1\n",
    "chart/values.yaml": "image: d\ntag: '1'\n",
    "chart/templates/pod.yaml": (
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {{ .Values.image }}:{{ .Values.tag }}\n"
    ),
}


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", "deployed d:1"),
        ('set {\n  name = "image"\n  value = "a"\n}\n', "deployed a:1"),
        ('set = [{ name = "image", value = "a" }, { name = "tag", value = "2" }]\n', "deployed a:2"),
        ('values = [file("${path.module}/more.yaml")]\n', "deployed f:1"),
        ('values = [yamlencode({ image = "y", tag = "3" })]\n', "deployed y:3"),
        ('values = [templatefile("${path.module}/t.yaml", { image = "t" })]\n', "deployed t:4"),
        (
            'dynamic "set" {\n  for_each = { tag = "9" }\n  content {\n    name = set.key\n'
            "    value = set.value\n  }\n}\n",
            "deployed d:9",
        ),
        ('repository = "https://charts.example.org"\n', ""),
    ],
)
def test_releases(events: Run, rest: str, expected: str) -> None:
    body = f'resource "helm_release" "x" {{\n  name = "x"\n  chart = "${{path.module}}/chart"\n  {rest}}}\n'
    files = {"main.tf": body, "more.yaml": "image: f\n", "t.yaml": "image: ${image}\ntag: '4'\n", **CHART}
    assert events(APPLY, files) == ([expected] if expected else [])


def test_provisioners_run_where_they_say(events: Run) -> None:
    body = (
        'resource "null_resource" "x" {\n  provisioner "local-exec" {\n    command = "./build.sh a:1"\n'
        '    working_dir = "${path.module}/../hack"\n  }\n}\n'
    )
    files = {"infra/main.tf": body, "hack/build.sh": "#!/bin/sh\ndocker build -t $1 .\n"}
    assert events("terraform -chdir=infra apply", files) == ["built a:1"]


def test_many_resources_take_bounded_work(events: Run) -> None:
    body = "".join(f'resource "docker_container" "x{i}" {{\n  image = local.x{i}\n}}\n' for i in range(2_500))
    chain = "".join(f'  x{i} = "a${{local.x{i + 1}}}"\n' for i in range(2_499))
    assert 0 < len(applied(events, f"{body}locals {{\n{chain}}}\n")) <= 2_000


EACH = 'resource "docker_image" "each" {\n  for_each = %s\n  name = each.value\n  build {\n    context = "."\n  }\n}\n'


@pytest.mark.parametrize(
    ("declared", "command", "expected"),
    [
        ("type = list(string)", 'terraform apply -var \'images=["a:1", "b:2"]\'', ["built a:1", "built b:2"]),
        ("type = any", "terraform apply -var 'images={x=\"a:1\"}'", ["built a:1"]),
        ("type = set(string)\n  default = []", "terraform apply -var 'images=[\"a:'$T'\"]'", ["built a:<env T>"]),
        ("type = list(string)", "TF_VAR_images='[\"a:1\"]' terraform apply", ["built a:1"]),
        ("type = map(string)", 'export TF_VAR_images=\'{"x": "a:1"}\'\nterraform apply', ["built a:1"]),
        ('type = list(string)\n  default = ["c:1"]', "TF_VAR_images='[\"a:1\"]' terraform apply", ["built a:1"]),
        ('type = list(string)\n  default = ["c:1"]', "terraform apply", ["built c:1"]),
        ("type = list(string)", "terraform apply -var images=$IMAGES", ["built <?>"]),
        ("type = any", "terraform apply -var images=other.name", ["built <?>"]),
        # A variable without a type holds the text itself, of which there is no list.
        ("", 'terraform apply -var \'images=["a:1", "b:2"]\'', ["built <?>"]),
        ('default = ["c:1"]', "TF_VAR_images='[\"a:1\"]' terraform apply", ["built <?>"]),
    ],
)
def test_variables_that_are_lists(events: Run, declared: str, command: str, expected: list[str]) -> None:
    body = f'variable "images" {{\n  {declared}\n}}\n' + EACH % "var.images"
    assert sorted(set(events(command, {"main.tf": body}))) == expected


def test_a_text_for_a_variable_without_a_type(events: Run) -> None:
    body = 'variable "images" {}\n' + image("jsondecode(var.images)[0]")
    assert events('terraform apply -var \'images=["a:1", "b:2"]\'', {"main.tf": body}) == ["built a:1"]


JSON_FILES = {
    "main.tf.json": """{
  "variable": {"tag": {"type": "string", "default": "1"}, "images": {"type": "list(string)"}},
  "locals": [{"name": "a:${var.tag}"}],
  "resource": {
    "docker_image": {
      "app": {"name": "${local.name}", "build": {"context": ".", "build_args": {"BASE": "x:1"}}},
      "each": [{"for_each": "${toset(var.images)}", "name": "${each.value}", "build": [{"context": "."}]}]
    },
    "kubernetes_deployment": {"app": {
      "metadata": {"name": "app", "labels": {"my_label": "x"}},
      "spec": {"template": {"spec": {"container": {"name": "a", "image": "${docker_image.app.name}"}}}}
    }},
    "null_resource": {"pull": {
      "depends_on": ["docker_image.app"],
      "provisioner": {"local-exec": {"command": "docker pull b:${var.tag}"}}
    }}
  },
  "module": {"inner": {"source": "./inner", "tag": "${var.tag}"}},
  "terraform": {"required_version": ">= 1"}
}""",
    "inner/main.tf.json": """{"variable": {"tag": {}},
  "resource": [{"kubernetes_pod": {"p": {"spec": [{"container": [{"image": "i:${var.tag}"}]}]}}}]}""",
    "Dockerfile": "ARG BASE\nFROM $BASE\n",
}


def test_files_in_json(events: Run) -> None:
    found = events("terraform apply -var 'images=[\"e:1\"]' -var tag=1", JSON_FILES)
    assert sorted(found) == ["base x:1", "built a:1", "built e:1", "deployed a:1", "deployed i:1", "pulled b:1"]
    files = {**JSON_FILES, "terraform.tfvars.json": '{"tag": "2", "images": ["e:2"]}'}
    assert "built a:2" in events(APPLY, files)
    assert "built e:2" in events(APPLY, files)
    override = '{"variable": {"tag": {"default": "3"}}}'
    assert "built a:3" in events(APPLY, {**JSON_FILES, "x_override.tf.json": override})


def test_files_in_json_that_are_none(events: Run) -> None:
    for text in ("[]", "{", '{"resource": 1}', '{"resource": {"docker_image": [1, {"a": 2}]}}'):
        assert events(APPLY, {"main.tf.json": text}) == []
