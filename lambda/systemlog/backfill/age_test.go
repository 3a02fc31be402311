package backfill_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/cloudwatch"
	eventbridgesink "github.com/oktastream/oktastream/lambda/sink/eventbridge"
	"github.com/oktastream/oktastream/lambda/sink/https"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// The table of ages says what the sinks do: an hour below the limit a record keeps its
// time, an hour above it does not.
func TestAgesAreThoseOfTheSinks(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	cloud := awsfake.New(t, awsfake.Options{Now: clock})
	for group, days := range map[string]int{"/forever": 0, "/short": 5, "/long": 400} {
		cloud.AddLogGroup(group, days)
	}
	cloud.AddBus("bus")
	logs := func(group string, days int) sink.Sink {
		return cloudwatch.New(cloudwatchlogs.NewFromConfig(cloud.Config()),
			cloudwatch.Config{LogGroup: group, RetentionDays: days, Now: clock})
	}
	bus := eventbridgesink.New(eventbridge.NewFromConfig(cloud.Config()),
		eventbridgesink.Config{Bus: "bus", Pipeline: "p", Format: "datadog", Now: clock})
	intake := httptest.NewServer(httpsfake.NewDatadog("key", clock, nil))
	defer intake.Close()
	overHTTPS, err := https.New(https.Config{Preset: "datadog", Endpoint: intake.URL, Format: "datadog",
		Secret: httpsfake.Secret("key"), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		to          sink.Sink
		destination string
		days        int
	}{
		"no retention":      {logs("/forever", 0), "cloudwatch", 0},
		"five days":         {logs("/short", 5), "cloudwatch", 5},
		"four hundred days": {logs("/long", 400), "cloudwatch", 400},
		"Datadog":           {bus, "datadog", 0},
		"Datadog by HTTPS":  {overHTTPS, backfill.DatadogHTTPS, 0},
	} {
		age := backfill.AgeOf(test.destination, test.days)
		if age.Treatment != backfill.Restamped || age.Text == "" {
			t.Errorf("%s: %+v", name, age)
		}
		for _, older := range []bool{false, true} {
			at := now.Add(-age.After + time.Hour)
			if older {
				at = now.Add(-age.After - time.Hour)
			}
			records := []sink.Record{{UUID: "u", TimeMS: at.UnixMilli(),
				Line: []byte(`{"uuid":"u","date":"` + at.Format(time.RFC3339) + `","published":"` +
					at.Format(time.RFC3339) + `"}`)}}
			answers := make([]sink.Answer, 1)
			if err := test.to.Deliver(t.Context(), records, answers); err != nil {
				t.Fatal(err)
			}
			if answers[0].State != sink.Accepted || answers[0].Restamped != older {
				t.Errorf("%s, older %v: %+v", name, older, answers[0])
			}
		}
	}
	for _, name := range []string{"splunk", "elastic", "opensearch", "archive", "-", "some/directory"} {
		if age := backfill.AgeOf(name, 0); age.Treatment != backfill.Kept || age.After != 0 || age.Text == "" {
			t.Errorf("%s: %+v", name, age)
		}
	}
}

// The table of ages on the page is the code's.
func TestThePageHasTheAges(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "<!-- ages -->\n")
	table, _, _ = strings.Cut(table, "<!-- /ages -->")
	rows := strings.Split(strings.TrimSpace(table), "\n")[2:]
	if len(rows) != 8 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "|"), "|")
		name := strings.Trim(cells[0], " `")
		if name == "datadog`, `transport=https" {
			name = backfill.DatadogHTTPS
		}
		age := backfill.AgeOf(name, 0)
		after := " - "
		switch {
		case age.After%time.Hour != 0:
			after = fmt.Sprintf(" %d hours %d minutes", age.After/time.Hour, age.After%time.Hour/time.Minute)
		case age.After >= 24*time.Hour:
			after = fmt.Sprintf(" %d days", age.After/(24*time.Hour))
		case age.After > 0:
			after = fmt.Sprintf(" %d hours", age.After/time.Hour)
		}
		if !strings.HasPrefix(cells[1], after) || cells[2] != " "+string(age.Treatment)+": "+age.Text+" " {
			t.Errorf("%s, and the code says %s, %s: %s", row, after, age.Treatment, age.Text)
		}
	}
}
