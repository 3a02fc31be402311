package record

import "bytes"

// silent lists what was left out of the record because it has no content.
func (e *Emitter) silent() []Step {
	var steps []Step
	var walk func(i uint32)
	walk = func(i uint32) {
		if e.Tree.Blank(i) {
			steps = append(steps, Step{From: e.source(i), How: "left out: it has no content", Value: bytes.Clone(e.Tree.Raw(i))})
			return
		}
		for c := i + 1; c < e.Tree.Nodes[i].Next; c = e.Tree.Nodes[c].Next {
			walk(c)
		}
	}
	walk(e.Event.Root)
	return steps
}
