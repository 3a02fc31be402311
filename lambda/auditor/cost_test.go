package auditor

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestCallsOfADay measures what the page says that the auditor calls and writes in a day without a
// gap, with a run each quarter of an hour. infra/cost computes with the page's numbers.
func TestCallsOfADay(t *testing.T) {
	w := newWorld(t, false, 5, 5, 1)
	w.ticks(4 * day)
	before, log := *w.store.counts, len(w.log)
	digests, objects := len(w.store.keys("digest/")), len(w.store.keys("okta/"))
	w.ticks(day)
	after := w.store.counts
	// Once a day each hour that has a digest is listed, and its digest is read twice.
	read := float64(after.events-before.events) / float64(len(w.store.keys("okta/"))-objects)
	for name, measured := range map[string]int{
		"objects written":            after.puts - before.puts,
		"objects read":               after.gets - before.gets - 2*digests,
		"listings":                   after.lists - before.lists - digests,
		"bytes of its own log":       len(w.log) - log,
		"reads of an event's object": int(math.Round(read)),
	} {
		said := callsOnPage(t)[name]
		if math.Abs(float64(measured-said)) > 0.05*float64(said) {
			t.Errorf("%s: %d, and the page says %d", name, measured, said)
		}
	}
}

// callsOnPage is the table of the page by row.
func callsOnPage(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- calls -->")
	table, _, _ := strings.Cut(rest, "<!-- /calls -->")
	rows := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([a-z' ]+) \| ([0-9,]+) \|`).FindAllStringSubmatch(table, -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(m[2], ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		rows[m[1]] = n
	}
	return rows
}
