package events

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFilter(t *testing.T) {
	for name, test := range map[string]struct {
		include, exclude []string
		keeps, drops     []string
	}{
		"empty": {nil, nil, []string{"user.session.start", ""}, nil},
		"include": {[]string{"user.session.*"}, nil, []string{"user.session.start", "user.session.a.b"},
			[]string{"user.session", "user.lifecycle.create", "xuser.session.start"}},
		"exclude": {nil, []string{"*.sso"}, []string{"user.session.start"}, []string{"user.authentication.sso"}},
		"exclude wins": {[]string{"user.*"}, []string{"user.session.*"}, []string{"user.mfa.x"},
			[]string{"user.session.start", "app.x"}},
		"case counts": {[]string{"User.*"}, nil, nil, []string{"user.session.start"}},
		"the pipe stays": {[]string{"user.*"}, []string{"*"}, []string{"system.log_stream.lifecycle.deactivate"},
			[]string{"user.session.start", "system.log_streamx"}},
		"middle": {[]string{"a*b*c"}, nil, []string{"abc", "aXXbYYc", "abcbc"}, []string{"ab", "abcd"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := NewFilter(test.include, test.exclude)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range test.keeps {
				if !f.Keeps(s) {
					t.Errorf("%q is dropped", s)
				}
			}
			for _, s := range test.drops {
				if f.Keeps(s) {
					t.Errorf("%q is kept", s)
				}
			}
		})
	}
}

func TestNewFilterReportsEveryFault(t *testing.T) {
	_, err := NewFilter([]string{"user session", "user.*"}, []string{"", "a,b"})
	if err == nil || strings.Count(err.Error(), "pattern") != 3 {
		t.Errorf("want three faults, got: %v", err)
	}
}

// checkMatch compares Match with the definition: m[p][n] says whether pattern[p:]
// matches name[n:].
func checkMatch(t reporter, pattern, name string) {
	t.Helper()
	m := make([][]bool, len(pattern)+1)
	for p := len(pattern); p >= 0; p-- {
		m[p] = make([]bool, len(name)+1)
		for n := len(name); n >= 0; n-- {
			switch {
			case p == len(pattern):
				m[p][n] = n == len(name)
			case pattern[p] == '*':
				m[p][n] = m[p+1][n] || n < len(name) && m[p][n+1]
			default:
				m[p][n] = n < len(name) && pattern[p] == name[n] && m[p+1][n+1]
			}
		}
	}
	if got, want := Match(pattern, name), m[0][0]; got != want {
		t.Fatalf("Match(%q, %q) = %v, want %v", pattern, name, got, want)
	}
}

func TestMatchAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		checkMatch(rt, rapid.StringMatching(`[ab.*]{0,8}`).Draw(rt, "pattern"),
			rapid.StringMatching(`[ab.]{0,12}`).Draw(rt, "name"))
	})
}

func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{"", "*", "**", "a", "a*", "*a", "*a*", "a*b*a", "user.*", "*.session.*", "User.*",
		"a*a", "é*\xff"} {
		for _, name := range []string{"", "a", "aa", "aba", "abab", "user.session.start", "user.", "*", "é\xff\xff"} {
			f.Add(pattern, name)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern)*len(name) < 1<<20 { // what the definition can be computed for
			checkMatch(t, pattern, name)
		}
	})
}
