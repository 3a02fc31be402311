package pattern

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFor(t *testing.T) {
	const (
		bare = `{"detail-type":["SystemLog"],"source":["aws.partner/okta.com/example/oktastream"]}`
		pipe = `{"prefix":"system.log_stream."}`
	)
	of := func(types string) string { return `{"detail":{"eventType":[` + types + `]},` + bare[1:] }
	long := numbered(200, "app.type_#")
	for name, c := range map[string]struct {
		include, exclude         []string
		want                     string
		leftInclude, leftExclude []string
	}{
		"no filter":  {want: bare},
		"everything": {include: []string{"user.*", "**"}, want: bare},
		"exact":      {include: []string{"user.session.start"}, want: of(`"user.session.start",` + pipe)},
		"each operator": {include: []string{"a.b", "c.*", "*.d", "e*f", "*q*"},
			want: of(`"a.b",{"prefix":"c."},{"suffix":".d"},{"wildcard":"e*f"},{"wildcard":"*q*"},` + pipe)},
		"stars in a row": {include: []string{"a**", "***b", "c***d"},
			want: of(`{"prefix":"a"},{"suffix":"b"},{"wildcard":"c*d"},` + pipe)},
		"covered": {include: []string{"user.session.start", "user.*", "user.*.x", "user.*"},
			want: of(`{"prefix":"user."},` + pipe)},
		"the pipe is in":  {include: []string{"system.*"}, want: of(`{"prefix":"system."}`)},
		"the pipe itself": {include: []string{"system.log_stream.*"}, want: of(pipe)},
		"one of the pipe": {include: []string{"system.log_stream.lifecycle.create", "a"}, want: of(`"a",` + pipe)},
		"include and exclude": {include: []string{"user.*"}, exclude: []string{"*.sso"},
			want: of(`{"prefix":"user."},` + pipe), leftExclude: []string{"*.sso"}},
		"all and exclude": {include: []string{"*"}, exclude: []string{"*.x", "*.x"},
			want: of(`{"anything-but":{"suffix":[".x"]}},` + pipe)},
		"exclude exact":     {exclude: []string{"a", "b"}, want: of(`{"anything-but":["a","b"]}`)},
		"exclude prefixes":  {exclude: []string{"a.*", "b.*"}, want: of(`{"anything-but":{"prefix":["a.","b."]}}`)},
		"exclude suffixes":  {exclude: []string{"*.a", "*.b"}, want: of(`{"anything-but":{"suffix":[".a",".b"]}},` + pipe)},
		"exclude two kinds": {exclude: []string{"a.*", "b"}, want: of(`{"anything-but":{"wildcard":["a.*","b"]}}`)},
		"exclude a mixture": {exclude: []string{"a.*", "b", "*.c"},
			want: of(`{"anything-but":{"wildcard":["a.*","b","*.c"]}},` + pipe)},
		"may hit the pipe": {exclude: []string{"system.*"}, want: of(`{"anything-but":{"prefix":["system."]}},` + pipe)},
		"in the middle": {exclude: []string{"s*.create"},
			want: of(`{"anything-but":{"wildcard":["s*.create"]}},` + pipe)},
		"at the end":    {exclude: []string{"*.create"}, want: of(`{"anything-but":{"suffix":[".create"]}},` + pipe)},
		"only the pipe": {exclude: []string{"system.log_stream.*", "system.log_stream.x"}, want: bare},
		"exclude all":   {exclude: []string{"a", "**"}, want: of(pipe)},
		"long include":  {include: long, want: bare, leftInclude: long},
		"long exclude":  {exclude: long, want: bare, leftExclude: long},
		"long both": {include: long, exclude: []string{"a*a", "a*a"}, want: bare, leftInclude: long,
			leftExclude: []string{"a*a"}},
		"complex include": {include: []string{"*.a.*", "*.b.*", "*.c.*", "*.d.*"}, want: bare,
			leftInclude: []string{"*.a.*", "*.b.*", "*.c.*", "*.d.*"}},
		"less complex": {exclude: []string{"*.a.*", "*.b.*"},
			want: of(`{"anything-but":{"wildcard":["*.a.*","*.b.*"]}},` + pipe)},
		"complex exclude": {exclude: numbered(5, "*.a#.*"), want: bare, leftExclude: numbered(5, "*.a#.*")},
	} {
		t.Run(name, func(t *testing.T) {
			rule := For(source, c.include, c.exclude)
			if got := rule.Pattern.String(); got != c.want {
				t.Errorf("pattern\n%s, want\n%s", got, c.want)
			}
			if !slices.Equal(rule.Include, c.leftInclude) || !slices.Equal(rule.Exclude, c.leftExclude) {
				t.Errorf("left to the function: %q, %q", rule.Include, rule.Exclude)
			}
			var want int
			for _, list := range [][]string{c.leftInclude, c.leftExclude} {
				if list != nil {
					want++
				}
			}
			if len(rule.Why) != want {
				t.Errorf("why: %q", rule.Why)
			}
		})
	}
}

func TestForSaysWhy(t *testing.T) {
	long := numbered(200, "app.type_#")
	rule := For(source, long, []string{"a"})
	if len(rule.Why) != 2 {
		t.Fatalf("%q", rule.Why)
	}
	for i, parts := range [][]string{{"include", "200", "2048"}, {"exclude", "1", "ORed"}} {
		for _, part := range parts {
			if !strings.Contains(rule.Why[i], part) || strings.Contains(rule.Why[i], "\n") {
				t.Errorf("%q does not say %q in one line", rule.Why[i], part)
			}
		}
	}
	if why := For(source, []string{"*a*", "*b*", "*c*", "*d*"}, nil).Why; len(why) != 1 || !strings.Contains(why[0],
		"too complex") {
		t.Errorf("%q", why)
	}
}

// The last pattern that fits is in the rule, the next one is not.
func TestForFillsTheRule(t *testing.T) {
	for _, exclude := range []bool{false, true} {
		inRule := 0
		for n := 1; n < 200; n++ {
			patterns := numbered(n, "app.type_#.x")
			rule := For(source, patterns, nil)
			want := selecting(source, including(patterns))
			if exclude {
				rule = For(source, nil, patterns)
				want = selecting(source, excluding(patterns))
			}
			fits := utf8.RuneCountInString(want.String()) <= MaxLength
			if fits {
				inRule++
			}
			if left := rule.Include != nil || rule.Exclude != nil; left == fits {
				t.Fatalf("%d patterns, %d characters: left to the function: %v", n, len(want.String()), left)
			}
			if n := len(rule.Pattern.String()); n > MaxLength {
				t.Fatalf("a rule of %d characters", n)
			}
		}
		if inRule < 80 || inRule > 180 {
			t.Errorf("%d patterns fit", inRule)
		}
	}
}

func TestForLeavesItsArgumentsAlone(t *testing.T) {
	include, exclude := []string{"b**", "a", "a", "b.c"}, []string{"system.log_stream.x", "c", "c"}
	a, b := slices.Clone(include), slices.Clone(exclude)
	For(source, include, exclude)
	For(source, nil, exclude)
	Empty(include, exclude)
	if !slices.Equal(a, include) || !slices.Equal(b, exclude) {
		t.Errorf("they are now %q, %q", include, exclude)
	}
}

func TestPatternStringIsCompactAndUnescaped(t *testing.T) {
	p := Pattern{"b": []any{"<&>", nil, true, 1.5}, "a": map[string]any{"é": []any{"x"}}}
	if got, want := p.String(), `{"a":{"é":["x"]},"b":["<&>",null,true,1.5]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := (Pattern{"a": func() {}}).String(); !strings.Contains(got, "encode event pattern") {
		t.Errorf("a function gives %q", got)
	}
}

// events.NewFilter accepts no backslash; a rule would take it for an escape.
func TestForEscapes(t *testing.T) {
	rule := For(source, []string{`a\b*c`}, nil)
	for eventType, want := range map[string]bool{`a\bxc`: true, `abxc`: false, `a\\bxc`: false} {
		if got := matches(t, rule.Pattern, envelope(t, eventType)); got != want {
			t.Errorf("%s: %v", eventType, got)
		}
	}
}

func TestEmpty(t *testing.T) {
	for name, c := range map[string]struct {
		include, exclude []string
		says             []string
	}{
		"no filter":   {},
		"include":     {include: []string{"a"}},
		"exclude":     {exclude: []string{"a*", "*a"}},
		"exclude all": {exclude: []string{"a", "***"}, says: []string{"exclude"}},
		"exclude all of it": {include: []string{"user.session.*", "user.mfa.x"}, exclude: []string{"user.*"},
			says: []string{"user.session.*", "user.mfa.x", "user.*"}},
		"all but one": {include: []string{"user.session.*", "app.x"}, exclude: []string{"user.*"}},
		"overlap":     {include: []string{"user.*"}, exclude: []string{"user.session.*"}},
		"the pipe counts not": {
			include: []string{"system.log_stream.*", "user.x"}, exclude: []string{"*.x"},
			says: []string{"user.x is within exclude's *.x"},
		},
		"the pipe alone is meant": {include: []string{"system.log_stream.*"}, exclude: []string{"user.*"}},
		"two cannot cover one":    {include: []string{"a*"}, exclude: []string{"a*a", "a*b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Empty(c.include, c.exclude)
			if (got == "") != (c.says == nil) {
				t.Errorf("%q", got)
			}
			for _, part := range c.says {
				if !strings.Contains(got, part) {
					t.Errorf("%q does not say %q", got, part)
				}
			}
		})
	}
}
