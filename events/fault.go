package events

// Reason is why a record cannot be delivered, as written in the message attribute and the ledger.
type Reason string

// All reasons. The first three come from decoding, Foreign and Panic from the pipeline, TooLarge
// from a reader or a destination, Refused from a destination.
const (
	NotJSON      Reason = "not_json"      // not one JSON value, or not UTF-8, or nested too deeply
	NotOkta      Reason = "not_okta"      // JSON, but neither an event nor an envelope of one
	MissingField Reason = "missing_field" // uuid, eventType or published is missing or unreadable
	Foreign      Reason = "foreign"       // from another source, account or region than the stack's
	Panic        Reason = "panic"         // oktastream panicked on it
	TooLarge     Reason = "too_large"     // longer than the reader or the destination accepts
	Refused      Reason = "refused"       // the destination refuses its content
)

// Fault is why one record is not delivered. Its text has places and types, never content.
type Fault struct {
	Reason Reason
	Text   string
	// UUID is the event's uuid, if it could be read.
	UUID string
	// Body is the record as received: one event with its envelope, or the whole text if that cannot
	// be decoded. It is valid until the Decoder continues.
	Body []byte
}

func (f *Fault) Error() string { return string(f.Reason) + ": " + f.Text }
