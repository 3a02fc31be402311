package archive

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// TestVerdicts: of an hour with several digests the last verdict counts.
func TestVerdicts(t *testing.T) {
	store := newMemory()
	c := open(t, store, nil)
	for i, state := range []string{"complete", "waiting", "", "complete", "missing"} {
		putEvents(t, store, hourAt(i), "u")
		var v *Verdict
		if state != "" {
			v = &Verdict{State: state}
		}
		if _, err := c.Append(t.Context(), hourAt(i), v, nil); err != nil {
			t.Fatal(err)
		}
	}
	putEvents(t, store, hourAt(1), "late")
	if _, err := c.Append(t.Context(), hourAt(1), &Verdict{State: "complete"}, nil); err != nil {
		t.Fatal(err)
	}
	summary, found := verify(t, store, Check{})
	if want := map[string]int64{"complete": 3, "missing": 1}; len(found) > 0 || !maps.Equal(summary.Verdicts, want) {
		t.Errorf("%v, want %v, %v", summary.Verdicts, want, found)
	}
	got, err := Verdicts(t.Context(), store, "acme", hourAt(1), hourAt(4))
	if err != nil || len(got) != 3 || got[hourAt(1)].State != "complete" || got[hourAt(2)] != nil ||
		got[hourAt(3)].State != "complete" {
		t.Errorf("%v, %v", got, err)
	}
}

// TestLate: hours that have a digest and a new object, and no others.
func TestLate(t *testing.T) {
	store := newMemory()
	c := open(t, store, nil)
	for i := range 4 {
		putEvents(t, store, hourAt(i), "u")
		mustAppend(t, c, hourAt(i))
	}
	for _, i := range []int{0, 2, 3, 5} { // the last has no digest
		putEvents(t, store, hourAt(i), "late")
	}
	for range 2 {
		late, err := c.Late(t.Context(), hourAt(1), hourAt(6))
		if err != nil || !slices.EqualFunc(late, []time.Time{hourAt(2), hourAt(3)}, time.Time.Equal) {
			t.Errorf("%v, %v", late, err)
		}
		c = open(t, store, nil)
	}
	mustAppend(t, c, hourAt(2))
	if late, err := c.Late(t.Context(), hourAt(1), hourAt(6)); err != nil || len(late) != 1 {
		t.Errorf("%v, %v", late, err)
	}
}
