package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// root is the directory of the module.
var root = filepath.Join("..", "..", "..")

// noSleep keeps the race detector from waiting a second at the end of each of
// the many processes that the tests start. Without it, it means nothing.
const noSleep = "atexit_sleep_ms=0"

// Most of these tests wait for a process or a fake, so that more of them than there are cores run at once.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"oktastream": main})
}

// TestScripts runs the scripts in testdata: each tells one behaviour of the
// command line. Beside each script's own files lie forms/, canary.json and
// event.json, out of the module's testdata, and page.sh, the commands that the
// page of the archive begins with.
func TestScripts(t *testing.T) {
	commands := map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"exits":   exits,
		"append":  appendTo,
		"replace": replaceText,
		"follow":  follow,
		"glob":    glob,
		"archive": toArchive,
		"head":    headOfArchive,
	}
	maps.Copy(commands, (&clouds{t: t, of: map[string]*cloud{}}).commands())
	maps.Copy(commands, (&intakes{of: map[string]*intake{}}).commands())
	maps.Copy(commands, (&orgs{of: map[string]*oktafake.Org{}}).commands())
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", noSleep)
			from := filepath.Join(root, "testdata")
			err := os.CopyFS(filepath.Join(env.WorkDir, "forms"), os.DirFS(filepath.Join(from, "forms")))
			err = errors.Join(err, pageCode(filepath.Join(root, "lambda", "sink", "archive", "README.md"), env.WorkDir))
			for name, as := range map[string]string{
				"canary.json": "canary.json",
				filepath.Join("events", "session-start-success.json"): "event.json",
			} {
				text, reading := os.ReadFile(filepath.Join(from, name))
				err = errors.Join(err, reading, os.WriteFile(filepath.Join(env.WorkDir, as), text, 0o644))
			}
			return err
		},
		Cmds: commands,
	})
}

// pageCode writes the first block of commands of a page to page.sh in a directory.
func pageCode(page, dir string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	_, code, _ := strings.Cut(string(text), "```sh\n")
	code, _, _ = strings.Cut(code, "```")
	return os.WriteFile(filepath.Join(dir, "page.sh"), []byte(code), 0o644)
}

// exits CODE COMMAND... runs the command, wants its exit code, and that it keeps
// what every run has to keep.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		ended, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = ended.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	for _, complaint := range badOutput(args[2:], ts.ReadFile("stdout"), ts.ReadFile("stderr")) {
		ts.Fatalf("%s", complaint)
	}
}

// badOutput says what is wrong with what a run printed: stdout holds results and
// nothing else, each line of stderr is a message of ours, and no escape code reaches
// what is no terminal.
func badOutput(args []string, stdout, stderr string) (complaints []string) {
	if strings.ContainsRune(stdout+stderr, '\x1b') {
		complaints = append(complaints, "an escape code")
	}
	asJSON := slices.Contains(args, "--json")
	for line := range strings.Lines(stderr) {
		if asJSON && (args[0] == "run" || args[0] == "backfill") && json.Valid([]byte(line)) {
			continue
		}
		text, ours := strings.CutPrefix(line, "oktastream: ")
		if !ours || strings.HasSuffix(strings.TrimSuffix(text, "...\n"), ".\n") || !strings.HasSuffix(text, "\n") {
			complaints = append(complaints, "stderr has the line "+strconv.Quote(line))
		}
	}
	if slices.Contains(args, "--help") || len(args) == 0 {
		return complaints
	}
	toStdout := args[0] == "run" || strings.Contains(strings.Join(args, " "), "--to - ")
	if toStdout {
		for line := range strings.Lines(stdout) {
			if line[0] != '{' || !json.Valid([]byte(line)) || !strings.HasSuffix(line, "\n") {
				complaints = append(complaints, "stdout has the line "+strconv.Quote(line))
			}
		}
	}
	if !toStdout && asJSON && stdout != "" && !json.Valid([]byte(stdout)) {
		complaints = append(complaints, "what --json prints is not JSON")
	}
	return complaints
}

// appendTo appends a text to a file, so many times. In it stand {LF}, {CR},
// {NUL}, {BOM} and {FF}, the byte that UTF-8 never has.
func appendTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: append FILE TIMES TEXT")
	}
	times, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := strings.NewReplacer("{LF}", "\n", "{CR}", "\r", "{NUL}", "\x00", "{BOM}", "\ufeff", "{FF}", "\xff").
		Replace(args[2])
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	ts.Check(err)
	_, err = file.Write(bytes.Repeat([]byte(text), times))
	ts.Check(errors.Join(err, file.Close()))
}

// glob PATTERN NAME sets $NAME to the only file that matches; ! glob PATTERN wants none.
func glob(ts *testscript.TestScript, neg bool, args []string) {
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	switch {
	case neg && len(found) > 0, !neg && len(found) != 1:
		ts.Fatalf("%d files match %s: %q", len(found), args[0], found)
	case !neg:
		ts.Setenv(args[1], found[0])
	}
}

// replaceText replaces one text in a file by another.
func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %s", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}
