package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files and the README's examples")

const (
	readme  = "../../../README.md"
	example = "../../../testdata/events/user-mfa-factor-reset-all.json"
)

// TestReadmeShowsWhatRunPrints compares the README's examples with what the
// command prints today.
func TestReadmeShowsWhatRunPrints(t *testing.T) {
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	want := string(page)
	want = setBlock(t, want, "before", string(bytes.TrimSpace(before)))
	want = setBlock(t, want, "ocsf", pretty(t, runExample(t, "ocsf")))
	want = setBlock(t, want, "datadog", added(t, runExample(t, "datadog")))
	want = setBlock(t, want, "raw", runExample(t, "raw"))
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatal("the README's examples are not what run prints; look at what -update makes of them")
	}
	if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func setBlock(t *testing.T, page, name, text string) string {
	block := regexp.MustCompile("(?s)(<!-- " + name + " -->\n```json\n).*?(```)")
	if !block.MatchString(page) {
		t.Fatalf("the README has no block %q", name)
	}
	return block.ReplaceAllStringFunc(page, func(old string) string {
		parts := block.FindStringSubmatch(old)
		return parts[1] + text + "\n" + parts[2]
	})
}

func runExample(t *testing.T, format string) string {
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	quiet, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if code := run(
		t.Context(),
		[]string{"run", "--format", format, example},
		console{in: quiet, out: out, err: quiet},
	); code != 0 {
		t.Fatalf("run --format %s: exit %d", format, code)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
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

// TestTestsThatTheReadmeNamesExist: a guarantee without a test is a wish.
func TestTestsThatTheReadmeNamesExist(t *testing.T) {
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	err = filepath.WalkDir("../../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			tests[string(found[1])] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(page, -1)
	if len(named) < 40 {
		t.Errorf("the README names %d tests only", len(named))
	}
	for _, name := range named {
		if !tests[string(name[1])] {
			t.Errorf("the README names %s, which is nowhere", name[1])
		}
	}
}
