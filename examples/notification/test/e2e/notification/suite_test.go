package notification

import (
	"context"
	"fmt"
	"os"
	"testing"

	"example.com/notification/test/infrastructure"
)

func TestMain(m *testing.M) {
	ctx := context.Background()
	if err := infrastructure.SetUpNotificationInfrastructure(ctx, "notification", "e2e", os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	if err := infrastructure.TearDownNotificationInfrastructure(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

func TestNotificationIsDelivered(t *testing.T) {
	t.Log("asks the notification service through its API")
}
