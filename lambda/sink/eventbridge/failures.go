package eventbridge

import (
	"slices"
	"strings"

	"github.com/oktastream/oktastream/lambda/sink"
)

const putEvents = "PutEvents"

// failures are those of one delivery: of requests and of entries.
type failures []*sink.Error

// add adds a failure and reports whether another request may still be accepted:
// not where the bus refuses everything or is overloaded.
func (f *failures) add(e *sink.Error) bool {
	*f = append(*f, e)
	return e.Kind == sink.Content || e.Kind == sink.Unknown
}

// worst are the kinds, the one that says most about all records first. What is
// refused for its content is refused again once nothing else fails.
var worst = []sink.Kind{sink.Blocked, sink.Transient, sink.Unknown, sink.Content}

// err returns one error for all failures: its kind and the start of its text are
// those of the worst, its RetryAfter is the longest. It is nil without failures.
func (f failures) err() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b *sink.Error) int {
		return slices.Index(worst, a.Kind) - slices.Index(worst, b.Kind)
	})
	all := &sink.Error{Kind: f[0].Kind}
	var list joined
	for _, e := range f {
		all.RetryAfter = max(all.RetryAfter, e.RetryAfter)
		if !slices.ContainsFunc(list, func(other error) bool { return other.Error() == e.Error() }) {
			list = append(list, e.Err)
		}
	}
	all.Err = list
	return all
}

// joined is several errors in one line.
type joined []error

func (j joined) Unwrap() []error { return j }

func (j joined) Error() string {
	texts := make([]string, len(j))
	for i, err := range j {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}
