//go:build !race

package oktastream

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/settings"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

const sixCharacters = "Secrets Manager puts six characters behind a secret's name"

// wildcards are the only statements of the templates that allow more than named resources and
// actions, each with its reason.
func wildcards() map[string]string {
	return map[string]string{
		"key Account action kms:*": "AWS's own default statement: without it nobody could change the key " +
			"again, and the roles' policies would not count",
		"key Account resource *":                  "in a key's policy * is that key",
		"key EventBuses resource *":               "in a key's policy * is that key",
		"key EventBusesAndConnections resource *": "in a key's policy * is that key",
		"key EncryptedQueues resource *":          "in a key's policy * is that key",
		"key Archive resource *":                  "in a key's policy * is that key",
		"key Alarms resource *":                   "in a key's policy * is that key",
		"key LogGroups resource *":                "in a key's policy * is that key",

		"identity WritesTheArchive resource arn:aws:s3:::oktastream-oktas3archivebucketa13de88c/okta/*":         "all objects of events",
		"identity WritesTheArchive resource arn:aws:s3:::their-archive/okta/*":                                  "all objects of events",
		"identity ReadsTheSecret resource arn:aws:secretsmanager:us-east-1:111122223333:secret:okta/api-??????": sixCharacters,
		"identity ReadsObjects resource arn:aws:s3:::oktastream-oktaauditorstate12aac942/auditor/*":             "all of the state",
		"identity ReadsObjects resource arn:aws:s3:::oktastream-oktaauditorstate12aac942/digest/*":              "all digests",
		"identity ReadsObjects resource arn:aws:s3:::oktastream-oktas3archivebucketa13de88c/okta/*":             "all objects of events",
		"identity ReadsObjects resource arn:aws:s3:::oktastream-oktas3archivebucketa13de88c/digest/*":           "all digests",
		"identity WritesStateAndDigests resource arn:aws:s3:::oktastream-oktaauditorstate12aac942/auditor/*":    "all of the state",
		"identity WritesStateAndDigests resource arn:aws:s3:::oktastream-oktaauditorstate12aac942/digest/*":     "all digests",
		"identity WritesStateAndDigests resource arn:aws:s3:::oktastream-oktas3archivebucketa13de88c/digest/*":  "all digests",
		"identity DecryptsTheSecret resource arn:aws:kms:us-east-1:*:key/*": "only the secret knows its key; the condition " +
			"names the secret, and Secrets Manager as the only caller",
		"identity NetworkInterfaces resource *": "Lambda makes them, and their ids are not known before; the condition keeps " +
			"the function's own code out",
		"identity CallsTheDestination resource arn:aws:es:us-east-1:111122223333:domain/okta-logs/*_bulk": "the path of " +
			"the bulk API, with or without an index",
		"identity CallsTheDestination resource arn:aws:es:us-east-1:111122223333:domain/*/*_bulk": "the endpoint is a " +
			"domain's own name, which does not tell the domain; synthesis says so",
		"identity ReadsTheSecret resource arn:aws:secretsmanager:us-east-1:111122223333:secret:splunk/hec-token-??????": sixCharacters,
		"identity ReadsTheSecret resource arn:aws:secretsmanager:us-east-1:111122223333:secret:datadog/api-key-??????":  sixCharacters,
		"identity ReadsTheSecret resource arn:aws:secretsmanager:us-east-1:111122223333:secret:logs/keys-??????":        sixCharacters,
	}
}

// TestNoWildcards compares every statement that allows something with the list.
func TestNoWildcards(t *testing.T) {
	used := map[string]bool{}
	allowed := wildcards()
	see := func(t *testing.T, what string) {
		t.Helper()
		if allowed[what] == "" {
			t.Errorf("%s: no reason is on the list", what)
		}
		used[what] = true
	}
	each(t, func(t *testing.T, s *synthesised) {
		statements, err := s.account.Statements()
		if err != nil {
			t.Fatal(err)
		}
		if len(statements) < 8 {
			t.Fatalf("%d statements only", len(statements))
		}
		for _, st := range statements {
			if len(st.NotActions)+len(st.NotResources) > 0 {
				t.Errorf("%s %s says what it does not mean instead of what it does", st.Resource, st.Sid)
			}
			if st.Effect != "Allow" || strings.HasPrefix(st.Resource, "arn:") {
				continue
			}
			for _, action := range st.Actions {
				if strings.Contains(action, "*") {
					see(t, st.Kind+" "+st.Sid+" action "+action)
				}
			}
			for _, resource := range st.Resources {
				// A log group's ARN ends in :*, which matches its streams.
				if strings.ContainsAny(strings.TrimSuffix(resource, ":*"), "*?") {
					see(t, st.Kind+" "+st.Sid+" resource "+resource)
				}
			}
			for _, principal := range st.Principals {
				if strings.Contains(principal, "*") {
					see(t, st.Kind+" "+st.Sid+" principal "+principal)
				}
			}
		}
	})
	for what := range allowed {
		if !used[what] {
			t.Errorf("%s is on the list and in no template", what)
		}
	}
}

// TestSecretsAreNowhere: the template has a dynamic reference in EventBridge's connection, and
// nothing else about a key or a token. A function that reads a secret has its name in one variable,
// in which CloudFormation resolves nothing.
func TestSecretsAreNowhere(t *testing.T) {
	want := map[string]string{
		"datadog": "{{resolve:secretsmanager:datadog/api-key:SecretString}}",
		"both":    "{{resolve:secretsmanager:datadog/api-key:SecretString:key}}",
		"rotated": "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:111122223333:secret:dd-AbCdEf:SecretString:key::0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f}}",
	}
	each(t, func(t *testing.T, s *synthesised) {
		text, err := json.Marshal(s.template)
		if err != nil {
			t.Fatal(err)
		}
		references := regexp.MustCompile(`\{\{resolve:[^}]*\}\}`).FindAllString(string(text), -1)
		for _, d := range s.settings.Destinations {
			if s.settings.Of(d).Ingest == settings.IngestRule {
				continue
			}
			named := s.settings.Secret(d)
			for name, value := range s.variables(t, d) {
				if holds := named != "" && strings.Contains(value, named); holds != (name == "SECRET") || strings.Contains(value, "{{") {
					t.Errorf("the function's variable %s is %q", name, value)
				}
			}
		}
		if !s.settings.ByEventBridge() {
			if len(references) > 0 {
				t.Errorf("a template without a connection refers to %v", references)
			}
			return
		}
		_, connection := s.only(t, "AWS::Events::Connection", "OktaDatadogConnection")
		parameters := connection["AuthParameters"].(map[string]any)["ApiKeyAuthParameters"].(map[string]any)
		if parameters["ApiKeyName"] != "DD-API-KEY" || connection["AuthorizationType"] != "API_KEY" {
			t.Errorf("the connection says %v with the header %v", connection["AuthorizationType"], parameters["ApiKeyName"])
		}
		value := parameters["ApiKeyValue"].(string)
		if len(references) != 1 || references[0] != value {
			t.Errorf("the key is %q; the template refers to %v", value, references)
		}
		if want := want[s.name]; want != "" && value != want {
			t.Errorf("the key is %q, want %q", value, want)
		}
	})
}

// TestEverythingIsEncrypted: every resource that stores events encrypts them with the key in the
// settings.
func TestEverythingIsEncrypted(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		key := ""
		if s.settings.KMS != settings.KMSAWS {
			key = s.keyARN(t)
		}
		for kind, property := range map[string]string{
			"AWS::SQS::Queue": "KmsMasterKeyId", "AWS::Logs::LogGroup": "KmsKeyId", "AWS::Events::EventBus": "KmsKeyIdentifier",
			"AWS::Events::Connection": "KmsKeyIdentifier", "AWS::Events::Archive": "KmsKeyIdentifier",
		} {
			for id, r := range s.of(kind) {
				properties := r["Properties"].(map[string]any)
				have, _ := s.resolve(t, properties[property]).(string)
				if have != key {
					t.Errorf("%s is encrypted with %q, want %q", id, have, key)
				}
				if kind == "AWS::SQS::Queue" && key == "" && properties["SqsManagedSseEnabled"] != true {
					t.Errorf("%s is not encrypted", id)
				}
				if kind == "AWS::Events::EventBus" && key != "" && properties["DeadLetterConfig"] == nil {
					t.Errorf("%s has a key and no DLQ for what it cannot decrypt", id)
				}
			}
		}
		for id, r := range s.of("AWS::S3::Bucket") {
			rule := r["Properties"].(map[string]any)["BucketEncryption"].(map[string]any)["ServerSideEncryptionConfiguration"].([]any)[0].(map[string]any)
			with := rule["ServerSideEncryptionByDefault"].(map[string]any)
			have, _ := s.resolve(t, with["KMSMasterKeyID"]).(string)
			if algorithm := map[bool]string{true: "AES256", false: "aws:kms"}[key == ""]; have != key ||
				with["SSEAlgorithm"] != algorithm || (rule["BucketKeyEnabled"] == true) != (key != "") {
				t.Errorf("%s is encrypted with %v, want %q", id, rule, key)
			}
		}
		for id, r := range s.of("AWS::SNS::Topic") {
			if have, _ := s.resolve(t, r["Properties"].(map[string]any)["KmsMasterKeyId"]).(string); have == "" ||
				key != "" && have != key {
				t.Errorf("%s is encrypted with %q, want %q", id, have, key)
			}
		}
		for id := range s.of("AWS::KMS::Key") {
			_, properties := s.only(t, "AWS::KMS::Key", id[:len(id)-8])
			if properties["KeyUsage"] == "SIGN_VERIFY" {
				continue // KMS rotates no asymmetric key
			}
			if properties["EnableKeyRotation"] != true {
				t.Errorf("%s is not rotated", id)
			}
		}
	})
}

// TestTheFunctionUnderstandsItsEnvironment reads the deployed environment with
// the function's own reader, and compares it with the settings.
func TestTheFunctionUnderstandsItsEnvironment(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		for _, d := range s.settings.Destinations {
			set := s.settings.Of(d)
			if set.Ingest == settings.IngestRule {
				continue
			}
			_, function := s.only(t, "AWS::Lambda::Function", "Okta"+title(d)+"Function")
			environment := s.resolve(t, function["Environment"]).(map[string]any)["Variables"].(map[string]any)
			size := 0
			for name, value := range environment {
				size += len(name) + len(value.(string))
			}
			if size > 4096 {
				t.Errorf("the environment has %d bytes", size)
			}
			read := map[string]bool{}
			c, err := config.Read(func(name string) string {
				if name == "AWS_REGION" {
					return here
				}
				read[name] = true
				value, _ := environment[name].(string)
				return value
			})
			if err != nil {
				t.Fatal(err)
			}
			for name := range environment {
				if !read[name] {
					t.Errorf("the function does not read %s", name)
				}
			}
			if c.Pipeline != s.stack+"-"+string(d) || c.Source != source || c.Account != account ||
				string(c.Destination) != string(d) {
				t.Errorf("the function reads %+v", c)
			}
			if c.MaxReceiveCount != set.MaxReceiveCount() || set.Format != "" && string(c.Format) != set.Format {
				t.Errorf("the function reads %d receives and the format %s", c.MaxReceiveCount, c.Format)
			}
			for url, queue := range map[string]string{c.BufferURL: "Buffer", c.DeadURL: "Dead"} {
				if id, _ := s.only(t, "AWS::SQS::Queue", "Okta"+title(d)+queue); !strings.HasSuffix(url, "/"+s.stack+"-"+id) {
					t.Errorf("the queue %s has the URL %s", id, url)
				}
			}
			switch {
			case s.settings.HTTPS(d):
				s.readsHTTPS(t, d, c)
			case d == settings.CloudWatch:
				if s.settings.CloudWatch.LogGroup != "" {
					continue // TestLogGroups
				}
				id, _ := s.only(t, "AWS::Logs::LogGroup", "OktaCloudWatchEvents")
				if name := s.resolve(t, map[string]any{"Ref": id}); c.LogGroup != name || c.RetentionDays != set.RetentionDays {
					t.Errorf("the function writes to %s with %d days, want %v with %d", c.LogGroup, c.RetentionDays, name,
						set.RetentionDays)
				}
			case d == settings.Archive:
				if c.Bucket != s.bucket(t) || c.BucketOwner != account {
					t.Errorf("the function writes to the bucket %s of %s, want %s", c.Bucket, c.BucketOwner, s.bucket(t))
				}
			default:
				id, _ := s.only(t, "AWS::Events::EventBus", "OktaDatadogDeliveryBus")
				if name := s.resolve(t, map[string]any{"Ref": id}); c.DeliveryBus != name || c.PackBytes != set.PackBytes ||
					c.Datadog.Service != set.Service || !slices.Equal(c.Datadog.Tags, set.Tags) {
					t.Errorf("the function reads %+v, the bus is %v", c, name)
				}
			}
		}
	})
}

// TestTheDeliveryRuleMatchesPackedBatches: the rule on the delivery bus matches the events that the
// function puts there, and POSTs their logs.
func TestTheDeliveryRuleMatchesPackedBatches(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		if !s.settings.ByEventBridge() {
			return
		}
		_, rule := s.only(t, "AWS::Events::Rule", "OktaDatadogDeliveryRule")
		p := rule["EventPattern"].(map[string]any)
		packed := map[string]any{"source": eventbridge.Source, "detail-type": eventbridge.DetailType,
			"detail": map[string]any{"logs": []any{}}}
		if !matches(t, p, packed) {
			t.Errorf("the pattern %v does not match a packed batch", p)
		}
		packed["source"] = source
		if matches(t, p, packed) {
			t.Errorf("the pattern %v matches what comes from elsewhere", p)
		}
		target := rule["Targets"].([]any)[0].(map[string]any)
		if target["InputPath"] != "$.detail.logs" || target["InputTransformer"] != nil {
			t.Errorf("the target is %v", target)
		}
		_, intake := s.only(t, "AWS::Events::ApiDestination", "OktaDatadogIntake")
		want := map[string]string{"us1": "https://http-intake.logs.datadoghq.com/api/v2/logs",
			"eu1": "https://http-intake.logs.datadoghq.eu/api/v2/logs"}[s.settings.Datadog.Site]
		if intake["InvocationEndpoint"] != want || intake["HttpMethod"] != "POST" ||
			intake["InvocationRateLimitPerSecond"] != float64(s.settings.Datadog.Rate) {
			t.Errorf("the API destination is %v", intake)
		}
	})
}
