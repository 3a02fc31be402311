package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/events/ocsf"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

// caller runs the program in this process, with files in the place of its pipes:
// always the same, as to make them takes longer than most runs.
type caller struct{ in, out, err *os.File }

func newCaller(t *testing.T) caller {
	t.Helper()
	var c caller
	dir := t.TempDir()
	for name, file := range map[string]**os.File{"in": &c.in, "out": &c.out, "err": &c.err} {
		var err error
		if *file, err = os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*file).Close() })
	}
	return c
}

func (c caller) call(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	for _, file := range []*os.File{c.in, c.out, c.err} {
		if err := file.Truncate(0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.in.WriteString(stdin); err != nil {
		t.Fatal(err)
	}
	if _, err := c.in.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	code = run(t.Context(), args, console(c))
	read := func(file *os.File) string {
		text, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<40))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return code, read(c.out), read(c.err)
}

// bursting is a context in which nothing can be done.
type bursting struct{ context.Context }

func (bursting) Done() <-chan struct{} { panic("a fault of ours") }

// A panic of ours is not the panic by which --help ends.
func TestAPanicIsNotSwallowed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the panic is gone")
		}
	}()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	run(bursting{t.Context()}, []string{"run", "--sample"}, console{null, null, null})
}

func TestReport(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		code int
		want string
	}{
		"nothing":     {nil, 0, ""},
		"quiet":       {quiet(130), 130, ""},
		"one":         {errors.New("no"), 1, "oktastream: error: no\n"},
		"wrong use":   {usage(errors.New("no")), 2, "oktastream: error: no\noktastream: hint: see oktastream --help\n"},
		"with a hint": {fmt.Errorf("do: %w", withHint(usage(errors.New("no")), "try")), 2, "oktastream: error: do: no\noktastream: hint: try\n"},
		"several":     {errors.Join(errors.New("a"), errors.New("b")), 1, "oktastream: error: a\noktastream: error: b\n"},
	} {
		var b bytes.Buffer
		if code := report(&b, test.err); code != test.code || b.String() != test.want {
			t.Errorf("%s: exit %d, %q, want %d, %q", name, code, b.String(), test.code, test.want)
		}
	}
}

// What events and file names hold reaches neither the lines around it nor the
// terminal.
func TestNothingReachesTheTerminal(t *testing.T) {
	hostile := `a\nb\u001b[31m\u009b\u202e\u0000`
	event := fmt.Sprintf(
		`{"uuid":"%s","eventType":"user.%[1]s","published":"2026-09-01T10:11:12Z","%[1]s":"%[1]s`+"\u009b\u202e\x7f"+`"}`,
		hostile,
	)
	name := filepath.Join(t.TempDir(), "a\nb\x1b[31m.json")
	if err := os.WriteFile(name, []byte(strings.Replace(event, "2026", "not 2026", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newCaller(t)
	for _, args := range [][]string{
		{"explain", "-"}, {"explain", "--format", "datadog", "-"}, {"explain", "--format", "raw", "-"},
		{"explain", name}, {"run", name}, {"run", name + "\n"}, {"explain", name + "\n"},
		{"run", "--format", name}, {"run", "--include", name}, {"--" + name}, {name}, {"run", "--to", name, "--sample"},
	} {
		_, stdout, stderr := c.call(t, event, args...)
		for _, r := range stdout + stderr {
			if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q: prints %U", args, r)
			}
		}
		for line := range strings.Lines(stderr) {
			if !strings.HasPrefix(line, "oktastream: ") {
				t.Errorf("%q: stderr has the line %q", args, line)
			}
		}
		if args[0] == "explain" && args[len(args)-1] == "-" &&
			!strings.Contains(stdout, `  uuid      a\u000ab\u001b[31m\u009b\u202e\u0000`) {
			t.Errorf("%q: the uuid is not spelled out: %s", args, stdout)
		}
	}
}

// A page fits the narrowest terminal, and has no colours where there is none.
func TestExplainFitsThePage(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "testdata", "events", "*.json"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	files = append(files, filepath.Join(root, "testdata", "canary.json"))
	fits := func(what string, format pipeline.Format, e explanation) {
		for line := range strings.Lines(string(e.page(true))) {
			if n := utf8.RuneCountInString(line) - 1; n > 80 || strings.ContainsRune(line, '\x1b') {
				t.Errorf("%s as %s: %d characters in %q", what, format, n, line)
			}
		}
	}
	for _, format := range []pipeline.Format{pipeline.OCSF, pipeline.Datadog, pipeline.Raw} {
		for _, file := range files {
			e, err := (&explainCommand{What: file}).explainFile(console{}, format)
			if err != nil {
				t.Errorf("%s as %s: %v", file, format, err)
			}
			fits(file, format, e)
		}
	}
	// The fields depend on the class alone, the summary on the type.
	n, seen := ocsf.New(), map[int]bool{}
	for _, name := range append(slices.Clone(catalogue.All()), strings.Repeat("never.", 40)+"seen") {
		e := decided(pipeline.OCSF, n.Decide(name), name)
		if !seen[e.ClassUID] {
			seen[e.ClassUID] = true
			e = explainType(pipeline.OCSF, name)
		}
		fits(name, pipeline.OCSF, e)
	}
}

// However long what it shows is, and wherever it can be cut.
func TestAnyPageFits(t *testing.T) {
	for n := range 250 {
		for _, text := range []string{strings.Repeat("x", n), strings.Repeat("x ", n), strings.Repeat("ü", n), strings.Repeat("a longer word, ", n/9)} {
			e := explanation{EventType: text, UUID: text, Class: text, Rule: text, Why: text, Activity: text, Meant: text, More: n, Bad: n, file: text}
			for _, s := range []step{{text, text, text, nil}, {"", text, text, nil}, {text, "", text, nil}} {
				s.Value = []byte(text)
				e.Steps = append(e.Steps, record.Step(s))
			}
			page := string(e.page(true))
			for line := range strings.Lines(page) {
				if n := utf8.RuneCountInString(line) - 1; n > 80 {
					t.Fatalf("%d characters in %q", n, line)
				}
			}
			bare := func(s string) string { return strings.NewReplacer("\n", "", " ", "").Replace(s) }
			if text != "" && strings.Count(bare(page), bare(text)) < 10 {
				t.Fatalf("something of %q is left out of\n%s", text, page)
			}
		}
	}
}

// damaged is the event in many ways in which it is none, each on a line. The keys of an object that is no
// event are reported, as they say what it is; no key is content here.
func damaged(event string) (lines []string) {
	add := func(line string) { lines = append(lines, line) }
	for _, field := range []string{"uuid", "eventType", "published"} {
		add(strings.Replace(event, `"`+field+`":`, `"CANARY-`+field+`":`, 1))
		add(strings.Replace(event, `"`+field+`":"`, `"`+field+`":["CANARY"],"x":"`, 1))
	}
	add(strings.Replace(event, `"published":"2026`, `"published":"CANARY 2026`, 1))
	for i := 40; i < len(event); i += 97 {
		add(event[:i])
		add(event[:i] + "\xff" + event[i:])
		add(event[:i] + "\x00" + event[i:])
		add(event[:i] + `"` + event[i:])
		add(event[:i] + `\` + event[i:])
		add(event[:i] + "}" + event[i:])
		add(event[i:])
	}
	text, err := json.Marshal(event[:len(event)-1])
	if err != nil {
		panic("a string cannot be written: " + err.Error())
	}
	envelope := `{"id":"CANARY","source":"%s","detail-type":"%s","account":"CANARY","detail":%s}`
	add(fmt.Sprintf(envelope, "aws.partner/okta.com/CANARY", "SystemLog", event))
	add(fmt.Sprintf(envelope, "CANARY", "SystemLog", event))
	add(fmt.Sprintf(envelope, "aws.partner/okta.com/CANARY/s", "CANARY", event))
	add(fmt.Sprintf(envelope, "aws.partner/okta.com/CANARY/s", "SystemLog", `"CANARY"`))
	add(fmt.Sprintf(envelope, "aws.partner/okta.com/CANARY/s", "SystemLog", event[:900]))
	add(fmt.Sprintf(`{"Records":[{"messageId":"CANARY","body":%s}]}`, text))
	add(`{"Records":[{"messageId":"CANARY","body":"CANARY"},"CANARY",{"key":1},["CANARY"]],"CANARY":CANARY}`)
	add(fmt.Sprintf(`{"reason":"CANARY","body":%s}`, text))
	add(`{"reason":"CANARY","body_base64":"CANARY!"}`)
	add(`{"reason":"not_json","body_base64":"` + base64.StdEncoding.EncodeToString([]byte(event[:1000])) + `"}`)
	add("[" + event + " CANARY " + event + "]")
	add("[" + event[:1000] + "]")
	add(`["CANARY", {"key": "CANARY"}, CANARY]`)
	add(`{"uuid":"CANARY"` + strings.Repeat(`,"CANARY":[{"CANARY":`, 2000))
	return lines
}

// What is said of a bad record holds nothing of it but its uuid.
func TestNoContentInMessages(t *testing.T) {
	t.Parallel()
	pretty, err := os.ReadFile(filepath.Join(root, "testdata", "canary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, pretty); err != nil {
		t.Fatal(err)
	}
	c := newCaller(t)
	all := append(damaged(compact.String()), string(pretty[:len(pretty)/2]))
	for n, args := range [][]string{{"run"}, {"run", "--format", "datadog"}, {"run", "--max-record", "2KiB"}, {"run", "--json"}} {
		lines := all
		if n > 0 { // a third of them, each another one: what a damage does to the messages is much the same
			lines = nil
			for i := n - 1; i < len(all); i += 3 {
				lines = append(lines, all[i])
			}
		}
		reported := 0
		// So few at a time that each is reported.
		for part := range slices.Chunk(lines, maxReported) {
			_, _, stderr := c.call(t, strings.Join(part, "\n"), args...)
			reported += strings.Count(stderr, "\n")
			if i := strings.Index(strings.ToUpper(stderr), "CANARY"); i >= 0 {
				t.Errorf("%q: content in messages: %q", args, stderr[max(0, i-200):i+50])
			}
		}
		if reported < len(lines)/4 {
			t.Errorf("%q: %d lines are reported of %d bad records", args, reported, len(lines))
		}
	}
	told := 0
	for i := 0; i < len(all); i += 27 {
		_, _, stderr := c.call(t, all[i], "explain", "-")
		if stderr != "" {
			told++
		}
		if strings.Contains(strings.ToUpper(stderr), "CANARY") {
			t.Errorf("explain: content in messages: %q", stderr)
		}
	}
	if told < len(all)/27/3 {
		t.Errorf("explain: only %d of %d damages are reported", told, len(all)/27)
	}
}

// TestTargetTypesAreInWords holds that explain leaves none of the table's notation in what it prints.
func TestTargetTypesAreInWords(t *testing.T) {
	for _, eventType := range catalogue.All() {
		decision := roles.Decide(eventType)
		for role := range roles.Count {
			if text := inWords.Replace(decision.Types(role)); strings.ContainsAny(text, "{}|>") {
				t.Errorf("%s: the %s is %q", eventType, role, text)
			}
		}
	}
}
