package ocsf_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// verdicts of a rule in one format.
const (
	rulePlain = "plain"
	ruleArray = "array"
	ruleNot   = "no"
)

// judged is a public rule with what the lookup found.
type judged struct {
	publicRule
	inOCSF, inDatadog string
	arrays            []string // fields that are only in arrays of a record in OCSF
}

// fieldAt is where a field is, over all rules.
type fieldAt struct {
	rules   int
	byClass map[int]found
	datadog found
}

// judge looks every field of every rule up.
func judge(t *testing.T) (rules []judged, fields map[string]*fieldAt) {
	l := &lookup{known: map[string][2]found{}}
	l.asOCSF, l.asDatadog = normalisers()
	fields = map[string]*fieldAt{}
	for _, r := range publicRules(t) {
		j := judged{publicRule: r, inOCSF: rulePlain, inDatadog: rulePlain}
		if _, none := noEvents[r.logic]; none {
			j.inOCSF, j.inDatadog = ruleNot, ruleNot
			rules = append(rules, j)
			continue
		}
		if len(r.fields) == 0 || len(r.types) == 0 {
			t.Errorf("%s: no fields or no event types", r.name)
		}
		for _, field := range r.fields {
			byClass, inDatadog := l.where(r, field)
			if len(byClass) == 0 || len(inDatadog.plain)+len(inDatadog.arrays) == 0 {
				t.Errorf("%s: %s is in no record of %s: OCSF %v, Datadog %v", r.name, field, r.types, byClass, inDatadog)
			}
			at := fields[field]
			if at == nil {
				at = &fieldAt{byClass: map[int]found{}, datadog: found{map[string]bool{}, map[string]bool{}}}
				fields[field] = at
			}
			at.rules++
			maps.Copy(at.datadog.plain, inDatadog.plain)
			maps.Copy(at.datadog.arrays, inDatadog.arrays)
			for class, f := range byClass {
				if _, ok := at.byClass[class]; !ok {
					at.byClass[class] = found{map[string]bool{}, map[string]bool{}}
				}
				maps.Copy(at.byClass[class].plain, f.plain)
				maps.Copy(at.byClass[class].arrays, f.arrays)
				if len(f.plain) == 0 && !slices.Contains(j.arrays, field) {
					j.inOCSF, j.arrays = ruleArray, append(j.arrays, field)
				}
			}
			if len(inDatadog.plain) == 0 {
				j.inDatadog = ruleArray
			}
		}
		rules = append(rules, j)
	}
	return rules, fields
}

// attributes are the shortest of a set, as code.
func attributes(set map[string]bool) string {
	list := slices.SortedFunc(maps.Keys(set), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(a, "."), strings.Count(b, ".")), strings.Compare(a, b))
	})
	rest := ""
	if len(list) > 3 {
		list, rest = list[:3], ", …"
	}
	return "`" + strings.Join(list, "`, `") + "`" + rest
}

func code(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "`" + strings.Join(list, "`, `") + "`"
}

// rulesPage is testdata/rules/README.md after its first paragraphs.
func rulesPage(t *testing.T, rules []judged, fields map[string]*fieldAt) string {
	var b strings.Builder
	b.WriteString("| source | licence | rules | plain | array | no |\n|---|---|---|---|---|---|\n")
	sources := table(t, "sources.csv")
	total := map[string]int{}
	line := func(name, licence string, of []judged) {
		n := map[string]int{}
		for _, r := range of {
			n[r.inOCSF]++
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d |\n", name, licence, len(of), n[rulePlain], n[ruleArray], n[ruleNot])
	}
	of := map[string][]judged{}
	for _, r := range rules {
		of[r.source] = append(of[r.source], r)
		total[r.inOCSF]++
	}
	for _, s := range sources {
		line(fmt.Sprintf("[%s](%s)", s[1], s[2]), s[3], of[s[0]])
	}
	line("all", "", rules)

	b.WriteString("\n## Fields\n\n| Okta's field | rules | OCSF: class, attribute | Datadog |\n|---|---|---|---|\n")
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		at := fields[field]
		byText := map[string][]string{}
		for _, class := range slices.Sorted(maps.Keys(at.byClass)) {
			f := at.byClass[class]
			text := attributes(f.arrays)
			if len(f.plain) > 0 {
				text = attributes(f.plain)
			}
			byText[text] = append(byText[text], fmt.Sprint(class))
		}
		var lines []string
		for text, classes := range byText {
			lines = append(lines, strings.Join(classes, ", ")+": "+text)
		}
		slices.Sort(lines)
		inDatadog := at.datadog.arrays
		if len(at.datadog.plain) > 0 {
			inDatadog = at.datadog.plain
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", field, at.rules, strings.Join(lines, "<br>"), attributes(inDatadog))
	}
	for _, s := range sources {
		fmt.Fprintf(&b, "\n## %s\n\n| rule | OCSF | Datadog | needs | only in arrays, or why not | beyond fields |\n"+
			"|---|---|---|---|---|---|\n", s[1])
		for _, r := range of[s[0]] {
			why := code(r.arrays)
			if none := noEvents[r.logic]; none != "" {
				why = none
			}
			beyond := r.logic
			if noEvents[beyond] != "" {
				beyond = ""
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.name, r.inOCSF, r.inDatadog, code(r.fields), why, beyond)
		}
	}
	return b.String()
}

// TestPublicRules looks up every field that a public rule reads, in records of both formats, and
// compares the page with the result.
func TestPublicRules(t *testing.T) {
	rules, fields := judge(t)
	path := filepath.Join(rulesDir(), "README.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- rules -->\n"
	head, _, ok := strings.Cut(string(page), mark)
	if !ok {
		t.Fatalf("%s has no %s", path, mark)
	}
	want := head + mark + rulesPage(t, rules, fields)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("%s is not what the rules say (-update rewrites it): %s", path, firstDifference(string(page), want))
	}
}
