package doctor

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of README.md")

// TestThePageHasEveryPermission compares the table of README.md with Permissions, and its
// table of links with the links that there are.
func TestThePageHasEveryPermission(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	table := "| action | link | what is read |\n|---|---|---|\n"
	var actions []string
	rows := map[string][]permission{}
	for _, p := range permissions() {
		if rows[p.Action] == nil {
			actions = append(actions, p.Action)
		}
		rows[p.Action] = append(rows[p.Action], p)
	}
	for _, action := range actions {
		for i, p := range rows[action] {
			name := "`" + action + "`"
			if i > 0 {
				name = ""
			}
			table += fmt.Sprintf("| %s | `%s` | %s |\n", name, p.Link, p.What)
		}
	}
	before, rest, found := strings.Cut(page, "<!-- permissions -->\n")
	_, after, ended := strings.Cut(rest, "<!-- /permissions -->")
	if !found || !ended {
		t.Fatal("README.md has no block permissions")
	}
	if want := before + "<!-- permissions -->\n" + table + "<!-- /permissions -->" + after; want != page {
		if !*update {
			t.Fatal("the table of README.md is out of date: run this test with -update and read the difference")
		}
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []Link{OktaStream, PartnerSource, Bus, Rule, QueuePolicies, Mapping, Function, Destination,
		Archive,
		Auditor, Queues, Alarms, Newest} {
		if !strings.Contains(page, "\n| `"+string(link)+"`") && !strings.Contains(page, ", `"+string(link)+"` |") {
			t.Errorf("the page has no row of the link %s", link)
		}
	}
}
