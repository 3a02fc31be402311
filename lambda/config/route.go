package config

import (
	"fmt"
	"slices"

	"github.com/oktastream/oktastream/lambda/pipeline"
)

// Destination is where a pipeline delivers to.
type Destination string

// The destinations.
const (
	CloudWatch Destination = "cloudwatch" // CloudWatch Logs
	Datadog    Destination = "datadog"
	Splunk     Destination = "splunk"
	Elastic    Destination = "elastic"
	OpenSearch Destination = "opensearch"
	Archive    Destination = "archive" // objects in S3
)

// Transport is the way to a destination.
type Transport string

// The transports.
const (
	API         Transport = "api"         // an API of AWS's
	EventBridge Transport = "eventbridge" // packed batches through an EventBridge API destination
	HTTPS       Transport = "https"       // requests from here to the destination itself
)

// Route is a destination and the way to it, with what they ask of the records: a row of
// Routes.
type Route struct {
	Destination Destination
	Transport   Transport
	Format      pipeline.Format // of the records, where no other is set
	// KeepRaw is the length in bytes above which a record may be too long for the
	// destination, so that the event's own bytes are kept to fall back on; 0 keeps none.
	KeepRaw int
	// DatadogLogs: a record of any format has what Datadog needs of every log.
	DatadogLogs bool
	// Envelope: a record of format raw is the event in its EventBridge envelope.
	Envelope bool
}

// minPackBytes is the least that PACK_BYTES may be: a smaller request holds only a few
// events.
const minPackBytes = 16 << 10

// keepRaw is half of the lowest limit of a destination for one record.
const keepRaw = 512 << 10

// Routes returns all routes. Of a destination with several the first is its default.
func Routes() []Route {
	return []Route{
		{Destination: CloudWatch, Transport: API, Format: pipeline.OCSF, KeepRaw: keepRaw},
		{Destination: Datadog, Transport: EventBridge, Format: pipeline.Datadog, KeepRaw: minPackBytes, DatadogLogs: true},
		{Destination: Datadog, Transport: HTTPS, Format: pipeline.Datadog, KeepRaw: keepRaw, DatadogLogs: true},
		{Destination: Splunk, Transport: HTTPS, Format: pipeline.Raw},
		{Destination: Elastic, Transport: HTTPS, Format: pipeline.Raw},
		{Destination: OpenSearch, Transport: HTTPS, Format: pipeline.Raw},
		{Destination: Archive, Transport: API, Format: pipeline.Raw, Envelope: true},
	}
}

// Route returns the route of the pipeline. One that does not exist has the destination
// and the transport of c and nothing else.
func (c Config) Route() Route {
	for _, r := range Routes() {
		if r.Destination == c.Destination && (c.Transport == "" || r.Transport == c.Transport) {
			return r
		}
	}
	return Route{Destination: c.Destination, Transport: c.Transport}
}

// Apply sets what the route asks of the records of a pipeline.
func (r Route) Apply(c *pipeline.Config) {
	c.KeepRaw, c.DatadogLogs, c.Envelope = r.KeepRaw, r.DatadogLogs, r.Envelope
}

// FormatFault returns what is wrong with a format for the destination, nil if nothing is.
// What reads the archive does not know Datadog's records.
func (r Route) FormatFault(f pipeline.Format) error {
	if r.Destination == Archive && f == pipeline.Datadog {
		return fmt.Errorf("the archive takes the formats raw and ocsf, not %s", f)
	}
	return nil
}

// route reads DESTINATION and TRANSPORT.
func (r *reader) route() Route {
	var destinations, transports []string
	for _, route := range Routes() {
		if d := string(route.Destination); !slices.Contains(destinations, d) {
			destinations = append(destinations, d)
		}
	}
	c := Config{Destination: Destination(r.oneOf("DESTINATION", destinations...))}
	for _, route := range Routes() {
		if route.Destination == c.Destination {
			transports = append(transports, string(route.Transport))
		}
	}
	if value := r.get(prefix + "TRANSPORT"); value != "" && len(transports) > 0 {
		c.Transport = Transport(r.oneOf("TRANSPORT", transports...))
	}
	return c.Route()
}

// format reads FORMAT; its default is the route's.
func (r *reader) format(route Route) pipeline.Format {
	value := r.get(prefix + "FORMAT")
	if value == "" {
		return route.Format
	}
	format, err := pipeline.ParseFormat(value)
	if err == nil {
		err = route.FormatFault(format)
	}
	if err != nil {
		r.fault(fmt.Sprintf("%sFORMAT: %v", prefix, err))
	}
	return format
}
