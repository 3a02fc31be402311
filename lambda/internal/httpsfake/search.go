package httpsfake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// maxWindow is index.max_result_window, the number of hits that one search returns.
const maxWindow = 10_000

// searchRequest has the members of a request of _search that the fake knows; it refuses all others.
type searchRequest struct {
	Size        *int                         `json:"size"`
	Query       map[string]json.RawMessage   `json:"query"`
	Sort        []map[string]json.RawMessage `json:"sort"`
	SearchAfter []any                        `json:"search_after"`
	Source      any                          `json:"_source"`
	TrackTotal  any                          `json:"track_total_hits"`
	PIT         *struct {
		ID        string `json:"id"`
		KeepAlive string `json:"keep_alive"`
	} `json:"pit"`
}

// hit is a document that a search has found.
type hit struct {
	Index  string          `json:"_index"`
	ID     string          `json:"_id"`
	Score  *float64        `json:"_score"`
	Source json.RawMessage `json:"_source,omitempty"`
	Sort   []any           `json:"sort,omitempty"`
}

// search answers POST /INDEX/_search. It knows the queries match_all, term, terms, range and bool
// with filter and must_not, sorting by fields, _id, _index and _shard_doc, search_after, and points
// in time. Documents can be found at once, without waiting for a refresh.
func (b *Bulk) search(index string, body []byte) any {
	var in searchRequest
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&in); err != nil && err != io.EOF {
		refuse(400, "parsing_exception", "unknown key or value")
	}
	size := 10
	if in.Size != nil {
		size = *in.Size
	}
	switch {
	case size < 0:
		refuse(400, "illegal_argument_exception", "[size] parameter cannot be negative")
	case size > maxWindow:
		refuse(400, "search_phase_execution_exception", "Result window is too large")
	case in.SearchAfter != nil && len(in.SearchAfter) != len(in.Sort):
		refuse(400, "search_phase_execution_exception",
			"search_after has another number of values than sort")
	}
	fields, descending := sortFields(in.Sort)
	documents := b.searched(index, &in, fields)
	hits := found(documents, in.Query, fields)
	order := func(x, y []any) int {
		for i := range min(len(x), len(y)) {
			if c := compare(x[i], y[i]); c != 0 {
				if descending[i] {
					return -c
				}
				return c
			}
		}
		return 0
	}
	slices.SortStableFunc(hits, func(x, y hit) int { return order(x.Sort, y.Sort) })
	total := map[string]any{"value": len(hits), "relation": "eq"}
	if len(hits) > maxWindow && in.TrackTotal != true {
		total["value"], total["relation"] = maxWindow, "gte"
	}
	if in.SearchAfter != nil {
		after := make([]any, len(in.SearchAfter))
		for i, v := range in.SearchAfter {
			after[i] = literal(v)
		}
		hits = slices.DeleteFunc(hits, func(h hit) bool { return order(h.Sort, after) <= 0 })
	}
	hits = hits[:min(size, len(hits))]
	if in.Source == false {
		for i := range hits {
			hits[i].Source = nil
		}
	}
	answer := map[string]any{
		"timed_out": false, "_shards": oneShard(), "hits": map[string]any{"total": total, "hits": hits},
	}
	if in.PIT != nil {
		answer["pit_id"] = in.PIT.ID
	}
	return answer
}

// found returns the documents that match a query, with their values of the fields.
func found(documents []Document, query map[string]json.RawMessage, fields []string) (hits []hit) {
	for i := range documents {
		doc := &documents[i]
		if !matchesQuery(query, doc.Source) {
			continue
		}
		h := hit{Index: doc.backing, ID: doc.ID, Source: doc.Source}
		for _, f := range fields {
			h.Sort = append(h.Sort, sortValue(doc, i, f))
		}
		hits = append(hits, h)
	}
	return hits
}

func (b *Bulk) isStream(name string) bool {
	return slices.ContainsFunc(b.options.DataStreams, func(pattern string) bool { return matchesName(pattern, name) })
}

// backing is the name of the index that a document has gone into.
func (b *Bulk) backing(name string) string {
	if x := b.indexes[name]; x != nil && x.stream {
		return fmt.Sprintf(".ds-%s-%06d", name, x.generation)
	}
	return name
}

func matchesName(pattern, name string) bool {
	prefix, any := strings.CutSuffix(pattern, "*")
	return name == pattern || any && strings.HasPrefix(name, prefix)
}

// sortFields reads [{"field":"asc"}] and [{"field":{"order":"asc"}}].
func sortFields(sort []map[string]json.RawMessage) (fields []string, descending []bool) {
	for _, s := range sort {
		if len(s) != 1 {
			refuse(400, "parsing_exception", "a sort is one field")
		}
		for field, how := range s {
			order := gjson.ParseBytes(how)
			if order.IsObject() {
				order = order.Get("order")
			}
			fields, descending = append(fields, field), append(descending, order.String() == "desc")
		}
	}
	return fields, descending
}

// matchesQuery reports whether a document is what a query looks for.
func matchesQuery(query map[string]json.RawMessage, source []byte) (found bool) {
	if query == nil {
		return true
	}
	if len(query) != 1 {
		refuse(400, "parsing_exception", "a query is an object with one key")
	}
	for kind, text := range query {
		switch kind {
		case "match_all":
			return true
		case "bool":
			return matchesFilters(text, source)
		case "term", "terms", "range":
			found = true
			gjson.ParseBytes(text).ForEach(func(field, want gjson.Result) bool {
				is := gjson.GetBytes(source, field.String())
				found = is.Exists() && matchesField(kind, value(is), want)
				return found
			})
		default:
			refuse(400, "parsing_exception", "the fake knows no such query")
		}
	}
	return found
}

func matchesField(kind string, is any, want gjson.Result) bool {
	if kind == "range" {
		return inRange(is, want)
	}
	return slices.ContainsFunc(want.Array(), func(w gjson.Result) bool { return compare(is, value(w)) == 0 })
}

func matchesFilters(text json.RawMessage, source []byte) bool {
	var in struct {
		Filter  []map[string]json.RawMessage `json:"filter"`
		MustNot []map[string]json.RawMessage `json:"must_not"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		refuse(400, "parsing_exception", "the fake knows bool with lists filter and must_not")
	}
	matches := func(query map[string]json.RawMessage) bool { return matchesQuery(query, source) }
	differs := func(query map[string]json.RawMessage) bool { return !matches(query) }
	return !slices.ContainsFunc(in.Filter, differs) && !slices.ContainsFunc(in.MustNot, matches)
}

func inRange(is any, want gjson.Result) (found bool) {
	found = true
	want.ForEach(func(name, bound gjson.Result) bool {
		limit := value(bound)
		if want.Get("format").String() == "epoch_millis" {
			limit = bound.Int()
		}
		c := compare(is, limit)
		switch name.String() {
		case "gte":
			found = found && c >= 0
		case "gt":
			found = found && c > 0
		case "lte":
			found = found && c <= 0
		case "lt":
			found = found && c < 0
		case "format":
		default:
			refuse(400, "parsing_exception", "the fake knows no such bound of a range")
		}
		return true
	})
	return found
}

// value is a value as it is compared and sorted: a time in milliseconds, a number, a
// text, or nil.
func value(r gjson.Result) any {
	switch r.Type {
	case gjson.String:
		return literal(r.Str)
	case gjson.Number:
		return int64(r.Num)
	case gjson.True, gjson.False:
		return r.String()
	}
	return nil
}

func literal(v any) any {
	switch v := v.(type) {
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UnixMilli()
		}
		return v
	case json.Number:
		n, _ := v.Int64()
		return n
	}
	return v
}

// compare sorts numbers before texts, and missing values last.
func compare(x, y any) int {
	rank := func(v any) int {
		switch v.(type) {
		case int64:
			return 0
		case string:
			return 1
		}
		return 2
	}
	if c := cmp.Compare(rank(x), rank(y)); c != 0 {
		return c
	}
	switch x := x.(type) {
	case int64:
		return cmp.Compare(x, y.(int64))
	case string:
		return cmp.Compare(x, y.(string))
	}
	return 0
}
