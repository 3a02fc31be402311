// Package security reads Okta's assessment of an event: risk, behaviors, logOnlySecurityData,
// threatDetections, tunnels and the device integrator. Okta writes each as JSON, as JSON in a
// string, or in the format in which Java prints a map.
//
// It converts each to typed JSON, once for each event, for all formats. A value that it cannot
// parse with certainty stays unchanged in the record.
package security

import (
	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
)

// Level is a level of Okta's risk engine.
type Level int

// String returns the level as Okta writes it.
func (l Level) String() string { return [...]string{"NONE", "LOW", "MEDIUM", "HIGH"}[l] }

// The levels of Okta's risk engine (Okta Management OpenAPI 2026.06.3, LogSecurityContext).
// LevelNone means that Okta gives none.
const (
	LevelNone Level = iota
	LevelLow
	LevelMedium
	LevelHigh
)

// parseLevel reads LOW, MEDIUM and HIGH; all other text is LevelNone.
func parseLevel(text []byte) Level {
	switch string(text) {
	case "LOW":
		return LevelLow
	case "MEDIUM":
		return LevelMedium
	case "HIGH":
		return LevelHigh
	}
	return LevelNone
}

// Verdict is Okta's assessment of one event. It is valid until the next Read.
type Verdict struct {
	// Risk is the level of the first of securityContext.risk, debugData.risk
	// and logOnlySecurityData.risk that has one.
	Risk Level
	// Reasons are those of the first source that has any, unescaped.
	Reasons [][]byte
	// Threat is the highest level among debugData.threatDetections.
	Threat Level
	// Threats names the threats of debugData.threatDetections, unescaped.
	Threats [][]byte
	// Behaviors is a JSON object from behavior name to result. It comes from the first of
	// securityContext.userBehaviors, debugData.behaviors and logOnlySecurityData.behaviors that has
	// any; nil if none has.
	Behaviors []byte

	typed [6]typedField // one for each of the readers
}

type typedField struct {
	field events.Field
	json  []byte
}

// Typed returns the typed JSON of field f, or nil if the field is absent, is already JSON, or
// cannot be parsed and is therefore kept unchanged.
func (v *Verdict) Typed(f events.Field) []byte {
	for i := range v.typed {
		if v.typed[i].field == f {
			return v.typed[i].json
		}
	}
	return nil
}

// Reader reads verdicts. It must not be used by two goroutines at once, and keeps its memory
// between calls.
type Reader struct {
	verdict Verdict
	inner   jsontree.Tree // the JSON in a string
	text    []byte        // unescaped strings
	out     []byte        // typed JSON
	list    []pair
}

// readers has the parser of each field, most reliable field first. The event's risk and behaviors
// are the first that can be parsed.
var readers = [...]struct {
	field events.Field
	read  func(*Reader, *jsontree.Tree, uint32) bool
}{
	{events.DebugRisk, (*Reader).risk},
	{events.DebugBehaviors, (*Reader).behaviors},
	{events.DebugLogOnlySecurityData, (*Reader).logOnly},
	{events.DebugThreatDetections, (*Reader).threats},
	{events.DebugTunnels, (*Reader).embedded},
	{events.DeviceIntegrator, (*Reader).embedded},
}

// Read reads the verdict of e.
func (r *Reader) Read(e *events.Event) *Verdict {
	r.text, r.out = r.text[:0], r.out[:0]
	r.verdict = Verdict{Threats: r.verdict.Threats[:0], Reasons: r.verdict.Reasons[:0]}
	r.current(e)
	r.userBehaviors(e)
	for k := range readers {
		i := e.Node(readers[k].field)
		if i == 0 {
			continue
		}
		start := len(r.out)
		if !readers[k].read(r, e.Tree, i) {
			r.out = r.out[:start]
			continue
		}
		r.verdict.typed[k] = typedField{readers[k].field, r.out[start:len(r.out):len(r.out)]}
	}
	return &r.verdict
}

// current parses the typed form that Okta documents since 2026.
func (r *Reader) current(e *events.Event) {
	if i := e.Node(events.RiskLevel); i != 0 && e.Tree.Nodes[i].Kind == '"' {
		r.verdict.Risk = parseLevel(e.Tree.Inner(i))
	}
	r.reasons(e.Tree, e.Node(events.RiskReasons))
}
