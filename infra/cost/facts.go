package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// fact is a price or a quantity: value, of what, and where it comes from. dated is the date of the source, or how the
// value is known: measured by a test of ours, in our code, or assumed.
type fact struct {
	name, what, text, unit, source, dated string
	value                                 float64 // of text
}

//go:embed prices.csv
var pricesCSV string

//go:embed quantities.csv
var quantitiesCSV string

// Prices are AWS's list prices in us-east-1, without free tiers and without discounts for volumes beyond those of the
// table, read 2026-11-22 to 2026-11-28. That the owner of a bus pays for a partner's events: AWS knowledge center,
// "eventbridge-reduce-charges" (2021-12); no sentence was found that says who pays.
var prices, quantities = read(pricesCSV), read(quantitiesCSV)

func read(text string) []fact {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("read the embedded table: %v", err))
	}
	var list []fact
	for _, r := range rows[1:] {
		value, err := strconv.ParseFloat(r[2], 64)
		if err != nil {
			panic(fmt.Sprintf("read %s of the embedded table: %v", r[0], err))
		}
		list = append(list, fact{r[0], r[1], r[2], r[3], r[4], r[5], value})
	}
	return list
}

func find(list []fact, name string) fact {
	for _, f := range list {
		if f.name == name {
			return f
		}
	}
	panic("no price or quantity has the name " + name)
}

// quantity returns the value of a row of quantities.csv.
func quantity(name string) float64 { return find(quantities, name).value }

// usd returns the price of n units of a row of prices.csv, in US dollars.
func usd(name string, n float64) float64 {
	p := find(prices, name)
	per, err := strconv.ParseFloat(strings.ReplaceAll(strings.Replace(p.unit, "million", "1000000", 1), ",", ""), 64)
	if err != nil {
		per = 1 // a GB, a month
	}
	return n / per * p.value
}

// own reports whether a price was read on AWS's own page or on a word-for-word copy. The others are list prices as the
// source has copied them: AWS's pages lack, in their stored copies, the numbers that a script fills in.
func (f fact) own() bool { return strings.HasPrefix(f.source, "aws.amazon.com/") }
