package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// pages returns every README.md of the project by its path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	walk(t, func(path string) {
		if filepath.Base(path) == "README.md" {
			all[path] = read(t, path)
		}
	})
	if len(all) < 9 {
		t.Fatalf("%d pages found, want 9 or more", len(all))
	}
	return all
}

// walk calls visit with every file of the project, but for what Git does not keep
// and for testdata.
func walk(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(projectDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", "testdata", "node_modules", "cdk.out"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		visit(path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTestsThatThePagesNameExist keeps a page from naming a test that is gone.
func TestTestsThatThePagesNameExist(t *testing.T) {
	tests := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	walk(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			for _, found := range declaration.FindAllStringSubmatch(read(t, path), -1) {
				tests[found[1]] = true
			}
		}
	})
	named := 0
	for path, page := range pages(t) {
		for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(page, -1) {
			named++
			if !tests[name[1]] {
				t.Errorf("%s names %s, which does not exist", path, name[1])
			}
		}
	}
	if named < 40 {
		t.Errorf("the pages name %d tests only", named)
	}
}

// TestLinksBetweenPagesWork follows every link that leads to a file or to a heading
// of the project.
func TestLinksBetweenPagesWork(t *testing.T) {
	all, links := pages(t), 0
	for path, page := range all {
		for _, found := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(withoutCode(page), -1) {
			link := found[1]
			if strings.Contains(link, "://") {
				continue
			}
			links++
			file, anchor, _ := strings.Cut(link, "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads to no file", path, link)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(all[target]), anchor) {
				t.Errorf("%s: the link %s leads to no heading; there are %q", path, link, anchors(all[target]))
			}
		}
	}
	if links < 20 {
		t.Errorf("%d links between pages found, want 20 or more", links)
	}
}

// anchors returns the ids that GitHub gives to a page's headings: lower case, without
// punctuation, with hyphens for spaces.
func anchors(page string) []string {
	var ids []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(withoutCode(page), -1) {
		id := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		ids = append(ids, strings.ReplaceAll(id, " ", "-"))
	}
	return ids
}

// withoutCode returns a page without its fenced blocks.
func withoutCode(page string) string {
	return regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(page, "")
}

// TestPagesAreNarrow: no line of a page is longer than 160 characters. Only tables
// in the page of a folder may be wider.
func TestPagesAreNarrow(t *testing.T) {
	for path, page := range pages(t) {
		for i, line := range strings.Split(page, "\n") {
			table := path != readme && strings.HasPrefix(line, "|")
			if n := utf8.RuneCountInString(line); n > 160 && !table {
				t.Errorf("%s:%d has %d characters, want 160 at most", path, i+1, n)
			}
		}
	}
}

// TestReadmeIsShort: it is read in a few minutes.
func TestReadmeIsShort(t *testing.T) {
	if n := strings.Count(read(t, readme), "\n"); n > 250 {
		t.Errorf("README.md has %d lines, want 250 at most", n)
	}
}

// TestReadmeHasTwoCommands: its section "Try it" has the two commands that .ci/run
// runs, and no other.
func TestReadmeHasTwoCommands(t *testing.T) {
	_, section, _ := strings.Cut(read(t, readme), "\n## Try it\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	for _, code := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		commands = append(commands, strings.Split(strings.TrimSpace(code[1]), "\n")...)
	}
	want := []string{"go run ./lambda/cmd/oktastream run --sample", "go test ./..."}
	if !slices.Equal(commands, want) {
		t.Errorf("the commands are %q, want %q", commands, want)
	}
	for _, command := range want {
		if !strings.Contains(read(t, projectDir+"/.ci/run"), "\n"+command) {
			t.Errorf(".ci/run does not run %s", command)
		}
	}
}

// TestTheMapShowsEveryPackage: every folder with Go code stands in the map of
// README.md with one line, and nothing else does. An internal folder and all below
// it, which are for tests, share a line.
func TestTheMapShowsEveryPackage(t *testing.T) {
	var packages, shown []string
	walk(t, func(path string) {
		if filepath.Ext(path) == ".go" {
			folder, err := filepath.Rel(projectDir, filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			below, _, internal := strings.Cut(filepath.ToSlash(folder), "/internal/")
			if internal {
				below += "/internal"
			}
			packages = append(packages, below)
		}
	})
	slices.Sort(packages)
	packages = slices.Compact(packages)
	for line := range strings.Lines(block(t, read(t, readme), "map")) {
		if strings.HasPrefix(line, "```") {
			continue
		}
		folder, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		shown = append(shown, folder)
		if strings.TrimSpace(text) == "" {
			t.Errorf("the map says nothing about %s", folder)
		}
	}
	slices.Sort(shown)
	for _, folder := range packages {
		if !slices.Contains(shown, folder) {
			t.Errorf("the map does not show %s", folder)
		}
	}
	for i, folder := range shown {
		if !slices.Contains(packages, folder) {
			t.Errorf("the map shows %s, which has no Go code", folder)
		}
		if i > 0 && shown[i-1] == folder {
			t.Errorf("the map shows %s twice", folder)
		}
	}
}

// TestOneVersionOfTheCDK: the pages name the version of the CDK's command line that
// .ci/run tests with.
func TestOneVersionOfTheCDK(t *testing.T) {
	version := regexp.MustCompile(`aws-cdk@[\d.]*\d`)
	want := version.FindString(read(t, projectDir+"/.ci/run"))
	if want == "" {
		t.Fatal(".ci/run names no version of aws-cdk")
	}
	for path, page := range pages(t) {
		for _, found := range version.FindAllString(page, -1) {
			if found != want {
				t.Errorf("%s says %s, and .ci/run %s", path, found, want)
			}
		}
	}
}
