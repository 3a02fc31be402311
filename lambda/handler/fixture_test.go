package handler

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tidwall/gjson"
)

var update = flag.Bool("update", false, "write the benchmark's fixture anew")

// fixturePath holds what the benchmark measures with: a hundred events, one a
// line, of a middle-sized org at work. It is in the repository so that figures
// from different days are about the same bytes.
const fixturePath = "../../testdata/benchmark.jsonl"

// traffic is of which events of testdata the fixture is made, and how many of
// each: mostly provisioning and hooks, which no human waits for, then sign-ins,
// which are up to three times as long.
var traffic = []struct {
	event string
	times int
}{
	{"application-provision-user-push", 12},
	{"group-user-membership-remove", 12},
	{"application-user-membership-add", 10},
	{"system-import-user-create", 10},
	{"event-hook-delivery", 10},
	{"group-user-membership-add", 4},
	{"session-end", 4},
	{"system-ldapi-bind", 3},
	{"system-push-factor-verify", 3},
	{"app-oauth2-as-token-grant", 2},
	{"authentication-sso-oidc", 2},
	{"authentication-sso-saml", 2},
	{"core-el-evaluate", 2},
	{"inline-hook-executed", 2},
	{"policy-evaluate-sign-on-allow", 2},
	{"security-request-blocked", 2},
	{"session-start-invalid-credentials", 2},
	{"session-start-success", 2},
	{"system-email-new-device", 2},
	{"system-org-rate-limit-warning", 2},
	{"user-account-update-profile", 2},
	{"user-lifecycle-create", 2},
	{"app-oauth2-as-authorize-code", 1},
	{"authentication-mfa-fastpass", 1},
	{"authentication-mfa-sms", 1},
	{"authentication-verify", 1},
	{"policy-rule-update", 1},
	{"user-risk-detect", 1},
}

// made is the fixture as traffic says, in an order in which no two neighbours
// are alike. Every event has a uuid of its own: copies would not be delivered.
func made(t *testing.T) []byte {
	t.Helper()
	var events []string
	for _, of := range traffic {
		text, err := os.ReadFile(filepath.Join("../../testdata/events", of.event+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			t.Fatalf("%s: %v", of.event, err)
		}
		detail := line.String()
		if inner := gjson.Get(detail, "detail"); inner.Exists() {
			detail = inner.Raw
		}
		for range of.times {
			uuid := gjson.Get(detail, "uuid").Raw
			events = append(events, strings.Replace(detail, uuid, fmt.Sprintf(`"%s%012d"`, uuid[1:25], len(events)), 1))
		}
	}
	var out bytes.Buffer
	const step = 37 // has no divisor in common with a hundred
	for i := range events {
		out.WriteString(events[i*step%len(events)])
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// TestFixture: the committed fixture is what traffic says, a hundred events of
// 1.8 kB in the mean.
func TestFixture(t *testing.T) {
	want := made(t)
	if *update {
		if err := os.WriteFile(fixturePath, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	details := fixture(t)
	size, uuids := 0, map[string]bool{}
	for _, d := range details {
		size += len(d)
		uuids[gjson.Get(d, "uuid").Str] = true
	}
	if mean := float64(size) / float64(len(details)); len(details) != 100 || mean < 1790 || mean > 1810 {
		t.Errorf("%d events of %.0f bytes in the mean, want 100 of 1,800", len(details), mean)
	}
	if len(uuids) != len(details) {
		t.Errorf("%d uuids", len(uuids))
	}
	if got := strings.Join(details, "\n") + "\n"; got != string(want) {
		t.Error("the fixture is not what testdata/events make: go test ./lambda/handler -run TestFixture -update")
	}
}

// fixture are the events of the fixture.
func fixture(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(fixturePath)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// payload is an SQS batch of n messages as Lambda hands it to the function
// (Lambda developer guide, "Using Lambda with Amazon SQS"), each with an event of
// the fixture in its envelope, and each with a uuid of its own.
func payload(t testing.TB, n int) []byte {
	t.Helper()
	details := fixture(t)
	messages := make([]string, n)
	for i := range messages {
		detail := details[i%len(details)]
		uuid := gjson.Get(detail, "uuid").Raw
		detail = strings.Replace(detail, uuid, fmt.Sprintf(`"%s%012d"`, uuid[1:25], i), 1)
		published := gjson.Get(detail, "published").Str
		body, err := jsontext.AppendQuote(nil, fmt.Sprintf(`{"version":"0","id":"50ab316a-1b6e-4a6f-9654-%012d","detail-type":"SystemLog","source":%q,"account":%q,"time":"%.19sZ","region":%q,"resources":[],"detail":%s}`,
			i, ownSource, ownAccount, published, ownRegion, detail))
		if err != nil {
			t.Fatal(err)
		}
		messages[i] = fmt.Sprintf(`{"messageId":"059f36b4-87a3-44ab-83d2-%012d","receiptHandle":"AQEB%s","body":%s,`+
			`"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1756721472512","SenderId":"AIDAIENQZJOLO23YVJ4VO","ApproximateFirstReceiveTimestamp":"1756721472518"},`+
			`"messageAttributes":{},"md5OfBody":"e4e68fb7bd0e697a0ae8f1bb342846b3","eventSource":"aws:sqs",`+
			`"eventSourceARN":"arn:aws:sqs:us-east-1:111122223333:okta-cloudwatch-buffer","awsRegion":"us-east-1"}`,
			i, strings.Repeat("wJnTpBZ3qeLXRzb6", 20), body)
	}
	return []byte(`{"Records":[` + strings.Join(messages, ",") + `]}`)
}
