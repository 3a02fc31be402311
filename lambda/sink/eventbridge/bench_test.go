package eventbridge

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/oktastream/oktastream/lambda/sink"
)

// yes is a bus that takes everything and costs nothing.
type yes struct{}

func (yes) PutEvents(_ context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	out := &eventbridge.PutEventsOutput{Entries: make([]types.PutEventsResultEntry, len(in.Entries))}
	for i := range out.Entries {
		out.Entries[i].EventId = aws.String("e")
	}
	return out, nil
}

// Do is the same below the SDK: what is measured is the SDK, without a network.
func (yes) Do(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(`{"FailedEntryCount":0,"Entries":[{"EventId":"e"}]}`)),
	}, nil
}

// benchRecords are a thousand Datadog logs of 2.9 kB, with as many quotes as a
// log has.
func benchRecords(at time.Time) []sink.Record {
	list := make([]sink.Record, 1000)
	for i := range list {
		line := fmt.Appendf(nil, `{"uuid":"%08d","published":"2026-11-22T12:00:00.000Z","ddsource":"okta","date":"2026-11-22T12:00:00.000Z"`, i)
		for n := 0; len(line) < 2870; n++ {
			line = fmt.Appendf(line, `,"attribute%d":"some text of it"`, n)
		}
		list[i] = sink.Record{Line: append(line, `,"okta":{"risk":{}}}`...), TimeMS: at.UnixMilli()}
	}
	return list
}

func BenchmarkDeliver(b *testing.B) {
	client := eventbridge.New(eventbridge.Options{
		Region: "us-east-1", HTTPClient: yes{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	for _, bm := range []struct {
		name string
		api  API
		at   time.Time
	}{
		{"packing", yes{}, testNow},
		{"packing and restamping", yes{}, testNow.Add(-8 * time.Hour)},
		{"through the SDK", client, testNow},
	} {
		b.Run(bm.name, func(b *testing.B) {
			c := config("datadog")
			s := New(bm.api, c)
			batch := benchRecords(bm.at)
			answers := make([]sink.Answer, len(batch))
			size := 0
			for _, r := range batch {
				size += len(r.Line)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if answers, err = deliver(s, batch); err != nil {
					b.Fatal(err)
				}
			}
			if states(answers)[sink.Accepted] != len(batch) {
				b.Fatal(states(answers))
			}
			b.ReportMetric(float64(len(batch)*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkUnpack(b *testing.B) {
	bus := newBus(b)
	if _, err := deliver(New(bus, config("datadog")), benchRecords(testNow)[:80]); err != nil {
		b.Fatal(err)
	}
	detail := []byte(*bus.accepted[0].Detail)
	b.SetBytes(int64(len(detail)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Unpack(detail); err != nil {
			b.Fatal(err)
		}
	}
}

// Packing costs one copy of what is sent and little beside: nothing for each
// record. Restamping may cost a handful.
func TestAllocations(t *testing.T) {
	for name, tc := range map[string]struct {
		at   time.Time
		most float64 // for each record
	}{"packing": {testNow, 0.3}, "restamping": {testNow.Add(-8 * time.Hour), 4}} {
		s := New(yes{}, config("datadog"))
		batch := benchRecords(tc.at)
		answers := make([]sink.Answer, len(batch))
		cuts := s.Cut(batch)
		got := testing.AllocsPerRun(5, func() {
			for _, indexes := range cuts { // which ascend without a gap
				first, last := indexes[0], indexes[len(indexes)-1]
				if err := s.Deliver(context.Background(), batch[first:last+1], answers[first:last+1]); err != nil {
					t.Fatal(err)
				}
			}
		})
		t.Logf("%s: %v allocations for %d records", name, got, len(batch))
		if got > tc.most*float64(len(batch)) {
			t.Errorf("%s: %v allocations for %d records", name, got, len(batch))
		}
	}
}
