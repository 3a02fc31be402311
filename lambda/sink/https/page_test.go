package https_test

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/sink/https"
)

// TestThePageHasEveryPreset compares the table of destinations in lambda/README.md with
// the presets.
func TestThePageHasEveryPreset(t *testing.T) {
	const name, begin, end = "../../README.md", "<!-- presets -->\n", "<!-- /presets -->"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("README.md has no table of presets")
	}
	var table strings.Builder
	table.WriteString("| destination | body | authentication | one request | another time for records | sources |\n")
	table.WriteString("|---|---|---|---|---|---|\n")
	for _, p := range https.Presets() {
		fmt.Fprintf(&table, "| `%s` | %s, gzip | %s | %s | %s | %s |\n", p.Name, p.Body.Name, auths(p), limits(p), age(p),
			strings.Join(p.Sources, "; "))
		if len(p.Sources) == 0 {
			t.Errorf("%s: no sources", p.Name)
		}
	}
	want := before + begin + table.String() + end + after
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatal("README.md has other presets than Presets; look at what -update makes of it")
	}
	if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func auths(p https.Preset) string {
	var list []string
	for _, a := range p.Auths {
		how := cmp.Or(a.How, a.Name)
		if a.Name != "" {
			how = "`" + a.Name + "`: " + how
		}
		list = append(list, how)
	}
	return strings.Join(list, "; ")
}

func limits(p https.Preset) string {
	list := []string{fmt.Sprintf("%d bytes before compression", p.Limits.Bytes)}
	if p.Limits.Records > 0 {
		list = append(list, fmt.Sprintf("%d records", p.Limits.Records))
	}
	if p.MaxRecord > 0 {
		list = append(list, fmt.Sprintf("%d bytes a record", p.MaxRecord))
	}
	return strings.Join(list, ", ")
}

func age(p https.Preset) string {
	if p.Age.Past == 0 {
		return "none"
	}
	minutes := func(d time.Duration) string { return strings.TrimSuffix(d.String(), "0s") }
	return "older than " + minutes(p.Age.Past) + " or more than " + minutes(p.Age.Ahead) + " ahead"
}
