package watch

// columns is the width of the dashboard's grid ("Dashboard Body Structure and
// Syntax", CloudWatch API Reference, 2026-11).
const columns = 24

// Colours: green is well, orange comes back, red is lost, grey is for comparison.
const (
	green   = "#2ca02c"
	blue    = "#1f77b4"
	orange  = "#ff7f0e"
	red     = "#d62728"
	darkRed = "#8c1515"
	brown   = "#8c564b"
	purple  = "#9467bd"
	grey    = "#7f7f7f"
	pale    = "#c7c7c7"
)

// grid lays widgets in rows, each as high as all of its widgets.
type grid struct {
	region  string
	widgets []any
	y       int
}

// row puts widgets beside each other; their widths make up the grid's.
func (g *grid) row(height int, widgets ...widget) {
	x := 0
	for _, w := range widgets {
		g.widgets = append(g.widgets, map[string]any{
			"type": w.kind, "x": x, "y": g.y, "width": w.width, "height": height, "properties": w.properties(g.region),
		})
		x += w.width
	}
	g.y += height
}

// widget is one widget, without its position.
type widget struct {
	kind  string
	width int
	// fixed are the properties of a widget that is not a graph.
	fixed map[string]any

	title   string
	lines   []line
	period  int
	stacked bool
	signed  bool // the left axis goes below zero
	// unit is what the left axis counts, rightUnit the right one.
	unit, rightUnit string
}

// line is one line of a graph: a metric, or an expression over lines that have ids.
type line struct {
	metric     *Metric
	expression string
	id, label  string
	colour     string
	right      bool // has the right axis
	hidden     bool // is only there for an expression
}

func (w widget) properties(region string) map[string]any {
	if w.fixed != nil {
		return w.fixed
	}
	var metrics []any
	for _, l := range w.lines {
		metrics = append(metrics, l.entry())
	}
	left := map[string]any{"label": w.unit, "showUnits": false}
	if !w.signed {
		left["min"] = 0
	}
	axes := map[string]any{"left": left}
	if w.rightUnit != "" {
		axes["right"] = map[string]any{"min": 0, "label": w.rightUnit, "showUnits": false}
	}
	p := map[string]any{
		"title": w.title, "region": region, "view": "timeSeries", "stacked": w.stacked, "period": w.period,
		"metrics": metrics, "yAxis": axes, "legend": map[string]any{"position": "bottom"},
	}
	return p
}

// entry is a line as the dashboard's body has it.
func (l line) entry() []any {
	options := map[string]any{"label": l.label}
	if l.right {
		options["yAxis"], options["label"] = "right", l.label+" (right)"
	}
	if l.id != "" {
		options["id"] = l.id
	}
	if l.colour != "" {
		options["color"] = l.colour
	}
	if l.hidden {
		options["visible"] = false
	}
	if l.metric == nil {
		options["expression"] = l.expression
		return []any{options}
	}
	options["stat"] = l.metric.Stat
	entry := []any{l.metric.Namespace, l.metric.Name}
	for _, d := range l.metric.Dimensions {
		entry = append(entry, d.Name, d.Value)
	}
	return append(entry, options)
}

// graph is a graph of five-minute periods.
func graph(width int, title, unit string, lines ...line) widget {
	return widget{kind: "metric", width: width, title: title, unit: unit, period: 300, lines: lines}
}

func text(width int, markdown string) widget {
	return widget{kind: "text", width: width, fixed: map[string]any{"markdown": markdown}}
}

func of(m *Metric, label, colour string) line { return line{metric: m, label: label, colour: colour} }

// inSeconds shows a metric of milliseconds in seconds.
func inSeconds(id string, m *Metric, label, colour string) []line {
	return []line{
		{metric: m, id: id, label: label, hidden: true},
		{expression: id + " / 1000", id: id + "_s", label: label, colour: colour},
	}
}
