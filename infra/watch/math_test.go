package watch

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// This file evaluates the part of CloudWatch's metric math that the package uses,
// as "Using math expressions with CloudWatch metrics" (CloudWatch User Guide,
// 2026-11) describes it, and refuses everything else. Where the page leaves
// something open, reading holds the answer, and the tests run under each.

// reading is how the open points of the page are read.
type reading struct {
	fillEmpty   bool // FILL gives values to a series without any
	missingZero bool // a missing value in arithmetic is 0 (so says the page); else the result is missing
}

func readings() []reading {
	return []reading{
		{fillEmpty: true, missingZero: true}, {fillEmpty: false, missingZero: true}, {fillEmpty: true, missingZero: false},
	}
}

// series is a time series; NaN is a missing value.
type series []float64

// value is a scalar or a series.
type value struct {
	scalar float64
	points series // nil for a scalar
}

func missing() float64 { return math.NaN() }

func gone(v float64) bool { return math.IsNaN(v) }

// evaluator evaluates expressions over series of one length.
type evaluator struct {
	reading
	periodSeconds int
	length        int
	known         map[string]value
}

// run evaluates an alarm's or a graph's lines in their order and returns the one
// that is returned. data gives the series of a metric.
func run(queries []Query, r reading, periodSeconds, length int, data func(*Metric) series) (series, error) {
	e := &evaluator{r, periodSeconds, length, map[string]value{}}
	var result series
	for _, q := range queries {
		var v value
		if q.Metric != nil {
			v.points = data(q.Metric)
			if len(v.points) != length {
				return nil, fmt.Errorf("%s: %d points, want %d", q.ID, len(v.points), length)
			}
		} else {
			var err error
			if v, err = e.eval(q.Expression); err != nil {
				return nil, fmt.Errorf("%s: %w", q.ID, err)
			}
			if v.points == nil {
				return nil, fmt.Errorf("%s: the result must be a time series", q.ID)
			}
		}
		e.known[q.ID] = v
		if q.Return {
			result = v.points
		}
	}
	return result, nil
}

// eval evaluates one expression.
func (e *evaluator) eval(text string) (v value, err error) {
	p := &parser{e: e, tokens: tokens(text)}
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(parseFault)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("%s in %q", string(fault), text)
		}
	}()
	v = p.or()
	if p.peek() != "" {
		p.fail("unexpected " + p.peek())
	}
	return v, nil
}

type parseFault string

type parser struct {
	e      *evaluator
	tokens []string
	at     int
}

func tokens(text string) []string {
	var list []string
	for i := 0; i < len(text); {
		c := rune(text[i])
		switch {
		case unicode.IsSpace(c):
			i++
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			j := i
			for j < len(text) && (unicode.IsLetter(rune(text[j])) || unicode.IsDigit(rune(text[j])) ||
				strings.ContainsRune("_.", rune(text[j]))) {
				j++
			}
			list, i = append(list, text[i:j]), j
		case i+1 < len(text) && strings.Contains("<= >= == !=", text[i:i+2]):
			list, i = append(list, text[i:i+2]), i+2
		default:
			list, i = append(list, string(c)), i+1
		}
	}
	return list
}

func (p *parser) fail(why string) { panic(parseFault(why)) }

func (p *parser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *parser) take(want ...string) string {
	for _, w := range want {
		if p.peek() == w {
			p.at++
			return w
		}
	}
	return ""
}

func (p *parser) need(want string) {
	if p.take(want) == "" {
		p.fail("expected " + want + ", have " + p.peek())
	}
}

func (p *parser) or() value {
	v := p.and()
	for p.take("OR") != "" {
		v = p.e.both(v, p.and(), true, func(a, b float64) float64 { return truth(a != 0 || b != 0) })
	}
	return v
}

func (p *parser) and() value {
	v := p.compared()
	for p.take("AND") != "" {
		v = p.e.both(v, p.compared(), true, func(a, b float64) float64 { return truth(a != 0 && b != 0) })
	}
	return v
}

func (p *parser) compared() value {
	v := p.sum()
	op := p.take("<", ">", "<=", ">=", "==", "!=")
	if op == "" {
		return v
	}
	// "when only one of the time series has a value for a particular time stamp, the
	// function treats the missing value in the other time series as 0"
	return p.e.both(v, p.sum(), true, map[string]func(a, b float64) float64{
		"<": func(a, b float64) float64 { return truth(a < b) }, ">": func(a, b float64) float64 { return truth(a > b) },
		"<=": func(a, b float64) float64 { return truth(a <= b) }, ">=": func(a, b float64) float64 { return truth(a >= b) },
		"==": func(a, b float64) float64 { return truth(a == b) }, "!=": func(a, b float64) float64 { return truth(a != b) },
	}[op])
}

func (p *parser) sum() value {
	v := p.product()
	for {
		switch p.take("+", "-") {
		case "+":
			v = p.e.both(v, p.product(), p.e.missingZero, func(a, b float64) float64 { return a + b })
		case "-":
			v = p.e.both(v, p.product(), p.e.missingZero, func(a, b float64) float64 { return a - b })
		default:
			return v
		}
	}
}

func (p *parser) product() value {
	v := p.factor()
	for {
		switch p.take("*", "/") {
		case "*":
			v = p.e.both(v, p.factor(), p.e.missingZero, func(a, b float64) float64 { return a * b })
		case "/":
			// "If the value of a data point causes a function to attempt to divide by zero,
			// the data point is dropped."
			v = p.e.both(v, p.factor(), p.e.missingZero, func(a, b float64) float64 {
				if b == 0 {
					return missing()
				}
				return a / b
			})
		default:
			return v
		}
	}
}

func (p *parser) factor() value {
	token := p.peek()
	p.at++
	switch {
	case token == "(":
		v := p.or()
		p.need(")")
		return v
	case token != "" && unicode.IsDigit(rune(token[0])):
		n, err := strconv.ParseFloat(token, 64)
		if err != nil {
			p.fail("no number: " + token)
		}
		return value{scalar: n}
	case token != "" && unicode.IsLower(rune(token[0])):
		v, ok := p.e.known[token]
		if !ok {
			p.fail("unknown id " + token)
		}
		return v
	}
	return p.call(token)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// both applies f to each pair of values. Where both are missing the result is.
func (e *evaluator) both(a, b value, zero bool, f func(a, b float64) float64) value {
	if a.points == nil && b.points == nil {
		return value{scalar: f(a.scalar, b.scalar)}
	}
	result := make(series, e.length)
	for i := range result {
		x, y := a.scalar, b.scalar
		if a.points != nil {
			x = a.points[i]
		}
		if b.points != nil {
			y = b.points[i]
		}
		lone := a.points == nil || b.points == nil // a scalar is never missing, and fills nothing in
		switch {
		case gone(x) && gone(y), lone && (gone(x) || gone(y)), !zero && (gone(x) || gone(y)):
			result[i] = missing()
		default:
			if gone(x) {
				x = 0
			}
			if gone(y) {
				y = 0
			}
			result[i] = f(x, y)
		}
	}
	return value{points: result}
}
