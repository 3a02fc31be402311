package httpsfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// pointInTime opens and closes points in time:
//
//   - Elasticsearch: POST /INDEX/_pit?keep_alive=…, DELETE /_pit with {"id":"…"}
//   - OpenSearch: POST /INDEX/_search/point_in_time?keep_alive=…, DELETE
//     /_search/point_in_time with {"pit_id":["…"]}
//
// Each is refused by the other.
func (b *Bulk) pointInTime(r *http.Request, body []byte) any {
	suffix := "/_search/point_in_time"
	if b.options.Elasticsearch {
		suffix = "/_pit"
	}
	before, own := strings.CutSuffix(r.URL.Path, suffix)
	index := strings.Trim(before, "/")
	switch {
	case !own || strings.Contains(index, "/"):
		refuse(400, "", "no handler found for uri")
	case r.Method == http.MethodDelete && index == "":
		return b.closePIT(body)
	case r.Method != http.MethodPost || index == "":
		refuse(405, "", "Incorrect HTTP method")
	}
	keep, err := time.ParseDuration(r.URL.Query().Get("keep_alive"))
	switch {
	case err != nil || keep <= 0:
		refuse(400, "action_request_validation_exception", "Validation Failed: 1: keep_alive is missing;")
	case len(body) > 0:
		refuse(400, "illegal_argument_exception", "the fake knows no body of this request")
	case len(r.URL.Query()) > 1:
		refuse(400, "illegal_argument_exception", "request contains unrecognized parameter")
	}
	documents := b.of(index)
	b.serial++
	id := fmt.Sprintf("pit-%d", b.serial)
	b.pits[id] = documents
	if b.options.Elasticsearch {
		return map[string]any{"id": id, "_shards": oneShard()}
	}
	return map[string]any{"pit_id": id, "_shards": oneShard(), "creation_time": time.Now().UnixMilli()}
}

func (b *Bulk) closePIT(body []byte) any {
	var in struct {
		ID    string   `json:"id"`
		PITID []string `json:"pit_id"`
	}
	if err := json.Unmarshal(body, &in); err != nil || (in.ID != "") != b.options.Elasticsearch {
		refuse(400, "parsing_exception", "unknown key or value")
	}
	for _, id := range append(in.PITID, in.ID) {
		delete(b.pits, id)
	}
	return map[string]any{"succeeded": true}
}

// PointsInTime returns how many points in time are open.
func (b *Bulk) PointsInTime() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.pits)
}

// LosePointsInTime forgets all points in time, as nodes that restart do.
func (b *Bulk) LosePointsInTime() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.pits)
}

// of returns the documents of a name as they are now. b.mu is held.
func (b *Bulk) of(index string) (found []Document) {
	if !strings.Contains(index, "*") && b.indexes[index] == nil {
		refuse(404, "index_not_found_exception", "no such index ["+index+"]")
	}
	for _, d := range b.documents {
		if matchesName(index, d.Index) {
			found = append(found, d)
		}
	}
	return found
}

// searched returns the documents that a search is about, and the error of a sort that the
// product does not know. b.mu is held.
func (b *Bulk) searched(index string, in *searchRequest, fields []string) []Document {
	if slices.Contains(fields, "_shard_doc") && (in.PIT == nil || !b.options.Elasticsearch && !b.options.ShardDoc) {
		refuse(400, "search_phase_execution_exception", "No mapping found for [_shard_doc] in order to sort on")
	}
	if slices.Contains(fields, "_id") && b.options.Elasticsearch {
		refuse(400, "search_phase_execution_exception", "Fielddata access on the _id field is disallowed")
	}
	if in.PIT == nil {
		return b.of(index)
	}
	documents, open := b.pits[in.PIT.ID]
	switch {
	case index != "":
		refuse(400, "action_request_validation_exception", "[indices] cannot be used with point in time")
	case !open:
		refuse(404, "search_phase_execution_exception", "No search context found")
	}
	return documents
}

// sortValue is what the nth document of a search has in a field.
func sortValue(d *Document, n int, field string) any {
	switch field {
	case "_id":
		return d.ID
	case "_index":
		return d.backing
	case "_shard_doc":
		return int64(n)
	}
	return value(gjson.GetBytes(d.Source, field))
}

func oneShard() map[string]int {
	return map[string]int{"total": 1, "successful": 1, "skipped": 0, "failed": 0}
}

// fieldCaps answers GET /INDEX/_field_caps?fields=…: the types that dynamic mapping gives to
// fields.
func (b *Bulk) fieldCaps(index string, query url.Values) any {
	documents := b.of(index)
	fields := map[string]map[string]any{}
	for _, field := range strings.Split(query.Get("fields"), ",") {
		for _, d := range documents {
			is := gjson.GetBytes(d.Source, field)
			if !is.Exists() {
				continue
			}
			kind := "text"
			if _, isTime := value(is).(int64); isTime {
				kind = "long"
				if is.Type == gjson.String {
					kind = "date"
				}
			}
			if fields[field] == nil {
				fields[field] = map[string]any{}
			}
			fields[field][kind] = map[string]any{"type": kind, "searchable": true, "aggregatable": true}
		}
	}
	return map[string]any{"indices": []string{index}, "fields": fields}
}
