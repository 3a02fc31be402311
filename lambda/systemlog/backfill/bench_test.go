package backfill_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// BenchmarkRun reads pages of 1,000 events from the fake org, in the same process, and
// notes each in a state file. It says what the client could do if Okta had no rate
// limit, and how much memory is live while a page is sent, for a short and a long window.
func BenchmarkRun(b *testing.B) {
	for name, perHour := range map[string]int{"12,000 events": 2_000, "60,000 events": 10_000} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, perHour)
			pages, bytes, most := int64(0), int64(0), uint64(0)
			for b.Loop() {
				j := w.job(b, systemlog.MaxPage)
				j.Senders = []backfill.Sender{senderFunc(func(_ context.Context, list []systemlog.Event) error {
					if pages++; pages%10 == 1 {
						b.StopTimer()
						most = max(most, heap())
						b.StartTimer()
					}
					for i := range list {
						bytes += int64(len(list[i].JSON))
					}
					return nil
				})}
				var err error
				j.State, err = backfill.OpenState(filepath.Join(b.TempDir(), "state"),
					backfill.Window{Org: j.Client.Org(), Since: start, Until: end})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := j.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			seconds := b.Elapsed().Seconds()
			b.ReportMetric(float64(pages)/seconds, "pages/s")
			b.ReportMetric(float64(bytes)/seconds/1e6, "MB/s")
			b.ReportMetric(float64(most)/1e6, "MB-live")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// While a long window is read, no more is live than while a short one is.
func TestMemoryIsThatOfAPage(t *testing.T) {
	live := func(perHour int) uint64 {
		w := newWorld(t, perHour)
		most, pages := uint64(0), 0
		j := w.job(t, 500, senderFunc(func(_ context.Context, list []systemlog.Event) error {
			if pages++; pages%4 == 0 {
				most = max(most, heap())
			}
			runtime.KeepAlive(list)
			return nil
		}))
		before := heap()
		j.Until = j.Since.Add(5 * time.Hour)
		if _, err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return most - min(before, most)
	}
	short, long := live(500), live(2500)
	t.Logf("live: %d and %d kB", short/1000, long/1000)
	if long > short+4<<20 {
		t.Errorf("%d bytes are live while 2,500 events are read, %d while 12,500 are", short, long)
	}
}

// heap is what is live.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
