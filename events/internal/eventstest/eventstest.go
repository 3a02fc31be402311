// Package eventstest reads events for tests: those of testdata, and those of ../shared/corpus if it
// exists.
package eventstest

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
)

// Sample is the text of a file or of a line: one event or more, in any envelope.
type Sample struct {
	Name string // of the file, without its directory
	Text []byte
}

// Root returns the module's directory, as seen from the package under test.
var Root = sync.OnceValue(func() string {
	dir := "."
	for range 8 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Join("..", dir)
	}
	panic("no go.mod above this package")
})

// Files reads the files that match a pattern below the module's directory, in
// the order of their names.
func Files(pattern ...string) []Sample {
	names, err := filepath.Glob(filepath.Join(append([]string{Root()}, pattern...)...))
	if err != nil {
		panic(err)
	}
	var all []Sample
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		all = append(all, Sample{filepath.Base(name), text})
	}
	return all
}

// Lines splits files of one value a line.
func Lines(files []Sample) []Sample {
	var all []Sample
	for _, file := range files {
		for line := range bytes.Lines(file.Text) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				all = append(all, Sample{file.Name, line})
			}
		}
	}
	return all
}

// Fixtures are the files of testdata/events, one event each.
var Fixtures = sync.OnceValue(func() []Sample { return Files("testdata", "events", "*.json") })

// Corpora returns the lines of ../shared/corpus; none if it does not exist.
var Corpora = sync.OnceValue(func() []Sample { return Lines(Files("..", "shared", "corpus", "*.jsonl")) })
