package classify

// maxRemembered and maxName bound the event types whose decision is remembered; Okta
// has some 1,400, none longer than 100 bytes; others are decided anew each time.
const (
	maxRemembered = 4096
	maxName       = 256
)

// Memory is a Classifier that remembers what it has decided: events of one type
// come by the thousand. It is for one goroutine.
type Memory struct {
	classifier *Classifier
	decided    map[string]*Decision
}

// Remember makes a Memory of c.
func Remember(c *Classifier) *Memory {
	return &Memory{classifier: c, decided: map[string]*Decision{}}
}

// Decide is the Classifier's. What it returns must not be changed.
func (m *Memory) Decide(eventType []byte) *Decision {
	if d := m.decided[string(eventType)]; d != nil {
		return d
	}
	d := m.classifier.Decide(string(eventType))
	if len(m.decided) < maxRemembered && len(eventType) <= maxName {
		m.decided[string(eventType)] = &d
	}
	return &d
}
