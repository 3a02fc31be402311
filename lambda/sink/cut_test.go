package sink

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type record struct {
	bytes  int
	timeMS int64
}

func cut(records []record, l Limits) [][]int {
	return Cut(len(records), l, func(i int) (int, int64) { return records[i].bytes, records[i].timeMS })
}

func TestCut(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	for name, c := range map[string]struct {
		limits  Limits
		records []record
		want    [][]int
	}{
		"nothing":                         {Limits{Bytes: 10}, nil, nil},
		"no limits":                       {Limits{}, []record{{5, 9}, {math.MaxInt, -7}, {5, 3}}, [][]int{{0, 1, 2}}},
		"bytes to the last one":           {Limits{Bytes: 10}, []record{{4, 0}, {6, 0}, {1, 0}}, [][]int{{0, 1}, {2}}},
		"bytes counted extra":             {Limits{Bytes: 10, PerRecord: 1}, []record{{4, 0}, {5, 0}, {4, 0}}, [][]int{{0}, {1}, {2}}},
		"bytes counted extra, to the one": {Limits{Bytes: 10, PerRecord: 1}, []record{{4, 0}, {4, 0}, {9, 0}}, [][]int{{0, 1}, {2}}},
		"records":                         {Limits{Records: 2}, []record{{1, 0}, {1, 0}, {1, 0}}, [][]int{{0, 1}, {2}}},
		"empty records":                   {Limits{Records: 2, Bytes: 1}, []record{{0, 0}, {0, 0}, {0, 0}}, [][]int{{0, 1}, {2}}},
		"24 hours exactly":                {Limits{SpanMS: day}, []record{{1, 0}, {1, day}, {1, day + 1}}, [][]int{{0, 1}, {2}}},
		"span of what is unsorted":        {Limits{SpanMS: 10}, []record{{1, 15}, {1, 5}, {1, 16}, {1, 6}}, [][]int{{0, 1}, {2, 3}}},
		"span without end": {Limits{SpanMS: math.MaxInt64, Sorted: true},
			[]record{{1, math.MaxInt64}, {1, math.MinInt64}}, [][]int{{1}, {0}}},
		"sorted, equal times as they came": {Limits{Sorted: true},
			[]record{{1, 2}, {1, 1}, {1, 2}, {1, 1}}, [][]int{{1, 3, 0, 2}}},
		"unsorted stays unsorted": {Limits{Records: 9}, []record{{1, 2}, {1, 1}}, [][]int{{0, 1}}},
		"too long comes alone, in its place": {Limits{Bytes: 10},
			[]record{{3, 0}, {11, 0}, {3, 0}, {3, 0}}, [][]int{{0}, {1}, {2, 3}}},
		"too long twice": {Limits{Bytes: 10}, []record{{11, 0}, {math.MaxInt, 0}, {1, 0}}, [][]int{{0}, {1}, {2}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cut(c.records, c.limits); !reflect.DeepEqual(got, c.want) {
				t.Errorf("Cut = %v, want %v", got, c.want)
			}
		})
	}
}

func drawLimits(t *rapid.T) Limits {
	return Limits{
		Bytes:     rapid.IntRange(0, 60).Draw(t, "bytes"),
		Records:   rapid.IntRange(0, 8).Draw(t, "records"),
		PerRecord: rapid.IntRange(0, 5).Draw(t, "per record"),
		SpanMS:    rapid.Int64Range(0, 50).Draw(t, "span"),
		Sorted:    rapid.Bool().Draw(t, "sorted"),
	}
}

func drawRecords(t *rapid.T) []record {
	times := rapid.OneOf(rapid.Int64Range(0, 120), rapid.Int64())
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record {
		return record{rapid.IntRange(0, 70).Draw(t, "bytes"), times.Draw(t, "time")}
	}), 0, 200).Draw(t, "records")
}

// holds says whether a batch satisfies the limits, written down without a look
// at how Cut does it.
func holds(l Limits, records []record, batch []int) bool {
	bytes := 0
	var times []int64
	for _, i := range batch {
		bytes += records[i].bytes + l.PerRecord
		times = append(times, records[i].timeMS)
	}
	span := new(big.Int).Sub(big.NewInt(slices.Max(times)), big.NewInt(slices.Min(times)))
	return (l.Bytes == 0 || bytes <= l.Bytes) &&
		(l.Records == 0 || len(batch) <= l.Records) &&
		(l.SpanMS == 0 || span.Cmp(big.NewInt(l.SpanMS)) <= 0) &&
		(!l.Sorted || slices.IsSorted(times))
}

// For any records and limits: every record is in one batch, every batch that
// could satisfy the limits does, the order is the one promised, and no record
// would have fitted into the batch before its own.
func TestCutProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, records := drawLimits(t), drawRecords(t)
		batches := cut(records, l)

		want := make([]int, len(records))
		for i := range want {
			want[i] = i
		}
		if l.Sorted {
			slices.SortStableFunc(want, func(a, b int) int {
				switch {
				case records[a].timeMS < records[b].timeMS:
					return -1
				case records[a].timeMS > records[b].timeMS:
					return 1
				}
				return 0
			})
		}
		if got := slices.Concat(batches...); !slices.Equal(got, want) {
			t.Fatalf("the batches together are %v, want %v", got, want)
		}
		for n, b := range batches {
			switch {
			case len(b) == 0:
				t.Fatalf("batch %d is empty", n)
			case len(b) > 1 && !holds(l, records, b):
				t.Fatalf("batch %d breaks %+v: %v", n, l, b)
			case n > 0 && holds(l, records, append(slices.Clone(batches[n-1]), b[0])):
				t.Fatalf("record %d would have fitted into batch %d", b[0], n-1)
			case n > 0 && cap(batches[n-1]) != len(batches[n-1]):
				t.Fatalf("appending to batch %d writes into batch %d", n-1, n)
			}
		}
	})
}

// An array of JSON is what a PutEvents entry holds for Datadog: 1,000 records,
// commas and brackets counted.
func TestCutPacksJSONArrays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringMatching(`[a-z]{0,30}`), 1, 60).Draw(t, "texts")
		most := rapid.IntRange(40, 200).Draw(t, "array")
		const records = 7
		size := func(i int) (int, int64) { return len(texts[i]) + 2, 0 }
		for _, b := range Cut(len(texts), Limits{Bytes: most - 1, Records: records, PerRecord: 1}, size) {
			array := make([]string, len(b))
			for n, i := range b {
				array[n] = texts[i]
			}
			text, err := json.Marshal(array)
			if err != nil {
				t.Fatal(err)
			}
			if len(text) > most || len(b) > records {
				t.Fatalf("%d records in %d bytes, want no more than %d in %d", len(b), len(text), records, most)
			}
			if next := b[len(b)-1] + 1; next < len(texts) && len(b) < records && len(text)+1+len(texts[next])+2 <= most {
				t.Fatalf("record %d would have fitted", next)
			}
		}
	})
}

// Each record is measured once, and a hundred times as many records do not cost
// ten thousand times as much.
func TestCutMeasuresOnce(t *testing.T) {
	const n = 100_000
	asked := make([]int, n)
	batches := Cut(n, Limits{Bytes: 100, Records: 10, SpanMS: 5, Sorted: true}, func(i int) (int, int64) {
		asked[i]++
		return 10, int64(i*7919) % n
	})
	if got := len(slices.Concat(batches...)); got != n {
		t.Errorf("%d records, want %d", got, n)
	}
	if i := slices.IndexFunc(asked, func(times int) bool { return times != 1 }); i >= 0 {
		t.Errorf("record %d was measured %d times", i, asked[i])
	}
}

func TestCutAllocations(t *testing.T) {
	records := make([]record, 1000)
	for i := range records {
		records[i] = record{2500, int64(1000 - i)}
	}
	l := Limits{Bytes: 1 << 20, Records: 10_000, PerRecord: 26, SpanMS: 1 << 40, Sorted: true}
	// The indexes, the sizes, the times, and the list of batches as it grows.
	if got := testing.AllocsPerRun(100, func() { cut(records, l) }); got > 7 {
		t.Errorf("%v allocations for 1,000 records, want no more than 7", got)
	}
}

func BenchmarkCut(b *testing.B) {
	for name, order := range map[string]func(i int) int64{
		"sorted": func(i int) int64 { return int64(i) },
		"mixed":  func(i int) int64 { return int64(i*7919) % 10_000 },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			const n = 10_000
			for b.Loop() {
				Cut(n, Limits{Bytes: 1 << 20, Records: 10_000, PerRecord: 26, SpanMS: 1 << 40, Sorted: true},
					func(i int) (int, int64) { return 2500, order(i) })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
		})
	}
}
