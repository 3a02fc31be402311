package ocsf_test

import (
	"flag"
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/internal/eventstest"
	"github.com/oktastream/oktastream/events/ocsf"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type sample = eventstest.Sample

var (
	files    = eventstest.Files
	lines    = eventstest.Lines
	fixtures = eventstest.Fixtures
	corpora  = eventstest.Corpora
)

// canary is an event with a separate string in every field.
var canary = sync.OnceValue(func() sample { return files("testdata", "canary.json")[0] })

// everything is every event there is.
func everything(t testing.TB) []sample {
	t.Helper()
	if len(corpora()) == 0 {
		t.Log("../shared/corpus is not there: only the events of testdata are looked at")
	}
	all := append([]sample{canary()}, fixtures()...)
	all = append(all, files("testdata", "forms", "*.json")...)
	all = append(all, lines(files("testdata", "forms", "*.jsonl"))...)
	all = append(all, rare...)
	return append(all, corpora()...)
}

// rare are events of shapes that no file has.
var rare = []sample{
	{Name: "an application with details is given to a group", Text: []byte(okta(
		"group.application_assignment.add",
		`"target":[{"id":"00g1","type":"UserGroup"},{"id":"0oa1","type":"AppInstance","detailEntry":{"signOnModeType":"SAML_2_0"}}]`,
	))},
	{
		Name: "a group with another name",
		Text: []byte(okta(typeGroup, `"target":[{"id":"00g1","type":"UserGroup","alternateId":"staff"}]`)),
	},
	{Name: "a factor with its provider", Text: []byte(okta("user.mfa.factor.activate",
		`"debugContext":{"debugData":{"factor":"DUO"}}`, `"authenticationContext":{"credentialProvider":"DUO"}`))},
	{
		Name: "a provider that is not a factor's",
		Text: []byte(okta(typeSignIn, `"authenticationContext":{"authenticationProvider":"OKTA_AUTHENTICATION_PROVIDER"}`)),
	},
	{
		Name: "a finding of a client",
		Text: []byte(
			okta(
				typeFinding,
				`"debugContext":{"debugData":{"ja4":"t13d","requestUri":"/"}}`,
				`"client":{"ipAddress":"192.0.2.1"}`,
			),
		),
	},
}

// each calls visit with every event of a sample. What is not an event is passed
// over: some samples are there for that.
func each(s sample, visit func(*events.Event)) {
	var d events.Decoder
	d.Decode(s.Text, func(e *events.Event, fault *events.Fault) {
		if fault == nil {
			visit(e)
		}
	})
}

// normalised is the record of the one event in text, by a separate Normaliser.
func normalised(t testing.TB, text string) []byte {
	t.Helper()
	var out []byte
	var d events.Decoder
	d.Decode([]byte(text), func(e *events.Event, fault *events.Fault) {
		t.Helper()
		if fault != nil {
			t.Fatalf("%v: %s", fault, text)
		}
		out = ocsf.New().Append(nil, e)
	})
	return out
}

// few ends a test after some errors: one fault shows in hundreds of events.
type few struct {
	*testing.T
	errors int
}

func (f *few) Errorf(format string, args ...any) {
	f.Helper()
	f.T.Errorf(format, args...)
	if f.errors++; f.errors == 10 {
		f.Fatal("and so on")
	}
}

// okta is the text of an event of eventType that has uuid and published and what
// members adds, each of them as `"name":value`.
func okta(eventType string, members ...string) string {
	return `{"uuid":"` + uuid + `","eventType":"` + eventType + `","published":"2026-09-01T10:11:12.345Z"` +
		strings.Join(append([]string{""}, members...), ",") + `}`
}

const uuid = "5a0e6b4e-9c5f-11f1-8f4e-0d6c2a7b9e31"

// The event types that stand for the classes in hand-written events.
const (
	typeBase      = "telepathy.session.start"
	typeFinding   = "security.threat.detected"
	typeAccount   = "user.lifecycle.suspend"
	typeSignIn    = "user.session.start"
	typeEntity    = "zone.update"
	typeAccess    = "application.user_membership.add"
	typeGroup     = "group.user_membership.add"
	typeLifecycle = "system.agent.ad.start"
	typeAPI       = "system.api_token.create"
	typeError     = "core.el.evaluate"
)

var typeOfClass = map[int]string{
	0: typeBase, 2004: typeFinding, 3001: typeAccount, 3002: typeSignIn, 3004: typeEntity,
	3005: typeAccess, 3006: typeGroup, 6002: typeLifecycle, 6003: typeAPI, 6008: typeError,
}
