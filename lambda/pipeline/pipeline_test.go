package pipeline

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
)

func event(uuid, eventType string) string {
	return fmt.Sprintf(`{"uuid":%q,"eventType":%q,"published":"2026-09-01T10:11:12.345Z"}`, uuid, eventType)
}

// process returns the records with their normalised text; it copies what Process
// only lends.
func process(p *Pipeline, text string) (list []Record, lines []string) {
	out := p.Process(nil, []byte(text), func(r *Record) {
		c := *r
		if r.Fault != nil {
			fault := *r.Fault
			fault.Body = append([]byte(nil), fault.Body...)
			c.Fault = &fault
		}
		list = append(list, c)
	})
	for _, r := range list {
		lines = append(lines, string(out[r.Start:r.End]))
	}
	return list, lines
}

func TestProcessInEveryFormat(t *testing.T) {
	text := event("u-1", "user.session.start")
	for format, member := range map[Format]string{OCSF: "class_uid", Datadog: "ddsource", Raw: "eventType"} {
		list, lines := process(New(Config{Format: format}), text)
		if len(list) != 1 || list[0].Fault != nil {
			t.Fatalf("%s: %+v", format, list)
		}
		r := list[0]
		if r.UUID != "u-1" || r.Type != "user.session.start" || r.PublishedMS != 1788257472345 || r.UnknownType ||
			r.Hash != sha256.Sum256([]byte(text)) {
			t.Errorf("%s: %+v", format, r)
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(lines[0]), &m); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if m[member] == nil {
			t.Errorf("%s: no %s in %s", format, member, lines[0])
		}
	}
}

func TestObservables(t *testing.T) {
	text := `{"uuid":"1","eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z","actor":{"id":"00u1"}}`
	for _, c := range []Config{{Format: OCSF, Observables: true}, {Format: OCSF, Observables: true, DatadogLogs: true}} {
		if _, lines := process(New(c), text); !strings.Contains(lines[0], `"observables":[{"name":"actor.user.uid","value":"00u1"`) {
			t.Errorf("%s", lines)
		}
		c.Observables = false
		if _, lines := process(New(c), text); strings.Contains(lines[0], "observables") {
			t.Errorf("%s", lines)
		}
	}
}

func TestProcessKeepsTheOrderAndTheNeighboursOfABadRecord(t *testing.T) {
	text := "[" + strings.Join([]string{
		event("u-1", "user.session.start"), `7`, event("u-2", "user.brand.new"), `{"uuid":"u-3"}`, event("u-4", "app.x.y"),
	}, ",") + "]"
	filter, err := events.NewFilter(nil, []string{"app.*"})
	if err != nil {
		t.Fatal(err)
	}
	list, lines := process(New(Config{Format: Raw, Filter: filter}), text)
	if len(list) != 5 {
		t.Fatalf("%d records, want 5", len(list))
	}
	if lines[0] != event("u-1", "user.session.start") || lines[2] != event("u-2", "user.brand.new") {
		t.Errorf("lines: %q", lines)
	}
	if list[1].Fault == nil || list[1].Fault.Reason != events.NotOkta || string(list[1].Fault.Body) != "7" ||
		list[1].Stage != "decode" {
		t.Errorf("second: %+v", list[1])
	}
	if !list[2].UnknownType {
		t.Error("user.brand.new is not known to Okta")
	}
	if list[3].Fault == nil || list[3].Fault.Reason != events.MissingField || list[3].UUID != "u-3" {
		t.Errorf("fourth: %+v", list[3])
	}
	if !list[4].Filtered || lines[4] != "" {
		t.Errorf("fifth: %+v", list[4])
	}
}

type panicking struct{}

func (panicking) Append(dst []byte, e *events.Event) []byte {
	if string(e.UUID) == "bad" {
		_ = append(dst, "half a record"...)
		panic("secret " + string(e.Text()))
	}
	return append(dst, e.UUID...)
}

func TestAPanicIsOneRecords(t *testing.T) {
	p := New(Config{Format: OCSF})
	p.normaliser = panicking{}
	list, lines := process(p, "["+event("a", "x.y")+","+event("bad", "x.y")+","+event("c", "x.y")+"]")
	if lines[0] != "a" || lines[2] != "c" {
		t.Errorf("the neighbours: %q", lines)
	}
	fault := list[1].Fault
	if fault == nil || fault.Reason != events.Panic || list[1].UUID != "bad" ||
		string(fault.Body) != event("bad", "x.y") ||
		list[1].Stage != "normalise" {
		t.Errorf("%+v", list[1])
	}
	if strings.Contains(fault.Error(), "secret") {
		t.Error("the panic's words came through")
	}
}

func TestParseFormat(t *testing.T) {
	for _, name := range []string{"ocsf", "datadog", "raw"} {
		if f, err := ParseFormat(name); err != nil || string(f) != name {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	for name, want := range map[string]string{
		"OCSF":    `unknown format "OCSF": did you mean ocsf?`,
		"Datadog": `unknown format "Datadog": did you mean datadog?`,
		"json":    `unknown format "json": it must be ocsf, datadog or raw`,
		"":        `unknown format "": it must be ocsf, datadog or raw`,
	} {
		if _, err := ParseFormat(name); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

func TestForeignEvents(t *testing.T) {
	own := Origin{"aws.partner/okta.com/example/oktastream", "111122223333", "us-east-1"}
	envelope := func(source, account, region string) string {
		return fmt.Sprintf(`{"id":"e","detail-type":"SystemLog","source":%q,"account":%q,"region":%q,"detail":%s}`,
			source, account, region, event("u-1", "user.session.start"))
	}
	for name, test := range map[string]struct {
		text    string
		foreign bool
	}{
		"own":             {envelope(own.Source, own.Account, own.Region), false},
		"no envelope":     {event("u-1", "user.session.start"), true},
		"another stream":  {envelope(own.Source+"2", own.Account, own.Region), true},
		"another org":     {envelope("aws.partner/okta.com/evil/oktastream", own.Account, own.Region), true},
		"another account": {envelope(own.Source, "444455556666", own.Region), true},
		"another region":  {envelope(own.Source, own.Account, "eu-west-1"), true},
		"no account":      {strings.Replace(envelope(own.Source, own.Account, own.Region), "account", "tnuocca", 1), true},
	} {
		t.Run(name, func(t *testing.T) {
			list, _ := process(New(Config{Format: Raw, Own: &own}), test.text)
			if len(list) != 1 || (list[0].Fault != nil) != test.foreign {
				t.Fatalf("%+v", list)
			}
			if !test.foreign {
				return
			}
			if f := list[0].Fault; f.Reason != events.Foreign || string(f.Body) != test.text || list[0].UUID != "u-1" {
				t.Errorf("%+v with body %s", f, f.Body)
			}
			if list, _ := process(New(Config{Format: Raw}), test.text); list[0].Fault != nil {
				t.Error("on a laptop every event is welcome")
			}
		})
	}
}

func TestKeepRaw(t *testing.T) {
	text := event("u-1", "user.session.start")
	list, lines := process(New(Config{Format: OCSF, KeepRaw: 10}), text)
	if string(list[0].Raw) != text {
		t.Errorf("raw = %s", list[0].Raw)
	}
	if list, _ := process(New(Config{Format: OCSF, KeepRaw: len(lines[0])}), text); list[0].Raw != nil {
		t.Error("a record of just that many bytes needs nothing to fall back on")
	}
}
