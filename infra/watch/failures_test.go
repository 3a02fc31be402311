package watch

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// failure is something that goes wrong, and what shows it.
type failure struct {
	What string
	// Kinds are the alarms that fire, the first of them first.
	Kinds []string
	// Graph is the title of the dashboard's graph that shows it where no alarm does,
	// or where an alarm comes only with the worst of it; Why says why that is right.
	Graph, Why string
}

// allFailures are those of the design's failure rules, in their order, then those of
// what lies around the function.
func allFailures() []failure {
	return []failure{
		{What: "not JSON; not an Okta event; no uuid, eventType or published; another source, account or region",
			Kinds: []string{"dead-not-empty", "dead-for-a-week"}},
		{What: "… and its copy fails, or does not fit into a message", Kinds: []string{"dead-letter-failed",
			"redrive-not-empty"}},
		{What: "event type never seen", Graph: titleNotes,
			Why: "it is delivered like the others; Okta adds types every month, so an alarm would fire on ordinary days"},
		{What: "throttled, 5xx, network, timeout", Kinds: []string{"mapping-failing", "lag"}, Graph: titleFailures,
			Why: "a call that succeeds when repeated is no failure; the alarms fire when a tenth comes back, or after 15 " +
				"minutes"},
		{What: "the destination is down for hours", Kinds: []string{"mapping-failing", "buffer-old", "buffer-deep",
			"exhausted",
			"redrive-not-empty", "redrive-for-a-week"}},
		{What: "a record panics; a batch is refused for its content", Kinds: []string{"dead-not-empty"}},
		{What: "a body with many records of which one fails", Kinds: []string{"dead-not-empty", "mapping-failing"}},
		{What: "one of ten PutEvents entries fails; a sink refuses some records", Kinds: []string{"mapping-failing"},
			Graph: titleFailures,
			Why:   "only those go back, and usually succeed the next time; the alarm fires when it lasts"},
		{What: "log stream missing / already there", Kinds: []string{"mapping-failing"}, Graph: titleFailures,
			Why: "the function creates it and goes on; without the permission everything comes back and the alarm fires"},
		{What: "rejectedLogEventsInfo", Graph: titleNotes,
			Why: "those records are given the current time and delivered in the same call: restamped counts them, lag shows " +
				"why"},
		{What: "too old for Datadog", Kinds: []string{"lag", "delivery-failed"}, Graph: titleNotes,
			Why: "events older than 6 hours are given the current time (restamped); what EventBridge cannot deliver in 8 " +
				"more is dead"},
		{What: "record over the destination's limit", Kinds: []string{"dead-not-empty"}, Graph: titleNotes,
			Why: "the event's own bytes are delivered (fallback_raw); it is dead only if those do not fit either"},
		{What: "duplicates; equal uuid with other bytes", Kinds: []string{"conflict"}, Graph: titleReceived,
			Why: "every hop delivers at least once: duplicates are normal and are only counted"},
		{What: "partial batch response", Kinds: []string{"mapping-failing", "function-errors"},
			Why: "a response that Lambda does not understand would bring back whole batches"},
		{What: "packed batch comes back from a DLQ", Kinds: []string{"dead-letter-failed", "exhausted",
			"dead-not-empty"}, Graph: titleNotes,
			Why: "that is a replay; what fails of it fires the same alarms"},
		{What: "Datadog answers 401, 407, 409, 429, 5xx, or not within 5 s", Kinds: []string{"delivery-retrying",
			"delivery-failed"}},
		{What: "Datadog answers another 4xx", Kinds: []string{"delivery-failed", "dead-not-empty"}},
		{What: "our own setting is wrong (401, 403, wrong index, all records refused alike) at a destination over HTTPS",
			Kinds: []string{"destination-refuses-us", "mapping-failing", "exhausted"}},
		{What: "the archive's bucket is gone, or it or its KMS key denies the function",
			Kinds: []string{"mapping-failing", "exhausted"}},
		{What: "our own log", Why: "content in the log is a fault of the program, which its tests look for; no metric " +
			"could show it"},
		{What: "the ledger does not balance", Kinds: []string{"ledger-unbalanced"}},

		{What: "Okta has switched the log stream off, or somebody has changed it", Kinds: []string{"silence",
			"stream-changed"}},
		{What: "the rule cannot reach its target", Kinds: []string{"rule-failed", "dead-not-empty"}},
		{What: "… nor its dead-letter queue", Kinds: []string{"rule-lost", "delivery-lost", "counters-disagree"}},
		{What: "ingest rule: CloudWatch Logs or Datadog is down or throttles", Kinds: []string{"delivery-retrying",
			"rule-failed"}},
		{What: "the function crashes, or runs out of time or memory", Kinds: []string{"function-errors",
			"mapping-failing", "buffer-old"}},
		{What: "Lambda has no concurrency left", Kinds: []string{"function-throttled", "buffer-old"}},
		{What: "the event source mapping is disabled", Kinds: []string{"buffer-old"}},
		{What: "ingest lambda: an event fails three times, and cannot be kept", Kinds: []string{"async-dropped",
			"async-lost"}},
		{What: "events are missing between the rule and the function: a queue is purged, a message expires, EventBridge " +
			"keeps one back",
			Kinds: []string{"counters-disagree"}},

		{What: "with the auditor: an event that Okta lists has not arrived", Kinds: []string{"gap"},
			Graph: titleAudit, Why: "the auditor sends it, and an hour later it looks whether it has arrived"},
		{What: "… and does not arrive after three fills, or is in a dead-letter queue", Kinds: []string{"gap-unfilled"}},
		{What: "the auditor's function crashes, may not do something, or is not started", Kinds: []string{"auditor-failing",
			"auditor-behind"}},
		{What: "Okta's API is down, or refuses the auditor's credentials", Kinds: []string{"okta-unreachable",
			"auditor-behind"}},
		{What: "an org has more events than the auditor may read (okta.requests)", Kinds: []string{"auditor-behind"}},
		{What: "the auditor's schedule is disabled", Kinds: []string{"auditor-behind"}},
	}
}

// kinds are all kinds of alarm that any stack can have, each once, with STACK and
// STACK-DESTINATION for names: the README's table.
func kinds() []Alarm {
	var list []Alarm
	for _, ingest := range []string{ingestQueue, ingestLambda, ingestRule} {
		p := Pipeline{Name: "STACK-DESTINATION", Destination: "datadog", Ingest: ingest, Rule: "rule", Bus: "bus",
			Buffer:  "buffer",
			Redrive: "redrive", Dead: "dead", Function: "function", Mapping: "mapping", DeliveryRule: "to-datadog",
			DeliveryBus: "delivery",
			OutageHours: 6, VisibilitySeconds: 365}
		s := Stack{Name: "STACK", Source: "source", Bus: "bus", Live: true, SilenceMinutes: 60,
			Pipelines: []Pipeline{p, {Name: p.Name, HTTPS: true}}, Auditor: auditorOf(p, 15)}
		for _, a := range Alarms(s) {
			if !slices.ContainsFunc(list, func(k Alarm) bool { return k.Kind == a.Kind }) {
				list = append(list, a)
			}
		}
	}
	return list
}

const readme = "README.md"

var update = flag.Bool("update", false, "rewrite the README's tables of alarms and failures")

// TestReadmeShowsTheAlarms compares the page's tables with the code.
func TestReadmeShowsTheAlarms(t *testing.T) {
	var alarms, table strings.Builder
	alarms.WriteString("| alarm | what happened | what it means | what to do first | missing data " +
		"|\n|---|---|---|---|---|\n")
	for _, a := range kinds() {
		fmt.Fprintf(&alarms, "| `%s` | %s | %s | %s | %s, because %s |\n",
			a.Kind, cell(a.Happened), cell(a.Means), cell(a.Steps()), a.Missing, cell(a.WhyMissing))
	}
	table.WriteString("| what goes wrong | alarm | where else it shows, and why |\n|---|---|---|\n")
	for _, f := range allFailures() {
		var list []string
		for _, kind := range f.Kinds {
			list = append(list, "`"+kind+"`")
		}
		elsewhere := cell(f.Why)
		if f.Graph != "" {
			elsewhere = "graph “" + f.Graph + "”: " + elsewhere
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", cell(f.What), strings.Join(list, ", "), elsewhere)
	}
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	want := string(page)
	for name, text := range map[string]string{"alarms": alarms.String(), "failures": table.String()} {
		block := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n).*?(<!-- /` + name + ` -->)`)
		if !block.MatchString(want) {
			t.Fatalf("%s has no block %q", readme, name)
		}
		want = block.ReplaceAllStringFunc(want, func(old string) string {
			parts := block.FindStringSubmatch(old)
			return parts[1] + text + parts[2]
		})
	}
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("the tables of alarms and failures in %s are not the code's; -update rewrites them", readme)
	}
	if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// cell is a text in a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// rules are the first words of each row of the design's failure rules.
var rules = []string{
	"not JSON", "event type never seen", "throttled", "the destination is down", "a record panics",
	"a body with many records",
	"one of ten PutEvents entries fails", "log stream missing", "rejectedLogEventsInfo", "too old for Datadog",
	"record over the destination's limit", "duplicates", "partial batch response", "packed batch comes back",
	"Datadog answers 401", "Datadog answers another 4xx", "our own setting is wrong", "our own log",
}

func TestEveryFailureShows(t *testing.T) {
	there := map[string]bool{}
	for _, a := range kinds() {
		there[a.Kind] = true
	}
	s := stacks()["lambda cloudwatch,datadog"]
	s.Auditor = auditorOf(s.Pipelines[0], 15)
	body, err := json.Marshal(Dashboard(s))
	if err != nil {
		t.Fatal(err)
	}
	fires := map[string]bool{}
	seen := map[string]bool{}
	for _, f := range allFailures() {
		if seen[f.What] {
			t.Errorf("%s: twice", f.What)
		}
		seen[f.What] = true
		for _, k := range f.Kinds {
			fires[k] = true
			if !there[k] {
				t.Errorf("%s: there is no alarm %s", f.What, k)
			}
		}
		if len(f.Kinds) == 0 && f.Why == "" {
			t.Errorf("%s: neither an alarm nor a reason", f.What)
		}
		if f.Graph != "" && (f.Why == "" || !strings.Contains(string(body), f.Graph)) {
			t.Errorf("%s: graph %q, reason %q", f.What, f.Graph, f.Why)
		}
	}
	for k := range there {
		if !fires[k] {
			t.Errorf("the alarm %s is for no failure", k)
		}
	}
	for _, rule := range rules {
		if !slices.ContainsFunc(allFailures(), func(f failure) bool { return strings.HasPrefix(f.What, rule) }) {
			t.Errorf("nothing is said of %q", rule)
		}
	}
}
