package infrastructure

import (
	"fmt"

	"github.com/google/uuid"
)

// InfrastructureImage returns a name that no other run has: localhost/{infrastructure}:{consumer}-{uuid}.
func InfrastructureImage(infrastructure, consumer string) string {
	return fmt.Sprintf("localhost/%s:%s-%s", infrastructure, consumer, uuid.NewString()[:8])
}
