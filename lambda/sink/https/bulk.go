package https

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
)

// DefaultDataStream is the data stream that the Okta integration of Elastic, and the
// detection rules for it, read (elastic/integrations 1dfd370d, packages/okta, 3.14.0).
const DefaultDataStream = "logs-okta.system-default"

// DefaultIndex is the index of OpenSearch.
const DefaultIndex = "okta"

// What one request of _bulk holds is our choice: both products take far more
// (http.max_content_length, 100 MB by default), and answer 413 where they do not, which
// halves the batch. The number of records bounds the response: 500 answers of up to 2 kB
// are within what is read of one.
const (
	maxBulkBody    = 1_000_000
	maxBulkRecords = 500
)

// maxDocumentID is the longest _id in bytes: one longer than that fails the request
// (OpenSearch 2.19.6, action_request_validation_exception).
const maxDocumentID = 512

func elastic() Preset {
	b := &bulk{name: "elastic", setting: SettingDataStream}
	return b.preset(Preset{
		Auths: []Auth{apiKey("apiKey"), basic("basic")},
		Check: checkElastic,
		Sources: []string{
			"Elasticsearch reference 7.17, \"Bulk API\"",
			"elastic/integrations 1dfd370d, packages/okta/data_stream/system, 3.14.0",
			"the responses of an OpenSearch 2.19.6 node, whose API is the same",
			"the limits of a request are our choice: 413 halves a batch",
		},
	})
}

func opensearch() Preset {
	b := &bulk{name: "opensearch", setting: SettingIndex}
	return b.preset(Preset{
		Auths: []Auth{sigV4("es"), sigV4("aoss"), basic("basic")},
		Check: checkOpenSearch,
		Sources: []string{
			"the responses of an OpenSearch 2.19.6 node",
			"Amazon OpenSearch Service Developer Guide, \"Making and signing OpenSearch Service requests\" and " +
				"\"Ingesting data into Amazon OpenSearch Serverless collections\", 2026-11",
			"the limits of a request are our choice: 413 halves a batch",
		},
	})
}

// apiKey authenticates by an API key of Elasticsearch: encoded, as Kibana shows it, or
// as id:api_key.
func apiKey(name string) Auth {
	return secretAuth(name, "header `Authorization: ApiKey SECRET`", "Authorization", func(secret string) string {
		if strings.Contains(secret, ":") { // which base64 does not have
			secret = base64.StdEncoding.EncodeToString([]byte(secret))
		}
		return "ApiKey " + secret
	})
}

// bulk is the _bulk API of Elasticsearch and OpenSearch, for one sink.
type bulk struct {
	name    string
	setting string // that names the target where no data stream is set

	// withoutIDs is true where the target has turned out to take no _id.
	withoutIDs atomic.Bool
}

// preset completes p with what all presets of _bulk have alike.
func (b *bulk) preset(p Preset) Preset {
	p.Name = b.name
	p.Body = Body{
		Name: "_bulk, operation create", ContentType: "application/x-ndjson",
		Size:    b.size,
		Encoder: func(c *Config) sink.Encoder { return &bulkEncoder{bulk: b, config: c} },
	}
	p.URL, p.Classify = b.url, b.classify
	p.Limits = sink.Limits{Bytes: maxBulkBody, Records: maxBulkRecords}
	return p
}

// target is the data stream or index that records go to.
func (b *bulk) target(c *Config) (name, setting string) {
	switch {
	case c.DataStream != "":
		return c.DataStream, SettingDataStream
	case b.setting == SettingDataStream:
		return DefaultDataStream, SettingDataStream
	}
	return cmp.Or(c.Index, DefaultIndex), SettingIndex
}

// filterPath keeps the response small. Amazon OpenSearch Service ignores parameters of
// the URL in POST requests that are signed with SigV4 (Developer Guide, "Making and
// signing OpenSearch Service requests", 2026-11): there are none in those.
//
// There is no require_data_stream: OpenSearch 2.19.6 refuses every request that has it,
// as every release does that does not know it. Without it nothing is lost: a name such as
// logs-okta.system-default is a data stream by Elasticsearch's own template for logs-*-*.
const filterPath = "filter_path=errors,items.*.status,items.*.error.type,items.*.error.caused_by.type"

// url is ENDPOINT/TARGET/_bulk. A full URL is accepted as well: what it has before
// /_bulk is the target.
func (b *bulk) url(c *Config, endpoint *url.URL) (*url.URL, error) {
	if b.setting == SettingDataStream && c.Format != "" && c.Format != "raw" {
		return nil, &Fault{SettingFormat,
			fmt.Sprintf("format must be raw, not %q: %s parses the event's own text", c.Format, b.name)}
	}
	name, setting := b.target(c)
	if !isIndexName(name) {
		return nil, &Fault{setting, fmt.Sprintf(
			"%s must be the name of a data stream, an index or an alias, in lower case, not %q", setting, name)}
	}
	base := strings.TrimRight(endpoint.Path, "/")
	if before, full := strings.CutSuffix(base, "/_bulk"); full {
		at := strings.LastIndexByte(before, '/')
		if own := before[at+1:]; own != "" {
			if own != name {
				return nil, fmt.Errorf("%s names %q and the setting %s %q: they must be the same",
					SettingEndpoint, own, setting, name)
			}
			before = before[:at]
		}
		base = before
	}
	u := *endpoint
	u.Path, u.RawPath = base+"/"+name+"/_bulk", ""
	if !isSigned(c) {
		u.RawQuery = filterPath
	}
	return &u, nil
}

// isIndexName reports whether OpenSearch and Elasticsearch take name for an index
// (OpenSearch documentation, "Create index", "Index naming restrictions").
func isIndexName(name string) bool {
	return name != "" && len(name) <= 255 && name != "." && name != ".." && !strings.ContainsAny(name[:1], "_-+") &&
		name == strings.ToLower(name) && !strings.ContainsAny(name, " ,:\"*+/\\|?#><%&\t\r\n")
}

// bulkEncoder writes a document and the line before it that says what to do with it.
type bulkEncoder struct {
	bulk   *bulk
	config *Config
}

const (
	bulkCreate    = `{"create":{`
	bulkID        = `"_id":`
	bulkCreateEnd = "}}\n"
	bulkTimestamp = `{"@timestamp":"`
	bulkMessage   = `","message":`
	bulkTimeForm  = "2006-01-02T15:04:05.000Z"
	bulkDocument  = len(bulkTimestamp) + len(bulkTimeForm) + len(bulkMessage) + len("}\n")
	bulkOverhead  = len(bulkCreate) + len(bulkID) + len(`""`) + len(bulkCreateEnd) + bulkDocument
)

// size is never less than what Append writes for a record of the years 0 to 9999.
func (b *bulk) size(c *Config, r *sink.Record) int {
	n := len(r.Line) + len(r.UUID) + bulkOverhead
	if b.setting == SettingDataStream {
		n += len(`""`) + bytes.Count(r.Line, []byte{'"'}) + bytes.Count(r.Line, []byte{'\\'}) +
			bytes.Count(r.Line, []byte{'\t'})
	}
	return n
}

// Append writes r. Both products take documents of any time, so that stamp is the zero
// time. The _id is the event's uuid: a record that is sent twice is stored once.
func (e *bulkEncoder) Append(dst []byte, r *sink.Record, _ time.Time) ([]byte, sink.Answer) {
	if !r.IsObject() || bytes.IndexByte(r.Line, '\n') >= 0 {
		return dst, sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: "not a JSON object on one line"}
	}
	start := len(dst)
	dst = append(dst, bulkCreate...)
	var err error
	if r.UUID != "" && len(r.UUID) <= maxDocumentID && !e.bulk.withoutIDs.Load() {
		if dst, err = jsontext.AppendQuote(append(dst, bulkID...), r.UUID); err != nil {
			return dst[:start], sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: "the uuid is not UTF-8"}
		}
	}
	dst = append(dst, bulkCreateEnd...)
	switch {
	case e.bulk.setting == SettingDataStream:
		dst = append(appendTimestamp(dst, r.TimeMS), bulkMessage...)
		if dst, err = jsontext.AppendQuote(dst, r.Line); err != nil {
			return dst[:start], sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: "the record is not UTF-8"}
		}
		dst = append(dst, '}')
	case e.config.DataStream != "": // a document of a data stream must have a @timestamp
		dst = append(appendTimestamp(dst, r.TimeMS), '"')
		if rest := bytes.TrimLeft(r.Line[1:], " \t"); rest[0] != '}' {
			dst = append(dst, ',')
		}
		dst = append(dst, r.Line[1:]...)
	default:
		dst = append(dst, r.Line...)
	}
	return append(dst, '\n'), sink.Answer{}
}

// appendTimestamp appends {"@timestamp":"2026-11-28T10:11:12.345Z without the last
// quotation mark.
func appendTimestamp(dst []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(append(dst, bulkTimestamp...), bulkTimeForm)
}

// classify says what a response of _bulk means.
func (b *bulk) classify(c *Config, r *Response, answers []sink.Answer) *sink.Error {
	if r.Status == http.StatusOK {
		items, ok := readItems(r.Body)
		switch {
		case !ok:
			return notItsOwn(b.name, r)
		case len(items) != len(answers):
			return transient("%s: %d answers for %d records", b.name, len(items), len(answers))
		}
		return b.items(c, items, answers)
	}
	what := b.name + ": " + requestError(r.Body)
	target, _ := b.target(c)
	switch {
	case refusal(r) == http.StatusUnauthorized, refusal(r) != 0 && r.IsObject():
		return c.forbidden(fmt.Sprintf("%s (HTTP %d)", what, r.Status), write, target)
	case !r.IsObject():
		return notItsOwn(b.name, r)
	case r.Status == http.StatusBadRequest && len(answers) == 1:
		return Blocked(SettingEndpoint, "%s (HTTP %d) for a request with one record", what, r.Status)
	case r.Status == http.StatusBadRequest:
		// It is about the request as a whole, and says of no record that it is at fault:
		// the batch is halved to find out, and nothing is dead-lettered.
		return &sink.Error{Kind: sink.Unknown, Err: fmt.Errorf("%s (HTTP %d)", what, r.Status)}
	}
	return byStatus(r, what)
}

const write = "create documents in"

// forbidden returns the error of a destination that does not know us, or does not allow us
// to do something with the target name: "create documents in" or "read".
func (c *Config) forbidden(what, do, name string) *sink.Error {
	advice := "give the key or the user the privilege to %s %s, or correct the setting " + SettingSecret
	if isSigned(c) {
		advice = "allow the identity that signs the requests to %s %s, in the access policy of the destination and " +
			"in its role mapping, or correct the setting " + SettingAuth
	}
	return &sink.Error{Kind: sink.Blocked, Err: fmt.Errorf("%s: "+advice, what, do, name)}
}
