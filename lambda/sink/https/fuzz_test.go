package https_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// FuzzClassify: whatever a destination answers, no preset panics, accepts a record without
// a 2xx, or lets a record die without a reason; and no error quotes the answer.
func FuzzClassify(f *testing.F) {
	f.Add(200, `{"text":"Success","code":0}`)
	f.Add(200, `{"text":"Success","code":0,"ackId":1e300}`)
	f.Add(400, `{"text":"Invalid data format","code":6,"invalid-event-number":1}`)
	f.Add(400, `{"code":6,"invalid-event-number":-1}`)
	f.Add(400, `{"code":12,"invalid-event-number":null}`)
	f.Add(202, `{}`)
	f.Add(202, ``)
	f.Add(403, `{"errors":["Forbidden"]}`)
	f.Add(502, `<html>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, p := range https.Presets() {
			answers := make([]sink.Answer, 3)
			c := &https.Config{Preset: p.Name}
			r := &https.Response{Status: status, Body: []byte(body), Now: time.Now(), Where: "endpoint"}
			err := p.Classify(c, r, answers)
			retry := 0
			for _, a := range answers {
				switch a.State {
				case sink.Accepted:
					if status < 200 || status > 299 {
						t.Errorf("%s: HTTP %d %q is yes", p.Name, status, body)
					}
				case sink.Dead:
					if a.Reason == "" || a.Detail == "" {
						t.Errorf("%s: %+v", p.Name, a)
					}
				default:
					retry++
				}
			}
			if retry == len(answers) && err == nil {
				t.Errorf("%s: HTTP %d %q: no record is answered, and there is no error", p.Name, status, body)
			}
			if err != nil && len(body) > 40 && strings.Contains(err.Error(), body) {
				t.Errorf("%s: the error quotes the answer: %v", p.Name, err)
			}
		}
	})
}
