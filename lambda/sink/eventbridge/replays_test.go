package eventbridge

import (
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/sink"
)

// A batch that dies again tells how often what is in it has been replayed: the
// message that it becomes in the queue `dead` is EventBridge's, and carries
// nothing of ours.
func TestABatchTellsItsReplays(t *testing.T) {
	for want, given := range map[int][]int{0: {0, 0}, 2: {1, 2, 0}, 12: {12}} {
		b := newBus(t)
		batch := records(len(given), 100)
		for i, n := range given {
			batch[i].Replays = n
		}
		if answers, err := deliver(New(b, config("datadog")), batch); err != nil || states(answers)[sink.Accepted] != len(batch) {
			t.Fatal(states(answers), err)
		}
		if _, meta := unpackAll(t, *b.accepted[0].Detail); meta.Replays != want {
			t.Errorf("a batch of replays %v says %d, want %d", given, meta.Replays, want)
		}
	}
}

func TestUnpackTellsTypes(t *testing.T) {
	const batch = `],"batch":{"v":1,"id":"i","pipeline":"p","format":"%f","packed_at":"x","count":2,"restamped":0,"replays":0}}`
	for format, logs := range map[string]string{
		"datadog": `{"logs":[{"uuid":"u-1","eventType":"a.b"},{"uuid":"u-2"}`,
		"ocsf":    `{"logs":[{"metadata":{"uid":"u-1","event_code":"a.b"},"eventType":"c.d"},{"metadata":{"uid":"u-2"}}`,
	} {
		list, _ := unpackAll(t, logs+replaceFormat(batch, format))
		if list[0].Type != "a.b" || list[1].Type != "" || list[1].UUID != "u-2" {
			t.Errorf("%s: %+v", format, list)
		}
	}
}

func replaceFormat(batch, format string) string {
	return strings.ReplaceAll(batch, "%f", format)
}
