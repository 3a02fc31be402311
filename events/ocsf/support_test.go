package ocsf_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/ocsf"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// moduleRoot is the module's directory as seen from this package's.
var moduleRoot = filepath.Join("..", "..")

// sample is a text that holds one event or more, in whatever envelope.
type sample struct {
	name string
	text []byte
}

// fixtures are the events of testdata/events, one a file.
var fixtures = sync.OnceValue(func() []sample { return files("testdata", "events", "*.json") })

// canary is an event with a string of its own in every field.
var canary = sync.OnceValue(func() sample { return files("testdata", "canary.json")[0] })

// corpora are the events of ../shared/corpus, one a line; none where that is absent.
var corpora = sync.OnceValue(func() []sample {
	return lines(files("..", "shared", "corpus", "*.jsonl"))
})

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
	{"an application with details is given to a group", []byte(okta("group.application_assignment.add",
		`"target":[{"id":"00g1","type":"UserGroup"},{"id":"0oa1","type":"AppInstance","detailEntry":{"signOnModeType":"SAML_2_0"}}]`))},
	{"a group with another name", []byte(okta(typeGroup, `"target":[{"id":"00g1","type":"UserGroup","alternateId":"staff"}]`))},
	{"a factor with its provider", []byte(okta("user.mfa.factor.activate",
		`"debugContext":{"debugData":{"factor":"DUO"}}`, `"authenticationContext":{"credentialProvider":"DUO"}`))},
	{"a provider that is no factor's", []byte(okta(typeSignIn, `"authenticationContext":{"authenticationProvider":"OKTA_AUTHENTICATION_PROVIDER"}`))},
	{"a finding of a client", []byte(okta(typeFinding, `"debugContext":{"debugData":{"ja4":"t13d","requestUri":"/"}}`, `"client":{"ipAddress":"192.0.2.1"}`))},
}

// files reads the files that match a pattern below the module's directory.
func files(pattern ...string) []sample {
	names, err := filepath.Glob(filepath.Join(append([]string{moduleRoot}, pattern...)...))
	if err != nil {
		panic(err)
	}
	var all []sample
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		all = append(all, sample{filepath.Base(name), text})
	}
	return all
}

// lines takes files of one event a line apart.
func lines(files []sample) []sample {
	var all []sample
	for _, file := range files {
		for line := range bytes.Lines(file.text) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				all = append(all, sample{file.name, line})
			}
		}
	}
	return all
}

// each calls visit with every event of a sample. What is no event is passed
// over: some samples are there for that.
func each(s sample, visit func(*events.Event)) {
	var d events.Decoder
	d.Decode(s.text, func(e *events.Event, fault *events.Fault) {
		if fault == nil {
			visit(e)
		}
	})
}

// normalised is the record of the one event in text, by a Normaliser of its own.
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
