package eventbridge

import (
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Datadog, POST /api/v2/logs, before compression (datadog-api-client-go v2.67.0,
// 2026-10). A longer log is cut by Datadog, with a 202.
const (
	MaxLogs     = 1000      // of an array
	MaxArray    = 5_000_000 // bytes of an array
	MaxLogBytes = 1_000_000 // of one log
)

// Datadog drops a log that is older or further ahead, after its 202
// (docs.datadoghq.com, "Log Date Remapper", 2026-11).
const (
	MaxAge   = 18 * time.Hour
	MaxAhead = 2 * time.Hour
)

// Growth is by how many bytes a log of an Okta event grows at most when it is given
// another time: three members with a time of 24 bytes each.
const Growth = 128

// TimeLayout is how events/datadog writes a date; batches say theirs alike.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// EventBridge, PutEvents (AWS SDK for Go v2, eventbridge v1.55.9, and the user
// guide's "Calculating PutEvents event entry size"; 2026-11). The size of an
// entry is the UTF-8 bytes of Source, DetailType, Detail and Resources, and 14
// for a Time: we send neither Resources nor a Time.
//
// Older pages of the guide allow 256 KB a request, the SDK of 2026-11 "less than 1MB".
// The default holds under both. What a setting or a single long record may use
// ends earlier than 1 MB: an entry that cannot be delivered goes to an SQS queue
// of 1 MiB a message, as a whole event with six message attributes.
const (
	DefaultPackBytes = 240 << 10 // of a request
	MaxPackBytes     = 768 << 10

	// slack is what a request needs beside its logs: what the batch says of itself.
	slack = 4 << 10
)

// An entry of MaxPackBytes is within what Datadog takes of an array and of one
// log, and leaves SQS 64 KiB and more for the envelope and the attributes: only
// the entry has to be measured. Should a limit change, this does not compile.
const (
	_ = uint(MaxArray - MaxPackBytes)
	_ = uint(MaxLogBytes - MaxPackBytes)
	_ = uint(1<<20 - 64<<10 - MaxPackBytes)
)

// age is the rule of age at packing. EventBridge retries the body that it has got for
// up to 8 h (the rule's MaximumEventAge), so what leaves here may be 6 h old: 14 h in
// all, 4 h below Datadog's limit.
var age = sink.Age{Past: maxAge, Ahead: MaxAhead}

const (
	maxAge          = 6 * time.Hour
	maximumEventAge = 8 * time.Hour

	_ = uint(MaxAge - maxAge - maximumEventAge)
)

// maxInvocation is the longest that an invocation can take, and so the longest from Cut to
// the last Deliver of a record ("Lambda quotas", AWS, 2026-11).
const maxInvocation = 15 * time.Minute
