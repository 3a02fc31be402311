package ledger

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// fill gives every field of a ledger a separate value.
func fill() Ledger {
	var l Ledger
	v := reflect.ValueOf(&l).Elem()
	for i := range v.NumField() {
		v.Field(i).SetInt(int64(1) << i)
	}
	return l
}

func TestBalanced(t *testing.T) {
	l := Ledger{Received: 28, Delivered: 1, AcceptedByEventBridge: 2, Duplicate: 3, Filtered: 4, Returned: 5, Exhausted: 6, Dead: 7}
	if !l.Balanced() {
		t.Error("28 = 1+2+3+4+5+6+7 should balance")
	}
	terms := []string{"Received", "Delivered", "AcceptedByEventBridge", "Duplicate", "Filtered", "Returned", "Exhausted", "Dead"}
	for _, name := range terms {
		off := l
		f := reflect.ValueOf(&off).Elem().FieldByName(name)
		f.SetInt(f.Int() + 1)
		if off.Balanced() {
			t.Errorf("one more %s should not balance", name)
		}
		if !strings.Contains(strings.Join(off.Lines(), "\n"), "does not balance") {
			t.Errorf("one more %s is not said loudly", name)
		}
	}
	notes := l
	notes.UnknownType, notes.Conflict, notes.BytesIn = 5, 6, 7
	if !notes.Balanced() {
		t.Error("notes are not terms")
	}
}

func TestAddAddsEveryField(t *testing.T) {
	sum := fill()
	sum.Add(fill())
	v := reflect.ValueOf(sum)
	for i := range v.NumField() {
		if v.Field(i).Int() != int64(2)<<i {
			t.Errorf("%s is not added", v.Type().Field(i).Name)
		}
	}
}

func TestLinesNameEveryFieldThatIsNotZero(t *testing.T) {
	text := strings.Join(fill().Lines(), "\n")
	for _, word := range []string{
		"1 received", "2 delivered", "4 accepted_by_eventbridge", "8 duplicate", "16 filtered", "32 returned", "64 exhausted", "128 dead",
		"256 unknown_type", "512 conflict", "1024 restamped", "2048 dead_letter_failed", "4096 fallback_raw",
		"8192 stream_changed", "16384 already_there", "32768 refused_by_destination", "65536 bytes in", "131072 bytes out",
	} {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in\n%s", word, text)
		}
	}
	if got := (Ledger{}).Lines()[0]; got != "0 received = 0" {
		t.Errorf("an empty ledger says %q", got)
	}
}

func TestJSONHasTheWordsOfTheMetrics(t *testing.T) {
	var m map[string]int64
	if err := json.Unmarshal(fill().JSON(), &m); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"received", "delivered", "accepted_by_eventbridge", "duplicate", "filtered", "returned", "exhausted", "dead", "unknown_type",
		"conflict", "restamped", "dead_letter_failed", "fallback_raw", "bytes_in", "bytes_out", "batches", "stream_changed",
		"already_there", "refused_by_destination",
	} {
		if m[key] == 0 {
			t.Errorf("%s is missing", key)
		}
		delete(m, key)
	}
	if len(m) > 0 {
		t.Errorf("more keys than words: %v", m)
	}
}
