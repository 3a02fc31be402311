package awsfake

import (
	"regexp"
	"time"
)

// handleEntry names a message by its receipt handle, in a single call or in a batch.
type handleEntry struct {
	batchEntry
	ReceiptHandle     string
	VisibilityTimeout *int
}

type doneEntry struct {
	ID string `json:"Id"`
}

func deleteByHandle(_ *request, q *queue, e handleEntry) doneEntry {
	q.delete(e.ReceiptHandle)
	return doneEntry{e.ID}
}

func changeByHandle(r *request, q *queue, e handleEntry) doneEntry {
	if e.VisibilityTimeout == nil {
		sqsFail("MissingRequiredParameterException", "The request must contain the parameter VisibilityTimeout.")
	}
	seconds := inRange("VisibilityTimeout", e.VisibilityTimeout, 0, int(sqsVisibilityMax.Seconds()), 0)
	q.changeVisibility(r.now, e.ReceiptHandle, time.Duration(seconds)*time.Second)
	return doneEntry{e.ID}
}

type oneHandle struct {
	QueueURL string `json:"QueueUrl"`
	handleEntry
}

// handleOne makes an operation on the message of one receipt handle.
func handleOne(c *Cloud, do func(*request, *queue, handleEntry) doneEntry) func(*request, oneHandle) any {
	return func(r *request, in oneHandle) any {
		do(r, c.open(r, in.QueueURL), in.handleEntry)
		return empty{}
	}
}

// batchEntry is what each entry of a batch has.
type batchEntry struct {
	ID string `json:"Id"`
}

func (e batchEntry) id() string { return e.ID }

type batchInput[E any] struct {
	QueueURL string `json:"QueueUrl"`
	Entries  []E
}

// batch makes a batch operation from an operation on one entry. check, if not nil, may refuse the
// whole batch.
func batch[E interface{ id() string }, Done any](
	c *Cloud, check func([]E), do func(*request, *queue, E) Done,
) func(*request, batchInput[E]) any {
	return func(r *request, in batchInput[E]) any {
		q := c.open(r, in.QueueURL)
		checkBatch(in.Entries)
		if check != nil {
			check(in.Entries)
		}
		var out struct { // a list that is empty is absent
			Successful []Done        `json:",omitempty"`
			Failed     []failedEntry `json:",omitempty"`
		}
		for i, e := range in.Entries {
			if code, failed := r.fault.entryFailure(i); failed {
				out.Failed = append(out.Failed, failedEntry{ID: e.id(), Code: code, Message: "injected by the test"})
				continue
			}
			done, failed := attempt(func() Done { return do(r, q, e) })
			if failed != nil {
				out.Failed = append(out.Failed, failedEntry{e.id(), failed.status < 500, failed.query, failed.message})
				continue
			}
			out.Successful = append(out.Successful, done)
		}
		return out
	}
}

// failedEntry is a failed entry of a batch.
type failedEntry struct {
	ID          string `json:"Id"`
	SenderFault bool
	Code        string
	Message     string
}

// Of the developer guide, "Amazon SQS message quotas".
var batchID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

// checkBatch judges a batch by its number of entries and their ids.
func checkBatch[E interface{ id() string }](entries []E) {
	switch n := len(entries); {
	case n == 0:
		sqsFail("EmptyBatchRequest", "There should be at least one entry in the request.")
	case n > sqsBatchEntries:
		sqsFail("TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.",
			sqsBatchEntries, n)
	}
	seen := map[string]bool{}
	for _, e := range entries {
		switch id := e.id(); {
		case !batchID.MatchString(id):
			sqsFail("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and "+
				"underscores. It can be at most 80 letters long.")
		case seen[id]:
			sqsFail("BatchEntryIdsNotDistinct", "Id %s repeated.", id)
		default:
			seen[id] = true
		}
	}
}
