package dlq

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/oktastream/oktastream/events"
)

// Every reason has a row of its own, and every row says in short sentences what has
// happened and what to do.
func TestEveryReasonHasACauseAndAFix(t *testing.T) {
	rows := Reasons()
	last := rows[len(rows)-1]
	for _, reason := range []string{
		string(events.NotJSON), string(events.NotOkta), string(events.MissingField), string(events.Foreign),
		string(events.Panic), string(events.TooLarge), string(events.Refused),
		exhausted, notFromBuffer, noReason, string(Unknown), string(RuleTarget), string(APIDestination),
		string(APIDestination) + " 401", string(RuleTarget) + " 503", string(LambdaRecord), string(LambdaDLQ) + " 200",
	} {
		if got := ReasonOf(reason, "X"); got == last {
			t.Errorf("%s has no row", reason)
		}
	}
	for _, r := range rows {
		for _, text := range []string{r.Cause, r.Fix} {
			if !strings.HasSuffix(text, ".") || utf8.RuneCountInString(text) > 160 {
				t.Errorf("%s: %q", r.Name, text)
			}
		}
		if got := ReasonOf(
			strings.ReplaceAll(r.Name, "*", ""),
			r.Code,
		); r != last && r.Code == "" && !strings.Contains(r.Name, "* ") &&
			got != r {
			t.Errorf("%s: another row comes first: %s", r.Name, got.Name)
		}
	}
}

var update = flag.Bool("update", false, "rewrite the table of reasons in README.md")

// The page has the reasons, causes and fixes that the command prints.
func TestTheReadmeHasTheReasons(t *testing.T) {
	const name, begin, end = "README.md", "<!-- reasons -->\n", "<!-- /reasons -->"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| reason | cause | fix |\n|---|---|---|\n")
	for _, r := range Reasons() {
		reason := "`" + r.Name + "`"
		if r.Code != "" {
			reason += " with `" + r.Code + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", reason, r.Cause, r.Fix)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("README.md has no table of reasons")
	}
	want := before + begin + b.String() + end + after
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatal("README.md has other reasons than Reasons; look at what -update makes of it")
	}
	if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReasonOf(t *testing.T) {
	for _, test := range []struct{ reason, code, want string }{
		{"api_destination 401", "SDK_CLIENT_ERROR", "* 401"},
		{"rule_target 401", "SDK_CLIENT_ERROR", "* 401"},
		{"api_destination 503", "SDK_CLIENT_ERROR", "* 5*"},
		{"api_destination 418", "SDK_CLIENT_ERROR", "api_destination*"},
		{"lambda_dlq 500", "-", "lambda_dlq*"},
		{"rule_target", "NO_PERMISSIONS", "rule_target*"},
		{"api_destination", "NO_PERMISSIONS", "api_destination*"},
		{"rule_target", "THROTTLING", "rule_target*"},
		{"never_seen", "-", "*"},
	} {
		if got := ReasonOf(test.reason, test.code); got.Name != test.want {
			t.Errorf("%s %s: %s", test.reason, test.code, got.Name)
		}
	}
	for _, code := range []string{"NO_PERMISSIONS", "NO_RESOURCE"} {
		rule, destination := ReasonOf("rule_target", code), ReasonOf("api_destination", code)
		if !strings.Contains(rule.Fix, "cdk diff") || !strings.Contains(destination.Fix, "cdk diff") {
			t.Errorf("%s has no row: %+v, %+v", code, rule, destination)
		}
		// A replay goes to the buffer queue or the destination, and so past the rule.
		if rule.Again != "" || destination.Again == "" {
			t.Errorf("%s: a replay fails again: %q for the rule, %q for the API destination", code, rule.Again, destination.Again)
		}
	}
}
