package eventbridge

import (
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/datadoglog"
)

// EventBridge, PutEvents (AWS SDK for Go v2, eventbridge v1.55.9, and the user
// guide's "Calculating PutEvents event entry size"; 2026-11). The size of an
// entry is the UTF-8 bytes of Source, DetailType, Detail and Resources, and 14
// for a Time: we send neither Resources nor a Time.
//
// The guide of old allows 256 KB a request, the SDK of today "less than 1MB".
// The default holds under both. What a setting or a single long record may use
// ends earlier than 1 MB: an entry that cannot be delivered goes to an SQS queue
// of 1 MiB a message, as a whole event with six message attributes.
const (
	DefaultPackBytes = 240 << 10 // of a request, all its entries together
	MaxPackBytes     = 768 << 10
	maxEntries       = 10 // of a request
)

// An entry of MaxPackBytes is within what Datadog takes of an array and of one
// log, and leaves SQS 64 KiB and more for the envelope and the attributes: only
// the entry has to be measured. Should a limit change, this does not compile.
const (
	_ = uint(datadoglog.MaxArray - MaxPackBytes)
	_ = uint(datadoglog.MaxLogBytes - MaxPackBytes)
	_ = uint(1<<20 - 64<<10 - MaxPackBytes)
)

// age is the rule of age at packing. EventBridge retries the body that it has got for
// up to 8 h (the rule's MaximumEventAge), so what leaves here may be 6 h old: 14 h in
// all, 4 h below Datadog's limit.
var age = sink.Age{Past: maxAge, Ahead: datadoglog.MaxAhead}

const (
	maxAge          = 6 * time.Hour
	maximumEventAge = 8 * time.Hour

	_ = uint(datadoglog.MaxAge - maxAge - maximumEventAge)
)

// defaultCallTimeout is far more than a PutEvents takes, and a fraction of what
// an invocation has.
const defaultCallTimeout = 10 * time.Second
