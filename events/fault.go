package events

// Reason classifies why a record cannot be delivered. The words are those of
// the message attribute and of the ledger.
type Reason string

// The reasons, all of them: decoding gives a record up for the first three, the
// pipeline for Foreign and Panic, a reader or a destination for TooLarge, a
// destination for Refused.
const (
	NotJSON      Reason = "not_json"      // not one JSON value, or not UTF-8, or nested too deeply
	NotOkta      Reason = "not_okta"      // JSON, but neither an event nor anything that carries one
	MissingField Reason = "missing_field" // no uuid, eventType or published that can be read
	Foreign      Reason = "foreign"       // from another source, account or region than the stack's own
	Panic        Reason = "panic"         // oktastream panicked on it
	TooLarge     Reason = "too_large"     // longer than the reader or the destination takes
	Refused      Reason = "refused"       // the destination refuses it for its content
)

// Fault says why one record is no Okta event. Its text names places and kinds,
// never content.
type Fault struct {
	Reason Reason
	Text   string
	// UUID is the event's own, where it got that far.
	UUID string
	// Body is the record as it came: the event with the envelope that carries
	// it, alone; or the whole body where that cannot be taken apart. It is valid
	// until the Decoder goes on.
	Body []byte
}

func (f *Fault) Error() string { return string(f.Reason) + ": " + f.Text }
