// Package settings holds what a user of the CDK app can set: a table of names, defaults and allowed values, and
// functions that read settings from CDK context and report all faults at once, each with its fix.
//
// It does not import the CDK, so that a wrong setting is reported in milliseconds and without Node.js.
package settings

import (
	"cmp"
	"slices"
	"strings"
)

// Destination is where a pipeline delivers to.
type Destination string

// The destinations.
const (
	CloudWatch Destination = "cloudwatch" // CloudWatch Logs
	Datadog    Destination = "datadog"    // Datadog, through an EventBridge API destination or over HTTPS
	Splunk     Destination = "splunk"     // Splunk's HTTP Event Collector
	Elastic    Destination = "elastic"    // Elasticsearch's bulk API
	OpenSearch Destination = "opensearch" // the bulk API of OpenSearch: a domain, a collection, a cluster
	Archive    Destination = "archive"    // objects in an S3 bucket
)

// Destinations are all destinations, in the order in which pages name them.
func Destinations() []Destination {
	return []Destination{CloudWatch, Datadog, Splunk, Elastic, OpenSearch, Archive}
}

// The target of a pipeline's rule.
const (
	IngestQueue  = "queue"  // the buffer queue, which the function drains in batches
	IngestLambda = "lambda" // the function, one event a call
	IngestRule   = "rule"   // the log group or the API destination, no function
)

// How events go to Datadog.
const (
	TransportEventBridge = "eventbridge" // packed batches to an EventBridge API destination
	TransportHTTPS       = "https"       // the function calls Datadog itself
)

// How the function authenticates to Elastic or OpenSearch.
const (
	AuthAPIKey = "apiKey" // Elastic: an API key
	AuthBasic  = "basic"  // a user and a password
	AuthES     = "es"     // OpenSearch Service: the function's role, SigV4
	AuthAOSS   = "aoss"   // OpenSearch Serverless: the function's role, SigV4
)

// The class of the log group that holds events.
const (
	LogClassStandard   = "standard"
	LogClassInfrequent = "infrequent"
)

// How objects of the archive are protected against deletion (S3 Object Lock).
const (
	LockOff        = "off"
	LockGovernance = "governance" // a role with s3:BypassGovernanceRetention may still delete
	LockCompliance = "compliance" // nobody may delete, not even the account's root user
)

// DigestKeyOwn makes the stack create a key for signing digests; any other value is the ARN of a key, and "" is none.
const DigestKeyOwn = "own"

// Who makes the partner event bus.
const (
	BusCreate   = "create"   // the stack makes it, which associates the partner event source
	BusExisting = "existing" // it exists already; the stack only puts rules on it
)

// What encrypts what is stored; anything else is the ARN of a KMS key.
const (
	KMSAWS = "aws" // keys that AWS owns, free of charge
	KMSOwn = "own" // a customer managed key that the stack makes
)

// What happens to resources that hold data when they leave the template.
const (
	RemovalRetain  = "retain"
	RemovalDestroy = "destroy"
)

// Settings are a stack's settings. [Default] returns the defaults. Source, Destinations, and Endpoint and Secret of
// destinations that need them, have no default and must be set.
type Settings struct {
	Stack        string
	Source       string // the partner event source, aws.partner/okta.com/<org>/<stream>
	Destinations []Destination
	Bus          string
	KMS          string
	ArchiveDays  int // 0 is off
	Removal      string
	// ReplayPrincipals are the ARNs of IAM roles that may assume the replay role and send to the buffer queues themselves.
	// An empty list means every principal of the account whose own policy allows it to assume the replay role.
	ReplayPrincipals []string
	// LockQueues are the ARNs of IAM roles. If it is not empty, only these, the function, the replay role and
	// ReplayPrincipals may read, delete or change the queues.
	LockQueues []string

	// The auditor, which exists where OktaSecret is set, see [Settings.Audited].
	OktaSecret   string // name or ARN in Secrets Manager of Okta's credentials
	OktaURL      string // of the org
	OktaEvery    int    // minutes between two runs
	OktaRequests int    // of a run, at most; 0 is what RequestsOfRun says
	OktaSince    string // the first hour that is audited; "" is the first after the first run

	AlarmEmail string // the address that alarms are sent to
	AlarmTopic string // or the ARN of an existing SNS topic
	// Live creates the alarm silence, which fires when no event has come for SilenceMinutes.
	Live           bool
	SilenceMinutes int

	CloudWatch, Datadog, Splunk, Elastic, OpenSearch, Archive Pipeline
}

// Pipeline holds what can be set for each destination separately.
type Pipeline struct {
	Ingest      string
	Format      string // "" is the destination's own
	Observables bool   // records in OCSF have observables[]
	Include     []string
	Exclude     []string
	Batch       int // messages an invocation
	Window      int // seconds that Lambda waits for a full batch
	Timeout     int // of the function, seconds
	Memory      int // of the function, MB
	Concurrency int // invocations at a time
	OutageHours int // how long a message is tried before it goes to the queue redrive

	RetentionDays int    // CloudWatch Logs; 0 is for ever
	LogGroup      string // CloudWatch Logs: "", the name of a new group, or the ARN of an existing one
	LogClass      string // CloudWatch Logs
	Detections    bool   // metric filters and alarms for what one event shows

	Secret        string // name or ARN in Secrets Manager
	SecretField   string
	SecretVersion string
	Endpoint      string // URL; Splunk, Elastic, OpenSearch
	Auth          string // Elastic, OpenSearch; "" is the destination's own, see [Settings.Auth]
	Index         string // Splunk, OpenSearch
	DataStream    string // Elastic, OpenSearch
	Sourcetype    string // Splunk
	HECSource     string // Splunk
	Ack           bool   // Splunk: wait for the indexers' acknowledgement
	CACertificate string // Splunk, Elastic, OpenSearch: a PEM file, see [Certificates]
	// VPC holds the ids of the subnets and security groups of a function that calls its destination over HTTPS; if it is
	// empty, the function is in no VPC.
	VPC       []string
	Transport string // Datadog

	Bucket       string // archive: the name of an existing bucket; "" is one that the stack makes
	Lock         string // archive
	LockYears    int    // archive: how long an object is locked
	LockConfirm  string // archive, see [LockSentence]
	ColdDays     int    // archive: the age at which objects become cheaper to keep; 0 is never
	DigestKey    string // archive, see [DigestKeyOwn]
	AthenaScanGB int    // archive: what one query of Athena may read

	Site       string
	Rate       int // requests a second
	PackBytes  int
	Service    string
	Tags       []string
	OktaDomain string
}

// Of returns the settings of a destination's pipeline.
func (s *Settings) Of(d Destination) *Pipeline {
	switch d {
	case Datadog:
		return &s.Datadog
	case Splunk:
		return &s.Splunk
	case Elastic:
		return &s.Elastic
	case OpenSearch:
		return &s.OpenSearch
	case Archive:
		return &s.Archive
	}
	return &s.CloudWatch
}

// Has reports whether the stack delivers to d.
func (s *Settings) Has(d Destination) bool { return slices.Contains(s.Destinations, d) }

// HTTPS reports whether the function calls d itself, over HTTPS.
func (s *Settings) HTTPS(d Destination) bool {
	if d == Datadog {
		return s.Datadog.Transport == TransportHTTPS
	}
	return d == Splunk || d == Elastic || d == OpenSearch
}

// ByEventBridge reports whether the stack delivers to Datadog by an EventBridge API
// destination.
func (s *Settings) ByEventBridge() bool { return s.Has(Datadog) && !s.HTTPS(Datadog) }

// Auth returns how the function authenticates to d; "" where d has one way only.
func (s *Settings) Auth(d Destination) string {
	switch d {
	case Elastic:
		return cmp.Or(s.Elastic.Auth, AuthAPIKey)
	case OpenSearch:
		return cmp.Or(s.OpenSearch.Auth, AuthES)
	}
	return ""
}

// Secret returns the secret that the function reads for d. It is "" where the function reads none: with CloudWatch
// Logs, with a destination that EventBridge calls, and where the function signs as its role.
func (s *Settings) Secret(d Destination) string {
	if auth := s.Auth(d); !s.HTTPS(d) || auth == AuthES || auth == AuthAOSS {
		return ""
	}
	return s.Of(d).Secret
}

// Default returns the settings with every default.
func Default() Settings {
	var s Settings
	for _, row := range table() {
		for _, d := range row.scopes() {
			if err := row.assign(&s, d, row.defaultOf(d)); err != nil && row.defaultOf(d) != "" {
				panic("the default of the setting " + row.name + ": " + err.Error())
			}
		}
	}
	return s
}

// Audited returns the destination whose pipeline the auditor compares with Okta's System Log; ok is false where the
// stack has no auditor.
func (s *Settings) Audited() (d Destination, ok bool) {
	for _, d := range []Destination{Archive, CloudWatch} {
		if s.OktaSecret != "" && s.Has(d) {
			return d, true
		}
	}
	return "", false
}

// RequestsOfRun returns how many requests the auditor may make in a run: half of what a Workforce Identity org allows,
// 120 a minute (Okta developer documentation, "Rate limits", 2025-12), unless OktaRequests says otherwise.
func (s *Settings) RequestsOfRun() int { return cmp.Or(s.OktaRequests, 60*s.OktaEvery) }

// VPCParts returns the ids of the subnets and those of the security groups.
func (p *Pipeline) VPCParts() (subnets, groups []string) {
	for _, id := range p.VPC {
		if strings.HasPrefix(id, "subnet-") {
			subnets = append(subnets, id)
		} else {
			groups = append(groups, id)
		}
	}
	return subnets, groups
}

// ackTimeout is the least timeout, in seconds, of a function that waits for the acknowledgement of Splunk's indexers:
// connectors that gave up after about two minutes sent the same events again and again (splunk/kafka-connect-splunk,
// issue 122). One more minute is for sending, and for returning events to the queue.
const ackTimeout = 360

// TimeoutSeconds returns the function's timeout: Timeout, and with ack at least ackTimeout.
func (p *Pipeline) TimeoutSeconds() int {
	if p.Ack {
		return max(p.Timeout, ackTimeout)
	}
	return p.Timeout
}

// VisibilitySeconds returns the visibility timeout of the buffer queue: six times the function's timeout, as AWS
// advises (Lambda developer guide, "Using Lambda with Amazon SQS", read 2026-11), plus the batch window, which passes
// before the function starts.
func (p *Pipeline) VisibilitySeconds() int { return 6*p.TimeoutSeconds() + p.Window }

// MaxReceiveCount returns how often a message is received before SQS moves it to the queue redrive. A returned message
// waits for one visibility timeout, so that messages are tried for about OutageHours. SQS allows 1 to 1,000
// (SetQueueAttributes, read 2026-11); Lambda's guide advises 5 and more.
func (p *Pipeline) MaxReceiveCount() int {
	return min(max(p.OutageHours*3600/p.VisibilitySeconds(), 5), 1000)
}
