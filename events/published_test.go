package events

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParsePublished(t *testing.T) {
	want := time.Date(2026, 9, 1, 10, 11, 12, 0, time.UTC).UnixMilli()
	for text, milliseconds := range map[string]int64{
		"2026-09-01T10:11:12.345Z":      want + 345,
		"2026-09-01T10:11:12.34Z":       want + 340,
		"2026-09-01T10:11:12Z":          want,
		"2026-09-01t10:11:12z":          want,
		"2026-09-01 10:11:12.345":       want + 345,
		"2026-09-01 10:11:12.345678":    want + 345,
		"2026-09-01 10:11:12.345999999": want + 345,
		"2026-09-01T12:11:12.345+02:00": want + 345,
		"2026-09-01T12:11:12.345+0200":  want + 345,
		"2026-09-01T04:41:12-05:30":     want,
		"2024-02-29T00:00:00Z":          time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC).UnixMilli(),
		"0000-01-01T00:00:00Z":          time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(),
		"9999-12-31T23:59:59.999Z":      time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli(),
		"2016-12-31T23:59:60Z":          time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(),
	} {
		if got, ok := ParsePublished([]byte(text)); !ok || got != milliseconds {
			t.Errorf("ParsePublished(%q) = %d, %v, want %d", text, got, ok, milliseconds)
		}
	}
	for _, text := range []string{
		"", "redacted", "2026-09-01", "2026-09-01T10:11", "2026-13-01T10:11:12Z", "2026-00-01T10:11:12Z",
		"2026-02-29T10:11:12Z", "2100-02-29T10:11:12Z", "2026-04-31T10:11:12Z", "2026-09-00T10:11:12Z",
		"2026-09-01T24:11:12Z", "2026-09-01T10:60:12Z", "2026-09-01T10:11:61Z", "2026-09-01T10:11:12.Z",
		"2026-09-01T10:11:12.345ZZ", "2026-09-01T10:11:12+2:00", "2026-09-01T10:11:12+24:00", "2026-09-01T10:11:12+02:60",
		"2026-09-01X10:11:12Z", "2026/09/01 10:11:12", "20O6-09-01T10:11:12Z", "1788257472345", " 2026-09-01T10:11:12Z",
		"9999-12-31T23:59:59-12:00", "0000-01-01T00:00:00+12:00", "9999-12-31T23:59:60Z",
	} {
		if got, ok := ParsePublished([]byte(text)); ok {
			t.Errorf("ParsePublished(%q) = %d, want it refused", text, got)
		}
	}
}

func TestParsePublishedAgreesWithTime(t *testing.T) {
	first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
	rapid.Check(t, func(rt *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(first, last).Draw(rt, "ms")).UTC()
		for _, layout := range []string{"2006-01-02T15:04:05.000Z07:00", "2006-01-02 15:04:05.000000000",
			"2006-01-02T15:04:05.000-0700"} {
			text := at.Format(layout)
			if got, ok := ParsePublished([]byte(text)); !ok || got != at.UnixMilli() {
				rt.Fatalf("ParsePublished(%q) = %d, %v, want %d", text, got, ok, at.UnixMilli())
			}
		}
	})
}
