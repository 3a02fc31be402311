package config_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

const token = "the-token-of-hec"

func records() []sink.Record {
	return []sink.Record{{Line: []byte(`{"uuid":"u"}`), UUID: "u", TimeMS: time.Now().UnixMilli()}}
}

func splunk(t *testing.T) (config.Config, *httpsfake.HEC) {
	hec := httpsfake.NewHEC(httpsfake.HECOptions{Token: token})
	server := httptest.NewServer(hec)
	t.Cleanup(server.Close)
	return config.Config{
		Destination: config.Splunk, Secret: "okta/hec", HTTPS: https.Config{Preset: "splunk", Endpoint: server.URL},
	}, hec
}

// The secret comes from Secrets Manager, whole or a member of it.
func TestTheSecretIsReadFromSecretsManager(t *testing.T) {
	for name, c := range map[string]struct {
		value, field string
		fault        *awsfake.Fault
		kind         sink.Kind
		want         string // the end of the error; "" none
	}{
		"whole":           {token + "\n", "", nil, 0, ""},
		"a member":        {`{"hec":"` + token + `","other":1}`, "hec", nil, 0, ""},
		"no such member":  {`{"hec":"canary"}`, "hek", nil, sink.Blocked, "setting secretField"},
		"not text":        {`{"hec":["canary"]}`, "hec", nil, sink.Blocked, "setting secretField"},
		"not an object":   {`"canary"`, "hec", nil, sink.Blocked, "setting secretField"},
		"no field named":  {`{"hec":"canary"}`, "", nil, sink.Blocked, "setting secretField"},
		"not JSON":        {`canary{`, "hec", nil, sink.Blocked, "setting secretField"},
		"no permission":   {token, "", &awsfake.Fault{Code: "AccessDeniedException"}, sink.Blocked, "setting secret"},
		"being deleted":   {token, "", &awsfake.Fault{Code: "InvalidRequestException"}, sink.Blocked, "setting secret"},
		"key disabled":    {token, "", &awsfake.Fault{Code: "DecryptionFailure"}, sink.Blocked, "setting secret"},
		"something new":   {token, "", &awsfake.Fault{Code: "SomethingNewException"}, sink.Blocked, "setting secret"},
		"throttled":       {token, "", &awsfake.Fault{Throttle: true}, sink.Transient, "(HTTP 400)"},
		"failing":         {token, "", &awsfake.Fault{Status: 500}, sink.Transient, "(HTTP 500)"},
		"connection lost": {token, "", &awsfake.Fault{Reset: true}, sink.Transient, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := awsfake.New(t, awsfake.Options{})
			cloud.SetSecret("okta/hec", c.value)
			if c.fault != nil {
				cloud.SetFaults(func(awsfake.Call) awsfake.Fault { return *c.fault })
			}
			cfg, hec := splunk(t)
			cfg.SecretField = c.field
			clients := config.Clients{Secrets: secretsmanager.NewFromConfig(cloud.Config())}
			loop, err := cfg.NewLoop(clients, time.Now, 0)
			if err != nil {
				t.Fatal(err)
			}
			answers := make([]sink.Answer, 1)
			err = loop.Sink.Deliver(t.Context(), records(), answers)
			if c.want == "" && c.fault == nil {
				if err != nil || answers[0].State != sink.Accepted || len(hec.Events()) != 1 {
					t.Errorf("%+v, %v", answers, err)
				}
				return
			}
			if err == nil || !strings.HasSuffix(err.Error(), c.want) ||
				sink.KindOf(err) != c.kind || strings.Contains(err.Error(), "canary") || len(hec.Events()) != 0 {
				t.Errorf("kind %d: %v", sink.KindOf(err), err)
			}
		})
	}
}

func TestASecretThatIsMissing(t *testing.T) {
	cloud := awsfake.New(t, awsfake.Options{})
	cfg, _ := splunk(t)
	clients := config.Clients{Secrets: secretsmanager.NewFromConfig(cloud.Config())}
	loop, err := cfg.NewLoop(clients, time.Now, 0)
	if err != nil {
		t.Fatal(err)
	}
	err = loop.Sink.Deliver(t.Context(), records(), make([]sink.Answer, 1))
	if sink.KindOf(err) != sink.Blocked || !strings.Contains(err.Error(), "ResourceNotFound") {
		t.Errorf("%v", err)
	}
}

// The command has the secret itself.
func TestASecretThatIsGiven(t *testing.T) {
	cfg, hec := splunk(t)
	loop, err := cfg.NewLoop(config.Clients{Secret: httpsfake.Secret(token)}, time.Now, 0)
	if err != nil {
		t.Fatal(err)
	}
	if out := loop.Deliver(t.Context(), records()); out.Answers[0].State != sink.Accepted || len(hec.Events()) != 1 {
		t.Errorf("%+v", out)
	}
	cfg.HTTPS.Endpoint = "http://hec.example"
	if _, err := cfg.NewLoop(config.Clients{Secret: httpsfake.Secret(token)}, time.Now, 0); err == nil ||
		!strings.HasPrefix(err.Error(), "destination splunk: endpoint must be") {
		t.Errorf("%v", err)
	}
}

// transport answers requests without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Datadog over HTTPS is called at its site.
func TestDatadogOverHTTPS(t *testing.T) {
	var host string
	client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		host = r.URL.Host
		return nil, context.Canceled
	})}
	c := config.Config{
		Destination: config.Datadog, Transport: config.HTTPS,
		HTTPS: https.Config{Preset: "datadog", Endpoint: "https://http-intake.logs.datadoghq.eu"},
	}
	loop, err := c.NewLoop(config.Clients{Secret: httpsfake.Secret(token), HTTP: client}, time.Now, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = loop.Sink.Deliver(t.Context(), records(), make([]sink.Answer, 1))
	if host != "http-intake.logs.datadoghq.eu" {
		t.Errorf("called %q", host)
	}
}
