package settings

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Audited is the destination whose pipeline the auditor compares with Okta's System Log;
// ok is false where the stack has no auditor.
func (s *Settings) Audited() (d Destination, ok bool) {
	switch {
	case s.OktaSecret == "":
		return "", false
	case s.Has(Archive):
		return Archive, true
	case s.Has(CloudWatch):
		return CloudWatch, true
	}
	return "", false
}

// RequestsOfRun is how many requests the auditor may make in a run: half of what a
// Workforce Identity org allows, 120 a minute (Okta developer documentation, "Rate
// limits", 2025-12), unless OktaRequests says otherwise.
func (s *Settings) RequestsOfRun() int {
	if s.OktaRequests > 0 {
		return s.OktaRequests
	}
	return 60 * s.OktaEvery
}

func checkOrg(value string) error {
	u, err := url.Parse(value)
	if err == nil && checkEndpoint(value) == nil && (u.Path == "" || u.Path == "/") {
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

// checkAuditor are the faults of the auditor's settings.
func (s *Settings) checkAuditor() []error {
	var faults []error
	add := func(format string, arguments ...any) { faults = append(faults, fmt.Errorf(format, arguments...)) }
	if s.OktaSecret == "" {
		if s.OktaURL != "" || s.OktaSince != "" || s.OktaRequests != 0 {
			add("okta.secret: it must be set to the name of the secret with Okta's credentials, or leave okta.orgUrl, " +
				"okta.since and okta.requests out: without it there is no auditor")
		}
		return faults
	}
	if s.OktaURL == "" {
		add("okta.orgUrl: it must be set with okta.secret, to https://ORG.okta.com")
	}
	d, ok := s.Audited()
	if !ok {
		add("okta.secret: the auditor needs the destination archive or cloudwatch; add one of them, or leave okta.secret out")
		return faults
	}
	p := s.Of(d)
	if p.Ingest == IngestRule {
		add("okta.secret: with ingest=rule there is no buffer queue for what is missing; set %s.ingest=queue, or leave "+
			"okta.secret out", d)
	}
	if d == CloudWatch && p.RetentionDays == 1 {
		add("okta.secret: an hour is audited when it is 24 hours old, and the log group keeps events for one day; set " +
			"retention to 3 or more")
	}
	if d == CloudWatch && p.LogClass == LogClassInfrequent {
		add("okta.secret: a log group of the class infrequent cannot be read by the auditor (FilterLogEvents); leave " +
			"logClass out, or add the destination archive")
	}
	return faults
}
