package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwltypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/handler"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/cloudwatch"
)

// reconcileWorld is an emulated AWS with a pipeline, and an org whose events it is to have.
type reconcileWorld struct {
	*cloud
	caller
	org   *oktafake.Org
	url   string // of the org
	since time.Time
}

// newReconcileWorld has three settled hours of events, from since on.
func newReconcileWorld(t *testing.T, perHour int) *reconcileWorld {
	w := &reconcileWorld{cloud: newCloud(t), caller: newCaller(t)}
	w.org = oktafake.New(oktafake.Config{
		RateLimit:  100_000,
		Principals: []oktafake.Principal{{Name: "audit", Token: "t0ken", Role: oktafake.ReportAdmin}},
	})
	server := httptest.NewServer(w.org)
	t.Cleanup(server.Close)
	w.url = server.URL
	for _, pair := range append(w.env, "OKTA_API_TOKEN=t0ken") {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	w.since = time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)
	if perHour > 0 {
		w.org.Generate(oktafake.Load{Since: w.since, Span: 3 * time.Hour, PerHour: perHour, Seed: 1})
	}
	return w
}

// events are those of the window, as the org has them.
func (w *reconcileWorld) events() []oktafake.Event {
	return slices.Collect(w.org.Events(w.since, w.since.Add(3*time.Hour)))
}

// deliver stores events in the log group in a format, as the function does.
func (w *reconcileWorld) deliver(t *testing.T, format pipeline.Format, list ...oktafake.Event) {
	t.Helper()
	client := cloudwatchlogs.NewFromConfig(w.Config())
	to := cloudwatch.New(client, cloudwatch.Config{LogGroup: "/okta", RetentionDays: 400, Now: w.cloud.now})
	p := pipeline.New(pipeline.Config{Format: format})
	var records []sink.Record
	for _, e := range list {
		out := p.Process(nil, e.JSON, func(r *pipeline.Record) {
			if r.Fault != nil {
				t.Fatal(r.Fault)
			}
		})
		line := strings.TrimSuffix(string(out), "\n")
		records = append(records, sink.Record{Line: []byte(line), UUID: e.UUID, TimeMS: e.Published.UnixMilli()})
	}
	answers := make([]sink.Answer, len(records))
	if err := to.Deliver(t.Context(), records, answers); err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		if a.State != sink.Accepted {
			t.Fatalf("%+v", a)
		}
	}
}

// reconcile runs the command with --json over the three hours.
func (w *reconcileWorld) reconcile(t *testing.T, args ...string) (code int, got reconciliation, stderr string) {
	t.Helper()
	code, stdout, stderr := w.call(t, "", w.args(append(args, "--json")...)...)
	if stdout != "" {
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatalf("%v in %s", err, stdout)
		}
	}
	return code, got, stderr
}

func (w *reconcileWorld) args(args ...string) []string {
	all := []string{"reconcile", "--org-url", w.url}
	if !slices.Contains(args, "--since") {
		all = append(all, "--since", w.since.Format(time.RFC3339), "--until", w.since.Add(3*time.Hour).Format(time.RFC3339))
	}
	if !slices.Contains(args, "--against") {
		all = append(all, "--against", "cloudwatch", "--stack", "okta")
	}
	return append(all, args...)
}

// function starts the function of the stack okta on the buffer queue. It works until the
// test ends.
func (w *reconcileWorld) function(t *testing.T) {
	t.Helper()
	w.functionOf(t, map[string]string{
		"OKTASTREAM_PIPELINE": "okta-cloudwatch", "OKTASTREAM_DESTINATION": "cloudwatch",
		"OKTASTREAM_LOG_GROUP": "/okta", "OKTASTREAM_RETENTION_DAYS": "400",
	}, config.Clients{Logs: cloudwatchlogs.NewFromConfig(w.Config())})
}

// functionOf starts the function of any destination, as function does.
func (w *reconcileWorld) functionOf(t *testing.T, own map[string]string, clients config.Clients) {
	t.Helper()
	env := map[string]string{
		"AWS_REGION": ownRegion, "OKTASTREAM_ACCOUNT": ownAccount,
		"OKTASTREAM_SOURCE": ownSource, "OKTASTREAM_BUFFER_URL": w.buffer,
		"OKTASTREAM_DEAD_URL":          strings.TrimSuffix(w.buffer, "buffer") + "dead",
		"OKTASTREAM_MAX_RECEIVE_COUNT": "59",
	}
	maps.Copy(env, own)
	c, err := config.Read(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	queues := sqs.NewFromConfig(w.Config())
	loop, err := c.NewLoop(clients, w.cloud.now, 0)
	if err != nil {
		t.Fatal(err)
	}
	h := &handler.Handler{
		Config: c, Dead: &deadletter.Queue{API: queues, URL: c.DeadURL}, Metrics: io.Discard,
		Buffer: &deadletter.Queue{API: queues, URL: c.BufferURL}, Log: slog.New(slog.DiscardHandler), Now: w.cloud.now,
		Deliver: loop,
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := w.invoke(ctx, h, queues); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	}()
}

// invoke gives the function up to ten messages, and deletes those that it does not return.
func (w *reconcileWorld) invoke(ctx context.Context, h *handler.Handler, queues *sqs.Client) error {
	out, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &w.buffer, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: []string{"All"},
	})
	if err != nil || len(out.Messages) == 0 {
		return err
	}
	type attribute struct {
		StringValue string `json:"stringValue"`
		DataType    string `json:"dataType"`
	}
	type record struct {
		MessageID   string               `json:"messageId"`
		Body        string               `json:"body"`
		EventSource string               `json:"eventSource"`
		Attributes  map[string]attribute `json:"messageAttributes"`
	}
	var batch struct{ Records []record }
	for _, m := range out.Messages {
		attributes := map[string]attribute{}
		for name, a := range m.MessageAttributes {
			attributes[name] = attribute{*a.StringValue, *a.DataType}
		}
		batch.Records = append(batch.Records, record{*m.MessageId, *m.Body, "aws:sqs", attributes})
	}
	payload, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	answer, err := h.Invoke(timed, payload)
	if err != nil {
		return err
	}
	for _, m := range out.Messages {
		if strings.Contains(string(answer), *m.MessageId) {
			continue
		}
		if _, err := queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{
			QueueUrl: &w.buffer, ReceiptHandle: m.ReceiptHandle,
		}); err != nil {
			return err
		}
	}
	return nil
}

// The events of a gap are found, and no other, whatever the format of the records; the page,
// the list and the page for an auditor say the same.
func TestReconcileFindsTheGap(t *testing.T) {
	w := newReconcileWorld(t, 200)
	list := w.events()
	gap := list[250:370]
	formats := []pipeline.Format{pipeline.OCSF, pipeline.Datadog, pipeline.Raw}
	for i, e := range slices.Concat(list[:250], list[370:]) {
		w.deliver(t, formats[i%len(formats)], e)
	}
	w.deliver(t, pipeline.OCSF, list[0], list[1])

	dir := t.TempDir()
	missing, page := filepath.Join(dir, "missing"), filepath.Join(dir, "page.html")
	code, got, stderr := w.reconcile(t, "--missing", missing, "--html", page)
	n := int64(len(list))
	if code != exitFailed || got.Verdict != "missing" || got.Okta != n || got.Here != n-120 || *got.Missing != 120 ||
		*got.Extra != 0 || got.Copies != 2 || len(got.Hours) != 3 || got.Records != n-118 || stderr != "" {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
	var want []string
	for _, e := range gap {
		want = append(want, e.UUID)
	}
	slices.Sort(want)
	lines := strings.Fields(read(t, missing))
	if slices.Sort(lines); !slices.Equal(lines, want) {
		t.Errorf("--missing has %d uuids, want %d", len(lines), len(want))
	}
	html := read(t, page)
	for _, text := range []string{"missing: 120 events of", w.url, "log group /okta", ownAccount, `class="missing"`} {
		if !strings.Contains(html, text) {
			t.Errorf("the page does not have %q", text)
		}
	}
	checkNoContent(t, html, list)

	code, stdout, stderr := w.call(t, "", w.args()...)
	if code != exitFailed || stderr != "" || !strings.Contains(stdout, "missing: 120 events of") ||
		!strings.Contains(stdout, " # ") {
		t.Errorf("exit %d, %s\n%s", code, stderr, stdout)
	}
	for line := range strings.Lines(stdout) {
		if utf8.RuneCountInString(line) > columns+1 {
			t.Errorf("a line of %d characters: %s", utf8.RuneCountInString(line), line)
		}
	}
	checkNoContent(t, stdout, list)
}

// checkNoContent wants nothing of the events in a text but what counts them.
func checkNoContent(t *testing.T, text string, list []oktafake.Event) {
	t.Helper()
	for _, e := range list {
		var event struct {
			Actor struct {
				ID          string `json:"id"`
				AlternateID string `json:"alternateId"`
				DisplayName string `json:"displayName"`
			} `json:"actor"`
		}
		if err := json.Unmarshal(e.JSON, &event); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{e.UUID, event.Actor.ID, event.Actor.AlternateID, event.Actor.DisplayName} {
			if len(word) > 5 && word != "Okta System" && strings.Contains(text, word) {
				t.Fatalf("%q is in the output", word)
			}
		}
	}
}

// --fill sends exactly what is missing, through the queue and the function; the comparison
// that follows proves it, and another --fill sends nothing. That holds also where the events
// are so old that CloudWatch Logs takes them with another time only.
func TestReconcileFills(t *testing.T) {
	for name, age := range map[string]time.Duration{"two days ago": 48 * time.Hour, "60 days ago": 60 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := newReconcileWorld(t, 0)
			w.since = time.Now().UTC().Truncate(time.Hour).Add(-age)
			w.org.Generate(oktafake.Load{Since: w.since, Span: 3 * time.Hour, PerHour: 100, Seed: 2})
			list := w.events()
			w.deliver(t, pipeline.OCSF, list[:120]...)
			w.deliver(t, pipeline.OCSF, list[180:]...)
			w.function(t)
			code, got, stderr := w.reconcile(t, "--fill", "--wait", "1m")
			if code != exitDone || got.Verdict != "complete" || got.Filled == nil || got.Filled.Missing != 60 ||
				got.Filled.Sent != 60 || got.Copies != 0 || got.Here != got.Okta {
				t.Fatalf("exit %d, %+v %+v, %s", code, got, got.Filled, stderr)
			}
			code, got, stderr = w.reconcile(t, "--fill", "--wait", "1m")
			if code != exitDone || got.Filled != nil || got.Copies != 0 {
				t.Errorf("again: exit %d, %+v, %s", code, got.Filled, stderr)
			}
			if n := len(w.Messages("dead")) + len(w.Messages("redrive")); n > 0 {
				t.Errorf("%d dead letters", n)
			}
		})
	}
}

// With ingest=rule there is no queue: --fill sends to the log group itself, in the envelope
// that the rule stores there.
func TestReconcileFillsARule(t *testing.T) {
	w := newReconcileWorld(t, 20)
	w.deliver(t, pipeline.Raw, w.events()[4:]...)
	code, got, stderr := w.reconcile(t, "--against", "cloudwatch", "--stack", "rules", "--fill", "--wait", "10s")
	if code != exitDone || got.Filled == nil || got.Filled.Sent != 4 || got.Copies != 0 || got.Buffer != nil {
		t.Errorf("exit %d, %+v, %+v, %s", code, got, got.Filled, stderr)
	}
}

// Events that the pipeline's filter drops are not missing.
func TestReconcileFilters(t *testing.T) {
	w := newReconcileWorld(t, 50)
	list := w.events()
	dropped := list[0].EventType
	queue := strings.TrimSuffix(w.buffer, "buffer")
	text, err := json.Marshal(pipelineOutput{
		Oktastream: 1, Name: "few-cloudwatch", Destination: "cloudwatch", Ingest: "queue", Source: ownSource,
		Account: ownAccount, Region: ownRegion, LogGroup: "/okta", RetentionDays: 400, Exclude: dropped + ",x.*",
		Buffer: w.buffer, Redrive: queue + "redrive", Dead: queue + "dead", ReplayRole: replayRole,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.AddStack("few", map[string]string{"Pipeline": string(text)})
	n := int64(0)
	for _, e := range list {
		if e.EventType == dropped {
			n++
			continue
		}
		w.deliver(t, pipeline.OCSF, e)
	}
	code, got, stderr := w.reconcile(t, "--against", "cloudwatch", "--stack", "few")
	if code != exitDone || got.Filtered != n || got.Okta != int64(len(list))-n || got.Here != got.Okta {
		t.Errorf("exit %d, %d of %s, %+v, %s", code, n, dropped, got, stderr)
	}
}

// Ctrl-C ends it with 130, and leaves no file.
func TestReconcileInterrupted(t *testing.T) {
	w := newReconcileWorld(t, 20)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "FilterLogEvents" {
			cancel()
			return awsfake.Fault{Hang: true}
		}
		return awsfake.Fault{}
	})
	t.Setenv("TMPDIR", t.TempDir())
	page := filepath.Join(t.TempDir(), "page.html")
	code := run(ctx, w.args("--html", page), console(w.caller))
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(page); code != exitInterrupted || err == nil || len(left) > 0 {
		t.Errorf("exit %d, the page is there: %v, temporary files: %v", code, err == nil, left)
	}
}

// What is in a dead-letter queue is waiting, not missing. What is in the buffer queue is
// missing, and the output says so.
func TestReconcileWaiting(t *testing.T) {
	w := newReconcileWorld(t, 50)
	list := w.events()
	w.deliver(t, pipeline.OCSF, list[2:]...)
	send := func(queue string, e oktafake.Event) { w.Send(queue, oktaEnvelope(string(e.JSON)), nil) }
	send("dead", list[0])
	send("redrive", list[1])
	code, got, stderr := w.reconcile(t)
	if code != exitUnproven || got.Verdict != "waiting" || got.Waiting != 2 || *got.Missing != 0 || stderr != "" {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
	for _, queue := range []string{"dead", "redrive"} {
		if m := w.Messages(queue); len(m) != 1 || m[0].InFlight {
			t.Errorf("%s has %+v", queue, m)
		}
	}
	w = newReconcileWorld(t, 50)
	list = w.events()
	w.deliver(t, pipeline.OCSF, list[1:]...)
	send("buffer", list[0])
	code, got, _ = w.reconcile(t)
	if code != exitFailed || *got.Missing != 1 || got.Buffer == nil || *got.Buffer != 1 {
		t.Errorf("exit %d, %+v", code, got)
	}
	_, stdout, _ := w.call(t, "", w.args()...)
	if !strings.Contains(stdout, "about 1 message in the buffer queue") {
		t.Errorf("the page says nothing of the buffer queue: %s", stdout)
	}
}

// Exit code 0 only where every hour is settled, and 3 where one is not.
func TestReconcileExitCodes(t *testing.T) {
	w := newReconcileWorld(t, 20)
	w.deliver(t, pipeline.OCSF, w.events()...)
	if code, got, stderr := w.reconcile(t); code != exitDone || got.Verdict != "complete" {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
	code, got, stderr := w.reconcile(t, "--since", w.since.Format(time.RFC3339), "--until", "1h")
	if code != exitUnproven || got.Verdict != "provisional" || *got.Missing != 0 {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
	// The other side's uuids are others.
	others := newReconcileWorld(t, 100)
	for _, e := range others.events() {
		e.JSON = []byte(strings.ReplaceAll(string(e.JSON), e.UUID, "x"+e.UUID[1:]))
		others.deliver(t, pipeline.Raw, e)
	}
	code, got, stderr = others.reconcile(t)
	if code != exitFailed || got.Verdict != "not_comparable" || got.Missing != nil || got.Hours[0].Missing != nil {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
	if _, stdout, _ := others.call(t, "", others.args()...); strings.Contains(stdout, "#") {
		t.Errorf("a gap is claimed: %s", stdout)
	}
}

// Files are read in place of the log group, and no stack is needed.
func TestReconcileAgainstFiles(t *testing.T) {
	w := newReconcileWorld(t, 20)
	list := w.events()
	dir := t.TempDir()
	var names []string
	for i, part := range [][]oktafake.Event{list[:30], list[31:]} {
		name := filepath.Join(dir, string(rune('a'+i))+".jsonl")
		var text strings.Builder
		for _, e := range part {
			text.Write(e.JSON)
			text.WriteByte('\n')
		}
		if err := os.WriteFile(name, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	code, got, stderr := w.reconcile(t, "--against", names[0], names[1])
	if code != exitFailed || *got.Missing != 1 || got.Records != int64(len(list))-1 || stderr != "" {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
}

// Bad input and refused calls: an error that says what to do, no figures, and no files.
func TestReconcileFaults(t *testing.T) {
	w := newReconcileWorld(t, 20)
	w.deliver(t, pipeline.OCSF, w.events()...)
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.jsonl")
	if err := os.WriteFile(other, []byte("{\"level\":\"info\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args  []string
		fault string // of this operation
		code  int
		want  string
	}{
		"since after until":     {[]string{"--since", "2026-11-02", "--until", "2026-11-01"}, "", 2, "is not before --until"},
		"since in the future":   {[]string{"--since", "2999-11-02", "--until", "2999-11-03"}, "", 2, "in the future"},
		"since 100 days ago":    {[]string{"--since", "100d", "--until", "95d"}, "", 1, "keeps events for 90 days"},
		"no such stack":         {[]string{"--against", "cloudwatch", "--stack", "none"}, "", 1, "stack none does not exist"},
		"a stack without group": {[]string{"--against", "cloudwatch", "--stack", "hounds"}, "", 2, "delivers to datadog"},
		"several pipelines":     {[]string{"--against", there, "--stack", "oktastream"}, "", 2, "choose one with --pipeline"},
		"fill without a stack":  {[]string{"--against", there, "--fill"}, "", 2, "--fill needs --stack"},
		"no such file":          {[]string{"--against", filepath.Join(dir, "none")}, "", 1, "no such file"},
		"another format":        {[]string{"--against", other}, "", 1, "none is recognised as a record of an Okta event"},
		"a file that is there":  {[]string{"--html", there}, "", 1, "overwrites nothing"},
		"no permission":         {nil, "FilterLogEvents", 1, "logs:FilterLogEvents"},
		"no permission, queue":  {nil, "ReceiveMessage", 1, "ReceiveMessage"},
	} {
		w.SetFaults(func(call awsfake.Call) awsfake.Fault {
			if call.Operation == test.fault {
				return awsfake.Fault{Status: 400, Code: "AccessDeniedException"}
			}
			return awsfake.Fault{}
		})
		out := filepath.Join(dir, "out")
		code, stdout, stderr := w.call(t, "", w.args(append([]string{"--missing", out}, test.args...)...)...)
		if code != test.code || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit %d, %s, want %q\n%s", name, code, stderr, test.want, stdout)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: the file of --missing is there", name)
			os.Remove(out)
		}
	}
	w.SetFaults(nil)
	t.Setenv("OKTA_API_TOKEN", "wrong")
	code, stdout, stderr := w.call(t, "", w.args()...)
	if code != exitFailed || stdout != "" || !strings.Contains(stderr, "hint: ") || strings.Contains(stderr, "wrong\n") {
		t.Errorf("a wrong token: exit %d, %s", code, stderr)
	}
}

// A log group that cannot be read is reported before Okta is read, which can take hours.
func TestReconcileLooksAtTheLogGroupFirst(t *testing.T) {
	w := newReconcileWorld(t, 20)
	client := cloudwatchlogs.NewFromConfig(w.Config())
	if _, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{
		LogGroupName: aws.String("/infrequent"), LogGroupClass: cwltypes.LogGroupClassInfrequentAccess,
	}); err != nil {
		t.Fatal(err)
	}
	queue := strings.TrimSuffix(w.buffer, "buffer")
	var denied, oktaCalls atomic.Int64
	w.org.SetFaults(func(oktafake.Call) oktafake.Fault {
		oktaCalls.Add(1)
		return oktafake.Fault{}
	})
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "FilterLogEvents" && denied.Load() > 0 {
			return awsfake.Fault{Status: 400, Code: "AccessDeniedException"}
		}
		return awsfake.Fault{}
	})
	for name, test := range map[string]struct {
		group  string
		denied int64
		want   []string
	}{
		"the class Infrequent Access": {"/infrequent", 0, []string{
			"read log group /infrequent: FilterLogEvents: InvalidOperationException", "Logs Insights", "--against FILE",
		}},
		"no permission": {"/okta", 1, []string{
			"read log group /okta: FilterLogEvents: AccessDeniedException", "permission logs:FilterLogEvents", "--role ARN",
		}},
		"no such group": {"/gone", 0, []string{"ResourceNotFoundException", "check --stack"}},
	} {
		text, err := json.Marshal(pipelineOutput{
			Oktastream: 1, Name: "p-cloudwatch", Destination: "cloudwatch", Ingest: "queue", Source: ownSource,
			Account: ownAccount, Region: ownRegion, LogGroup: test.group, RetentionDays: 400,
			Buffer: w.buffer, Redrive: queue + "redrive", Dead: queue + "dead", ReplayRole: replayRole,
		})
		if err != nil {
			t.Fatal(err)
		}
		stack := "of" + strings.ReplaceAll(test.group, "/", "-")
		w.AddStack(stack, map[string]string{"Pipeline": string(text)})
		denied.Store(test.denied)
		code, stdout, stderr := w.call(t, "", w.args("--against", "cloudwatch", "--stack", stack)...)
		if n := oktaCalls.Load(); code != exitFailed || stdout != "" || n > 0 {
			t.Errorf("%s: exit %d, %d requests to Okta, %s%s", name, code, n, stdout, stderr)
		}
		for _, want := range test.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: want %q: %s", name, want, stderr)
			}
		}
	}
}

// A file of --against that cannot be read is reported before Okta is read.
func TestReconcileLooksAtTheFilesFirst(t *testing.T) {
	w := newReconcileWorld(t, 20)
	var oktaCalls atomic.Int64
	w.org.SetFaults(func(oktafake.Call) oktafake.Fault {
		oktaCalls.Add(1)
		return oktafake.Fault{}
	})
	dir := t.TempDir()
	for name, want := range map[string]string{
		dir:                        "is a directory\noktastream: hint: it is a directory: name a file",
		filepath.Join(dir, "none"): "no such file or directory\noktastream: hint: check the name",
	} {
		code, stdout, stderr := w.call(t, "", w.args("--against", name)...)
		if n := oktaCalls.Load(); code != exitFailed || stdout != "" || n > 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %d requests to Okta, %s%s", name, code, n, stdout, stderr)
		}
	}
}

// What Okta no longer keeps is left out, and that is said.
func TestReconcileSaysWhatOktaNoLongerKeeps(t *testing.T) {
	w := newReconcileWorld(t, 20)
	w.deliver(t, pipeline.OCSF, w.events()...)
	code, got, stderr := w.reconcile(t, "--since", "100d", "--until", "25h")
	if code != exitDone || len(got.Notes) != 1 || !strings.Contains(stderr, "okta keeps events for 90 days") ||
		time.Since(got.Since) > 90*24*time.Hour || len(got.Hours) < 88*24 {
		t.Errorf("exit %d, %d hours since %s, %q, %s", code, len(got.Hours), got.Since, got.Notes, stderr)
	}
}
