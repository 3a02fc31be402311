package ledger

// word is one number of a ledger: its name in JSON, in the metrics and for a
// person.
type word struct {
	name string
	unit string // of the metric
	kind kind
	of   func(*Ledger) *int64
}

// kind is the role of a number in the equation.
type kind int

const (
	total kind = iota // received
	term              // one of the numbers that add up to it
	note              // about records that are already counted
	other             // not a number of records
)

// words are all numbers of a ledger, in the order of Ledger. The struct's JSON tags have the same
// names; a test compares them.
var words = []word{
	{"received", "Count", total, func(l *Ledger) *int64 { return &l.Received }},
	{"delivered", "Count", term, func(l *Ledger) *int64 { return &l.Delivered }},
	{"accepted_by_eventbridge", "Count", term, func(l *Ledger) *int64 { return &l.AcceptedByEventBridge }},
	{"duplicate", "Count", term, func(l *Ledger) *int64 { return &l.Duplicate }},
	{"filtered", "Count", term, func(l *Ledger) *int64 { return &l.Filtered }},
	{"returned", "Count", term, func(l *Ledger) *int64 { return &l.Returned }},
	{"exhausted", "Count", term, func(l *Ledger) *int64 { return &l.Exhausted }},
	{"dead", "Count", term, func(l *Ledger) *int64 { return &l.Dead }},
	{"unknown_type", "Count", note, func(l *Ledger) *int64 { return &l.UnknownType }},
	{"conflict", "Count", note, func(l *Ledger) *int64 { return &l.Conflict }},
	{"restamped", "Count", note, func(l *Ledger) *int64 { return &l.Restamped }},
	{"dead_letter_failed", "Count", note, func(l *Ledger) *int64 { return &l.DeadLetterFailed }},
	{"fallback_raw", "Count", note, func(l *Ledger) *int64 { return &l.FallbackRaw }},
	{"stream_changed", "Count", note, func(l *Ledger) *int64 { return &l.StreamChanged }},
	{"already_there", "Count", note, func(l *Ledger) *int64 { return &l.AlreadyThere }},
	{"refused_by_destination", "Count", note, func(l *Ledger) *int64 { return &l.RefusedByDestination }},
	{"bytes_in", "Bytes", other, func(l *Ledger) *int64 { return &l.BytesIn }},
	{"bytes_out", "Bytes", other, func(l *Ledger) *int64 { return &l.BytesOut }},
	{"batches", "Count", other, func(l *Ledger) *int64 { return &l.Batches }},
}
