package reconcile

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/stream"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/cloudwatch"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// shapes are the records that a log group or a file can hold of an event.
var shapes = map[string]pipeline.Config{
	"ocsf":              {Format: pipeline.OCSF},
	"datadog":           {Format: pipeline.Datadog},
	"raw":               {Format: pipeline.Raw},
	"ocsf for Datadog":  {Format: pipeline.OCSF, DatadogLogs: true},
	"raw for Datadog":   {Format: pipeline.Raw, DatadogLogs: true},
	"ocsf with the raw": {Format: pipeline.OCSF, KeepRaw: 1},
}

// normalised is a record of one event.
func normalised(t testing.TB, c pipeline.Config, event []byte) (text []byte, one record) {
	t.Helper()
	return normalisedBy(t, pipeline.New(c), event)
}

func normalisedBy(t testing.TB, p *pipeline.Pipeline, event []byte) (text []byte, one record) {
	t.Helper()
	text = p.Process(nil, event, func(r *pipeline.Record) {
		if r.Fault != nil {
			t.Fatal(r.Fault)
		}
		one = record{r.UUID, time.UnixMilli(r.PublishedMS).UTC()}
	})
	return bytes.TrimRight(text, "\n"), one
}

// envelope is an event as EventBridge delivers it, which is what ingest=rule stores.
func envelope(event []byte) []byte {
	return fmt.Appendf(nil, `{"version":"0","id":"e","detail-type":"SystemLog","source":"aws.partner/okta.com/example/s",`+
		`"account":"111122223333","time":"2026-11-01T00:00:00Z","region":"us-east-1","resources":[],"detail":%s}`, event)
}

// all reads a destination.
func all(t testing.TB, h Held) (found []record, read HeldRead, err error) {
	t.Helper()
	read, err = h.Read(t.Context(), Window{now.Add(-time.Hour), now}, func(id []byte, ms int64) error {
		found = append(found, record{string(id), time.UnixMilli(ms).UTC()})
		return nil
	})
	return found, read, err
}

// valuesOf is the Records of text that is read as the command reads files.
type valuesOf struct {
	io.Closer
	values *stream.Reader
}

func recordsOf(r io.Reader) valuesOf {
	return valuesOf{io.NopCloser(r), stream.NewReader(r, stream.Options{})}
}

func (r valuesOf) Next() ([]byte, error) {
	value, err := r.values.Next()
	if err != nil || value.Fault != nil {
		return nil, err
	}
	return value.Text, nil
}

func file(name, text string) Files {
	return Files{{Name: name, Open: func() (Records, error) { return recordsOf(strings.NewReader(text)), nil }}}
}

// Every event is recognised in every shape, by its own uuid and time.
func TestEveryShapeIsRecognised(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "events", "*.json"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	pipelines := map[string]*pipeline.Pipeline{}
	for shape, c := range shapes {
		pipelines[shape] = pipeline.New(c)
	}
	for _, name := range files {
		pretty, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, pretty); err != nil {
			t.Fatal(err)
		}
		var want record
		texts := map[string]string{"envelope": compact.String()}
		if !strings.Contains(compact.String(), `"detail-type"`) {
			texts["envelope"] = string(envelope(compact.Bytes()))
		}
		for shape, p := range pipelines {
			var text []byte
			text, want = normalisedBy(t, p, compact.Bytes())
			texts[shape] = string(text)
		}
		for shape, text := range texts {
			got, read, err := all(t, file(shape, text))
			if err != nil || read != (HeldRead{Records: 1}) || len(got) != 1 || got[0] != want {
				t.Errorf("%s as %s: %v, %+v, %v, want %v", name, shape, got, read, err, want)
			}
		}
	}
}

// Files are read in every form that the command run reads, and OCSF records in them too.
func TestFiles(t *testing.T) {
	e := event(1, yesterday)
	want := record{e.UUID, e.Published}
	ocsf, _ := normalised(t, pipeline.Config{Format: pipeline.OCSF}, e.JSON)
	quoted, err := json.Marshal(string(ocsf))
	if err != nil {
		t.Fatal(err)
	}
	escaped, err := json.Marshal(string(envelope(e.JSON)))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	if _, err := zw.Write(append(ocsf, '\n')); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"gzip":                        packed.String(),
		"an array":                    "[" + string(ocsf) + "]",
		"filter-log-events":           `{"events":[{"timestamp":1,"message":` + string(quoted) + `,"eventId":"1"}]}`,
		"an Elasticsearch document":   `{"hits":{"hits":[{"_id":"x","_source":` + string(ocsf) + `}]}}`,
		"a dead letter":               `{"v":1,"reason":"refused","body":` + string(escaped) + `}`,
		"a Splunk event":              `{"time":1,"event":` + string(ocsf) + `}`,
		"a Datadog search result":     `{"data":[{"id":"x","attributes":{"attributes":` + string(e.JSON) + `}}]}`,
		"lines with a broken one":     "{\n" + string(ocsf) + "\n",
		"a record of another product": `{"class_uid":1,"metadata":{"uid":"x","product":{"name":"x"}}}` + "\n" + string(ocsf),
	} {
		got, read, err := all(t, file(name, text))
		others := int64(0)
		if strings.Contains(name, "broken") || strings.Contains(name, "another") {
			others = 1
		}
		if err != nil || len(got) != 1 || got[0] != want || read != (HeldRead{1 + others, others}) {
			t.Errorf("%s: %v, %+v, %v", name, got, read, err)
		}
	}
}

// A file that is not read to its end is an error.
func TestFilesThatCannotBeRead(t *testing.T) {
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	for n := range 1000 {
		if _, err := zw.Write(append(event(n, yesterday).JSON, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := all(t, file("cut.gz", packed.String()[:packed.Len()/2])); err == nil ||
		!strings.Contains(err.Error(), "cut.gz") {
		t.Errorf("a file that was cut off: error %v", err)
	}
	missing := Files{{Name: "none", Open: func() (Records, error) {
		return nil, fs.ErrNotExist
	}}}
	if _, _, err := all(t, missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that does not exist: error %v", err)
	}
	var format *events.FormatError
	if _, _, err := all(t, file("x.zip", "PK\x03\x04"+strings.Repeat("x", 100))); !errors.As(err, &format) {
		t.Errorf("a zip archive: error %v", err)
	}
}

const group = "/okta"

// logGroup is a log group of an emulated AWS, with a clock.
func logGroup(t testing.TB) (*awsfake.Cloud, *LogGroup) {
	t.Helper()
	c := awsfake.New(t, awsfake.Options{Now: clock})
	c.AddLogGroup(group, 400)
	client := cloudwatchlogs.NewFromConfig(c.Config(), func(o *cloudwatchlogs.Options) { o.Retryer = aws.NopRetryer{} })
	return c, &LogGroup{API: client, Name: group, Now: clock}
}

// deliver has the sink of CloudWatch Logs deliver an event's record in a shape.
func deliver(t testing.TB, g *LogGroup, c pipeline.Config, events ...[]byte) (want []record) {
	t.Helper()
	config := cloudwatch.Config{LogGroup: g.Name, RetentionDays: 400, Now: clock}
	to := cloudwatch.New(g.API.(*cloudwatchlogs.Client), config)
	var batch []sink.Record
	for _, e := range events {
		text, one := normalised(t, c, e)
		want = append(want, one)
		batch = append(batch, sink.Record{Line: text, UUID: one.uuid, TimeMS: one.at.UnixMilli()})
	}
	answers := make([]sink.Answer, len(batch))
	if err := to.Deliver(t.Context(), batch, answers); err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if a.State != sink.Accepted {
			t.Fatalf("record %d: %+v", i, a)
		}
	}
	return want
}

// A log group is read whole, whatever the shape of its records: also a record of 60 days
// ago, which has the time of its arrival.
func TestLogGroup(t *testing.T) {
	_, g := logGroup(t)
	var want []record
	n := 0
	for _, c := range shapes {
		for _, age := range []time.Duration{time.Minute, 10 * time.Hour, 60 * 24 * time.Hour} {
			e := event(n, now.Add(-age))
			want = append(want, deliver(t, g, c, e.JSON)...)
			n++
		}
	}
	e := event(n, now.Add(-time.Hour))
	put(t, g, string(envelope(e.JSON)), now)
	want = append(want, record{e.UUID, e.Published})
	put(t, g, "not JSON", now)

	var got []record
	read, err := g.Read(t.Context(), Window{now.Add(-61 * 24 * time.Hour), now.Add(-59 * 24 * time.Hour)},
		func(id []byte, ms int64) error {
			got = append(got, record{string(id), time.UnixMilli(ms).UTC()})
			return nil
		})
	if err != nil || read.Unrecognised != 1 || read.Records != int64(len(want))+1 {
		t.Errorf("%+v, %v", read, err)
	}
	order := func(a, b record) int { return strings.Compare(a.uuid, b.uuid) }
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// put stores a log event as it is.
func put(t testing.TB, g *LogGroup, message string, at time.Time) {
	t.Helper()
	client := g.API.(*cloudwatchlogs.Client)
	name := aws.String(fmt.Sprint("other", len(message)))
	_, err := client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{
		LogGroupName: aws.String(g.Name), LogStreamName: name,
	})
	var there *types.ResourceAlreadyExistsException
	if err != nil && !errors.As(err, &there) {
		t.Fatal(err)
	}
	_, err = client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String(g.Name), LogStreamName: name,
		LogEvents: []types.InputLogEvent{{Message: aws.String(message), Timestamp: aws.Int64(at.UnixMilli())}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// answers is CloudWatch Logs with made-up answers.
type answers []*cloudwatchlogs.FilterLogEventsOutput

func (a *answers) FilterLogEvents(
	context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	if len(*a) == 0 {
		return nil, errors.New("no more answers")
	}
	next := (*a)[0]
	*a = (*a)[1:]
	return next, nil
}

// An answer that is none, and an error on any page, end the reading with an error.
func TestLogGroupIsReadWholeOrNotAtAll(t *testing.T) {
	page := func(next string) *cloudwatchlogs.FilterLogEventsOutput {
		out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}}
		if next != "" {
			out.NextToken = aws.String(next)
		}
		return out
	}
	for name, test := range map[string]struct {
		answers answers
		want    error
	}{
		"one page":               {answers{page("")}, nil},
		"empty pages":            {answers{page("1"), page("2"), page("1"), page("")}, nil},
		"the same token":         {answers{page("1"), page("1"), page("")}, ErrIncomplete},
		"an answer without list": {answers{page("1"), {}}, ErrIncomplete},
	} {
		_, _, err := all(t, &LogGroup{API: &test.answers, Name: group, Now: clock})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}

	c, g := logGroup(t)
	for n := range 40 {
		put(t, g, string(event(n, now).JSON)+strings.Repeat(" ", 100_000), now)
	}
	found, _, err := all(t, g)
	if err != nil || len(found) != 40 || c.Calls(awsfake.Logs, "FilterLogEvents") < 4 {
		t.Fatalf("%d events in %d calls, %v", len(found), c.Calls(awsfake.Logs, "FilterLogEvents"), err)
	}
	for name, fault := range map[string]awsfake.Fault{
		"denied":     {Status: 400, Code: "AccessDeniedException"},
		"throttled":  {Throttle: true},
		"cut off":    {ResetAfter: true},
		"bad answer": {Status: 500},
	} {
		before := c.Calls(awsfake.Logs, "FilterLogEvents")
		c.SetFaults(func(call awsfake.Call) awsfake.Fault {
			if call.Operation == "FilterLogEvents" && call.N == before+3 {
				return fault
			}
			return awsfake.Fault{}
		})
		if _, _, err := all(t, g); err == nil || !strings.Contains(err.Error(), "read log group /okta") {
			t.Errorf("%s on the third page: error %v", name, err)
		}
	}
}

// A log group of another product is an error, and a log group without records is not.
func TestLogGroupOfAnotherFormat(t *testing.T) {
	_, g := logGroup(t)
	o := org{events: []systemlog.Event{event(1, yesterday)}}
	job := Job{Window: Window{yesterday, yesterday.Add(time.Hour)}, List: o.list, Held: g}
	r, report := run(t, job)
	if report.Missing != 1 {
		t.Errorf("an empty log group: %+v", report.Counts)
	}
	put(t, g, "START RequestId: 1", now)
	put(t, g, `{"level":"info"}`, now)
	var unrecognised *UnrecognisedError
	if _, err := r.Compare(t.Context()); !errors.As(err, &unrecognised) || unrecognised.Records != 2 {
		t.Errorf("error %v", err)
	}
}

// Whatever a record holds: it is counted, what is recognised has a uuid, and nothing fails.
func FuzzRecognise(f *testing.F) {
	e := event(1, yesterday)
	for _, c := range shapes {
		text, _ := normalised(f, c, e.JSON)
		f.Add(text)
	}
	f.Add(envelope(e.JSON))
	f.Add([]byte(`{"class_uid":3002,"metadata":{"uid":"","original_time":"x","product":{"vendor_name":"Okta"}}}`))
	f.Add([]byte(`{"ocsf":{"class_uid":1,"metadata":null}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var read HeldRead
		taken := int64(0)
		err := newRecogniser().record(text, &read, func(id []byte, _ int64) error {
			if taken++; len(id) == 0 {
				t.Error("a record without a uuid")
			}
			return nil
		})
		if err != nil || read.Records < 1 || read.Records != taken+read.Unrecognised {
			t.Errorf("%d taken, %+v, %v", taken, read, err)
		}
	})
}
