package eventbridge

import (
	"strings"
	"testing"
	"time"
)

func TestRestamp(t *testing.T) {
	const now = `"2026-11-22T12:00:00.123Z"`
	for name, tc := range map[string]struct{ format, in, want string }{
		"datadog": {"datadog",
			`{"uuid":"u","published":"P","ddsource":"okta","date":"D","okta":{"risk":{"level":"LOW"}}}`,
			`{"uuid":"u","published":NOW,"ddsource":"okta","date":NOW,"okta":{"risk":{"level":"LOW"},"published_original":"P"}}`},
		"datadog without okta": {"datadog",
			`{"published":"P","date":"D","n":1.50}`,
			`{"published":NOW,"date":NOW,"n":1.50,"okta":{"published_original":"P"}}`},
		"the oldest original stays": {"datadog",
			`{"published":"P","date":"D","okta":{"published_original":"OLD","x":1}}`,
			`{"published":NOW,"date":NOW,"okta":{"published_original":"OLD","x":1}}`},
		"an empty okta": {"datadog",
			`{"okta":{ },"published":"P","date":"D"}`,
			`{"okta":{ "published_original":"P"},"published":NOW,"date":NOW}`},
		"an okta at the very end": {"datadog",
			`{"okta":7}`,
			`{"okta":{"value":7,"published_original":null},"date":NOW,"published":NOW}`},
		"an okta that is none of ours": {"datadog",
			`{"okta":[1, 2],"published":"P","date":"D"}`,
			`{"okta":{"value":[1, 2],"published_original":"P"},"published":NOW,"date":NOW}`},
		"no published": {"datadog",
			`{"date":"D"}`,
			`{"date":NOW,"published":NOW,"okta":{"published_original":"D"}}`},
		"no time at all": {"datadog",
			`{}`,
			`{"date":NOW,"published":NOW,"okta":{"published_original":null}}`},
		"ocsf": {"ocsf",
			`{"time":1,"metadata":{"uid":"u"},"published":"P"}`,
			`{"time":1,"metadata":{"uid":"u"},"published":"P","date":NOW}`},
		"ocsf again": {"ocsf",
			`{"time":1,"date":"D","metadata":{"uid":"u"}}`,
			`{"time":1,"date":NOW,"metadata":{"uid":"u"}}`},
		"raw": {"raw",
			` { "published" : "P" } `,
			` { "published" : "P" ,"date":NOW} `},
		"a raw fallback in a batch of ocsf": {"ocsf",
			`{"uuid":"u","published":"P","ddsource":"okta","date":"D"}`,
			`{"uuid":"u","published":NOW,"ddsource":"okta","date":NOW,"okta":{"published_original":"P"}}`},
		"the last of two names": {"raw",
			`{"date":"1","date":{"date":2},"x":{"date":3}}`,
			`{"date":"1","date":NOW,"x":{"date":3}}`},
		"a name written with escapes": {"datadog",
			`{"d\u0061te":"D","publishe\u0064":"P","okt\u0061":{"published\u005foriginal":0}}`,
			`{"d\u0061te":NOW,"publishe\u0064":NOW,"okt\u0061":{"published\u005foriginal":0}}`},
		"numbers and names as they are": {"raw",
			`{"n":12345678901234567890.10e+0,"z":0,"a":"\ud83d\u00e9/\/"}`,
			`{"n":12345678901234567890.10e+0,"z":0,"a":"\ud83d\u00e9/\/","date":NOW}`},
	} {
		got, err := restamp([]byte(tc.in), tc.format, testNow)
		if want := strings.ReplaceAll(tc.want, "NOW", now); err != nil || string(got) != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", name, got, err, want)
		}
	}
	for _, bad := range []string{"", "[]", "1", `{"a":`, "{}{}", `{"a":"` + "\xff" + `"}`} {
		if got, err := restamp([]byte(bad), "datadog", testNow); err == nil || len(got) > 0 {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}

func restamp(line []byte, format string, now time.Time) ([]byte, error) {
	var s stamper
	return s.append(make([]byte, 0, len(line)+128), line, format, now)
}
