package https

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// bulkItem is the answer for one record.
type bulkItem struct {
	Status int        `json:"status"`
	Error  *bulkError `json:"error"`
}

// bulkError is an error of a record or of a request. Its reason can quote what was
// sent, and is never printed.
type bulkError struct {
	Type     string     `json:"type"`
	Reason   string     `json:"reason"`
	CausedBy *bulkError `json:"caused_by"`
}

// readItems reads the answers for the records, in the order they were sent in. It
// reports false for what is no response of _bulk.
func readItems(body []byte) ([]bulkItem, bool) {
	var in struct {
		Errors *bool                 `json:"errors"`
		Items  []map[string]bulkItem `json:"items"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Errors == nil {
		return nil, false
	}
	items := make([]bulkItem, len(in.Items))
	for i, m := range in.Items {
		item, ok := m["create"]
		if !ok {
			return nil, false
		}
		items[i] = item
	}
	return items, true
}

// requestError is the type of the error of a whole request.
func requestError(body []byte) string {
	var in struct {
		Error json.RawMessage `json:"error"`
	}
	var e bulkError
	if json.Unmarshal(body, &in) != nil || json.Unmarshal(in.Error, &e) != nil || e.Type == "" {
		return "the request is refused"
	}
	return awserror.Code(e.Type)
}

// what names an answer: its status and the types of its error.
func (i *bulkItem) what() string {
	if i.Error == nil {
		return fmt.Sprintf("status %d", i.Status)
	}
	text := fmt.Sprintf("status %d, %s", i.Status, awserror.Code(i.Error.Type))
	if cause := i.Error.CausedBy; cause != nil {
		text += ", " + awserror.Code(cause.Type)
	}
	return text
}

func (i *bulkItem) is(errorType string) bool { return i.Error != nil && i.Error.Type == errorType }

// isRefused reports whether the record was refused for what is in it, or for what the
// index template or the ingest pipeline makes of it. A fail processor of a pipeline
// gives 500 (OpenSearch 2.19.6).
func (i *bulkItem) isRefused() bool {
	return i.Status == http.StatusBadRequest || i.is("fail_processor_exception")
}

// isThere reports whether the document is stored, now or before.
func (i *bulkItem) isThere() bool {
	return i.Status == http.StatusCreated || i.Status == http.StatusOK || i.isConflict()
}

func (i *bulkItem) isConflict() bool {
	return i.Status == http.StatusConflict && i.is("version_conflict_engine_exception")
}

// noDocumentIDs is how time series collections of OpenSearch Serverless refuse each
// document that comes with an _id (opensearch-project/opensearch-py issue 792, 2024-08;
// aws/aws-sdk-pandas pull request 2784, 2024-04).
const noDocumentIDs = "Document ID is not supported in create/index operation request"

// items answers for each record. A record is dead only where the same response shows
// that the destination stores others: a template or a pipeline with a mistake in it
// refuses all, and where one record was sent alone nobody can tell.
func (b *bulk) items(c *Config, items []bulkItem, answers []sink.Answer) *sink.Error {
	var failed, forbidden, refused *bulkItem
	var there int
	for n := range items {
		switch item := &items[n]; {
		case item.isThere():
			answers[n] = sink.Answer{State: sink.Accepted, AlreadyThere: item.isConflict()}
			there++
		case item.isRefused():
			refused = item
			if c.Auth == "aoss" && item.Error != nil && strings.Contains(item.Error.Reason, noDocumentIDs) {
				b.withoutIDs.Store(true)
				failed = item
			}
		case item.Status == http.StatusUnauthorized, item.Status == http.StatusForbidden,
			item.Status == http.StatusNotFound:
			forbidden = item
		default:
			failed = item
		}
	}
	if refused != nil && there > 0 {
		for n := range items {
			if item := &items[n]; !item.isThere() && item.isRefused() {
				answers[n] = sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: b.name + ": " + item.what()}
			}
		}
		refused = nil
	}
	target, setting := b.target(c)
	switch {
	case failed != nil:
		return transient("%s: %s", b.name, failed.what())
	case forbidden != nil && (forbidden.Status == http.StatusNotFound || forbidden.is("cluster_block_exception")):
		return Blocked(setting, "%s: %s", b.name, forbidden.what())
	case forbidden != nil:
		return c.forbidden(b.name+": "+forbidden.what(), write, target)
	case refused != nil && len(items) == 1:
		return &sink.Error{Kind: sink.Blocked, Err: fmt.Errorf("%s: %s for a record that was sent alone, "+
			"which may be at fault or not: correct the index template or the ingest pipeline of %s, or the setting %s",
			b.name, refused.what(), target, setting)}
	case refused != nil:
		return &sink.Error{Kind: sink.Blocked, Err: fmt.Errorf("%s: %s, and so are all %d records of the request: "+
			"correct the index template or the ingest pipeline of %s, or the setting %s",
			b.name, refused.what(), len(items), target, setting)}
	}
	return nil
}
