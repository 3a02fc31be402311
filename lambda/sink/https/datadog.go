package https

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

// datadogPath is where Datadog takes logs.
const datadogPath = "/api/v2/logs"

// sendMargin is how far from the edge of a rule of age a record has to be to keep its
// time. It covers the longest invocation of a function, 15 minutes, and clocks that
// differ.
const sendMargin = 20 * time.Minute

// datadogLogs is Datadog's log intake.
func datadogLogs() Preset {
	return Preset{
		Name:  "datadog",
		Where: SettingSite,
		Body: Body{
			Name: "JSON array", ContentType: "application/json", Open: "[", Between: ",", Close: "]",
			Size: func(_ *Config, r *sink.Record) int { return len(r.Line) },
			Encoder: func(c *Config) sink.Encoder {
				limit := fmt.Sprintf("Datadog accepts %d", eventbridge.MaxLogBytes)
				return &eventbridge.Logs{Format: c.Format, Most: eventbridge.MaxLogBytes, Limit: limit}
			},
		},
		Auths: []Auth{byHeader("", "DD-API-KEY", "")},
		URL: func(_ *Config, endpoint *url.URL) (*url.URL, error) {
			return under(endpoint, datadogPath, datadogPath), nil
		},
		Classify: classifyDatadog,
		Check:    checkDatadog,
		Limits: sink.Limits{
			Bytes:     eventbridge.MaxArray - len("[]") - eventbridge.Growth*eventbridge.MaxLogs,
			Records:   eventbridge.MaxLogs,
			PerRecord: len(","),
		},
		MaxRecord: eventbridge.MaxLogBytes,
		Age:       sink.Age{Past: eventbridge.MaxAge - sendMargin, Ahead: eventbridge.MaxAhead - sendMargin},
		Sources: []string{
			"docs.datadoghq.com, \"Send logs\" (POST /api/v2/logs), 2026-11",
			"datadog-api-client-go v2.67.0, SubmitLog, 2026-10",
			"docs.datadoghq.com, \"Log Date Remapper\", 2026-11",
		},
	}
}

// classifyDatadog reads a response: 202 with {} or with nothing is yes, and every error
// has a list of errors. Datadog's own words are not printed.
func classifyDatadog(_ *Config, r *Response, answers []sink.Answer) *sink.Error {
	const name = "datadog"
	switch own := r.IsObject(); {
	case r.Status == http.StatusAccepted && (own || len(r.Body) == 0):
		acceptAll(answers)
		return nil
	case !own || r.Status < http.StatusBadRequest:
		return notItsOwn(name, r)
	}
	return byStatus(r, name)
}
