package eventbridge

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/oktastream/oktastream/lambda/sink"
	"pgregory.net/rapid"
)

// overhead is what a request of one log counts beside the log: measured, not
// computed.
func overhead(t testing.TB, c Config) int {
	b := newBus(t)
	r := record(0, 40)
	if _, err := deliver(New(b, c), []sink.Record{r}); err != nil {
		t.Fatal(err)
	}
	return entrySize(b.accepted[0]) - len(r.Line)
}

// To the byte: a request is filled up to its limit and not beyond.
func TestRequestIsFilledToTheByte(t *testing.T) {
	c := config("raw")
	const limit = 10_000
	c.PackBytes = limit
	room := limit - overhead(t, config("raw")) - 1 // a comma; the count stays of one digit
	for more, requests := range map[int]int{0: 1, 1: 2} {
		b := newBus(t)
		b.limit = limit
		answers, err := deliver(New(b, c), []sink.Record{record(0, 4000), record(1, room-4000+more)})
		if err != nil || states(answers)[sink.Accepted] != 2 || b.calls != requests {
			t.Errorf("%d bytes more: %d requests, %v, %v", more, b.calls, states(answers), err)
		}
	}
}

// One record longer than a request goes alone, up to 768 KiB, and what comes
// before and after keeps its place.
func TestLongRecordGoesAlone(t *testing.T) {
	most := 768<<10 - overhead(t, config("raw"))
	b := newBus(t)
	batch := []sink.Record{record(0, 100), record(1, DefaultPackBytes), record(2, 100), record(3, 100), record(4, most), record(5, 100)}
	answers, err := deliver(New(b, config("raw")), batch)
	if err != nil || states(answers)[sink.Accepted] != 6 {
		t.Fatalf("%v, %v", states(answers), err)
	}
	sameLines(t, b.logs(), lines(batch))
	var counts []int
	for _, e := range b.accepted {
		counts = append(counts, b.count(e))
	}
	if fmt.Sprint(counts) != "[1 1 2 1 1]" || entrySize(b.accepted[3]) != 768<<10 {
		t.Errorf("entries of %v logs, the longest of %d bytes", counts, entrySize(b.accepted[3]))
	}
	answers, err = deliver(New(b, config("raw")), []sink.Record{record(0, most+1)})
	if err != nil || answers[0].State != sink.Dead || answers[0].Reason != "too_large" {
		t.Errorf("one byte more: %+v, %v", answers, err)
	}
}

func TestPackBytes(t *testing.T) {
	for given, want := range map[int]int{0: 240 << 10, -5: 240 << 10, 1: 1, 500_000: 500_000, 768 << 10: 768 << 10, 1 << 30: 768 << 10} {
		if s := New(nil, Config{PackBytes: given}); s.limit != want {
			t.Errorf("PackBytes %d: %d, want %d", given, s.limit, want)
		}
	}
}

// A thousand logs end an array; the next one begins in the same request.
func TestArrayHoldsAThousandLogs(t *testing.T) {
	b := newBus(t)
	b.limit = MaxPackBytes
	c := config("raw")
	c.PackBytes = MaxPackBytes
	if _, err := deliver(New(b, c), records(11_001, 40)); err != nil {
		t.Fatal(err)
	}
	if len(b.requests) != 2 || len(b.requests[0]) != 10 || len(b.requests[1]) != 2 || b.count(b.requests[1][1]) != 1 {
		t.Errorf("%d requests", len(b.requests))
	}
	b.posts()
}

// For any records, any limit and any faults: every limit is held, each record
// arrives exactly once however often it takes, in its order within a delivery,
// and each answer is its record's.
func TestEveryLimitForAnyRecords(t *testing.T) {
	sizes := rapid.OneOf(rapid.IntRange(40, 200), rapid.IntRange(1000, 6000), rapid.IntRange(40, 50_000), rapid.IntRange(200_000, 800_000))
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.OneOf(
			rapid.SliceOfN(sizes, 0, 15),
			rapid.Map(rapid.IntRange(900, 1300), func(n int) []int { return make([]int, n) }),
		).Draw(r, "sizes")
		b := newBus(t)
		b.limit = rapid.OneOf(rapid.IntRange(1, 768<<10), rapid.Just(DefaultPackBytes)).Draw(r, "limit")
		seed := rapid.Uint32().Draw(r, "faults")
		b.fail = func(n, i int) string {
			return []string{"", "", "", "InternalFailure"}[(seed>>(uint(n*7+i)%29))%4]
		}
		b.refuse = func(n int) *refusal {
			if (seed>>(uint(n)%31))%8 == 5 {
				return &refusal{status: 500, code: "InternalException"}
			}
			return nil
		}
		c := config("raw")
		c.PackBytes = b.limit
		s := New(b, c)

		left := make([]sink.Record, len(list))
		want := map[string]int{}
		for i, size := range list {
			left[i] = record(i, size)
		}
		arrived := 0
		for try := 0; len(left) > 0; try++ {
			if try == 20 {
				b.fail, b.refuse = nil, nil
			}
			answers := make([]sink.Answer, len(left))
			err := s.Deliver(context.Background(), left, answers)
			var accepted, retry []sink.Record
			for i, a := range answers {
				switch a.State {
				case sink.Accepted:
					accepted = append(accepted, left[i])
					want[left[i].UUID]++
				case sink.Retry:
					retry = append(retry, left[i])
				case sink.Dead:
					if len(left[i].Line) < 768<<10-400 || a.Reason != "too_large" {
						r.Fatalf("a record of %d bytes: %+v", len(left[i].Line), a)
					}
				}
			}
			if (err != nil) != (len(retry) > 0) {
				r.Fatalf("%d to retry, error %v", len(retry), err)
			}
			logs := b.logs()
			b.accepted = nil
			arrived += len(logs)
			if len(logs) != len(accepted) {
				r.Fatalf("%d logs arrived, %d are accepted", len(logs), len(accepted))
			}
			for i := range logs {
				if !bytes.Equal(logs[i], accepted[i].Line) {
					r.Fatalf("log %d is not that record", i)
				}
			}
			left = retry
		}
		if len(want) != arrived {
			r.Fatalf("%d records in %d logs", len(want), arrived)
		}
		if t.Failed() {
			r.Fatal("the bus found a fault")
		}
	})
}

// What is counted is what is sent, to the byte, whatever the counts.
func TestSizeIsCountedToTheByte(t *testing.T) {
	for _, count := range []int{1, 9, 10, 99, 100, 999, 1000} {
		for _, restamped := range []int{0, 1, 9, 10, 99, 100, 999, 1000} {
			logs := make([]packed, count)
			e := entry{about: `{"v":1,"count":`}
			for i := range logs {
				logs[i] = packed{body: []byte(`{"a":1}`), restamped: i < restamped}
				e = e.with(logs[i])
			}
			if detail := e.detail(logs); len(detail) != e.detailSize() || e.size() != len(Source)+len(DetailType)+len(detail) {
				t.Errorf("%d logs, %d restamped: %d bytes, counted %d", count, restamped, len(detail), e.detailSize())
			}
		}
	}
}
