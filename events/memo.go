package events

// maxRemembered and maxName bound the event types that a Memo caches. Okta has about 1,400, none
// longer than 100 bytes (event types page, 2026-11).
const (
	maxRemembered = 4096
	maxName       = 256
)

// Memo caches the results of a function for event types, since thousands of events have the same
// type. Types beyond its bounds are computed each time. It must not be used by two goroutines at
// once.
type Memo[T any] struct {
	of    func(eventType string) T
	known map[string]T
}

// NewMemo makes a Memo of a function with a result that depends only on the event type.
func NewMemo[T any](of func(eventType string) T) *Memo[T] {
	return &Memo[T]{of: of, known: map[string]T{}}
}

// Of returns the function's result. It is shared by all calls and must not be changed.
func (m *Memo[T]) Of(eventType []byte) T {
	if v, ok := m.known[string(eventType)]; ok {
		return v
	}
	name := string(eventType)
	v := m.of(name)
	if len(m.known) < maxRemembered && len(name) <= maxName {
		m.known[name] = v
	}
	return v
}
