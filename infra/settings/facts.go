package settings

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oktastream/oktastream/events"
)

// retentions returns the numbers of days that a log group can keep events; 0 is for ever (CloudWatch Logs API
// reference, PutRetentionPolicy, read 2026-11).
func retentions() []int {
	return []int{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
		3288, 3653}
}

// regions returns the AWS regions to which Okta streams (Okta management API 2026.06.3, schema AwsRegion of
// LogStreamSettingsAws).
func regions() []string {
	return []string{
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
		"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
		"us-east-2", "us-west-1", "us-west-2",
	}
}

// IntakeURL returns where Datadog's site takes logs. The site is a name or a host; an unknown name is an error.
func IntakeURL(site string) (string, error) {
	host, err := SiteHost(site)
	return "https://http-intake.logs." + host + "/api/v2/logs", err
}

// SiteHost returns the host of Datadog's site, for example datadoghq.eu. The site is a name or a host; an unknown name
// is an error. Logs go to http-intake.logs.<host> (Datadog API client for Go 2.67.0, api/datadogV2/api_logs.go,
// 2026-10).
func SiteHost(site string) (string, error) {
	var all []string
	for _, s := range [][2]string{
		{"us1", "datadoghq.com"}, {"us3", "us3.datadoghq.com"}, {"us5", "us5.datadoghq.com"}, {"eu1", "datadoghq.eu"},
		{"ap1", "ap1.datadoghq.com"}, {"ap2", "ap2.datadoghq.com"}, {"uk1", "uk1.datadoghq.com"},
		{"us1-fed", "ddog-gov.com"}, {"us2-fed", "us2.ddog-gov.com"},
	} {
		if strings.EqualFold(site, s[0]) || site == s[1] {
			return s[1], nil
		}
		all = append(all, s[0])
	}
	return "", fmt.Errorf("it must be one of %s, or such a site's host, for example datadoghq.eu", strings.Join(all, ", "))
}

func checkSite(value string) error {
	_, err := SiteHost(value)
	return err
}

var (
	// The forms of a partner event source: EventBridge's (CloudFormation, AWS::Events::EventBus, EventSourceName) and
	// Okta's, whose event source name has 1 to 75 characters (Okta management API 2026.06.3, LogStreamSettingsAws).
	sourceForm = regexp.MustCompile(`^aws\.partner(/[.\-_A-Za-z0-9]+){2,}$`)
	streamForm = regexp.MustCompile(`^[a-zA-Z0-9.\-_]{1,75}$`)
	keyForm    = regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):([0-9]{12}):key/[A-Za-z0-9-]+$`)
	// bucketForm is the name of a bucket (S3 user guide, "General purpose bucket naming rules", read 2026-11), which must
	// not look like an IP address.
	bucketForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	addressForm = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$`)
	// logGroupForm is the name of a log group (CloudWatch Logs API reference, CreateLogGroup, read 2026-11); a name that
	// begins with aws/ is reserved.
	logGroupForm    = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)
	logGroupARNForm = regexp.MustCompile(
		`^arn:aws[a-z-]*:logs:([a-z0-9-]+):([0-9]{12}):log-group:([.\-_/#A-Za-z0-9]{1,512})(:\*)?$`)
	secretARNForm = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):([0-9]{12}):secret:(.+)$`)
)

// vpcForm: the identifiers of resources end in 8 or 17 hexadecimal digits (EC2 user guide, "Resource IDs", read
// 2026-11).
const vpcForm = `^(subnet|sg)-([0-9a-f]{8}|[0-9a-f]{17})$`

func checkSource(value string) error {
	_, stream, ok := events.ParseSource(value)
	if ok && sourceForm.MatchString(value) && streamForm.MatchString(stream) && len(value) <= 256 {
		return nil
	}
	return errors.New("it must be the partner event source as EventBridge shows it, " + events.SourcePrefix +
		"ORG/STREAM (console: EventBridge, Partner event sources)")
}

// checkKey checks the ARN of a key, or one of these words.
func checkKey(words ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(words, value) || keyForm.MatchString(value) {
			return nil
		}
		return fmt.Errorf("it must be %s, or the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID; not an alias: IAM "+
			"policies name keys", strings.TrimPrefix(strings.Join(words, ", "), ", "))
	}
}

func checkBucket(value string) error {
	if bucketForm.MatchString(value) && !strings.Contains(value, "..") && !addressForm.MatchString(value) {
		return nil
	}
	return errors.New("it must be the name of a bucket, 3 to 63 lower-case letters, digits, dots and hyphens, without " +
		"s3://")
}

func checkLogGroup(value string) error {
	name, _ := ParseLogGroup(value)
	if logGroupForm.MatchString(name) && !strings.HasPrefix(name, "aws/") {
		return nil
	}
	return errors.New("it must be the name of a new log group, up to 512 letters, digits, dots, hyphens, underscores, " +
		"slashes and #, or the ARN of an existing one, arn:aws:logs:REGION:ACCOUNT:log-group:NAME")
}

// checkEndpoint accepts an https URL without anything that would be a secret or would change the request: the function
// adds path and query.
func checkEndpoint(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" ||
		u.ForceQuery || u.Fragment != "" || strings.ContainsAny(value, "#, ") {
		return errors.New("it must be an https URL, https://HOST, with a port or a path where needed, and without user, " +
			"password, query and fragment")
	}
	return nil
}

func checkOrg(value string) error {
	if u, err := url.Parse(value); err == nil && checkEndpoint(value) == nil && (u.Path == "" || u.Path == "/") {
		return nil
	}
	return errors.New("it must be the org's address, https://ORG.okta.com, without a path")
}

func checkSince(value string) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if _, err := time.Parse(layout, value); err == nil || value == "" {
			return nil
		}
	}
	return errors.New("it must be a time such as 2026-11-01 or 2026-11-01T00:00:00Z")
}

func checkCertificates(file string) error {
	_, err := Certificates(file)
	return err
}

// ParseLogGroup returns the name in the setting logGroup, and whether the group exists already.
func ParseLogGroup(value string) (name string, exists bool) {
	if parts := logGroupARNForm.FindStringSubmatch(value); parts != nil {
		return parts[3], true
	}
	return value, false
}

// SecretARN returns the resource of a policy for a secret. Secrets Manager puts a hyphen and six characters behind the
// name of a secret; where they are not known, six question marks stand for them (Secrets Manager user guide,
// "Identity-based policies", read 2026-11). A secret without an ARN is one of the stack's partition, region and
// account.
func SecretARN(secret, partition, region, account string) string {
	switch {
	case !secretARNForm.MatchString(secret):
		return "arn:" + partition + ":secretsmanager:" + region + ":" + account + ":secret:" + secret + "-??????"
	case !regexp.MustCompile(`-[A-Za-z0-9]{6}$`).MatchString(secret):
		return secret + "-??????"
	}
	return secret
}
