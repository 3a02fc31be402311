package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the computed columns of the dependency tables in lambda/README.md")

const page = "../../README.md"

// module is what this test needs of one module of `go list`.
type module struct {
	Path, Dir, Version string
	Main, Indirect     bool
}

// licences tell a licence by a sentence that only its text has.
var licences = []struct{ name, sentence string }{
	{"Apache-2.0", "Apache License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"BSD-3-Clause", "Neither the name of"},
	{"BSD-2-Clause", "Redistributions in binary form must reproduce the above copyright notice"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"Unlicense", "This is free and unencumbered software released into the public domain"},
}

// permissive are the licences that a binary may be given away under with a notice.
var permissive = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"}

// TestDependencies compares the tables of lambda/README.md with the modules: each
// direct dependency of go.mod has one row with its purpose, share of the function
// and keeper, and each module that the function or the command links is listed
// with its licence.
func TestDependencies(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	function := linkedModules(t, ".")
	all := linkedModules(t, ".", "../oktastream")
	shares := shares(t, function)
	want := string(text)
	want = table(t, want, "dependencies", func(rows map[string][]string) {
		direct := directModules(t)
		for path := range rows {
			if !slices.Contains(direct, path) {
				t.Errorf("%s has a row in the table of dependencies and is not a direct dependency", path)
			}
		}
		for _, path := range direct {
			cells, ok := rows[path]
			if !ok || len(cells) != 4 || cells[1] == "" || cells[3] == "" {
				t.Errorf("%s needs a row in the table of dependencies: what for, share of the function, kept by", path)
				continue
			}
			cells[2] = share(cells[2], shares[path])
		}
	})
	want = table(t, want, "licences", func(rows map[string][]string) {
		for path := range rows {
			delete(rows, path)
		}
		for path, m := range all {
			name := licence(t, m)
			if !slices.Contains(permissive, name) {
				t.Errorf("%s has the licence %q, which is not one of %v", path, name, permissive)
			}
			by := "the command"
			if _, ok := function[path]; ok {
				by = "the function and the command"
			}
			rows[path] = []string{"`" + path + "`", name, by}
		}
	})
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatal("the tables of dependencies in lambda/README.md differ from the modules; -update rewrites them")
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// linkedModules returns the modules, but for this one, whose packages the commands link.
func linkedModules(t *testing.T, commands ...string) map[string]module {
	t.Helper()
	list := exec.Command("go", append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, commands...)...)
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	found := map[string]module{}
	modules := modules(t)
	for _, path := range strings.Fields(string(output(t, list))) {
		if m := modules[path]; !m.Main {
			found[path] = m
		}
	}
	return found
}

// modules returns all modules of the build by their paths.
func modules(t *testing.T) map[string]module {
	t.Helper()
	found := map[string]module{}
	decoder := json.NewDecoder(bytes.NewReader(output(t, exec.Command("go", "list", "-m", "-json", "all"))))
	for {
		var m module
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found[m.Path] = m
	}
}

func directModules(t *testing.T) []string {
	t.Helper()
	var direct []string
	for path, m := range modules(t) {
		if !m.Main && !m.Indirect && required(t, path) {
			direct = append(direct, path)
		}
	}
	slices.Sort(direct)
	return direct
}

// required reports whether go.mod itself names the module.
func required(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(path) + ` v\S+$`).Match(text)
}

// licence returns the name of the module's licence, "" where it is not known.
func licence(t *testing.T, m module) string {
	t.Helper()
	var files []string
	for _, name := range []string{"LICEN[CS]E*", "COPYING*"} {
		found, err := filepath.Glob(filepath.Join(m.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Join(strings.Fields(string(text)), " ")
		for _, l := range licences {
			if strings.Contains(words, l.sentence) {
				return l.name
			}
		}
	}
	return ""
}

// shares returns the share of each module, from 0 to 1, in the machine code of the
// function as it runs in Lambda.
func shares(t *testing.T, modules map[string]module) map[string]float64 {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bootstrap")
	compile := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-o", binary, ".")
	compile.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	output(t, compile)
	paths := slices.Collect(maps.Keys(modules))
	total, sizes := 0.0, map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(output(t, exec.Command("go", "tool", "nm", "-size", binary))))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.EqualFold(fields[2], "t") {
			continue
		}
		size, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		total += size
		longest := ""
		for _, path := range paths {
			if strings.HasPrefix(fields[3], path) && len(path) > len(longest) {
				longest = path
			}
		}
		sizes[longest] += size
	}
	if err := lines.Err(); err != nil || total == 0 {
		t.Fatalf("read the symbols of the function: %v, %v bytes", err, total)
	}
	for path := range sizes {
		sizes[path] /= total
	}
	return sizes
}

// share is the cell for a share: what stands there, where that is still true
// within a percentage point, so that not each commit changes the page.
func share(cell string, of float64) string {
	if of == 0 {
		return "-"
	}
	if old, err := strconv.ParseFloat(strings.TrimSuffix(cell, " %"), 64); err == nil && math.Abs(old-100*of) <= 1 {
		return cell
	}
	return fmt.Sprintf("%.1f %%", 100*of)
}

// table lets change change the rows of the table between the markers of that name,
// by the module in their first cell, and returns the page with them in order.
func table(t *testing.T, page, name string, change func(rows map[string][]string)) string {
	t.Helper()
	block := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n[^\n]*\n[^\n]*\n)(.*?)(<!-- /` + name + ` -->)`)
	parts := block.FindStringSubmatch(page)
	if parts == nil {
		t.Fatalf("lambda/README.md has no table %q", name)
	}
	rows := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(parts[2]), "\n") {
		if line == "" {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[strings.Trim(cells[0], "`")] = cells
	}
	change(rows)
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(rows)) {
		b.WriteString("| " + strings.Join(rows[path], " | ") + " |\n")
	}
	return strings.Replace(page, parts[0], parts[1]+b.String()+parts[3], 1)
}

func output(t *testing.T, command *exec.Cmd) []byte {
	t.Helper()
	var stderr bytes.Buffer
	command.Stderr = &stderr
	text, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, stderr.String())
	}
	return text
}
