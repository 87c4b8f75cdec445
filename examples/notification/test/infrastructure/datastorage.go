package infrastructure

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// buildAndLoadDataStorage builds the data store and loads it into the kind cluster.
func buildAndLoadDataStorage(ctx context.Context, cluster string, log io.Writer) error {
	build := exec.CommandContext(ctx, "podman", "build",
		"-t", "localhost/kubernaut-datastorage:e2e-test-datastorage",
		"-f", "docker/datastorage.Dockerfile", ".")
	build.Stdout, build.Stderr = log, log
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the data store: %w", err)
	}
	load := exec.CommandContext(ctx, "kind", "load", "docker-image",
		"localhost/kubernaut-datastorage:e2e-test-datastorage", "--name", cluster)
	load.Stdout, load.Stderr = log, log
	return load.Run()
}

// removeDataStorage removes what buildAndLoadDataStorage has built.
func removeDataStorage(ctx context.Context) error {
	return exec.CommandContext(ctx, "podman", "rmi", "localhost/kubernaut-datastorage:e2e-test-datastorage").Run()
}

// deployDataStorage deploys an image that is in the cluster already.
func deployDataStorage(ctx context.Context, namespace, image string, log io.Writer) error {
	manifest := fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: datastorage
spec:
  selector:
    matchLabels: {app: datastorage}
  template:
    metadata:
      labels: {app: datastorage}
    spec:
      containers:
        - name: datastorage
          image: %s
          imagePullPolicy: Never
`, image)
	apply := exec.CommandContext(ctx, "kubectl", "-n", namespace, "apply", "-f", "-")
	apply.Stdin = strings.NewReader(manifest)
	apply.Stdout, apply.Stderr = log, log
	return apply.Run()
}
