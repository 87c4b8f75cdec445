"""A made tree, the same for the same size: a Go project with services, a shared folder of test infrastructure, an
end-to-end suite for each service, manifests, and a great many files that have nothing to do with images."""

from __future__ import annotations

from pathlib import Path

SERVICES = 24
MODULE = "example.com/bench"

_NAMES = """package infrastructure

import (
	"fmt"

	"github.com/google/uuid"
)

// ImageName gives the name under which one suite builds an image.
func ImageName(infrastructure, consumer string) string {
	return fmt.Sprintf("localhost/%s:%s-%s", infrastructure, consumer, uuid.New().String()[:8])
}
"""

_SHARED = """package infrastructure

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Build builds an image and gives its name.
func Build(ctx context.Context, name, file string, writer io.Writer) (string, error) {
	fmt.Fprintf(writer, "building %s from %s\\n", name, file)
	args := []string{"build", "-t", name, "-f", file}
	if os.Getenv("NO_CACHE") != "" {
		args = append(args, "--no-cache")
	}
	args = append(args, ".")
	cmd := exec.CommandContext(ctx, "podman", args...)
	cmd.Stdout = writer
	cmd.Stderr = writer
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build of %s: %w", name, err)
	}
	return name, nil
}

// Load brings an image into a cluster.
func Load(ctx context.Context, cluster, name string, writer io.Writer) error {
	archive := fmt.Sprintf("/tmp/%s.tar", strings.ReplaceAll(name, "/", "-"))
	if out, err := exec.CommandContext(ctx, "podman", "save", "-o", archive, name).CombinedOutput(); err != nil {
		return fmt.Errorf("save: %w: %s", err, out)
	}
	fmt.Fprintf(writer, "loading %s\\n", archive)
	return exec.CommandContext(ctx, "kind", "load", "image-archive", archive, "--name", cluster).Run()
}

// Apply deploys a manifest.
func Apply(ctx context.Context, kubeconfig, manifest string, writer io.Writer) error {
	cmd := exec.CommandContext(ctx, "kubectl", "apply", "-f", "-")
	cmd.Env = append(os.Environ(), fmt.Sprintf("KUBECONFIG=%s", kubeconfig))
	cmd.Stdin = strings.NewReader(manifest)
	cmd.Stdout = writer
	return cmd.Run()
}

// Manifest gives the deployment of a service.
func Manifest(name, image string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: %s
spec:
  template:
    spec:
      containers:
        - name: main
          image: %s
          imagePullPolicy: Never
`, name, image)
}
"""

_SETUP = """package infrastructure

import (
	"context"
	"fmt"
	"io"
)

// SetUp{title} builds, loads and deploys what the suite of {name} needs.
func SetUp{title}(ctx context.Context, cluster, kubeconfig string, writer io.Writer) error {{
	images := map[string]string{{}}
	results := make(chan error, 3)
	for _, each := range []string{{"datastore", "{name}", "gateway"}} {{
		name := ImageName(each, "{name}")
		built, err := Build(ctx, name, fmt.Sprintf("docker/%s.Dockerfile", each), writer)
		if err != nil {{
			return err
		}}
		images[each] = built
	}}
	for each, image := range images {{
		if err := Load(ctx, cluster, image, writer); err != nil {{
			return fmt.Errorf("%s: %w", each, err)
		}}
	}}
	for each, image := range images {{
		go func() {{
			fmt.Fprintf(writer, "deploying %s\\n", each)
			results <- Apply(ctx, kubeconfig, Manifest(each, image), writer)
		}}()
	}}
	for range images {{
		if err := <-results; err != nil {{
			return err
		}}
	}}
	return nil
}}
"""

_SUITE = """package {name}

import (
	"context"
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"{module}/test/infrastructure"
)

func TestSuite(t *testing.T) {{
	RegisterFailHandler(Fail)
	RunSpecs(t, "{title}")
}}

var _ = BeforeSuite(func() {{
	kubeconfig := os.Getenv("KUBECONFIG")
	err := infrastructure.SetUp{title}(context.Background(), "{name}-e2e", kubeconfig, GinkgoWriter)
	Expect(err).To(Succeed())
}})

var _ = Describe("{title}", func() {{
	It("answers", func() {{
		Expect(os.Getenv("HOME")).NotTo(BeEmpty())
	}})
}})
"""

_PRODUCT = """package {package}

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Record{number} is one of many.
type Record{number} struct {{
	mutex  sync.Mutex
	name   string
	values map[string]int
}}

// NewRecord{number} gives an empty record.
func NewRecord{number}(name string) *Record{number} {{
	return &Record{number}{{name: name, values: map[string]int{{}}}}
}}
{methods}
"""

_METHOD = """
// Step{index} changes the record.
func (r *Record{number}) Step{index}(ctx context.Context, key string, value int) (string, error) {{
	if err := ctx.Err(); err != nil {{
		return "", fmt.Errorf("step {index} of %s: %w", r.name, err)
	}}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	previous, found := r.values[key]
	if !found && value < {index} {{
		return "", errors.New("no such key")
	}}
	r.values[key] = previous + value
	for name, each := range r.values {{
		if each > {number} {{
			return fmt.Sprintf("%s-%s-%d", r.name, name, each), nil
		}}
	}}
	return key, nil
}}
"""

_MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  labels: {{app: app-{number}}}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: main
          image: registry.example.com/app-{number}:v1.{number}.0
          ports: [{{containerPort: 8080}}]
          env:
            - {{name: LEVEL, value: info}}
"""


def write_tree(root: Path, files: int) -> Path:
    """Write a project with about so many Go files into a folder; the folder."""
    _write(root / ".git" / "HEAD", "ref: refs/heads/main\n")
    _write(root / "go.mod", f"module {MODULE}\n\ngo 1.24\n")
    shared = root / "test" / "infrastructure"
    _write(shared / "names.go", _NAMES)
    _write(shared / "shared.go", _SHARED)
    for number in range(SERVICES):
        names = {"name": f"service{number}", "title": f"Service{number}", "module": MODULE}
        _write(shared / f"service{number}.go", _SETUP.format(**names))
        _write(root / "test" / "e2e" / f"service{number}" / "suite_test.go", _SUITE.format(**names))
    for number in range(max(0, files - 2 * SERVICES - 2)):
        package = f"part{number % 150}"
        methods = "".join(_METHOD.format(number=number, index=index) for index in range(8 + number % 9))
        content = _PRODUCT.format(package=package, number=number, methods=methods)
        _write(root / "pkg" / package / f"record{number}.go", content)
    for number in range(files // 6):
        _write(root / "deploy" / f"app-{number}.yaml", _MANIFEST.format(number=number))
    return root


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
