package auditor

import (
	"testing"
	"time"
)

// TestQuietDays: without a gap each hour is read twice and closed, and nothing is sent.
func TestQuietDays(t *testing.T) {
	w := newWorld(t, false, 5, 3, 1)
	total := w.ticks(3 * 24 * time.Hour)
	t.Logf("%+v", total)
	w.check(w.now().Add(-26 * time.Hour).Truncate(time.Hour))
	if w.copies > 0 {
		t.Errorf("%d copies", w.copies)
	}
}
