package events

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFilter(t *testing.T) {
	for name, test := range map[string]struct {
		include, exclude []string
		keeps, drops     []string
	}{
		"empty":          {nil, nil, []string{"user.session.start", ""}, nil},
		"include":        {[]string{"user.session.*"}, nil, []string{"user.session.start", "user.session.a.b"}, []string{"user.session", "user.lifecycle.create", "xuser.session.start"}},
		"exclude":        {nil, []string{"*.sso"}, []string{"user.session.start"}, []string{"user.authentication.sso"}},
		"exclude wins":   {[]string{"user.*"}, []string{"user.session.*"}, []string{"user.mfa.x"}, []string{"user.session.start", "app.x"}},
		"case counts":    {[]string{"User.*"}, nil, nil, []string{"user.session.start"}},
		"the pipe stays": {[]string{"user.*"}, []string{"*"}, []string{"system.log_stream.lifecycle.deactivate"}, []string{"user.session.start", "system.log_streamx"}},
		"middle":         {[]string{"a*b*c"}, nil, []string{"abc", "aXXbYYc", "abcbc"}, []string{"ab", "abcd"}},
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

func TestMatchAgreesWithARegularExpression(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pattern := rapid.StringMatching(`[ab.*]{0,8}`).Draw(rt, "pattern")
		text := rapid.StringMatching(`[ab.]{0,12}`).Draw(rt, "text")
		want := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + "$").MatchString(text)
		if got := Match(pattern, text); got != want {
			rt.Fatalf("Match(%q, %q) = %v, want %v", pattern, text, got, want)
		}
	})
}
