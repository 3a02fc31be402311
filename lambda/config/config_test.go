package config

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

func valid(destination string) map[string]string {
	env := map[string]string{
		"AWS_REGION":                   "us-east-1",
		"OKTASTREAM_PIPELINE":          "okta-" + destination,
		"OKTASTREAM_ACCOUNT":           "111122223333",
		"OKTASTREAM_DESTINATION":       destination,
		"OKTASTREAM_SOURCE":            "aws.partner/okta.com/example/oktastream",
		"OKTASTREAM_BUFFER_URL":        "https://sqs.us-east-1.amazonaws.com/111122223333/buffer",
		"OKTASTREAM_DEAD_URL":          "https://sqs.us-east-1.amazonaws.com/111122223333/dead",
		"OKTASTREAM_MAX_RECEIVE_COUNT": "59",
	}
	switch destination {
	case "cloudwatch":
		env["OKTASTREAM_LOG_GROUP"] = "/oktastream/okta"
	case "archive":
		env["OKTASTREAM_BUCKET"], env["OKTASTREAM_BUCKET_OWNER"] = "okta-archive", "111122223333"
	case "datadog":
		env["OKTASTREAM_DELIVERY_BUS"] = "okta-delivery"
	case "datadog-https":
		env["OKTASTREAM_DESTINATION"], env["OKTASTREAM_TRANSPORT"] = "datadog", "https"
		env["OKTASTREAM_SITE"], env["OKTASTREAM_SECRET"] = "us5.datadoghq.com", "datadog/api-key"
	default:
		env["OKTASTREAM_ENDPOINT"], env["OKTASTREAM_SECRET"] = "https://destination.example:8088", "okta/secret"
	}
	return env
}

// all are the destinations that have a preset, and the others.
func all() []string {
	list := []string{"cloudwatch", "archive", "datadog", "datadog-https"}
	for _, p := range https.Presets() {
		if p.Name != "datadog" {
			list = append(list, p.Name)
		}
	}
	return list
}

func read(env map[string]string) (Config, error) {
	return Read(func(key string) string { return env[key] })
}

func TestArchive(t *testing.T) {
	c, err := read(valid("archive"))
	if err != nil || c.Bucket != "okta-archive" || c.BucketOwner != "111122223333" || c.Format != pipeline.Raw {
		t.Fatalf("%+v, %v", c, err)
	}
	for key, values := range map[string][]string{
		"BUCKET":       {"", "ab", "Okta", "okta/archive", "-okta", strings.Repeat("x", 64)},
		"BUCKET_OWNER": {"", "1234", "acme"},
		"FORMAT":       {"datadog"},
	} {
		for _, value := range values {
			env := valid("archive")
			env[prefix+key] = value
			if _, err := read(env); err == nil || !strings.Contains(err.Error(), prefix+key) {
				t.Errorf("%s=%q: %v", key, value, err)
			}
		}
	}
}

func TestDefaults(t *testing.T) {
	c, err := read(valid("cloudwatch"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Format != pipeline.OCSF || c.RetentionDays != 0 || c.MaxReceiveCount != 59 || c.LogGroup != "/oktastream/okta" ||
		!c.Filter.Keeps("a.b") {
		t.Errorf("%+v", c)
	}
	c, err = read(valid("datadog"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Format != pipeline.Datadog || c.PackBytes != 240<<10 || c.DeliveryBus != "okta-delivery" {
		t.Errorf("%+v", c)
	}
}

func TestEverySetting(t *testing.T) {
	env := valid("datadog")
	maps.Copy(env, map[string]string{
		"OKTASTREAM_FORMAT": "raw", "OKTASTREAM_INCLUDE": "user.*,app.*", "OKTASTREAM_EXCLUDE": "app.x.*",
		"OKTASTREAM_SERVICE": "sso", "OKTASTREAM_TAGS": "env:prod,team:sec", "OKTASTREAM_PACK_BYTES": "786432", "OKTASTREAM_OKTA_DOMAIN": "okta-emea.com",
	})
	c, err := read(env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Format != pipeline.Raw || c.Filter.Keeps("app.x.y") || !c.Filter.Keeps("app.y") || c.Filter.Keeps("zone.x") ||
		c.Datadog.Service != "sso" || c.Datadog.Domain != "okta-emea.com" || strings.Join(c.Datadog.Tags, " ") != "env:prod team:sec" || c.PackBytes != 786432 {
		t.Errorf("%+v", c)
	}
}

func TestObservables(t *testing.T) {
	env := valid("cloudwatch")
	env["OKTASTREAM_OBSERVABLES"] = "true"
	if c, err := read(env); err != nil || !c.Observables {
		t.Errorf("%+v, %v", c, err)
	}
	env["OKTASTREAM_FORMAT"] = "raw"
	if _, err := read(env); err == nil || !strings.Contains(err.Error(), "OBSERVABLES is for the format ocsf") {
		t.Errorf("observables of raw events: %v", err)
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	for _, destination := range all() {
		for key, bad := range map[string]string{
			"AWS_REGION": "", "OKTASTREAM_PIPELINE": "", "OKTASTREAM_ACCOUNT": "1234", "OKTASTREAM_SOURCE": "aws.partner/okta.com/example",
			"OKTASTREAM_BUFFER_URL": "buffer", "OKTASTREAM_DEAD_URL": "", "OKTASTREAM_MAX_RECEIVE_COUNT": "0",
			"OKTASTREAM_FORMAT": "xml", "OKTASTREAM_INCLUDE": "user session", "OKTASTREAM_OBSERVABLES": "yes",
		} {
			env := valid(destination)
			env[key] = bad
			_, err := read(env)
			if err == nil {
				t.Errorf("%s=%q is accepted", key, bad)
				continue
			}
			if word := strings.TrimPrefix(
				key,
				"OKTASTREAM_",
			); !strings.Contains(err.Error(), key) &&
				!strings.Contains(err.Error(), strings.ToLower(word)) {
				t.Errorf("%s=%q: the error does not name it: %v", key, bad, err)
			}
			if strings.Count(err.Error(), "\n") != 0 {
				t.Errorf("%s=%q: one fault, told as %q", key, bad, err)
			}
		}
	}
	_, err := read(nil)
	if err == nil || strings.Count(err.Error(), "\n") < 6 {
		t.Errorf("an empty environment has more faults than %v", err)
	}
	env := valid("cloudwatch")
	env["OKTASTREAM_RETENTION_DAYS"], env["OKTASTREAM_LOG_GROUP"] = "many", ""
	if _, err := read(env); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want two faults, got %v", err)
	}
	env = valid("datadog")
	env["OKTASTREAM_PACK_BYTES"] = "1048576"
	if _, err := read(env); err == nil {
		t.Error("a pack of 1 MiB is accepted: no queue could hold it with its attributes")
	}
}

// FuzzRead checks that no value of a variable makes Read panic or accept what it
// cannot use, and that each fault names its variable.
func FuzzRead(f *testing.F) {
	for _, destination := range all() {
		for key, value := range valid(destination) {
			f.Add(destination, key, value)
		}
	}
	f.Add("datadog", "OKTASTREAM_PACK_BYTES", "786432")
	f.Add("cloudwatch", "OKTASTREAM_RETENTION_DAYS", "-1")
	f.Add("cloudwatch", "OKTASTREAM_INCLUDE", "user.*,,*")
	f.Add("datadog", "OKTASTREAM_FORMAT", "raw")
	f.Add("splunk", "OKTASTREAM_CA_CERTIFICATE", "AAAA,")
	f.Add("splunk", "OKTASTREAM_ENDPOINT", "http://127.0.0.1:8088/services/collector")
	f.Add("datadog-https", "OKTASTREAM_SITE", "http-intake")
	f.Add("datadog", "OKTASTREAM_TAGS", "env:prod,team:sec")
	f.Fuzz(func(t *testing.T, destination, key, value string) {
		if !slices.Contains(all(), destination) {
			t.Skip()
		}
		env := valid(destination)
		env[key] = value
		c, err := read(env)
		if err != nil {
			name := strings.TrimPrefix(key, "OKTASTREAM_")
			if !strings.Contains(err.Error(), key) && !strings.Contains(err.Error(), strings.ToLower(name)) {
				t.Errorf("%s=%q: the error does not name it: %v", key, value, err)
			}
			return
		}
		if c.MaxReceiveCount < 1 || c.MaxReceiveCount > 1000 || c.RetentionDays < 0 || c.Route().Transport == "" ||
			c.Route().Transport == EventBridge && (c.PackBytes < minPackBytes || c.PackBytes > eventbridge.MaxPackBytes) {
			t.Errorf("%s=%q is accepted as %+v", key, value, c)
		}
		c.NewPipeline()
	})
}
