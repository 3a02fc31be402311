package https_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

const token = "7f3c5f0e-5a1e-4b7e-9f0e-0f0f0f0f0f0f"

// target is a fake of a destination and the settings of a sink that sends there.
type target struct {
	config  https.Config
	arrived func() [][]byte
	handler http.Handler
	where   string                           // the setting that says where it is
	own     func(status int) httpsfake.Fault // an error of the destination's own

	// wholeRequest: a 400 is about the request as a whole, and never about a record.
	wholeRequest bool
	// signed: requests are signed, and there is no secret.
	signed bool
}

func splunk() target {
	hec := httpsfake.NewHEC(httpsfake.HECOptions{Token: token})
	return target{
		config: https.Config{
			Preset: "splunk", Secret: httpsfake.Secret(token), Host: "example.okta.com",
			Sourcetype: https.DefaultSourcetype, Source: https.DefaultSource,
		},
		arrived: func() (lines [][]byte) {
			for _, e := range hec.Events() {
				lines = append(lines, e.Event)
			}
			return lines
		},
		handler: hec, where: "endpoint",
		own: func(status int) httpsfake.Fault {
			return httpsfake.Fault{
				Status: status, ContentType: "application/json", Body: `{"text":"something new","code":99}`,
			}
		},
	}
}

func datadogTarget() target {
	intake := httpsfake.NewDatadog(token, time.Now, nil)
	return target{
		config: https.Config{Preset: "datadog", Secret: httpsfake.Secret(token), Format: "datadog"},
		arrived: func() (lines [][]byte) {
			for _, log := range intake.Logs() {
				lines = append(lines, log)
			}
			return lines
		},
		handler: intake, where: "site",
		own: httpsfake.DatadogFault,
	}
}

func elasticTarget() target {
	bulk := httpsfake.NewBulk(httpsfake.BulkOptions{
		Elasticsearch: true, DataStreams: []string{"logs-okta.system-*"}, NoAutoCreate: true,
	})
	bulk.SetAuthorization("ApiKey " + token)
	return target{
		config: https.Config{Preset: "elastic", Secret: httpsfake.Secret(token)},
		arrived: func() (lines [][]byte) {
			for _, d := range bulk.Documents() {
				var document struct{ Message string }
				if err := json.Unmarshal(d.Source, &document); err != nil {
					panic(err)
				}
				lines = append(lines, []byte(document.Message))
			}
			return lines
		},
		handler: bulk,
		own:     bulkFault, where: https.SettingEndpoint, wholeRequest: true,
	}
}

func opensearchTarget() target {
	credentials := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: token, SessionToken: "session"}
	bulk := httpsfake.NewBulk(httpsfake.BulkOptions{
		SigV4: &httpsfake.SigV4{Service: "es", Region: "eu-central-1", Credentials: credentials},
	})
	return target{
		config: https.Config{
			Preset: "opensearch", Region: "eu-central-1",
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil }),
		},
		arrived: func() (lines [][]byte) {
			for _, d := range bulk.Documents() {
				lines = append(lines, d.Source)
			}
			return lines
		},
		handler: bulk,
		own:     bulkFault, where: https.SettingEndpoint, wholeRequest: true, signed: true,
	}
}

// bulkFault is an error of a whole request of _bulk.
func bulkFault(status int) httpsfake.Fault {
	return httpsfake.Fault{
		Status: status, ContentType: "application/json",
		Body: fmt.Sprintf(`{"error":{"type":"something_new","reason":"canary"},"status":%d}`, status),
	}
}

// targets are those of the presets that are tested here.
func targets() map[string]func() target {
	return map[string]func() target{
		"splunk": splunk, "datadog": datadogTarget, "elastic": elasticTarget, "opensearch": opensearchTarget,
	}
}

// start starts the fake on loopback and makes a sink that sends there. faults is nil or
// says what goes wrong. calls counts the requests.
func (d *target) start(t testing.TB, faults func(*http.Request) httpsfake.Fault) (s *https.Sink, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	h := d.handler
	if faults != nil {
		h = httpsfake.WithFaults(h, faults)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	d.config.Endpoint = server.URL
	s, err := https.New(d.config)
	if err != nil {
		t.Fatal(err)
	}
	return s, calls
}

// always is one fault for all requests.
func always(f httpsfake.Fault) func(*http.Request) httpsfake.Fault {
	return func(*http.Request) httpsfake.Fault { return f }
}

// records are n records of now.
func records(n int) []sink.Record {
	list := make([]sink.Record, n)
	for i := range list {
		list[i] = sink.Record{
			Line: fmt.Appendf(nil, `{"uuid":"u-%d","secretName":"canary"}`, i), UUID: fmt.Sprintf("u-%d", i),
			TimeMS: time.Now().UnixMilli(),
		}
	}
	return list
}

func deliver(ctx context.Context, s sink.Sink, records []sink.Record) ([]sink.Answer, error) {
	answers := make([]sink.Answer, len(records))
	err := s.Deliver(ctx, records, answers)
	return answers, err
}

// states are the states of answers, a letter each: r, a or d.
func states(answers []sink.Answer) string {
	text := make([]byte, len(answers))
	for i, a := range answers {
		text[i] = "rad"[a.State]
	}
	return string(text)
}

func uuids(t testing.TB, lines [][]byte) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, line := range lines {
		var m struct{ UUID string }
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		found[m.UUID]++
	}
	return found
}
