//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// command is the program in a process of its own: this test's, under its name.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Args = append([]string{"oktastream"}, args...)
	c.Env = append(os.Environ(), "GORACE="+noSleep)
	return c
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if ended, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Wait returns it as it is
		return ended.ExitCode()
	}
	return -2
}

// many writes a file of n events, each of its own, and a bad line after every
// hundredth where bad says so.
func many(t *testing.T, n int, bad bool) string {
	t.Helper()
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(
			&b,
			`{"uuid":"u-%d","eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z","x":"%s"}`+"\n",
			i,
			strings.Repeat("x", 900),
		)
		if bad && i%100 == 99 {
			b.WriteString("bad\n")
		}
	}
	name := filepath.Join(t.TempDir(), "many.jsonl")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// oktastream run big | head -1 is no failure of anybody's.
func TestClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := command(t, "run", "--format", "raw", many(t, 3000, false))
	var stderr bytes.Buffer
	c.Stdout, c.Stderr = w, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, `{"uuid":"u-0"`) {
		t.Errorf("first line %q, %v", line, err)
	}
	r.Close()
	if code := exitCode(c.Wait()); code != 0 || stderr.Len() > 0 {
		t.Errorf("exit %d, stderr %q", code, stderr.String())
	}
}

func TestPipeClosedFromTheBeginning(t *testing.T) {
	for _, args := range [][]string{
		{"run", "--sample"}, {"explain", "user.session.start"}, {"explain", "--json", "user.session.start"}, {"--help"},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		c := command(t, args...)
		var stderr bytes.Buffer
		c.Stdout, c.Stderr = w, &stderr
		if code := exitCode(c.Run()); code != 0 || stderr.Len() > 0 {
			t.Errorf("%q: exit %d, stderr %q", args, code, stderr.String())
		}
		w.Close()
	}
}

// A disk that is full is a failure, and reported.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, args := range [][]string{{"run", "--sample"}, {"explain", "user.session.start"}} {
		c := command(t, args...)
		var stderr bytes.Buffer
		c.Stdout, c.Stderr = full, &stderr
		if code := exitCode(
			c.Run(),
		); code != 1 ||
			!strings.Contains(stderr.String(), "oktastream: error: write /dev/stdout: no space left on device\n") {
			t.Errorf("%q: exit %d, stderr %q", args, code, stderr.String())
		}
	}
}

// Ctrl-C ends an explanation that waits for its event, too.
func TestExplainInterrupted(t *testing.T) {
	c := command(t, "explain", "-")
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: when all of it is written, the program reads.
	if _, err := io.WriteString(stdin, strings.Repeat(" \n", 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(c.Wait()); code != 130 || stderr.Len() > 0 {
		t.Errorf("exit %d, stderr %q", code, stderr.String())
	}
}

// Ctrl-C ends all programs of a pipe at once: the record that the end of the first cuts off in the second is no bad
// record.
func TestInterruptedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	writer := exec.CommandContext(t.Context(), "cat")
	writer.Stdout = w
	writer.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	feed, err := writer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	reader := command(t, "run", "--format", "raw")
	var stderr bytes.Buffer
	reader.Stdin, reader.Stderr = r, &stderr
	reader.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: writer.Process.Pid}
	stdout, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	// From here on the pipe ends with its writer.
	if err := errors.Join(r.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	event := `{"uuid":"u-1","eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z"}` + "\n"
	if _, err := io.WriteString(feed, event+`{"uuid":"u-2",`); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	if line, err := lines.ReadString('\n'); err != nil || line != event {
		t.Errorf("it does not give out what came in: %q, %v", line, err)
	}
	if err := syscall.Kill(-writer.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("more on stdout: %q, %v", rest, err)
	}
	const want = "oktastream: interrupted before the end of the input: the output is partial\n" +
		"oktastream: 1 received = 1 delivered\n"
	if code := exitCode(reader.Wait()); code != 130 || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("exit %d, stderr %q", code, stderr.String())
	}
	if err := writer.Wait(); exitCode(err) != -1 {
		t.Errorf("the writer: %v, not ended by the signal", err)
	}
}

// Ctrl-C ends a run that waits for input: with what has come in delivered, and
// the ledger.
func TestInterrupted(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		for _, asJSON := range []bool{false, true} {
			c := command(t, "run", "--format", "raw", fmt.Sprintf("--json=%v", asJSON))
			stdin, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			c.Stderr = &stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			event := `{"uuid":"u-1","eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z"}` + "\n"
			if _, err := io.WriteString(stdin, event+`{"uuid":"u-2",`); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(stdout)
			if line, err := lines.ReadString('\n'); err != nil || line != event {
				t.Errorf("it does not give out what came in: %q, %v", line, err)
			}
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(lines)
			if err != nil || len(rest) > 0 {
				t.Errorf("more on stdout: %q, %v", rest, err)
			}
			const note = "interrupted before the end of the input: the output is partial"
			want := "^oktastream: " + note + "\noktastream: 1 received = 1 delivered\noktastream: [0-9]+ bytes in, 87 bytes out\n$"
			if asJSON {
				want = `^\{"note":"` + note + `"\}` + "\n" + `\{"received":1,"delivered":1,.*\}` + "\n$"
			}
			if code := exitCode(c.Wait()); code != 130 || !regexp.MustCompile(want).MatchString(stderr.String()) {
				t.Errorf("%v: exit %d, stderr %q", signal, code, stderr.String())
			}
		}
	}
}
