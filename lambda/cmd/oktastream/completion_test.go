package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events/catalogue"
)

func TestComplete(t *testing.T) {
	model := newParser(console{}).Model.Node
	for line, want := range map[string]string{
		"":                               "run explain dlq doctor backfill reconcile digest verify help completion",
		"e":                              "explain",
		"dlq ":                           "list show replay",
		"dlq re":                         "replay",
		"help d":                         "dlq doctor digest",
		"help dlq sh":                    "show",
		"bogus ":                         "run explain dlq doctor backfill reconcile digest verify help completion",
		"run --f":                        "--format",
		"run --to out --le":              "--ledger",
		"run --sample --max":             "--max-record",
		"run --format ":                  "ocsf datadog raw",
		"run --format d":                 "datadog",
		"run --format=r":                 "--format=raw",
		"run --format = r":               "raw",
		"run --include user.mfa.okta_v":  "user.mfa.okta_verify user.mfa.okta_verify.deny_push user.mfa.okta_verify.deny_push_upgrade_needed",
		"explain user.session.st":        "user.session.start",
		"explain --format raw policy.ev": "policy.evaluate_sign_on",
		"dlq list --in ":                 "redrive dead",
		"run --to ":                      "cloudwatch splunk elastic opensearch datadog archive",
		"completion ":                    "bash zsh fish",
		// names of files, which the shell completes
		"run ": "", "run events": "", "run --dead-letters ": "", "run --to ou": "", "run --service=o": "", "explain ": "", "explain ./e": "",
	} {
		var got []string
		for _, found := range complete(model, strings.Split(line, " ")) {
			got = append(got, found.word)
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	if found := complete(model, nil); found != nil {
		t.Errorf("no word at all: %q", found)
	}
}

// TestShellsComplete runs the scripts in the shells that are installed.
func TestShellsComplete(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "oktastream")
	if err := os.Symlink(self, program); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	for shell, test := range map[string]struct {
		args []string
		ask  string // how to complete the words of $LINE
	}{
		"bash": {[]string{"--norc", "-c"}, `
			source <(oktastream completion bash)
			read -ra COMP_WORDS <<<"$LINE"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_oktastream; printf '%s\n' "${COMPREPLY[@]}"`},
		"zsh": {[]string{"-f", "-c"}, `
			compdef() { : }; compadd() { shift; print -l -- $@ }; _files() { print FILES }
			source <(oktastream completion zsh)
			words=(${=LINE}); CURRENT=$#words
			_oktastream`},
		"fish": {[]string{"--no-config", "-c"}, `
			oktastream completion fish | source
			complete -C "$LINE" | cut -f1`},
	} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(shell, " is not installed")
			}
			for line, want := range map[string]string{
				"oktastream dlq re":              "replay",
				"oktastream run --format d":      "datadog",
				"oktastream explain user.sessio": strings.Join(catalogue.Matching("user.sessio*"), " "),
			} {
				c := exec.CommandContext(t.Context(), path, append(test.args, test.ask)...)
				c.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "LINE="+line, "HOME="+dir, "GORACE="+noSleep)
				out, err := c.CombinedOutput()
				if err != nil || !slices.Equal(strings.Fields(string(out)), strings.Fields(want)) {
					t.Errorf("%s: %v, %q, want %q", line, err, out, want)
				}
			}
		})
	}
}

// TestEveryHelpHasExamplesAndExitCodes: each example parses, and fits the page.
func TestEveryHelpHasExamplesAndExitCodes(t *testing.T) {
	parser := newParser(console{})
	for _, command := range parser.Model.Leaves(true) {
		if command.Name == "help" {
			continue
		}
		examples := 0
		for line := range strings.Lines(command.Detail) {
			if len(line) > 81 && strings.HasPrefix(line, "    ") {
				t.Errorf("%s: %d columns in %q", command.FullPath(), len(line)-1, line)
			}
		}
		for line := range strings.Lines(strings.ReplaceAll(command.Detail, "\\\n", "")) {
			_, example, ok := strings.Cut(line, "    oktastream ")
			if !ok {
				continue
			}
			examples++
			example, _, _ = strings.Cut(example, "|")
			var args []string
			for _, word := range strings.Fields(strings.ReplaceAll(example, "'", "")) {
				if word[0] != '<' && word[0] != '>' {
					args = append(args, word)
				}
			}
			var err error
			if parsed, fault := parser.Parse(args); fault != nil {
				err = fault
			} else if !strings.HasPrefix("oktastream "+strings.Join(args, " "), command.FullPath()) {
				t.Errorf("%s: an example of %s", command.FullPath(), parsed.Command())
			}
			if err != nil {
				t.Errorf("%s: %q: %v", command.FullPath(), line, err)
			}
		}
		if examples == 0 && !strings.Contains(command.Detail, "oktastream completion") {
			t.Errorf("%s has no example", command.FullPath())
		}
		if command.Name != "completion" && !strings.Contains(command.Detail, "Exit codes: 0 ") {
			t.Errorf("%s does not say its exit codes", command.FullPath())
		}
	}
}

// TestHelpTextsAreUsed wants a flag or an argument for each text, and a text for each name.
func TestHelpTextsAreUsed(t *testing.T) {
	unused := maps.Clone(helpTexts)
	var look func(reflect.Type)
	look = func(of reflect.Type) {
		for i := range of.NumField() {
			field := of.Field(i)
			if name := field.Tag.Get("help"); strings.HasPrefix(name, "help_") {
				if helpTexts[name] == "" {
					t.Errorf("%s of %s has no help text %s", field.Name, of, name)
				}
				delete(unused, name)
			}
			if field.Type.Kind() == reflect.Struct {
				look(field.Type)
			}
		}
	}
	look(reflect.TypeFor[commands]())
	for name := range unused {
		t.Errorf("no flag has the help text %s", name)
	}
}
