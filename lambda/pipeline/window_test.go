package pipeline

import (
	"crypto/sha256"
	"testing"

	"pgregory.net/rapid"
)

func TestWindow(t *testing.T) {
	var w Window
	a, b := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
	for i, step := range []struct {
		uuid    string
		hash    Hash
		verdict Verdict
		of      int
	}{
		{"1", a, First, 0},
		{"1", a, Duplicate, 0},
		{"1", b, Conflict, 2},
		{"1", b, Duplicate, 2},
		{"1", a, Duplicate, 0},
		{"2", a, First, 5},
	} {
		if verdict, of := w.Add(step.uuid, step.hash, i); verdict != step.verdict || of != step.of {
			t.Errorf("step %d: %v of %d, want %v of %d", i, verdict, of, step.verdict, step.of)
		}
	}
	w.Reset()
	if verdict, _ := w.Add("1", a, 9); verdict != First {
		t.Error("Reset did not forget")
	}
}

// In any order of events, each pair of uuid and bytes is delivered exactly once.
func TestEachPairGoesThroughOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var w Window
		type pair struct{ uuid, text string }
		passed := map[pair]int{}
		all := map[pair]bool{}
		for i := range rapid.IntRange(0, 60).Draw(rt, "n") {
			p := pair{rapid.StringMatching(`[ab]`).Draw(rt, "uuid"), rapid.StringMatching(`[xyz]`).Draw(rt, "text")}
			all[p] = true
			if verdict, of := w.Add(p.uuid, sha256.Sum256([]byte(p.text)), i); verdict != Duplicate {
				passed[p]++
				if of != i {
					rt.Fatalf("event %d passed as %d", i, of)
				}
			}
		}
		for p := range all {
			if passed[p] != 1 {
				rt.Fatalf("%v went through %d times", p, passed[p])
			}
		}
	})
}
