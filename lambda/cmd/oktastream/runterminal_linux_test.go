package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/oktastream/oktastream/lambda/sink"
)

// onTerminal runs the command with stdout and stderr at a terminal, and returns what was printed there.
func onTerminal(t *testing.T, env string, args ...string) (code int, text string) {
	t.Helper()
	tty, printed := terminal(t)
	c := command(t, args...)
	c.Env = append(c.Env, "TERM=xterm", env)
	c.Stdout, c.Stderr = tty, tty
	code = exitCode(c.Run())
	return code, printed()
}

// TestATableOnATerminal: without --format, a person sees a table in 80 columns, and what to add for the
// records.
func TestATableOnATerminal(t *testing.T) {
	code, text := onTerminal(t, "NO_COLOR=1", "run", "--sample")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if code != 0 || strings.ContainsRune(text, '\x1b') || lines[len(lines)-1] !=
		"oktastream: hint: add --format ocsf, or pipe it, for the whole records" {
		t.Errorf("exit %d\n%s", code, text)
	}
	for _, line := range lines {
		if n := columnsOf(line); n > 80 {
			t.Errorf("%d columns in %q", n, line)
		}
	}
	want := "20:36:42  user.session.start                  mira.solberg@example.com   Success\n" +
		"          Authentication: Logon               203.0.113.24 Dublin, IE\n"
	if !strings.Contains(text, want) || !strings.Contains(text, "16 received = 16 delivered") {
		t.Errorf("the first event is missing:\n%s", text)
	}
	if _, text := onTerminal(t, "X=", "run", "--sample"); !strings.Contains(text, "\x1b[31m16:10:36  user.session.start") {
		t.Errorf("a failure is not red:\n%q", text[:600])
	}
}

// TestATableShowsTheClientOfEveryClass: where a record has the client's address and the actor depends on its class.
func TestATableShowsTheClientOfEveryClass(t *testing.T) {
	for _, record := range []string{
		`{"actor":{"user":{"name":"ann"}},"src_endpoint":{"ip":"192.0.2.1","location":{"city":"Dublin","country":"IE"}}}`,
		`{"evidences":[{"actor":{"user":{"name":"ann"}},
			"src_endpoint":{"ip":"192.0.2.1","location":{"city":"Dublin","country":"IE"}}}]}`,
		`{"actor":{"user":{"name":"ann"}},
			"unmapped":{"client":{"ipAddress":"192.0.2.1","geographicalContext":{"city":"Dublin","country":"IE"}}}}`,
	} {
		row := string(tableOf(io.Discard, 80).row(&sink.Record{Line: []byte(record)}))
		if !strings.Contains(row, "  ann") || !strings.Contains(row, "192.0.2.1 Dublin, IE") {
			t.Errorf("%s\n%s", record, row)
		}
	}
}

// TestATableOnlyWhereNobodyAskedForRecords: a format that was asked for, and a directory, get records.
func TestATableOnlyWhereNobodyAskedForRecords(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct {
		args []string
		want int // lines of JSON at the terminal
	}{
		"a format":    {[]string{"run", "--sample", "--format", "ocsf"}, 16},
		"a directory": {[]string{"run", "--sample", "--to", dir}, 0},
	} {
		code, text := onTerminal(t, "X=", test.args...)
		if n := strings.Count("\n"+text, "\n{"); code != 0 || n != test.want || strings.Contains(text, "hint") {
			t.Errorf("%s: exit %d, %d records:\n%.300s", name, code, n, text)
		}
	}
	if n := strings.Count(read(t, filepath.Join(dir, "ocsf-00001.jsonl")), "\n"); n != 16 {
		t.Errorf("%d records in the directory", n)
	}
}

// TestNothingInATableReachesTheTerminal: control characters of an event are spelled out, and a column
// does not move the next one.
func TestNothingInATableReachesTheTerminal(t *testing.T) {
	for name, text := range map[string]string{
		"hostile": "a\x1b[31m\u009b2J\u202e\r\n\x00\x7f", "wide": strings.Repeat("漢字", 30), "combining": strings.Repeat("e\u0301", 60), "long": strings.Repeat("x", 300),
	} {
		for _, width := range []int{80, 81, 97, 140} {
			var b bytes.Buffer
			line := fmt.Sprintf(`{"class_name":%[1]q,"activity_name":%[1]q,"status":%[1]q,"metadata":{"event_code":%[1]q},`+
				`"actor":{"user":{"name":%[1]q}},"src_endpoint":{"ip":%[1]q,"location":{"city":%[1]q,"country":%[1]q}}}`, "TEXT")
			line = strings.ReplaceAll(line, `"TEXT"`, jsonString(t, text))
			records := []sink.Record{{Line: []byte(line)}, {Line: []byte(`{}`)}}
			answers := make([]sink.Answer, 2)
			if err := tableOf(&b, width).Deliver(t.Context(), records, answers); err != nil || answers[1].State != sink.Accepted {
				t.Fatalf("%s: %v, %v", name, err, answers)
			}
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			if len(lines) != 2+1+2+2 {
				t.Errorf("%s: %d lines", name, len(lines))
			}
			for _, line := range lines {
				if n := columnsOf(line); n > width || strings.ContainsFunc(line, unicode.IsControl) || strings.ContainsRune(line, '\u202e') {
					t.Errorf("%s: %d columns of %d in %q", name, n, width, line)
				}
			}
		}
	}
}

// TestCounter: where it is not known how much there is to read, what has been read is counted.
func TestCounter(t *testing.T) {
	for name, to := range map[string]string{"a file": "-", "a directory": t.TempDir()} {
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		tty, printed := terminal(t)
		c := command(t, "run", "--to", to)
		c.Stdin, c.Stdout, c.Stderr = io.MultiReader(strings.NewReader(read(t, many(t, 4000, true)))), out, tty
		if to != "-" {
			c.Stdout = tty
		}
		if code := exitCode(c.Run()); code != 1 {
			t.Errorf("%s: exit %d, want 1", name, code)
		}
		text := printed()
		if !strings.Contains(text, " MB") && !strings.Contains(text, " kB") {
			t.Errorf("%s: no counter: %.300q", name, text)
		}
		for _, line := range seen(text) {
			if !strings.HasPrefix(line, "oktastream: ") {
				t.Errorf("%s: the line %q", name, line)
			}
		}
	}
}

// TestProgressOfADirectory: where records go into a directory, the bar is not in their way.
func TestProgressOfADirectory(t *testing.T) {
	code, text := onTerminal(t, "X=", "run", "--to", t.TempDir(), many(t, 4000, false))
	if code != 0 || !strings.Contains(text, "%") {
		t.Errorf("exit %d, no bar: %.300q", code, text)
	}
}

// TestAFullTerminal: a table that cannot be written ends the run, as records that cannot be written do.
func TestAFullTerminal(t *testing.T) {
	answers := make([]sink.Answer, 1)
	err := tableOf(failingWriter{}, 80).Deliver(t.Context(), []sink.Record{{Line: []byte("{}")}}, answers)
	if !errors.Is(err, syscall.ENOSPC) || answers[0].State == sink.Accepted {
		t.Errorf("%v, %v", err, answers)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func jsonString(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
