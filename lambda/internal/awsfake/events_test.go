package awsfake_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

func entry(detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{
		Source: aws.String("s"), DetailType: aws.String("t"), Detail: aws.String(detail), EventBusName: aws.String("b"),
	}
}

func withBus(t testing.TB, o awsfake.Options) (*awsfake.Cloud, func(...types.PutEventsRequestEntry) (*eventbridge.PutEventsOutput, error)) {
	c := awsfake.New(t, o)
	c.AddBus("b")
	client := eventsClient(c)
	return c, func(e ...types.PutEventsRequestEntry) (*eventbridge.PutEventsOutput, error) {
		return client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: e})
	}
}

// detail makes a JSON object of n bytes.
func detail(n int) string { return `{"a":"` + text(n-len(`{"a":""}`)) + `"}` }

// Limit: "the total entry size must be less than 1MB", eventbridge SDK 1.55.9
// (2026-11). Formula: user guide, "Calculating PutEvents event entry size".
func TestPutEventsSize(t *testing.T) {
	rich := func(n int) types.PutEventsRequestEntry { // of n bytes in all
		e := entry(detail(n - 4))
		e.Source, e.DetailType = aws.String("é"), aws.String("é") // 2, 2
		return e
	}
	const limit = 1_048_576
	c, put := withBus(t, awsfake.Options{})
	_, err := put(entry(detail(limit - 1 - len("st"))))
	check(t, err)
	_, err = put(entry(detail(limit - len("st"))))
	isCode(t, err, "ValidationException")
	_, err = put(rich(1000), rich(limit-1001))
	check(t, err)
	_, err = put(rich(1000), rich(limit-1000))
	isCode(t, err, "ValidationException")
	equal(t, "accepted", len(c.Put("b")), 3)
}

// Entries a request: EventBridge API reference, PutEvents: 1 to 10.
func TestPutEventsEntries(t *testing.T) {
	_, put := withBus(t, awsfake.Options{})
	var ten []types.PutEventsRequestEntry
	for range 10 {
		ten = append(ten, entry(`{}`))
	}
	_, err := put(ten...)
	check(t, err)
	_, err = put(append(ten, entry(`{}`))...)
	isCode(t, err, "ValidationException")
	client := eventsClient(awsfake.New(t, awsfake.Options{}))
	_, err = client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{}})
	isCode(t, err, "ValidationException")
}

// Each entry is judged by itself and the answers are in order: eventbridge SDK
// 1.55.9, PutEventsOutput and PutEventsResultEntry.
func TestPutEventsFailsEntriesSingly(t *testing.T) {
	nested := func(levels int) string {
		return strings.Repeat(`{"a":`, levels-1) + `{}` + strings.Repeat(`}`, levels-1)
	}
	with := func(change func(*types.PutEventsRequestEntry)) types.PutEventsRequestEntry {
		e := entry(`{}`)
		change(&e)
		return e
	}
	for name, tt := range map[string]struct {
		entry types.PutEventsRequestEntry
		want  string
	}{
		"an object":              {entry(` {"a":[1,"x",null]} `), ""},
		"an array":               {entry(`[{}]`), "MalformedDetail"},
		"a string":               {entry(`"x"`), "MalformedDetail"},
		"not JSON":               {entry(`{"a":}`), "MalformedDetail"},
		"cut off":                {entry(`{"a":1`), "MalformedDetail"},
		"two objects":            {entry(`{}{}`), "MalformedDetail"},
		"equal names":            {entry(`{"a":1,"a":2}`), ""},
		"1,000 levels":           {entry(nested(1000)), ""},
		"1,001 levels":           {entry(nested(1001)), "MalformedDetail"},
		"arrays are levels":      {entry(`{"a":` + strings.Repeat(`[`, 1000) + strings.Repeat(`]`, 1000) + `}`), "MalformedDetail"},
		"the greatest integer":   {entry(`{"a":9223372036854775807}`), ""},
		"greater":                {entry(`{"a":9223372036854775808}`), "MalformedDetail"},
		"the least integer":      {entry(`{"a":-9223372036854775808}`), ""},
		"less":                   {entry(`{"a":-9223372036854775809}`), "MalformedDetail"},
		"no integer":             {entry(`{"a":9223372036854775808.5,"b":1e99}`), ""},
		"type of 128 characters": {with(func(e *types.PutEventsRequestEntry) { e.DetailType = aws.String(strings.Repeat("é", 128)) }), ""},
		"type of 129 characters": {with(func(e *types.PutEventsRequestEntry) { e.DetailType = aws.String(strings.Repeat("é", 129)) }), "InvalidArgument"},
		"AWS's own source":       {with(func(e *types.PutEventsRequestEntry) { e.Source = aws.String("aws.partner/okta.com/x") }), "NotAuthorizedForSource"},
		"no source":              {with(func(e *types.PutEventsRequestEntry) { e.Source = nil }), "InvalidArgument"},
		"no type":                {with(func(e *types.PutEventsRequestEntry) { e.DetailType = nil }), "InvalidArgument"},
		"no detail":              {with(func(e *types.PutEventsRequestEntry) { e.Detail = nil }), "InvalidArgument"},
	} {
		t.Run(name, func(t *testing.T) {
			c, put := withBus(t, awsfake.Options{})
			out, err := put(entry(`{"n":1}`), tt.entry, entry(`{"n":3}`))
			check(t, err)
			equal(t, "results", len(out.Entries), 3)
			for i, want := range []string{"", tt.want, ""} {
				e := out.Entries[i]
				equal(t, "ErrorCode", aws.ToString(e.ErrorCode), want)
				equal(t, "has an EventId", e.EventId != nil, want == "")
				equal(t, "has an ErrorMessage", e.ErrorMessage != nil, want != "")
			}
			equal(t, "FailedEntryCount", out.FailedEntryCount == 1, tt.want != "")
			equal(t, "accepted", len(c.Put("b")), 3-int(out.FailedEntryCount))
		})
	}
	_, put := withBus(t, awsfake.Options{})
	_, err := put(types.PutEventsRequestEntry{Source: aws.String("s"), EventBusName: aws.String("b")})
	isCode(t, err, "ValidationException") // "If you submit a request in which none of the entries have each of these properties"
}

func TestPutEventsToUnknownBus(t *testing.T) {
	lost := entry(`{}`)
	lost.EventBusName = aws.String("absent")
	c, put := withBus(t, awsfake.Options{})
	_, err := put(entry(`{}`), lost)
	is[*types.ResourceNotFoundException](t, err)
	equal(t, "accepted", len(c.Put("b")), 0)
}

// The envelope: user guide, "Events in Amazon EventBridge"; its time has whole
// seconds.
func TestEnvelopeThatTargetsReceive(t *testing.T) {
	clk := newClock()
	c, put := withBus(t, awsfake.Options{Now: clk.Now, Account: "999999999999", Region: "eu-west-1"})
	var got []byte
	c.OnEvent("b", func(b []byte) { got = b })
	e := entry(`{"logs":[1,"<é>"]}`)
	e.Source, e.DetailType = aws.String(`a"b`), aws.String("oktastream.logs.v1")
	out, err := put(e)
	check(t, err)

	want := `{"version":"0","id":"` + *out.Entries[0].EventId + `","detail-type":"oktastream.logs.v1","source":"a\"b",` +
		`"account":"999999999999","time":"2026-11-22T12:00:00Z","region":"eu-west-1","resources":[],"detail":{"logs":[1,"<é>"]}}`
	equal(t, "envelope", string(got), want)
	equal(t, "is JSON", json.Valid(got), true)
	equal(t, "time of the entry", c.Put("b")[0].Time, clk.Now())

	e.Time = aws.Time(clk.Now())
	_, err = put(e)
	isCode(t, err, "ValidationException")
}

func TestDiscardKeepsNoEntries(t *testing.T) {
	c, put := withBus(t, awsfake.Options{Discard: true})
	n := 0
	c.OnEvent("b", func([]byte) { n++ })
	_, err := put(entry(`{}`), entry(`{}`))
	check(t, err)
	equal(t, "kept", len(c.Put("b")), 0)
	equal(t, "hooked", n, 2)
}
