package classify

import (
	"fmt"
	"testing"
)

func TestMemoryDecidesAsTheClassifierDoes(t *testing.T) {
	c := New(V1_8())
	m := Remember(c)
	for range 2 {
		for i := range maxRemembered + 100 {
			eventType := fmt.Sprintf("user.stranger.number%d", i)
			if got, want := *m.Decide([]byte(eventType)), c.Decide(eventType); got != want {
				t.Fatalf("%s: %+v, want %+v", eventType, got, want)
			}
		}
		if len(m.decided) != maxRemembered {
			t.Errorf("%d decisions are remembered, want %d", len(m.decided), maxRemembered)
		}
	}
}
