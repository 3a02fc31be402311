package watch

import (
	"flag"
	"fmt"
	"html"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

var renderTo = flag.String("render", "", "write the dashboard, drawn with the data of a night with an outage, to "+
	"this HTML `file`")

// TestRender draws the dashboard for a person to judge:
//
//	go test ./infra/watch -run TestRender -render /tmp/dashboard.html
//	chromium --headless --no-sandbox --window-size=1600,2400 --screenshot=/tmp/dashboard.png /tmp/dashboard.html
//
// What is drawn is close to the console's look, not the same. Without the flag it
// only sees that every widget can be drawn.
func TestRender(t *testing.T) {
	s := stacks()["queue cloudwatch,datadog live"]
	s.Name = "oktastream"
	s.Pipelines = []Pipeline{pipeline("oktastream", "cloudwatch", "queue", false), pipeline("oktastream", "datadog",
		"queue", true)}
	night := simulate(world{
		arrivals: func(s int, r *rand.Rand) int { return perHour(9_000-500*(s/3600))(s, r) },
		down:     between(7.4, 9.1), deaf: between(3, 3.02), hours: 12,
	}, 1)
	var page strings.Builder
	page.WriteString(`<meta charset="utf-8"><style>body{margin:0;background:#f2f3f3;font:12px sans-serif;position:relative}
.w{position:absolute;background:#fff;border:1px solid #d5dbdb;overflow:hidden;box-sizing:border-box;padding:6px}
.w b{font-size:13px}pre{white-space:pre-wrap;font:12px sans-serif;margin:0}.a{display:inline-block;padding:2px 6px;margin:2px;border:1px solid #aab7b8;font-size:11px}</style>`)
	const unit, high = 64, 48
	for _, w := range read(t, s) {
		fmt.Fprintf(&page, `<div class="w" style="left:%dpx;top:%dpx;width:%dpx;height:%dpx">`, w.X*unit+3, w.Y*high+3,
			w.Width*unit-6, w.Height*high-6)
		switch w.Type {
		case "text":
			fmt.Fprintf(&page, "<pre>%s</pre>", html.EscapeString(w.Properties.Markdown))
		case "alarm":
			page.WriteString("<b>" + w.Properties.Title + "</b><br>")
			for _, arn := range w.Properties.Alarms {
				fmt.Fprintf(&page, `<span class="a">%s</span>`, arn[strings.LastIndex(arn, ":")+1:])
			}
		default:
			page.WriteString(draw(t, w, night, float64(w.Width*unit-20), float64(w.Height*high-20)))
		}
		page.WriteString("</div>\n")
	}
	if *renderTo != "" {
		if err := os.WriteFile(*renderTo, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// draw is a graph as SVG.
func draw(t *testing.T, w placed, night *minuteMetrics, width, height float64) string {
	t.Helper()
	p := w.Properties
	n := 12 * 3600 / p.Period
	var lines []drawn
	var queries []Query
	data := func(m *Metric) series { return night.sample(m, p.Period/60, n) }
	for _, entry := range p.Metrics {
		o := entry[len(entry)-1].(map[string]any)
		q := Query{ID: fmt.Sprint(o["id"]), Return: true}
		if len(entry) == 1 {
			q.Expression = o["expression"].(string)
		} else {
			q.Metric = &Metric{Namespace: entry[0].(string), Name: entry[1].(string), Stat: o["stat"].(string)}
			for i := 2; i+1 < len(entry); i += 2 {
				q.Metric.Dimensions = append(q.Metric.Dimensions, Dimension{entry[i].(string), entry[i+1].(string)})
			}
		}
		queries = append(queries, q)
		points, err := run(queries, readings()[0], p.Period, n, data)
		if err != nil {
			t.Fatalf("%s: %v", p.Title, err)
		}
		if o["visible"] == nil {
			lines = append(lines, drawn{points, o["label"].(string), o["color"].(string), o["yAxis"] == "right"})
		}
	}
	if p.Stacked {
		for i := 1; i < len(lines); i++ {
			for j := range lines[i].points {
				if !gone(lines[i-1].points[j]) {
					lines[i].points[j] = lines[i-1].points[j] + max(lines[i].points[j], 0)
				}
			}
		}
	}
	return plot(p.Title, lines, p.YAxis["left"].Label, p.YAxis["right"].Label, p.Stacked, width, height)
}

type drawn struct {
	points        series
	label, colour string
	right         bool
}

func plot(title string, lines []drawn, left, right string, stacked bool, width, height float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<b>%s</b><svg width="%.0f" height="%.0f">`, html.EscapeString(title), width, height-16)
	low, top := [2]float64{}, [2]float64{}
	side := func(l drawn) int { return map[bool]int{true: 1}[l.right] }
	for _, l := range lines {
		for _, v := range l.points {
			if !gone(v) {
				low[side(l)], top[side(l)] = min(low[side(l)], v), max(top[side(l)], v)
			}
		}
	}
	x0, x1, y0, y1 := 44.0, width-44, 16.0, height-66
	y := func(v float64, s int) float64 { return y1 - (v-low[s])/max(top[s]-low[s], 1)*(y1-y0) }
	for i := range 3 {
		at := y1 - (y1-y0)*float64(i)/2
		fmt.Fprintf(&b, `<path d="M%.0f %.0fH%.0f" stroke="#eee"/><text x="2" y="%.0f" font-size="10">%s</text>`, x0,
			at, x1, at+4, short(low[0]+(top[0]-low[0])*float64(i)/2))
		if right != "" {
			fmt.Fprintf(&b, `<text x="%.0f" y="%.0f" font-size="10">%s</text>`, x1+4, at+4,
				short(low[1]+(top[1]-low[1])*float64(i)/2))
		}
	}
	fmt.Fprintf(&b,
		`<text x="2" y="8" font-size="10" fill="#687078">%s</text><text x="%.0f" y="8" font-size="10" fill="#687078">%s</text>`, left, x1-20, right)
	legend := x0
	row := y1 + 20
	for i := range lines {
		l := lines[i]
		if stacked {
			l = lines[len(lines)-1-i]
		}
		path, pen := "", "M"
		for j, v := range l.points {
			if gone(v) {
				pen = "M"
				continue
			}
			path += fmt.Sprintf("%s%.1f %.1f", pen, x0+(x1-x0)*(float64(j)+0.5)/float64(len(l.points)), y(v, side(l)))
			pen = "L"
		}
		fill := "none"
		if stacked {
			fill = l.colour
			path += fmt.Sprintf("L%.1f %.1fL%.1f %.1fZ", x1, y1, x0, y1)
		}
		fmt.Fprintf(&b, `<path d="%s" stroke="%s" fill="%s" stroke-width="1.5"/>`, path, l.colour, fill)
		if legend+float64(6*len(l.label)+24) > width {
			legend, row = x0, row+13
		}
		fmt.Fprintf(&b,
			`<rect x="%.0f" y="%.0f" width="8" height="8" fill="%s"/><text x="%.0f" y="%.0f" font-size="10">%s</text>`,
			legend, row-8, l.colour, legend+11, row, html.EscapeString(l.label))
		legend += float64(6*len(l.label) + 24)
	}
	return b.String() + "</svg>"
}

func short(v float64) string {
	if math.Abs(v) >= 1000 {
		return fmt.Sprintf("%.3gk", v/1000)
	}
	return fmt.Sprintf("%.3g", v)
}
