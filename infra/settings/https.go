package settings

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// checkEndpoint takes an https URL without anything that would be a secret or would
// change the request: the function adds path and query.
func checkEndpoint(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" ||
		u.ForceQuery || u.Fragment != "" || strings.ContainsAny(value, "#, ") {
		return errors.New("it must be an https URL, https://HOST, with a port or a path where needed, and without user, " +
			"password, query and fragment")
	}
	return nil
}

var (
	// The identifiers of resources end in 8 or 17 hexadecimal digits (EC2 user guide,
	// "Resource IDs", read 2026-11).
	vpcForm = regexp.MustCompile(`^(subnet|sg)-([0-9a-f]{8}|[0-9a-f]{17})$`)
	// logGroupForm is the name of a log group (CloudWatch Logs API reference,
	// CreateLogGroup, read 2026-11); a name that begins with aws/ is reserved.
	logGroupForm    = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)
	logGroupARNForm = regexp.MustCompile(
		`^arn:aws[a-z-]*:logs:([a-z0-9-]+):([0-9]{12}):log-group:([.\-_/#A-Za-z0-9]{1,512})(:\*)?$`)
	secretARNForm = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):([0-9]{12}):secret:(.+)$`)
)

func checkVPC(value string) error {
	if vpcForm.MatchString(value) {
		return nil
	}
	return errors.New("it must be the id of a subnet or of a security group, subnet-… or sg-…")
}

// checkVPCs checks the list as a whole. A function can have 16 subnets and five
// security groups (Lambda API reference, VpcConfig, read 2026-11).
func (p *Pipeline) checkVPCs() error {
	subnets, groups := p.VPCParts()
	if len(p.VPC) > 0 && (len(subnets) == 0 || len(subnets) > 16 || len(groups) == 0 || len(groups) > 5) {
		return fmt.Errorf("vpc has %d subnets and %d security groups; it must have 1 to 16 subnets (best two, in two "+
			"availability zones) and 1 to 5 security groups: vpc=subnet-…,subnet-…,sg-…", len(subnets), len(groups))
	}
	return nil
}

// VPCParts are the ids of the subnets and those of the security groups.
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

func checkLogGroup(value string) error {
	name, _ := ParseLogGroup(value)
	if logGroupForm.MatchString(name) && !strings.HasPrefix(name, "aws/") {
		return nil
	}
	return errors.New("it must be the name of a new log group, up to 512 letters, digits, dots, hyphens, underscores, " +
		"slashes and #, or the ARN of an existing one, arn:aws:logs:REGION:ACCOUNT:log-group:NAME")
}

// ParseLogGroup is the name in the setting logGroup, and whether the group exists
// already.
func ParseLogGroup(value string) (name string, exists bool) {
	if parts := logGroupARNForm.FindStringSubmatch(value); parts != nil {
		return parts[3], true
	}
	return value, false
}

// SecretARN is the resource of a policy for a secret. Secrets Manager puts a hyphen
// and six characters behind the name of a secret; where they are not known, six
// question marks stand for them (Secrets Manager user guide, "Identity-based
// policies", read 2026-11). A secret without an ARN is one of the stack's partition,
// region and account.
func SecretARN(secret, partition, region, account string) string {
	switch {
	case !secretARNForm.MatchString(secret):
		return "arn:" + partition + ":secretsmanager:" + region + ":" + account + ":secret:" + secret + "-??????"
	case !regexp.MustCompile(`-[A-Za-z0-9]{6}$`).MatchString(secret):
		return secret + "-??????"
	}
	return secret
}

// Signed is what a request that the function signs as its role is sent to.
type Signed struct {
	Action   string // of IAM
	Service  string // in the resource's ARN
	Resource string // the last part of the resource's ARN
	Known    bool   // the endpoint names the domain or the collection
	Region   string // "" where the endpoint does not name it
}

// The hosts of OpenSearch Service, "Endpoints" of a domain, and of OpenSearch
// Serverless, whose name begins with the collection's id (developer guides, read
// 2026-11). A domain's name has 3 to 28 characters (CreateDomain, API reference).
var (
	domainHosts = []*regexp.Regexp{
		regexp.MustCompile(`^(?:search|vpc)-([a-z][a-z0-9-]{2,27})-[a-z0-9]{20,32}\.([a-z0-9-]+)\.es\.amazonaws\.com$`),
		regexp.MustCompile(`^(?:search|vpc)-([a-z][a-z0-9-]{2,27})-[a-z0-9]{20,32}\.aos\.([a-z0-9-]+)\.on\.aws$`),
	}
	collectionHost = regexp.MustCompile(`^([a-z0-9]{3,40})\.([a-z0-9-]+)\.aoss\.amazonaws\.com$`)
)

// SignedTo is what the function may call at OpenSearch: the bulk API of a domain, or
// the API of a collection, whose one permission covers all of it (OpenSearch
// Serverless, service authorization reference, read 2026-11). ok is false where the
// function does not sign.
func (s *Settings) SignedTo(d Destination) (to Signed, ok bool) {
	u, err := url.Parse(s.Of(d).Endpoint)
	if err != nil {
		return Signed{}, false
	}
	switch s.Auth(d) {
	case AuthES:
		to = Signed{Action: "es:ESHttpPost", Service: "es", Resource: "domain/*/*_bulk"}
		for _, form := range domainHosts {
			if parts := form.FindStringSubmatch(u.Hostname()); parts != nil {
				to.Resource, to.Region, to.Known = "domain/"+parts[1]+"/*_bulk", parts[2], true
			}
		}
	case AuthAOSS:
		to = Signed{Action: "aoss:APIAccessAll", Service: "aoss", Resource: "collection/*"}
		if parts := collectionHost.FindStringSubmatch(u.Hostname()); parts != nil {
			to.Resource, to.Region, to.Known = "collection/"+parts[1], parts[2], true
		}
	default:
		return Signed{}, false
	}
	return to, true
}

// maxCertificateFile bounds what is read of a PEM file. Four kilobytes of variables
// hold some three certificates.
const maxCertificateFile = 64 << 10

// Certificates reads the certificates of a PEM file and returns them as the function
// takes them: DER, in base64, joined by commas.
func Certificates(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("open the certificate file: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", file)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCertificateFile+1))
	if err != nil {
		return "", fmt.Errorf("read the certificate file: %w", err)
	}
	return parseCertificates(text)
}

func parseCertificates(text []byte) (string, error) {
	if len(text) > maxCertificateFile {
		return "", fmt.Errorf("it must be shorter than %d bytes: put only the private CA's certificate into it",
			maxCertificateFile)
	}
	var list []string
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return "", fmt.Errorf("it must hold certificates only, not %s", block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return "", fmt.Errorf("certificate %d in it: %w", len(list)+1, err)
		}
		list = append(list, base64.StdEncoding.EncodeToString(block.Bytes))
	}
	if len(list) == 0 {
		return "", errors.New("it must be the path of a PEM file: -----BEGIN CERTIFICATE-----")
	}
	return strings.Join(list, ","), nil
}

func checkCertificates(file string) error {
	_, err := Certificates(file)
	return err
}

// checkHTTPS are the faults of a destination that the function calls over HTTPS.
func (s *Settings) checkHTTPS(d Destination) []error {
	p := s.Of(d)
	var faults []error
	add := func(format string, arguments ...any) { faults = append(faults, fmt.Errorf(format, arguments...)) }
	if p.Ingest == IngestRule {
		add("ingest=rule: an EventBridge rule cannot deliver there: it sends one JSON value to a request and does not read " +
			"which records were refused; leave ingest out, or set ingest=queue or ingest=lambda")
	}
	if d != Datadog && p.Endpoint == "" {
		add("endpoint: it must be set to %s", endpoints()[d])
	}
	if auth := s.Auth(d); p.Secret == "" && auth != AuthES && auth != AuthAOSS {
		add("secret: it must be set to the name of the Secrets Manager secret that holds %s (aws secretsmanager "+
			"create-secret --name %s --secret-string file://secret)", secrets(d, auth), d)
	}
	if allowed := auths()[d]; p.Auth != "" && !slices.Contains(allowed, p.Auth) {
		add("auth: it must be one of %s, not %q", strings.Join(allowed, ", "), p.Auth)
	}
	if d == Elastic && p.Format != "" && p.Format != "raw" {
		add("format: it must be raw, because Elastic's okta pipeline parses Okta's own events, not %q; leave it out",
			p.Format)
	}
	if d == OpenSearch && p.Index != "" && p.DataStream != "" {
		add("index and dataStream: events go to one of them; leave the other out")
	}
	if d == Datadog {
		faults = append(faults, p.checkEventBridgeOnly()...)
	}
	if err := p.checkVPCs(); err != nil {
		faults = append(faults, err)
	}
	return faults
}

// checkEventBridgeOnly are the faults of a pipeline to Datadog over HTTPS that sets what
// only an EventBridge API destination has.
func (p *Pipeline) checkEventBridgeOnly() []error {
	var faults []error
	if p.SecretVersion != "" {
		faults = append(faults, errors.New("secretVersion: with transport=https the function reads the current version; "+
			"leave it out"))
	}
	unset := Default().Datadog
	if p.Rate != unset.Rate {
		faults = append(faults, fmt.Errorf("rate %d: it is a limit of EventBridge's API destination, which transport=https "+
			"does not use; leave it out (concurrency limits how many functions send at a time)", p.Rate))
	}
	if p.PackBytes != unset.PackBytes {
		faults = append(faults, fmt.Errorf("packBytes %d: it is the size of a PutEvents request, and transport=https makes "+
			"none; leave it out", p.PackBytes))
	}
	return faults
}

// auths are the values that the setting auth has for a destination, the default first.
func auths() map[Destination][]string {
	return map[Destination][]string{
		Elastic: {AuthAPIKey, AuthBasic}, OpenSearch: {AuthES, AuthAOSS, AuthBasic},
	}
}

// endpoints says what the setting endpoint is for a destination.
func endpoints() map[Destination]string {
	return map[Destination]string{
		Splunk: "the URL of Splunk's HTTP Event Collector, for example https://http-inputs-STACK.splunkcloud.com or " +
			"https://HOST:8088",
		Elastic:    "the URL of Elasticsearch (not Kibana's), for example https://NAME.es.us-east-1.aws.elastic.cloud",
		OpenSearch: "the URL of the domain or collection, for example https://search-NAME-ID.us-east-1.es.amazonaws.com",
	}
}

// secrets says what the secret of a destination holds.
func secrets(d Destination, auth string) string {
	switch {
	case auth == AuthBasic:
		return "USER:PASSWORD"
	case d == Splunk:
		return "Splunk's HEC token"
	case d == Elastic:
		return "Elastic's API key, the encoded form (base64 of ID:KEY)"
	}
	return "Datadog's API key"
}

// sameEndpoint is the fault that two destinations have one endpoint, which the plain
// key gives to both.
func (s *Settings) sameEndpoint() error {
	seen := map[string]Destination{}
	for _, d := range s.Destinations {
		url := s.Of(d).Endpoint
		if other, twice := seen[url]; twice && url != "" {
			return fmt.Errorf("endpoint: %s and %s cannot both be %s; write %s.endpoint and %s.endpoint", other, d, url,
				other, d)
		}
		seen[url] = d
	}
	return nil
}

// checkRegionOf checks what a destination's settings say of region, which is the
// stack's.
func (s *Settings) checkRegionOf(d Destination, region string) []error {
	var faults []error
	p := s.Of(d)
	add := func(format string, arguments ...any) {
		faults = append(faults, fmt.Errorf("%s: "+format, append([]any{d}, arguments...)...))
	}
	if secret := secretARNForm.FindStringSubmatch(s.Secret(d)); secret != nil && secret[1] != region {
		add("secret: it is in %s and the stack in %s; replicate the secret to %s and give the replica's ARN", secret[1],
			region, region)
	}
	if group := logGroupARNForm.FindStringSubmatch(p.LogGroup); group != nil && group[1] != region {
		add("logGroup: it is in %s and the stack in %s; the function writes to groups of its own region only", group[1],
			region)
	}
	if key := keyForm.FindStringSubmatch(p.DigestKey); key != nil && key[1] != region {
		add("digestKey: the key is in %s and the stack in %s; give a key of the stack's region", key[1], region)
	}
	return faults
}

// notes are what somebody who deploys to d should know, one line each.
func (s *Settings) notes(d Destination) []string {
	p := s.Of(d)
	var notes []string
	add := func(format string, arguments ...any) {
		notes = append(notes, string(d)+": "+fmt.Sprintf(format, arguments...))
	}
	if p.Ack && p.TimeoutSeconds() != p.Timeout {
		add("ack=true: the function's timeout is %d s, not %d, so that it can wait for the indexers; the visibility timeout "+
			"is %d s, and an event is tried %d times", p.TimeoutSeconds(), p.Timeout, p.VisibilitySeconds(), p.MaxReceiveCount())
	}
	if to, ok := s.SignedTo(d); ok && !to.Known {
		add("the endpoint does not name the domain or collection, so the function's role may call %s on all of the "+
			"account's (%s); the endpoint that AWS gave names it", to.Action, to.Resource)
	}
	if s.HTTPS(d) && len(p.VPC) > 0 {
		add("vpc: the function reaches SQS, Secrets Manager and the destination through the subnets only: they need a NAT " +
			"gateway, or interface endpoints for sqs and secretsmanager whose security groups let the function in")
	}
	if _, exists := ParseLogGroup(p.LogGroup); exists {
		add("logGroup: the stack does not change an existing log group: its retention, class, encryption and deletion " +
			"protection stay, and it gets no field indexes")
	}
	if d == Archive {
		for _, note := range s.archiveNotes() {
			add("%s", note)
		}
	}
	if p.LogClass == LogClassInfrequent {
		// PutIndexPolicy, API reference, "Only log groups in the Standard log class";
		// "Logs Insights QL commands supported in log classes", user guide; AWS's
		// announcement of 2023-11 names the rest, and AWS's answer to FilterLogEvents is
		// quoted in aws/karpenter-provider-aws, pull request 9567 (2026-09). Read 2026-11.
		add("logClass=infrequent has no field indexes, no metric filters, no Live Tail and no data protection, and Logs " +
			"Insights reads it without pattern, diff, filterIndex and unmask; the stack's alarms and saved queries need none " +
			"of these (AWS's page \"Log classes\" has the whole list). FilterLogEvents cannot read it, so that oktastream " +
			"reconcile --against cloudwatch fails. A group keeps its class: another class is another group")
	}
	return notes
}
