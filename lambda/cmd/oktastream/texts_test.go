package main

import (
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/oktastream/oktastream/lambda/dlq"
)

var (
	quoted = regexp.MustCompile("`oktastream ([^`]+)`")
	inCode = regexp.MustCompile(`(?m)^ *oktastream ([^#|\n]+)`)
	fence  = regexp.MustCompile("(?s)```(?:sh|text)?\n(.*?)```")
)

// TestCommandLinesInTextsAreValid parses every command line that a page, an alarm
// text or a fix names.
func TestCommandLinesInTextsAreValid(t *testing.T) {
	lines := map[string]string{}
	add := func(where, text string) {
		for _, found := range quoted.FindAllStringSubmatch(text, -1) {
			lines[found[1]] = where
		}
	}
	for name, text := range pages(t) {
		add(name, text)
		for _, block := range fence.FindAllStringSubmatch(text, -1) {
			for _, found := range inCode.FindAllStringSubmatch(block[1], -1) {
				lines[found[1]] = name
			}
		}
	}
	for name, text := range alarmTexts(t) {
		add("the alarm "+name, text)
	}
	for _, r := range dlq.Reasons() {
		add("the fix of "+r.Name, r.Fix)
	}
	if len(lines) < 20 {
		t.Fatalf("only %d command lines found", len(lines))
	}
	for line, where := range lines {
		args := strings.Fields(strings.NewReplacer("'", "", "[", "", "]", "", "FILE…", "FILE").Replace(line))
		if slices.Equal(args, []string{"dlq"}) {
			continue // the name of a group of commands
		}
		var cli commands
		parser, err := kong.New(&cli, helpTexts.CloneWith(kong.Vars{"version": "v"}), kong.Writers(io.Discard, io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil {
			t.Errorf("%s: oktastream %s: %v", where, line, err)
		}
	}
}

// TestAlarmsFollowTheRunbook compares the order of the commands in each alarm text
// with that of the README's runbook.
func TestAlarmsFollowTheRunbook(t *testing.T) {
	_, runbook, _ := strings.Cut(read(t, readme), "\n## At 3 a.m.\n")
	runbook, _, _ = strings.Cut(runbook, "\n## ")
	order := map[string]int{}
	for _, found := range quoted.FindAllStringSubmatch(runbook, -1) {
		if command := subcommand(found[1]); order[command] == 0 {
			order[command] = len(order) + 1
		}
	}
	if len(order) < 3 {
		t.Fatalf("the runbook names only %v", order)
	}
	texts := 0
	for name, text := range alarmTexts(t) {
		last := 0
		for _, found := range quoted.FindAllStringSubmatch(text, -1) {
			texts++
			command := subcommand(found[1])
			at, ok := order[command]
			if !ok || at < last {
				t.Errorf("%s names oktastream %s, which the runbook has not, or earlier: %v", name, command, order)
			}
			last = at
		}
	}
	if texts == 0 {
		t.Error("no alarm text names a command")
	}
}

// subcommand is the words of a command line before its arguments: dlq list.
func subcommand(line string) string {
	words := strings.Fields(line)
	return strings.Join(words[:min(2, len(words))], " ")
}

// alarmTexts are the descriptions of all alarms of the reviewed template.
func alarmTexts(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(projectDir + "/infra/oktastream/testdata/default.template.json")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				AlarmName        any
				AlarmDescription string
			}
		}
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for id, r := range template.Resources {
		if r.Type == "AWS::CloudWatch::Alarm" {
			texts[id] = r.Properties.AlarmDescription
		}
	}
	if len(texts) < 10 {
		t.Fatalf("only %d alarms in the template", len(texts))
	}
	return texts
}
