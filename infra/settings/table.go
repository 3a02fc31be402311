package settings

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events/datadog"
)

// setting is one row of the table.
type setting struct {
	Name    string // the context key
	Meaning string
	Default string // as it would be written; "" is none
	// DefaultOf is the default of destinations that have another one.
	DefaultOf map[Destination]string
	Allowed   string
	// Of is the destinations that have the setting, each of which can be set by
	// itself with its name and a dot before the setting's. None is the stack's.
	Of []Destination
	// Dotted settings are written with the destination only: the plain name is
	// another setting's.
	Dotted bool

	bind  func(*Settings, Destination) any
	check func(value string) error // of each element where the setting is a list
	low   int
	high  int
	days  []int // the only numbers allowed, where not all of low to high are
}

const roleForm = `^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$`

// overHTTPS are the destinations that only the function calls.
func overHTTPS() []Destination { return []Destination{Splunk, Elastic, OpenSearch} }

// names are destinations as a user writes them.
func names(of []Destination) []string {
	list := make([]string, len(of))
	for i, d := range of {
		list[i] = string(d)
	}
	return list
}

// table is all settings in the order in which the README shows them.
func table() []setting {
	return []setting{
		{Name: "source", Meaning: "the partner event source, as EventBridge shows it after the log stream has been added " +
			"in Okta",
			Allowed: "`aws.partner/okta.com/ORG/STREAM`",
			bind:    func(s *Settings, _ Destination) any { return &s.Source }, check: checkSource},
		{Name: "destination", Meaning: "where events go; each destination has its own pipeline, which fails alone",
			Allowed: "`" + strings.Join(names(Destinations()), "`, `") + "`, or several of them joined by commas",
			bind:    func(s *Settings, _ Destination) any { return &s.Destinations },
			check:   oneOf(names(Destinations())...)},
		{Name: "stack", Meaning: "the stack's name, and the first part of every pipeline's", Default: "oktastream",
			Allowed: "letters, digits and hyphens, up to 40",
			bind:    func(s *Settings, _ Destination) any { return &s.Stack },
			check:   matches(`^[A-Za-z][A-Za-z0-9-]{0,39}$`, "a letter, then letters, digits and hyphens, up to 40 in all")},
		{Name: "bus", Meaning: "`existing` leaves the partner event bus as it is and only puts rules on it",
			Default: BusCreate,
			Allowed: "`create`, `existing`",
			bind:    func(s *Settings, _ Destination) any { return &s.Bus }, check: oneOf(BusCreate, BusExisting)},
		{Name: "ingest", Meaning: "the target of the rule: the buffer queue, the function, or the destination itself " +
			"with no function", Default: IngestQueue,
			Allowed: "`queue`, `lambda`; `rule` for CloudWatch Logs and Datadog's API destination; only `queue` for the archive",
			Of:      Destinations(),
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Ingest }, check: oneOf(IngestQueue, IngestLambda,
				IngestRule)},
		{Name: "format", Meaning: "what a record looks like", Of: Destinations(),
			Allowed: "`ocsf`, `datadog`, `raw`; by default `ocsf` in CloudWatch Logs, `datadog` in Datadog and `raw` " +
				"elsewhere; only `raw` in Elastic, and `raw` or `ocsf` in the archive; absent with `ingest=rule`, which stores " +
				"events as they come",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).Format }, check: oneOf("", "ocsf", "datadog",
				"raw")},
		{Name: "observables", Meaning: "`true`: records in OCSF also list the values that one searches for (users, " +
			"addresses, ids, ...) in `observables[]`; they are a quarter longer", Default: "false", Of: Destinations(),
			Allowed: "`true`, `false`; only with the format `ocsf`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Observables }},
		{Name: "include", Meaning: "event types to deliver; none is all", Of: Destinations(),
			Allowed: "types joined by commas, `*` for any characters",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Include }},
		{Name: "exclude", Meaning: "event types to leave out; beats `include`; `system.log_stream.*` always goes " +
			"through", Of: Destinations(),
			Allowed: "types joined by commas, `*` for any characters",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Exclude }},
		{Name: "retention", Meaning: "days that CloudWatch Logs keeps events; Okta keeps 90", Default: "400",
			Of:      []Destination{CloudWatch},
			Allowed: "what CloudWatch Logs has: " + numbers(retentions()[1:]) + "; `0` is for ever",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).RetentionDays }, days: retentions()},
		{Name: "logGroup", Meaning: "the log group that holds events: a name for a new one, or the ARN of an existing one, " +
			"whose retention, class and indexes stay as they are", Of: []Destination{CloudWatch},
			Allowed: "a name that no log group has, or an ARN; absent: CloudFormation chooses the name",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).LogGroup }, check: checkLogGroup},
		{Name: "logClass", Meaning: "the class of a new log group; `infrequent` costs half as much to write to and has " +
			"fewer features", Default: LogClassStandard, Of: []Destination{CloudWatch},
			Allowed: "`standard`, `infrequent`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).LogClass },
			check:   oneOf(LogClassStandard, LogClassInfrequent)},
		{Name: "detections", Meaning: "`true` makes an alarm for each detection that one event shows", Default: "false",
			Of: []Destination{CloudWatch}, Allowed: "`true`, `false`; not with `logClass=infrequent`",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).Detections }},
		{Name: "transport", Meaning: "how events go to Datadog: packed in batches by an EventBridge API destination, or " +
			"from the function itself", Default: TransportEventBridge, Of: []Destination{Datadog},
			Allowed: "`eventbridge`, `https`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Transport },
			check:   oneOf(TransportEventBridge, TransportHTTPS)},
		{Name: "endpoint", Meaning: "where the function sends events: the base URL or the full path", Of: overHTTPS(),
			Allowed: "an `https` URL; certificates are verified",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Endpoint },
			check:   checkEndpoint},
		{Name: "secret", Meaning: "the secret in Secrets Manager: an API key, Splunk's HEC token, or with `auth=basic` " +
			"`USER:PASSWORD`",
			Of:      append([]Destination{Datadog}, overHTTPS()...),
			Allowed: "name or ARN; not used with `auth=es` and `auth=aoss`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Secret },
			check:   matches(`^[A-Za-z0-9/_+=.@:-]{1,512}$`, "a secret's name or ARN")},
		{Name: "secretField", Meaning: "the field of the secret that holds the key, where the secret is JSON",
			Of:      append([]Destination{Datadog}, overHTTPS()...),
			Allowed: "a field's name; absent where the secret is the key itself",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).SecretField },
			check:   matches(`^[A-Za-z0-9_.-]*$`, "letters, digits, dots, hyphens and underscores")},
		{Name: "secretVersion", Meaning: "the version of the secret; deploy with another one to bring a rotated key into " +
			"EventBridge", Of: []Destination{Datadog},
			Allowed: "a version id; absent is the current one at the time of the first deploy",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).SecretVersion },
			check: matches(`^([A-Za-z0-9-]{32,64})?$`, "a version id of 32 to 64 letters, digits and hyphens (aws "+
				"secretsmanager list-secret-version-ids)")},
		{Name: "auth", Meaning: "how the function authenticates: with an API key, with user and password, or as its role " +
			"(OpenSearch Service `es`, OpenSearch Serverless `aoss`)", Of: []Destination{Elastic, OpenSearch},
			Allowed: "Elastic: `apiKey` (default), `basic`; OpenSearch: `es` (default), `aoss`, `basic`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Auth },
			check:   oneOf("", AuthAPIKey, AuthBasic, AuthES, AuthAOSS)},
		{Name: "index", Meaning: "the index of Splunk, or the index or alias of OpenSearch",
			Of:      []Destination{Splunk, OpenSearch},
			Allowed: "a name; by default the HEC token's own in Splunk, and `okta` in OpenSearch",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Index },
			check: matches(`^([a-z0-9][a-z0-9._-]{0,254})?$`, "up to 255 lower-case letters, digits, dots, hyphens and "+
				"underscores, a letter or a digit first")},
		{Name: "dataStream", Meaning: "the data stream that events go to", Of: []Destination{Elastic, OpenSearch},
			Allowed: "a name; by default `logs-okta.system-default` in Elastic, and none in OpenSearch",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).DataStream },
			check: matches(`^([a-z0-9][a-z0-9._-]{0,99})?$`, "up to 100 lower-case letters, digits, dots, hyphens and "+
				"underscores, a letter or a digit first")},
		{Name: "sourcetype", Meaning: "the sourcetype of events; Splunk's add-on for Okta reads the default",
			Of: []Destination{Splunk}, Default: "OktaIM2:log",
			Allowed: "letters, digits, `:`, `_`, `-`, `.`, up to 100",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Sourcetype },
			check:   matches(`^[A-Za-z0-9:_.-]{1,100}$`, "up to 100 letters, digits, colons, underscores, dots and hyphens")},
		{Name: "source", Meaning: "the source of events in Splunk", Of: []Destination{Splunk}, Dotted: true,
			Default: "okta:im2", Allowed: "letters, digits, `:`, `/`, `_`, `-`, `.`, up to 100",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).HECSource },
			check: matches(`^[A-Za-z0-9:/_.-]{1,100}$`,
				"up to 100 letters, digits, colons, slashes, underscores, dots and hyphens")},
		{Name: "ack", Meaning: "`true`: an event is delivered when Splunk's indexers have acknowledged it; the function's " +
			"timeout is then at least 360 s", Default: "false", Of: []Destination{Splunk},
			Allowed: "`true`, `false`; the HEC token needs indexer acknowledgement",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Ack }},
		{Name: "caCertificate", Meaning: "a file with the certificate of a private CA, the only one that is then trusted",
			Of: overHTTPS(), Allowed: "the path of a PEM file",
			bind:  func(s *Settings, d Destination) any { return &s.Of(d).CACertificate },
			check: checkCertificates},
		{Name: "vpc", Meaning: "the subnets and security groups of a function that calls its destination itself; it must " +
			"reach SQS, Secrets Manager and the destination from there", Of: append([]Destination{Datadog}, overHTTPS()...),
			Allowed: "ids, `subnet-…,subnet-…,sg-…`; with Datadog only with `transport=https`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).VPC }, check: checkVPC},
		{Name: "site", Meaning: "Datadog's site", Default: "us1", Of: []Destination{Datadog},
			Allowed: siteNames() + ", or the site's host",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Site }, check: checkSite},
		{Name: "service", Meaning: "the service of Datadog's logs", Default: "okta", Of: []Destination{Datadog},
			Allowed: "up to 100 letters, digits, `_`, `-`, `.`, `/`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Service }, check: datadog.CheckService},
		{Name: "tags", Meaning: "tags of Datadog's logs, beside `okta_org` and `region`", Of: []Destination{Datadog},
			Allowed: "`key:value`, joined by commas",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Tags }, check: datadog.CheckTag},
		{Name: "oktaDomain", Meaning: "domain of the org, for the hostname of Datadog's logs and the host in Splunk",
			Default: "okta.com", Of: []Destination{Datadog, Splunk},
			Allowed: "`okta-emea.com`, `oktapreview.com` and the like; `none`: no hostname",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).OktaDomain },
			check:   matches(`^(none|[a-z0-9-]+(\.[a-z0-9-]+)+)$`, "a domain, or none")},
		{Name: "rate", Meaning: "requests a second to Datadog, at most; each carries up to 1,000 logs", Default: "300",
			Of:      []Destination{Datadog},
			Allowed: "1 to 10000; beyond 300 needs a quota of yours",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Rate }, low: 1, high: 10000},
		{Name: "packBytes", Meaning: "size of a PutEvents request, at most", Default: "245760", Of: []Destination{Datadog},
			Allowed: "16384 to 786432",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).PackBytes }, low: 16384, high: 786432},
		{Name: "bucket", Meaning: "the bucket that holds events: the name of an existing one of this account and region, " +
			"whose settings and policy stay as they are", Of: []Destination{Archive},
			Allowed: "a bucket's name; absent: the stack makes one",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Bucket }, check: checkBucket},
		{Name: "lock", Meaning: "S3 Object Lock of a bucket that the stack makes: `governance` can be lifted by a role " +
			"that may bypass it, `compliance` by nobody", Default: LockOff, Of: []Destination{Archive},
			Allowed: "`off`, `governance`, `compliance`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).Lock },
			check:   oneOf(LockOff, LockGovernance, LockCompliance)},
		{Name: "lockYears", Meaning: "years that an object is locked after it was written", Default: "0",
			Of: []Destination{Archive}, Allowed: "1 to 100 with `lock`, otherwise 0",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).LockYears }, low: 0, high: 100},
		{Name: "lockConfirm", Meaning: "the sentence that confirms `lock=compliance`", Of: []Destination{Archive},
			Allowed: "`cannot be deleted for N years`, with N as in `lockYears`",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).LockConfirm }},
		{Name: "coldDays", Meaning: "days after which objects of 128 KB and more go to the class Glacier Instant " +
			"Retrieval, of a bucket that the stack makes", Default: "90", Of: []Destination{Archive},
			Allowed: "0 to 36500; `0` is never",
			bind:    func(s *Settings, d Destination) any { return &s.Of(d).ColdDays }, low: 0, high: 36500},
		{Name: "digestKey", Meaning: "the KMS key that signs digests of the archive: asymmetric, ECC_NIST_P256, for signing",
			Of: []Destination{Archive}, Allowed: "`own`, a key's ARN; absent: digests are not signed",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).DigestKey }, check: checkDigestKey},
		{Name: "athenaScanGB", Meaning: "what one query of Athena in the stack's workgroup may read, in GB", Default: "100",
			Of: []Destination{Archive}, Allowed: "1 to 100000",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).AthenaScanGB }, low: 1, high: 100000},
		{Name: "batch", Meaning: "messages an invocation, at most", Default: "100", Of: Destinations(), Allowed: "1 to 10000",
			DefaultOf: map[Destination]string{Archive: "2000"},
			bind:      func(s *Settings, d Destination) any { return &s.Of(d).Batch }, low: 1, high: 10000},
		{Name: "window", Meaning: "seconds that Lambda waits for a full batch", Default: "5", Of: Destinations(),
			DefaultOf: map[Destination]string{Archive: "60"}, Allowed: "0 to 300; at least 1 with `batch` beyond 10",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).Window }, low: 0, high: 300},
		{Name: "timeout", Meaning: "the function's, in seconds", Default: "60", Of: Destinations(), Allowed: "10 to 900",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).Timeout }, low: 10, high: 900},
		{Name: "memory", Meaning: "the function's, in MB", Default: "256", Of: Destinations(), Allowed: "128 to 10240",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).Memory }, low: 128, high: 10240},
		{Name: "concurrency", Meaning: "invocations from the buffer queue at a time, at most", Default: "10",
			Of: Destinations(), Allowed: "2 to 1000",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).Concurrency }, low: 2, high: 1000},
		{Name: "outageHours", Meaning: "how long an event is tried before it goes to the queue `redrive`", Default: "6",
			Of: Destinations(), Allowed: "1 to 96",
			bind: func(s *Settings, d Destination) any { return &s.Of(d).OutageHours }, low: 1, high: 96},
		{Name: "okta.secret", Meaning: "the secret in Secrets Manager with Okta's credentials: makes the auditor, which " +
			"compares every hour with Okta's System Log and fills gaps", Allowed: "name or ARN; absent: no auditor",
			bind:  func(s *Settings, _ Destination) any { return &s.OktaSecret },
			check: matches(`^[A-Za-z0-9/_+=.@:-]{1,512}$`, "a secret's name or ARN")},
		{Name: "okta.orgUrl", Meaning: "the org whose events are audited", Allowed: "`https://ORG.okta.com`",
			bind: func(s *Settings, _ Destination) any { return &s.OktaURL }, check: checkOrg},
		{Name: "okta.every", Meaning: "minutes between two runs of the auditor", Default: "15", Allowed: "5, 10, 15, 30, 60",
			bind: func(s *Settings, _ Destination) any { return &s.OktaEvery }, days: []int{5, 10, 15, 30, 60}},
		{Name: "okta.requests", Meaning: "requests to Okta's API in one run, at most", Default: "0",
			Allowed: "1 to 100000; `0` is 60 for each minute of `okta.every`, half of a Workforce org's limit",
			bind:    func(s *Settings, _ Destination) any { return &s.OktaRequests }, low: 0, high: 100000},
		{Name: "okta.since", Meaning: "the first hour that the auditor audits, at most 90 days back",
			Allowed: "`2026-11-01` or `2026-11-01T00:00:00Z`; absent: the first full hour after its first run",
			bind:    func(s *Settings, _ Destination) any { return &s.OktaSince }, check: checkSince},
		{Name: "kms", Meaning: "what encrypts queues, log groups, buckets, buses and the connection: keys that AWS owns, " +
			"a key that the stack makes, or a key of yours", Default: KMSAWS,
			Allowed: "`aws`, `own`, a key's ARN",
			bind:    func(s *Settings, _ Destination) any { return &s.KMS }, check: checkKMS},
		{Name: "replayPrincipals", Meaning: "who may replay dead letters; none is every principal of the account whose " +
			"own policy allows it to assume the replay role",
			Allowed: "ARNs of IAM roles, joined by commas",
			bind:    func(s *Settings, _ Destination) any { return &s.ReplayPrincipals }, check: matches(roleForm,
				"the ARN of an IAM role (an assumed role's session ARN is not)")},
		{Name: "lockQueues", Meaning: "the only roles, beside the function and replays, that may read, delete or change " +
			"the queues; none is off. " +
			"CloudFormation's role must be among them, or the next deploy fails",
			Allowed: "ARNs of IAM roles, joined by commas",
			bind:    func(s *Settings, _ Destination) any { return &s.LockQueues }, check: matches(roleForm,
				"the ARN of an IAM role (an assumed role's session ARN is not)")},
		{Name: "archiveDays", Meaning: "days that an EventBridge archive keeps events; AWS does not document replay from " +
			"an archive of a partner bus", Default: "0",
			Allowed: "0 to 3650; `0` is no archive",
			bind:    func(s *Settings, _ Destination) any { return &s.ArchiveDays }, low: 0, high: 3650},
		{Name: "alarmEmail", Meaning: "where alarms are sent; the address gets a mail that must be confirmed",
			Allowed: "an e-mail address",
			bind:    func(s *Settings, _ Destination) any { return &s.AlarmEmail },
			check:   matches(`^([^@\s,]+@[^@\s,]+\.[^@\s,]+)?$`, "an e-mail address")},
		{Name: "alarmTopic", Meaning: "your own SNS topic for alarms, instead; its policy must let CloudWatch publish",
			Allowed: "a topic's ARN",
			bind:    func(s *Settings, _ Destination) any { return &s.AlarmTopic },
			check: matches(`^(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256})?$`,
				"the ARN of a standard SNS topic")},
		{Name: "live", Meaning: "`true` makes the alarm `silence`: set it once events flow", Default: "false",
			Allowed: "`true`, `false`",
			bind:    func(s *Settings, _ Destination) any { return &s.Live }},
		{Name: "silenceMinutes", Meaning: "longer than your longest normal time without any event", Default: "60",
			Allowed: "5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440",
			bind:    func(s *Settings, _ Destination) any { return &s.SilenceMinutes }, days: []int{5, 10, 15, 30, 60, 120,
				180, 240, 360, 720, 1440}},
		{Name: "removal", Meaning: "what happens to buses, queues, log groups and keys when they leave the stack; " +
			"the buckets and the digest key of the archive always stay",
			Default: RemovalRetain,
			Allowed: "`retain`; `destroy` deletes them with everything in them",
			bind:    func(s *Settings, _ Destination) any { return &s.Removal }, check: oneOf(RemovalRetain, RemovalDestroy)},
	}
}

// scopes are the destinations that the setting is assigned for; the stack's own
// settings are assigned once.
func (row *setting) scopes() []Destination {
	if len(row.Of) == 0 {
		return []Destination{""}
	}
	return row.Of
}

func oneOf(allowed ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		return fmt.Errorf("it must be one of %s", strings.TrimPrefix(strings.Join(allowed, ", "), ", "))
	}
}

func matches(pattern, what string) func(string) error {
	return func(value string) error {
		// Compiled where it is used: the table is made anew for each reading, and few of
		// its rows are checked.
		if regexp.MustCompile(pattern).MatchString(value) {
			return nil
		}
		return fmt.Errorf("it must be %s", what)
	}
}

func numbers(list []int) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, n)
	}
	return b.String()
}
