package doctor

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// Metrics of which CloudWatch did not return all data points are not looked at: no hop says that no
// event was counted there.
func TestIncompleteMetricsProveNothing(t *testing.T) {
	for _, status := range []string{"InternalError", "PartialData", "Forbidden"} {
		c, d := healthy(t)
		c.SetMetricStatus(status)
		report := run(t, d.Checks()...)
		for _, hop := range report.Hops {
			if hop.Hop != HopDestination { // which the log group shows
				t.Errorf("%s: %+v", status, hop)
			}
		}
		if got := text(t, report); !strings.Contains(got, status) || report.ExitCode() != ExitNotLookedAt {
			t.Errorf("%s: %s", status, got)
		}
	}
}

// endless answers each call with the same page, which says that another follows.
type endless string

func (e endless) Call(_ context.Context, _ awshttp.Request, read func(http.Header, []byte) error) error {
	return read(http.Header{}, []byte(e))
}

// A topic whose subscriptions were not all listed is not said to have none.
func TestATopicThatIsNotListedToItsEnd(t *testing.T) {
	page := func(arn string) endless {
		return endless("<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions><member>" +
			"<SubscriptionArn>" + arn + "</SubscriptionArn></member></Subscriptions><NextToken>x</NextToken>" +
			"</ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>")
	}
	d := &Doctor{Stack: Stack{Topic: topicARN}, Topics: page("Deleted")}
	if r := d.subscribers(t.Context(), Pipeline{}); r.Status != NotLookedAt || r.Reason != Unclear {
		t.Errorf("%+v", r)
	}
	d.Topics = page(topicARN + ":1")
	if r := d.subscribers(t.Context(), Pipeline{}); r.Status != OK {
		t.Errorf("%+v", r)
	}
}

// Where the System Log has more changes of log streams than are read, the last of them is not known.
func TestMoreChangesThanAreRead(t *testing.T) {
	w, d := newPagedOktaWorld(t, 1, oktafake.ReportAdmin, oktafake.Stream{ID: "0oa1", Name: "oktastream"})
	for i := range maxOktaPages + 1 {
		w.now = w.now.Add(time.Minute)
		w.Switch("0oa1", i%2 == 1, "admin@example.com")
	}
	w.now = w.now.Add(2 * time.Minute)
	if r := only(t, d.okta()); r.Status != NotLookedAt || r.Reason != Unclear || !strings.Contains(r.Seen, "more than 10 pages") {
		t.Errorf("%+v", r)
	}
}
