package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// madeUp is a comparison of five days: a gap, hours with waiting events, recent hours, and
// hours whose two reads differ.
func madeUp() *reconciliation {
	r := &reconciliation{
		Org: "https://example.okta.com", Against: "log group /oktastream/okta", Stack: "oktastream",
		Pipeline: "oktastream-cloudwatch", By: "auditor@host", AWS: "region us-east-1, account 111122223333",
		Version: "v1", Notes: []string{"okta keeps events for 90 days: the hours before 2026-11-20T00:00Z are not compared"},
	}
	buffer := 3
	report := &reconcile.Report{Comparable: true, Held: reconcile.HeldRead{Records: 41_000, Unrecognised: 2}}
	since := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	report.Since, report.Until = since, since.Add(100*time.Hour)
	report.OktaRead = report.Until.Add(2 * time.Hour)
	report.OktaReadAgain, report.HeldRead = report.OktaRead.Add(9*time.Minute), report.OktaRead.Add(4*time.Minute)
	for n := range 100 {
		h := reconcile.Hour{Hour: since.Add(time.Duration(n) * time.Hour), State: reconcile.Settled}
		h.Okta, h.Here = 400, 400
		switch {
		case n >= 30 && n < 33 || n == 50:
			h.Missing, h.Here = 123, 277
		case n == 60:
			h.Waiting, h.Here = 5, 395
		case n == 70:
			h.State, h.Why = reconcile.Provisional, reconcile.WhyDiffer
		case n > 78:
			h.State, h.Why = reconcile.Provisional, reconcile.WhyRecent
		}
		report.Hours = append(report.Hours, h)
		report.Okta, report.Here = report.Okta+h.Okta, report.Here+h.Here
		report.Missing, report.Waiting = report.Missing+h.Missing, report.Waiting+h.Waiting
	}
	r.set(report, &heldSide{})
	r.Buffer = &buffer
	return r
}

// The page of a terminal and the page for an auditor are as they were looked at. -update
// rewrites them.
func TestReconcilePages(t *testing.T) {
	r := madeUp()
	var page bytes.Buffer
	r.page(&page)
	for line := range strings.Lines(page.String()) {
		if utf8.RuneCountInString(line) > columns+1 {
			t.Errorf("a line of %d characters: %s", utf8.RuneCountInString(line), line)
		}
	}
	html, err := r.html()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"reconcile.page": page.Bytes(), "reconcile.html": html} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want := read(t, file); want != string(got) {
			t.Errorf("%s differs: run this test with -update and read the difference", file)
		}
	}
	for _, address := range []string{"src=", "href=", "url(", "@import", "<script"} {
		if bytes.Contains(html, []byte(address)) {
			t.Errorf("the page for an auditor loads something: %s", address)
		}
	}
}

// What stands in names reaches neither the terminal nor the page's markup.
func TestReconcilePagesAreSafe(t *testing.T) {
	r := madeUp()
	r.Against = "file \x1b[31m<script>alert(1)</script>"
	var page bytes.Buffer
	r.page(&page)
	html, err := r.html()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsRune(page.Bytes(), '\x1b') || bytes.Contains(html, []byte("<script")) {
		t.Errorf("%s\n%s", page.Bytes(), html)
	}
}

func TestReconcileSentences(t *testing.T) {
	for want, change := range map[string]func(*reconcile.Report){
		"complete: each of 10 events that Okta lists is here, in 1 hour, all settled": func(*reconcile.Report) {},
		"missing: 1 event of 10 that Okta lists": func(r *reconcile.Report) {
			r.Missing = 1
		},
		"provisional: nothing is missing, but 1 hour of 1 can still change": func(r *reconcile.Report) {
			r.Hours[0].State = reconcile.Provisional
		},
		"waiting: nothing is missing, but 1 event is in a dead-letter queue; dlq list says why": func(r *reconcile.Report) {
			r.Waiting = 1
		},
		"not comparable: both sides have events in the same hours, and no uuid in common; nothing is claimed": func(
			r *reconcile.Report,
		) {
			r.Comparable = false
		},
	} {
		report := &reconcile.Report{
			Comparable: true, Counts: reconcile.Counts{Okta: 10},
			Hours: []reconcile.Hour{{State: reconcile.Settled}},
		}
		change(report)
		var r reconciliation
		r.set(report, &heldSide{})
		if got := r.sentence(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A window in which Okta lists nothing proves something only where nothing is here.
func TestAnEmptySideIsNoProof(t *testing.T) {
	for _, test := range []struct {
		counts reconcile.Counts
		want   reconcile.Verdict
		text   string
	}{
		{reconcile.Counts{}, reconcile.Complete, "complete: Okta lists no event for this destination in 1 hour, all settled, and none is here"},
		{reconcile.Counts{Filtered: 2}, reconcile.Complete, "complete: Okta lists no event for this destination"},
		{reconcile.Counts{Okta: 2, Here: 2}, reconcile.Complete, "complete: each of 2 events that Okta lists is here"},
		{reconcile.Counts{Here: 3, Extra: 3}, reconcile.NotComparable, "not comparable: Okta lists no event in the window, and here are 3"},
	} {
		var r reconciliation
		r.set(&reconcile.Report{
			Counts: test.counts, Comparable: true, Hours: []reconcile.Hour{{State: reconcile.Settled, Counts: test.counts}},
		}, &heldSide{})
		proven := r.exitCode() == exitDone
		if r.Verdict != test.want || !strings.HasPrefix(r.sentence(), test.text) || proven != (test.want == reconcile.Complete) {
			t.Errorf("%+v: %s: %s", test.counts, r.Verdict, r.sentence())
		}
	}
}
