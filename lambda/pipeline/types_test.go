package pipeline

import (
	"testing"

	"github.com/oktastream/oktastream/events"
)

// The cached decisions for a type are the same as new ones.
func TestTypes(t *testing.T) {
	filter, err := events.NewFilter(nil, []string{"user.*"})
	if err != nil {
		t.Fatal(err)
	}
	p := New(Config{Format: Raw, Filter: filter})
	for range 2 {
		for _, want := range []eventType{
			{"user.outsider", false, false}, {"app.outsider", false, true}, {"user.session.start", true, false},
			{"app.oauth2.as.token.grant", true, true},
		} {
			if got := p.types.Of([]byte(want.name)); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
	}
}
