package ocsf_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/internal/eventstest"
	"github.com/oktastream/oktastream/events/ocsf"
	"github.com/oktastream/oktastream/events/ocsf/ocsftest"
)

// listed is the test's own list of attributes with observables: the ends of their paths, by
// type_id. The product's table has whole paths. Paths in unmapped are listed below.
var listed = map[int]*regexp.Regexp{
	1:  regexp.MustCompile(`(actor\.user|src_endpoint)\.domain$|\.url\.hostname$`),
	2:  regexp.MustCompile(`\.ip$|\.intermediate_ips\[\]$|\.x_forwarded_for\[\]$`),
	4:  regexp.MustCompile(`(^|\.)user\.name$`),
	5:  regexp.MustCompile(`(^|\.)user\.email_addr$`),
	10: regexp.MustCompile(`(^|\.)(resources\[\]|resource|entity|policy|org|service|app)\.uid$|\.app_uid$`),
	16: regexp.MustCompile(`\.user_agent$`),
	19: regexp.MustCompile(`programmatic_credentials\[\]\.uid$`),
	30: regexp.MustCompile(`ja4_fingerprint_list\[\]\.value$`),
	31: regexp.MustCompile(`(^|\.)user\.uid$`),
	33: regexp.MustCompile(`(^|\.)group\.uid$`),
	34: regexp.MustCompile(`user\.account\.name$`),
	35: regexp.MustCompile(`user\.account\.uid$`),
	47: regexp.MustCompile(`(^|\.)device\.uid$`),
	99: regexp.MustCompile(`(^|\.)session\.(uid|uid_alt)$`),
}

// listedUnmapped are the places of Okta's own in unmapped.
var listedUnmapped = map[int]*regexp.Regexp{
	1:  regexp.MustCompile(`^securityContext\.domain$`),
	2:  regexp.MustCompile(`^(client\.ipAddress|request\.ipChain\[\]\.ip|debugContext\.debugData\.(ip|\w+EventIp))$`),
	10: regexp.MustCompile(`^target\[\]\.id$`),
	16: regexp.MustCompile(`^client\.userAgent\.rawUserAgent$`),
	30: regexp.MustCompile(`^debugContext\.debugData\.(dtHash|ja3|ja4|deviceFingerprint|deviceTokenHash)$`),
	99: regexp.MustCompile(`^debugContext\.debugData\.(endedSessionId|externalSessionId|sessionId)$`),
}

// notListed are places below which names mean something else: Okta's own JSON of a thing, and the AWS account.
var notListed = regexp.MustCompile(`(^|\.)data(\.|\[|$)|^cloud\.`)

type seenValue struct {
	typeID int
	value  string
}

// observablesOf checks the observables of one record against the record itself, and returns them.
func observablesOf(record []byte) (got []seenValue, wrong []string) {
	var whole map[string]any
	decoder := json.NewDecoder(bytes.NewReader(record))
	decoder.UseNumber()
	if err := decoder.Decode(&whole); err != nil {
		return nil, []string{err.Error()}
	}
	list, _ := whole["observables"].([]any)
	delete(whole, "observables")
	for _, o := range list {
		o := o.(map[string]any)
		id, _ := strconv.Atoi(o["type_id"].(json.Number).String())
		name, value := o["name"].(string), o["value"].(string)
		if !slices.Contains(resolve(whole, name), value) {
			wrong = append(wrong, name+" is not "+value)
		}
		seen := seenValue{id, value}
		if slices.Contains(got, seen) {
			wrong = append(wrong, value+" is there twice")
		}
		got = append(got, seen)
	}
	eachText(whole, "", func(path, value string) {
		if value == "." || strings.EqualFold(value, "unknown") || value == "null" || value == "" ||
			notListed.MatchString(path) {
			return
		}
		place, unmapped := strings.CutPrefix(path, "unmapped.")
		kinds := listed
		if unmapped {
			kinds = listedUnmapped
		}
		for id, ending := range kinds {
			if ending.MatchString(place) && !slices.Contains(got, seenValue{id, value}) {
				wrong = append(wrong, path+": "+value+" is not an observable of type "+strconv.Itoa(id))
			}
		}
	})
	return got, wrong
}

// resolve lists what is at the path name: an attribute's value, or of unmapped every text in it.
func resolve(whole any, name string) (values []string) {
	at := whole
	for part := range strings.SplitSeq(name, ".") {
		key, index, isElement := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		object, _ := at.(map[string]any)
		at = object[key]
		if isElement {
			n, err := strconv.Atoi(index)
			array, _ := at.([]any)
			if err != nil || n >= len(array) {
				return nil
			}
			at = array[n]
		}
	}
	if text, ok := at.(string); ok {
		return []string{text}
	}
	if name == "unmapped" {
		eachText(at, "", func(_, value string) { values = append(values, value) })
	}
	return values
}

// eachText visits every text below v; [] is any element of an array.
func eachText(v any, path string, visit func(path, value string)) {
	switch v := v.(type) {
	case string:
		visit(path, v)
	case []any:
		for _, element := range v {
			eachText(element, path+"[]", visit)
		}
	case map[string]any:
		for key, value := range v {
			eachText(value, strings.TrimPrefix(path+"."+key, "."), visit)
		}
	}
}

// TestObservablesAreWhatTheRecordHolds checks that each observable names an attribute of the record
// and has its value, that none occurs twice, that every value of a listed kind is one, and that the
// record is valid and otherwise the same.
func TestObservablesAreWhatTheRecordHolds(tt *testing.T) {
	t := &few{T: tt}
	off, on := ocsf.New(), ocsf.New(ocsf.WithObservables())
	kinds := map[int]int{}
	for _, s := range everything(t) {
		each(s, func(e *events.Event) {
			without, with := off.Append(nil, e), on.Append(nil, e)
			if !bytes.HasPrefix(with, without[:len(without)-1]) {
				t.Errorf("%s: the record is another one with observables", s.Name)
			}
			got, wrong := observablesOf(with)
			for _, w := range wrong {
				t.Errorf("%s: %s", s.Name, w)
			}
			for _, o := range got {
				kinds[o.typeID]++
			}
			for _, p := range ocsftest.Check(with) {
				if strings.HasPrefix(p.Path, "observables") {
					t.Errorf("%s: %+v", s.Name, p)
				}
			}
		})
	}
	for id := range listed {
		if kinds[id] == 0 {
			t.Errorf("no event has an observable of type %d", id)
		}
	}
}

func TestObservablesOfPlantedEvents(t *testing.T) {
	all := everything(t)
	n := ocsf.New(ocsf.WithObservables())
	rapid.Check(t, func(rt *rapid.T) {
		each(planted(rt, all), func(e *events.Event) {
			record := n.Append(nil, e)
			if _, wrong := observablesOf(record); len(wrong) > 0 {
				rt.Fatalf("%s\n%s", strings.Join(wrong, "\n"), record)
			}
		})
	})
}

// An event can name thousands of things; its record has 256 observables at most.
func TestObservablesAreBounded(t *testing.T) {
	var targets []string
	for i := range 3000 {
		targets = append(targets, `{"id":"0oa`+strconv.Itoa(i)+`","type":"AppInstance"}`)
	}
	var out []byte
	each(sample{Text: []byte(okta(typeAccess, `"target":[`+strings.Join(targets, ",")+`]`))}, func(e *events.Event) {
		out = ocsf.New(ocsf.WithObservables()).Append(nil, e)
	})
	var record struct{ Observables []struct{} }
	if err := json.Unmarshal(out, &record); err != nil || len(record.Observables) != 256 {
		t.Errorf("%d observables: %v", len(record.Observables), err)
	}
}

// observed are the events whose records with observables have golden files: one of each class of table and some that
// leave values in unmapped.
var observed = []string{
	"user-mfa-factor-reset-all", "authentication-sso-saml", "security-threat-detected", "group-user-membership-add",
	"application-user-membership-add", "network-zone-rule-disabled", "system-api-token-create",
	"app-radius-agent-listener-failed",
}

func TestGoldenObservables(t *testing.T) {
	n := ocsf.New(ocsf.WithObservables())
	for _, name := range observed {
		i := slices.IndexFunc(fixtures(), func(s sample) bool { return s.Name == name+".json" })
		if i < 0 {
			t.Errorf("there is no event %s", name)
			continue
		}
		each(fixtures()[i], func(e *events.Event) {
			var whole struct{ Observables json.RawMessage }
			if err := json.Unmarshal(n.Append(nil, e), &whole); err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, whole.Observables, "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			path := filepath.Join(eventstest.Root(), "testdata", "golden", name+".observables.json")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s (-update rewrites it) differs at %s", path, firstDifference(got.String(), string(want)))
			}
		})
	}
}
