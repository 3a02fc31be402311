package events

import (
	"strconv"
	"strings"
	"testing"
)

// The cache of a Memo has a bound, and types beyond it also get their result.
func TestMemoIsBounded(t *testing.T) {
	calls := 0
	m := NewMemo(func(eventType string) int { calls++; return len(eventType) })
	long := []byte(strings.Repeat("x", maxName+1))
	for range 2 {
		for i := range maxRemembered + 100 {
			if name := "user.x" + strconv.Itoa(i); m.Of([]byte(name)) != len(name) {
				t.Fatal(name)
			}
		}
		if m.Of(long) != len(long) {
			t.Error("a long type")
		}
	}
	if want := maxRemembered + 2*101; len(m.known) != maxRemembered || calls != want {
		t.Errorf("%d are remembered after %d calls, want %d after %d", len(m.known), calls, maxRemembered, want)
	}
}
