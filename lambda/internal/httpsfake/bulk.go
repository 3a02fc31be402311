package httpsfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// BulkOptions are the settings of a [Bulk]. The zero value is an OpenSearch node
// without security, ingest pipeline or data streams.
type BulkOptions struct {
	// DataStreams are the names that are data streams; a * at the end matches any
	// ending. Other names are indexes, which exist from their first document on.
	DataStreams []string
	// NoAutoCreate answers 404 for each document of a name that is not in DataStreams.
	NoAutoCreate bool
	// Fields are the types of fields, by dotted path: boolean, date, ip or long. A field without an
	// entry accepts every value.
	Fields map[string]string
	// Pipeline is the ingest pipeline of every index; nil is none.
	Pipeline Pipeline
	// NoDocumentIDs refuses each document that comes with an _id, as a time series
	// collection of OpenSearch Serverless does.
	NoDocumentIDs bool
	// Elasticsearch accepts the parameters of Elasticsearch, and answers with its texts.
	Elasticsearch bool
	// Privileges are what the caller may do with the indexes, by Elasticsearch's names; nil is
	// everything. _has_privileges returns them, and _alias requires them.
	Privileges []string
	// MaxContentLength is http.max_content_length, in bytes after decompression;
	// 0 is its default, 100 MB.
	MaxContentLength int64
	// ShardDoc lets a search of a point in time sort by _shard_doc without Elasticsearch, as
	// OpenSearch 3.3 does.
	ShardDoc bool
	// SigV4 asks for requests signed by AWS Signature Version 4.
	SigV4 *SigV4
	// OnDocument is called for each document that is stored, one call at a time.
	OnDocument func(Document)
	// Discard forgets the source of documents once OnDocument has seen it.
	Discard bool
}

// Document is a document that has been stored.
type Document struct {
	ID     string
	Index  string // the data stream or index it was sent to
	Source []byte // the result of the ingest pipeline, or the original

	backing string // the index that stores it
}

// Bulk is a strict fake of the _bulk API of Elasticsearch and OpenSearch, and of the part of their
// _search that reading back the documents needs. It is an http.Handler that refuses what they
// refuse and answers as they do: its responses were compared with an OpenSearch 2.19.6 node, which
// a test of the sink repeats.
//
// It does no dynamic mapping: it has no limit of fields or depth, and no conflict between two
// documents about the type of a field that is not in Fields.
type Bulk struct {
	options BulkOptions

	mu            sync.Mutex
	authorization string
	itemStatus    func(id string, item int) int
	indexes       map[string]*bulkIndex
	documents     []Document
	pits          map[string][]Document
	serial        int
	requests      int
}

// bulkIndex is a data stream or an index. Ids are unique within one generation.
type bulkIndex struct {
	stream     bool
	generation int
	ids        map[string]bool
}

// NewBulk makes a fake without documents.
func NewBulk(o BulkOptions) *Bulk {
	if o.MaxContentLength == 0 {
		o.MaxContentLength = 100 << 20
	}
	return &Bulk{options: o, indexes: map[string]*bulkIndex{}, pits: map[string][]Document{}}
}

// SetAuthorization sets the value that the header Authorization must have; "" asks
// for none. A request without it is answered with 401.
func (b *Bulk) SetAuthorization(value string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.authorization = value
}

// SetItemStatus sets the function that returns, for each document that would be stored, the status
// with which it fails; 0 stores it. item is its place in the request. nil stores all.
func (b *Bulk) SetItemStatus(f func(id string, item int) int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.itemStatus = f
}

// Rollover begins a new backing index of a data stream: ids of earlier documents no longer
// conflict.
func (b *Bulk) Rollover(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if x := b.indexes[name]; x != nil {
		x.generation++
		x.ids = map[string]bool{}
	}
}

// Documents are the documents that have been stored, in that order.
func (b *Bulk) Documents() []Document {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.documents)
}

// Requests counts the requests that have been read.
func (b *Bulk) Requests() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests
}

// bulkError is an error in the form of both products.
type bulkError struct {
	Type     string     `json:"type"`
	Reason   string     `json:"reason"`
	CausedBy *bulkError `json:"caused_by,omitempty"`

	status int
}

// refuse ends, by a panic, a request or the storing of one document.
func refuse(status int, errorType, reason string) {
	panic(&bulkError{Type: errorType, Reason: reason, status: status})
}

// ServeHTTP answers a request of one of the APIs in answer.
func (b *Bulk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > b.options.MaxContentLength {
		// Netty answers before it has read the body, and closes the connection.
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	if status, text := b.authorise(r, body); status != 0 {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
		return
	}
	var answer any
	failure := attempt[bulkError](func() { answer = b.answer(r, body) })
	if failure != nil && failure.status == http.StatusRequestEntityTooLarge {
		w.WriteHeader(failure.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if failure != nil {
		w.WriteHeader(failure.status)
		var text any = failure.Reason // the router's errors are only a text
		if failure.Type != "" {
			text = map[string]any{"type": failure.Type, "reason": failure.Reason, "root_cause": []*bulkError{failure}}
		}
		answer = map[string]any{"status": failure.status, "error": text}
	} else if paths := r.URL.Query().Get("filter_path"); paths != "" && b.options.SigV4 == nil {
		// "The service ignores parameters passed in URLs for HTTP POST requests that
		// are signed with Signature Version 4" (Amazon OpenSearch Service Developer
		// Guide, "Making and signing OpenSearch Service requests").
		answer = filter(answer, strings.Split(paths, ","))
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// authorise returns the status and the body of the refusal, 0 where there is none.
func (b *Bulk) authorise(r *http.Request, body []byte) (status int, text string) {
	if s := b.options.SigV4; s != nil {
		if reason := s.verify(r, body); reason != "" {
			return http.StatusForbidden, fmt.Sprintf(`{"message":%q}`, reason)
		}
		return 0, ""
	}
	if b.authorization == "" || r.Header.Get("Authorization") == b.authorization {
		return 0, ""
	}
	return http.StatusUnauthorized, `{"error":{"root_cause":[{"type":"security_exception",` +
		`"reason":"unable to authenticate"}],"type":"security_exception","reason":"unable to authenticate"},"status":401}`
}

// parameters of the URL that _bulk knows.
var (
	parameters = []string{
		"filter_path", "pretty", "human", "error_trace", "refresh", "routing", "timeout", "pipeline", "require_alias",
		"wait_for_active_shards", "_source", "_source_includes", "_source_excludes",
	}
	elasticParameters = []string{"require_data_stream", "list_executed_pipelines"}
)

// answer answers a request. b.mu is held.
func (b *Bulk) answer(r *http.Request, body []byte) any {
	index, api, ok := splitPath(r.URL.Path)
	switch {
	case ok && api == "_search" && r.Method == http.MethodPost:
		return b.search(index, body)
	case ok && api == "_field_caps" && r.Method == http.MethodGet:
		return b.fieldCaps(index, r.URL.Query())
	case ok && api == "_alias" && r.Method == http.MethodGet:
		return b.aliases(index)
	case r.URL.Path == "/_security/user/_has_privileges" && r.Method == http.MethodPost && b.options.Elasticsearch:
		return b.hasPrivileges(body)
	case api == "_pit" || api == "point_in_time":
		return b.pointInTime(r, body)
	case !ok || api != "_bulk":
		refuse(400, "", "no handler found for uri")
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		refuse(405, "", "Incorrect HTTP method")
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-ndjson" && media != "application/json" {
		refuse(406, "", "Content-Type header is not supported")
	}
	for name := range r.URL.Query() {
		if !slices.Contains(parameters, name) && !(b.options.Elasticsearch && slices.Contains(elasticParameters, name)) {
			refuse(400, "illegal_argument_exception", "request contains unrecognized parameter: ["+name+"]")
		}
	}
	switch body, err = decompress(body, r.Header.Get("Content-Encoding"), int(b.options.MaxContentLength)); {
	case errors.Is(err, errTooLong):
		refuse(413, "", "")
	case err != nil:
		refuse(400, "parse_exception", "the body is not gzip, or the Content-Encoding is another")
	}
	return b.store(parseActions(body, index, b.options.Elasticsearch))
}

// splitPath splits /INDEX/_bulk and /_bulk.
func splitPath(path string) (index, api string, ok bool) {
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return "", "", false
	}
	index, api = strings.Trim(path[:at], "/"), path[at+1:]
	return index, api, !strings.Contains(index, "/")
}

// bulkItem is the answer for one document.
type bulkItem struct {
	Index   string     `json:"_index"`
	ID      *string    `json:"_id"`
	Version int        `json:"_version,omitempty"`
	Result  string     `json:"result,omitempty"`
	Status  int        `json:"status"`
	Error   *bulkError `json:"error,omitempty"`
}

func (b *Bulk) store(actions []action) any {
	began := time.Now()
	items := make([]map[string]bulkItem, len(actions))
	errors := false
	for n := range actions {
		a := &actions[n]
		item := bulkItem{Index: a.index, Status: http.StatusCreated}
		if failure := attempt[bulkError](func() { b.one(a, n) }); failure != nil {
			errors, item.Status, item.Error = true, failure.status, failure
		} else {
			item.Version, item.Result, item.Index = 1, "created", b.backing(a.index)
		}
		if a.hasID {
			item.ID = &a.id
		}
		items[n] = map[string]bulkItem{a.op: item}
	}
	return map[string]any{"took": time.Since(began).Milliseconds(), "errors": errors, "items": items}
}

// one stores one document.
func (b *Bulk) one(a *action, n int) {
	stream := b.isStream(a.index)
	switch {
	case a.hasID && a.id == "":
		refuse(400, "illegal_argument_exception", "if _id is specified it must not be empty")
	case a.hasID && b.options.NoDocumentIDs:
		refuse(400, "illegal_argument_exception", "Document ID is not supported in create/index operation request")
	case a.index != strings.ToLower(a.index):
		refuse(400, "invalid_index_name_exception", "Invalid index name, must be lowercase")
	case stream && a.op != "create":
		refuse(400, "illegal_argument_exception", "only write ops with an op_type of create are allowed in data streams")
	case !stream && b.options.NoAutoCreate:
		refuse(404, "index_not_found_exception", "no such index ["+a.index+"]")
	case a.op != "create" && a.op != "index":
		refuse(400, "illegal_argument_exception", "the fake knows create and index only")
	}
	if b.options.Pipeline != nil {
		b.options.Pipeline(a)
	}
	x := b.indexes[a.index]
	if x == nil {
		x = &bulkIndex{stream: stream, generation: 1, ids: map[string]bool{}}
		b.indexes[a.index] = x
	}
	if !a.hasID {
		b.serial++
		a.id, a.hasID = fmt.Sprintf("generated%011d", b.serial), true
	}
	if b.itemStatus != nil {
		if status := b.itemStatus(a.id, n); status != 0 {
			b.fail(status)
		}
	}
	parseDocument(a.source, stream, b.options.Fields)
	if x.ids[a.id] && a.op == "create" {
		refuse(409, "version_conflict_engine_exception",
			"["+a.id+"]: version conflict, document already exists (current version [1])")
	}
	x.ids[a.id] = true
	d := Document{ID: a.id, Index: a.index, Source: a.source, backing: b.backing(a.index)}
	if b.options.OnDocument != nil {
		b.options.OnDocument(d)
	}
	if !b.options.Discard {
		b.documents = append(b.documents, d)
	}
}

// itemErrors are the errors of one document, as the products give them.
var itemErrors = map[int][2]string{
	400: {"mapper_parsing_exception", "failed to parse"},
	401: {"security_exception", "action [indices:data/write/bulk[s]] is unauthorized"},
	403: {"security_exception", "action [indices:data/write/bulk[s]] is unauthorized"},
	404: {"index_not_found_exception", "no such index"},
	429: {"rejected_execution_exception", "rejected execution of primary operation"},
	503: {"unavailable_shards_exception", "primary shard is not active"},
}

// fail fails one document with this status.
func (b *Bulk) fail(status int) {
	e, ok := itemErrors[status]
	if !ok {
		e = [2]string{"exception", "injected by the test"}
	}
	if status == 429 && b.options.Elasticsearch {
		e[0] = "es_" + e[0]
	}
	refuse(status, e[0], e[1])
}
