package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/infra/internal/pattern"
)

// Check looks for faults that no single setting has: two that do not go together, something that must be set and is
// not. It also checks every value again, for settings that were not read but written in Go. The error names every fault
// at once, with its fix. Region is where the stack goes, "" where that is not known.
func (s *Settings) Check(region string) error { return errors.Join(sorted(s.faults(region))...) }

// faults collects faults; prefix is written before each.
type faults struct {
	prefix string
	all    []error
}

// when adds a fault where broken is true.
func (f *faults) when(broken bool, format string, arguments ...any) {
	if broken {
		f.all = append(f.all, fmt.Errorf(f.prefix+format, arguments...))
	}
}

func (s *Settings) faults(region string) []error {
	var f faults
	f.when(s.Source == "", "source: it must be set to the partner event source, %sORG/STREAM: add the log stream in Okta "+
		"first (Reports, Log Streaming), then look in the EventBridge console under Partner event sources",
		events.SourcePrefix)
	f.when(len(s.Destinations) == 0, "destination: it must be set to one or more of %s",
		strings.Join(names(Destinations()), ", "))
	f.when(s.AlarmEmail != "" && s.AlarmTopic != "",
		"alarmEmail and alarmTopic: alarms go to one of them; leave the other out (subscribe the address to the topic)")
	s.checkValues(&f)
	s.checkAuditor(&f)
	seen := map[string]Destination{}
	for _, d := range s.Destinations {
		url := s.Of(d).Endpoint
		other, twice := seen[url]
		f.when(twice && url != "", "endpoint: %s and %s cannot both be %s; write %s.endpoint and %s.endpoint", other, d, url,
			other, d)
		seen[url] = d
	}
	if region != "" {
		s.checkRegion(&f, region)
	}
	for _, d := range s.Destinations {
		f.prefix = string(d) + ": "
		s.checkPipeline(&f, d)
		s.checkFilter(&f, d)
		switch {
		case s.HTTPS(d):
			s.checkHTTPS(&f, d)
		case d == Archive:
			s.Archive.checkArchive(&f)
		case d == Datadog:
			s.Datadog.checkAPIDestination(&f)
		}
	}
	return f.all
}

// checkValues checks each value by itself.
func (s *Settings) checkValues(f *faults) {
	for _, row := range table() {
		for _, d := range row.scopes() {
			text := textOf(row.bind(s, d))
			if d != "" && !s.Has(d) || text == "" && row.fallback == "" { // what must be set is checked elsewhere
				continue
			}
			name := row.name
			if d != "" {
				name = string(d) + "." + name
			}
			err := row.assign(new(Settings), d, text)
			f.when(err != nil, "%s: %w", name, err)
		}
	}
}

func (s *Settings) checkPipeline(f *faults, d Destination) {
	p := s.Of(d)
	f.when(p.Batch > 10 && p.Window == 0, "window 0 with batch %d: Lambda takes more than 10 messages only with a window "+
		"of a second or more; set window=1 or batch=10", p.Batch)
	ocsf := p.Format == "ocsf" || p.Format == "" && d == CloudWatch && p.Ingest != IngestRule
	f.when(p.Observables && !ocsf, "observables: only records in OCSF have them; set format=ocsf, or name the "+
		"destination, as in cloudwatch.observables=true")
	f.when(p.Detections && p.LogClass == LogClassInfrequent, "detections: log groups of the class infrequent have no "+
		"metric filters; leave detections or logClass out")
	_, exists := ParseLogGroup(p.LogGroup)
	f.when(d == CloudWatch && exists && p.LogClass != LogClassStandard, "logClass %s with an existing log group: a group "+
		"keeps the class that it was made with; leave logClass out", p.LogClass)
}

const (
	// environmentLimit is what all environment variables of a function may have together (Lambda quotas, read 2026-11).
	environmentLimit = 4096
	// environmentBase is a bound of what the variables hold beside what is counted: the names of 23 variables, two queue
	// URLs, names of a source, a bus and a log group.
	environmentBase = 1400
)

// checkFilter checks include and exclude, and what becomes of them: a part of the rule, or of the function's
// environment.
func (s *Settings) checkFilter(f *faults, d Destination) {
	p := s.Of(d)
	if _, err := events.NewFilter(p.Include, p.Exclude); err != nil {
		f.when(true, "%w", err)
		return
	}
	why := pattern.Empty(p.Include, p.Exclude)
	f.when(why != "", "the filter lets nothing through: %s; change include or exclude", why)
	rest := pattern.For(s.Source, p.Include, p.Exclude)
	if p.Ingest == IngestRule && d != Archive {
		f.when(p.Format != "", "format %s with ingest=rule: without a function events are stored as they come; leave format "+
			"out, or set ingest=queue", p.Format)
		both := len(p.Include) > 0 && len(p.Exclude) > 0
		f.when(both, "include and exclude with ingest=rule: one event pattern cannot say both; leave one out, or set "+
			"ingest=queue")
		for _, why := range rest.Why {
			f.when(!both, "%s; with ingest=rule there is no function, and an event pattern has at most %d characters: shorten "+
				"the list with *, or set ingest=queue", why, pattern.MaxLength)
		}
		return
	}
	certificates := ""
	if p.CACertificate != "" {
		certificates, _ = Certificates(p.CACertificate) // checkValues reports what is wrong with it
	}
	n := environmentBase + len(certificates)
	for _, text := range append(slices.Concat(rest.Include, rest.Exclude, p.Tags), p.Service, p.Endpoint, p.Secret,
		p.SecretField, p.Index, p.DataStream, p.Sourcetype, p.HECSource, p.LogGroup, p.Bucket) {
		n += len(text) + 1
	}
	long := len(certificates) > environmentLimit/3
	f.when(n > environmentLimit && long, "the certificates of caCertificate make the function's environment about %d "+
		"bytes long, and Lambda allows %d; put only the private CA's certificate into the file", n, environmentLimit)
	f.when(n > environmentLimit && !long, "filter and tags make the function's environment about %d bytes long, and "+
		"Lambda allows %d; shorten the filter with *, or the tags", n, environmentLimit)
}

// checkAPIDestination checks a pipeline to Datadog by EventBridge.
func (p *Pipeline) checkAPIDestination(f *faults) {
	f.when(p.Secret == "", "secret: it must be set to the name of the Secrets Manager secret that holds Datadog's API "+
		"key (aws secretsmanager create-secret --name datadog/api-key --secret-string file://key)")
	f.when(len(p.VPC) > 0, "vpc: EventBridge calls Datadog, not the function; set transport=https, or write the setting "+
		"for another destination only, for example splunk.vpc")
}

// target is what settings of a destination that the function calls over HTTPS must be.
type target struct {
	auths            []string // the default first
	endpoint, secret string
}

func targetOf(d Destination) target {
	return map[Destination]target{
		Datadog: {secret: "Datadog's API key"},
		Splunk: {secret: "Splunk's HEC token", endpoint: "the URL of Splunk's HTTP Event Collector, for example " +
			"https://http-inputs-STACK.splunkcloud.com or https://HOST:8088"},
		Elastic: {auths: []string{AuthAPIKey, AuthBasic},
			secret:   "Elastic's API key, the encoded form (base64 of ID:KEY)",
			endpoint: "the URL of Elasticsearch (not Kibana's), for example https://NAME.es.us-east-1.aws.elastic.cloud"},
		OpenSearch: {auths: []string{AuthES, AuthAOSS, AuthBasic}, endpoint: "the URL of the domain or collection, for " +
			"example https://search-NAME-ID.us-east-1.es.amazonaws.com"},
	}[d]
}

// checkHTTPS checks a destination that the function calls over HTTPS. A function can have 16 subnets and five security
// groups (Lambda API reference, VpcConfig, read 2026-11).
func (s *Settings) checkHTTPS(f *faults, d Destination) {
	p, to, auth := s.Of(d), targetOf(d), s.Auth(d)
	f.when(p.Ingest == IngestRule, "ingest=rule: an EventBridge rule cannot deliver there: it sends one JSON value to a "+
		"request and does not read which records were refused; leave ingest out, or set ingest=queue or ingest=lambda")
	f.when(d != Datadog && p.Endpoint == "", "endpoint: it must be set to %s", to.endpoint)
	if auth == AuthBasic {
		to.secret = "USER:PASSWORD"
	}
	f.when(p.Secret == "" && auth != AuthES && auth != AuthAOSS, "secret: it must be set to the name of the Secrets "+
		"Manager secret that holds %s (aws secretsmanager create-secret --name %s --secret-string "+
		"file://secret)", to.secret, d)
	f.when(p.Auth != "" && !slices.Contains(to.auths, p.Auth), "auth: it must be one of %s, not %q",
		strings.Join(to.auths, ", "), p.Auth)
	f.when(d == Elastic && p.Format != "" && p.Format != "raw", "format: it must be raw, because Elastic's okta pipeline "+
		"parses Okta's own events, not %q; leave it out", p.Format)
	f.when(d == OpenSearch && p.Index != "" && p.DataStream != "",
		"index and dataStream: events go to one of them; leave the other out")
	subnets, groups := p.VPCParts()
	f.when(len(p.VPC) > 0 && (len(subnets) == 0 || len(subnets) > 16 || len(groups) == 0 || len(groups) > 5),
		"vpc has %d subnets and %d security groups; it must have 1 to 16 subnets (best two, in two availability zones) and "+
			"1 to 5 security groups: vpc=subnet-…,subnet-…,sg-…", len(subnets), len(groups))
	if d != Datadog {
		return
	}
	unset := Default().Datadog
	f.when(p.SecretVersion != "", "secretVersion: with transport=https the function reads the current version; leave it "+
		"out")
	f.when(p.Rate != unset.Rate, "rate %d: it is a limit of EventBridge's API destination, which transport=https does "+
		"not use; leave it out (concurrency limits how many functions send at a time)", p.Rate)
	f.when(p.PackBytes != unset.PackBytes, "packBytes %d: it is the size of a PutEvents request, and transport=https "+
		"makes none; leave it out", p.PackBytes)
}

// LockSentence returns what the setting lockConfirm must say for lock=compliance.
func LockSentence(years int) string { return fmt.Sprintf("cannot be deleted for %d years", years) }

// checkArchive checks a pipeline to the archive.
func (p *Pipeline) checkArchive(f *faults) {
	f.when(p.Ingest != IngestQueue, "ingest=%s: the archive writes a batch of events as one object, and only the buffer "+
		"queue makes batches; leave ingest out, or set ingest=queue", p.Ingest)
	f.when(p.Format == "datadog", "format: it must be raw or ocsf, not %q", p.Format)
	f.when(p.Bucket != "" && p.Lock != LockOff, "lock=%s with an existing bucket: the stack changes no bucket that it "+
		"did not make; set a default retention on the bucket (S3 console, Properties, Object Lock) and leave lock "+
		"out", p.Lock)
	f.when(p.Bucket != "" && p.ColdDays != Default().Archive.ColdDays, "coldDays %d with an existing bucket: the stack "+
		"changes no bucket that it did not make; give the bucket a lifecycle rule and leave coldDays out", p.ColdDays)
	f.when(p.Lock == LockOff && p.LockYears > 0,
		"lockYears %d without lock: set lock=governance or lock=compliance, or leave lockYears out", p.LockYears)
	f.when(p.Lock != LockOff && p.LockYears == 0, "lockYears: it must be set with lock=%s, to 1 to 100", p.Lock)
	f.when(p.Lock == LockCompliance && p.LockYears > 0 && p.LockConfirm != LockSentence(p.LockYears),
		"lockConfirm: with lock=compliance nobody, not even the account's root user, can delete an object or shorten its "+
			"lock before %d years have passed, and you pay for it until then; confirm with lockConfirm='%s', or set "+
			"lock=governance", p.LockYears, LockSentence(p.LockYears))
	f.when(p.Lock != LockCompliance && p.LockConfirm != "", "lockConfirm: only lock=compliance needs it; leave it out")
}

// checkAuditor checks the auditor's settings.
func (s *Settings) checkAuditor(f *faults) {
	if s.OktaSecret == "" {
		f.when(s.OktaURL != "" || s.OktaSince != "" || s.OktaRequests != 0, "okta.secret: it must be set to the name of the "+
			"secret with Okta's credentials, or leave okta.orgUrl, okta.since and okta.requests out: without it there is no "+
			"auditor")
		return
	}
	f.when(s.OktaURL == "", "okta.orgUrl: it must be set with okta.secret, to https://ORG.okta.com")
	d, ok := s.Audited()
	if !ok {
		f.when(true, "okta.secret: the auditor needs the destination archive or cloudwatch; add one of them, or leave "+
			"okta.secret out")
		return
	}
	p := s.Of(d)
	f.when(p.Ingest == IngestRule, "okta.secret: with ingest=rule there is no buffer queue, to which the auditor sends "+
		"what is missing; set %s.ingest=queue, or leave okta.secret out", d)
	f.when(d == CloudWatch && p.RetentionDays == 1, "okta.secret: an hour is audited when it is 24 hours old, and the "+
		"log group keeps events for one day; set retention to 3 or more")
	f.when(d == CloudWatch && p.LogClass == LogClassInfrequent, "okta.secret: a log group of the class infrequent "+
		"cannot be read by the auditor (FilterLogEvents); leave logClass out, or add the destination archive")
}

// checkRegion checks what must be in the stack's region.
func (s *Settings) checkRegion(f *faults, region string) {
	f.when(!slices.Contains(regions(), region), "region %s: Okta does not stream there; set AWS_REGION to one of "+
		"%s", region,
		strings.Join(regions(), ", "))
	// elsewhere returns the region of an ARN, "" where it is the stack's, or text is not an ARN.
	elsewhere := func(text string) string {
		if parts := strings.Split(text, ":"); len(parts) > 5 && parts[0] == "arn" && parts[3] != region {
			return parts[3]
		}
		return ""
	}
	key := elsewhere(s.KMS)
	f.when(key != "", "kms: the key is in %s and the stack in %s; a service uses keys of its own region only", key, region)
	f.when(elsewhere(s.AlarmTopic) != "", "alarmTopic: the topic is not in %s, the region of the stack; an alarm "+
		"notifies topics of its own region only", region)
	for _, d := range s.Destinations {
		p := s.Of(d)
		secret, group, key := elsewhere(s.Secret(d)), elsewhere(p.LogGroup), elsewhere(p.DigestKey)
		f.when(secret != "", "%s: secret: it is in %s and the stack in %s; replicate the secret to %s and give the "+
			"replica's ARN", d, secret, region, region)
		f.when(group != "", "%s: logGroup: it is in %s and the stack in %s; the function writes to groups of its own region "+
			"only", d, group, region)
		f.when(key != "", "%s: digestKey: the key is in %s and the stack in %s; give a key of the stack's region", d, key,
			region)
	}
}
