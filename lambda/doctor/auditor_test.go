package doctor

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/auditor"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// withAuditor gives the doctor of a healthy stack an archive and an auditor that has closed an
// hour.
func withAuditor(t *testing.T, c *awsfake.Cloud, d *Doctor) {
	d.Stack.Auditor = &AuditorParts{Pipeline: "s-archive", Function: "audit", FunctionLogGroup: "/audit",
		Schedule: "s-schedule", Failed: c.AddQueue("failed", awsfake.QueueOptions{}),
		Unstarted: c.AddQueue("unstarted", awsfake.QueueOptions{}), Bucket: toArchive.Bucket, Org: "example"}
	c.SetSchedule("s-schedule", "ENABLED")
	setAuditor(c, "Active", noon.Add(-100*time.Hour))
	auditMetric(c, "audit_hours_behind", 5*time.Minute, 0)
	auditMetric(c, "audit_okta_unreachable", 5*time.Minute, 0)
	audit(t, c, noon.Add(-25*time.Hour), &archive.Verdict{State: auditor.Complete})
}

func setAuditor(c *awsfake.Cloud, state string, modified time.Time) {
	c.SetFunction("audit", &awsfake.LambdaFunction{State: state, LastUpdateStatus: "Successful",
		LastModified: modified.Format("2006-01-02T15:04:05.000-0700"), Variables: map[string]string{
			"OKTASTREAM_PIPELINE": "s-archive", "OKTASTREAM_SOURCE": ownSource, "OKTASTREAM_ACCOUNT": ownAccount}})
}

// auditMetric is what the auditor's last run reported.
func auditMetric(c *awsfake.Cloud, name string, ago time.Duration, value float64) {
	c.SetMetric("oktastream", name, []awsfake.Point{{At: noon.Add(-ago), Value: value}}, "pipeline", "s-archive")
}

// audit appends the digest of the hour with this verdict.
func audit(t *testing.T, c *awsfake.Cloud, hour time.Time, v *archive.Verdict) {
	v.ReadAt = noon.Add(-time.Hour)
	digestIn(t, c, toArchive.Bucket, hour, noon.Add(-20*time.Minute), v)
}

// TestEachBreakOfTheAuditor breaks one thing of the auditor after the other.
func TestEachBreakOfTheAuditor(t *testing.T) {
	for name, test := range map[string]struct {
		breaks     func(*testing.T, *awsfake.Cloud, *Doctor)
		seen, next string
	}{
		"no function": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { c.SetFunction("audit", nil) }, "function audit does not exist",
			"cdk deploy s"},
		"function failed": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { setAuditor(c, "Failed", noon) }, "state Failed", "cdk deploy s"},
		"environment changed": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) {
			c.SetFunction("audit", &awsfake.LambdaFunction{State: "Active"})
		}, "not the stack's: OKTASTREAM_ACCOUNT, ", "cdk deploy s"},
		"errors": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) {
			c.SetMetric("AWS/Lambda", "Errors", []awsfake.Point{{At: noon.Add(-2 * time.Minute), Value: 1}}, "FunctionName",
				"audit")
		}, "1 failed invocation in the last hour, the last 2m ago", "aws logs tail /audit --since 1h"},
		"a run failed": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { c.Send("failed", "x", nil) }, "about 1 run of the auditor failed",
			"aws logs tail /audit --since 1h; once it is corrected: aws sqs purge-queue --queue-url "},
		"a run was not started": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { c.Send("unstarted", "x", nil) },
			"about 1 run of the auditor could not be started", "purge-queue"},
		"no queue": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { c.RemoveQueue("unstarted") },
			"the queue unstarted does not exist", "cdk deploy s"},
		"schedule disabled": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { c.SetSchedule("s-schedule", "DISABLED") },
			"schedule s-schedule is DISABLED: it starts no run", "EventBridge, Schedules, s-schedule: Enable"},
		"no schedule": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { c.SetSchedule("s-schedule", "") },
			"schedule s-schedule does not exist", "cdk deploy s"},
		"no run": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { auditMetric(c, "audit_hours_behind", 4*time.Hour, 0) },
			"no run has ended in 3h", "aws scheduler get-schedule --name s-schedule"},
		"Okta unreachable": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) {
			auditMetric(c, "audit_okta_unreachable", time.Minute, 1)
		},
			"the last run could not read Okta's System Log", "okta.secret"},
		"behind": {func(_ *testing.T, c *awsfake.Cloud, _ *Doctor) { auditMetric(c, "audit_hours_behind", time.Minute, 7) },
			"7 hours behind", "okta.requests"},
		"missing": {func(t *testing.T, c *awsfake.Cloud, _ *Doctor) {
			audit(t, c, noon.Add(-24*time.Hour), &archive.Verdict{State: auditor.Missing, Missing: 3})
		},
			"last digest 3, of hour 2026-11-27T12Z, made 20m ago: missing, 3 events",
			"oktastream reconcile --stack s --fill --since 2026-11-27T12:00:00Z --until 2026-11-27T13:00:00Z"},
		"waiting": {func(t *testing.T, c *awsfake.Cloud, _ *Doctor) {
			audit(t, c, noon.Add(-24*time.Hour), &archive.Verdict{State: auditor.Waiting, Waiting: 1})
		},
			"waiting, 1 event in a dead-letter queue", "oktastream dlq list --stack s --pipeline s-archive"},
		"expired": {func(t *testing.T, c *awsfake.Cloud, _ *Doctor) {
			audit(t, c, noon.Add(-24*time.Hour), &archive.Verdict{State: auditor.Expired})
		},
			"expired: the hour is no longer kept", "alarm auditor-behind"},
		"no bucket": {func(_ *testing.T, _ *awsfake.Cloud, d *Doctor) { d.Stack.Auditor.Bucket = "s-gone" }, "bucket s-gone does not exist",
			"deploy"},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := healthy(t)
			withArchive(t, c, d)
			withAuditor(t, c, d)
			broke(t, c, d, func(c *awsfake.Cloud) { test.breaks(t, c, d) }, Auditor, test.seen, test.next)
		})
	}
}

// An auditor that works is one line; one that was just deployed, and no auditor, are not looked
// at, and only the former asks to be looked at again.
func TestAuditor(t *testing.T) {
	line := func(d *Doctor) Line {
		t.Helper()
		report := run(t, d.auditor()...)
		if len(report.Lines) == 0 {
			t.Fatal("no line")
		}
		return report.Lines[len(report.Lines)-1]
	}
	c, d := healthy(t)
	withArchive(t, c, d)
	withAuditor(t, c, d)
	const want = "Active, environment as deployed, version v1.0.0; no error in the last hour; " +
		"schedule ENABLED; last run 5m ago, not behind; last digest 2, of hour 2026-11-27T11Z, made 20m ago: complete"
	if got := line(d); got.Status != OK || got.Seen != want {
		t.Errorf("%+v", got)
	}
	audit(t, c, noon.Add(-24*time.Hour), &archive.Verdict{State: auditor.Provisional})
	if got := line(d); got.Status != OK || !strings.HasSuffix(got.Seen, ": provisional") {
		t.Errorf("%+v", got)
	}
	c.AddBucket("own", awsfake.BucketOptions{Owner: ownAccount})
	d.Stack.Auditor.Bucket = "own"
	if got := line(d); got.Status != OK || !strings.HasSuffix(got.Seen, "; no digest yet") {
		t.Errorf("%+v", got)
	}
	digestIn(t, c, "own", noon.Add(-30*time.Hour), noon.Add(-time.Hour), nil)
	if got := line(d); got.Status != OK || !strings.HasSuffix(got.Seen, "last digest 1, not compared with Okta") {
		t.Errorf("%+v", got)
	}

	setAuditor(c, "Active", noon.Add(-10*time.Minute))
	auditMetric(c, "audit_hours_behind", 24*time.Hour, 0)
	if got := line(d); got.Status != NotLookedAt || got.Reason != Unclear ||
		!strings.Contains(got.Seen, "no run has ended since it was deployed 10m ago") {
		t.Errorf("%+v", got)
	}
	d.Stack.Auditor = nil
	report := run(t, d.auditor()...)
	if !slices.Equal(report.Lines, []Line{line(d)}) || line(d).Reason != NotPart || line(d).Seen != "not part of this stack" ||
		report.ExitCode() != ExitOK || !report.Settled() {
		t.Errorf("%+v", report)
	}
}
