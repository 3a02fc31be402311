package catalogue

import (
	"slices"
	"testing"
)

func TestKnown(t *testing.T) {
	all := All()
	if len(all) != 1382 || !slices.IsSorted(all) {
		t.Fatalf("the list holds %d names (want 1,382), sorted: %v", len(all), slices.IsSorted(all))
	}
	for _, name := range all {
		if !Known(name) {
			t.Errorf("%s is in the list and not known", name)
		}
		for _, near := range []string{name + "x", name[:len(name)-1], "x" + name, name + "\n"} {
			if Known(near) && !slices.Contains(all, near) {
				t.Errorf("%q is known and not in the list", near)
			}
		}
	}
	for _, name := range []string{"", "\n", "a", "zzz", "user", "User.session.start"} {
		if Known(name) {
			t.Errorf("%q is known", name)
		}
	}
}
