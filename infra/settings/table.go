package settings

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events/datadog"
)

// setting is one row of the table. What each setting means is in the table of infra/README.md, whose names, defaults
// and allowed values a test compares with this one.
type setting struct {
	name           string // the context key
	fallback       string // the default, as it would be written; "" is none
	archive        string // the archive's default, where it is another one
	stack          func(*Settings) any
	each           func(*Pipeline) any // where each destination has a value of its own
	of             []Destination       // the destinations that have the setting; none is all
	dotted         bool                // written with the destination only: the plain name is another setting's
	oneOf          []string
	form, expected string             // a regular expression, and what it stands for in words
	check          func(string) error // of each element where the setting is a list
	low, high      int
	numbers        []int // the only numbers allowed, where not all of low to high are
}

// table returns all settings in the order in which the pages show them.
func table() []setting {
	overHTTPS := []Destination{Splunk, Elastic, OpenSearch}
	withSecret := append([]Destination{Datadog}, overHTTPS...)
	const secretForm, aSecret = `^[A-Za-z0-9/_+=.@:-]{1,512}$`, "a secret's name or ARN"
	const roleForm = `^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$`
	const aRole = "the ARN of an IAM role (an assumed role's session ARN is not)"
	const firstIsLetter = " lower-case letters, digits, dots, hyphens and underscores, a letter or a digit first"
	return []setting{
		{name: "source", stack: func(s *Settings) any { return &s.Source }, check: checkSource},
		{name: "destination", stack: func(s *Settings) any { return &s.Destinations }, oneOf: names(Destinations())},
		{name: "stack", stack: func(s *Settings) any { return &s.Stack }, fallback: "oktastream",
			form: `^[A-Za-z][A-Za-z0-9-]{0,39}$`, expected: "a letter, then letters, digits and hyphens, up to 40 in all"},
		{name: "bus", stack: func(s *Settings) any { return &s.Bus }, fallback: BusCreate,
			oneOf: []string{BusCreate, BusExisting}},
		{name: "ingest", each: func(p *Pipeline) any { return &p.Ingest }, fallback: IngestQueue,
			oneOf: []string{IngestQueue, IngestLambda, IngestRule}},
		{name: "format", each: func(p *Pipeline) any { return &p.Format }, oneOf: []string{"", "ocsf", "datadog", "raw"}},
		{name: "observables", each: func(p *Pipeline) any { return &p.Observables }, fallback: "false"},
		{name: "include", each: func(p *Pipeline) any { return &p.Include }},
		{name: "exclude", each: func(p *Pipeline) any { return &p.Exclude }},
		{name: "retention", each: func(p *Pipeline) any { return &p.RetentionDays }, of: []Destination{CloudWatch},
			fallback: "400", numbers: retentions()},
		{name: "logGroup", each: func(p *Pipeline) any { return &p.LogGroup }, of: []Destination{CloudWatch},
			check: checkLogGroup},
		{name: "logClass", each: func(p *Pipeline) any { return &p.LogClass }, of: []Destination{CloudWatch},
			fallback: LogClassStandard, oneOf: []string{LogClassStandard, LogClassInfrequent}},
		{name: "detections", each: func(p *Pipeline) any { return &p.Detections }, of: []Destination{CloudWatch},
			fallback: "false"},
		{name: "transport", each: func(p *Pipeline) any { return &p.Transport }, of: []Destination{Datadog},
			fallback: TransportEventBridge, oneOf: []string{TransportEventBridge, TransportHTTPS}},
		{name: "endpoint", each: func(p *Pipeline) any { return &p.Endpoint }, of: overHTTPS, check: checkEndpoint},
		{name: "secret", each: func(p *Pipeline) any { return &p.Secret }, of: withSecret, form: secretForm,
			expected: aSecret},
		{name: "secretField", each: func(p *Pipeline) any { return &p.SecretField }, of: withSecret,
			form: `^[A-Za-z0-9_.-]*$`, expected: "letters, digits, dots, hyphens and underscores"},
		{name: "secretVersion", each: func(p *Pipeline) any { return &p.SecretVersion }, of: []Destination{Datadog},
			form: `^([A-Za-z0-9-]{32,64})?$`, expected: "a version id of 32 to 64 letters, digits and hyphens (aws " +
				"secretsmanager list-secret-version-ids)"},
		{name: "auth", each: func(p *Pipeline) any { return &p.Auth }, of: []Destination{Elastic, OpenSearch},
			oneOf: []string{"", AuthAPIKey, AuthBasic, AuthES, AuthAOSS}},
		{name: "index", each: func(p *Pipeline) any { return &p.Index }, of: []Destination{Splunk, OpenSearch},
			form: `^([a-z0-9][a-z0-9._-]{0,254})?$`, expected: "up to 255" + firstIsLetter},
		{name: "dataStream", each: func(p *Pipeline) any { return &p.DataStream }, of: []Destination{Elastic, OpenSearch},
			form: `^([a-z0-9][a-z0-9._-]{0,99})?$`, expected: "up to 100" + firstIsLetter},
		{name: "sourcetype", each: func(p *Pipeline) any { return &p.Sourcetype }, of: []Destination{Splunk},
			fallback: "OktaIM2:log", form: `^[A-Za-z0-9:_.-]{1,100}$`,
			expected: "up to 100 letters, digits, colons, underscores, dots and hyphens"},
		{name: "source", dotted: true, each: func(p *Pipeline) any { return &p.HECSource }, of: []Destination{Splunk},
			fallback: "okta:im2", form: `^[A-Za-z0-9:/_.-]{1,100}$`,
			expected: "up to 100 letters, digits, colons, slashes, underscores, dots and hyphens"},
		{name: "ack", each: func(p *Pipeline) any { return &p.Ack }, of: []Destination{Splunk}, fallback: "false"},
		{name: "caCertificate", each: func(p *Pipeline) any { return &p.CACertificate }, of: overHTTPS,
			check: checkCertificates},
		{name: "vpc", each: func(p *Pipeline) any { return &p.VPC }, of: withSecret, form: vpcForm,
			expected: "the id of a subnet or of a security group, subnet-… or sg-…"},
		{name: "site", each: func(p *Pipeline) any { return &p.Site }, of: []Destination{Datadog}, fallback: "us1",
			check: checkSite},
		{name: "service", each: func(p *Pipeline) any { return &p.Service }, of: []Destination{Datadog}, fallback: "okta",
			check: datadog.CheckService},
		{name: "tags", each: func(p *Pipeline) any { return &p.Tags }, of: []Destination{Datadog},
			check: datadog.CheckTag},
		{name: "oktaDomain", each: func(p *Pipeline) any { return &p.OktaDomain }, of: []Destination{Datadog, Splunk},
			fallback: "okta.com", form: `^(none|[a-z0-9-]+(\.[a-z0-9-]+)+)$`, expected: "a domain, or none"},
		{name: "rate", each: func(p *Pipeline) any { return &p.Rate }, of: []Destination{Datadog}, fallback: "300",
			low: 1, high: 10000},
		{name: "packBytes", each: func(p *Pipeline) any { return &p.PackBytes }, of: []Destination{Datadog},
			fallback: "245760", low: 16384, high: 786432},
		{name: "bucket", each: func(p *Pipeline) any { return &p.Bucket }, of: []Destination{Archive}, check: checkBucket},
		{name: "lock", each: func(p *Pipeline) any { return &p.Lock }, of: []Destination{Archive}, fallback: LockOff,
			oneOf: []string{LockOff, LockGovernance, LockCompliance}},
		{name: "lockYears", each: func(p *Pipeline) any { return &p.LockYears }, of: []Destination{Archive}, fallback: "0",
			high: 100},
		{name: "lockConfirm", each: func(p *Pipeline) any { return &p.LockConfirm }, of: []Destination{Archive}},
		{name: "coldDays", each: func(p *Pipeline) any { return &p.ColdDays }, of: []Destination{Archive}, fallback: "90",
			high: 36500},
		{name: "digestKey", each: func(p *Pipeline) any { return &p.DigestKey }, of: []Destination{Archive},
			check: checkKey("", DigestKeyOwn)},
		{name: "athenaScanGB", each: func(p *Pipeline) any { return &p.AthenaScanGB }, of: []Destination{Archive},
			fallback: "100", low: 1, high: 100000},
		{name: "batch", each: func(p *Pipeline) any { return &p.Batch }, fallback: "100", archive: "2000", low: 1,
			high: 10000},
		{name: "window", each: func(p *Pipeline) any { return &p.Window }, fallback: "5", archive: "60", high: 300},
		{name: "timeout", each: func(p *Pipeline) any { return &p.Timeout }, fallback: "60", low: 10, high: 900},
		{name: "memory", each: func(p *Pipeline) any { return &p.Memory }, fallback: "256", low: 128, high: 10240},
		{name: "concurrency", each: func(p *Pipeline) any { return &p.Concurrency }, fallback: "10", low: 2, high: 1000},
		{name: "outageHours", each: func(p *Pipeline) any { return &p.OutageHours }, fallback: "6", low: 1, high: 96},
		{name: "okta.secret", stack: func(s *Settings) any { return &s.OktaSecret }, form: secretForm, expected: aSecret},
		{name: "okta.orgUrl", stack: func(s *Settings) any { return &s.OktaURL }, check: checkOrg},
		{name: "okta.every", stack: func(s *Settings) any { return &s.OktaEvery }, fallback: "15",
			numbers: []int{5, 10, 15, 30, 60}},
		{name: "okta.requests", stack: func(s *Settings) any { return &s.OktaRequests }, fallback: "0", high: 100000},
		{name: "okta.since", stack: func(s *Settings) any { return &s.OktaSince }, check: checkSince},
		{name: "kms", stack: func(s *Settings) any { return &s.KMS }, fallback: KMSAWS, check: checkKey(KMSAWS, KMSOwn)},
		{name: "replayPrincipals", stack: func(s *Settings) any { return &s.ReplayPrincipals }, form: roleForm,
			expected: aRole},
		{name: "lockQueues", stack: func(s *Settings) any { return &s.LockQueues }, form: roleForm, expected: aRole},
		{name: "archiveDays", stack: func(s *Settings) any { return &s.ArchiveDays }, fallback: "0", high: 3650},
		{name: "alarmEmail", stack: func(s *Settings) any { return &s.AlarmEmail },
			form: `^([^@\s,]+@[^@\s,]+\.[^@\s,]+)?$`, expected: "an e-mail address"},
		{name: "alarmTopic", stack: func(s *Settings) any { return &s.AlarmTopic },
			form:     `^(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256})?$`,
			expected: "the ARN of a standard SNS topic"},
		{name: "live", stack: func(s *Settings) any { return &s.Live }, fallback: "false"},
		{name: "silenceMinutes", stack: func(s *Settings) any { return &s.SilenceMinutes }, fallback: "60",
			numbers: []int{5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440}},
		{name: "removal", stack: func(s *Settings) any { return &s.Removal }, fallback: RemovalRetain,
			oneOf: []string{RemovalRetain, RemovalDestroy}},
	}
}

// scopes are the destinations that the setting is assigned for; the stack's own settings are assigned once, for "".
func (row *setting) scopes() []Destination {
	switch {
	case row.each == nil:
		return []Destination{""}
	case row.of == nil:
		return Destinations()
	}
	return row.of
}

// bind returns a pointer to the setting's value.
func (row *setting) bind(s *Settings, d Destination) any {
	if row.each == nil {
		return row.stack(s)
	}
	return row.each(s.Of(d))
}

// defaultOf returns the default of a destination, "" for none.
func (row *setting) defaultOf(d Destination) string {
	if d == Archive {
		return cmp.Or(row.archive, row.fallback)
	}
	return row.fallback
}

// fault returns what is wrong with a value, or with an element of a list.
func (row *setting) fault(value string) error {
	var err error
	switch {
	case row.check != nil:
		err = row.check(value)
	case row.oneOf != nil && !slices.Contains(row.oneOf, value):
		err = fmt.Errorf("it must be one of %s", strings.TrimPrefix(strings.Join(row.oneOf, ", "), ", "))
	// Compiled where it is used: the table is made anew for each reading, and few of its rows are checked.
	case row.form != "" && !regexp.MustCompile(row.form).MatchString(value):
		err = fmt.Errorf("it must be %s", row.expected)
	}
	if err != nil {
		return fmt.Errorf("%w, not %q", err, value)
	}
	return nil
}

// names returns destinations as a user writes them.
func names(of []Destination) []string {
	list := make([]string, len(of))
	for i, d := range of {
		list[i] = string(d)
	}
	return list
}
