package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestPagesShowTheCosts compares the pages' tables with the code's, word for word:
// all of them in README.md of this folder, the totals in the project's README.md.
func TestPagesShowTheCosts(t *testing.T) {
	for page, text := range map[string]string{"README.md": text(), "../../README.md": totals()} {
		old, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		block := regexp.MustCompile(`(?s)(<!-- cost -->\n).*?(<!-- /cost -->)`)
		if !block.Match(old) {
			t.Fatalf("%s has no table of costs: put <!-- cost --> and <!-- /cost --> on lines of their own, then run -update", page)
		}
		want := block.ReplaceAllStringFunc(string(old), func(match string) string {
			parts := block.FindStringSubmatch(match)
			return parts[1] + text + parts[2]
		})
		if want == string(old) {
			continue
		}
		if !*update {
			t.Errorf("the table of costs in %s is not the code's; -update rewrites it", page)
			continue
		}
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheTableIsMarkdown: every row of a table has as many cells as its head, and no
// number is missing.
func TestTheTableIsMarkdown(t *testing.T) {
	cells := 0
	for row := range strings.Lines(text()) {
		if !strings.HasPrefix(row, "|") {
			cells = 0
			continue
		}
		n := strings.Count(row, "|")
		if cells == 0 {
			cells = n
		}
		if n != cells {
			t.Errorf("%d cells in a table of %d: %s", n-1, cells-1, row)
		}
	}
	for _, bad := range []string{"NaN", "+Inf", "-Inf", "%!", "e+"} {
		if strings.Contains(text(), bad) {
			t.Errorf("the table contains %q", bad)
		}
	}
}
