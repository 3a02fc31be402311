package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// toArchive is the script command "archive DIR ORG FILE": it puts the events of a file, one a line,
// into the archive in a directory, an object for each hour.
func toArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: archive DIR ORG FILE")
	}
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o755))
	store := archive.Dir(ts.MkAbs(args[0]))
	hours := map[archive.Hour]*bytes.Buffer{}
	var decoder events.Decoder
	for line := range strings.Lines(ts.ReadFile(args[2])) {
		decoder.Decode([]byte(line), func(e *events.Event, fault *events.Fault) {
			if fault != nil {
				ts.Fatalf("%s: %s", line, fault.Text)
			}
			hour := archive.HourOf(args[1], e.PublishedMS)
			if hours[hour] == nil {
				hours[hour] = &bytes.Buffer{}
			}
			hours[hour].WriteString(line)
		})
	}
	for hour, lines := range hours {
		body := gzipped(lines.Bytes())
		ts.Check(store.Put(context.Background(), archive.Key(hour, body), body))
	}
}

// gzipped returns a text, compressed.
func gzipped(text []byte) []byte {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	_, err := z.Write(text)
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // a buffer takes all
	}
	return body.Bytes()
}

// headOfArchive is the script command "head DIR NAME": it sets $NAME to the hash of the last digest in the
// archive in a directory, as sha256sum prints it.
func headOfArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: head DIR NAME")
	}
	digests, err := filepath.Glob(ts.MkAbs(filepath.Join(args[0], "digest", "*", "*.json")))
	ts.Check(err)
	sum := sha256.Sum256([]byte(ts.ReadFile(slices.Max(digests))))
	ts.Setenv(args[1], hex.EncodeToString(sum[:]))
}
