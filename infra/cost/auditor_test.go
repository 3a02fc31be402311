package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
)

// TestTheAuditorsCalls compares the code's numbers with those that lambda/auditor measures.
func TestTheAuditorsCalls(t *testing.T) {
	page, err := os.ReadFile("../../lambda/auditor/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for what, n := range map[string]float64{"objects written": quantity("auditorPuts"), "objects read": quantity("auditorGets"),
		"listings": quantity("auditorLists"), "bytes of its own log": quantity("auditorLogBytes"),
		"reads of an event's object": quantity("auditorReadsOfObject")} {
		if row := fmt.Sprintf("| %s | %s |", what, thousands(n)); !strings.Contains(string(page), row) {
			t.Errorf("the auditor's page has no row %s", row)
		}
	}
}

// TestLinesOfTheAuditor computes a small org's month by hand.
func TestLinesOfTheAuditor(t *testing.T) {
	got := map[string]float64{}
	for _, l := range auditor(86_400) {
		got[l.what] = l.usd
	}
	const lists, objects = 73 + 89*24, 86_400 / 13.0
	near(t, "runs", got["EventBridge Scheduler: runs"], 2880*1.0/1e6, 1e-9)
	near(t, "PUT and LIST", got["S3: PUT and LIST"], (289+lists)*30*0.005/1000, 1e-9)
	near(t, "GET", got["S3: GET"], (1570+2*89*24+2*objects)*30*0.0004/1000, 1e-9)
	// 172.8 pages of 1 s, 96 runs of 1 s, and the calls of S3 of 30 ms.
	seconds := 172.8 + 96 + 0.03*(289+lists+1570+2*89*24+2*objects)
	near(t, "GB-seconds", got["Lambda: GB-seconds"], seconds*30*0.5*0.0000133334, 1e-9)
	near(t, "what it can read", auditable(), 34_560_000, 1e-9)
	// A run may take 12 minutes.
	if most := 720 * 96 * 0.5 * 30 * 0.0000133334; math.IsNaN(most) || total(auditor(auditable())) > most+20 {
		t.Errorf("$%.2f at the most that it can read", total(auditor(auditable())))
	}
}

// TestObservables measures what observables add, over the events of testdata.
func TestObservables(t *testing.T) {
	all := details(t)
	delivered := func(observables bool) float64 {
		to := &taking{}
		h := function(t, config.CloudWatch, &sink.Loop{Sink: to}, &bytes.Buffer{})
		h.Config.Observables = observables
		if _, err := h.Invoke(t.Context(), payload(t, all)); err != nil {
			t.Fatal(err)
		}
		return float64(to.bytes)
	}
	about(t, "observablesBytes", quantity("observablesBytes"), (delivered(true)-delivered(false))/float64(len(all)), 0.02)
}
