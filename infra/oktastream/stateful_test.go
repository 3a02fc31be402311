//go:build !race

package oktastream

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// stateful reports which types of resource hold data, credentials or
// subscriptions that CloudFormation cannot make again.
func stateful() map[string]bool {
	return map[string]bool{
		"AWS::Events::ApiDestination": true, "AWS::Events::Archive": true, "AWS::Events::Connection": true,
		"AWS::Events::EventBus": true, "AWS::KMS::Key": true, "AWS::Logs::LogGroup": true, "AWS::SNS::Topic": true,
		"AWS::S3::Bucket": true, "AWS::SNS::Subscription": true, "AWS::SQS::Queue": true,

		"AWS::Athena::NamedQuery": false, "AWS::Athena::WorkGroup": false, "AWS::Glue::Database": false,
		"AWS::Scheduler::Schedule": false, "AWS::Glue::Table": false, "AWS::S3::BucketPolicy": false,
		"AWS::CloudWatch::Alarm": false, "AWS::CloudWatch::Dashboard": false, "AWS::Events::EventBusPolicy": false,
		"AWS::Events::Rule": false, "AWS::IAM::Policy": false, "AWS::IAM::Role": false, "AWS::KMS::Alias": false,
		"AWS::Lambda::EventInvokeConfig": false, "AWS::Lambda::EventSourceMapping": false,
		"AWS::Lambda::Function": false, "AWS::Lambda::Permission": false, "AWS::Logs::QueryDefinition": false, "AWS::Logs::MetricFilter": false,
		"AWS::Logs::ResourcePolicy": false, "AWS::SNS::TopicPolicy": false, "AWS::SQS::QueuePolicy": false,
	}
}

// TestStatefulResourcesKeepTheirLogicalIDs compares the logical ids and types of
// stateful resources with testdata/stateful.json. CloudFormation takes a changed
// id or type for another resource: an update would make a new, empty queue, log
// group or bus beside the one that holds events. The snapshot changes on purpose
// only.
func TestStatefulResourcesKeepTheirLogicalIDs(t *testing.T) {
	needNode(t)
	have := map[string]map[string]string{}
	for name := range configurations() {
		have[name] = map[string]string{}
		for id, r := range synthesise(t, name).template["Resources"].(map[string]any) {
			kind := r.(map[string]any)["Type"].(string)
			keeps, known := stateful()[kind]
			if !known {
				t.Errorf("%s has the type %s: add it to stateful, true or false", id, kind)
			}
			if keeps {
				have[name][id] = kind
			}
		}
	}
	got, err := json.MarshalIndent(have, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "stateful.json")
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(append(got, '\n'), text) {
		return
	}
	var want map[string]map[string]string
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if !maps.Equal(have[name], want[name]) {
			t.Errorf("%s has the stateful resources\n%v, the snapshot has\n%v", name, have[name], want[name])
		}
	}
	for name := range want {
		if have[name] == nil {
			t.Errorf("the snapshot has the configuration %s, which no test synthesises", name)
		}
	}
}
