// Package datadog writes Okta System Log events as Datadog logs.
//
// A log is the raw event with all its fields at Okta's own paths, which Datadog's Okta pipeline and
// detection rules and Okta's published queries read (@actor.alternateId,
// @debugContext.debugData.*), plus Datadog's reserved and standard attributes (docs.datadoghq.com,
// "Standard attributes", 2026-11). Nothing of the event is left out, not even nulls.
package datadog

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
)

// Settings are values of a log that are not in the event. The zero value is usable.
type Settings struct {
	// Service is the log's service; "okta" if empty.
	Service string
	// Tags are added to ddtags, each as key:value.
	Tags []string
	// Domain is the domain of the org: okta.com if empty, okta-emea.com, oktapreview.com,
	// okta-gov.com. With NoDomain a log has no hostname.
	Domain string
}

// DefaultDomain is the Domain if Settings have none.
const DefaultDomain = "okta.com"

// NoDomain is the Domain of an org with an address that does not follow from its name.
const NoDomain = "none"

// Source is the ddsource of every log. Datadog runs its Okta pipeline on logs with this value.
const Source = "okta"

// Normaliser writes logs. It must not be used by two goroutines at once: it keeps its memory
// between events, but no content.
type Normaliser struct {
	emitter    *record.Emitter
	classifier *events.Memo[*classify.Decision]
	roles      *events.Memo[*roles.Decision]
	parts      []record.Part
}

// New makes a Normaliser.
func New(s Settings) *Normaliser { return newNormaliser(attributes(s.withDefaults())) }

func newNormaliser(parts []record.Part) *Normaliser {
	return &Normaliser{
		emitter:    record.New(),
		classifier: classify.Remember(classify.New(classify.V1_8())),
		roles:      events.NewMemo(roles.Decide),
		parts:      parts,
	}
}

func (s Settings) withDefaults() Settings {
	s.Service, s.Domain = cmp.Or(s.Service, "okta"), cmp.Or(s.Domain, DefaultDomain)
	return s
}

// Append appends the log of e to dst: one line of JSON without a line break. The same event and
// provenance always give the same bytes.
func (n *Normaliser) Append(dst []byte, e *events.Event) []byte {
	dst, displaced := appendEvent(dst, e)
	n.emitter.Begin(dst, e, n.classifier.Of(e.Type), n.roles.Of(e.Type))
	n.emitter.Write(n.parts)
	if displaced {
		return appendDisplaced(n.emitter.End(), e)
	}
	return append(n.emitter.End(), '}')
}

// Explain normalises e and returns the steps that added attributes to the raw event.
func (n *Normaliser) Explain(e *events.Event) []record.Step {
	n.emitter.Trace()
	n.Append(nil, e)
	steps := n.emitter.Steps()
	added := steps[:0]
	for _, s := range steps {
		if s.To != "" {
			added = append(added, s)
		}
	}
	return added
}

// Fields lists the attributes that can be added to the raw event, in order.
func (n *Normaliser) Fields() []record.Step { return record.Describe(n.parts) }

// names are the top-level attributes that this package writes. If Okta adds a field with one of
// these names, that field moves to displacedTo: of two fields with the same name Datadog keeps one.
var names = []string{
	"ddsource", "service", "ddtags", "hostname", "message", "date", "status",
	"evt", "usr", "network", "http", "session", "error", "aws", "okta",
}

const displacedTo = "okta_displaced"

// appendEvent appends the event without its closing bracket, and reports whether any of its fields
// was displaced.
func appendEvent(dst []byte, e *events.Event) (out []byte, displaced bool) {
	nodes := e.Tree.Nodes
	for i := e.Root + 1; i < nodes[e.Root].Next; i = nodes[i].Next {
		if isOurs(e.Tree.Key(i)) {
			displaced = true
		}
	}
	text := e.Text()
	if !displaced && bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return append(dst, bytes.TrimRight(text[:len(text)-1], " \t")...), false
	}
	dst = append(dst, '{')
	for i := e.Root + 1; i < nodes[e.Root].Next; i = nodes[i].Next {
		if !isOurs(e.Tree.Key(i)) {
			dst = appendMember(dst, e, i)
		}
	}
	return dst, displaced
}

// appendDisplaced appends the displaced fields, and closes the log.
func appendDisplaced(dst []byte, e *events.Event) []byte {
	dst = append(dst, `,"`+displacedTo+`":{`...)
	nodes := e.Tree.Nodes
	for i := e.Root + 1; i < nodes[e.Root].Next; i = nodes[i].Next {
		if isOurs(e.Tree.Key(i)) {
			dst = appendMember(dst, e, i)
		}
	}
	return append(dst, '}', '}')
}

func appendMember(dst []byte, e *events.Event, i uint32) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(append(append(dst, '"'), e.Tree.Key(i)...), '"', ':')
	return e.Tree.AppendCompact(dst, i)
}

// isOurs reports whether a name, as written in an event, is one of names.
func isOurs(key []byte) bool {
	if bytes.IndexByte(key, '\\') >= 0 {
		quoted := append(append([]byte{'"'}, key...), '"')
		// A lone surrogate becomes U+FFFD, which is in none of names.
		key, _ = jsontext.AppendUnquote(nil, quoted)
	}
	for _, name := range names {
		if string(key) == name {
			return true
		}
	}
	return string(key) == displacedTo
}

// attributes are all attributes that are added to the raw event.
func attributes(s Settings) []record.Part {
	return append(reserved(s),
		event(), person(), network(), request(),
		&record.Object{Key: "session", Rest: []record.Part{
			record.Field("id", record.AsName, events.ExternalSessionID),
		}},
		record.When(failed, &record.Object{Key: "error", Rest: []record.Part{
			record.Field("message", record.AsText, events.OutcomeReason),
		}}),
		&record.Object{Key: "aws", Rest: []record.Part{
			record.FromEnvelope("account", "the envelope's account", func(p *events.Provenance) string { return p.Account }),
		}},
		verdict(),
	)
}

// reserved are the attributes that Datadog itself reads.
func reserved(s Settings) []record.Part {
	needed := needed(s)
	source, date := needed[:3:3], needed[3]
	return append(source,
		record.Derive("hostname", "the Okta org of the envelope and the setting", func(e *record.Emitter) bool {
			org := e.Event.Provenance.Org
			return org != "" && s.Domain != NoDomain && e.Quote(org+"."+s.Domain)
		}),
		record.FirstOf{
			record.Field("message", record.AsText, events.DisplayMessage),
			record.Field("message", record.AsText, events.EventType),
		},
		date,
		record.Derive("status", "severity", func(e *record.Emitter) bool { return e.Quote(status(e)) }),
	)
}

func tags(s Settings) record.Part {
	return record.Derive("ddtags", "org and region of the envelope, and the setting", func(e *record.Emitter) bool {
		tags := make([]string, 0, 2+len(s.Tags))
		if org := e.Event.Provenance.Org; org != "" {
			tags = append(tags, "okta_org:"+org)
		}
		if region := e.Event.Provenance.Region; region != "" {
			tags = append(tags, "region:"+region)
		}
		tags = append(tags, s.Tags...)
		return len(tags) > 0 && e.Quote(strings.Join(tags, ","))
	})
}

// status maps Okta's severity to Datadog's status.
func status(e *record.Emitter) string {
	switch string(e.Inner(events.Severity)) {
	case "DEBUG":
		return "debug"
	case "WARN":
		return "warn"
	case "ERROR":
		return "error"
	}
	return "info"
}

func failed(e *record.Emitter) bool {
	switch string(e.Inner(events.OutcomeResult)) {
	case "FAILURE", "DENY", "RATE_LIMIT", "ABANDONED", "UNANSWERED":
		return true
	}
	return false
}
