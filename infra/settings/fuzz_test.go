package settings

import (
	"encoding/json"
	"testing"
)

// FuzzRead holds Read to: any context is read or refused with faults, and settings
// that are read have no fault when they are checked again.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"source":"aws.partner/okta.com/example/oktastream","destination":"cloudwatch"}`,
		`{"oktastream":{"source":"aws.partner/okta.com/a/b","destination":["cloudwatch","datadog"],"datadog":{"secret":"s","tags":"a:b"}}}`,
		`{"source":"aws.partner/okta.com/a/b","destination":"datadog","datadog.secret":"s","batch":10000,"window":0,"body":"template"}`,
		`{"source":"aws.partner/okta.com/a/b","destination":"splunk,opensearch","splunk":{"endpoint":"https://x","secret":"s","source":"y","ack":true},"opensearch":{"endpoint":"https://search-a-b.us-east-1.es.amazonaws.com","vpc":["subnet-0a1b2c3d","sg-0a1b2c3d"]}}`,
		`{"source":"aws.partner/okta.com/a/b","destination":"cloudwatch","logGroup":"arn:aws:logs:us-east-1:111122223333:log-group:x","logClass":"standard"}`,
		`{"oktastream":[1],"include":"a**","exclude":"*","kms":"arn:aws:kms:us-east-1:111122223333:key/x","live":"yes","retention":1e400}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var context map[string]any
		if json.Unmarshal([]byte(text), &context) != nil {
			return
		}
		s, err := Read(context, "us-east-1")
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a text")
			}
			return
		}
		if err := s.Check("us-east-1"); err != nil {
			t.Errorf("%s is read, and then has the fault %v", text, err)
		}
		s.Notes()
	})
}
