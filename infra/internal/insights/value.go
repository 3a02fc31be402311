package insights

import (
	"strconv"
	"time"
)

type valueKind int

const (
	missing   valueKind = iota
	null                // JSON's null
	text                // text
	number              // number
	timestamp           // ms since 1970, in number
	truth               // number is 0 or 1
	structure           // tree: what jsonParse gives
)

// value is the value of an expression.
type value struct {
	kind   valueKind
	text   string
	number float64
	tree   any
}

func textValue(s string) value      { return value{kind: text, text: s} }
func numberValue(n float64) value   { return value{kind: number, number: n} }
func timestampValue(ms int64) value { return value{kind: timestamp, number: float64(ms)} }

func truthValue(b bool) value {
	if b {
		return value{kind: truth, number: 1}
	}
	return value{kind: truth}
}

func (v value) none() bool { return v.kind == missing || v.kind == null }

func (v value) isTrue() bool { return v.kind == truth && v.number == 1 }

// String returns the value as in a result. Timestamps are shown as in the console, in UTC.
func (v value) String() string {
	switch v.kind {
	case text:
		return v.text
	case number, truth:
		if v.text != "" {
			return v.text // as written in the record
		}
		return strconv.FormatFloat(v.number, 'f', -1, 64)
	case timestamp:
		return time.UnixMilli(int64(v.number)).UTC().Format("2006-01-02 15:04:05.000")
	}
	return ""
}

// asNumber returns the value as a number. A text of digits is one: fields have no declared type,
// and the guide compares accountId with 123456789012.
func (v value) asNumber() (float64, bool) {
	switch v.kind {
	case number, timestamp:
		return v.number, true
	case text:
		n, err := strconv.ParseFloat(v.text, 64)
		return n, err == nil
	}
	return 0, false
}

// equal compares numbers as numbers and everything else as text, case-sensitively.
func equal(a, b value) bool {
	if x, ok := a.asNumber(); ok {
		if y, ok := b.asNumber(); ok {
			return x == y
		}
	}
	// "Comparing map and list to any other fields result in false."
	if a.kind == structure || b.kind == structure {
		return false
	}
	return a.String() == b.String()
}
