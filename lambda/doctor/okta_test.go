package doctor

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

const oktaToken = "00tOkEnTOkEnTOkEnTOkEnTOkEnTOkEnTOkEnTOkEn"

// oktaWorld is an org whose stream leads to the stack.
type oktaWorld struct {
	*oktafake.Org
	now  time.Time
	away bool // the partner bus fails
}

func newOktaWorld(t *testing.T, role oktafake.Role, streams ...oktafake.Stream) (*oktaWorld, *Doctor) {
	t.Helper()
	return newPagedOktaWorld(t, systemlog.MaxPage, role, streams...)
}

// newPagedOktaWorld is newOktaWorld with so many events in a page.
func newPagedOktaWorld(t *testing.T, page int, role oktafake.Role, streams ...oktafake.Stream) (*oktaWorld, *Doctor) {
	t.Helper()
	w := &oktaWorld{now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	for i := range streams {
		streams[i].Deliver = func(oktafake.Event) error {
			if w.away {
				return errors.New("the partner event source does not exist")
			}
			return nil
		}
	}
	w.Org = oktafake.New(oktafake.Config{
		Now: func() time.Time { return w.now }, Streams: streams, RateLimit: 1000,
		Principals: []oktafake.Principal{{Name: "doctor", Token: oktaToken, Role: role}},
	})
	server := httptest.NewServer(w.Org)
	t.Cleanup(server.Close)
	auth, err := systemlog.ParseToken([]byte(oktaToken))
	if err != nil {
		t.Fatal(err)
	}
	client, err := systemlog.New(systemlog.Config{
		OrgURL: server.URL, Auth: auth, Now: func() time.Time { return w.now }, Tries: 1, PageSize: page,
		Sleep: func(_ context.Context, d time.Duration) error { w.now = w.now.Add(d); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, &Doctor{
		Stack: Stack{Name: "okta", Source: "aws.partner/okta.com/acme/oktastream", Account: "111122223333",
			Region: "us-east-1"},
		Okta: client, Now: func() time.Time { return w.now },
	}
}

func only(t *testing.T, checks []Check) Result {
	t.Helper()
	if len(checks) != 1 {
		t.Fatalf("%d checks", len(checks))
	}
	return checks[0].Look(t.Context())
}

// The stream is judged by Okta's log alone, and by the list of streams where the token
// may read it; both say the same.
func TestOktaStream(t *testing.T) {
	const person = "admin@example.com"
	ours := oktafake.Stream{ID: "0oa1", Name: "oktastream"}
	other := oktafake.Stream{ID: "0oa2", Name: "another"}
	renamed := oktafake.Stream{ID: "0oa1", Name: "To AWS", Source: "oktastream"}
	abroad := oktafake.Stream{ID: "0oa1", Name: "oktastream", Region: "eu-west-1"}
	later := func(w *oktaWorld) { w.now = w.now.Add(time.Hour) }
	off := func(w *oktaWorld) { w.Switch("0oa1", false, person); later(w) }
	on := func(w *oktaWorld) { w.Switch("0oa1", true, person); later(w) }
	fails := func(w *oktaWorld) {
		w.Generate(oktafake.Load{Since: w.now, Span: time.Minute, PerHour: 600, Seed: 1})
		later(w)
		w.away = true
		w.Deliver()
		later(w)
	}
	gone := func(w *oktaWorld) { w.Delete("0oa1", person); later(w) }
	admin, super := oktafake.ReportAdmin, oktafake.SuperAdmin
	for name, test := range map[string]struct {
		role    oktafake.Role
		streams []oktafake.Stream
		steps   []func(*oktaWorld)
		status  Status
		seen    string
		next    string
	}{
		"active, by the log": {admin, []oktafake.Stream{ours}, []func(*oktaWorld){off, on}, OK,
			"active since 2026-11-28 13:00 UTC, by " + person, ""},
		"active, by the list":   {super, []oktafake.Stream{ours, other}, nil, OK, "active", ""},
		"active under its name": {super, []oktafake.Stream{renamed}, []func(*oktaWorld){off, on}, OK, "active since", ""},
		"off by a person, by the log": {admin, []oktafake.Stream{ours, other}, []func(*oktaWorld){off}, Broken,
			"switched off since 2026-11-28 12:00 UTC, by " + person,
			"Activate; then oktastream backfill --stack okta --since 2026-11-28T12:00:00Z"},
		"off by a person, by the list": {super, []oktafake.Stream{renamed}, []func(*oktaWorld){off}, Broken,
			"switched off since 2026-11-28 12:00 UTC, by " + person, "Activate; then oktastream backfill"},
		"off by Okta, by the log": {admin, []oktafake.Stream{ours}, []func(*oktaWorld){fails}, Broken,
			"switched off since 2026-11-28 13:00 UTC, by Okta itself: two deliveries failed", "fix what is broken below"},
		"off by Okta, by the list": {super, []oktafake.Stream{ours}, []func(*oktaWorld){fails}, Broken,
			"by Okta itself: two deliveries failed", "fix what is broken below"},
		"deleted, by the log": {admin, []oktafake.Stream{ours, other}, []func(*oktaWorld){gone}, Broken,
			"deleted at 2026-11-28 12:00 UTC, by " + person, "event source name oktastream, account 111122223333, us-east-1"},
		"deleted, by the list": {super, []oktafake.Stream{ours, other}, []func(*oktaWorld){gone}, Broken,
			"deleted at 2026-11-28 12:00 UTC, by " + person, "event source name oktastream"},
		"another stream, by the log": {admin, []oktafake.Stream{{ID: "0oa1", Name: "another"}}, []func(*oktaWorld){off},
			NotLookedAt, "other streams only: another; none of oktastream", "Super Administrator"},
		"another stream, by the list": {super, []oktafake.Stream{other}, nil, Broken,
			"no log stream with event source name oktastream", "correct --org-url"},
		"another region": {super, []oktafake.Stream{abroad}, nil, Broken, "sends to account 111122223333, eu-west-1",
			"make one to account 111122223333, us-east-1"},
		"no change in 90 days": {admin, []oktafake.Stream{ours},
			[]func(*oktaWorld){off, on, func(w *oktaWorld) { w.now = w.now.Add(systemlog.Retention) }}, NotLookedAt,
			"no log stream changed in 90 days", "Reports, Log Streaming"},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := newOktaWorld(t, test.role, test.streams...)
			for _, step := range test.steps {
				step(w)
			}
			got := only(t, d.okta())
			if got.Status != test.status || !strings.Contains(got.Seen, test.seen) || !strings.Contains(got.Next, test.next) {
				t.Errorf("%+v", got)
			}
			if len(got.Hops) != 1 {
				t.Errorf("hops %+v", got.Hops)
			}
		})
	}
}

// Without a change in 90 days the stream is active where another check of the same run has seen
// an event of it within the last hour, at the rule or at the destination.
func TestNoChangeIsConfirmedByAnEvent(t *testing.T) {
	for name, test := range map[string]struct {
		hop    HopName
		ago    time.Duration
		change bool
		status Status
		seen   string
	}{
		"rule":            {HopRule, 3 * time.Minute, false, OK, "no change in 90 days; the rule matched an event 3m ago"},
		"destination":     {HopDestination, time.Hour, false, OK, "no change in 90 days; the newest event at the destination is from 1h ago"},
		"too old":         {HopRule, 61 * time.Minute, false, NotLookedAt, "no log stream changed in 90 days"},
		"none":            {HopRule, -1, false, NotLookedAt, "no log stream changed in 90 days"},
		"at Okta only":    {HopOkta, time.Minute, false, NotLookedAt, "no log stream changed in 90 days"},
		"in the function": {HopFunction, time.Minute, false, NotLookedAt, "no log stream changed in 90 days"},
		"switched off":    {HopRule, 3 * time.Minute, true, Broken, "switched off since"},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := newOktaWorld(t, oktafake.ReportAdmin, oktafake.Stream{ID: "0oa1", Name: "oktastream"})
			if test.change {
				w.Switch("0oa1", false, "admin@example.com")
				w.now = w.now.Add(time.Minute)
			}
			hop := Hop{Hop: test.hop, Since: w.now.Add(-24 * time.Hour)}
			if at := w.now.Add(-test.ago); test.ago >= 0 {
				hop.Newest = &at
			}
			report, err := Run(t.Context(), "s", append(d.okta(), is(Newest, "p", Result{Status: OK, Hops: []Hop{hop}})), d.Now)
			if err != nil {
				t.Fatal(err)
			}
			if line := report.Lines[0]; line.Status != test.status || !strings.HasPrefix(line.Seen, test.seen) ||
				(line.Status == OK) != (line.Next == "") {
				t.Errorf("%+v", line)
			}
		})
	}
}

// The newest event at Okta is found however long ago it was, within a day.
func TestNewestAtOkta(t *testing.T) {
	for _, ago := range []time.Duration{time.Second, 5 * time.Minute, 50 * time.Minute, 23 * time.Hour} {
		w, d := newOktaWorld(t, oktafake.ReportAdmin, oktafake.Stream{ID: "0oa1", Name: "oktastream"})
		w.Switch("0oa1", false, "admin@example.com")
		at := w.now
		w.now = w.now.Add(ago)
		hop := only(t, d.okta()).Hops[0]
		if hop.Newest == nil || !hop.Newest.Equal(at) || hop.Since.After(at) {
			t.Errorf("%v: %+v", ago, hop)
		}
	}
	w, d := newOktaWorld(t, oktafake.ReportAdmin, oktafake.Stream{ID: "0oa1", Name: "oktastream"})
	if hop := only(t, d.okta()).Hops[0]; hop.Newest != nil || !hop.Since.Equal(w.now.Add(-24*time.Hour)) {
		t.Errorf("%+v", hop)
	}
}

func TestOktaIsNotLookedAt(t *testing.T) {
	for name, test := range map[string]struct {
		role   oktafake.Role
		fault  oktafake.Fault
		reason Reason
		action string
		next   string
	}{
		"no role":     {oktafake.NoRole, oktafake.Fault{}, NoPermission, "okta.logs.read", "Report Administrator"},
		"wrong token": {oktafake.SuperAdmin, oktafake.Fault{Status: 401, Code: "E0000011"}, NoCredentials, "", "API token"},
		"away":        {oktafake.SuperAdmin, oktafake.Fault{Status: 503}, NoAnswer, "", "status.okta.com"},
		"not Okta":    {oktafake.SuperAdmin, oktafake.Fault{HTML: true}, NoAnswer, "", "https://ORG.okta.com"},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := newOktaWorld(t, test.role, oktafake.Stream{ID: "0oa1", Name: "oktastream"})
			w.SetFaults(func(oktafake.Call) oktafake.Fault { return test.fault })
			got := only(t, d.okta())
			if got.Status != NotLookedAt || got.Reason != test.reason || got.Action != test.action ||
				!strings.Contains(got.Next, test.next) {
				t.Errorf("%+v", got)
			}
		})
	}
	d := Doctor{}
	if got := only(t, d.okta()); got.Reason != NoCredentials || !strings.Contains(got.Next, "--token-file") {
		t.Errorf("%+v", got)
	}
}
