// Package deadletter is the form in which a record that cannot be delivered is
// kept: what is wrong with it, beside its untouched body.
package deadletter

import (
	"encoding/json"
	"runtime/debug"
	"time"
	"unicode/utf8"
)

// Version is the version of the form.
const Version = 1

// Build is the version of oktastream that is running, as notes give it; see buildOf.
func Build() string {
	info, _ := debug.ReadBuildInfo()
	return buildOf(info)
}

// buildOf is the version of the module, else the first 12 digits of the revision it was built from with
// "-dirty" behind them where files differed, else "devel". info may be nil.
func buildOf(info *debug.BuildInfo) string {
	if info == nil {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision == "" {
		return "devel"
	}
	return revision + dirty
}

// Note says why a record is dead. It is the message attribute "oktastream" of a
// message in the queue `dead`, and part of a line of a file of dead letters.
type Note struct {
	V       int    `json:"v"`
	Stage   string `json:"stage"`  // where it failed: read, decode, normalise, deliver
	Reason  string `json:"reason"` // not_json, not_okta, missing_field, foreign, panic, too_large, refused
	Detail  string `json:"detail"` // in words; holds no content of the record
	UUID    string `json:"uuid,omitempty"`
	Version string `json:"version"` // of oktastream
	// FirstSeen is when oktastream gave it up first.
	FirstSeen time.Time `json:"first_seen"`
	Receives  int       `json:"receives"`
	Replays   int       `json:"replays"`
	// Origin is OriginBackfill for what was read from Okta's System Log API, "" for what
	// Okta streamed.
	Origin string `json:"origin,omitempty"`
	// Count is how many dead records the body holds, where it is not one: a message
	// of very many is kept once, as a whole. Reason and Detail are the first's.
	Count int `json:"count,omitempty"`
	// EventBridge holds the attributes that EventBridge wrote on a message of its
	// own, where it has been replayed from one.
	EventBridge map[string]string `json:"eb,omitempty"`
}

// OriginBackfill is the Origin of events that `oktastream backfill` sends. A note with
// it can be about a message that has never been dead: then it has no Reason.
const OriginBackfill = "backfill"

// Letter is one line of a file of dead letters. oktastream run takes such lines
// as input.
type Letter struct {
	Note
	File   string `json:"file"`
	Line   int    `json:"line"`
	Offset int64  `json:"offset"`
	// Bytes is the record's length where it is too long to be kept here; it
	// stays where it was read from.
	Bytes int64 `json:"bytes,omitempty"`
	// Body is the record as it came; BodyBase64 where that is not UTF-8.
	Body       *string `json:"body,omitempty"`
	BodyBase64 []byte  `json:"body_base64,omitempty"`
}

// SetBody puts the record's bytes into the letter.
func (l *Letter) SetBody(body []byte) {
	l.Body, l.BodyBase64 = nil, nil
	if utf8.Valid(body) {
		text := string(body)
		l.Body = &text
		return
	}
	l.BodyBase64 = append(l.BodyBase64, body...)
}

// AppendLine appends the letter as one line of JSON with its end.
func (l *Letter) AppendLine(dst []byte) ([]byte, error) {
	l.V = Version
	text, err := json.Marshal(l)
	if err != nil {
		return dst, err
	}
	return append(append(dst, text...), '\n'), nil
}
