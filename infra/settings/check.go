package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/infra/internal/pattern"
)

// Check looks for faults that no single setting has: two that do not go
// together, something that must be set and is not. It also checks every value
// again, for settings that were not read but written in Go. The error names every
// fault at once, with its fix. Region is where the stack goes, "" where that is
// not known.
func (s *Settings) Check(region string) error { return errors.Join(sorted(s.faults(region))...) }

func (s *Settings) faults(region string) []error {
	var faults []error
	add := func(format string, arguments ...any) { faults = append(faults, fmt.Errorf(format, arguments...)) }
	if s.Source == "" {
		add("source: it must be set to the partner event source, %sORG/STREAM: add the log stream in Okta first "+
			"(Reports, Log Streaming), then look in the EventBridge console under Partner event sources", events.SourcePrefix)
	}
	if len(s.Destinations) == 0 {
		add("destination: it must be set to one or more of %s", strings.Join(names(Destinations()), ", "))
	}
	if s.AlarmEmail != "" && s.AlarmTopic != "" {
		add("alarmEmail and alarmTopic: alarms go to one of them; leave the other out (subscribe the address to the topic)")
	}
	faults = append(faults, s.values()...)
	faults = append(faults, s.checkRegion(region)...)
	if err := s.sameEndpoint(); err != nil {
		faults = append(faults, err)
	}
	faults = append(faults, s.checkAuditor()...)
	for _, d := range s.Destinations {
		for _, err := range s.check(d) {
			add("%s: %w", d, err)
		}
	}
	return faults
}

// values checks each value by itself.
func (s *Settings) values() []error {
	var faults []error
	for _, row := range table() {
		for _, d := range row.scopes() {
			if d != "" && !s.Has(d) {
				continue
			}
			text := ""
			switch field := row.bind(s, d).(type) {
			case *string:
				text = *field
			case *int:
				text = fmt.Sprint(*field)
			case *bool:
				text = fmt.Sprint(*field)
			case *[]string:
				text = strings.Join(*field, ",")
			case *[]Destination:
				for _, name := range *field {
					text += string(name) + ","
				}
			}
			if text == "" && row.Default == "" {
				continue // faults reports what must be set
			}
			var scratch Settings
			if err := row.assign(&scratch, d, text); err != nil {
				name := row.Name
				if d != "" {
					name = string(d) + "." + name
				}
				faults = append(faults, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	return faults
}

func (s *Settings) check(d Destination) []error {
	p := s.Of(d)
	var faults []error
	add := func(format string, arguments ...any) { faults = append(faults, fmt.Errorf(format, arguments...)) }
	if p.Batch > 10 && p.Window == 0 {
		add("window 0 with batch %d: Lambda takes more than 10 messages only with a window of a second and more; set "+
			"window=1 or batch=10", p.Batch)
	}
	if ocsf := p.Format == "ocsf" || p.Format == "" && d == CloudWatch && p.Ingest != IngestRule; p.Observables && !ocsf {
		add("observables: only records in OCSF have them; set format=ocsf, or name the destination, as in " +
			"cloudwatch.observables=true")
	}
	if s.HTTPS(d) {
		faults = append(faults, s.checkHTTPS(d)...)
	}
	if d == Archive {
		faults = append(faults, p.checkArchive()...)
	}
	if d == Datadog && !s.HTTPS(d) {
		faults = append(faults, p.checkAPIDestination()...)
	}
	if p.Detections && p.LogClass == LogClassInfrequent {
		add("detections: log groups of the class infrequent have no metric filters; leave detections or logClass out")
	}
	if _, exists := ParseLogGroup(p.LogGroup); d == CloudWatch && exists && p.LogClass != LogClassStandard {
		add("logClass %s with an existing log group: a group keeps the class that it was made with; leave logClass out",
			p.LogClass)
	}
	_, err := events.NewFilter(p.Include, p.Exclude)
	if err != nil {
		faults = append(faults, err)
		return faults
	}
	if why := pattern.Empty(p.Include, p.Exclude); why != "" {
		add("the filter lets nothing through: %s; change include or exclude", why)
	}
	rest := pattern.For(s.Source, p.Include, p.Exclude)
	if p.Ingest == IngestRule && d != Archive {
		if p.Format != "" {
			add("format %s with ingest=rule: without a function events are stored as they come; leave format out, or set "+
				"ingest=queue", p.Format)
		}
		switch {
		case len(p.Include) > 0 && len(p.Exclude) > 0:
			add("include and exclude with ingest=rule: one event pattern cannot say both; leave one out, or set ingest=queue")
		case len(rest.Include)+len(rest.Exclude) > 0:
			for _, why := range rest.Why {
				add("%s; with ingest=rule there is no function, and an event pattern has at most %d characters: shorten the "+
					"list with *, or set ingest=queue", why, pattern.MaxLength)
			}
		}
		return faults
	}
	certificates := ""
	if p.CACertificate != "" {
		certificates, _ = Certificates(p.CACertificate) // values reports what is wrong with it
	}
	n := environmentBase + len(certificates)
	for _, text := range append(slices.Concat(rest.Include, rest.Exclude, p.Tags),
		p.Service, p.Endpoint, p.Secret, p.SecretField, p.Index, p.DataStream, p.Sourcetype, p.HECSource, p.LogGroup,
		p.Bucket) {
		n += len(text) + 1
	}
	switch {
	case n > environmentLimit && len(certificates) > environmentLimit/3:
		add("the certificates of caCertificate make the function's environment about %d bytes long, and Lambda holds %d; "+
			"put only the private CA's certificate into the file", n, environmentLimit)
	case n > environmentLimit:
		add("filter and tags make the function's environment about %d bytes long, and Lambda holds %d; shorten the "+
			"filter with *, or the tags", n, environmentLimit)
	}
	return faults
}

// checkAPIDestination are the faults of a pipeline to Datadog by EventBridge.
func (p *Pipeline) checkAPIDestination() []error {
	var faults []error
	if p.Secret == "" {
		faults = append(faults, errors.New("secret: it must be set to the name of the Secrets Manager secret that holds "+
			"Datadog's API key (aws secretsmanager create-secret --name datadog/api-key --secret-string file://key)"))
	}
	if len(p.VPC) > 0 {
		faults = append(faults, errors.New("vpc: EventBridge calls Datadog, not the function; set transport=https, or write "+
			"the setting for another destination only, for example splunk.vpc"))
	}
	return faults
}

const (
	// environmentLimit is what all environment variables of a function may have
	// together (Lambda quotas, read 2026-11).
	environmentLimit = 4096
	// environmentBase is a bound of what the variables hold beside what is counted: the
	// names of 23 variables, two queue URLs, names of a source, a bus and a log group.
	environmentBase = 1400
)

// Notes are what somebody who deploys these settings should know, one line each.
func (s *Settings) Notes() []string {
	var notes []string
	for _, d := range s.Destinations {
		p := s.Of(d)
		notes = append(notes, s.notes(d)...)
		if p.Ingest != IngestRule {
			for _, why := range pattern.For(s.Source, p.Include, p.Exclude).Why {
				notes = append(notes, fmt.Sprintf("%s: %s", d, why))
			}
		}
		for _, list := range []struct {
			name  string
			types []string
		}{{"include", p.Include}, {"exclude", p.Exclude}} {
			for _, wanted := range list.types {
				if len(catalogue.Matching(wanted)) == 0 {
					notes = append(notes, fmt.Sprintf(
						"%s: %s %s matches none of the %d event types that Okta has published%s",
						d, list.name, wanted, len(catalogue.All()), meant(wanted)))
				}
			}
		}
	}
	if s.AlarmEmail == "" && s.AlarmTopic == "" {
		notes = append(notes, "NO ALARM NOTIFIES ANYBODY: alarms show in CloudWatch only; set alarmEmail or alarmTopic")
	}
	if !s.Live {
		notes = append(notes, "the alarm silence does not exist yet: set live=true once events flow, or no alarm fires "+
			"when Okta switches the stream off")
	}
	if keyForm.MatchString(s.KMS) {
		notes = append(notes, "THE KEY'S POLICY MUST ALLOW WHAT THE OUTPUT OktaKeyPolicyStatements SAYS, and the key "+
			"must carry the tag EventBridgeApiDestinations=true where EventBridge delivers to Datadog: without both nothing "+
			"can be stored")
	}
	return notes
}

// meant is the end of a note about a pattern that matches no published type.
func meant(wanted string) string {
	if suggestion := catalogue.Suggest(wanted); suggestion != "" {
		return "; did you mean " + suggestion + "?"
	}
	return "; check the spelling (case matters)"
}
