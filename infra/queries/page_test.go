package queries

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables of README.md")

// TestThePageShowsTheQueries compares the page's tables with the code.
func TestThePageShowsTheQueries(t *testing.T) {
	const file = "README.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for name, table := range map[string]string{
		"detections": detectionTable(), "queries": queryTable(), "techniques": techniqueTable(), "sql": firstQuery(t),
	} {
		block := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n)(.*?)(<!-- /` + name + ` -->)`)
		parts := block.FindStringSubmatch(page)
		switch {
		case parts == nil:
			t.Fatalf("%s has no block %s", file, name)
		case parts[2] == table:
		case !*update:
			t.Errorf("the block %s in %s is not the code's; -update rewrites it", name, file)
		default:
			page = strings.Replace(page, parts[0], parts[1]+table+parts[3], 1)
		}
	}
	if page != string(text) {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// detectionTable has the detections in the order of their names.
func detectionTable() string {
	var b strings.Builder
	b.WriteString("| detection | what it answers | range | ATT&CK | alarm | harmless |\n|---|---|---|---|---|---|\n")
	for _, q := range sortedQueries(true) {
		d := q.Detection
		alarm := ""
		if d.Alarm {
			alarm = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", q.Name, q.Question, days(d.Days),
			strings.Join(d.Techniques, ", "), alarm, d.Harmless)
	}
	return b.String()
}

func queryTable() string {
	var b strings.Builder
	b.WriteString("| query | what it answers |\n|---|---|\n")
	for _, q := range sortedQueries(false) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", q.Name, q.Question)
	}
	return b.String()
}

// techniqueTable has the detections by tactic and technique.
func techniqueTable() string {
	var b strings.Builder
	b.WriteString("| tactic | technique | detections |\n|---|---|---|\n")
	found := map[[2]string][]string{}
	for _, q := range sortedQueries(true) {
		key := [2]string{q.Detection.Tactic, q.Detection.Techniques[0]}
		found[key] = append(found[key], "`"+q.Name+"`")
	}
	for _, tactic := range tactics() {
		for _, id := range sortedTechniques() {
			if names := found[[2]string{tactic, id}]; names != nil {
				fmt.Fprintf(&b, "| %s | [%s](https://attack.mitre.org/techniques/%s/) %s | %s |\n", tactic, id,
					strings.ReplaceAll(id, ".", "/"), techniqueNames()[id], strings.Join(names, ", "))
			}
		}
	}
	return b.String()
}

// firstQuery is the SQL that the page shows.
func firstQuery(t *testing.T) string {
	all, err := Athena(OCSF, "events")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(n NamedQuery) bool { return n.Name == "mass-lockout" })
	return "```sql\n" + all[i].SQL + "\n```\n"
}

// tactics are in the order in which ATT&CK shows them.
func tactics() []string {
	return []string{initialAccess, persistence, privilegeEscalation, defenseImpairment, credentialAccess, discovery,
		lateralMovement, commandAndControl, impact}
}

func sortedTechniques() []string {
	var all []string
	for id := range techniqueNames() {
		all = append(all, id)
	}
	return sorted(all)
}

func sortedQueries(detections bool) []Query {
	all := slices.DeleteFunc(All(), func(q Query) bool { return (q.Detection != nil) != detections })
	slices.SortFunc(all, func(a, b Query) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// TestDetections: forty, each a query with what a hunter has to know, and each technique named and used.
func TestDetections(t *testing.T) {
	if n := len(sortedQueries(true)); n != 40 || len(detections()) != n {
		t.Errorf("%d of %d detections are queries, want 40", n, len(detections()))
	}
	used := map[string]bool{}
	for _, q := range sortedQueries(true) {
		d := q.Detection
		if len(d.Techniques) == 0 || !slices.Contains(tactics(), d.Tactic) || d.Days < 1 ||
			!strings.HasSuffix(d.Harmless, ".") || strings.ContainsAny(d.Harmless, "\n|") {
			t.Errorf("%s: %+v", q.Name, d)
		}
		for _, id := range d.Techniques {
			used[id] = true
			if techniqueNames()[id] == "" {
				t.Errorf("%s: the technique %s has no name", q.Name, id)
			}
		}
		if text := q.Text(OCSF); !strings.Contains(text, "# Range: the last ") || !strings.Contains(text, "# Harmless: ") {
			t.Errorf("%s: the text lacks range or harmless: %s", q.Name, text)
		}
	}
	for id := range techniqueNames() {
		if !used[id] {
			t.Errorf("no detection names %s", id)
		}
	}
}
