package eventbridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"pgregory.net/rapid"
)

func unpackAll(t interface{ Fatal(...any) }, detail string) (list []Log, meta Meta) {
	list, meta, err := Unpack([]byte(detail))
	if err != nil {
		t.Fatal(err)
	}
	return list, meta
}

// Unpack(Pack(x)) == x, for any records and any name of a pipeline.
func TestUnpackGivesBackWhatWasPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := config(rapid.SampledFrom([]string{"datadog", "ocsf", "raw"}).Draw(t, "format"))
		c.Pipeline = rapid.String().Draw(t, "pipeline")
		b := &bus{t: failing{T: t}, limit: DefaultPackBytes}
		var batch []sink.Record
		for range rapid.IntRange(1, 20).Draw(t, "records") {
			line := strings.TrimSpace(sinktest.Object(t, 2))
			batch = append(batch, sink.Record{Line: []byte(line), TimeMS: testNow.UnixMilli()})
		}
		if answers, err := deliver(New(b, c), batch); err != nil || states(answers)[sink.Accepted] != len(batch) {
			t.Fatal(states(answers), err)
		}
		list, meta := unpackAll(t, *b.accepted[0].Detail)
		if len(list) != len(batch) {
			t.Fatalf("%d of %d", len(list), len(batch))
		}
		for i := range list {
			if !bytes.Equal(list[i].Line, batch[i].Line) {
				t.Fatalf("%s became %s", batch[i].Line, list[i].Line)
			}
		}
		want := Meta{Pipeline: c.Pipeline, Format: c.Format}
		if meta != want {
			t.Fatalf("%+v, want %+v", meta, want)
		}
	})
}

// failing lets the bus end a case of rapid.
type failing struct {
	testing.TB
	T *rapid.T
}

func (f failing) Errorf(format string, args ...any) { f.T.Errorf(format, args...) }
func (f failing) Error(args ...any)                 { f.T.Error(args...) }
func (f failing) Fatal(args ...any)                 { f.T.Fatal(args...) }

// DESIGN §4: a packed batch that comes back from a queue is unpacked, restamped,
// split again and sent; the oldest original stays.
func TestPackedBatchComesBack(t *testing.T) {
	for _, format := range []pipeline.Format{pipeline.Datadog, pipeline.OCSF, pipeline.Raw} {
		first := newBus(t)
		batch := normalised(t, format)
		long := oversize(someLog, someRaw, 500, testNow)
		long.UUID = "u-1"
		batch = append(batch, long)
		if _, err := deliver(New(first, config(string(format))), batch); err != nil {
			t.Fatal(err)
		}
		at := testNow
		for round := range 2 {
			at = at.Add(9 * time.Hour)
			var back []sink.Record
			for _, e := range first.accepted {
				logs, meta := unpackAll(t, *e.Detail)
				if meta.Format != string(format) || meta.Pipeline != "stack-datadog" {
					t.Errorf("%+v", meta)
				}
				for _, l := range logs {
					back = append(back, sink.Record{Line: l.Line, UUID: l.UUID, TimeMS: l.TimeMS})
				}
			}
			for i, r := range back {
				if r.UUID != batch[i].UUID || r.TimeMS == 0 {
					t.Errorf("%s, record %d: uuid %q of %q, time %d", format, i, r.UUID, batch[i].UUID, r.TimeMS)
				}
			}
			c := config(string(format))
			c.Now = func() time.Time { return at }
			c.PackBytes = 50_000 * (round + 1)
			second := newBus(t)
			answers, err := deliver(New(second, c), back)
			if err != nil || states(answers)[sink.Accepted] != len(batch) {
				t.Fatal(states(answers), err)
			}
			for i, log := range second.logs() {
				m := sinktest.Members(t, log)
				if !answers[i].Restamped || m["date"] != at.Format(TimeLayout) {
					t.Errorf("%s, record %d: %+v, date %v", format, i, answers[i], m["date"])
				}
				if m["ddsource"] == nil {
					continue
				}
				source := batch[i].Line
				if batch[i].Raw != nil {
					source = batch[i].Raw
				}
				if m["okta"].(map[string]any)["published_original"] != sinktest.Members(t, source)["published"] || m["published"] != m["date"] {
					t.Errorf("%s, record %d: the original is %v", format, i, m["okta"])
				}
			}
			first = second
		}
	}
}

func TestUnpackFindsUUIDAndTime(t *testing.T) {
	const at = 1795348800000 // 2026-11-22T12:00:00Z
	for name, tc := range map[string]struct {
		format, log, uuid string
		ms                int64
	}{
		"datadog":                {"datadog", `{"uuid":"u","published":"2020-01-01T00:00:00Z","date":"2026-11-22T12:00:00.000Z"}`, "u", at},
		"raw":                    {"raw", `{"uuid":"u","published":"2026-11-22T12:00:00.000Z"}`, "u", at},
		"raw, restamped":         {"raw", `{"uuid":"u","published":"2020-01-01T00:00:00Z","date":"2026-11-22T12:00:00.000Z"}`, "u", at},
		"ocsf":                   {"ocsf", `{"time":1795348800000,"metadata":{"uid":"u"},"uuid":"x"}`, "u", at},
		"ocsf, restamped":        {"ocsf", `{"time":5,"metadata":{"uid":"u"},"date":"2026-11-22T12:00:00.000Z"}`, "u", at},
		"raw fallback in ocsf":   {"ocsf", `{"uuid":"u","published":"x","ddsource":"okta","date":"2026-11-22T12:00:00.000Z"}`, "u", at},
		"escapes":                {"raw", `{"uu\u0069d":"\u0075"}`, "u", 0},
		"neither":                {"datadog", `{"metadata":{"uid":"u"},"date":"yesterday","published":7}`, "", 0},
		"ocsf, neither":          {"ocsf", `{"metadata":7,"uuid":7,"time":1e12}`, "", 0},
		"ocsf, a time too large": {"ocsf", `{"metadata":{},"time":99999999999999999999}`, "", 0},
	} {
		list, _ := unpackAll(t, fmt.Sprintf(`{"logs":[%s],"batch":{"v":1,"id":"","pipeline":"","format":%q,"count":1}}`, tc.log, tc.format))
		if l := list[0]; string(l.Line) != tc.log || l.UUID != tc.uuid || l.TimeMS != tc.ms {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

// A batch that somebody printed on many lines still gives records of one line.
func TestUnpackOfPrettyPrinted(t *testing.T) {
	var pretty bytes.Buffer
	const in = `{"logs":[{"uuid":"u","n":1.50,"a":[1,{"b":" \n "}]}],"batch":{"v":1,"id":"i","pipeline":"p","format":"raw","packed_at":"x","count":1,"restamped":1,"replays":2}}`
	if err := json.Indent(&pretty, []byte(in), "", "  "); err != nil {
		t.Fatal(err)
	}
	list, meta := unpackAll(t, strings.ReplaceAll(pretty.String(), "\n", "\r\n"))
	if string(list[0].Line) != `{"uuid":"u","n":1.50,"a":[1,{"b":" \n "}]}` || meta.Replays != 2 {
		t.Errorf("%s, %+v", list[0].Line, meta)
	}
}

func TestUnpackRefuses(t *testing.T) {
	const batch = `"batch":{"v":1,"id":"i","pipeline":"p","format":"raw","count":1}`
	for want, detail := range map[string]string{
		"packed batch: no value":                                    ``,
		"packed batch: JSON ends too early, at byte 8":              `{"logs":`,
		"packed batch: not a JSON object":                           `[]`,
		"packed batch: batch is missing or no object":               `{"logs":[{}]}`,
		"packed batch: logs is missing or no array":                 `{` + batch + `,"logs":{"` + canary + `":1}}`,
		"packed batch: log 0: not a JSON object":                    `{"logs":["` + canary + `"],` + batch + `}`,
		"packed batch: batch.count says 1, logs are 2":              `{"logs":[{},{}],` + batch + `}`,
		"packed batch: batch.count says 1, logs are 0":              `{"logs":[],` + batch + `}`,
		"packed batch: batch.v is not 1":                            `{"logs":[{}],` + strings.Replace(batch, `"v":1`, `"v":2`, 1) + `}`,
		"packed batch: batch.count is missing or no number of logs": `{"logs":[{}],` + strings.Replace(batch, `:1}`, `:-1}`, 1) + `}`,
		"packed batch: batch.pipeline is missing or no string":      `{"logs":[{}],` + strings.Replace(batch, `"p"`, `7`, 1) + `}`,
		"packed batch: batch.format is missing or no string":        `{"logs":[{}],` + strings.Replace(batch, `"format"`, `"canary"`, 1) + `}`,
		"packed batch: JSON syntax error at byte 10":                `{"logs":[{` + canary + `}]}`,
		"packed batch: invalid UTF-8":                               "{\"logs\":[\"\xff\"]}",
	} {
		if _, _, err := Unpack([]byte(detail)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", detail, err, want)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte(`{"logs":[{"uuid":"u"}],"batch":{"v":1,"id":"i","pipeline":"p","format":"ocsf","packed_at":"2026-11-22T12:00:00.123Z","count":1}}`))
	f.Fuzz(func(t *testing.T, detail []byte) {
		logs, _, err := Unpack(detail)
		if err != nil {
			return
		}
		for _, l := range logs {
			var tree jsontree.Tree
			if err := tree.Parse(l.Line); err != nil || tree.Nodes[0].Kind != '{' || bytes.ContainsAny(l.Line, "\r\n") {
				t.Fatalf("log %q of %q: %v", l.Line, detail, err)
			}
		}
	})
}
