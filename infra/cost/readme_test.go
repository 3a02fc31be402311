package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeShowsTheCosts compares the README's tables with the code's, word for
// word.
func TestReadmeShowsTheCosts(t *testing.T) {
	const readme = "../../README.md"
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)(<!-- cost -->\n).*?(<!-- /cost -->)`)
	if !block.Match(page) {
		t.Fatal("the README has no block of costs: put <!-- cost --> and <!-- /cost --> on lines of their own, then run " +
			"-update")
	}
	want := block.ReplaceAllStringFunc(string(page), func(old string) string {
		parts := block.FindStringSubmatch(old)
		return parts[1] + table() + parts[2]
	})
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatal("the README's table of costs is not the code's; -update rewrites it")
	}
	if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTheTableIsMarkdown: every row of a table has as many cells as its head, and no
// number is missing.
func TestTheTableIsMarkdown(t *testing.T) {
	cells := 0
	for row := range strings.Lines(table()) {
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
	for _, bad := range []string{"NaN", "Inf", "%!", "e+"} {
		if strings.Contains(table(), bad) {
			t.Errorf("the table contains %q", bad)
		}
	}
}
