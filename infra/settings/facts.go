package settings

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
)

// retentions are the numbers of days that a log group can keep events; 0 is for
// ever (CloudWatch Logs API reference, PutRetentionPolicy, read 2026-11).
func retentions() []int {
	return []int{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
		3288, 3653}
}

// regions are the AWS regions to which Okta streams (Okta management API
// 2026.06.3, schema AwsRegion of LogStreamSettingsAws).
func regions() []string {
	return []string{
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
		"ca-central-1",
		"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2",
		"us-west-1", "us-west-2",
	}
}

// site is one of Datadog's sites.
type site struct{ name, host string }

// sites are Datadog's sites; logs go to http-intake.logs.<host> (Datadog API
// client for Go 2.67.0, api/datadogV2/api_logs.go, 2026-10).
func sites() []site {
	return []site{
		{"us1", "datadoghq.com"}, {"us3", "us3.datadoghq.com"}, {"us5", "us5.datadoghq.com"}, {"eu1", "datadoghq.eu"},
		{"ap1", "ap1.datadoghq.com"}, {"ap2", "ap2.datadoghq.com"}, {"uk1", "uk1.datadoghq.com"},
		{"us1-fed", "ddog-gov.com"}, {"us2-fed", "us2.ddog-gov.com"},
	}
}

func siteNames() string {
	var names []string
	for _, s := range sites() {
		names = append(names, "`"+s.name+"`")
	}
	return strings.Join(names, ", ")
}

// IntakeURL is where Datadog's site takes logs. The site is a name or a host; the
// name of one that is not known is an error.
func IntakeURL(name string) (string, error) {
	host, err := SiteHost(name)
	return "https://http-intake.logs." + host + "/api/v2/logs", err
}

// SiteHost is the host of Datadog's site, for example datadoghq.eu. The site is a
// name or a host; the name of one that is not known is an error.
func SiteHost(name string) (string, error) {
	for _, s := range sites() {
		if strings.EqualFold(name, s.name) || name == s.host {
			return s.host, nil
		}
	}
	return "", fmt.Errorf("it must be one of %s, or such a site's host, for example datadoghq.eu",
		strings.ReplaceAll(siteNames(), "`", ""))
}

func checkSite(value string) error {
	_, err := SiteHost(value)
	return err
}

// The forms of a partner event source: EventBridge's (CloudFormation,
// AWS::Events::EventBus, EventSourceName) and Okta's, whose event source name has
// 1 to 75 characters (Okta management API 2026.06.3, LogStreamSettingsAws).
var (
	sourceForm = regexp.MustCompile(`^aws\.partner(/[.\-_A-Za-z0-9]+){2,}$`)
	streamForm = regexp.MustCompile(`^[a-zA-Z0-9.\-_]{1,75}$`)
)

func checkSource(value string) error {
	_, stream, ok := events.ParseSource(value)
	if ok && sourceForm.MatchString(value) && streamForm.MatchString(stream) && len(value) <= 256 {
		return nil
	}
	return errors.New("it must be the partner event source as EventBridge shows it, " + events.SourcePrefix +
		"ORG/STREAM (console: EventBridge, Partner event sources)")
}

var keyForm = regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):([0-9]{12}):key/[A-Za-z0-9-]+$`)

func checkKMS(value string) error {
	if value == KMSAWS || value == KMSOwn || keyForm.MatchString(value) {
		return nil
	}
	return errors.New("it must be aws, own, or the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID; not an alias: IAM " +
		"policies name keys")
}

// checkRegion checks what depends on the region of the stack; "" is unknown.
func (s *Settings) checkRegion(region string) []error {
	var faults []error
	if region != "" && !slices.Contains(regions(), region) {
		faults = append(faults, fmt.Errorf("region %s: Okta does not stream there; set AWS_REGION to one of %s", region,
			strings.Join(regions(), ", ")))
	}
	if key := keyForm.FindStringSubmatch(s.KMS); key != nil && region != "" && key[1] != region {
		faults = append(faults, fmt.Errorf("kms: the key is in %s and the stack in %s; a service uses keys of its own "+
			"region only", key[1], region))
	}
	if s.AlarmTopic != "" && region != "" && strings.Count(s.AlarmTopic, ":") > 3 && strings.Split(s.AlarmTopic,
		":")[3] != region {
		faults = append(faults, fmt.Errorf("alarmTopic: the topic is not in %s, the region of the stack; an alarm "+
			"notifies topics of its own region only", region))
	}
	for _, d := range s.Destinations {
		if region != "" {
			faults = append(faults, s.checkRegionOf(d, region)...)
		}
	}
	return faults
}
