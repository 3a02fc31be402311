package config

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// https reads what a sink over HTTPS needs. Every fault names the variable that it is
// about.
func (r *reader) https(c *Config) {
	h := &c.HTTPS
	*h = https.Config{
		Preset: string(c.Destination), Region: c.Region, Format: string(c.Format),
		CACertificates: r.certificates("CA_CERTIFICATE"),
	}
	c.Secret, c.SecretField = r.get(prefix+"SECRET"), r.get(prefix+"SECRET_FIELD")
	index, dataStream := r.get(prefix+"INDEX"), r.get(prefix+"DATA_STREAM")
	switch c.Destination {
	case Datadog:
		h.Endpoint = r.site("SITE")
	case Splunk:
		h.Index, h.Host, h.Ack = index, r.host(c), r.flag("ACK")
		h.Sourcetype = cmp.Or(r.get(prefix+"SOURCETYPE"), https.DefaultSourcetype)
		h.Source = cmp.Or(r.get(prefix+"HEC_SOURCE"), https.DefaultSource)
	case Elastic:
		h.Auth, h.DataStream = r.get(prefix+"AUTH"), cmp.Or(dataStream, https.DefaultDataStream)
	case OpenSearch:
		h.Auth, h.DataStream = r.get(prefix+"AUTH"), dataStream
		if dataStream == "" {
			h.Index = cmp.Or(index, https.DefaultIndex)
		}
	}
	if c.Destination != Datadog {
		h.Endpoint = r.get(prefix + "ENDPOINT")
	}
	for _, fault := range h.Faults(c.Secret != "") {
		variable := map[string]string{
			https.SettingEndpoint: "ENDPOINT", https.SettingAuth: "AUTH", https.SettingSecret: "SECRET",
			https.SettingDestination: "DESTINATION", https.SettingIndex: "INDEX", https.SettingDataStream: "DATA_STREAM",
			https.SettingFormat: "FORMAT",
		}[fault.Setting]
		if c.Destination == Datadog && fault.Setting == https.SettingEndpoint {
			continue // the site is read above
		}
		r.fault(prefix + variable + ": " + fault.Text)
	}
}

// host is the host name of the org that the events are from, "" where it cannot be told.
func (r *reader) host(c *Config) string {
	org, _, ok := events.ParseSource(c.Source)
	if !ok || c.Datadog.Domain == datadog.NoDomain {
		return ""
	}
	return org + "." + cmp.Or(c.Datadog.Domain, datadog.DefaultDomain)
}

// site reads a Datadog site and returns the endpoint of its intake.
func (r *reader) site(key string) string {
	return "https://http-intake.logs." + r.text(key, siteName, "the host of a Datadog site, such as datadoghq.com")
}

func (r *reader) flag(key string) bool {
	switch value := r.get(prefix + key); value {
	case "true":
		return true
	case "", "false":
	default:
		r.fault(fmt.Sprintf("%s%s must be true or absent, not %q", prefix, key, value))
	}
	return false
}

// certificates reads certificates: base64 of DER, joined by commas.
func (r *reader) certificates(key string) (list []*x509.Certificate) {
	for i, text := range r.list(key) {
		der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			r.fault(fmt.Sprintf("%s%s: certificate %d is not base64", prefix, key, i+1))
			return nil
		}
		one, err := x509.ParseCertificate(der)
		if err != nil {
			r.fault(fmt.Sprintf("%s%s: certificate %d is not a certificate in DER", prefix, key, i+1))
			return nil
		}
		list = append(list, one)
	}
	return list
}
