package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/oktastream/oktastream/infra/settings"
)

// volumes are the numbers of events a day that the tables have.
func volumes() []float64 { return []float64{100e3, 1e6, 10e6, 100e6} }

// row is a row of a table, whose cells are US dollars at each volume.
type row struct {
	what  string
	cells func(eventsPerDay float64) string
}

// text is all that is shown.
func text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "US dollars a month of %d days in %s, at list prices without free tiers.\n\n", daysOfMonth,
		pricesRegion)
	b.WriteString(totals())
	for _, w := range ways() {
		b.WriteString("\n" + table("**"+w.title+"**", bill(w, math.Inf(1))))
	}
	b.WriteString("\n" + table("**what one month of events costs to keep in the archive**", kept()))
	b.WriteString("\n" + table("**the auditor, with an archive, on top**", bill(way{bill: auditor}, auditable())))
	b.WriteString("\n" + table("**what a setting changes of oktastream → CloudWatch Logs**", levers()))
	writeNotes(&b)
	fmt.Fprintf(&b, "\n| price, %s | US dollars | source, read %s | of |\n|---|---|---|---|\n", pricesRegion, pricesRead)
	for _, p := range prices() {
		mark := " ¹"
		if p.own {
			mark = ""
		}
		fmt.Fprintf(&b, "| %s | %s a %s%s | %s | %s |\n", p.what, plain(p.usd), p.unit, mark, p.source, p.dated)
	}
	b.WriteString("\n¹ List price as somebody else has copied it from AWS, not re-confirmed on AWS's own page.\n")
	return b.String()
}

func table(title string, rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |", title)
	for _, v := range volumes() {
		fmt.Fprintf(&b, " %s |", perDay(v))
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(volumes())) + "\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |", r.what)
		for _, v := range volumes() {
			fmt.Fprintf(&b, " %s |", r.cells(v))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// totals is the table that the project's page shows too.
func totals() string {
	var rows []row
	for _, w := range ways() {
		rows = append(rows, row{w.title, func(v float64) string { return dollars(total(w.bill(v))) }})
	}
	return table("total", rows)
}

// bill has the lines of a way, up to the most events a day that it can take.
func bill(w way, most float64) []row {
	var rows []row
	cell := func(v float64, text string) string {
		if v > most {
			return "too many"
		}
		return text
	}
	for i, l := range w.bill(volumes()[0]) {
		rows = append(rows, row{l.what, func(v float64) string { return cell(v, dollars(w.bill(v)[i].usd)) }})
	}
	return append(rows, row{"**total**", func(v float64) string {
		return cell(v, "**"+dollars(total(w.bill(v)))+"**")
	}})
}

// kept is what a month of events costs that lies in the archive.
func kept() []row {
	c := pipeline{settings.Default().Archive, envelopeBytes, 1}
	cell := func(what string, of func(archived) string) row {
		return row{what, func(v float64) string { return of(c.archive(v)) }}
	}
	cold := func(a archived, usd float64) string {
		if !a.cold {
			return "not moved"
		}
		return dollars(usd)
	}
	return []row{
		cell("GB of objects", func(a archived) string { return amount(a.gib) }),
		cell("mean size of an object, KB", func(a archived) string { return amount(a.gib * (1 << 20) / a.objects) }),
		cell("each month, Standard", func(a archived) string { return dollars(s3StoredGiBMonth.of(a.gib)) }),
		cell("each month after `coldDays`, Glacier Instant Retrieval", func(a archived) string {
			return cold(a, s3ColdGiBMonth.of(a.gib))
		}),
		cell("once, for the move", func(a archived) string { return cold(a, s3Transition.of(a.objects)) }),
		cell("a query of Athena that reads all of it", func(a archived) string {
			return dollars(athenaScannedTiB.of(a.gib / 1024))
		}),
	}
}

// amount writes a number that is no price.
func amount(n float64) string {
	if n < 100 {
		return fmt.Sprintf("%.1f", n)
	}
	return thousands(n)
}

// levers are what each setting changes of the total into CloudWatch Logs, one at a
// time.
func levers() []row {
	usual := pipeline{settings.Default().CloudWatch, ocsfBytes, 1}
	lever := func(what string, change func(*pipeline)) row {
		changed := usual
		change(&changed)
		return row{what, func(v float64) string {
			return difference(total(changed.toCloudWatch(v)) - total(usual.toCloudWatch(v)))
		}}
	}
	return []row{
		lever("`exclude` or `include` in the rule, half of the events left out", func(c *pipeline) { c.let = 0.5 }),
		lever("`logClass=infrequent`", func(c *pipeline) { c.set.LogClass = settings.LogClassInfrequent }),
		lever("`format=raw`", func(c *pipeline) { c.recordBytes = rawBytes }),
		lever("`observables=true`", func(c *pipeline) { c.recordBytes = ocsfBytes + observablesBytes }),
		lever("`retention=90`", func(c *pipeline) { c.set.RetentionDays = 90 }),
		lever("`window=60`", func(c *pipeline) { c.set.Window = 60 }),
		lever("`window=60` with `batch=1000`", func(c *pipeline) { c.set.Window, c.set.Batch = 60, 1000 }),
	}
}

// perDay writes a number of events.
func perDay(events float64) string {
	if events >= 1e6 {
		return fmt.Sprintf("%g M a day", events/1e6)
	}
	return fmt.Sprintf("%g k a day", events/1e3)
}

// dollars writes an amount as exactly as it can be known.
func dollars(usd float64) string {
	switch {
	case usd == 0:
		return "0"
	case usd < 0.01:
		return "< 0.01"
	case usd < 100:
		return fmt.Sprintf("%.2f", usd)
	}
	return thousands(math.Round(usd))
}

func difference(usd float64) string {
	switch {
	case math.Abs(usd) < 0.01:
		return "0"
	case usd < 0:
		return "−" + dollars(-usd)
	}
	return "+" + dollars(usd)
}

func thousands(n float64) string {
	text := fmt.Sprintf("%.0f", n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// plain writes a price with all of its digits.
func plain(usd float64) string {
	if text := fmt.Sprintf("%.2f", usd); usd >= 0.01 {
		return text
	}
	return strings.TrimRight(fmt.Sprintf("%.10f", usd), "0")
}
