package config

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/pipeline"
)

// certificate is a self-signed certificate as CA_CERTIFICATE has it.
func certificate(t testing.TB) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func TestDefaultsOverHTTPS(t *testing.T) {
	c, err := read(valid("splunk"))
	h := c.HTTPS
	if err != nil || c.Format != pipeline.Raw || c.Route().Transport != HTTPS || c.Secret != "okta/secret" || c.SecretField != "" ||
		h.Preset != "splunk" || h.Endpoint != "https://destination.example:8088" || h.Sourcetype != "OktaIM2:log" ||
		h.Source != "okta:im2" || h.Host != "example.okta.com" || h.Index != "" || h.Ack || h.CACertificates != nil {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = read(valid("datadog-https"))
	if err != nil || c.Format != pipeline.Datadog || !c.Route().DatadogLogs || c.HTTPS.Preset != "datadog" ||
		c.HTTPS.Endpoint != "https://http-intake.logs.us5.datadoghq.com" || c.Secret != "datadog/api-key" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestEverySettingOverHTTPS(t *testing.T) {
	env := valid("splunk")
	maps.Copy(env, map[string]string{
		"OKTASTREAM_ENDPOINT": "https://hec.example/services/collector", "OKTASTREAM_SECRET_FIELD": "hec",
		"OKTASTREAM_INDEX": "okta", "OKTASTREAM_SOURCETYPE": "okta:json", "OKTASTREAM_HEC_SOURCE": "stream",
		"OKTASTREAM_ACK": "true", "OKTASTREAM_FORMAT": "ocsf", "OKTASTREAM_OKTA_DOMAIN": "okta-emea.com",
		"OKTASTREAM_CA_CERTIFICATE": certificate(t) + "," + certificate(t),
	})
	c, err := read(env)
	h := c.HTTPS
	if err != nil || c.Format != pipeline.OCSF || c.SecretField != "hec" || h.Index != "okta" || h.Sourcetype != "okta:json" ||
		h.Source != "stream" || !h.Ack || h.Host != "example.okta-emea.com" || len(h.CACertificates) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	env["OKTASTREAM_OKTA_DOMAIN"] = "none"
	if c, err := read(env); err != nil || c.HTTPS.Host != "" {
		t.Errorf("%q, %v", c.HTTPS.Host, err)
	}
	// Datadog over EventBridge is the default, by name too.
	env = valid("datadog")
	env["OKTASTREAM_TRANSPORT"] = "eventbridge"
	if c, err := read(env); err != nil || c.Route().Transport != EventBridge {
		t.Errorf("%+v, %v", c.Route(), err)
	}
}

func TestFaultsOverHTTPS(t *testing.T) {
	for _, c := range []struct{ destination, key, value string }{
		{"splunk", "OKTASTREAM_ENDPOINT", ""}, {"splunk", "OKTASTREAM_ENDPOINT", "http://hec.example:8088"},
		{"splunk", "OKTASTREAM_ENDPOINT", "https://user:password@hec.example"},
		{"splunk", "OKTASTREAM_SECRET", ""}, {"splunk", "OKTASTREAM_ACK", "yes"},
		{"splunk", "OKTASTREAM_CA_CERTIFICATE", "-----BEGIN"}, {"splunk", "OKTASTREAM_CA_CERTIFICATE", "AAAA"},
		{"splunk", "OKTASTREAM_TRANSPORT", "eventbridge"}, {"cloudwatch", "OKTASTREAM_TRANSPORT", "https"},
		{"elastic", "OKTASTREAM_DATA_STREAM", "Logs"}, {"elastic", "OKTASTREAM_FORMAT", "ocsf"},
		{"elastic", "OKTASTREAM_SECRET", ""}, {"opensearch", "OKTASTREAM_INDEX", "_okta"},
		{"opensearch", "OKTASTREAM_AUTH", "apiKey"},
		{"datadog-https", "OKTASTREAM_SITE", ""}, {"datadog-https", "OKTASTREAM_SITE", "https://datadoghq.com"},
		{"datadog-https", "OKTASTREAM_SECRET", ""}, {"datadog", "OKTASTREAM_TRANSPORT", "smtp"},
	} {
		env := valid(c.destination)
		env[c.key] = c.value
		_, err := read(env)
		if err == nil || !strings.Contains(err.Error(), c.key) || strings.Contains(err.Error(), "password@") ||
			c.key != "OKTASTREAM_TRANSPORT" && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s, %s=%q: %v", c.destination, c.key, c.value, err)
		}
	}
}
