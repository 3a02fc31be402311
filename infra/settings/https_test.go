package settings

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// over is the settings of a stack with a destination over HTTPS.
func over(t *testing.T, more string) (Settings, error) {
	t.Helper()
	return Read(context(t, `{"source":"`+source+`",`+more+`}`), "us-east-1")
}

func TestCertificates(t *testing.T) {
	ca, err := os.ReadFile("testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(ca)
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("key")}))
	cut := string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes[:100]}))
	for name, test := range map[string]struct {
		text string
		want []string // of the fault
	}{
		"one":               {string(ca), nil},
		"two and a comment": {"# ours\n" + string(ca) + "\n" + string(ca), nil},
		"none":              {"certificate", []string{"caCertificate", "BEGIN CERTIFICATE"}},
		"a key":             {key, []string{"caCertificate", "certificates only", "PRIVATE KEY"}},
		"cut":               {cut, []string{"caCertificate", "certificate 1"}},
		"the second is cut": {string(ca) + cut, []string{"caCertificate", "certificate 2"}},
		"more than 4 KB":    {strings.Repeat(string(ca), 4), []string{"caCertificate", "4096", "only the private CA"}},
		"a large file":      {strings.Repeat("#", maxCertificateFile+1), []string{"caCertificate", "65536"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := over(t, `"destination":"splunk","endpoint":"https://x","secret":"s","caCertificate":"`+file+`"`)
			if test.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				der, err := Certificates(s.Splunk.CACertificate)
				if n := strings.Count(der, ",") + 1; err != nil || n != strings.Count(test.text, "END CERTIFICATE") {
					t.Errorf("%d certificates, %v", n, err)
				}
				return
			}
			if err == nil {
				t.Fatal("it is taken")
			}
			for _, word := range test.want {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("no word of %q: %v", word, err)
				}
			}
		})
	}
}

func TestSecretARN(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:"
	for secret, want := range map[string]string{
		"splunk/token":              arn + "splunk/token-??????",
		"splunk-secret":             arn + "splunk-secret-??????", // six letters, and a name all the same
		arn + "splunk/token-AbCdEf": arn + "splunk/token-AbCdEf",
		arn + "splunk/token":        arn + "splunk/token-??????",
		"arn:aws-us-gov:secretsmanager:us-gov-west-1:999988887777:secret:x": "arn:aws-us-gov:secretsmanager:us-gov-west-1:" +
			"999988887777:secret:x-??????",
	} {
		if got := SecretARN(secret, "aws", "us-east-1", "111122223333"); got != want {
			t.Errorf("%s is %s, want %s", secret, got, want)
		}
	}
}

func TestSignedTo(t *testing.T) {
	const id = "0a1b2c3d4e5f6g7h8i9j0k1l2m"
	for name, test := range map[string]struct {
		auth, endpoint string
		want           Signed
	}{
		"a domain": {"es", "https://search-okta-logs-" + id + ".us-east-1.es.amazonaws.com",
			Signed{"es:ESHttpPost", "es", "domain/okta-logs/*_bulk", true, "us-east-1"}},
		"a domain in a VPC, with a path": {"es", "https://vpc-okta-" + id + ".eu-west-1.es.amazonaws.com/_bulk",
			Signed{"es:ESHttpPost", "es", "domain/okta/*_bulk", true, "eu-west-1"}},
		"a dual-stack domain": {"es", "https://search-okta-" + id + ".aos.us-east-1.on.aws",
			Signed{"es:ESHttpPost", "es", "domain/okta/*_bulk", true, "us-east-1"}},
		"a domain's own name": {"es", "https://logs.example.com",
			Signed{"es:ESHttpPost", "es", "domain/*/*_bulk", false, ""}},
		"a collection": {"aoss", "https://0a1b2c3d4e5f6g7h8i9j.us-east-1.aoss.amazonaws.com:443",
			Signed{"aoss:APIAccessAll", "aoss", "collection/0a1b2c3d4e5f6g7h8i9j", true, "us-east-1"}},
		"a collection behind a proxy": {"aoss", "https://logs.example.com",
			Signed{"aoss:APIAccessAll", "aoss", "collection/*", false, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			s := Default()
			s.OpenSearch.Auth, s.OpenSearch.Endpoint = test.auth, test.endpoint
			if got, ok := s.SignedTo(OpenSearch); !ok || got != test.want {
				t.Errorf("%+v, %t, want %+v", got, ok, test.want)
			}
			s.OpenSearch.Auth = AuthBasic
			if got, ok := s.SignedTo(OpenSearch); ok {
				t.Errorf("with a password the function signs for %+v", got)
			}
		})
	}
}

// TestAckTakesTime: the function can wait for the acknowledgement, SQS does not hand
// out the event meanwhile, and the number of tries follows from the outage budget.
func TestAckTakesTime(t *testing.T) {
	const splunk = `"destination":"splunk","endpoint":"https://x","secret":"s"`
	for more, want := range map[string][3]int{
		``:                                 {60, 365, 59},
		`,"ack":"true"`:                    {360, 2165, 9},
		`,"ack":"true","timeout":"600"`:    {600, 3605, 5},
		`,"ack":"true","outageHours":"24"`: {360, 2165, 39},
	} {
		s, err := over(t, splunk+more)
		if err != nil {
			t.Fatal(err)
		}
		p := s.Splunk
		if got := [3]int{p.TimeoutSeconds(), p.VisibilitySeconds(), p.MaxReceiveCount()}; got != want {
			t.Errorf("%s: timeout, visibility timeout and receives are %v, want %v", more, got, want)
		}
		said := strings.Contains(strings.Join(s.Notes(), "\n"), "ack=true: the function's timeout is 360 s, not 60")
		if raised := p.TimeoutSeconds() != p.Timeout; said != raised {
			t.Errorf("%s: the timeout is raised: %t, a note says so: %t", more, raised, said)
		}
	}
}

func TestNotesOfDestinations(t *testing.T) {
	const group = "arn:aws:logs:us-east-1:111122223333:log-group:/their/group:*"
	const infrequent = `"destination":"cloudwatch","logClass":"infrequent"`
	for _, test := range []struct{ more, want string }{
		{infrequent, "cloudwatch: logClass=infrequent has no field indexes"},
		{infrequent, "oktastream reconcile --against cloudwatch fails"},
		{`"destination":"cloudwatch","logGroup":"` + group + `"`, "cloudwatch: logGroup: the stack does not change"},
		{`"destination":"opensearch","endpoint":"https://logs.example.com"`, "opensearch: the endpoint does not name"},
		{
			`"destination":"elastic","endpoint":"https://x","secret":"s","vpc":"subnet-0a1b2c3d,sg-0a1b2c3d"`,
			"elastic: vpc: the function reaches SQS",
		},
	} {
		s, err := over(t, test.more)
		if err != nil {
			t.Fatal(err)
		}
		if notes := strings.Join(s.Notes(), "\n"); !strings.Contains(notes, test.want) {
			t.Errorf("%s: no note says %q:\n%s", test.more, test.want, notes)
		}
	}
}

// TestWhatOnlyEventBridgeHas: a setting of the API destination is a fault where the
// function calls Datadog itself, and the fault says what to do.
func TestWhatOnlyEventBridgeHas(t *testing.T) {
	for set, want := range map[string][]string{
		`"rate":"50"`:                 {"datadog: rate 50:", "leave it out", "concurrency"},
		`"datadog.packBytes":"65536"`: {"datadog: packBytes 65536:", "PutEvents", "leave it out"},
		`"rate":"50","packBytes":"65536","secretVersion":"0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"`: {
			"rate 50:", "packBytes 65536:", "secretVersion: with transport=https",
		},
	} {
		more := `"destination":"datadog","secret":"s",` + set
		if _, err := over(t, more); err != nil {
			t.Errorf("%s: %v", more, err)
		}
		_, err := over(t, more+`,"transport":"https"`)
		if err == nil {
			t.Errorf("%s is taken with transport=https", set)
			continue
		}
		for _, words := range want {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v, want %q", set, err, words)
			}
		}
	}
	if _, err := over(t, `"destination":"datadog","secret":"s","transport":"https"`); err != nil {
		t.Error(err)
	}
}
