package eventbridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// normalised are all events of testdata in a format.
func normalised(t testing.TB, format pipeline.Format) (list []sink.Record) {
	t.Helper()
	files, err := filepath.Glob("../../../testdata/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no events: %v", err)
	}
	p := pipeline.New(pipeline.Config{Format: format, Datadog: datadog.Settings{Tags: []string{"env:test"}}})
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var found []pipeline.Record
		out := p.Process(nil, text, func(r *pipeline.Record) {
			if r.Fault == nil {
				found = append(found, *r)
			}
		})
		for _, r := range found {
			list = append(list, sink.Record{Line: out[r.Start:r.End], UUID: r.UUID, TimeMS: testNow.UnixMilli()})
		}
	}
	return list
}

// peers.md §1.1, 7-datadog: one POST an event, body {"message":<detail>}, no
// ddsource. Here the body is an array of whole logs that keep their ddsource.
func TestBodyIsAnArrayAndDdsourceIsKept(t *testing.T) {
	throughBoth(t, func(t *testing.T, open func(*bus) API) {
		batch := normalised(t, pipeline.Datadog)
		b := newBus(t)
		answers, err := deliver(New(open(b), config("datadog")), batch)
		if err != nil || states(answers)[sink.Accepted] != len(batch) {
			t.Fatalf("%v, %v", states(answers), err)
		}
		if posts := b.posts(); len(posts) >= len(batch)/10 {
			t.Errorf("%d POSTs for %d logs: nothing is batched", len(posts), len(batch))
		}
		sameLines(t, b.logs(), lines(batch))
		for i, log := range b.logs() {
			var l struct{ Ddsource, Service, Message, UUID string }
			if err := json.Unmarshal(
				log,
				&l,
			); err != nil || l.Ddsource != "okta" || l.Service != "okta" || l.Message == "" ||
				l.UUID != batch[i].UUID {
				t.Errorf("log %d: %+v, %v", i, l, err)
			}
		}
	})
}

func TestEntry(t *testing.T) {
	b := newBus(t)
	if _, err := deliver(New(b, config("datadog")), records(3, 50)); err != nil {
		t.Fatal(err)
	}
	if len(b.accepted) != 1 {
		t.Fatalf("%d entries", len(b.accepted))
	}
	e := b.accepted[0]
	if e.Time != nil || len(e.Resources) > 0 || e.TraceHeader != nil {
		t.Errorf("the entry has more than it counts: %+v", e)
	}
	const want = `"batch":{"v":1,"id":"batch-000001","pipeline":"stack-datadog","format":"datadog","packed_at":"2026-11-22T12:00:00.123Z","count":3,"restamped":0,"replays":0}}`
	if !strings.HasSuffix(*e.Detail, want) || !strings.HasPrefix(*e.Detail, `{"logs":[{"uuid":"00000000",`) {
		t.Errorf("detail %s", *e.Detail)
	}
}

// DESIGN §4: an entry of PutEvents fails; only its records go back. And what was accepted
// is never sent again (peers.md: cloudtrail-lake-okta does).
func TestOnlyFailedEntriesGoBack(t *testing.T) {
	throughBoth(t, func(t *testing.T, open func(*bus) API) {
		b := newBus(t)
		b.fail = func(n int) string { return map[int]string{3: "InternalFailure", 7: "ThrottlingException"}[n] }
		s := New(open(b), config("raw"))
		batch := records(10_000, 40)
		answers, err := deliver(s, batch)
		if len(b.accepted) != 8 {
			t.Fatalf("%d entries were accepted", len(b.accepted))
		}
		if sink.KindOf(err) != sink.Transient || err.Error() != "PutEvents: InternalFailure\nPutEvents: ThrottlingException" {
			t.Errorf("error %v", err)
		}
		var left []sink.Record
		for i, a := range answers {
			failed := i/1000 == 3 || i/1000 == 7
			if (a.State == sink.Retry) != failed || (a.State == sink.Accepted) == failed {
				t.Fatalf("record %d: %+v", i, a)
			}
			if failed {
				left = append(left, batch[i])
				if a != (sink.Answer{}) {
					t.Fatalf("record %d has not been sent, but says %+v", i, a)
				}
			} else if a.Bytes != len(batch[i].Line) {
				t.Fatalf("record %d: %d bytes", i, a.Bytes)
			}
		}
		if answers, err = deliver(s, left); err != nil || states(answers)[sink.Accepted] != 2000 {
			t.Fatalf("second try: %v, %v", states(answers), err)
		}
		seen := map[string]int{}
		for _, log := range b.logs() {
			seen[string(log)]++
		}
		for i := range batch {
			if n := seen[string(batch[i].Line)]; n != 1 {
				t.Fatalf("record %d arrived %d times", i, n)
			}
		}
	})
}

// A record that is no JSON spoils its entry only until the batch has been halved
// often enough (DESIGN §4): its neighbours get through.
func TestMalformedRecordStandsAloneAfterHalving(t *testing.T) {
	b := newBus(t)
	b.badDetail = true
	s := New(b, config("raw"))
	batch := records(64, 100)
	batch[41].Line = []byte(`{"uuid":}`)
	var alone []string
	var offer func([]sink.Record)
	offer = func(list []sink.Record) {
		answers, err := deliver(s, list)
		if err == nil {
			return
		}
		if sink.KindOf(err) != sink.Content || states(answers)[sink.Retry] != len(list) {
			t.Fatalf("%v, %v", err, states(answers))
		}
		if len(list) == 1 {
			alone = append(alone, list[0].UUID)
			return
		}
		offer(list[:len(list)/2])
		offer(list[len(list)/2:])
	}
	offer(batch)
	if len(alone) != 1 || alone[0] != batch[41].UUID || len(b.logs()) != 63 {
		t.Errorf("%v stand alone, %d logs arrived", alone, len(b.logs()))
	}
}

// peers.md §1.6 row 8: what cannot even be put between two commas is told apart
// before it is sent.
func TestBadLineDoesNotFailItsNeighbours(t *testing.T) {
	for _, bad := range []string{"", "[]", "null", `"text"`, `{"a":1`, `{"a":1}` + "\n", " {}", "{"} {
		b := newBus(t)
		batch := records(3, 50)
		batch[1].Line = []byte(bad)
		answers, err := deliver(New(b, config("raw")), batch)
		if err != nil || states(answers) != [3]int{sink.Accepted: 2, sink.Dead: 1} || answers[1].Reason != "refused" {
			t.Errorf("%q: %+v, %v", bad, answers, err)
		}
	}
}

func TestNothingIsSentForNothing(t *testing.T) {
	b := newBus(t)
	s := New(b, config("raw"))
	if _, err := deliver(s, nil); err != nil {
		t.Error(err)
	}
	if answers, err := deliver(s, []sink.Record{{}}); err != nil || answers[0].State != sink.Dead {
		t.Error(answers, err)
	}
	if b.calls != 0 {
		t.Errorf("%d calls", b.calls)
	}
}

// Answers that cannot be told apart are no answers.
func TestAnswersOfTheWrongNumber(t *testing.T) {
	throughBoth(t, func(t *testing.T, open func(*bus) API) {
		for name, edit := range map[string]func([]types.PutEventsResultEntry) []types.PutEventsResultEntry{
			"none":     func([]types.PutEventsResultEntry) []types.PutEventsResultEntry { return nil },
			"one more": func(r []types.PutEventsResultEntry) []types.PutEventsResultEntry { return append(r, r...) },
			"neither field": func([]types.PutEventsResultEntry) []types.PutEventsResultEntry {
				return make([]types.PutEventsResultEntry, 1)
			},
		} {
			b := newBus(t)
			b.edit = edit
			answers, err := deliver(New(open(b), config("raw")), records(2, 50))
			if sink.KindOf(err) != sink.Transient || err == nil || states(answers)[sink.Retry] != 2 {
				t.Errorf("%s: %v, %v", name, states(answers), err)
			}
		}
	})
}

func TestConcurrentDeliver(t *testing.T) {
	b := newBus(t)
	c := config("datadog")
	s := New(b, c)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			batch := records(300, 2000)
			for i := range batch {
				batch[i].Line = bytes.Replace(batch[i].Line, []byte(`"pad"`), fmt.Appendf(nil, `"g":%d,"pad"`, g), 1)
				if i%2 == 0 {
					batch[i].TimeMS = testNow.Add(-7 * time.Hour).UnixMilli()
				}
			}
			if answers, err := deliver(s, batch); err != nil || states(answers)[sink.Accepted] != 300 {
				t.Error(states(answers), err)
			}
		})
	}
	group.Wait()
	seen := map[string]int{}
	for _, log := range b.logs() {
		var l struct {
			UUID, Date string
			G          int
		}
		if err := json.Unmarshal(log, &l); err != nil {
			t.Fatal(err)
		}
		seen[fmt.Sprint(l.G, l.UUID)]++
		if even := (l.UUID[7]-'0')%2 == 0; even != (l.Date != "") {
			t.Errorf("log %s of %d has date %q", l.UUID, l.G, l.Date)
		}
	}
	if len(seen) != 8*300 || len(b.logs()) != 8*300 {
		t.Errorf("%d different logs of %d", len(seen), len(b.logs()))
	}
}
