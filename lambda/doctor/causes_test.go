package doctor

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// noEvents returns the lines of the reports of stacks in which no events arrive.
func noEvents(t *testing.T) []string {
	const buffer = "arn:aws:sqs:us-east-1:111122223333:buffer"
	var lines []string
	add := func(checks []Check) {
		for _, l := range run(t, checks...).Lines {
			lines = append(lines, string(l.Status)+" "+string(l.Link)+" "+l.Seen)
		}
	}
	org, d := newOktaWorld(t, oktafake.ReportAdmin, oktafake.Stream{ID: "0oa1", Name: "oktastream"})
	org.Generate(oktafake.Load{Since: org.now, Span: time.Minute, PerHour: 600, Seed: 1})
	org.now, org.away = org.now.Add(time.Hour), true
	org.Deliver()
	add(d.okta())
	for _, breaks := range []func(*awsfake.Cloud){
		func(c *awsfake.Cloud) {
			c.RemoveBus(ownSource)
			c.SetEventSource(ownSource, &awsfake.EventSource{State: "PENDING", Expires: noon.Add(100 * time.Hour)})
		},
		func(c *awsfake.Cloud) { c.SetEventSource(ownSource, nil) },
		func(c *awsfake.Cloud) {
			c.SetEventSource(ownSource, &awsfake.EventSource{State: "PENDING", Created: noon.Add(-time.Hour)})
		},
		func(c *awsfake.Cloud) {
			c.SetEventRule(ownSource, "s-cloudwatch", withRule(ownPattern, "DISABLED", buffer))
		},
		func(c *awsfake.Cloud) {
			c.SetEventRule(ownSource, "s-cloudwatch", withRule(`{"detail":{"eventType":["a"]}}`, "ENABLED", buffer))
		},
		func(c *awsfake.Cloud) {
			c.SetMetric("AWS/SQS", "ApproximateAgeOfOldestMessage",
				[]awsfake.Point{{At: noon.Add(-time.Minute), Value: 541}}, "QueueName", "buffer")
			c.SetAlarm("s-cloudwatch-mapping-failing", &awsfake.MetricAlarm{State: "ALARM", Actions: []string{topicARN}})
		},
		func(c *awsfake.Cloud) { c.Send("dead", "x", nil) },
		func(c *awsfake.Cloud) { c.Send("redrive", "x", nil) },
	} {
		c, d := healthy(t)
		breaks(c)
		add(d.Checks())
	}
	w := newEndpointWorld(t, "splunk", hec())
	w.cloud.SetSecret("okta/secret", "another")
	w.start()
	add(w.d.destination(w.p))
	return lines
}

// TestThePageShowsWhatDoctorPrints: doctor prints each line that README.md shows for the causes of no events, where the
// stack has that fault.
func TestThePageShowsWhatDoctorPrints(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- causes -->\n")
	table, _, ended := strings.Cut(rest, "<!-- /causes -->")
	rows := strings.Split(strings.TrimSpace(table), "\n")
	if !ended || len(rows) != 2+5 {
		t.Fatalf("README.md has %d rows of causes, want 5", len(rows)-2)
	}
	lines := noEvents(t)
	for _, row := range rows[2:] {
		shown := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(strings.Split(row, "|")[2], -1)
		if len(shown) == 0 {
			t.Errorf("no line of doctor in the row %s", row)
		}
		for _, line := range shown {
			parts := strings.Split(regexp.QuoteMeta(line[1]), "…")
			pattern := regexp.MustCompile(strings.Join(parts, ".*?"))
			if !slices.ContainsFunc(lines, pattern.MatchString) {
				t.Errorf("doctor does not print %q in\n%s", line[1], strings.Join(lines, "\n"))
			}
		}
	}
}
