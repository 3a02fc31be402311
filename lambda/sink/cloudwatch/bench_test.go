package cloudwatch

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/lambda/sink"
)

// yes accepts everything.
type yes struct{}

func (yes) PutLogEvents(context.Context, *cloudwatchlogs.PutLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutLogEventsOutput, error) {
	return &cloudwatchlogs.PutLogEventsOutput{}, nil
}

func (yes) CreateLogStream(context.Context, *cloudwatchlogs.CreateLogStreamInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

// thousand are 1,000 records of 2.5 kB, as a full batch from the queue is, in
// three calls.
func thousand() []sink.Record {
	records := make([]sink.Record, 1000)
	line := bytes.Repeat([]byte(`{"class_uid":3002,"uuid":"0123456789"},`), 64)
	for i := range records {
		records[i] = sink.Record{Line: line, TimeMS: noon.Add(time.Duration(i*7%1000) * time.Millisecond).UnixMilli()}
	}
	return records
}

func TestDeliverAllocations(t *testing.T) {
	s := New(yes{}, Config{LogGroup: "okta", Now: func() time.Time { return noon }})
	records, answers := thousand(), make([]sink.Answer, 1000)
	got := testing.AllocsPerRun(20, func() {
		clear(answers)
		if err := s.Deliver(context.Background(), records, answers); err != nil {
			t.Fatal(err)
		}
	})
	// Per call the text, the pointers into it, a context and its timer; nothing per
	// record.
	if got > 70 {
		t.Errorf("%v allocations for 1,000 records in 3 calls, want no more than 70", got)
	}
}

func BenchmarkDeliver(b *testing.B) {
	// A server that reads everything and thinks nothing of it: what is measured is
	// our end and the SDK's.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, `{"nextSequenceToken":"1"}`)
	}))
	defer server.Close()
	sdk := cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: "eu-central-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "none"}, nil
		}),
	})
	for _, c := range []struct {
		name string
		api  API
	}{{"api", yes{}}, {"sdk", sdk}} {
		b.Run(c.name, func(b *testing.B) {
			s := New(c.api, Config{LogGroup: "okta", Now: func() time.Time { return noon }})
			records, answers := thousand(), make([]sink.Answer, 1000)
			b.ReportAllocs()
			b.SetBytes(int64(len(records) * len(records[0].Line)))
			for b.Loop() {
				clear(answers)
				if err := s.Deliver(context.Background(), records, answers); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(len(records))/b.Elapsed().Seconds(), "records/s")
		})
	}
}
