// Package archive is the destination archive: objects of gzip-compressed JSON lines in Amazon S3 or
// in a directory, and the chain of digests that proves what is in them.
//
// Sink writes the objects, Chain the digests, and Verify checks both. README.md describes the
// layout of the objects, the digests and what they prove.
package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/oktastream/oktastream/events"
)

// NoOrg is the org of events that came without an EventBridge envelope, where nothing else says
// which org they are from.
const NoOrg = events.NoOrg

// EventsPrefix begins the keys of all objects that hold events.
const EventsPrefix = "okta/"

// suffix ends the keys of all objects that hold events.
const suffix = ".jsonl.gz"

// Hour is an hour of published, in UTC, of the events of one Okta org.
type Hour struct {
	Org   string    // the subdomain of the org: the ORG of aws.partner/okta.com/ORG/STREAM
	Start time.Time // the start of the hour
}

// HourOf returns the Hour of an event that was published at publishedMS, in milliseconds since
// 1970.
func HourOf(org string, publishedMS int64) Hour {
	return Hour{Org: org, Start: time.UnixMilli(publishedMS).UTC().Truncate(time.Hour)}
}

// End returns the end of the hour, which is not part of it.
func (h Hour) End() time.Time { return h.Start.Add(time.Hour) }

// Prefix returns what the keys of the hour's objects begin with:
// okta/org=ORG/dt=YYYY-MM-DD/hour=HH/.
func (h Hour) Prefix() string {
	return OrgPrefix(h.Org) + h.Start.UTC().Format("dt=2006-01-02/hour=15/")
}

// String returns the hour and its org for a message.
func (h Hour) String() string {
	return fmt.Sprintf("%s of org %s", h.Start.UTC().Format("2006-01-02T15Z"), h.Org)
}

// OrgPrefix returns what the keys of all objects with events of an org begin with.
func OrgPrefix(org string) string { return EventsPrefix + "org=" + escape(org) + "/" }

// Key returns the key of an object that holds events of an hour and has these bytes. The same
// bytes always have the same key.
func Key(h Hour, body []byte) string {
	sum := sha256.Sum256(body)
	return h.Prefix() + hex.EncodeToString(sum[:]) + suffix
}

// ParseKey returns the hour and the SHA-256, in lower-case hex, that are in the key of an object
// with events. ok is false for any text that Key does not return.
func ParseKey(key string) (h Hour, sum string, ok bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 5 {
		return Hour{}, "", false
	}
	org, isOrg := strings.CutPrefix(parts[1], "org=")
	org, isEscaped := unescape(org)
	start, err := time.Parse("dt=2006-01-02/hour=15", parts[2]+"/"+parts[3])
	sum, isObject := strings.CutSuffix(parts[4], suffix)
	h = Hour{Org: org, Start: start}
	if !isOrg || !isEscaped || err != nil || !isObject || !isSum(sum) || h.Prefix()+parts[4] != key {
		return Hour{}, "", false
	}
	return h, sum, true
}

// isSum reports whether text is a SHA-256 in lower-case hex.
func isSum(text string) bool {
	return len(text) == 2*sha256.Size && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f')
	})
}

// escape percent-encodes the bytes that are not in [A-Za-z0-9._-], with upper-case hex.
func escape(org string) string {
	var b strings.Builder
	for _, c := range []byte(org) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._-", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// unescape undoes escape. ok is false for an empty text, and for one that escape does not return.
func unescape(text string) (org string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		if i+2 >= len(text) {
			return "", false
		}
		c, err := hex.DecodeString(text[i+1 : i+3])
		if err != nil {
			return "", false
		}
		b.WriteByte(c[0])
		i += 2
	}
	org = b.String()
	return org, org != "" && escape(org) == text
}
