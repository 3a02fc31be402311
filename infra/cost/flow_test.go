package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/oktastream/oktastream/infra/settings"
)

// near compares with a figure that was worked out by other means.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > math.Abs(want)*tolerance+1e-9 {
		t.Errorf("%s: %.6f, want %.6f", what, got, want)
	}
}

func TestChunks(t *testing.T) {
	for bytes, want := range map[float64]float64{0: 1, 1: 1, 65_535: 1, 65_536: 1, 65_537: 2, 131_072: 2, 131_073: 3,
		262_144: 4, 262_145: 5} {
		if got := chunks(bytes); got != want {
			t.Errorf("%.0f bytes are charged %.0f times, want %.0f", bytes, got, want)
		}
	}
}

// usual is a flow with 100 messages a batch, 5 s of window, 256 MB: the defaults,
// written out so that the figures below stay what they are.
func usual(eventsPerDay float64) flow {
	set := settings.Default().CloudWatch
	set.Batch, set.Window, set.Memory = 100, 5, 256
	return flow{way{kind: toLogs, set: set, recordBytes: 2_500, callMilliseconds: 100, alarms: 39, share: 1}, eventsPerDay}
}

// TestTheDefaultsAreTheUsual: the table is made with what is deployed.
func TestTheDefaultsAreTheUsual(t *testing.T) {
	set := settings.Default().CloudWatch
	if set.Batch != 100 || set.Window != 5 || set.Memory != 256 || set.RetentionDays != 400 ||
		set.Ingest != settings.IngestQueue {
		t.Errorf("the defaults are %+v: the tests of this package count on others", set)
	}
}

// TestFlow is worked out by hand. 864,000 a day are 10 a second, 2 a second for each
// of 5 pollers.
func TestFlow(t *testing.T) {
	f := usual(864_000)
	near(t, "events of a month", f.events(), 25_920_000, 0)
	near(t, "events of a receive", f.eventsOfReceive(), 1, 0)
	near(t, "events of a batch", f.eventsOfBatch(), 1+2*5, 0)
	near(t, "receives", f.receives(), 25_920_000, 1e-6)
	near(t, "invocations", f.invocations(), 2_356_363.636, 1e-6) // 25.92 M / 11
	near(t, "deletes", f.deletes(), 4_712_727.273, 1e-6)         // two for eleven messages
	// 22,500 a second on a vCPU, of which there are 0.14471: 3,256. Eleven take 3.4 ms.
	near(t, "milliseconds", f.billedMilliseconds(), 104, 0)
	near(t, "GB-seconds", f.gbSeconds(), 2_356_363.636*0.104/4, 1e-6)

	// 86.4 M a day are 1,000 a second, 200 for each poller, of which one asks 100
	// times a second. A batch is full after half a second.
	f = usual(86_400_000)
	near(t, "events of a receive", f.eventsOfReceive(), 2, 0)
	near(t, "receives", f.receives(), 100*5*2_592_000, 1e-6)
	near(t, "events of a batch", f.eventsOfBatch(), 100, 0)
	near(t, "invocations", f.invocations(), 25_920_000, 0)
	near(t, "deletes", f.deletes(), 259_200_000, 0)
	near(t, "milliseconds", f.billedMilliseconds(), 128, 0) // 27.6 + 100

	// Nothing at all: five pollers ask three times a minute.
	f = usual(0)
	near(t, "receives of an idle queue", f.receives(), 5*3*60*24*30, 1e-9)
	near(t, "invocations of an idle queue", f.invocations(), 0, 0)
}

// TestPollersAsSimulated lets events come at random to a poller that waits up to 20 s
// for the first one and then gathers a batch for the window, and counts.
func TestPollersAsSimulated(t *testing.T) {
	for _, perDay := range []float64{2_000, 20_000, 100_000, 1_000_000} {
		f := usual(perDay)
		r := rand.New(rand.NewPCG(1, 2))
		rate := perDay / 86_400 / 5
		clock, receives, batches, events := 0.0, 0, 0, 0
		windowEnds := math.Inf(-1)
		for events < 200_000 {
			wait := r.ExpFloat64() / rate
			for ; wait > 20; wait -= 20 { // in vain; what comes at random does not remember
				receives++
				clock += 20
			}
			receives++
			clock += wait
			events++
			if clock > windowEnds {
				batches++
				windowEnds = clock + 5
			}
		}
		near(t, "receives for an event", f.receives()/f.events(), float64(receives)/float64(events), 0.02)
		near(t, "events of a batch", f.eventsOfBatch(), float64(events)/float64(batches), 0.02)
	}
}

// TestLogs is worked out by hand: 1,000 events a day of 1,000 bytes, kept for 10 days.
func TestLogs(t *testing.T) {
	l := logs{bytes: 30_000_000, events: 30_000, retentionDays: 10}
	near(t, "GB ingested", l.ingestedGiB(), 0.02793968, 1e-6) // 30,000,000 / 1,073,741,824
	near(t, "GB stored", l.storedGiB(), 0.001639128, 1e-6)    // 10 days of 1,000 × (150 + 26) bytes
}

// TestPackingOneByOne fills entries one log after the other.
func TestPackingOneByOne(t *testing.T) {
	for _, limit := range []float64{16_384, 65_536, 245_760, 786_432} {
		for n := 1; n <= 1_000; n += 7 {
			var want pack
			size := math.Inf(1)
			var sizes []float64
			for range n {
				if size+3_011 > limit {
					sizes = append(sizes, quantity("entryOverheadBytes"))
					size = quantity("entryOverheadBytes")
				}
				size += 3_011
				sizes[len(sizes)-1] = size
			}
			for _, s := range sizes {
				want.entries++
				for left := s; left > 0; left -= 65_536 {
					want.chunks++
				}
			}
			if got := packOf(float64(n), 3_010, limit); got != want {
				t.Fatalf("%d logs in requests of %.0f bytes: %+v, want %+v", n, limit, got, want)
			}
		}
	}
}
