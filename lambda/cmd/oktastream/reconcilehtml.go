package main

import (
	"bytes"
	"fmt"
	"html/template"
	"time"

	_ "embed"

	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

//go:embed reconcile.html
var reconcileHTML string

// html is the result as a page of its own, which loads nothing and holds no event but the
// counts.
func (r *reconciliation) html() ([]byte, error) {
	page, err := template.New("reconcile").Funcs(template.FuncMap{
		"stamp": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"hour":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
		"number": func(n any) string {
			switch n := n.(type) {
			case int64:
				return thousands(int(n))
			case *int64:
				if n != nil {
					return thousands(int(*n))
				}
			}
			return "unknown"
		},
	}).Parse(reconcileHTML)
	if err != nil {
		return nil, fmt.Errorf("read the template of the page: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, r.view()); err != nil {
		return nil, fmt.Errorf("make the page of --html: %w", err)
	}
	return b.Bytes(), nil
}

// view is what the page shows.
type view struct {
	*reconciliation
	Sentence string
	Good     bool
	Days     []viewDay
	Gaps     []string
	Waits    []string
	Legend   string
	Settled  int   // hours
	Columns  []int // the hours of a day
}

type viewDay struct {
	Day   string
	Cells []viewCell // 24; Class "" outside of the window
}

type viewCell struct{ Class, Mark, Title string }

func (r *reconciliation) view() view {
	v := view{
		reconciliation: r, Sentence: r.sentence(), Good: r.Verdict == reconcile.Complete, Waits: r.waits(), Legend: legend,
		Settled: int(reconcile.SettledAfter.Hours()),
	}
	for hour := range 24 {
		v.Columns = append(v.Columns, hour)
	}
	for _, g := range r.allGaps() {
		v.Gaps = append(v.Gaps, g.text())
	}
	for i := range r.Hours {
		h := &r.Hours[i]
		day := h.Hour.Format(time.DateOnly)
		if n := len(v.Days); n == 0 || v.Days[n-1].Day != day {
			v.Days = append(v.Days, viewDay{day, make([]viewCell, 24)})
		}
		v.Days[len(v.Days)-1].Cells[h.Hour.Hour()] = h.view()
	}
	return v
}

func (h *hourFigures) view() viewCell {
	class := map[rune]string{
		cellSettled: "settled", cellProvisional: "provisional", cellMissing: "missing", cellWaiting: "waiting",
	}[h.cell()]
	title := fmt.Sprintf("%s: %d of %d missing, %s", stamp(h.Hour), h.missing(), h.Okta, h.State)
	return viewCell{class, string(h.cell()), title}
}

// IsMissing is for the template.
func (h hourFigures) IsMissing() bool { return h.missing() > 0 }
