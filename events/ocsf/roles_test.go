package ocsf_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/events/ocsf"
)

// casts are lists of targets that events have together, and lists that no event has.
var casts = [][]string{
	{account, app, bob},
	{policy, rule, app},
	{group, `{"id":"g","type":"AppGroup","displayName":"Staff there"}`, app},
	{app, `{"id":"f","type":"Flow","displayName":"Offboard"}`, ann},
	{bob, `{"id":"00u3","type":"User","alternateId":"cat@example.com"}`, account},
	{bob, `{"id":"00u2","type":"User","alternateId":"bob@example.com"}`, `{"id":"0ua2","type":"AppUser","alternateId":"b"}`, account},
	{enrolment("a", "Password", "Password"), enrolment("b", "Phone", "sms"), bob},
	{`{"id":"iam1","type":"RESOURCE_SET","displayName":"All"}`, `{"id":"cr0","type":"ROLE","displayName":"Super"}`, group},
	{`{"id":"d1","type":"UDDevice"}`, `{"id":"d2","type":"UDDevice","changeDetails":{"from":{"a":1},"to":{"a":2}}}`, ann},
	{`{"id":"unknown","type":"User","displayName":"x"}`, `{"type":"unknown","id":"y"}`, `{"id":"z"}`},
	{app, `{"id":"0oa2","type":"AppInstance","displayName":"Mail","alternateId":"Mail"}`, policy},
}

// permutations are all orders of list.
func permutations(list []string) [][]string {
	if len(list) <= 1 {
		return [][]string{list}
	}
	var all [][]string
	for i := range list {
		rest := slices.Delete(slices.Clone(list), i, i+1)
		for _, tail := range permutations(rest) {
			all = append(all, append([]string{list[i]}, tail...))
		}
	}
	return all
}

// formats make a record in each format, each with a separate Normaliser.
func formats() map[string]func(*events.Event) []byte {
	o, d := ocsf.New(), datadog.New(datadog.Settings{})
	return map[string]func(*events.Event) []byte{
		"ocsf":    func(e *events.Event) []byte { return o.Append(nil, e) },
		"datadog": func(e *events.Event) []byte { return d.Append(nil, e) },
	}
}

// unordered is a record without the values that legitimately depend on the order of targets: the
// hash of the text, and the order of lists.
func unordered(t testing.TB, record []byte) string {
	t.Helper()
	var tree jsontree.Tree
	if err := tree.Parse(record); err != nil {
		t.Fatalf("%v: %s", err, record)
	}
	return string(appendUnordered(nil, &tree, 0))
}

func appendUnordered(dst []byte, tree *jsontree.Tree, i uint32) []byte {
	n := &tree.Nodes[i]
	if n.Kind != '{' && n.Kind != '[' {
		return append(dst, tree.Raw(i)...)
	}
	var parts [][]byte
	for c := i + 1; c < n.Next; c = tree.Nodes[c].Next {
		switch {
		case n.Kind == '[':
			parts = append(parts, appendUnordered(nil, tree, c))
		case string(tree.Key(c)) != "raw_data_hash":
			parts = append(parts, appendUnordered(append(bytes.Clone(tree.QuotedKey(c)), ':'), tree, c))
		}
	}
	if n.Kind == '[' {
		slices.SortFunc(parts, bytes.Compare)
	}
	return append(append(append(dst, byte(n.Kind)), bytes.Join(parts, []byte{','})...), byte(n.Kind)+2)
}

// Okta's order of target[] is not stable: it must not matter in any event type.
func TestTheOrderOfTargetsDecidesNothing(tt *testing.T) {
	t := &few{T: tt}
	types := append(
		catalogue.All(),
		"telepathy.session.start",
		"user.brand_new.frobnicate",
		"policy.quantum_rule.rotate",
	)
	if len(types) < 1380 {
		t.Errorf("only %d event types", len(types))
	}
	for format, write := range formats() {
		for i, eventType := range types {
			for k := range 3 { // of the casts, others for the next type
				cast, want := casts[(i+4*k)%len(casts)], ""
				for _, order := range permutations(cast) {
					text := okta(eventType, actorIs(ann), targets(strings.Join(order, ",")))
					each(sample{Text: []byte(text)}, func(e *events.Event) {
						got := unordered(t, write(e))
						switch {
						case want == "":
							want = got
						case got != want:
							t.Errorf("%s of %s depends on the order of\n%s\n%s\n%s", format, eventType, strings.Join(order, "\n"), got, want)
						}
					})
				}
			}
		}
	}
}

// The same with the targets of real events: in another order, and reversed.
func TestTheOrderOfRealTargetsDecidesNothing(tt *testing.T) {
	t := &few{T: tt}
	for format, write := range formats() {
		for _, s := range everything(t) {
			root, err := parseJSON(s.Text)
			if err != nil || root.kind != '{' {
				continue
			}
			target := root.at("target")
			if detail := root.member("detail"); detail != nil && detail.kind == '{' {
				target = detail.at("target")
			}
			if target == nil || target.kind != '[' || len(target.kids) < 2 {
				continue
			}
			want := ""
			for range len(target.kids) + 1 {
				each(sample{Text: []byte(root.String())}, func(e *events.Event) {
					if got := unordered(t, write(e)); want == "" {
						want = got
					} else if got != want {
						t.Errorf("%s: %s depends on the order of targets\n%s\n%s", s.Name, format, got, want)
					}
				})
				target.kids = append(target.kids[1:], target.kids[0])
				slices.Reverse(target.kids[1:])
			}
		}
	}
}

// placeholders are the words that Okta writes for what it does not know, and other ways to write them.
var placeholders = []string{"unknown", "UNKNOWN", "Unknown", "uNkNoWn", " unknown ", "unknown\t", ".", ". ", "null", "NULL",
	"Null ", "", " ", "\n"}

// told are the attributes that hold words that identify and name nothing: outcomes, severities, messages, and the three
// fields without which an event is none.
var told = strings.Fields(`message status status_code status_detail severity metadata.log_level metadata.log_version
	metadata.uid metadata.event_code metadata.original_time finding_info.uid risk_details`)

// A placeholder at any path of an event is never the value of an attribute that identifies or names
// something, because it would correlate unrelated events.
func TestNoPlaceholderNamesAnything(t *testing.T) {
	all := everything(t)
	n, d := ocsf.New(), datadog.New(datadog.Settings{})
	rapid.Check(t, func(rt *rapid.T) {
		s := all[rapid.IntRange(0, len(all)-1).Draw(rt, "event")]
		root, err := parseJSON(s.Text)
		if err != nil || root.kind != '{' {
			return
		}
		if detail := root.member("detail"); detail != nil && detail.kind == '{' {
			root = detail
		}
		everywhere := rapid.Bool().Draw(rt, "everywhere")
		word := rapid.SampledFrom(placeholders).Draw(rt, "word")
		list := rapid.Float64Range(0, 1).Draw(rt, "in a list") > 0.8 // as privileges and the reasons of a risk are written
		root.visit("", "", func(path, _ string, leaf *node) {
			if leaf.kind != '"' || demanded(path) || !everywhere && !rapid.Bool().Draw(rt, path) {
				return
			}
			if leaf.text = word; list {
				leaf.text = "Super administrator, " + word + ", " + word
			}
		})
		each(sample{Text: []byte(root.String())}, func(e *events.Event) {
			record := parse(t, n.Append(nil, e))
			for _, leaf := range record.leaves() {
				if below(leaf.path, "unmapped") || strings.Contains(leaf.path, ".data") || slices.Contains(told, leaf.path) ||
					saysUnknown(leaf.path, leaf.n.text) {
					continue
				}
				if leaf.n.placeholder() {
					rt.Fatalf("%s is %q in the record of %s", leaf.path, leaf.n.text, root)
				}
			}
			log := parse(t, d.Append(nil, e))
			for _, leaf := range log.leaves() {
				added, _, _ := strings.Cut(leaf.path, ".")
				if leaf.n.placeholder() && slices.Contains([]string{"usr", "session", "network", "http", "okta"}, added) &&
					!below(leaf.path, "okta.behaviors") && !below(leaf.path, "http.url_details.queryString") {
					rt.Fatalf("%s is %q in the log of %s", leaf.path, leaf.n.text, root)
				}
			}
		})
	})
}

// saysUnknown are the words of our own: OCSF requires a user, a group and an entity, and has captions that say that something is
// unknown.
func saysUnknown(path, text string) bool {
	switch {
	case path == "user.name" || path == "group.name" || path == "entity.name":
		return text == "unknown"
	case strings.HasSuffix(path, "device.type") || path == "action":
		return text == "Unknown"
	}
	return false
}

// Nor does it among other words: of a risk's reasons, of threats, of privileges.
func TestNoPlaceholderIsListed(t *testing.T) {
	for _, word := range placeholders {
		privileges := debug("privilegeGranted", quote("Super administrator, "+word))
		for _, leaf := range parse(t, normalised(t, okta("user.account.privilege.grant", privileges))).at("privileges").kids {
			if leaf.placeholder() {
				t.Errorf("%q is a privilege", leaf.text)
			}
		}
		if word == "" || strings.TrimSpace(word) != word {
			continue // the members of a risk and of threats are split where blanks are
		}
		expect(t, typeSignIn, members(debug("risk", quote("{level=HIGH, reasons=Anomalous Device, "+word+"}"))),
			says{"risk_details": `"Anomalous Device"`})
		expect(t, typeFinding, members(debug("threatDetections", quote(`{"`+word+`":"HIGH","Password Spray":"LOW"}`))),
			says{"finding_info.types": `["Password Spray"]`})
		text := okta(typeSignIn, `"securityContext":{"risk":{"level":"HIGH","reasons":["Anomalous Device",`+quote(word)+`]}}`)
		each(sample{Text: []byte(text)}, func(e *events.Event) {
			log := parse(t, datadog.New(datadog.Settings{}).Append(nil, e))
			if got := log.at("okta.risk.reasons").String(); got != `["Anomalous Device"]` {
				t.Errorf("the reasons of the risk are %s", got)
			}
		})
	}
}

// A placeholder is not lost: it stays at its own path.
func TestPlaceholdersStayAtTheirPaths(t *testing.T) {
	for _, word := range []string{"unknown", "Unknown", ".", " unknown", "NULL"} {
		text := okta(
			"user.session.start",
			actorIs(`{"id":"`+word+`","type":"User","displayName":"`+word+`"}`),
			client(`"device":"`+word+`","zone":"`+word+`"`),
			`"transaction":{"id":"`+word+`"}`,
			`"authenticationContext":{"externalSessionId":"`+word+`"}`,
			`"securityContext":{"isp":"`+word+`","domain":"`+word+`"}`,
		)
		unmapped := parse(t, normalised(t, text)).at("unmapped")
		for _, path := range strings.Fields(`actor.id actor.displayName client.device client.zone transaction.id
			authenticationContext.externalSessionId securityContext.isp securityContext.domain`) {
			if n := unmapped.at(path); n == nil || n.text != word {
				t.Errorf("unmapped.%s is %v, not %q", path, n, word)
			}
		}
	}
}
