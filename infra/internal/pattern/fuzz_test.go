package pattern

import (
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
)

// FuzzFor holds the rule and what it leaves to the function against the filter,
// for any filter that events.NewFilter accepts and any event type.
func FuzzFor(f *testing.F) {
	for _, seed := range [][3]string{
		{"", "", "user.session.start"}, {"a.b,c.*,*.d,e*f", "", "c.x"}, {"", "a.b,c.*,*.d,e*f", "system.log_stream.x"},
		{"user.*", "*.x", "user.x"}, {"*", "system.*", "system.log_stream.lifecycle.create"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, in, out, eventType string) {
		include, exclude := list(in), list(out)
		if _, err := events.NewFilter(include, exclude); err != nil || len(in)+len(out) > 3000 {
			return
		}
		rule := For(source, include, exclude)
		got := matches(t, rule.Pattern, envelope(t, eventType)) && keeps(t, rule.Include, rule.Exclude, eventType)
		if want := keeps(t, include, exclude, eventType); got != want {
			t.Errorf("include %q, exclude %q: %q is kept: %v, want %v; rule %s", include, exclude, eventType, got, want,
				rule.Pattern)
		}
	})
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
