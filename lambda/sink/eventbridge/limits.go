package eventbridge

import "time"

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

// Datadog, POST /api/v2/logs (datadog-api-client-go v2.67.0, 2026-10): one entry
// is one such POST, uncompressed. A longer log is cut by Datadog, with a 202.
const (
	maxLogs     = 1000      // of an array
	maxArray    = 5_000_000 // bytes of an array
	maxLogBytes = 1_000_000 // of one log
)

// An entry of MaxPackBytes is within what Datadog takes of an array and of one
// log, and leaves SQS 64 KiB and more for the envelope and the attributes: only
// the entry has to be measured. Should a limit change, this does not compile.
const (
	_ = uint(maxArray - MaxPackBytes)
	_ = uint(maxLogBytes - MaxPackBytes)
	_ = uint(1<<20 - 64<<10 - MaxPackBytes)
)

// Datadog drops a log that is older than 18 h or more than 2 h ahead, after its
// 202 (docs.datadoghq.com, "Log Date Remapper", 2026-11). EventBridge retries
// the body that it has got for up to 8 h (the rule's MaximumEventAge), so what
// leaves here may be 6 h old: 14 h in all, 4 h below the limit.
const (
	maxAge   = 6 * time.Hour
	maxAhead = 2 * time.Hour
)

// defaultCallTimeout is far more than a PutEvents takes, and a fraction of what
// an invocation has.
const defaultCallTimeout = 10 * time.Second
