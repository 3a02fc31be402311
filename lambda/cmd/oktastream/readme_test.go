package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/sink"
)

var update = flag.Bool("update", false, "rewrite golden files and the pages' examples")

const (
	projectDir = "../../.."
	readme     = projectDir + "/README.md"
	eventsPage = projectDir + "/events/README.md"
	example    = projectDir + "/testdata/events/user-mfa-factor-reset-all.json"
)

// TestPagesShowWhatRunPrints compares the examples of the pages with what the
// command prints today.
func TestPagesShowWhatRunPrints(t *testing.T) {
	before, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	setBlocks(t, eventsPage, map[string]string{
		"before":  fenced("json", string(bytes.TrimSpace(before))),
		"ocsf":    fenced("json", pretty(t, runExample(t, "ocsf"))),
		"datadog": fenced("json", added(t, runExample(t, "datadog"))),
	})
	setBlocks(t, readme, map[string]string{"sample": fenced("text", runSample(t))})
}

// TestReadmeShowsPartOfTheExample checks the two short examples of README.md: each
// is the long one with members left out, which "…" stands for.
func TestReadmeShowsPartOfTheExample(t *testing.T) {
	before, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, readme)
	for name, whole := range map[string]string{"short-before": string(before), "short-after": runExample(t, "ocsf")} {
		text := strings.Trim(strings.TrimPrefix(strings.Trim(block(t, page, name), "\n"), "```json"), "\n`")
		if n := strings.Count(text, "\n") + 1; n > 12 {
			t.Errorf("%s has %d lines, want 12 at most", name, n)
		}
		var some, all any
		if err := json.Unmarshal([]byte(regexp.MustCompile(`,?\s*…`).ReplaceAllString(text, "")), &some); err != nil {
			t.Errorf("%s without its … is not JSON: %v", name, err)
			continue
		}
		if err := json.Unmarshal([]byte(whole), &all); err != nil {
			t.Fatal(err)
		}
		for _, fault := range differences("", some, all) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// differences returns what is in some and not at the same place in all.
func differences(path string, some, all any) []string {
	var faults []string
	switch some := some.(type) {
	case map[string]any:
		all, _ := all.(map[string]any)
		for key, value := range some {
			faults = append(faults, differences(path+"."+key, value, all[key])...)
		}
	case []any:
		all, _ := all.([]any)
		if len(some) > len(all) {
			return []string{fmt.Sprintf("%s has %d elements, want %d at most", path, len(some), len(all))}
		}
		for i, value := range some {
			faults = append(faults, differences(fmt.Sprintf("%s[%d]", path, i), value, all[i])...)
		}
	default:
		if !reflect.DeepEqual(some, all) {
			faults = append(faults, fmt.Sprintf("%s is %v, want %v", path, some, all))
		}
	}
	return faults
}

// setBlocks compares the blocks of a page with texts. With -update it rewrites them.
func setBlocks(t *testing.T, file string, texts map[string]string) {
	t.Helper()
	page := read(t, file)
	want := page
	for name, text := range texts {
		old := block(t, want, name)
		want = strings.Replace(want, marked(name, old), marked(name, text), 1)
	}
	if want == page {
		return
	}
	if !*update {
		t.Errorf("%s is out of date: run this test with -update and read the difference", filepath.Base(filepath.Dir(file))+"/README.md")
		return
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func marked(name, text string) string {
	return "<!-- " + name + " -->\n" + text + "<!-- /" + name + " -->"
}

// block returns what stands between <!-- name --> and <!-- /name -->.
func block(t *testing.T, page, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?s)<!-- ` + name + ` -->\n(.*?)<!-- /` + name + ` -->`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("there is no block %q", name)
	}
	return found[1]
}

func fenced(language, text string) string { return "```" + language + "\n" + text + "\n```\n" }

func runExample(t *testing.T, format string) string {
	out, _ := runToFiles(t, "run", "--format", format, example)
	return strings.TrimSpace(out)
}

// runSample returns what run --sample shows on a terminal of 80 columns: the first two events of the
// table, the first line of the ledger, and the hint.
func runSample(t *testing.T) string {
	records, ledger := runToFiles(t, "run", "--sample")
	var shown []sink.Record
	for line := range strings.Lines(records) {
		if len(shown) < 2 {
			shown = append(shown, sink.Record{Line: []byte(line), TimeMS: gjson.Get(line, "time").Int()})
		}
	}
	var table bytes.Buffer
	if err := tableOf(&table, columns).Deliver(t.Context(), shown, make([]sink.Answer, len(shown))); err != nil {
		t.Fatal(err)
	}
	summary, _, _ := strings.Cut(ledger, "\n")
	return table.String() + summary + "\noktastream: hint: " + wholeRecords
}

func runToFiles(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		files[i] = file
	}
	in, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if code := run(t.Context(), args, console{in: in, out: files[0], err: files[1]}); code != 0 {
		t.Fatalf("oktastream %s: exit %d", strings.Join(args, " "), code)
	}
	return read(t, files[0].Name()), read(t, files[1].Name())
}

func pretty(t *testing.T, line string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(line), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// added is what a log has beside the raw event.
func added(t *testing.T, line string) string {
	_, rest, ok := strings.Cut(line, `,"ddsource":`)
	if !ok {
		t.Fatal("the log has no ddsource")
	}
	return pretty(t, `{"ddsource":`+rest)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestThePageHasEveryOption compares the options in README.md of this folder with
// those that --help lists, both ways.
func TestThePageHasEveryOption(t *testing.T) {
	page := read(t, "README.md")
	for section, commands := range map[string][][]string{
		"run": {{"run"}}, "explain": {{"explain"}}, "dlq": {{"dlq", "list"}, {"dlq", "show"}, {"dlq", "replay"}},
		"backfill": {{"backfill"}}, "reconcile": {{"reconcile"}}, "digest": {{"digest"}}, "verify": {{"verify"}},
		"doctor": {{"doctor"}},
	} {
		_, text, _ := strings.Cut(page, "\n## "+section+"\n")
		text, _, _ = strings.Cut(text, "\n## ")
		var listed, named []string
		for _, command := range commands {
			help, _ := runToFiles(t, append(command, "--help")...)
			listed = append(listed, options(help, `(?m)^ +(?:-\w, )?--([a-z-]+)`)...)
		}
		for row := range strings.Lines(text) {
			if first, _, ok := strings.Cut(strings.TrimPrefix(row, "| "), " | "); ok && first != row {
				named = append(named, options(first, `--([a-z-]+)`)...)
			}
		}
		for _, option := range listed {
			if option != "help" && option != "version" && !slices.Contains(named, option) {
				t.Errorf("the table of %s has no --%s", section, option)
			}
		}
		for _, option := range named {
			if !slices.Contains(listed, option) {
				t.Errorf("the table of %s has --%s, which --help does not list", section, option)
			}
		}
	}
}

func options(text, pattern string) []string {
	var names []string
	for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	return names
}

// TestThePageHasEveryCounter: infra/watch/README.md explains each counter that a
// summary can have.
func TestThePageHasEveryCounter(t *testing.T) {
	_, text, _ := strings.Cut(read(t, projectDir+"/infra/watch/README.md"), "\n## Metrics of the function\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var counters map[string]int64
	if err := json.Unmarshal(ledger.Ledger{}.JSON(), &counters); err != nil {
		t.Fatal(err)
	}
	for name := range counters {
		if name != "received" && !strings.Contains(text, "`"+name+"`") {
			t.Errorf("the page does not explain %s", name)
		}
	}
}
