package archive

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// sumOfHello is printf hello | sha256sum.
const sumOfHello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestKey(t *testing.T) {
	for org, want := range map[string]string{
		"acme":         "okta/org=acme/dt=2026-11-22/hour=10/" + sumOfHello + ".jsonl.gz",
		"A.b_c-9":      "okta/org=A.b_c-9/dt=2026-11-22/hour=10/" + sumOfHello + ".jsonl.gz",
		"../a b/%41=é": "okta/org=..%2Fa%20b%2F%2541%3D%C3%A9/dt=2026-11-22/hour=10/" + sumOfHello + ".jsonl.gz",
	} {
		h := HourOf(org, start.Add(59*time.Minute+59*time.Second+999*time.Millisecond).UnixMilli())
		key := Key(h, []byte("hello"))
		if key != want {
			t.Errorf("the key is %s, want %s", key, want)
		}
		if back, sum, ok := ParseKey(key); !ok || back != h || sum != sumOfHello {
			t.Errorf("ParseKey(%s) is %v, %s, %t", key, back, sum, ok)
		}
	}
	zone := Hour{Org: "acme", Start: start.In(time.FixedZone("", 3600))}
	if zone.Prefix() != (Hour{"acme", start}).Prefix() {
		t.Errorf("an hour in another zone has the prefix %s", zone.Prefix())
	}
	if before := HourOf("acme", -1); before.Start != time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC) {
		t.Errorf("a millisecond before 1970 is in the hour %s", before)
	}
}

func TestParseKeyRefuses(t *testing.T) {
	good := Key(Hour{"acme", start}, nil)
	for name, key := range map[string]string{
		"nothing": "", "other prefix": "x" + good, "below": good + "/x", "another folder": "okta/x/" + good[5:],
		"no org":          strings.Replace(good, "acme", "", 1),
		"not encoded":     strings.Replace(good, "acme", "a b", 1),
		"lower-case hex":  strings.Replace(good, "acme", "a%2f", 1),
		"needless hex":    strings.Replace(good, "acme", "%41", 1),
		"cut hex":         strings.Replace(good, "acme", "a%4", 1),
		"no such day":     strings.Replace(good, "11-22", "02-30", 1),
		"no such hour":    strings.Replace(good, "hour=10", "hour=24", 1),
		"one digit":       strings.Replace(good, "hour=10", "hour=1", 1),
		"upper-case sum":  strings.Replace(good, "e3b0", "E3B0", 1),
		"short sum":       strings.Replace(good, "e3b0", "e3b", 1),
		"another suffix":  strings.TrimSuffix(good, ".gz"),
		"space":           " " + good,
		"another digest ": "digest/org=acme/0000000001.json",
	} {
		if h, sum, ok := ParseKey(key); ok {
			t.Errorf("%s: ParseKey(%q) is %v, %s", name, key, h, sum)
		}
	}
}

func TestEveryKeyIsParsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		org := rapid.OneOf(rapid.StringMatching(`[a-z0-9._-]{1,20}`), rapid.StringN(1, 20, -1)).Draw(t, "org")
		ms := rapid.Int64Range(0, 253402300799999).Draw(t, "published") // the year 9999
		h := HourOf(org, ms)
		if back, _, ok := ParseKey(Key(h, []byte(org))); !ok || back != h {
			t.Fatalf("ParseKey(Key(%v)) is %v, %t", h, back, ok)
		}
		if ms < h.Start.UnixMilli() || ms >= h.End().UnixMilli() {
			t.Fatalf("%d is not in %v", ms, h)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(Key(Hour{"acme", start}, nil))
	f.Add(Key(Hour{"a/%b", start}, nil))
	f.Add("okta/org=%/dt=2026-11-22/hour=10/" + sumOfHello + ".jsonl.gz")
	f.Fuzz(func(t *testing.T, key string) {
		h, sum, ok := ParseKey(key)
		if ok && h.Prefix()+sum+".jsonl.gz" != key {
			t.Fatalf("ParseKey(%q) is %v and %s", key, h, sum)
		}
	})
}
