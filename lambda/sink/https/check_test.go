package https_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// search is a target of _bulk with these options, which a user and password open.
func search(preset string, o httpsfake.BulkOptions, indexes ...string) target {
	o.Elasticsearch = preset == "elastic"
	bulk := httpsfake.NewBulk(o)
	for _, name := range indexes {
		bulk.AddIndex(name)
	}
	bulk.SetAuthorization("Basic " + base64.StdEncoding.EncodeToString([]byte(token)))
	return target{config: https.Config{Preset: preset, Auth: "basic", Secret: httpsfake.Secret(token)}, handler: bulk,
		arrived: func() (lines [][]byte) {
			for _, d := range bulk.Documents() {
				lines = append(lines, d.Source)
			}
			return lines
		}}
}

const stream = https.DefaultDataStream

// Check says what is right and what it cannot see, names the setting at fault, and
// writes nothing.
func TestCheck(t *testing.T) {
	wrong := func(d target) target {
		d.config.Secret = httpsfake.Secret("canary:secret")
		return d
	}
	with := func(d target, change func(*https.Config)) target {
		change(&d.config)
		return d
	}
	indexed := func(c *https.Config) { c.Index = "okta" }
	streams := []string{"logs-okta.system-*"}
	rights := func(names ...string) httpsfake.BulkOptions {
		return httpsfake.BulkOptions{DataStreams: streams, Privileges: names}
	}
	unsigned := opensearchTarget()
	unsigned.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDOTHER", SecretAccessKey: "canary"}, nil
	})
	acks := func() target {
		d := splunk()
		d.handler = httpsfake.NewHEC(httpsfake.HECOptions{Token: token, Acks: true})
		d.config.Ack = true
		return d
	}
	for name, test := range map[string]struct {
		target  target
		fault   httpsfake.Fault
		seen    string // of the report
		unseen  string
		blocked string // the setting of the error
		err     string // the error of another kind
	}{
		"splunk":             {target: splunk(), seen: "the token is accepted"},
		"splunk, index":      {target: with(splunk(), indexed), seen: "the token is accepted", unseen: "index okta"},
		"splunk, ack":        {target: acks(), seen: "the token is accepted"},
		"splunk, token":      {target: wrong(splunk()), blocked: "secret"},
		"splunk, disabled":   {target: splunk(), fault: httpsfake.HECFault(1), blocked: "secret"},
		"splunk, busy":       {target: splunk(), fault: httpsfake.HECFault(9), err: "server is busy"},
		"splunk, a proxy":    {target: splunk(), fault: httpsfake.Page(http.StatusOK), err: "not that of the destination"},
		"datadog":            {target: datadogTarget(), seen: "the API key is valid"},
		"datadog, key":       {target: wrong(datadogTarget()), blocked: "secret"},
		"datadog, a proxy":   {target: datadogTarget(), fault: httpsfake.Page(http.StatusOK), err: "not that of the"},
		"datadog, away":      {target: datadogTarget(), fault: httpsfake.DatadogFault(503), err: "HTTP 503"},
		"elastic":            {target: search("elastic", rights("create_doc", "auto_configure")), seen: "may write to " + stream},
		"elastic, key":       {target: wrong(elasticTarget()), blocked: "secret"},
		"elastic, no rights": {target: search("elastic", rights("read")), blocked: "secret"},
		"elastic, exists": {target: search("elastic", rights("create_doc", "view_index_metadata"), stream),
			seen: "may write to " + stream},
		"elastic, missing": {target: search("elastic", rights("create_doc", "view_index_metadata")), blocked: "dataStream"},
		"elastic, the first event makes it": {target: search("elastic", httpsfake.BulkOptions{DataStreams: streams}),
			seen: "which the first event makes"},
		"elastic, existence": {target: search("elastic", rights("create_doc")), seen: "may write",
			unseen: "whether " + stream + " exists"},
		"elastic, a proxy":     {target: elasticTarget(), fault: httpsfake.Page(http.StatusOK), err: "not that of the"},
		"elastic, no security": {target: elasticTarget(), fault: bulkFault(400), err: "HTTP 400"},
		"opensearch":           {target: search("opensearch", httpsfake.BulkOptions{}, "okta"), seen: "okta exists"},
		"opensearch, missing":  {target: search("opensearch", httpsfake.BulkOptions{}), blocked: "index"},
		"opensearch, data stream": {target: with(search("opensearch", httpsfake.BulkOptions{}),
			func(c *https.Config) { c.DataStream = "okta-ds" }), blocked: "dataStream"},
		"opensearch, password": {target: wrong(search("opensearch", httpsfake.BulkOptions{}, "okta")), blocked: "secret"},
		"opensearch, may not look": {target: search("opensearch", rights("create_doc"), "okta"),
			seen: "password are accepted", unseen: "whether okta exists"},
		"opensearch, another identity": {target: unsigned, unseen: "your own identity"},
		"opensearch, busy":             {target: opensearchTarget(), fault: bulkFault(429), err: "HTTP 429"},
	} {
		t.Run(name, func(t *testing.T) {
			s, calls := test.target.start(t, always(test.fault))
			report, failure := s.Check(t.Context())
			var text string
			if failure != nil {
				text = failure.Error()
			}
			switch {
			case test.blocked != "":
				if failure == nil || failure.Kind != sink.Blocked || !strings.Contains(text, "setting "+test.blocked) {
					t.Errorf("%+v, %v", report, failure)
				}
			case test.err != "":
				if failure == nil || failure.Kind == sink.Blocked || !strings.Contains(text, test.err) {
					t.Errorf("%+v, %v", report, failure)
				}
			case failure != nil || !strings.Contains(report.Seen, test.seen) || !strings.Contains(report.Unseen, test.unseen) ||
				test.unseen == "" && report.Unseen != "":
				t.Errorf("%+v, %v", report, failure)
			}
			if n := calls.Load(); n < 1 || n > 2 || len(test.target.arrived()) != 0 || strings.Contains(text, "canary") {
				t.Errorf("%d calls, %d records, %q", n, len(test.target.arrived()), text)
			}
		})
	}
}
