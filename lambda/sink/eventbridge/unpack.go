package eventbridge

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
)

// Log is one record of a packed batch that has come back.
type Log struct {
	// Line is the record as it was packed, to the byte. Where line breaks were added to the
	// batch since, it has no blanks between its tokens.
	Line []byte
	// UUID is the event's: uuid, or metadata.uid where the format is ocsf (and
	// uuid again for a raw fallback in such a batch). It is empty where the record
	// has none.
	UUID string
	// Type is the event's type: eventType, or metadata.event_code where the format
	// is ocsf. It is empty where the record has none.
	Type string
	// TimeMS is the time that Datadog uses: the record's date, or else the event's own
	// published or time, in milliseconds since 1970. It is 0, so that the record is given
	// another time, where none of these can be read.
	TimeMS int64
}

// Meta is what is read of the batch member of a packed batch.
type Meta struct {
	Pipeline string // compared with the own one when the batch comes back
	Format   string
	Replays  int
}

var errNotObject = errors.New("not a JSON object")

// Unpack takes the detail of a packed batch apart. Its error does not quote the detail.
//
// The logs refer to detail, which must not change.
func Unpack(detail []byte) ([]Log, Meta, error) {
	t := new(jsontree.Tree)
	if err := t.Parse(detail); err != nil {
		return nil, Meta{}, fmt.Errorf("packed batch: %w", err)
	}
	logs, meta, err := unpack(t, 0)
	if err != nil {
		return nil, Meta{}, fmt.Errorf("packed batch: %w", err)
	}
	return logs, meta, nil
}

// unpack takes the detail of a packed batch apart.
func unpack(t *jsontree.Tree, detail uint32) (list []Log, m Meta, err error) {
	if t.Nodes[detail].Kind != '{' {
		return nil, m, errNotObject
	}
	logs, batch := t.Member(detail, "logs"), t.Member(detail, "batch")
	if batch == 0 || t.Nodes[batch].Kind != '{' {
		return nil, m, errors.New("batch is missing or no object")
	}
	if logs == 0 || t.Nodes[logs].Kind != '[' {
		return nil, m, errors.New("logs is missing or no array")
	}
	if v, ok := number(t, batch, "v"); !ok || v != batchVersion {
		return nil, m, fmt.Errorf("batch.v is not %d", batchVersion)
	}
	for _, member := range []struct {
		name string
		to   *string
	}{{"pipeline", &m.Pipeline}, {"format", &m.Format}} {
		i := t.Member(batch, member.name)
		if i == 0 || t.Nodes[i].Kind != '"' {
			return nil, m, fmt.Errorf("batch.%s is missing or no string", member.name)
		}
		*member.to = string(t.AppendString(nil, i))
	}
	count, ok := number(t, batch, "count")
	if !ok {
		return nil, m, errors.New("batch.count is missing or no number of logs")
	}
	m.Replays, _ = number(t, batch, "replays") // it decides nothing: no batch is refused for it

	list = make([]Log, 0, min(count, MaxLogs))
	for i := logs + 1; i < t.Nodes[logs].Next; i = t.Nodes[i].Next {
		if t.Nodes[i].Kind != '{' {
			return nil, m, fmt.Errorf("log %d: %w", len(list), errNotObject)
		}
		list = append(list, logAt(t, i, m.Format))
	}
	if len(list) != count {
		return nil, m, fmt.Errorf("batch.count says %d, logs are %d", count, len(list))
	}
	return list, m, nil
}

func logAt(t *jsontree.Tree, i uint32, format string) Log {
	l := Log{Line: t.Raw(i)}
	if bytes.IndexByte(l.Line, '\n') >= 0 || bytes.IndexByte(l.Line, '\r') >= 0 {
		l.Line = t.AppendCompact(nil, i)
	}
	if metadata := t.Member(i, "metadata"); format == "ocsf" && metadata != 0 {
		l.UUID, l.Type = t.Text(metadata, "uid"), t.Text(metadata, "event_code")
	}
	if l.UUID == "" {
		l.UUID = t.Text(i, "uuid")
	}
	if l.Type == "" {
		l.Type = t.Text(i, "eventType")
	}
	var ok bool
	if l.TimeMS, ok = timeOf(t, i, "date"); ok {
		return l
	}
	if at := t.Member(i, "time"); format == "ocsf" && at != 0 {
		if ms, err := strconv.ParseInt(string(t.Raw(at)), 10, 64); err == nil {
			l.TimeMS = ms
		}
		return l
	}
	l.TimeMS, _ = timeOf(t, i, "published")
	return l
}

func timeOf(t *jsontree.Tree, object uint32, name string) (ms int64, ok bool) {
	return events.ParsePublished([]byte(t.Text(object, name)))
}

// number is the value of a member that is a number of things.
func number(t *jsontree.Tree, object uint32, name string) (n int, ok bool) {
	i := t.Member(object, name)
	if i == 0 || t.Nodes[i].Kind != '0' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(t.Raw(i)), 10, 31)
	return int(v), err == nil
}
