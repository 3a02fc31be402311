//go:build !race

// The CDK runs in a Node.js process that Go calls through a pipe. The race detector cannot see it,
// and would make compiling the 30,000 generated files of the CDK take minutes. Concurrent code of
// this module is tested with -race elsewhere.

package oktastream

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/oktastream/oktastream/infra/internal/access"
	"github.com/oktastream/oktastream/infra/settings"
)

var (
	update    = flag.Bool("update", false, "rewrite the snapshot of the default template")
	templates = flag.String("templates", "", "write the template of every configuration into this folder, for a linter")
)

// withoutNode is the environment variable that skips the tests which need
// Node.js. It is not a flag, because `go test ./...` passes flags to every package.
const withoutNode = "OKTASTREAM_WITHOUT_NODE"

// TestMain fails without Node.js: `go test` prints nothing of a package that
// passes, so a skip would look like a success.
func TestMain(m *testing.M) {
	flag.Parse()
	if !hasNode() && os.Getenv(withoutNode) == "" {
		fmt.Println("Node.js is missing, and the CDK needs it: no template was tested.\n" +
			"Install Node.js 22 or newer (https://nodejs.org), or set " + withoutNode + "=1 to skip these tests.")
		os.Exit(1)
	}
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

func hasNode() bool {
	_, err := exec.LookPath("node")
	return err == nil
}

// needNode skips a test where Node.js is missing and [withoutNode] is set.
func needNode(t *testing.T) {
	t.Helper()
	if !hasNode() {
		t.Skip("Node.js is missing: no template is tested")
	}
}

const (
	source   = "aws.partner/okta.com/example/oktastream"
	account  = "111122223333"
	here     = "us-east-1"
	deployer = "arn:aws:iam::111122223333:role/cfn-exec"
	// privateCA is the certificate of a CA whose key nobody has.
	privateCA   = "../settings/testdata/ca.pem"
	theirGroup  = "arn:aws:logs:us-east-1:111122223333:log-group:/their/events"
	theirBucket = "their-archive"
	given       = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// configurations are what the tests synthesise, by name: context as a user would
// write it.
func configurations() map[string]map[string]any {
	with := func(pairs ...any) map[string]any {
		context := map[string]any{"source": source}
		for i := 0; i < len(pairs); i += 2 {
			context[pairs[i].(string)] = pairs[i+1]
		}
		return context
	}
	const cw, dd, both = "cloudwatch", "datadog", "cloudwatch,datadog"
	return map[string]map[string]any{
		"cloudwatch":        with("destination", cw),
		"datadog":           with("destination", dd, "secret", "datadog/api-key"),
		"both":              with("destination", both, "secret", "datadog/api-key", "secretField", "key", "tags", "env:prod"),
		"lambda-cloudwatch": with("destination", cw, "ingest", "lambda"),
		"lambda-datadog":    with("destination", dd, "ingest", "lambda", "secret", "datadog/api-key", "site", "eu1", "rate", 50),
		"rule-cloudwatch":   with("destination", cw, "ingest", "rule"),
		"rule-datadog": with("destination", dd, "ingest", "rule", "secret", "datadog/api-key", "tags",
			"env:prod,team:sec"),
		"mixed": with("destination", both, "secret", "datadog/api-key", "datadog.ingest", "rule",
			"cloudwatch.ingest", "lambda"),
		"kms-own":         with("destination", both, "secret", "datadog/api-key", "kms", "own", "archiveDays", 30),
		"kms-given":       with("destination", both, "secret", "datadog/api-key", "kms", given),
		"kms-own-rule":    with("destination", both, "secret", "datadog/api-key", "kms", "own", "ingest", "rule"),
		"raw":             with("destination", cw, "format", "raw", "exclude", "system.*,app.oauth2.*"),
		"existing":        with("destination", cw, "bus", "existing", "archiveDays", 7),
		"existing-own":    with("destination", both, "secret", "datadog/api-key", "bus", "existing", "kms", "own"),
		"include":         with("destination", cw, "include", "user.session.*,user.mfa.*", "replayPrincipals", "arn:aws:iam::111122223333:role/oncall"),
		"include-exclude": with("destination", cw, "include", "user.*", "exclude", "user.session.end"),
		"filter-rule": with("destination", both, "secret", "datadog/api-key", "ingest", "rule", "include",
			"user.session.start"),
		"rotated": with("destination", dd, "secret",
			"arn:aws:secretsmanager:us-east-1:111122223333:secret:dd-AbCdEf", "secretField", "key", "secretVersion",
			"0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"),
		"slow": with("destination", cw, "timeout", 900, "window", 300, "batch", 10000, "outageHours", 96, "alarmTopic",
			"arn:aws:sns:us-east-1:111122223333:oncall"),
		"destroy":         with("destination", cw, "removal", "destroy", "retention", 0, "kms", "own"),
		"detections":      with("destination", cw, "detections", true, "alarmEmail", "oncall@example.com"),
		"detections-rule": with("destination", cw, "detections", true, "ingest", "rule", "logGroup", theirGroup),
		"mail":            with("destination", cw, "alarmEmail", "oncall@example.com", "live", true),
		"mail-own": with("destination", both, "secret", "datadog/api-key", "alarmEmail", "oncall@example.com",
			"kms", "own", "silenceMinutes", 15),
		"mail-live-both": with("destination", both, "secret", "datadog/api-key", "alarmEmail", "oncall@example.com",
			"live", true),
		"mail-given": with("destination", cw, "alarmEmail", "oncall@example.com", "kms", given),
		"locked": with("destination", both, "secret", "datadog/api-key", "datadog.ingest", "rule",
			"lockQueues", deployer, "replayPrincipals", "arn:aws:iam::111122223333:role/oncall"),
		"splunk": with("destination", "splunk", "endpoint", "https://http-inputs-example.splunkcloud.com", "secret",
			"splunk/hec-token", "index", "okta", "splunk.source", "okta:stream", "ack", true),
		"elastic": with("destination", "elastic", "endpoint", "https://es.internal.example:9200/_bulk", "ingest", "lambda",
			"secret", "arn:aws:secretsmanager:us-east-1:111122223333:secret:elastic/key-AbCdEf", "caCertificate", privateCA,
			"vpc", "subnet-0a1b2c3d4e5f60718,subnet-0a1b2c3d,sg-0a1b2c3d4e5f60718"),
		"opensearch": with("destination", "opensearch", "endpoint", "https://search-okta-logs-"+
			"0a1b2c3d4e5f6g7h8i9j0k1l2m.us-east-1.es.amazonaws.com", "format", "ocsf", "secret", "not/read", "kms", "own"),
		"own-domain": with("destination", "opensearch", "endpoint", "https://logs.example.com", "dataStream", "okta"),
		"datadog-https": with("destination", dd, "secret", "datadog/api-key", "transport", "https", "site", "eu1", "kms",
			"own"),
		"all": with("destination", "cloudwatch,datadog,splunk,elastic,opensearch", "kms", "own", "secret", "logs/keys", "transport", "https",
			"datadog.secret", "datadog/api-key", "secretField", "hec", "elastic.secretField", "elastic", "elastic.auth",
			"basic", "datadog.secretField", "key", "splunk.endpoint", "https://splunk.example.com:8088",
			"elastic.endpoint", "https://example.es.us-east-1.aws.elastic.cloud", "opensearch.auth", "aoss",
			"opensearch.endpoint", "https://0a1b2c3d4e5f6g7h8i9j.eu-west-1.aoss.amazonaws.com", "logGroup", "/okta/events",
			"logClass", "infrequent"),
		"auditor": with("destination", "cloudwatch", "okta.secret", "okta/api", "okta.orgUrl", "https://example.okta.com"),
		"auditor-archive": with("destination", "cloudwatch,archive", "okta.secret", "okta/api", "okta.orgUrl",
			"https://example.okta.com", "kms", "own", "digestKey", "own", "okta.every", 5, "okta.since", "2026-11-01",
			"lockQueues", deployer),
		"archive": with("destination", "archive", "removal", "destroy"),
		"archive-own": with("destination", "cloudwatch,archive", "kms", "own", "archiveDays", 30, "lock", "compliance",
			"lockYears", 7, "lockConfirm", "cannot be deleted for 7 years", "digestKey", "own", "coldDays", 0),
		"archive-given": with("destination", "archive", "bucket", theirBucket, "kms", given, "digestKey", otherKey,
			"format", "ocsf", "observables", true, "athenaScanGB", 5),
		"log-group":      with("destination", cw, "logGroup", theirGroup, "kms", "own"),
		"log-group-rule": with("destination", cw, "logGroup", theirGroup+":*", "ingest", "rule"),
	}
}

// synthesised is a configuration and its template.
type synthesised struct {
	name     string
	settings settings.Settings
	template map[string]any
	account  *access.Account
	stack    string
	findings []map[string]string // cdk-nag's, one for each rule and resource
}

// synthesise makes the template of each configuration once per test binary.
func synthesise(t *testing.T, name string) *synthesised {
	t.Helper()
	needNode(t)
	context, ok := configurations()[name]
	if !ok {
		t.Fatalf("there is no configuration %q", name)
	}
	s, err := once(name, context)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	mu   sync.Mutex
	made = map[string]func() (*synthesised, error){}
)

func once(name string, context map[string]any) (*synthesised, error) {
	mu.Lock()
	make, ok := made[name]
	if !ok {
		make = sync.OnceValues(func() (*synthesised, error) { return synth(name, context) })
		made[name] = make
	}
	mu.Unlock()
	return make()
}

func synth(name string, context map[string]any) (*synthesised, error) {
	set, err := settings.Read(context, here)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cdk-out-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	app := newApp(dir)
	stack := awscdk.NewStack(app, &set.Stack, nil)
	if _, err := New(stack, "Okta", Props{Settings: set}); err != nil {
		return nil, err
	}
	// cdk-nag looks at the tree and changes nothing of the template (TestNag).
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		Reports: jsii.Bool(true), ReportFormats: &[]cdknag.NagReportFormat{cdknag.NagReportFormat_CSV},
	}), nil)
	app.Synth(nil)
	text, err := os.ReadFile(filepath.Join(dir, set.Stack+".template.json"))
	if err != nil {
		return nil, err
	}
	if *templates != "" {
		if err := os.WriteFile(filepath.Join(*templates, name+".template.json"), text, 0o644); err != nil {
			return nil, err
		}
	}
	out := &synthesised{name: name, settings: set, stack: set.Stack}
	if out.findings, err = readReport(dir); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &out.template); err != nil {
		return nil, err
	}
	out.account, err = out.read(nil)
	if err == nil && set.KMS == given {
		out.account, err = out.read(map[string]any{given: out.givenKeyPolicy()})
	}
	return out, err
}

// read evaluates the template in an account, with the policies of resources outside it.
func (s *synthesised) read(outside map[string]any) (*access.Account, error) {
	return access.Read(s.template, access.Where{Account: account, Region: here, StackName: s.stack,
		Policies: outside})
}

// givenKeyPolicy is the policy of an existing key after its owner has followed the Output: AWS's
// default statement and those of the Output.
func (s *synthesised) givenKeyPolicy() map[string]any {
	for id, output := range s.template["Outputs"].(map[string]any) {
		if !strings.HasPrefix(id, "OktaKeyPolicyStatements") {
			continue
		}
		text, err := s.account.Resolve(output.(map[string]any)["Value"])
		if err != nil {
			return nil
		}
		var statements []any
		if json.Unmarshal([]byte(text.(string)), &statements) != nil {
			return nil
		}
		account := map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + account +
			":root"}, "Action": "kms:*", "Resource": "*"}
		return map[string]any{"Version": "2012-10-17", "Statement": append(statements, account)}
	}
	return nil
}

// newApp makes an app that does not build the function: its code changes only the key of an asset
// in a template, and other tests cover building it.
func newApp(dir string) awscdk.App {
	return awscdk.NewApp(&awscdk.AppProps{
		Outdir: &dir, AnalyticsReporting: jsii.Bool(false), TreeMetadata: jsii.Bool(false),
		Context: &map[string]any{"aws:cdk:bundling-stacks": []string{}, "aws:cdk:disable-metadata-stack-trace": true},
	})
}

// each runs a test on every configuration.
func each(t *testing.T, test func(*testing.T, *synthesised)) {
	needNode(t)
	for name := range configurations() {
		t.Run(name, func(t *testing.T) { test(t, synthesise(t, name)) })
	}
}

// of are the resources of one type, by logical id.
func (s *synthesised) of(kind string) map[string]map[string]any {
	found := map[string]map[string]any{}
	for id, r := range s.template["Resources"].(map[string]any) {
		if r := r.(map[string]any); r["Type"] == kind {
			found[id] = r
		}
	}
	return found
}

// only is the one resource of a type whose logical id begins so.
func (s *synthesised) only(t *testing.T, kind, prefix string) (id string, properties map[string]any) {
	t.Helper()
	for have, r := range s.of(kind) {
		if len(have) >= len(prefix) && have[:len(prefix)] == prefix && (len(have) == len(prefix)+8) {
			if id != "" {
				t.Fatalf("%s: %s and %s both begin with %s", s.name, id, have, prefix)
			}
			id, properties = have, r["Properties"].(map[string]any)
		}
	}
	if id == "" {
		t.Fatalf("%s: no %s begins with %s", s.name, kind, prefix)
	}
	return id, properties
}

// resolve makes a value of the template concrete.
func (s *synthesised) resolve(t *testing.T, value any) any {
	t.Helper()
	v, err := s.account.Resolve(value)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
