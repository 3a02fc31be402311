package httpsfake

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// action is one operation of a request of _bulk.
type action struct {
	op, index, id string
	hasID         bool
	source        []byte
}

// Pipeline is an ingest pipeline: it may change the document and its id, or refuse it.
type Pipeline func(*action)

// OktaPipeline does the first steps of the ingest pipeline of Elastic's Okta
// integration (elastic/integrations, packages/okta/data_stream/system, version
// 3.14.0): the text in message is parsed, its uuid becomes the _id, and its
// published the @timestamp.
func OktaPipeline(a *action) {
	var document struct {
		Message *string `json:"message"`
	}
	if err := json.Unmarshal(a.source, &document); err != nil || document.Message == nil {
		refuse(400, "illegal_argument_exception", "field [message] not present as part of path [message]")
	}
	var event struct {
		UUID      string `json:"uuid"`
		Published string `json:"published"`
	}
	if !jsontext.Value(*document.Message).IsValid() || json.Unmarshal([]byte(*document.Message), &event) != nil {
		refuse(400, "illegal_argument_exception", "the text in [event.original] is not JSON")
	}
	if event.UUID == "" || event.Published == "" {
		refuse(400, "illegal_argument_exception", "field [published] not present as part of path [okta.published]")
	}
	source, err := json.Marshal(map[string]any{
		"@timestamp": event.Published, "event": map[string]any{"original": *document.Message},
		"okta": json.RawMessage(*document.Message),
	})
	if err != nil {
		refuse(400, "illegal_argument_exception", "the document cannot be written")
	}
	a.source, a.id, a.hasID = source, event.UUID, true
}

// BrokenPipeline refuses every document for the same reason, as a pipeline with a
// mistake in it does.
func BrokenPipeline(*action) {
	refuse(400, "illegal_argument_exception", "field [nofield] doesn't exist")
}

var actionKeys = []string{
	"_index", "_id", "routing", "_routing", "op_type", "pipeline", "require_alias", "version", "version_type",
	"if_seq_no", "if_primary_term", "retry_on_conflict", "_source",
}

// parseActions reads the lines of a request. The errors are of the whole request.
func parseActions(body []byte, index string, elastic bool) (actions []action) {
	switch {
	case len(body) == 0:
		refuse(400, "parse_exception", "request body is required")
	case body[len(body)-1] != '\n':
		refuse(400, "illegal_argument_exception", `The bulk request must be terminated by a newline [\n]`)
	}
	lines := bytes.Split(body[:len(body)-1], []byte("\n"))
	for n := 0; n < len(lines); n++ {
		line := bytes.TrimSuffix(lines[n], []byte("\r"))
		if len(line) == 0 {
			continue
		}
		a := parseAction(line, index, elastic)
		if a.op != "delete" {
			if n++; n == len(lines) {
				break // the last action has no document, and does not count
			}
			a.source = bytes.TrimSuffix(lines[n], []byte("\r"))
		}
		switch {
		case a.index == "":
			refuse(400, "action_request_validation_exception", "Validation Failed: 1: index is missing;")
		case len(a.id) > 512:
			refuse(400, "action_request_validation_exception", "Validation Failed: 1: id is too long;")
		}
		actions = append(actions, a)
	}
	if len(actions) == 0 {
		refuse(400, "action_request_validation_exception", "Validation Failed: 1: no requests added;")
	}
	return actions
}

func parseAction(line []byte, index string, elastic bool) action {
	malformed := func() { refuse(400, "illegal_argument_exception", "Malformed action/metadata line") }
	d := json.NewDecoder(bytes.NewReader(line))
	if token, err := d.Token(); err != nil {
		refuse(400, "json_parse_exception", "Unrecognized token")
	} else if token != json.Delim('{') {
		malformed()
	}
	op, err := d.Token()
	if err != nil {
		refuse(400, "json_parse_exception", "Unexpected end-of-input")
	}
	a := action{index: index}
	a.op, _ = op.(string)
	if !slices.Contains([]string{"create", "delete", "index", "update"}, a.op) {
		malformed()
	}
	var keys map[string]any
	if err := d.Decode(&keys); err != nil || keys == nil {
		malformed()
	}
	for key, value := range keys {
		if !slices.Contains(actionKeys, key) && !(elastic && key == "require_data_stream") {
			refuse(400, "illegal_argument_exception", "unknown parameter ["+key+"]")
		}
		text, isText := value.(string)
		if number, ok := value.(float64); ok {
			text, isText = strconv.FormatFloat(number, 'f', -1, 64), true
		}
		switch {
		case key == "_index" && isText:
			a.index = text
		case key == "_id" && isText:
			a.id, a.hasID = text, true
		}
	}
	return a
}

// parseDocument refuses a document that is not one JSON object, or one that breaks
// the types of fields or, in a data stream, has not exactly one @timestamp.
func parseDocument(source []byte, stream bool, fields map[string]string) {
	failed := func(cause, reason string) {
		panic(&bulkError{Type: "mapper_parsing_exception", Reason: "failed to parse", status: 400,
			CausedBy: &bulkError{Type: cause, Reason: reason}})
	}
	if len(bytes.TrimSpace(source)) == 0 {
		refuse(400, "mapper_parsing_exception", "failed to parse, document is empty")
	}
	if source[0] != '{' {
		failed("not_x_content_exception", "the document is not an object")
	}
	if !jsontext.Value(source).IsValid() { // it refuses duplicate keys and bytes that are not UTF-8, as they do
		failed("json_parse_exception", "the document is not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(source))
	d.UseNumber()
	var document map[string]any
	if err := d.Decode(&document); err != nil {
		failed("json_parse_exception", "the document is not JSON")
	}
	if stream {
		switch document["@timestamp"].(type) {
		case string, json.Number:
		default:
			failed("illegal_argument_exception",
				"documents must contain a single-valued timestamp field '@timestamp' of date type")
		}
		if !fits("date", document["@timestamp"]) {
			refuse(400, "mapper_parsing_exception", "failed to parse field [@timestamp] of type [date]")
		}
	}
	for path, kind := range fields {
		for _, value := range at(document, strings.Split(path, ".")) {
			if !fits(kind, value) {
				refuse(400, "mapper_parsing_exception", "failed to parse field ["+path+"] of type ["+kind+"]")
			}
		}
	}
}

// at returns the values at a path; arrays are passed through, as everywhere in
// these documents.
func at(value any, path []string) []any {
	switch v := value.(type) {
	case []any:
		var values []any
		for _, element := range v {
			values = append(values, at(element, path)...)
		}
		return values
	case map[string]any:
		if len(path) > 0 {
			if child, ok := v[path[0]]; ok {
				return at(child, path[1:])
			}
			return nil
		}
	}
	if len(path) > 0 {
		return nil // a concrete value before the end of the path: left to dynamic mapping
	}
	return []any{value}
}

// fits reports whether a field of this type accepts a value.
func fits(kind string, value any) bool {
	if value == nil {
		return true
	}
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	switch kind {
	case "boolean":
		_, isBool := value.(bool)
		return isBool || isText && (text == "true" || text == "false" || text == "")
	case "ip":
		_, err := netip.ParseAddr(text)
		return isText && err == nil
	case "long":
		if isText {
			number = json.Number(text)
		}
		_, err := strconv.ParseFloat(string(number), 64)
		return (isText || isNumber) && err == nil
	case "date":
		if isNumber {
			return true
		}
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return true
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02"} {
			if _, err := time.Parse(layout, text); err == nil {
				return true
			}
		}
		return false
	}
	return true
}
