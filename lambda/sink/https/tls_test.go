package https_test

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// The certificate has to be issued by a trusted CA, and for the host.
func TestCertificatesAreVerified(t *testing.T) {
	for name, open := range targets() {
		d := open()
		server := httptest.NewUnstartedServer(d.handler)
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
		server.StartTLS()
		t.Cleanup(server.Close)
		trusted := []*x509.Certificate{server.Certificate()}
		port := server.URL[strings.LastIndexByte(server.URL, ':'):]
		for _, c := range []struct {
			name, endpoint string
			ca             []*x509.Certificate
			want           string
		}{
			{"a CA that is not trusted", server.URL, nil, "caCertificate"},
			{"another host", "https://localhost" + port, trusted, "caCertificate"},
			{"a private CA", server.URL, trusted, ""},
		} {
			d.config.Endpoint, d.config.CACertificates = c.endpoint, c.ca
			s, err := https.New(d.config)
			if err != nil {
				t.Fatal(err)
			}
			answers, err := deliver(t.Context(), s, records(2))
			if c.want == "" {
				if err != nil || states(answers) != "aa" {
					t.Errorf("%s, %s: %s, %v", name, c.name, states(answers), err)
				}
				continue
			}
			if states(answers) != "rr" || sink.KindOf(err) != sink.Blocked ||
				!strings.HasSuffix(err.Error(), "correct the setting "+c.want) {
				t.Errorf("%s, %s: %s, %v", name, c.name, states(answers), err)
			}
		}
		if len(d.arrived()) != 2 {
			t.Errorf("%s: %d records arrived", name, len(d.arrived()))
		}
	}
}

func TestAServerWithoutTLS(t *testing.T) {
	d := splunk()
	server := httptest.NewServer(d.handler)
	t.Cleanup(server.Close)
	d.config.Endpoint = strings.Replace(server.URL, "http:", "https:", 1)
	s, err := https.New(d.config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deliver(t.Context(), s, records(1)); sink.KindOf(err) != sink.Blocked ||
		!strings.HasSuffix(err.Error(), "the server does not speak TLS: correct the setting endpoint") {
		t.Errorf("%v", err)
	}
}

func TestEndpoints(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                                "it is empty",
		"splunk.example.com":              "it has no host",
		"http://splunk.example.com:8088":  "plain http",
		"http://10.0.0.7:8088":            "plain http",
		"http://127.0.0.1.example.com":    "plain http",
		"ftp://splunk.example.com":        "must be an https URL",
		"https://user:pw@splunk.example":  "belong into the secret",
		"https://splunk.example?token=pw": "without ? and #",
		"https://splunk.example/#pw":      "without ? and #",
		"https:///services/collector":     "it has no host",
		"https://pw\x7f":                  "cannot be read",
		"https://splunk.example.com:8088": "", "http://localhost:8088": "", "http://127.0.0.1:1": "", "http://[::1]:1": "",
		"https://splunk.example.com/services/collector/raw": "",
	} {
		d := splunk()
		d.config.Endpoint = endpoint
		_, err := https.New(d.config)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pw")) {
			t.Errorf("%q: %v, want %q", endpoint, err, want)
		}
	}
}

// A base URL and the full one mean the same.
func TestEndpointIsABaseOrTheFullURL(t *testing.T) {
	for preset, paths := range map[string]map[string]string{
		"splunk": {
			"": "", "/": "", "/services/collector": "", "/services/collector/event": "", "/services/collector/event/1.0": "",
			"/splunk": "/splunk", "/splunk/": "/splunk", "/splunk/services/collector/event": "/splunk",
		},
		"datadog": {"": "", "/": "", "/api/v2/logs": "", "/intake": "/intake", "/intake/api/v2/logs": "/intake"},
	} {
		for path, base := range paths {
			d := targets()[preset]()
			server := httptest.NewServer(http.StripPrefix(base, d.handler))
			d.config.Endpoint = server.URL + path
			s, err := https.New(d.config)
			if err != nil {
				t.Fatal(err)
			}
			if answers, err := deliver(t.Context(), s, records(1)); err != nil || states(answers) != "a" {
				t.Errorf("%s%s: %s, %v", preset, path, states(answers), err)
			}
			server.Close()
		}
	}
}

func TestSettingsThatAreMissing(t *testing.T) {
	_, err := https.New(https.Config{Preset: "splunk", Endpoint: "x", Auth: "y"})
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want two faults, got %v", err)
	}
	if _, err := https.New(https.Config{Preset: "spunk"}); err == nil {
		t.Error("an unknown preset is accepted")
	}
	_, err = https.New(https.Config{Preset: "splunk", Endpoint: "https://splunk.example"})
	if err == nil || !strings.Contains(err.Error(), "secret is missing") {
		t.Errorf("%v", err)
	}
}
