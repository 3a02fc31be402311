// Package config reads the function's configuration: environment variables that
// begin with OKTASTREAM_, written by the CDK app. They are read once, at start,
// and every fault is reported at once.
package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

// Destination is where a pipeline delivers to.
type Destination string

// The destinations.
const (
	CloudWatch Destination = "cloudwatch" // CloudWatch Logs
	Datadog    Destination = "datadog"    // Datadog, through an EventBridge API destination
)

// Config is what the function needs to know. There is no secret in it.
type Config struct {
	Pipeline    string // <stack>-<destination>, the dimension of its metrics
	Source      string // the stack's own partner event source
	Account     string // the stack's own AWS account
	Region      string // where the function runs
	Destination Destination
	Format      pipeline.Format
	Filter      events.Filter
	Datadog     datadog.Settings

	LogGroup      string // for CloudWatch
	RetentionDays int    // of the log group; 0 is for ever
	DeliveryBus   string // for Datadog
	PackBytes     int    // size of a PutEvents request, for Datadog

	BufferURL       string // the buffer queue
	DeadURL         string // the queue `dead`
	MaxReceiveCount int    // of the buffer queue
}

// minPackBytes is the least that PACK_BYTES may be: a request of less has room for
// a handful of events.
const minPackBytes = 16 << 10

var (
	account = regexp.MustCompile(`^[0-9]{12}$`)
	name    = regexp.MustCompile(`^[A-Za-z0-9_./#-]{1,512}$`)
)

// Read reads the configuration with get, which is os.Getenv. The error names
// every variable that is wrong and what it should be.
func Read(get func(string) string) (Config, error) {
	r := reader{get: get}
	c := Config{
		Pipeline:    r.text("PIPELINE", name, "letters, digits and hyphens"),
		Account:     r.text("ACCOUNT", account, "12 digits"),
		Region:      get("AWS_REGION"),
		Destination: Destination(r.oneOf("DESTINATION", string(CloudWatch), string(Datadog))),
		Source:      get(prefix + "SOURCE"),
		BufferURL:   r.url("BUFFER_URL"),
		DeadURL:     r.url("DEAD_URL"),
	}
	if c.Region == "" {
		r.fault("AWS_REGION is empty: Lambda sets it; set it where the function runs elsewhere")
	}
	if _, _, ok := events.ParseSource(c.Source); !ok {
		r.fault(prefix + "SOURCE must be the partner event source, " + events.SourcePrefix + "<org>/<stream>")
	}
	c.MaxReceiveCount = r.number("MAX_RECEIVE_COUNT", 0, 1, 1000)
	c.Format = r.format(c.Destination)
	filter, err := events.NewFilter(r.list("INCLUDE"), r.list("EXCLUDE"))
	if err != nil {
		r.fault(err.Error())
	}
	c.Filter = filter
	c.Datadog = datadog.Settings{
		Service: get(prefix + "SERVICE"), Tags: r.list("TAGS"), Domain: get(prefix + "OKTA_DOMAIN"),
	}
	switch c.Destination {
	case CloudWatch:
		c.LogGroup = r.text("LOG_GROUP", name, "the name of a log group")
		c.RetentionDays = r.number("RETENTION_DAYS", 0, 0, 3653)
	case Datadog:
		c.DeliveryBus = r.text("DELIVERY_BUS", name, "the name of an event bus")
		c.PackBytes = r.number("PACK_BYTES", eventbridge.DefaultPackBytes, minPackBytes, eventbridge.MaxPackBytes)
	}
	return c, errors.Join(r.faults...)
}

// KeepRaw is the length in bytes from which on a record may be too long for the
// destination, so that the event's own bytes are kept to fall back on.
func (c Config) KeepRaw() int {
	if c.Destination == Datadog {
		return minPackBytes
	}
	return 512 << 10
}

// NewPipeline makes the pipeline of a function with this configuration.
func (c Config) NewPipeline() *pipeline.Pipeline {
	return pipeline.New(pipeline.Config{
		Format:  c.Format,
		Filter:  c.Filter,
		Datadog: c.Datadog,
		Own:     &pipeline.Origin{Source: c.Source, Account: c.Account, Region: c.Region},
		KeepRaw: c.KeepRaw(),

		ToDatadog: c.Destination == Datadog,
	})
}

const prefix = "OKTASTREAM_"

type reader struct {
	get    func(string) string
	faults []error
}

func (r *reader) fault(text string) { r.faults = append(r.faults, errors.New(text)) }

func (r *reader) text(key string, pattern *regexp.Regexp, what string) string {
	value := r.get(prefix + key)
	if !pattern.MatchString(value) {
		r.fault(fmt.Sprintf("%s%s must be %s, not %q", prefix, key, what, value))
	}
	return value
}

func (r *reader) oneOf(key string, values ...string) string {
	value := r.get(prefix + key)
	for _, v := range values {
		if value == v {
			return value
		}
	}
	r.fault(fmt.Sprintf("%s%s must be one of %s, not %q", prefix, key, strings.Join(values, ", "), value))
	return value
}

func (r *reader) url(key string) string {
	value := r.get(prefix + key)
	if !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://") {
		r.fault(fmt.Sprintf("%s%s must be the URL of a queue, not %q", prefix, key, value))
	}
	return value
}

// number reads a whole number from low to high. Where there is none it is fallback,
// if that is not less than low.
func (r *reader) number(key string, fallback, low, high int) int {
	text := r.get(prefix + key)
	if text == "" && fallback >= low {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		r.fault(fmt.Sprintf("%s%s must be a number from %d to %d, not %q", prefix, key, low, high, text))
	}
	return n
}

// format is OCSF for CloudWatch Logs and Datadog's own for Datadog, unless set.
func (r *reader) format(d Destination) pipeline.Format {
	value := r.get(prefix + "FORMAT")
	switch {
	case value == "" && d == Datadog:
		return pipeline.Datadog
	case value == "":
		return pipeline.OCSF
	}
	format, err := pipeline.ParseFormat(value)
	if err != nil {
		r.fault(prefix + "FORMAT: " + err.Error())
	}
	return format
}

// list reads values that are joined by commas.
func (r *reader) list(key string) []string {
	value := r.get(prefix + key)
	if value == "" {
		return nil
	}
	return strings.Split(value, ",")
}
