package pattern

import (
	"strconv"
	"strings"
	"testing"
)

// Each case is one that was put to EventBridge itself, with its answer: by
// github.com/radkawar/stackd on 2026-09-13 (TestEventPattern and PutRule,
// testdata/aws/eventbridge/pattern_admission.json), by github.com/localstack/localstack on
// 2024-12-05 (content_wildcard_complex_EXC), and by the deployments of
// github.com/vals-ai/Valkyrie, pull request 278 (2026-04-15).
func TestComplexityAsAWSCounts(t *testing.T) {
	same := func(n int, text string) []string { return numbered(n, text) }
	mixtures := [][]string{
		0:  {"a*bc", "abc*d", "ab*b*", "*éé*", "*abcabc*", "*a*a*a", `a*\\`},
		1:  {`a*\\`, "*éé*"},
		2:  {`a*\*`, "a*bb"},
		3:  {`a*\\`, `a*\*`, "literal"},
		4:  {"a*bb", "*aba*", "*ab*ad", "*ab*ad", "*🙂*"},
		5:  {"ab*b*", "abc*d"},
		6:  {"*a*a*a", "literal", `a\*b*`, "a*bb", "literal", "a*bc", "abc*d", "ab*c"},
		7:  {"ab*b*", "*aba*"},
		8:  {"*éé*", "*aba*"},
		9:  {`a*\*`, "ab*b*", "ab*b*", "*aba*", "ab*c", "literal", "a*bc"},
		10: {"*éé*", "literal", "*ab*ad"},
		11: {`a*\\`, "literal", `a\*b*`, "*éé*", "*🙂*"},
		12: {"*🙂*", "*éé*", "*abcabc*"},
		13: {"abc*d", "*a*a*a", "literal", "abc*d", "*abcabc*", "*éé*"},
		14: {`a\*b*`, `a\*b*`, "*a*a*a", "*aba*", `a*\\`, "*ab*ad", "a*bb"},
		15: {`a\*b*`, "ab*b*", "literal", `a*\*`, "a*bb", `a*\\`},
		16: {`a\*b*`, "*🙂*"},
		17: {"ab*c", "abc*d", `a*\\`, "*a*a*a", "*a*a*a", "*éé*"},
	}
	type observation struct {
		wildcards []string
		oneSet    bool // in one anything-but, else each by itself
		refused   bool
	}
	cases := map[string]observation{
		"five stars":                   {[]string{"*a*a*a*a*a"}, false, false},
		"six stars":                    {[]string{"*a*a*a*a*a*a"}, false, true},
		"six stars and a tail":         {[]string{"*a*a*a*a*a*a*"}, false, true},
		"eight repetitions":            {[]string{"*" + strings.Repeat("abc", 8) + "*"}, false, false},
		"nine repetitions":             {[]string{"*" + strings.Repeat("abc", 9) + "*"}, false, true},
		"three inside":                 {numbered(3, "*a#*"), false, false},
		"four inside":                  {numbered(4, "*a#*"), false, true},
		"ten beginnings":               {numbered(10, "#*x"), false, false},
		"eleven beginnings":            {numbered(11, "#*x"), false, true},
		"ten without a star":           {numbered(10, "#"), false, false},
		"eleven without a star":        {numbered(11, "#"), false, true},
		"twelve beginnings, excluded":  {numbered(12, "#*x"), true, false},
		"four inside, excluded":        {numbered(4, "*a#*"), true, false},
		"five inside, excluded":        {numbered(5, "*a#*"), true, true},
		"ten inside, excluded":         {numbered(10, "*a#*"), true, true},
		"four times the same":          {same(4, "*a*"), false, false},
		"five times the same":          {same(5, "*a*"), false, true},
		"eleven times the same text":   {same(11, "literal"), false, false},
		"ten times the same, excluded": {same(10, "*a*"), true, false},
		"five long characters":         {[]string{"*🙂🙂🙂🙂🙂*"}, false, false},
		"ten long characters":          {[]string{"*🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂*"}, false, true},
		"colons":                       {[]string{"*:*:*:*:*:event-bus/*"}, false, true},
		"three stacks": {[]string{"*:stack/ApiStack/*", "*:stack/SharedStack/*", "*:stack/WebStack/*"},
			false, false},
		"four stacks": {[]string{"*:stack/ApiStack/*", "*:stack/SharedStack/*", "*:stack/WebStack/*",
			"*:stack/MonitoringStack/*"}, false, true},
	}
	refusedSingly := map[int]bool{0: true, 4: true, 9: true, 13: true, 14: true, 17: true}
	refusedAsSet := map[int]bool{0: true, 13: true, 14: true}
	for i, wildcards := range mixtures {
		cases["mixture "+strconv.Itoa(i)] = observation{wildcards, false, refusedSingly[i]}
		cases["mixture "+strconv.Itoa(i)+", excluded"] = observation{wildcards, true, refusedAsSet[i]}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			groups := [][]string{c.wildcards}
			if !c.oneSet {
				groups = nil
				for _, text := range c.wildcards {
					groups = append(groups, []string{text})
				}
			}
			n := complexity(groups, 100)
			if refused := n > maxComplexity; refused != c.refused {
				t.Errorf("complexity %d of %q, AWS refuses it: %v", n, c.wildcards, c.refused)
			}
			if capped := complexity(groups, maxComplexity); capped != min(n, maxComplexity+1) {
				t.Errorf("with a limit of %d the complexity is %d, without it %d", maxComplexity, capped, n)
			}
		})
	}
}

// The numbers are those of the engine that AWS publishes
// (MachineComplexityEvaluatorTest of github.com/aws/event-ruler), for wildcards
// to which the quotes that stand around a text in a rule add nothing.
func TestComplexityAsTheEngineCounts(t *testing.T) {
	for _, c := range []struct {
		groups [][]string
		want   int
	}{
		{nil, 0},
		{[][]string{{"abc"}}, 1},
		{[][]string{{"*ab"}}, 2},
		{[][]string{{"*aa"}}, 3},
		{[][]string{{"a*b"}}, 2},
		{[][]string{{"aa*"}}, 2},
		{[][]string{{"a*bcb"}}, 3},
		{[][]string{{"a*bbb"}}, 4},
		{[][]string{{"*ab*ad"}}, 4},
		{[][]string{{"*aba*"}}, 4},
		{[][]string{{"a*b*bb"}}, 5},
		{[][]string{{"ab*b*"}}, 3},
		{[][]string{{"*ab*b*b*"}}, 7},
		{[][]string{{"*a*a*a*a*a*a*a*a*"}}, 17},
		{[][]string{{"ab*c"}, {"x*xx"}}, 3},
		{[][]string{{"*abc"}, {"*abcde"}}, 4},
		{[][]string{{"a*aaa"}, {"aa*aa"}}, 7},
		{[][]string{{"ab*cd"}, {"ab*wx"}, {"ab*yz"}}, 6},
		{[][]string{{"F*eatureFeature"}, {"Fe*atureFeature"}, {"Fea*tureFeature"}}, 10},
		{[][]string{{"*kiwi*", "*BASE_QuxB*", "*Delta*", "*a/example-lake-abc98765432*"}}, 7},
		{[][]string{{"*kiwi*"}, {"*BASE_QuxB*"}, {"*Delta*"}, {"*a/example-lake-abc98765432*"}}, 12},
	} {
		if got := complexity(c.groups, 100); got != c.want {
			t.Errorf("%q: %d, want %d", c.groups, got, c.want)
		}
	}
}

func TestComplexityGivesUp(t *testing.T) {
	var groups [][]string
	for i := range 26 {
		groups = append(groups, []string{"*" + string(rune('a'+i)) + "x*"})
	}
	if got := complexity(groups, 1000); got != 1001 {
		t.Errorf("%d: the states of 26 wildcards were all walked", got)
	}
}
