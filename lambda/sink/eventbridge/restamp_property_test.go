package eventbridge

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
)

// undo takes what Restamp did to in out of out again, by the offsets of out: a
// second opinion on "all other bytes".
func undo(t *rapid.T, in, out []byte, datadog bool) []byte {
	var was, is jsontree.Tree
	if err := was.Parse(in); err != nil {
		t.Fatal(err)
	}
	if err := is.Parse(out); err != nil {
		t.Fatalf("not JSON any more: %v: %s", err, out)
	}
	type cut struct {
		from, to uint32
		text     []byte
	}
	var cuts []cut
	removed := map[uint32]int{} // members removed, by their object
	remove := func(object, i uint32) {
		removed[object]++
		from := is.Nodes[i].KeyStart - 1
		if is.Nodes[object].Next != i+1 || removed[object] > 0 {
			for from > 0 && out[from-1] == ',' {
				from--
			}
		}
		cuts = append(cuts, cut{from, is.Nodes[i].End, nil})
	}
	reset := func(name string) {
		if old, i := was.Member(0, name), is.Member(0, name); old == 0 {
			remove(0, i)
		} else {
			cuts = append(cuts, cut{is.Nodes[i].Start, is.Nodes[i].End, was.Raw(old)})
		}
	}
	reset("date")
	if datadog {
		reset("published")
		old, i := was.Member(0, "okta"), is.Member(0, "okta")
		switch {
		case old == 0:
			remove(0, i)
		case was.Nodes[old].Kind != '{':
			cuts = append(cuts, cut{is.Nodes[i].Start, is.Nodes[i].End, is.Raw(is.Member(i, "value"))})
		case was.Member(old, "published_original") == 0:
			remove(i, is.Member(i, "published_original"))
		}
	}
	slices.SortFunc(cuts, func(a, b cut) int { return int(a.from) - int(b.from) })
	var back []byte
	at := uint32(0)
	for _, c := range cuts {
		back = append(append(back, out[at:c.from]...), c.text...)
		at = c.to
	}
	return append(back, out[at:]...)
}

func TestRestampForAnyObject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := []byte(sinktest.Object(t, 2))
		format := rapid.SampledFrom([]string{"datadog", "ocsf", "raw"}).Draw(t, "format")
		before := bytes.Clone(in)
		out, err := restamp(in, format, testNow)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(in, before) {
			t.Fatal("the record that came in has been changed")
		}
		var is, was jsontree.Tree
		if err := was.Parse(in); err != nil {
			t.Fatal(err)
		}
		log := format == "datadog" || was.Member(0, "ddsource") != 0
		if back := undo(t, in, out, log); !bytes.Equal(back, in) {
			t.Fatalf("other bytes have changed:\n%s\n%s\n%s", in, out, back)
		}

		m := sinktest.Members(t, out)
		const now = "2026-11-22T12:00:00.123Z"
		if m["date"] != now || log && m["published"] != now {
			t.Fatalf("date %v, published %v in %s", m["date"], m["published"], out)
		}
		if log {
			if okta, ok := m["okta"].(map[string]any); !ok {
				t.Fatalf("okta is %v", m["okta"])
			} else if _, kept := okta["published_original"]; !kept {
				t.Fatalf("the original is gone: %s", out)
			}
		}

		// Twice, and at another time: as if once, at that time.
		later := testNow.Add(100 * time.Hour)
		twice, err := restamp(out, format, later)
		once, err2 := restamp(in, format, later)
		if err != nil || err2 != nil || !bytes.Equal(twice, once) {
			t.Fatalf("twice:\n%s\nonce:\n%s", twice, once)
		}
		if err := is.Parse(out); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzRestamp(f *testing.F) {
	f.Add([]byte(`{"uuid":"u","published":"P","ddsource":"okta","date":"D","okta":{"a":1}}`), "datadog")
	f.Add([]byte(` { "date" : 1 , "date" : [] } `), "raw")
	f.Fuzz(func(t *testing.T, in []byte, format string) {
		out, err := restamp(in, format, testNow)
		if err != nil {
			return
		}
		var tree jsontree.Tree
		if err := tree.Parse(out); err != nil {
			t.Fatalf("%q became %q: %v", in, out, err)
		}
		again, err := restamp(out, format, testNow)
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q, again %q, %v", out, again, err)
		}
	})
}
