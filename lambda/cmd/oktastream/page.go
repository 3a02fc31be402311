package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
)

// columns is the width of a page: that of the narrowest terminal in use.
const columns = 80

// The colours are on only where stdout is a terminal and NO_COLOR is not set.
var (
	strong = color.New(color.Bold).SprintFunc()
	place  = color.New(color.FgCyan).SprintFunc()
	faint  = color.New(color.Faint).SprintFunc()
)

// page lays an explanation out for a person.
func (e explanation) page() []byte {
	var b bytes.Buffer
	head := e.EventType
	if !e.Published {
		head += " (not among the types that Okta had published)"
	}
	lines(&b, "", strong(head), head)
	if e.UUID != "" {
		row(&b, "uuid", e.UUID)
	}
	row(&b, "class", fmt.Sprintf("%d %s", e.ClassUID, e.Class))
	row(&b, "category", e.Category)
	row(&b, "activity", fmt.Sprintf("%d %s", e.Number, e.Activity))
	row(&b, "rule", e.Rule)
	row(&b, "because", e.Why)
	row(&b, "format", e.Format)
	e.sections(&b)
	if e.more > 0 {
		events := "events"
		if e.more == 1 {
			events = "event"
		}
		fmt.Fprintf(&b, "\n%s\n", faint(fmt.Sprintf("%d more %s in the file; --uuid chooses another", e.more, events)))
	}
	return b.Bytes()
}

// row prints a name and a text beside it, on as many lines as it takes.
func row(b *bytes.Buffer, name, text string) {
	for i, line := range wrap(text, columns-12) {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(b, "  %-9s %s\n", name, line)
	}
}

// sections prints the steps: field by field what was taken from the event, then
// what was derived, then what was left out.
func (e explanation) sections(b *bytes.Buffer) {
	var taken, derived, dropped []step
	var order []string
	byField := map[string][]step{}
	for _, s := range e.Steps {
		switch {
		case s.To == "":
			dropped = append(dropped, s)
		case s.From == "":
			derived = append(derived, s)
		default:
			taken = append(taken, s)
			if byField[s.From] == nil {
				order = append(order, s.From)
			}
			byField[s.From] = append(byField[s.From], s)
		}
	}
	if len(taken) > 0 {
		fmt.Fprintf(b, "\n%s\n", strong("from the event"))
	}
	for _, from := range order {
		lines(b, "  ", place(from), from)
		for _, s := range byField[from] {
			e.target(b, "    -> ", s)
		}
	}
	if len(derived) > 0 {
		fmt.Fprintf(b, "\n%s\n", strong("derived"))
	}
	for _, s := range derived {
		e.target(b, "  ", s)
	}
	if len(dropped) > 0 {
		fmt.Fprintf(b, "\n%s\n", strong("left out, because it says nothing"))
		for _, s := range dropped {
			lines(b, "  ", "", fmt.Sprintf("%s = %s", s.From, s.Value))
		}
	}
}

// target prints one place in the record, what stands there and how it was derived.
func (e explanation) target(b *bytes.Buffer, indent string, s step) {
	text := s.To
	if s.Value != nil {
		text += " = " + string(s.Value)
	}
	lines(b, indent, "", text)
	if s.How != "as it is" {
		for _, line := range wrap(s.How, columns-len(indent)-4) {
			fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", len(indent)+2), faint("("+line+")"))
		}
	}
}

// lines prints text, cut into as many lines as it takes; coloured is the same
// with colours, used where it fits on one.
func lines(b *bytes.Buffer, indent, coloured, text string) {
	for i, line := range wrap(text, columns-len(indent)) {
		if i == 0 && coloured != "" && line == text {
			line = coloured
		}
		if i > 0 {
			indent = strings.Repeat(" ", len(indent))
		}
		fmt.Fprintf(b, "%s%s\n", indent, line)
	}
}

// wrap cuts text into lines of at most width characters, at blanks where it has
// any. Nothing is left out: what is printed is what the record holds.
func wrap(text string, width int) []string {
	text = printable(text)
	var out []string
	for utf8.RuneCountInString(text) > width {
		cut := 0
		for range width {
			_, size := utf8.DecodeRuneInString(text[cut:])
			cut += size
		}
		if blank := strings.LastIndexByte(text[:cut], ' '); blank > cut/2 {
			cut = blank + 1
		}
		out = append(out, strings.TrimRight(text[:cut], " "))
		text = text[cut:]
	}
	return append(out, text)
}
