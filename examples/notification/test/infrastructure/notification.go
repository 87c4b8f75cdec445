package infrastructure

import (
	"context"
	"io"
)

// SetUpNotificationInfrastructure brings up what the notification suite needs.
func SetUpNotificationInfrastructure(ctx context.Context, cluster, namespace string, log io.Writer) error {
	if err := buildAndLoadDataStorage(ctx, cluster, log); err != nil {
		return err
	}
	return deployDataStorage(ctx, namespace,
		InfrastructureImage("datastorage", "notification"), log)
}

// TearDownNotificationInfrastructure removes what the suite has built.
func TearDownNotificationInfrastructure(ctx context.Context) error {
	return removeDataStorage(ctx)
}
