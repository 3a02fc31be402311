package classify

import (
	"fmt"
	"strings"
	"testing"
)

func TestMemoryDecidesAsTheClassifierDoes(t *testing.T) {
	c := New(V1_8())
	m := Remember(c)
	m.Decide([]byte(strings.Repeat("x", maxName+1)))
	if len(m.decided) != 0 {
		t.Error("a long type is remembered")
	}
	for range 2 {
		for i := range maxRemembered + 100 {
			eventType := fmt.Sprintf("user.outsider.number%d", i)
			if got, want := *m.Decide([]byte(eventType)), c.Decide(eventType); got != want {
				t.Fatalf("%s: %+v, want %+v", eventType, got, want)
			}
		}
		if long := strings.Repeat("user.", maxName); *m.Decide([]byte(long)) != c.Decide(long) {
			t.Errorf("a long type is decided in another way")
		}
		if len(m.decided) != maxRemembered {
			t.Errorf("%d decisions are remembered, want %d", len(m.decided), maxRemembered)
		}
	}
}
