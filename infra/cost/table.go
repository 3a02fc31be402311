package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/oktastream/oktastream/infra/settings"
)

// volumes are the numbers of events a day that the table has.
func volumes() []float64 { return []float64{100e3, 1e6, 10e6, 100e6} }

// table is all that is shown.
func table() string {
	p := list()
	var b strings.Builder
	fmt.Fprintf(&b, "US dollars a month of %d days in %s, at list prices without free tiers.\n\n", daysOfMonth,
		pricesRegion)
	writeTotals(&b, p)
	for _, w := range ways() {
		writeBill(&b, p, w)
	}
	writeLevers(&b, p)
	writeNotes(&b, p)
	writePrices(&b, p)
	return b.String()
}

func writeHead(b *strings.Builder, first string) {
	fmt.Fprintf(b, "| %s |", first)
	for _, v := range volumes() {
		fmt.Fprintf(b, " %s |", perDay(v))
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(volumes())) + "\n")
}

func writeTotals(b *strings.Builder, p prices) {
	writeHead(b, "total")
	for _, w := range ways() {
		fmt.Fprintf(b, "| %s |", w.title)
		for _, v := range volumes() {
			fmt.Fprintf(b, " %s |", dollars(total(w.bill(p, v))))
		}
		b.WriteString("\n")
	}
}

func writeBill(b *strings.Builder, p prices, w way) {
	b.WriteString("\n")
	writeHead(b, "**"+w.title+"**")
	var bills [][]line
	for _, v := range volumes() {
		bills = append(bills, w.bill(p, v))
	}
	for i, l := range bills[0] {
		fmt.Fprintf(b, "| %s |", l.what)
		for _, bill := range bills {
			fmt.Fprintf(b, " %s |", dollars(bill[i].usd))
		}
		b.WriteString("\n")
	}
	b.WriteString("| **total** |")
	for _, bill := range bills {
		fmt.Fprintf(b, " **%s** |", dollars(total(bill)))
	}
	b.WriteString("\n")
}

// writeLevers shows what each setting changes of the total into CloudWatch Logs, one
// at a time.
func writeLevers(b *strings.Builder, p prices) {
	usual := pipeline{settings.Default().CloudWatch, ocsfBytes, 1}
	with := func(change func(*pipeline)) pipeline {
		changed := usual
		change(&changed)
		return changed
	}
	b.WriteString("\n")
	writeHead(b, "**what a setting changes of oktastream → CloudWatch Logs**")
	for _, lever := range []struct {
		what string
		pipeline
	}{
		{"`exclude` or `include` in the rule, half of the events left out", with(func(c *pipeline) { c.let = 0.5 })},
		{"`format=raw`", with(func(c *pipeline) { c.recordBytes = rawBytes })},
		{"`retention=90`", with(func(c *pipeline) { c.set.RetentionDays = 90 })},
		{"`window=60`", with(func(c *pipeline) { c.set.Window = 60 })},
		{"`window=60` with `batch=1000`", with(func(c *pipeline) { c.set.Window, c.set.Batch = 60, 1000 })},
	} {
		fmt.Fprintf(b, "| %s |", lever.what)
		for _, v := range volumes() {
			fmt.Fprintf(b, " %s |", difference(total(lever.toCloudWatch(p, v))-total(usual.toCloudWatch(p, v))))
		}
		b.WriteString("\n")
	}
}

func writePrices(b *strings.Builder, p prices) {
	fmt.Fprintf(b, "\n| price, %s | US dollars | source, read %s | of |\n|---|---|---|---|\n", pricesRegion, pricesRead)
	for _, price := range p.all() {
		mark := ""
		if price.trust == copied {
			mark = " ¹"
		}
		fmt.Fprintf(b, "| %s | %s a %s%s | %s | %s |\n", price.what, plain(price.usd), price.unit, mark, price.source,
			price.dated)
	}
	b.WriteString("\n¹ List price as somebody else has copied it from AWS, not re-confirmed on AWS's own page.\n")
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
