//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// auditorSecret is the name of the secret with the auditor's credentials.
const auditorSecret = "okta/api"

// betweenReads is more than the hour that lies between two reads of the auditor.
const betweenReads = 61 * time.Minute

// audited runs the deployed auditor as its schedule does, over four hours in which the log
// stream was off for an hour. It finds the gap and sends what is missing to the buffer queue,
// the deployed function delivers that, and each hour gets its digest.
//
// The setting okta.orgUrl must be an address of Okta's, so that the function's variable is
// set to that of the fake org. The hour between two reads passes in the auditor's state.
func (w *world) audited(t *testing.T, p pipeline, token string) {
	text, err := json.Marshal(map[string]string{"Name": auditorSecret, "ClientRequestToken": strings.Repeat("a", 32),
		"SecretString": `{"token":"` + token + `"}`})
	if err != nil {
		t.Fatal(err)
	}
	w.call(t, "secretsmanager", "POST", "/", "secretsmanager.CreateSecret", text)
	okta := startOkta(t, t.TempDir(), token, "-seed", "2", "-ago", "40h")
	held := w.streamed(t, okta)
	w.arrives(t, p, func(there map[string][]string) bool {
		for uuid := range held {
			if there[uuid] == nil {
				return false
			}
		}
		return true
	})

	f := w.auditorOf(t, p)
	f.Environment.Variables["OKTASTREAM_AUDIT_ORG_URL"] = okta.url
	defer f.stop()
	w.state(t, f, func(map[string]any) map[string]any {
		return map[string]any{"v": 1, "org": okta.url, "began": okta.since, "since": okta.since,
			"due": time.Now().UTC().Format(time.RFC3339), "todo": []any{map[string]any{"from": okta.since, "to": okta.until}}}
	})
	run := func() {
		t.Helper()
		if _, err := f.invoke(t.Context(), []byte("{}")); err != nil {
			t.Fatalf("the auditor: %v\n%s", err, f.log())
		}
	}
	run() // the first read
	w.state(t, f, earlier)
	run() // the second read, and the fill
	missing := f.logged("audit_missing")
	if missing == 0 {
		t.Fatalf("the gap is not found:\n%s", f.log())
	}
	w.arrives(t, p, func(map[string][]string) bool { return w.rests(t, p) })
	w.state(t, f, earlier)
	run() // the look after the fill

	listed, filled, hours, gaps := int64(0), int64(0), 0, 0
	for line := range strings.Lines(f.log()) {
		hour := gjson.Parse(line)
		if hour.Get("msg").String() != "hour audited" {
			continue
		}
		hours++
		if hour.Get("found_missing").Int() > 0 {
			gaps++
		}
		listed, filled = listed+hour.Get("okta").Int(), filled+hour.Get("filled").Int()
		if hour.Get("state").String() != "complete" || hour.Get("okta").Int() != hour.Get("here").Int() {
			t.Errorf("an hour is not complete: %s", line)
		}
	}
	if hours != 4 || filled != missing || listed != int64(len(held))+missing {
		t.Errorf("%d hours with %d events, %d of them held, %d missing and %d filled:\n%s", hours, listed, len(held),
			missing, filled, f.log())
	}
	good := gjson.Parse(w.exits(t, 0, "verify", "--json", "--bucket", p.Bucket, "--since", okta.since, "--until", okta.until))
	if good.Get("verdict").String() != "verified" {
		t.Errorf("verify: %s", good.Raw)
	}
	t.Logf("auditor: %d hours with %d events, %d of them missing in %d hours and filled", hours, listed, missing, gaps)
}

// auditorOf is the deployed auditor of a pipeline.
func (w *world) auditorOf(t *testing.T, p pipeline) *function {
	t.Helper()
	for _, deployed := range w.functions(t) {
		if deployed.Environment.Variables["OKTASTREAM_PIPELINE"] == p.Name &&
			deployed.Environment.Variables["OKTASTREAM_AUDIT_SECRET"] == auditorSecret {
			return w.load(t, deployed.Name)
		}
	}
	t.Fatalf("no auditor of %s is deployed", p.Name)
	return nil
}

// logged is the sum of a metric in the log.
func (f *function) logged(metric string) (sum int64) {
	for line := range strings.Lines(f.log()) {
		sum += gjson.Get(line, metric).Int()
	}
	return sum
}

// state changes the auditor's state.
func (w *world) state(t *testing.T, f *function, change func(map[string]any) map[string]any) {
	t.Helper()
	const key = "auditor/org=example/state.json"
	bucket, state := f.Environment.Variables["OKTASTREAM_AUDIT_BUCKET"], map[string]any{}
	store := w.objects(t, bucket)
	if slices.Contains(keys(t, store, "auditor/"), key) {
		object, err := store.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(object)
		if err != nil {
			t.Fatal(err)
		}
		if err := object.Close(); err != nil {
			t.Fatal(err)
		}
		decode(t, text, &state)
	}
	text, err := json.Marshal(change(state))
	if err != nil {
		t.Fatal(err)
	}
	w.call(t, "s3", "PUT", "/"+bucket+"/"+key, "", text)
}

// earlier moves what the auditor has done by more than an hour into the past.
func earlier(state map[string]any) map[string]any {
	open, _ := state["open"].([]any)
	for _, one := range open {
		hour := one.(map[string]any)
		for _, name := range []string{"read", "filled", "after"} {
			if at, err := time.Parse(time.RFC3339, textOf(hour, name)); err == nil {
				hour[name] = at.Add(-betweenReads).Format(time.RFC3339Nano)
			}
		}
	}
	return state
}

func textOf(hour map[string]any, name string) string {
	text, _ := hour[name].(string)
	return text
}

// arrives waits until the archive is as it should be.
func (w *world) arrives(t *testing.T, p pipeline, there func(map[string][]string) bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !there(w.archived(t, p.Bucket)); time.Sleep(2 * time.Second) {
		if time.Now().After(end) {
			t.Fatalf("the archive does not get all events: %s", w.depths(t, p))
		}
	}
}
