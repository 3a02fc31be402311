package eventbridge

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
	"pgregory.net/rapid"
)

// One record longer than a request goes alone, up to 768 KiB, and what comes
// before and after keeps its place.
func TestLongRecordGoesAlone(t *testing.T) {
	const most = MaxPackBytes - slack
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
	if fmt.Sprint(counts) != "[1 1 2 1 1]" || entrySize(b.accepted[3]) > MaxPackBytes {
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

func TestArrayHoldsAThousandLogs(t *testing.T) {
	b := newBus(t)
	if _, err := deliver(New(b, config("raw")), records(2001, 40)); err != nil {
		t.Fatal(err)
	}
	if len(b.accepted) != 3 || b.count(b.accepted[0]) != 1000 || b.count(b.accepted[2]) != 1 {
		t.Errorf("%d requests", len(b.accepted))
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
		b.limit = rapid.OneOf(rapid.IntRange(16<<10, 768<<10), rapid.Just(DefaultPackBytes)).Draw(r, "limit")
		old := rapid.Bool().Draw(r, "old")
		seed := rapid.Uint32().Draw(r, "faults")
		b.fail = func(n int) string { return []string{"", "", "", "InternalFailure"}[(seed>>(uint(n*7)%29))%4] }
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
			if old {
				left[i].TimeMS = testNow.Add(-7 * time.Hour).UnixMilli()
			}
		}
		arrived := 0
		for try := 0; len(left) > 0; try++ {
			if try == 20 {
				b.fail, b.refuse = nil, nil
			}
			answers, err := deliver(s, left)
			var accepted, retry []sink.Record
			for i, a := range answers {
				switch a.State {
				case sink.Accepted:
					accepted = append(accepted, left[i])
					want[left[i].UUID]++
				case sink.Retry:
					retry = append(retry, left[i])
				case sink.Dead:
					if len(left[i].Line) < MaxPackBytes-slack-Growth || a.Reason != "too_large" {
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
				if log, line := logs[i], accepted[i].Line; old != !bytes.Equal(log, line) || !bytes.HasPrefix(log, line[:len(line)-1]) {
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
