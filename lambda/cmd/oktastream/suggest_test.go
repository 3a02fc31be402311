package main

import "testing"

func TestSimilarType(t *testing.T) {
	for pattern, want := range map[string]string{
		"applicaton.*":         "application.*",
		"user.sesion.start":    "user.session.start",
		"user.sesion.*":        "user.session.*",
		"user.session.start":   "",
		"user.*":               "",
		"*":                    "",
		"nothing.of.the.kind":  "",
		"x":                    "",
		"*.that.nobody.knows":  "",
		"user.session.strat*t": "",
	} {
		if got := similarType(pattern); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"a", "a", 0}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
