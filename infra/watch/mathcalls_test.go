package watch

import (
	"math"
	"slices"
	"testing"
)

// call evaluates a function; one that the package does not need is an error.
func (p *parser) call(name string) value {
	switch name {
	case "FILL", "DIFF", "DIFF_TIME", "ABS", "IF":
	default:
		p.fail("unknown function " + name)
	}
	p.need("(")
	defer p.need(")")
	first := p.or()
	if name == "IF" {
		p.need(",")
		yes := p.or()
		p.need(",")
		return p.e.choose(first, yes, p.or())
	}
	if first.points == nil {
		p.fail(name + " takes a time series")
	}
	switch name {
	case "FILL":
		p.need(",")
		if p.take("REPEAT") != "" {
			return value{points: repeat(first.points)}
		}
		by := p.or()
		if by.points != nil {
			p.fail("FILL with a series is not used here")
		}
		return value{points: p.e.fill(first.points, by.scalar)}
	case "DIFF":
		return value{points: p.e.steps(first.points, func(before, now float64, _ int) float64 { return now - before })}
	case "DIFF_TIME":
		return value{points: p.e.steps(first.points, func(_, _ float64,
			periods int) float64 {
			return float64(periods * p.e.periodSeconds)
		})}
	}
	result := slices.Clone(first.points)
	for i := range result {
		result[i] = math.Abs(result[i])
	}
	return value{points: result}
}

func (e *evaluator) fill(points series, by float64) series {
	result := slices.Clone(points)
	if !e.fillEmpty && !slices.ContainsFunc(points, func(v float64) bool { return !gone(v) }) {
		return result
	}
	for i := range result {
		if gone(result[i]) {
			result[i] = by
		}
	}
	return result
}

func repeat(points series) series {
	result := slices.Clone(points)
	for i := 1; i < len(result); i++ {
		if gone(result[i]) {
			result[i] = result[i-1]
		}
	}
	return result
}

// steps is f of each value and the one before it, "the preceding value from that
// time series"; the first has none.
func (e *evaluator) steps(points series, f func(before, now float64, periods int) float64) series {
	result := make(series, len(points))
	last := -1
	for i, v := range points {
		result[i] = missing()
		if gone(v) {
			continue
		}
		if last >= 0 {
			result[i] = f(points[last], v, i-last)
		}
		last = i
	}
	return result
}

// choose is IF: a missing condition drops the point; a true one takes 0 for a
// missing value, a false one drops it.
func (e *evaluator) choose(condition, yes, no value) value {
	at := func(v value, i int) float64 {
		if v.points == nil {
			return v.scalar
		}
		return v.points[i]
	}
	result := make(series, e.length)
	for i := range result {
		switch c := at(condition, i); {
		case gone(c):
			result[i] = missing()
		case c != 0:
			result[i] = at(yes, i)
			if gone(result[i]) {
				result[i] = 0
			}
		default:
			result[i] = at(no, i)
		}
	}
	return value{points: result}
}

// The examples are the page's own, as far as it uses the functions that are here.
func TestTheEvaluatorAgreesWithTheManual(t *testing.T) {
	no := missing()
	for text, want := range map[string]series{
		"metric1 < metric2":                  {0, 0, 1, 0},
		"(metric1 > 15 AND metric2 > 15)":    {1, 0, 0, 0},
		"IF(c1, c2, c3)":                     {30, 0, 20, no},
		"IF(c1, 5, c3)":                      {5, 5, 20, no},
		"IF(c1, c2, 5)":                      {30, 0, 5, 5},
		"DIFF(metric1)":                      {no, -10, -20, 0},
		"DIFF_TIME(gaps)":                    {no, no, 120, 60},
		"FILL(gaps, 7)":                      {1, 7, 4, 9},
		"FILL(gaps, REPEAT)":                 {1, 1, 4, 9},
		"100 * metric1 / metric2":            {150, no, 0, no},
		"gaps - DIFF(gaps)":                  {1, no, 1, 4},
		"ABS(0 - metric1)":                   {30, 20, 0, 0},
		"(metric1 + metric2) / 2 + 3 * gaps": {28, 10, 22, 27},
	} {
		e := &evaluator{reading{true, true}, 60, 4, map[string]value{
			"metric1": {points: series{30, 20, 0, 0}}, "metric2": {points: series{20, no, 20, no}},
			"gaps": {points: series{1, no, 4, 9}},
			"c1":   {points: series{1, 1, 0, 0}}, "c2": {points: series{30, no, 0, 0}}, "c3": {points: series{0, 0, 20, no}},
		}}
		v, err := e.eval(text)
		if err != nil {
			t.Error(err)
			continue
		}
		for i := range want {
			if v.points[i] != want[i] && !(gone(want[i]) && gone(v.points[i])) {
				t.Errorf("%s = %v, want %v", text, v.points, want)
				break
			}
		}
	}
	for _, text := range []string{"SUM(metric1)", "FILL(1, 0)", "nobody + 1", "metric1 +", "IF(metric1, 1)",
		"metric1 metric1", "1 < < 2"} {
		e := &evaluator{reading{}, 60, 1, map[string]value{"metric1": {points: series{1}}}}
		if v, err := e.eval(text); err == nil {
			t.Errorf("%s = %v, want an error", text, v)
		}
	}
}
