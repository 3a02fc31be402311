// Package settings holds what a user of the CDK app can set: one table of names,
// meanings, defaults and allowed values, the reading of it from CDK context, and
// the faults of a choice, all of them at once and each with its fix.
//
// It does not import the CDK, so that a wrong setting is reported in milliseconds
// and without Node.js.
package settings

import (
	"cmp"
	"slices"
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

// DigestKeyOwn is a key for signing digests that the stack makes; anything else is the
// ARN of one, and "" is none.
const DigestKeyOwn = "own"

// Who makes the partner event bus.
const (
	BusCreate   = "create"   // the stack makes it, which associates the partner event source
	BusExisting = "existing" // somebody has made it already; the stack only puts rules on it
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

// Settings are a stack's settings. [Default] has every default; what has none
// (Source, Destinations, and Endpoint and Secret of destinations that need them) must
// be set.
type Settings struct {
	Stack        string
	Source       string // the partner event source, aws.partner/okta.com/<org>/<stream>
	Destinations []Destination
	Bus          string
	KMS          string
	ArchiveDays  int // 0 is off
	Removal      string
	// ReplayPrincipals are the ARNs of IAM roles that may assume the replay role
	// and send to the buffer queues themselves. None is every principal of
	// the account whose own policy allows it to assume the replay role.
	ReplayPrincipals []string
	// LockQueues are the ARNs of the only IAM roles, beside the function, the replay
	// role and ReplayPrincipals, that may read, delete or change the queues. None is
	// off.
	LockQueues []string

	// The auditor, which exists where OktaSecret is set, see [Settings.Audited].
	OktaSecret   string // name or ARN in Secrets Manager of Okta's credentials
	OktaURL      string // of the org
	OktaEvery    int    // minutes between two runs
	OktaRequests int    // of a run, at most; 0 is the auditor's own
	OktaSince    string // the first hour that is audited; "" is the first after the first run

	AlarmEmail string // whom alarms are sent to
	AlarmTopic string // the ARN of an SNS topic of yours, instead
	// Live makes the alarm silence: no event for SilenceMinutes is a failure.
	Live           bool
	SilenceMinutes int

	CloudWatch, Datadog, Splunk, Elastic, OpenSearch, Archive Pipeline
}

// Pipeline is what can be set for each destination by itself.
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
	// VPC is the ids of the subnets and security groups of a function that calls its
	// destination over HTTPS. None is no VPC.
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

// Of is the pipeline's settings of a destination.
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

// Auth is how the function authenticates to d; "" where d knows one way only.
func (s *Settings) Auth(d Destination) string {
	switch d {
	case Elastic:
		return cmp.Or(s.Elastic.Auth, AuthAPIKey)
	case OpenSearch:
		return cmp.Or(s.OpenSearch.Auth, AuthES)
	}
	return ""
}

// Secret is the secret that the function reads for d; "" where it reads none: with
// CloudWatch Logs, with a destination that EventBridge calls, and where the function
// signs as its role.
func (s *Settings) Secret(d Destination) string {
	if auth := s.Auth(d); !s.HTTPS(d) || auth == AuthES || auth == AuthAOSS {
		return ""
	}
	return s.Of(d).Secret
}

// Default is the settings with every default.
func Default() Settings {
	var s Settings
	for _, row := range table() {
		for _, d := range row.scopes() {
			value := cmp.Or(row.DefaultOf[d], row.Default)
			if value == "" {
				continue
			}
			if err := row.assign(&s, d, value); err != nil {
				panic("the default of the setting " + row.Name + ": " + err.Error())
			}
		}
	}
	return s
}

// ackTimeout is the least timeout of a function that waits for the acknowledgement
// of Splunk's indexers, in seconds: connectors that gave up after some two minutes
// sent the same events again without end (splunk/kafka-connect-splunk, issue 122),
// and one more minute is for sending and for giving events back.
const ackTimeout = 360

// TimeoutSeconds is the function's timeout: what is set, and with ack at least six
// minutes.
func (p *Pipeline) TimeoutSeconds() int {
	if p.Ack {
		return max(p.Timeout, ackTimeout)
	}
	return p.Timeout
}

// VisibilitySeconds is the visibility timeout of the buffer queue: six times the
// function's timeout, as AWS advises (Lambda developer guide, "Using Lambda with
// Amazon SQS", read 2026-11), and the batch window on top, which passes before the
// function starts.
func (p *Pipeline) VisibilitySeconds() int { return 6*p.TimeoutSeconds() + p.Window }

// MaxReceiveCount is how often a message is received before SQS moves it to the
// queue redrive. A message that is given back waits for one visibility timeout,
// so this is what makes an outage of OutageHours no flow of dead letters.
func (p *Pipeline) MaxReceiveCount() int {
	const fewest, most = 5,
		1000 // SQS allows 1 to 1,000 (SetQueueAttributes, read 2026-11); Lambda's guide advises 5 and more
	return min(max(p.OutageHours*3600/p.VisibilitySeconds(), fewest), most)
}
