package stream

import (
	"strings"

	"github.com/oktastream/oktastream/events"
)

const (
	unpackFirst = "unpack it first; gzip and zstd are read as they are"
	convert     = "convert it to JSON lines of Okta events"
	noEvents    = "Okta answers with JSON: open the file to see why it is not, and download the events again"
	useJSON     = "export the events as JSON; the CSV of Okta's console lacks fields: " +
		"get the events as JSON from the System Log API (GET /api/v1/logs)"
)

// unreadFormats are the kinds of files that are known and not read, by their first
// bytes.
var unreadFormats = [...]struct{ magic, name, wayOut string }{
	{"PK\x03\x04", "a zip archive", unpackFirst},
	{"PK\x05\x06", "an empty zip archive", unpackFirst},
	{"BZh", "bzip2", unpackFirst},
	{"\xfd7zXZ\x00", "xz", unpackFirst},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive", unpackFirst},
	{"\x04\x22\x4d\x18", "lz4", unpackFirst},
	{"PAR1", "a Parquet file", convert},
	{"Obj\x01", "an Avro file", convert},
	{"ORC\x0a", "an ORC file", convert},
	{"<!DOCTYPE html", "an HTML page", noEvents},
	{"<!doctype html", "an HTML page", noEvents},
	{"<html", "an HTML page", noEvents},
	{"<?xml", "XML", noEvents},
}

// unreadFormat returns the kind of the input if it is one that is not read.
func (w *window) unreadFormat() *events.FormatError {
	if c, ok := w.peek(0); !ok || strings.IndexByte("{[ \t\r\n", c) >= 0 {
		return nil
	}
	for _, f := range unreadFormats {
		if w.announces(f.magic) {
			return &events.FormatError{Name: f.name, WayOut: f.wayOut}
		}
	}
	if w.isTar() {
		return &events.FormatError{Name: "a tar archive", WayOut: unpackFirst}
	}
	if w.isCSV() {
		return &events.FormatError{Name: "CSV", WayOut: useJSON}
	}
	return nil
}

// isTar reports whether the input begins with a header of tar: text fields with
// zero bytes after them, and "ustar" at byte 257 (POSIX pax, 2024).
func (w *window) isTar() bool {
	const magicAt = 257
	zero := false
	for i := range magicAt {
		c, ok := w.peek(i)
		if !ok || c == '\n' || i == 0 && c == 0 {
			return false
		}
		zero = zero || c == 0
	}
	if !zero {
		return false
	}
	for i, c := range []byte("ustar") {
		if got, ok := w.peek(magicAt + i); !ok || got != c {
			return false
		}
	}
	return true
}

// maxHeader is the length in bytes of the longest first line of CSV that is looked
// at; that of Okta's console has some 1,500.
const maxHeader = 16 << 10

// isCSV reports whether the first line is a header of CSV that names columns of
// Okta's events, or the column in which Splunk or Logs Insights has whole events.
func (w *window) isCSV() bool {
	var header []byte
	for i := range maxHeader {
		c, ok := w.peek(i)
		if !ok || c == '\n' {
			break
		}
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && strings.IndexByte("_@.,;\" -\t\r", c) < 0 {
			return false
		}
		header = append(header, c)
	}
	known := 0
	names := strings.FieldsFunc(string(header), func(c rune) bool { return strings.ContainsRune(",;\t\"\r", c) })
	for _, name := range names {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "_raw", "@message", "event_type", "eventtype", "event type", "actor.id":
			known += 2 // nothing else has a column of this name
		case "uuid", "published", "timestamp", "severity", "display_message", "displaymessage":
			known++
		}
	}
	return len(names) >= 2 && known >= 2
}
