package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
)

func TestTypesAreRememberedWithinBounds(t *testing.T) {
	filter, err := events.NewFilter(nil, []string{"user.*"})
	if err != nil {
		t.Fatal(err)
	}
	p := New(Config{Format: Raw, Filter: filter})
	p.typeOf([]byte(strings.Repeat("x", maxName+1)))
	if len(p.types) != 0 {
		t.Error("a long type is remembered")
	}
	for range 2 {
		for i := range maxTypes + 100 {
			for name, wanted := range map[string]bool{fmt.Sprintf("user.outsider.number%d", i): false, fmt.Sprintf("app.outsider.number%d", i): true} {
				if got := p.typeOf([]byte(name)); got != (eventType{name: name, wanted: wanted}) {
					t.Fatalf("%s: %+v", name, got)
				}
			}
		}
		if got := p.typeOf([]byte("app.oauth2.as.token.grant")); !got.known || !got.wanted {
			t.Errorf("a type of Okta's: %+v", got)
		}
		if len(p.types) != maxTypes {
			t.Errorf("%d types are remembered, want %d", len(p.types), maxTypes)
		}
	}
}
