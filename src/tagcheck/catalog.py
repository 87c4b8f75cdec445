"""The vocabulary of effects: what commands and library calls do to images, clusters and programs.

What each tool does is data in `rules/tools` (read by `tagcheck.catalogue`), matched to commands by `tagcheck.argv`.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from tagcheck.values import Text


class EffectKind(Enum):
    """What a command or a library call does to images, clusters and programs."""

    BUILT = "built"
    """`everything`: images whose names the tool finds by itself"""
    BASED = "based"
    """a build starts from `images`; or it reads the Dockerfile `path`, by default the usual one, in the folder
    `directory`, with the `arguments`;
    `within`: the path is as seen from the folder; `contexts`: names that stand for something else than an image, up to
    an equals sign; `stage`: only this stage is built, with those that it is made from; `open`: a word that is not known
    may say more"""
    PULLED = "pulled"
    OFFERED = "offered"
    """`images` are names computed for builds to take"""
    TAGGED = "tagged"
    """`image` is the new name, `source` the old one"""
    SAVED = "saved"
    """`images` into the archive `archive`; `everything`: of a name without a tag, every tag in the engine"""
    RESTORED = "restored"
    """the archive `archive` into the local engine"""
    LOADED = "loaded"
    """`images`, or what the archive `archive` holds, into the cluster or node `store`"""
    PUSHED = "pushed"
    RUN = "run"
    """a container on the host"""
    REMOVED = "removed"
    PRUNED = "pruned"
    """`filtered` says whether a filter limits it; `everything` whether unused images go too"""
    DEPLOYED = "deployed"
    """one image into a workload (`set image`, `kubectl run`); `workload`, `container`, `policy` where known"""
    NAMED = "named"
    """`images` are values that the workload `workload` reads: names of what it starts, if they are names of images"""
    APPLIED = "applied"
    """manifests: `path` (file or folder), or standard input when `stdin`; names in them that begin with `resolves` are
    those of programs, and those of their images take their place"""
    PACKAGED = "packaged"
    """the chart `path` is put into an archive as it stands"""
    RENDERED = "rendered"
    """manifests are printed: those of the kustomization in the folder `path`, or of the chart there with the overrides
    `settings` and `values`; without a path, the object `workload` (KIND/NAME) with the images `images`. A dry run
    prints them too. Of Terraform, the output `workload` of the module in `directory`"""
    EDITED = "edited"
    """the kustomization in `directory`, by default the working directory, is changed: images by the settings `words`"""
    WITHDRAWN = "withdrawn"
    """the object `workload` is deleted from the cluster"""
    CLUSTER = "cluster"
    """a cluster is made: `store`"""
    REGISTRY = "registry"
    """a registry is made beside a cluster, or by the file `path`: `store` is what it is called in the cluster, `source`
    its port on the host, or that stands behind the name"""
    BUILDER = "builder"
    """builds are done from here on by a builder with the driver `store`"""
    ENGINE = "engine"
    """from here on the engine's commands go to that of the cluster `store`; to the host's again without one"""
    CLUSTER_DELETED = "cluster-deleted"
    STACK_UP = "stack-up"
    """the services `words` (all, if none) of the compose files `values`, as the project `workload`, with the profiles
    `settings`; `unbuilt`: nothing is built for it; `singly`: without the services that those depend on"""
    STACK_DOWN = "stack-down"
    """`everything`: images go too; `policy` says which, 'all' or 'local'"""
    STACK_BUILD = "stack-build"
    STACK_PUSH = "stack-push"
    STACK_PULL = "stack-pull"
    STACK_RUN = "stack-run"
    """one service, `words`"""
    BAKED = "baked"
    """the targets and groups `words` (the group 'default', if none) of the bake files `values` are built, with the
    overrides `settings`; `everything`: all targets; `wanted`: they are pushed"""
    ARTIFACTS_BUILT = "artifacts-built"
    """the artifacts of the configurations `values` (of those called one of `modules`, if there are any), with the
    profiles `settings`, are built; `words`: only those whose
    names hold one of them; `tag`: all of them with this tag; `repository`: below this one; `wanted`: they are pushed;
    what was built is written to the file `path`"""
    ARTIFACTS_DEPLOYED = "artifacts-deployed"
    """what such configurations deploy, with the images `images`, or those that the file `path` lists"""
    CONVERGED = "converged"
    """the images of the configuration `path`, by default the usual one of the folder `directory`, are built and pushed
    to `repository` (only `words`, if there are any); `everything`: its chart is installed with them"""
    PLAYED = "played"
    """the playbooks `values` run, with the variables `settings`"""
    PROVISIONED = "provisioned"
    """the module of Terraform in the folder `directory`, by default the working directory, is applied, with the
    variables `settings` and those of the files `values`; only the resources `words`, if there are any; or as the plan
    `path` says"""
    PLANNED = "planned"
    """what such a command will do is kept in the file `path`"""
    UNPROVISIONED = "unprovisioned"
    """what was made for such a module is removed"""
    BUNDLED = "bundled"
    """the folder `path` is written anew, as a bundle of the objects on standard input"""
    BUNDLE_RUN = "bundle-run"
    """the bundles in `images` are installed in the cluster"""
    SUITE_RUN = "suite-run"
    """the tests for a cluster in the folders `values` run, or those that the file `path` lists"""
    SESSION = "session"
    """the program in the file `path`, or the one that its folder has by default, runs as a session"""
    SESSION_BEGUN = "session-begun"
    """what follows builds and deploys together: the program is the file `path`"""
    SESSION_ENDED = "session-ended"
    """nothing more is said: what the session was told is built and deployed"""
    SESSION_REGISTRY = "session-registry"
    """`store` is the registry of what the session builds"""
    INJECTED = "injected"
    """`images` are built, and take the place of those of their names in what the session deploys; `words`: names of
    others that go into them"""
    GATHERED = "gathered"
    """the session deploys manifests, `images` by their paths or as texts; what is not known, if there are none"""
    PACKAGE_BEGUN = "package-begun"
    """the targets that follow are declared by the file `path`"""
    PACKAGE_ENDED = "package-ended"
    TARGET = "target"
    """the target `workload` is declared: it is run by the command line `words`, to which the lines of files add further
    words, `settings_of_files` (SWITCH=LABEL; @SWITCH=LABEL: the whole file is one word); `everything`: it is built, not
    run, so. Or it is a file with the lines `values`"""
    TARGETS_RUN = "targets-run"
    """the targets `values`, as seen from the folder `directory`, are run with the arguments `words`"""
    EXECUTES = "executes"
    """another command line: `words`"""
    SCRIPT = "script"
    """a shell text `script`, or a script file `path`, with the arguments `words`; for make: `path` the makefile where
    one is given, `words` the targets"""
    PROGRAM = "program"
    """the program of the project at `path`, with the arguments `words`"""
    TESTS = "tests"
    """the tests of the project in the folders and files `values` (those of the working directory, if none); those in
    folders below too if `everything` says so"""


POLICY_LEFT_OUT = "absent"
OF_SESSIONS = frozenset(
    {
        EffectKind.SESSION,
        EffectKind.SESSION_BEGUN,
        EffectKind.SESSION_ENDED,
        EffectKind.SESSION_REGISTRY,
        EffectKind.INJECTED,
        EffectKind.GATHERED,
    }
)
"""What starts a session, and what one says."""


OF_TARGETS = frozenset(
    {
        EffectKind.PACKAGE_BEGUN,
        EffectKind.PACKAGE_ENDED,
        EffectKind.TARGET,
        EffectKind.TARGETS_RUN,
    }
)
"""What declares targets of a build system, and what asks for them."""


class Effect(Struct, frozen=True):
    """One thing that a command does. Texts are symbolic. `tool` is the catalogue's name of the tool; `reading` says
    how it reads a bare name ('docker', 'podman', 'containerd', 'verbatim')."""

    kind: EffectKind
    tool: str
    reading: str = "docker"
    images: tuple[Text, ...] = ()
    source: Text | None = None
    archive: Text | None = None
    store: Text | None = None
    namespace: Text | None = None
    workload: Text | None = None
    container: Text | None = None
    policy: Text | None = None
    """pull policy; POLICY_LEFT_OUT where the command makes a workload without one, None where nothing is known of it"""
    path: Text | None = None
    script: Text | None = None
    words: tuple[Text, ...] = ()
    modules: tuple[Text, ...] = ()
    tag: Text | None = None
    repository: Text | None = None
    stdin: bool = False
    stdout: bool = False
    kustomize: bool = False
    chart: bool = False
    artifacts: bool = False
    """what is rendered are configurations, as for ARTIFACTS_DEPLOYED"""
    open: bool = False
    within: bool = False
    filtered: bool = False
    everything: bool = False
    unnamed: bool = False
    lost: bool = False
    """a build whose result has no name, and whose id nobody keeps; `wanted`: it is to be pushed"""
    wanted: bool = False
    stays: bool = False
    """a build whose result stays in the builder, unless that is the engine itself"""
    away: bool = False
    """a build whose result comes to the engine only if its builder is the engine itself, and nobody says which it is"""
    apart: bool = False
    """a build whose result comes to no engine in any case"""
    unbuilt: bool = False
    resolves: Text | None = None
    patch: Text | None = None
    """the patch of a `kubectl patch`, which concerns `workload`"""
    strict: bool = False
    """a shell that ends with the first command that fails"""
    silent: bool = False
    """make does not print the commands that it runs"""
    environment_first: bool = False
    """the environment has precedence over what a makefile says"""
    alone: bool = False
    """the executed words see no variables but those of `environment`"""
    hidden: tuple[Text, ...] = ()
    """names of variables that the executed words do not see"""
    environment_files: tuple[Text, ...] = ()
    """files of such texts (`--env-file`)"""
    environment: tuple[Text, ...] = ()
    """NAME=value texts: variables that the executed words or script see"""
    directory: Text | None = None
    """where the executed words or script run"""
    arguments: tuple[Text, ...] = ()
    """NAME=value texts that a build sets"""
    contexts: tuple[Text, ...] = ()
    stage: Text | None = None
    settings: tuple[Text, ...] = ()
    """key=value texts that override what a chart or bake file says (`--set`)"""
    settings_as_json: tuple[Text, ...] = ()
    """such texts whose values are JSON (`--set-json`)"""
    settings_of_files: tuple[Text, ...] = ()
    """such texts whose values are the paths of files (`--set-file`)"""
    settings_verbatim: tuple[Text, ...] = ()
    """such texts with one value without any syntax (`--set-literal`)"""
    replaced: Text | None = None
    """what stands in `words` for a word of the input"""
    singly: bool = False
    """`words` are run once for each word of the input, or for each `batch` of them"""
    batch: Text | None = None
    by_line: bool = False
    """a line of the input counts, not a word"""
    divider: Text | None = None
    """what divides the input instead of blanks and line ends"""
    values: tuple[Text, ...] = ()
    """files of such settings (`--values`)"""
