package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"

	alarmtexts "github.com/oktastream/oktastream/infra/watch"
	"github.com/oktastream/oktastream/lambda/dlq"
)

// watched returns stacks with two pipelines, one for each way to ingest. Together they have every alarm.
func watched() []alarmtexts.Stack {
	var all []alarmtexts.Stack
	for _, ingest := range []string{"queue", "lambda", "rule"} {
		s := alarmtexts.Stack{
			Name: defaultStack, Source: ownSource, Bus: ownSource, Account: ownAccount, Region: ownRegion,
			Live: true, SilenceMinutes: 60,
		}
		for _, destination := range []string{"cloudwatch", "datadog"} {
			p := alarmtexts.Pipeline{
				Name: s.Name + "-" + destination, Destination: destination, Ingest: ingest, Rule: "rule",
				Bus: ownSource, Dead: "dead", OutageHours: 6,
			}
			if ingest != "rule" {
				p.Buffer, p.Redrive, p.Function, p.Mapping = "buffer", "redrive", "function", "mapping"
				p.VisibilitySeconds = 365
			}
			if destination == "datadog" {
				p.DeliveryRule, p.DeliveryBus = "to-datadog", "delivery"
			}
			s.Pipelines = append(s.Pipelines, p)
		}
		all = append(all, s)
	}
	return all
}

// alarms returns one alarm of each kind.
func alarms() map[string]alarmtexts.Alarm {
	all := map[string]alarmtexts.Alarm{}
	for _, s := range watched() {
		for _, a := range alarmtexts.Alarms(s) {
			all[a.Kind] = a
		}
	}
	return all
}

// advice returns the texts that tell a person which command to run, by where they are.
func advice(t *testing.T) map[string]string {
	t.Helper()
	all := pages(t)
	for kind, a := range alarms() {
		all["alarm "+kind] = a.Description()
	}
	for i, s := range watched() {
		var texts strings.Builder
		for _, w := range alarmtexts.Dashboard(s)["widgets"].([]any) {
			text, err := json.Marshal(w)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&texts, string(text))
		}
		all[fmt.Sprintf("dashboard %d", i)] = texts.String()
	}
	for _, r := range dlq.Reasons() {
		all["reason "+r.Name+r.Code] = r.Fix
	}
	return all
}

var (
	// quoted finds a command line between backquotes, shellBlock a block of a page, and shellLine a command line in it.
	quoted     = regexp.MustCompile("`(oktastream [^`\\n]+)`")
	shellBlock = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")
	shellLine  = regexp.MustCompile(`(?m)^ *(?:go run \./lambda/cmd/)?(oktastream [^#|\n]+)`)
	argument   = regexp.MustCompile(`"([^"]*)"|'([^']*)'|(\S+)`)
)

// commandLines returns the command lines of a text.
func commandLines(text string) []string {
	var found []string
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	for _, block := range shellBlock.FindAllStringSubmatch(strings.ReplaceAll(text, "\\\n", ""), -1) {
		for _, m := range shellLine.FindAllStringSubmatch(block[1], -1) {
			found = append(found, m[1])
		}
	}
	return found
}

// arguments returns what a shell makes of the arguments of a command line, with a URL for OLD-URL and BUFFER-URL.
func arguments(line string) []string {
	var args []string
	for _, m := range argument.FindAllStringSubmatch(line, -1) {
		arg := strings.Trim(m[1]+m[2]+m[3], "[]")
		if strings.HasSuffix(arg, "-URL") {
			arg = "https://sqs.us-east-1.amazonaws.com/111122223333/" + arg
		}
		args = append(args, arg)
	}
	return args[1:]
}

// wrongUse returns why the command would end with exitUsage. The name of a command without arguments, such as
// `oktastream dlq`, is no use of it.
func wrongUse(args []string) error {
	parser := newParser(console{})
	named := parser.Model.Node
	for i, arg := range args {
		at := slices.IndexFunc(named.Children, func(n *kong.Node) bool { return n.Name == arg })
		if at < 0 {
			break
		}
		if named = named.Children[at]; i == len(args)-1 {
			return nil
		}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return err
	}
	if c, ok := command.Selected().Target.Addr().Interface().(interface{ fault() error }); ok {
		return c.fault()
	}
	return nil
}

// TestEveryCommandLineIsValid: the command takes every command line that an alarm, the dashboard, a page or a fix
// names, and the reasons in them are reasons of messages.
func TestEveryCommandLineIsValid(t *testing.T) {
	t.Setenv(tokenVariable, "token") // a page exports it
	var known []string
	for _, r := range dlq.Reasons() {
		known = append(known, r.Name)
	}
	lines, seen, texts := map[string]int{}, map[string]bool{}, advice(t)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("archive", 0o755); err != nil { // a page makes it before
		t.Fatal(err)
	}
	for where, text := range texts {
		kind, _, _ := strings.Cut(where, " ")
		for _, line := range commandLines(text) {
			lines[kind]++
			if seen[line] {
				continue // many alarms name the same command
			}
			seen[line] = true
			args := arguments(line)
			if err := wrongUse(args); err != nil {
				t.Errorf("%s: %s: %v", where, line, err)
			}
			if i := slices.Index(args, "--reason"); i >= 0 && args[i+1] != "REASON" && !slices.Contains(known, args[i+1]) {
				t.Errorf("%s: %s: there is no reason %s", where, line, args[i+1])
			}
		}
	}
	if lines["alarm"] < 20 || lines["dashboard"] < 3 || lines["reason"] < 10 || lines[readme] < 10 {
		t.Errorf("command lines found: %v", lines)
	}
	for _, line := range []string{
		"oktastream dlq lst", "oktastream dlq list --reson not_json", "oktastream dlq show --stack x",
		"oktastream dlq list x",
	} {
		if wrongUse(arguments(line)) == nil {
			t.Errorf("%s is taken for a valid command line", line)
		}
	}
}

// repeatLook is how an alarm names the command of its step Look again.
const repeatLook = ": repeat the command of Look."

// runbookStep is a step of the runbook in README.md: its name and its text, with the name.
type runbookStep struct{ name, text string }

// runbook returns the steps of README.md, section "At 3 a.m.".
func runbook(t *testing.T) []runbookStep {
	t.Helper()
	_, section, _ := strings.Cut(read(t, readme), "\n## At 3 a.m.\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var steps []runbookStep
	for _, m := range regexp.MustCompile(`(?m)^\d\. \*\*(.+?)\*\*(.*)$`).FindAllStringSubmatch(section, -1) {
		steps = append(steps, runbookStep{m[1], m[1] + m[2]})
	}
	return steps
}

// TestAlarmsFollowTheRunbook: an alarm that names a replay has the steps of README.md, in the same order and the same
// words, for its stack. README.md may say more at the end of a step; the last step of an alarm is shorter, because
// CloudWatch keeps 1,024 characters of a description.
func TestAlarmsFollowTheRunbook(t *testing.T) {
	steps := runbook(t)
	if len(steps) != 6 {
		t.Fatalf("README.md has the steps %q, want six", steps)
	}
	reason := regexp.MustCompile(`--reason "[^"]+"`)
	var replaying []string
	for kind, a := range alarms() {
		if !strings.Contains(a.Steps(), "oktastream dlq replay") {
			continue
		}
		replaying = append(replaying, kind)
		last := a.Do[max(len(a.Do)-len(steps), 0):]
		for i, s := range steps {
			if i >= len(last) || !strings.HasPrefix(last[i], s.name) {
				t.Errorf("%s: no step %q at the place where README.md has it: %q", kind, s.name, last)
				continue
			}
			step := strings.Replace(last[i], repeatLook, strings.TrimPrefix(last[0], "Look"), 1)
			step = strings.ReplaceAll(reason.ReplaceAllString(step, `--reason "REASON"`), " --stack "+defaultStack, "")
			if step = strings.TrimSuffix(step, "."); !strings.HasPrefix(s.text, step) {
				t.Errorf("%s: %q, and README.md has %q", kind, step, s.text)
			}
		}
	}
	slices.Sort(replaying)
	want := []string{
		"async-dropped", "dead-for-a-week", "dead-not-empty", "delivery-failed", "exhausted", "redrive-for-a-week",
		"redrive-not-empty", "rule-failed",
	}
	if !slices.Equal(replaying, want) {
		t.Errorf("the alarms that name a replay are %q, want %q", replaying, want)
	}
}

// follow CODE KIND STEP [REASON] runs the command of a step of an alarm's text, with the reason that dlq list has
// shown in the place of REASON, and wants its exit code.
func follow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: follow CODE KIND STEP [REASON]")
	}
	var look, before, line string
	for _, step := range alarms()[args[1]].Do {
		text := regexp.MustCompile("`([^`]+)`").FindStringSubmatch(step)
		switch {
		case strings.HasSuffix(step, repeatLook):
			line = look
		case text == nil:
			continue
		case strings.Contains(step, ": add `"):
			line = before + " " + text[1]
		default:
			line, before = text[1], text[1]
			if strings.HasPrefix(step, "Look: ") {
				look = line
			}
		}
		if strings.HasPrefix(step, args[2]+": ") {
			words := arguments(line)
			if i := slices.Index(words, "REASON"); i >= 0 && len(args) == 4 {
				words[i] = args[3]
			}
			exits(ts, false, append([]string{args[0], "oktastream"}, words...))
			return
		}
	}
	ts.Fatalf("the alarm %s has no step %q with a command", args[1], args[2])
}
