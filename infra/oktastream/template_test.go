//go:build !race

package oktastream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/infra/internal/pattern"
	"github.com/oktastream/oktastream/infra/internal/patterntest"
	"github.com/oktastream/oktastream/infra/settings"
)

// TestTheDefaultTemplateIsAsReviewed shows every change of the deployed resources in the review of
// the change.
func TestTheDefaultTemplateIsAsReviewed(t *testing.T) {
	s := synthesise(t, "cloudwatch")
	var got bytes.Buffer
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s.template); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "default.template.json")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("the template differs from testdata/default.template.json: look at what -update makes of it (git diff)")
	}
}

// TestTheRuleMatchesWhatItShould tests the rule's pattern with real envelopes: it matches all
// events of the stack's own stream that pass the filter, and nothing else.
func TestTheRuleMatchesWhatItShould(t *testing.T) {
	files, err := filepath.Glob("../../testdata/events/*.json")
	if err != nil || len(files) < 200 {
		t.Fatalf("%d files of events, %v", len(files), err)
	}
	seen := map[string]bool{}
	each(t, func(t *testing.T, s *synthesised) {
		for _, d := range s.settings.Destinations {
			_, rule := s.only(t, "AWS::Events::Rule", "Okta"+title(d)+"Rule")
			p := pattern.Pattern(s.resolve(t, rule["EventPattern"]).(map[string]any))
			same := fmt.Sprint(p, s.settings.Of(d).Include, s.settings.Of(d).Exclude)
			if seen[same] {
				continue
			}
			seen[same] = true
			if n := utf8.RuneCountInString(p.String()); n > pattern.MaxLength {
				t.Errorf("the pattern has %d characters", n)
			}
			set := s.settings.Of(d)
			filter, err := events.NewFilter(set.Include, set.Exclude)
			if err != nil {
				t.Fatal(err)
			}
			left := pattern.For(source, set.Include, set.Exclude)
			rest, err := events.NewFilter(left.Include, left.Exclude)
			if err != nil {
				t.Fatal(err)
			}
			matched := 0
			for _, file := range files {
				event := envelope(t, file)
				kind, ok := event["detail"].(map[string]any)["eventType"].(string)
				if !ok {
					continue
				}
				if got, want := matches(t, p, event) && rest.Keeps(kind), filter.Keeps(kind); got != want {
					t.Errorf("%s: %s goes through: %t, want %t", filepath.Base(file), kind, got, want)
				} else if got {
					matched++
				}
				for key, other := range map[string]string{
					"source": source + "2", "detail-type": "Okta Log Event",
				} {
					was := event[key]
					event[key] = other
					if matches(t, p, event) {
						t.Errorf("%s: an event with %s %q is matched", filepath.Base(file), key, other)
					}
					event[key] = was
				}
			}
			if matched == 0 {
				t.Error("the rule matches nothing of testdata")
			}
		}
	})
}

// envelope is a file of testdata as an envelope of the stack's own stream.
func envelope(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var event map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // there are numbers that no float64 holds
	if err := d.Decode(&event); err != nil {
		t.Fatal(err)
	}
	if _, ok := event["detail"].(map[string]any); !ok {
		event = map[string]any{"version": "0", "id": "x", "detail": event}
	}
	event["source"], event["detail-type"], event["account"], event["region"] = source, "SystemLog", account, here
	return event
}

func matches(t *testing.T, p pattern.Pattern, event map[string]any) bool {
	t.Helper()
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	ok, err := patterntest.Match(p, text)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// TestNumbers checks numbers that depend on each other.
func TestNumbers(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		for _, d := range s.settings.Destinations {
			set := s.settings.Of(d)
			if set.Ingest == settings.IngestRule {
				continue
			}
			_, function := s.only(t, "AWS::Lambda::Function", "Okta"+title(d)+"Function")
			_, mapping := s.only(t, "AWS::Lambda::EventSourceMapping", "Okta"+title(d)+"FromBuffer")
			_, buffer := s.only(t, "AWS::SQS::Queue", "Okta"+title(d)+"Buffer")
			timeout, window := function["Timeout"].(float64), mapping["MaximumBatchingWindowInSeconds"].(float64)
			visibility := buffer["VisibilityTimeout"].(float64)
			if visibility < 6*timeout+window {
				t.Errorf("%s: visibility timeout %v s, but 6 x %v + %v are needed", d, visibility, timeout, window)
			}
			receives := buffer["RedrivePolicy"].(map[string]any)["maxReceiveCount"].(float64)
			want := min(max(float64(int(float64(set.OutageHours)*3600/visibility)), 5), 1000)
			if receives != want {
				t.Errorf("%s: maxReceiveCount %v, want %v: %d h of visibility timeouts of %v s, from 5 to 1000", d, receives,
					want, set.OutageHours, visibility)
			}
			environment := function["Environment"].(map[string]any)["Variables"].(map[string]any)
			if environment["OKTASTREAM_MAX_RECEIVE_COUNT"] != fmt.Sprint(receives) {
				t.Errorf("%s: the function has %v receives, the queue %v", d,
					environment["OKTASTREAM_MAX_RECEIVE_COUNT"], receives)
			}
			if mapping["BatchSize"].(float64) > 10 && window < 1 {
				t.Errorf("%s: a batch of more than 10 without a window", d)
			}
		}
		for id, r := range s.of("AWS::SQS::Queue") {
			if r["Properties"].(map[string]any)["MessageRetentionPeriod"] != float64(14*24*3600) {
				t.Errorf("%s does not keep messages for 14 days", id)
			}
		}
	})
}

// packingAge is the age above which an event gets the current time when it is packed
// (lambda/sink/eventbridge), and datadogAge is the maximum age of a log for Datadog.
const (
	packingAge = 6 * 3600
	datadogAge = 17 * 3600 // 18 h, less one for clocks
)

func TestWhatReachesDatadogIsYoungEnough(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		if !s.settings.ByEventBridge() {
			return
		}
		for _, id := range []string{"OktaDatadogDeliveryRule", "OktaDatadogRule"} {
			_, rule := s.only(t, "AWS::Events::Rule", id)
			target := rule["Targets"].([]any)[0].(map[string]any)
			if target["HttpParameters"] == nil && id == "OktaDatadogRule" {
				continue // the buffer queue or the function
			}
			age := target["RetryPolicy"].(map[string]any)["MaximumEventAgeInSeconds"].(float64)
			if packingAge+age >= datadogAge {
				t.Errorf("%s tries for %v s what may be %v s old: Datadog drops it after a 202", id, age, packingAge)
			}
		}
	})
}

// TestEveryTargetHasADLQ: events that a rule cannot deliver are kept.
func TestEveryTargetHasADLQ(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		for id, rule := range s.of("AWS::Events::Rule") {
			targets, ok := rule["Properties"].(map[string]any)["Targets"].([]any)
			// AWS does not document that a rule without a target is counted.
			if !ok || len(targets) == 0 {
				t.Errorf("%s has no target", id)
			}
			for _, target := range targets {
				dlq, ok := target.(map[string]any)["DeadLetterConfig"].(map[string]any)
				if !ok {
					t.Errorf("%s has a target without a DLQ", id)
					continue
				}
				if arn := s.resolve(t, dlq["Arn"]).(string); !strings.Contains(arn, "Dead") {
					t.Errorf("%s: the DLQ is %s", id, arn)
				}
			}
		}
	})
}

// TestRulesComeAfterWhatTheyNeed: a rule that is created before the policies loses the events it
// matches.
func TestRulesComeAfterWhatTheyNeed(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		resources := s.template["Resources"].(map[string]any)
		for id := range s.of("AWS::Events::Rule") {
			after := map[string]bool{}
			reach(resources, id, after)
			for policy, r := range s.of("AWS::SQS::QueuePolicy") {
				for _, queue := range r["Properties"].(map[string]any)["Queues"].([]any) {
					if q := queue.(map[string]any)["Ref"].(string); after[q] && !after[policy] {
						t.Errorf("%s can be there before %s, whose queue it needs", id, policy)
					}
				}
			}
			pipeline, isTargets := strings.CutSuffix(id[:len(id)-8], "Rule")
			for _, kind := range []string{"AWS::Lambda::Permission", "AWS::Logs::ResourcePolicy"} {
				for other := range s.of(kind) {
					if isTargets && strings.HasPrefix(other, pipeline) && !strings.Contains(id, "Delivery") && !after[other] {
						t.Errorf("%s can be there before %s (%s)", id, other, kind)
					}
				}
			}
		}
	})
}

// reach returns the resources that a resource depends on, directly and through others.
func reach(resources map[string]any, id string, seen map[string]bool) {
	var walk func(v any)
	visit := func(name string) {
		if _, ok := resources[name]; ok && !seen[name] {
			seen[name] = true
			reach(resources, name, seen)
		}
	}
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if name, ok := v["Ref"].(string); ok {
				visit(name)
			}
			if get, ok := v["Fn::GetAtt"].([]any); ok {
				visit(get[0].(string))
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	r := resources[id].(map[string]any)
	walk(r["Properties"])
	if on, ok := r["DependsOn"].([]any); ok {
		for _, name := range on {
			visit(name.(string))
		}
	}
}

// TestWhatHoldsDataStays: deletion and replacement lose no data, unless the settings say so.
func TestWhatHoldsDataStays(t *testing.T) {
	holds := []string{
		"AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::Logs::LogGroup", "AWS::Events::EventBus", "AWS::KMS::Key",
		"AWS::Events::Archive",
		"AWS::Events::Connection", "AWS::Events::ApiDestination",
	}
	each(t, func(t *testing.T, s *synthesised) {
		retain := s.settings.Removal == settings.RemovalRetain
		for _, kind := range holds {
			deleted, replaced := "RetainExceptOnCreate", "Retain"
			switch {
			case !retain:
				deleted, replaced = "Delete", "Delete"
			case kind == "AWS::Logs::LogGroup":
				deleted = "Retain"
			}
			for id, r := range s.of(kind) {
				if strings.HasPrefix(id, "OktaAlarmsKey") {
					continue // nothing is stored under it
				}
				if strings.HasPrefix(id, "OktaS3ArchiveDigestKey") {
					stayed(t, id, r)
				} else if r["DeletionPolicy"] != deleted || r["UpdateReplacePolicy"] != replaced {
					t.Errorf("%s (%s): DeletionPolicy %v, UpdateReplacePolicy %v, want %s, %s", id, kind, r["DeletionPolicy"],
						r["UpdateReplacePolicy"], deleted, replaced)
				}
			}
		}
		for id, r := range s.of("AWS::Logs::LogGroup") {
			if protected := r["Properties"].(map[string]any)["DeletionProtectionEnabled"]; protected != retain {
				t.Errorf("%s: deletion protection %v", id, protected)
			}
		}
		for _, kind := range []string{"AWS::S3::Bucket", "AWS::S3::BucketPolicy"} {
			for id, r := range s.of(kind) {
				stayed(t, id, r)
			}
		}
		// A retained resource with a name from this package would make the next deployment fail.
		for kind, name := range map[string]string{"AWS::SQS::Queue": "QueueName", "AWS::Logs::LogGroup": "LogGroupName",
			"AWS::Events::Connection": "Name", "AWS::S3::Bucket": "BucketName", "AWS::Events::ApiDestination": "Name", "AWS::IAM::Role": "RoleName"} {
			for id, r := range s.of(kind) {
				has := r["Properties"].(map[string]any)[name]
				if has == s.settings.CloudWatch.LogGroup && has != "" && strings.HasSuffix(id[:len(id)-8], "Events") {
					continue // the setting logGroup
				}
				if has != nil {
					t.Errorf("%s has the name %v; it must be CloudFormation's", id, has)
				}
			}
		}
	})
}

// stayed fails if a resource is not retained in every case.
func stayed(t *testing.T, id string, r map[string]any) {
	t.Helper()
	if r["DeletionPolicy"] != "Retain" || r["UpdateReplacePolicy"] != "Retain" {
		t.Errorf("%s: DeletionPolicy %v, UpdateReplacePolicy %v", id, r["DeletionPolicy"], r["UpdateReplacePolicy"])
	}
}
