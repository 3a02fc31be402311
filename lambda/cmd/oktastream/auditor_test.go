package main

import (
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// TestTheAuditorsVerdictsAreShown: reconcile and verify show what the digests say of the hours.
func TestTheAuditorsVerdictsAreShown(t *testing.T) {
	w := newReconcileWorld(t, 60)
	w.store(t, w.events()...)
	chain, err := archive.Open(t.Context(), w.objects(t), "example", time.Time{}, archive.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	for i, state := range []string{"complete", "waiting"} {
		v := &archive.Verdict{State: state, ReadAt: w.since.AddDate(0, 0, 2)}
		if _, err := chain.Append(t.Context(), w.since.Add(time.Duration(i)*time.Hour), v, nil); err != nil {
			t.Fatal(err)
		}
	}
	code, got, stderr := w.reconcile(t, "--against", "archive", "--stack", "vault")
	if code != exitDone || stderr != "" || len(got.Auditor) != 2 || got.Auditor["complete"] != 1 ||
		got.Hours[0].Auditor != "complete" || got.Hours[1].Auditor != "waiting" || got.Hours[2].Auditor != "" {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
	const want = "1 hour complete, 1 hour waiting"
	_, stdout, _ := w.call(t, "", w.args("--against", "archive", "--stack", "vault")...)
	if !strings.Contains(stdout, want+", 1 not compared") {
		t.Errorf("reconcile printed %s", stdout)
	}
	code, stdout, stderr = w.call(t, "", "verify", "--bucket", bucket)
	if code != exitDone || !strings.Contains(stdout, "okta: "+want+"\n") {
		t.Errorf("verify: exit %d, %s, %s", code, stdout, stderr)
	}
}
