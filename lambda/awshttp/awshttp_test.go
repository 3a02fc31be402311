package awshttp_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/deadletter"
)

// No response is lost, and no message sent twice, whatever time it takes.
func TestNoResponseIsLost(t *testing.T) {
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ MessageBody string }
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &in) != nil {
			t.Errorf("request: %v", err)
		}
		// The header comes at once, and the body of the response later.
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Millisecond)
		sum := md5.Sum([]byte(in.MessageBody))
		n := served.Add(1)
		_, _ = fmt.Fprintf(w, `{"MessageId":"m-%d","MD5OfMessageBody":%q}`, n, hex.EncodeToString(sum[:]))
	}))
	defer server.Close()
	api := sqs.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, HTTPClient: awshttp.Client(nil),
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	const calls, workers = 2000, 8
	queue := &deadletter.Queue{API: api, URL: server.URL}
	body := []byte(strings.Repeat("x", 200))
	var lost atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range calls / workers {
				if err := queue.Forward(context.Background(), body, ""); err != nil {
					lost.Add(1)
					t.Log(err)
				}
			}
		})
	}
	group.Wait()
	if lost.Load() > 0 || served.Load() != calls {
		t.Errorf("%d of %d responses are lost, %d requests were served", lost.Load(), calls, served.Load())
	}
}

// closedBody is what smithy-go makes of a request's body once the response has
// begun: WriteTo fails, Read says that there is no more.
type closedBody struct {
	io.Reader
	written bool
}

func (b *closedBody) WriteTo(io.Writer) (int64, error) { b.written = true; return 0, io.EOF }
func (b *closedBody) Close() error                     { return nil }

func TestABodyIsReadAndNeverAskedToWriteItself(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	body := &closedBody{Reader: strings.NewReader("{}")}
	r, err := http.NewRequest("POST", server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = 2
	response, err := awshttp.Client(nil).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body.written || response.StatusCode != http.StatusNotFound {
		t.Errorf("WriteTo was used: %v; %s", body.written, response.Status)
	}
}
