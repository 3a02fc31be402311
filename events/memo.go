package events

// maxRemembered and maxName bound the event types that a Memo remembers; Okta has some
// 1,400, none longer than 100 bytes (event types page, 2026-11).
const (
	maxRemembered = 4096
	maxName       = 256
)

// Memo remembers what a function returns for event types: events of one type come by
// the thousand. Types beyond its bounds are looked up each time. It is for one goroutine.
type Memo[T any] struct {
	of    func(eventType string) T
	known map[string]T
}

// NewMemo makes a Memo of a function whose result depends on the event type alone.
func NewMemo[T any](of func(eventType string) T) *Memo[T] {
	return &Memo[T]{of: of, known: map[string]T{}}
}

// Of returns what the function returns. It is shared by all calls and must not be changed.
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
