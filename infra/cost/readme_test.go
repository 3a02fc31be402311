package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/queries"
	"github.com/oktastream/oktastream/infra/settings"
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

// TestTheArchivesPageSaysWhatQueriesCost holds the figures of infra/README.md against the tables, for a million events a
// day and the default athenaScanGB.
func TestTheArchivesPageSaysWhatQueriesCost(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	month := flow{wayOf(toArchive, same), 1e6}.archivedGiB()
	text := strings.Join(strings.Fields(string(page)), " ")
	for _, want := range []string{
		fmt.Sprintf("A query costs $%.0f for each TB", usd("athenaScannedTiB", 1)),
		fmt.Sprintf("%.1f GB and costs $%.3f", month/daysOfMonth, usd("athenaScannedTiB", month/daysOfMonth/1024)),
		fmt.Sprintf("[a whole month](cost/README.md) $%.2f", usd("athenaScannedTiB", month/1024)),
		fmt.Sprintf("by default %d GB, which cost $%.2f", settings.Default().Archive.AthenaScanGB,
			usd("athenaScannedTiB", float64(settings.Default().Archive.AthenaScanGB)/1024)),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("infra/README.md does not say %q", want)
		}
	}
}

// TestTheDetectionsPageSaysWhatAlarmsCost holds the price of the detections' alarms against the tables.
func TestTheDetectionsPageSaysWhatAlarmsCost(t *testing.T) {
	page, err := os.ReadFile("../queries/README.md")
	if err != nil {
		t.Fatal(err)
	}
	alarms := 0
	for _, q := range queries.All() {
		if q.Detection != nil && q.Detection.Alarm {
			alarms++
		}
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	for _, want := range []string{
		fmt.Sprintf("An alarm costs %.2f USD a month, its metric %.2f USD", usd("alarmMetric", 1), usd("customMetric", 1)),
		fmt.Sprintf("%.2f USD a month for all %d.", usd("alarmMetric", float64(alarms)), alarms),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("infra/queries/README.md does not say %q", want)
		}
	}
}
