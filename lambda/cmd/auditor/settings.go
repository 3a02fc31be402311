package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// settings are the auditor's settings. They contain no secret.
type settings struct {
	config.Config        // of the pipeline that is audited
	org           string // its Okta org, as the partner event source names it
	orgURL        string
	secret        string // ARN or name of the secret with Okta's credentials
	requests      int
	since         time.Time
	digests       string // bucket of the digests
	state         string // bucket of the state
	dead          []string
	digestKey     string // ARN of the KMS key that signs digests; "" for none
}

const (
	prefix = "OKTASTREAM_AUDIT_"
	// defaultRequests is half of the limit of a Workforce Identity org in 15 minutes, 120 a minute
	// ("Rate limits", developer.okta.com, 2025-12).
	defaultRequests = 60 * 15
	maxRequests     = 100_000
)

// read reads the settings with get, which is os.Getenv. The error names every variable that is
// wrong and what it should be.
func read(get func(string) string) (settings, error) {
	var faults []error
	fault := func(name, what string) {
		faults = append(faults, fmt.Errorf("%s%s must be %s, not %q", prefix, name, what, get(prefix+name)))
	}
	pipeline, err := config.Read(get)
	if err != nil {
		faults = append(faults, err)
	}
	s := settings{
		Config: pipeline, orgURL: strings.TrimSuffix(get(prefix+"ORG_URL"), "/"), secret: get(prefix + "SECRET"),
		requests: defaultRequests, digestKey: get(prefix + "DIGEST_KEY"), state: get(prefix + "BUCKET"),
	}
	s.org, _, _ = events.ParseSource(pipeline.Source)
	if s.secret == "" {
		fault("SECRET", "the ARN or the name of a secret")
	}
	if name, _ := systemlog.OrgName(s.orgURL); s.orgURL == "" || name != "" && !strings.EqualFold(name, s.org) {
		fault("ORG_URL", "the address of the org "+s.org+", which sends its events to the pipeline")
	}
	if text := get(prefix + "REQUESTS"); text != "" {
		if s.requests, err = strconv.Atoi(text); err != nil || s.requests < 1 || s.requests > maxRequests {
			fault("REQUESTS", fmt.Sprintf("a number from 1 to %d", maxRequests))
		}
	}
	if text := get(prefix + "SINCE"); text != "" {
		if s.since, err = parseTime(text); err != nil {
			fault("SINCE", "a time such as 2026-11-01 or 2026-11-01T00:00:00Z")
		}
	}
	for url := range strings.SplitSeq(get(prefix+"DEAD_URLS"), ",") {
		if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
			fault("DEAD_URLS", "the URLs of the dead-letter queues, joined by commas")
			break
		}
		s.dead = append(s.dead, url)
	}
	switch pipeline.Destination {
	case config.Archive:
		s.digests = pipeline.Bucket
		if s.state == "" {
			s.state = pipeline.Bucket
		}
	case config.CloudWatch:
		s.digests = s.state
	default:
		faults = append(faults, fmt.Errorf("OKTASTREAM_DESTINATION must be %s or %s for the auditor, not %q",
			config.Archive, config.CloudWatch, pipeline.Destination))
	}
	if s.state == "" {
		fault("BUCKET", "the name of an S3 bucket")
	}
	return s, errors.Join(faults...)
}

func parseTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}
