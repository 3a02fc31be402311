package ledger

import (
	"reflect"
	"testing"
)

// The words of JSON, of the metrics and for a person are one list.
func TestWordsAreTheKeysOfJSON(t *testing.T) {
	typ := reflect.TypeFor[Ledger]()
	if typ.NumField() != len(words) {
		t.Fatalf("%d numbers, %d words", typ.NumField(), len(words))
	}
	for i, w := range words {
		var l Ledger
		*w.of(&l) = 7
		if key := typ.Field(i).Tag.Get("json"); key != w.name || reflect.ValueOf(l).Field(i).Int() != 7 {
			t.Errorf("%s is word %s", key, w.name)
		}
	}
}
