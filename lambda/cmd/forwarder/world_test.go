package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/handler"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/sink"
)

const (
	ownSource  = "aws.partner/okta.com/example/oktastream"
	ownAccount = "111122223333"
	ownRegion  = "us-east-1"
	logGroup   = "/oktastream/okta"
	busName    = "okta-delivery"
)

// clock is the emulated AWS's: it can be set ahead, so that visibility timeouts
// end without anybody waiting.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// world is a pipeline in an emulated AWS: the buffer queue with its DLQ, the
// queue `dead`, a log group and a delivery bus.
type world struct {
	*awsfake.Cloud
	clock  clock
	config config.Config

	// Of a destination over HTTPS: what goes wrong with its requests, and how its
	// secret is changed.
	faults atomic.Pointer[func(*http.Request) httpsfake.Fault]
	rotate func(secret string)

	mu        sync.Mutex
	delivered map[string]int // copies, by uuid
}

// datadogHTTPS is the destination datadog with transport=https.
const datadogHTTPS config.Destination = "datadog-https"

// destinations are those that the tests run the function with.
var destinations = []config.Destination{
	config.CloudWatch, config.Datadog, config.Splunk, datadogHTTPS, config.Elastic, config.OpenSearch, config.Archive,
}

// bucket is the archive's.
const bucket = "okta-archive"

// storesOnce reports whether a destination stores an event once, whatever comes of it:
// its uuid is the id of the document.
func storesOnce(destination config.Destination) bool {
	return destination == config.Elastic || destination == config.OpenSearch
}

const (
	visibility = 365 * time.Second
	maxReceive = 59
)

func newWorld(t testing.TB, destination config.Destination) *world {
	w := &world{delivered: map[string]int{}}
	w.Cloud = awsfake.New(t, awsfake.Options{Now: w.clock.now, Account: ownAccount, Region: ownRegion, Discard: true})
	const days14 = 14 * 24 * time.Hour
	w.AddQueue("redrive", awsfake.QueueOptions{Retention: days14})
	dead := w.AddQueue("dead", awsfake.QueueOptions{Retention: days14})
	buffer := w.AddQueue(
		"buffer",
		awsfake.QueueOptions{
			VisibilityTimeout: visibility,
			Retention:         days14,
			MaxReceiveCount:   maxReceive,
			DeadLetter:        "redrive",
		},
	)
	w.AddLogGroup(logGroup, 400)
	w.AddBus(busName)
	w.OnLogEvents(logGroup, func(events []awsfake.LogEvent) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i := range events {
			w.delivered[uuidIn(events[i].Message)]++
		}
	})
	w.OnEvent(busName, func(envelope []byte) {
		var event struct {
			Detail struct {
				Logs []struct {
					UUID string `json:"uuid"`
				} `json:"logs"`
			} `json:"detail"`
		}
		if err := json.Unmarshal(envelope, &event); err != nil {
			t.Errorf("the bus got what is no JSON: %v", err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, log := range event.Detail.Logs {
			w.delivered[log.UUID]++
		}
	})
	w.AddBucket(bucket, awsfake.BucketOptions{Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Years: 1}, MaxKeys: 7})
	overHTTPS := w.overHTTPS(t, destination)
	name, transport := string(destination), ""
	if destination == datadogHTTPS {
		name, transport = string(config.Datadog), string(config.HTTPS)
	}
	env := map[string]string{
		"AWS_REGION":             ownRegion,
		"OKTASTREAM_PIPELINE":    "okta-" + string(destination),
		"OKTASTREAM_ACCOUNT":     ownAccount,
		"OKTASTREAM_DESTINATION": name,
		"OKTASTREAM_TRANSPORT":   transport,
		"OKTASTREAM_SOURCE":      ownSource,
		"OKTASTREAM_BUFFER_URL":  buffer,
		"OKTASTREAM_DEAD_URL":    dead,
		"OKTASTREAM_MAX_RECEIVE_COUNT": fmt.Sprint(
			maxReceive,
		),
		"OKTASTREAM_LOG_GROUP":      logGroup,
		"OKTASTREAM_RETENTION_DAYS": "400",
		"OKTASTREAM_DELIVERY_BUS":   busName,
		"OKTASTREAM_BUCKET":         bucket,
		"OKTASTREAM_BUCKET_OWNER":   ownAccount,
		"OKTASTREAM_SECRET":         secretName,
		"OKTASTREAM_ENDPOINT":       overHTTPS,
		"OKTASTREAM_SITE":           "datadoghq.com",
	}
	var err error
	if w.config, err = config.Read(func(key string) string { return env[key] }); err != nil {
		t.Fatal(err)
	}
	if overHTTPS != "" {
		w.config.HTTPS.Endpoint = overHTTPS
	}
	return w
}

// secretName is the secret of a destination over HTTPS, secretText its first value.
const (
	secretName = "okta/secret"
	secretText = "first-secret"
)

// overHTTPS starts the fake of a destination over HTTPS and returns its address, "" for
// the others.
func (w *world) overHTTPS(t testing.TB, destination config.Destination) string {
	count := func(uuid string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.delivered[uuid]++
	}
	var fake http.Handler
	var accept func(secret string)
	switch destination {
	case config.Splunk:
		hec := httpsfake.NewHEC(httpsfake.HECOptions{Token: secretText, OnEvents: func(events []httpsfake.HECEvent) {
			for _, e := range events {
				count(memberUUID(t, e.Event))
			}
		}})
		fake, accept = hec, func(secret string) { hec.SetToken(secret, false) }
	case datadogHTTPS:
		intake := httpsfake.NewDatadog(secretText, time.Now, func(logs []json.RawMessage) {
			for _, log := range logs {
				count(memberUUID(t, log))
			}
		})
		fake, accept = intake, intake.SetKey
	case config.Elastic, config.OpenSearch:
		bulk := httpsfake.NewBulk(w.bulkOptions(destination, count))
		busy := map[string]bool{}
		bulk.SetItemStatus(func(id string, _ int) int { // one call at a time
			last := id[len(id)-1]
			if busy[id] || last != '3' && last != '7' {
				return 0
			}
			busy[id] = true
			return map[byte]int{'3': http.StatusTooManyRequests, '7': http.StatusServiceUnavailable}[last]
		})
		fake, accept = bulk, func(string) {}
		if destination == config.Elastic {
			accept = func(secret string) { bulk.SetAuthorization("ApiKey " + secret) }
		}
		accept(secretText)
	default:
		return ""
	}
	w.SetSecret(secretName, secretText)
	w.rotate = func(secret string) {
		accept(secret)
		w.SetSecret(secretName, secret)
	}
	server := httptest.NewServer(httpsfake.WithFaults(fake, func(r *http.Request) httpsfake.Fault {
		if f := w.faults.Load(); f != nil {
			return (*f)(r)
		}
		return httpsfake.Fault{}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// bulkOptions are those of the fake of _bulk. With OpenSearch requests are signed.
func (w *world) bulkOptions(destination config.Destination, count func(uuid string)) httpsfake.BulkOptions {
	o := httpsfake.BulkOptions{Discard: true, OnDocument: func(d httpsfake.Document) { count(d.ID) }}
	if destination == config.Elastic {
		o.Elasticsearch, o.NoAutoCreate = true, true
		o.DataStreams, o.Pipeline = []string{"logs-okta.system-default"}, httpsfake.OktaPipeline
		return o
	}
	sdk := w.Config()
	o.SigV4 = &httpsfake.SigV4{Service: "es", Region: sdk.Region, Credentials: aws.Credentials{
		AccessKeyID: "AKIAFAKE", SecretAccessKey: "secret",
	}}
	return o
}

func memberUUID(t testing.TB, text []byte) string {
	var m struct{ UUID string }
	if err := json.Unmarshal(text, &m); err != nil {
		t.Errorf("what arrived is not JSON: %v", err)
	}
	return m.UUID
}

// uuidIn is metadata.uid of an OCSF record, found without parsing it.
func uuidIn(record string) string {
	_, rest, _ := strings.Cut(record, `"metadata":{`)
	_, rest, _ = strings.Cut(rest, `"uid":"`)
	uuid, _, _ := strings.Cut(rest, `"`)
	return uuid
}

// function is one execution environment: a handler of its own, as Lambda has it.
func (w *world) function(out io.Writer) *handler.Handler {
	h, err := newHandler(w.config, w.Config(), out, 500*time.Millisecond)
	if err != nil {
		panic(err) // config.Read has accepted it
	}
	// The waits are real time and there are thousands of them.
	h.Deliver.(*sink.Loop).FirstCeiling = 4 * time.Millisecond
	return h
}

// counters adds up the ledgers that the functions write, and checks each.
type counters struct {
	mu     sync.Mutex
	total  ledger.Ledger
	broken []string
	lines  int
}

func (b *counters) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if !bytes.Contains(line, []byte(`"received"`)) || !bytes.Contains(line, []byte(`"_aws"`)) {
			continue
		}
		var l ledger.Ledger
		b.mu.Lock()
		b.lines++
		if err := json.Unmarshal(line, &l); err != nil || !l.Balanced() {
			b.broken = append(b.broken, string(line))
		}
		b.total.Add(l)
		b.mu.Unlock()
	}
	return len(p), nil
}

// sent is what was put into the buffer queue.
type sent struct {
	uuids  map[string]int // how many messages with the uuid and these bytes
	poison map[string]int // bodies that can never be delivered
	count  int
}

// event is a System Log event of usual size.
func event(uuid string, published time.Time, eventType string) string {
	return fmt.Sprintf(
		`{"actor":{"id":"00u1","type":"User","alternateId":"a@example.com","displayName":"A","detailEntry":null},`+
			`"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0","os":"Mac OS X","browser":"CHROME"},"zone":"null","device":"Computer","id":null,"ipAddress":"203.0.113.9","geographicalContext":{"city":"Dublin","country":"Ireland"}},`+
			`"displayMessage":"User login to Okta","eventType":%q,"outcome":{"result":"SUCCESS","reason":null},"published":%q,"severity":"INFO",`+
			`"debugContext":{"debugData":{"requestId":"r-1","risk":"{level=LOW}"}},"transaction":{"type":"WEB","id":"t","detail":{}},"uuid":%q,"version":"0",`+
			`"target":[{"id":"0oa1","type":"AppInstance","alternateId":"App","displayName":"App","detailEntry":null}]}`,
		eventType,
		published.UTC().Format("2006-01-02T15:04:05.000Z"),
		uuid,
	)
}

func envelope(detail string) string {
	return fmt.Sprintf(
		`{"version":"0","id":"e","detail-type":"SystemLog","source":%q,"account":%q,"time":"2026-09-01T10:11:12Z","region":%q,"resources":[],"detail":%s}`,
		ownSource,
		ownAccount,
		ownRegion,
		detail,
	)
}

// fill sends n events and what goes with them in real life: copies, the same
// uuid with other bytes, arrays, events that are too old, and poison.
func (w *world) fill(r *rand.Rand, prefix string, n int) *sent {
	s := &sent{uuids: map[string]int{}, poison: map[string]int{}}
	send := func(body string) {
		w.Send("buffer", body, nil)
		s.count++
	}
	for i := range n {
		uuid := fmt.Sprintf("%s-%07d", prefix, i)
		published := time.Now().Add(-time.Duration(r.IntN(3600)) * time.Second)
		switch p := r.IntN(1000); {
		case p < 5:
			published = time.Now().Add(-20 * 24 * time.Hour) // too old for either destination
		case p < 15:
			// Young enough by our clock and too old by that of CloudWatch Logs.
			published = time.Now().Add(-14*24*time.Hour + 9*time.Minute)
		}
		body := envelope(event(uuid, published, "user.session.start"))
		s.uuids[uuid]++
		switch p := r.IntN(1000); {
		case p < 10:
			send(body) // a copy, byte for byte
		case p < 15:
			send(envelope(event(uuid, published, "user.session.end"))) // a conflict
			s.uuids[uuid]++
		case p < 20:
			other := uuid + "b"
			s.uuids[other]++
			body = "[" + body + "," + envelope(event(other, published, "user.quantum.leap")) + "]"
		case p < 30:
			bad := []string{
				fmt.Sprintf(`{"truncated":%d`, i), fmt.Sprintf(`[%d]`, i), envelope(fmt.Sprintf(`{"eventType":"a.b","n":%d}`, i)),
				fmt.Sprintf(`{"source":"aws.ec2","detail-type":"x","n":%d}`, i), event(fmt.Sprintf("foreign-%s-%d", prefix, i), published, "user.session.start"),
			}[r.IntN(5)]
			want := bad
			if strings.HasPrefix(bad, "[") {
				want = strings.Trim(bad, "[]")
			}
			s.poison[want]++
			send(bad)
		}
		send(body)
	}
	return s
}
