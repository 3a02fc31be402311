// Package config reads the function's configuration, environment variables that begin with
// OKTASTREAM_ and are written by the CDK app, and makes the pipeline and the destination
// that it describes. The function and the command use the same.
//
// The variables are read once, at start, and every fault is reported at once.
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
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// Config is what the function needs to know. There is no secret in it.
type Config struct {
	Pipeline    string // <stack>-<destination>, the dimension of its metrics
	Source      string // the stack's own partner event source
	Account     string // the stack's own AWS account
	Region      string // where the function runs
	Destination Destination
	Transport   Transport // "" is the destination's default
	Format      pipeline.Format
	Observables bool // records in OCSF have observables[]
	Filter      events.Filter
	Datadog     datadog.Settings

	LogGroup      string // for CloudWatch
	RetentionDays int    // of the log group; 0 is for ever
	DeliveryBus   string // for Datadog
	Bucket        string // for the archive
	BucketOwner   string // id of the account that has to own Bucket
	PackBytes     int    // size of a PutEvents request, for Datadog

	// HTTPS is for the destinations over HTTPS; the secret, the clients and the clock
	// are not in it. Secret is the ARN or the name of the secret in Secrets Manager, ""
	// where there is none, and SecretField the member of a JSON secret, "" for all of it.
	HTTPS       https.Config
	Secret      string
	SecretField string

	BufferURL       string // the buffer queue
	DeadURL         string // the queue `dead`
	MaxReceiveCount int    // of the buffer queue
}

var (
	account = regexp.MustCompile(`^[0-9]{12}$`)
	name    = regexp.MustCompile(`^[A-Za-z0-9_./#-]{1,512}$`)
	// siteName is a host name (RFC 1123, 2.1).
	siteName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
)

// Read reads the configuration with get, which is os.Getenv. The error names
// every variable that is wrong and what it should be.
func Read(get func(string) string) (Config, error) {
	r := reader{get: get}
	c := Config{
		Pipeline:  r.text("PIPELINE", name, "letters, digits and hyphens"),
		Account:   r.text("ACCOUNT", account, "12 digits"),
		Region:    get("AWS_REGION"),
		Source:    get(prefix + "SOURCE"),
		BufferURL: r.url("BUFFER_URL"),
		DeadURL:   r.url("DEAD_URL"),
	}
	if c.Region == "" {
		r.fault("AWS_REGION is empty: Lambda sets it; set it where the function runs elsewhere")
	}
	if _, _, ok := events.ParseSource(c.Source); !ok {
		r.fault(prefix + "SOURCE must be the partner event source, " + events.SourcePrefix + "<org>/<stream>")
	}
	c.MaxReceiveCount = r.number("MAX_RECEIVE_COUNT", 0, 1, 1000)
	route := r.route()
	c.Destination, c.Transport, c.Format = route.Destination, route.Transport, r.format(route)
	c.Observables = r.flag("OBSERVABLES")
	if c.Observables && c.Format != pipeline.OCSF {
		r.fault(fmt.Sprintf("%sOBSERVABLES is for the format ocsf, not %s", prefix, c.Format))
	}
	filter, err := events.NewFilter(r.list("INCLUDE"), r.list("EXCLUDE"))
	if err != nil {
		r.fault(err.Error())
	}
	c.Filter = filter
	c.Datadog = datadog.Settings{
		Service: get(prefix + "SERVICE"), Tags: r.list("TAGS"), Domain: get(prefix + "OKTA_DOMAIN"),
	}
	switch {
	case route.Destination == Archive:
		c.Bucket = r.text("BUCKET", archive.BucketName, "the name of an S3 bucket")
		c.BucketOwner = r.text("BUCKET_OWNER", account, "12 digits")
	case route.Transport == API:
		c.LogGroup = r.text("LOG_GROUP", name, "the name of a log group")
		c.RetentionDays = r.number("RETENTION_DAYS", 0, 0, 3653)
	case route.Transport == EventBridge:
		c.DeliveryBus = r.text("DELIVERY_BUS", name, "the name of an event bus")
		c.PackBytes = r.number("PACK_BYTES", eventbridge.DefaultPackBytes, minPackBytes, eventbridge.MaxPackBytes)
	case route.Transport == HTTPS:
		r.https(&c)
	}
	return c, errors.Join(r.faults...)
}

// NewPipeline makes the pipeline of a function with this configuration.
func (c Config) NewPipeline() *pipeline.Pipeline {
	p := pipeline.Config{
		Format:      c.Format,
		Observables: c.Observables,
		Filter:      c.Filter,
		Datadog:     c.Datadog,
		Own:         &pipeline.Origin{Source: c.Source, Account: c.Account, Region: c.Region},
	}
	c.Route().Apply(&p)
	return pipeline.New(p)
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

// list reads values that are joined by commas.
func (r *reader) list(key string) []string {
	value := r.get(prefix + key)
	if value == "" {
		return nil
	}
	return strings.Split(value, ",")
}
