// Command cost prints what a month of 30 days costs at AWS, line by line, for 100 thousand to 100 million events a day:
// the pipelines that the CDK app deploys with their default settings, beside what one can make by hand, a rule that
// leads straight to the destination with no function.
//
//	go run ./infra/cost
//
// The output is Markdown; README.md of this folder holds it between <!-- cost --> and <!-- /cost -->, and a test
// compares the two. The arithmetic uses means: no distribution of sizes, no peaks, no outages.
package main

import (
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/oktastream/oktastream/infra/settings"
)

func main() {
	if _, err := fmt.Print(text()); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

// volumes returns the numbers of events a day that the tables have.
func volumes() []float64 { return []float64{100e3, 1e6, 10e6, 100e6} }

// row is a row of a table, with a cell for each volume.
type row struct {
	what  string
	cells func(eventsPerDay float64) string
}

// text returns everything that is printed.
func text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "US dollars a month of %d days in us-east-1, at list prices without free tiers.\n\n%s", daysOfMonth,
		totals())
	for _, w := range ways() {
		b.WriteString("\n" + table("**"+w.title+"**", bill(w.bill, math.Inf(1))))
	}
	b.WriteString("\n" + table("**a million events, everything included**", millions()))
	b.WriteString("\n" + table("**what one month of events costs to keep in the archive**", kept()))
	b.WriteString("\n" + table("**the auditor, with an archive, on top**", bill(auditor, auditable())))
	b.WriteString("\n" + table("**what a setting changes of oktastream → CloudWatch Logs**", levers()))
	b.WriteString("\n| quantity | value | source | of |\n|---|---:|---|---|\n")
	for _, q := range quantities {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", q.what, strings.TrimSpace(q.text+" "+q.unit), q.source, q.dated)
	}
	b.WriteString("\n| price, us-east-1 | US dollars | source, read 2026-11-22 to 2026-11-28 | of |\n|---|---|---|---|\n")
	for _, p := range prices {
		mark := " ¹"
		if p.own() {
			mark = ""
		}
		fmt.Fprintf(&b, "| %s | %s a %s%s | %s | %s |\n", p.what, p.text, p.unit, mark, p.source, p.dated)
	}
	b.WriteString("\n¹ AWS's list price as the source has copied it; not confirmed on AWS's own page.\n")
	return b.String()
}

func table(title string, rows []row) string {
	head, body := "| "+title+" |", ""
	for _, v := range volumes() {
		unit, n := "k", v/1e3
		if v >= 1e6 {
			unit, n = "M", v/1e6
		}
		head += fmt.Sprintf(" %g %s a day |", n, unit)
	}
	for _, r := range rows {
		body += "| " + r.what + " |"
		for _, v := range volumes() {
			body += " " + r.cells(v) + " |"
		}
		body += "\n"
	}
	return head + "\n|---|" + strings.Repeat("---:|", len(volumes())) + "\n" + body
}

// totals returns the table that the project's page shows too.
func totals() string {
	var rows []row
	for _, w := range ways() {
		rows = append(rows, row{w.title, func(v float64) string { return dollars(total(w.bill(v))) }})
	}
	return table("total", rows)
}

// bill returns the lines of a bill, up to the most events a day that the way can take.
func bill(of func(eventsPerDay float64) []line, most float64) []row {
	cell := func(v float64, text string) string {
		if v > most {
			return "too many"
		}
		return text
	}
	var rows []row
	for i, l := range of(volumes()[0]) {
		rows = append(rows, row{l.what, func(v float64) string { return cell(v, dollars(of(v)[i].usd)) }})
	}
	return append(rows, row{"**total**", func(v float64) string { return cell(v, "**"+dollars(total(of(v)))+"**") }})
}

// perMillion returns the price of a million events on w.
func (w way) perMillion(eventsPerDay float64) float64 {
	return total(w.bill(eventsPerDay)) / (eventsPerDay * daysOfMonth / 1e6)
}

// millions returns what a million events cost on the ways to AWS's own destinations.
func millions() []row {
	cell := func(what string, k kind, change func(*way)) row {
		return row{what, func(v float64) string { return dollars(wayOf(k, change).perMillion(v)) }}
	}
	same := same
	return []row{
		cell("CloudWatch Logs", toLogs, same),
		cell("CloudWatch Logs, `logClass=infrequent`", toLogs, infrequent),
		cell("by hand: rule → CloudWatch Logs", byHandToLogs, same),
		cell("archive, without what is stored", toArchive, same),
		cell("archive, `window=300`", toArchive, func(w *way) { w.set.Window = 300 }),
	}
}

func same(*way) {}

func infrequent(w *way) { w.set.LogClass = settings.LogClassInfrequent }

// kept returns what it costs to keep a month of events in the archive.
func kept() []row {
	cell := func(what string, of func(f flow) string) row {
		return row{what, func(v float64) string { return of(flow{wayOf(toArchive, same), v}) }}
	}
	cold := func(f flow, usd float64) string {
		if !f.cold() {
			return "not moved"
		}
		return dollars(usd)
	}
	return []row{
		cell("GB of objects", func(f flow) string { return dollars(f.archivedGiB()) }),
		cell("mean size of an object, KB", func(f flow) string {
			return dollars(f.archivedGiB() * (1 << 20) / f.invocations())
		}),
		cell("each month, Standard", func(f flow) string { return dollars(usd("s3StoredGiBMonth", f.archivedGiB())) }),
		cell("each month after `coldDays`, Glacier Instant Retrieval", func(f flow) string {
			return cold(f, usd("s3ColdGiBMonth", f.archivedGiB()))
		}),
		cell("once, for the move", func(f flow) string { return cold(f, usd("s3Transition", f.invocations())) }),
		cell("a query of Athena that reads all of it", func(f flow) string {
			return dollars(usd("athenaScannedTiB", f.archivedGiB()/1024))
		}),
	}
}

// levers returns what each setting changes of the total into CloudWatch Logs, one at a time.
func levers() []row {
	lever := func(what string, k kind, change func(*way)) row {
		return row{what, func(v float64) string {
			return difference(total(wayOf(k, change).bill(v)) - total(wayOf(k, same).bill(v)))
		}}
	}
	return []row{
		lever("`exclude` or `include` in the rule, half of the events left out", toLogs, func(w *way) { w.share = 0.5 }),
		lever("`logClass=infrequent`", toLogs, infrequent),
		lever("`format=raw`", toLogs, func(w *way) { w.recordBytes = quantity("rawBytes") }),
		lever("`observables=true`", toLogs, func(w *way) { w.recordBytes += quantity("observablesBytes") }),
		lever("`retention=90`", toLogs, func(w *way) { w.set.RetentionDays = 90 }),
		lever("`window=60`", toLogs, func(w *way) { w.set.Window = 60 }),
		lever("`window=60` with `batch=1000`", toLogs, func(w *way) { w.set.Window, w.set.Batch = 60, 1000 }),
		lever("`ack=true` of Splunk, if indexers take ten seconds", overHTTPS,
			func(w *way) { w.callMilliseconds += 10_000 }),
		{"`kms=own`, key and requests of SQS; a dollar more after each of the first two yearly rotations",
			func(float64) string {
				return difference(usd("kmsKey", 1) + usd("kmsRequest", 3*quantity("kmsRequestsOfQueue")))
			}},
	}
}

// dollars writes an amount, of dollars or not, as exactly as it can be known.
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
