package pattern

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/infra/internal/patterntest"
	"pgregory.net/rapid"
)

// globs draws patterns that are near each other and near the pipe's types.
func globs(name string, rt *rapid.T) []string {
	glob := rapid.OneOf(
		rapid.StringMatching(`[ab.*]{1,6}`),
		rapid.StringMatching(`(a|ab|user)\.(\*|a\*|b)`),
		rapid.StringMatching(`(\*|\*\.)(a|b|create)`),
		rapid.StringMatching(`(s|\*|sys\*|system|system\.|system\.l|system\.log_stream|system\.log_stream\.|system\.log_stream\.a)(\*|\*a|b|\*\*)`),
	)
	patterns := rapid.SliceOfN(glob, 0, 6).Draw(rt, name)
	if rapid.IntRange(0, 9).Draw(rt, name+" long") == 0 {
		patterns = append(patterns, numbered(150, "app.long_name_#")...)
	}
	return patterns
}

// near draws a type that some pattern matches or just does not.
func near(rt *rapid.T, patterns []string) string {
	choices := []*rapid.Generator[string]{
		rapid.StringMatching(`[ab.]{0,7}`),
		rapid.StringMatching(`system\.log_stream\.?[ab.]{0,3}`),
	}
	if len(patterns) > 0 {
		choices = append(choices, rapid.Custom(func(rt *rapid.T) string {
			var text strings.Builder
			for _, r := range rapid.SampledFrom(patterns).Draw(rt, "near") {
				if r == '*' {
					text.WriteString(rapid.StringMatching(`[ab.Z]{0,3}`).Draw(rt, "star"))
					continue
				}
				text.WriteRune(r)
			}
			s := text.String()
			switch rapid.IntRange(0, 5).Draw(rt, "change") {
			case 0:
				return s + "a"
			case 1:
				return "a" + s
			case 2:
				return s[min(1, len(s)):]
			case 3:
				return strings.ToUpper(s)
			}
			return s
		}))
	}
	return rapid.OneOf(choices...).Draw(rt, "type")
}

func keeps(tb rapid.TB, include, exclude []string, eventType string) bool {
	filter, err := events.NewFilter(include, exclude)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return filter.Keeps(eventType)
}

func matches(tb rapid.TB, p Pattern, event []byte) bool {
	matched, err := patterntest.Match(p, event)
	if err != nil {
		tb.Fatalf("%s: %v", p, err)
	}
	return matched
}

// What the rule lets through and the function keeps is what the filter keeps.
func TestRuleAndFunctionAreTheFilter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		include, exclude := globs("include", rt), globs("exclude", rt)
		rule := For(source, include, exclude)
		if len(rule.Pattern.String()) > MaxLength {
			rt.Fatalf("%d characters", len(rule.Pattern.String()))
		}
		for range 10 {
			eventType := near(rt, append(slices.Clone(include), exclude...))
			got := matches(rt, rule.Pattern, envelope(t, eventType)) && keeps(rt, rule.Include, rule.Exclude, eventType)
			if want := keeps(rt, include, exclude, eventType); got != want {
				rt.Fatalf("%q: kept %v, want %v\ninclude %q\nexclude %q\nrule %s\nleft %q, %q",
					eventType, got, want, include, exclude, rule.Pattern, rule.Include, rule.Exclude)
			}
		}
	})
}

// A filter goes into the rule whole if it can: then the function gets nothing
// that it drops.
func TestWhatIsInTheRuleIsAllThere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		include, exclude := globs("include", rt), globs("exclude", rt)
		rule := For(source, include, exclude)
		eventType := near(rt, append(slices.Clone(include), exclude...))
		matched := matches(rt, rule.Pattern, envelope(t, eventType))
		if rule.Include == nil && matched && !keeps(rt, include, nil, eventType) {
			rt.Fatalf("%q is let through and not in include %q: %s", eventType, include, rule.Pattern)
		}
		if rule.Exclude == nil && matched && !keeps(rt, nil, exclude, eventType) {
			rt.Fatalf("%q is let through and in exclude %q: %s", eventType, exclude, rule.Pattern)
		}
		if len(rule.Include)+len(rule.Exclude) > 0 && len(rule.Why) == 0 {
			rt.Fatalf("%q, %q: nothing says why", rule.Include, rule.Exclude)
		}
	})
}

func TestCatalogueThroughRules(t *testing.T) {
	types := append(catalogue.All(), "user.session.start.new", "", "system.log_stream", "system.log_streams.x")
	envelopes := make([][]byte, len(types))
	for i, eventType := range types {
		envelopes[i] = envelope(t, eventType)
	}
	for _, c := range []struct{ include, exclude []string }{
		{nil, nil},
		{[]string{"user.*"}, nil},
		{[]string{"user.session.start", "*.sso", "app.*.create", "policy.*"}, nil},
		{[]string{"user.*", "system.*"}, []string{"user.session.*", "system.log_stream.*"}},
		{nil, []string{"user.authentication.*", "system.*"}},
		{nil, []string{"*.create", "*.delete"}},
		{nil, []string{"policy.evaluate_sign_on", "app.*", "*sso*"}},
		{nil, []string{"policy.evaluate_sign_on", "user.session.start"}},
		{nil, []string{"*"}},
		{types[:200], nil},
		{nil, types[:200]},
		{types[:20], types[10:30]},
	} {
		include, exclude := slices.DeleteFunc(slices.Clone(c.include), empty),
			slices.DeleteFunc(slices.Clone(c.exclude), empty)
		rule := For(source, include, exclude)
		kept := 0
		for i, eventType := range types {
			got := matches(t, rule.Pattern, envelopes[i]) && keeps(t, rule.Include, rule.Exclude, eventType)
			if want := keeps(t, include, exclude, eventType); got != want {
				t.Errorf("include %.60q, exclude %.60q: %q is kept: %v, want %v", include, exclude, eventType, got, want)
			}
			if got {
				kept++
			}
		}
		if kept == 0 {
			t.Errorf("include %.60q, exclude %.60q keep nothing, not even the pipe", include, exclude)
		}
	}
}

func empty(s string) bool { return s == "" }

// covers and reduce are held against regular expressions: all texts of up to five characters, of which Z is in no glob.
func TestGlobs(t *testing.T) {
	var texts []string
	level := []string{""}
	for range 6 {
		texts = append(texts, level...)
		var next []string
		for _, s := range level {
			next = append(next, s+"a", s+"b", s+"Z")
		}
		level = next
	}
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.StringMatching(`[ab*]{0,5}`).Draw(rt, "a")
		b := rapid.StringMatching(`[ab*]{0,4}`).Draw(rt, "b")
		like := func(glob string) *regexp.Regexp {
			return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, ".*") + "$")
		}
		reA, reB := like(a), like(b)
		all := true
		for _, s := range texts {
			if reB.MatchString(s) && !reA.MatchString(s) {
				all = false
			}
		}
		// A text as long as b shows it if one does: one Z for each star.
		if got := covers(a, b); got != all {
			rt.Fatalf("%q covers %q: %v, want %v", a, b, got, all)
		}
		reduced := reduce([]string{a})[0]
		for _, s := range texts {
			if want := reA.MatchString(s); like(reduced).MatchString(s) != want {
				rt.Fatalf("%q, %q: want %v", a, s, want)
			}
		}
	})
}

func TestReduceKeepsWhatIsMatched(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		patterns := globs("patterns", rt)
		reduced := reduce(patterns)
		s := near(rt, patterns)
		any := func(list []string) bool {
			return slices.ContainsFunc(list, func(p string) bool { return events.Match(p, s) })
		}
		if any(patterns) != any(reduced) {
			rt.Fatalf("%q: %q became %q", s, patterns, reduced)
		}
		for i, a := range reduced {
			for j, b := range reduced {
				if i != j && covers(a, b) {
					rt.Fatalf("%q covers %q in %q", a, b, reduced)
				}
			}
		}
	})
}

// Empty is right both ways: a filter it names keeps nothing else than the pipe,
// and of any other some include pattern, spelt with letters that no pattern has
// for its stars, is kept.
func TestEmptyIsExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		include, exclude := globs("include", rt), globs("exclude", rt)
		if Empty(include, exclude) != "" {
			s := near(rt, append(slices.Clone(include), exclude...))
			if keeps(rt, include, exclude, s) && !strings.HasPrefix(s, logStreamPrefix) {
				rt.Fatalf("%q is kept by %q, %q", s, include, exclude)
			}
			return
		}
		tried := include
		if len(include) == 0 {
			tried = []string{"*"}
		}
		onlyPipe := true
		for _, glob := range tried {
			if s := strings.ReplaceAll(glob, "*", "Z"); !strings.HasPrefix(s, logStreamPrefix) {
				onlyPipe = false
				if keeps(rt, include, exclude, s) {
					return
				}
			}
		}
		if !onlyPipe {
			rt.Fatalf("nothing of %q is kept with %q", include, exclude)
		}
	})
}
