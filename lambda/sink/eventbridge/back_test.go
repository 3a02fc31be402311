package eventbridge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
)

const stack = "111122223333"

func packedEvent(account, pipeline string, logs ...string) string {
	return fmt.Sprintf(
		`{"version":"0","id":"e","detail-type":"oktastream.logs.v1","source":"oktastream","account":%q,"region":"us-east-1",`+
			`"detail":{"logs":[%s],"batch":{"v":1,"id":"b","pipeline":%q,"format":"datadog","packed_at":"2026-09-01T10:11:12.345Z","count":%d,"restamped":0,"replays":0}}}`,
		account,
		strings.Join(logs, ","),
		pipeline,
		len(logs),
	)
}

func TestABatchThatComesBackIsTakenApart(t *testing.T) {
	u := Unpacker{Pipeline: "okta-datadog", Account: stack}
	logs := []string{`{"uuid":"u-1","date":"2026-09-01T10:00:00.000Z"}`, `{"uuid":"u-2"}`}
	records, packed, fault := u.Unpack([]byte(packedEvent(stack, "okta-datadog", logs...)))
	if !packed || fault != nil || len(records) != 2 {
		t.Fatalf("%v %v %v", records, packed, fault)
	}
	for i, r := range records {
		if string(r.Line) != logs[i] || r.UUID != fmt.Sprintf("u-%d", i+1) {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	if records[0].TimeMS == 0 || records[1].TimeMS != 0 {
		t.Errorf("times %d and %d", records[0].TimeMS, records[1].TimeMS)
	}
}

func TestOnlyTheStacksOwnBatchesAreTakenBack(t *testing.T) {
	u := Unpacker{Pipeline: "okta-datadog", Account: stack}
	good := packedEvent(stack, "okta-datadog", `{"uuid":"u-1"}`)
	for name, test := range map[string]struct {
		body   string
		packed bool
		reason events.Reason
	}{
		"an Okta event":    {`{"detail-type":"SystemLog","source":"aws.partner/okta.com/a/b","detail":{"uuid":"oktastream.logs.v1"}}`, false, ""},
		"no JSON":          {good[:len(good)-1], false, ""},
		"another source":   {strings.Replace(good, `"oktastream"`, `"evil"`, 1), false, ""},
		"another account":  {packedEvent("444455556666", "okta-datadog", `{"uuid":"u-1"}`), true, events.Foreign},
		"another pipeline": {packedEvent(stack, "other-datadog", `{"uuid":"u-1"}`), true, events.Foreign},
		"no detail":        {strings.Replace(good, `"detail":`, `"liated":`, 1), true, events.NotOkta},
		"a wrong count":    {strings.Replace(good, `"count":1`, `"count":2`, 1), true, events.NotOkta},
	} {
		t.Run(name, func(t *testing.T) {
			records, packed, fault := u.Unpack([]byte(test.body))
			if packed != test.packed || len(records) != 0 {
				t.Fatalf("packed %v, %d records", packed, len(records))
			}
			if test.reason != "" && (fault == nil || fault.Reason != test.reason || string(fault.Body) != test.body) {
				t.Errorf("%+v", fault)
			}
		})
	}
}

func TestOneLogOfABatchCanComeBackAlone(t *testing.T) {
	u := Unpacker{Pipeline: "okta-datadog", Account: stack}
	body := []byte(packedEvent(stack, "okta-datadog", `{"uuid":"u-1"}`, `{"uuid":"u-2"}`, `{"uuid":"u-3"}`))
	for _, places := range [][]int{{0}, {1}, {2}, {0, 2}, {0, 1, 2}, nil} {
		alone := u.Alone(body, places)
		if len(alone) != len(places) {
			t.Fatalf("%v: %d bodies", places, len(alone))
		}
		for n, one := range alone {
			records, packed, fault := u.Unpack(one)
			if want := fmt.Sprintf(
				"u-%d",
				places[n]+1,
			); !packed || fault != nil || len(records) != 1 ||
				records[0].UUID != want {
				t.Errorf("%v: %+v, %v, %v in %s", places, records, packed, fault, one)
			}
		}
	}
}

func TestABatchLeavesRoomForWhatItSaysOfItself(t *testing.T) {
	for pack, want := range map[int]int{0: DefaultPackBytes, 10 << 20: MaxPackBytes, 64 << 10: 64 << 10} {
		c := config("raw")
		c.PackBytes = pack
		b := newBus(t)
		b.limit = want
		s := New(b, c)
		batch := records(4000, 1000)
		for _, indexes := range s.Cut(batch) {
			part := make([]sink.Record, len(indexes))
			bytes := 1
			for n, i := range indexes {
				part[n] = batch[i]
				bytes += len(batch[i].Line) + 1
			}
			before := b.calls
			if err := s.Deliver(t.Context(), part, make([]sink.Answer, len(part))); err != nil {
				t.Fatal(err)
			}
			if b.calls != before+1 || bytes > want-slack+1 {
				t.Errorf("%d: a batch of %d logs, %d bytes needs %d requests", pack, len(part), bytes, b.calls-before)
			}
		}
	}
}
