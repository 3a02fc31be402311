package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"

	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
)

// columns is the width of a page: that of the narrowest terminal in use.
const columns = 80

// The colours are on only where stdout is a terminal and NO_COLOR is not set.
var (
	strong = color.New(color.Bold).SprintFunc()
	place  = color.New(color.FgCyan).SprintFunc()
	faint  = color.New(color.Faint).SprintFunc()
	// alarming is for what failed.
	alarming = color.New(color.FgRed).SprintFunc()
)

// maxFieldLines is how many fields a page lists without --fields: as many as fit on a terminal below the
// summary.
const maxFieldLines = 12

// page lays an explanation out for a person: the summary, and with fields, or where they are few, a line
// for each field.
func (e explanation) page(fields bool) []byte {
	var b bytes.Buffer
	e.summary(&b)
	switch {
	case fields || len(e.Steps) <= maxFieldLines:
		e.fields(&b)
	default:
		row(&b, "fields", fmt.Sprintf("%d; --fields lists them", len(e.Steps)))
	}
	if e.More+e.Bad > 0 {
		fmt.Fprintln(&b)
	}
	if e.More > 0 {
		lines(&b, "", "", count(e.More, "more event")+" in the file; --uuid chooses another")
	}
	if e.Bad > 0 {
		lines(&b, "", "", fmt.Sprintf("%s in the file; oktastream run %s lists what is wrong",
			count(e.Bad, "bad record"), e.file))
	}
	return b.Bytes()
}

// summary prints what decides about the event, a row each.
func (e explanation) summary(b *bytes.Buffer) {
	lines(b, "", strong(e.EventType), e.EventType)
	if !e.Published {
		text := "Okta has not published this event type"
		if e.Meant != "" {
			text += "; did you mean " + e.Meant + "?"
		}
		lines(b, "", alarming(text), text)
	}
	if e.UUID != "" {
		row(b, "uuid", e.UUID)
	}
	row(b, "class", fmt.Sprintf("%d %s", e.ClassUID, e.Class))
	row(b, "category", e.Category)
	row(b, "activity", fmt.Sprintf("%d %s", e.Number, e.Activity))
	row(b, "rule", e.Rule+e.scope())
	row(b, "because", e.Why)
	e.Roles.rows(b)
	row(b, "format", e.Format)
}

// scope says in words which event types the rule is for.
func (e explanation) scope() string {
	switch {
	case e.Rule == "*":
		return " (no rule names this family)"
	case strings.Contains(e.Rule, "*"):
		return " (the first rule that matches)"
	}
	return " (a rule for this event type)"
}

// pageOf lays a list of event types out, a line each.
func pageOf(all []listed) []byte {
	width := 0
	for _, l := range all {
		width = max(width, len(l.EventType))
	}
	width = min(width, columns/2)
	var b bytes.Buffer
	for _, l := range all {
		name := place(l.EventType) + strings.Repeat(" ", max(width-len(l.EventType), 0))
		activity := l.Activity
		if activity == l.EventType {
			activity = "Other"
		}
		fmt.Fprintf(&b, "%s  %s: %s\n", name, l.Class, activity)
	}
	return b.Bytes()
}

// inWords writes a choice of target types for a person: of the types that | separates either, and those
// after a > only where there is no target of those before it.
var inWords = strings.NewReplacer("|", " or ", " > ", ", else ", "{thing}", "any other type",
	"{other}", "any other type that is not known to have parts")

// rows print which targets play which role, and why.
func (c cast) rows(b *bytes.Buffer) {
	row(b, "roles", fmt.Sprintf("%s: %s (%s)", c.Rule, c.Why, c.Shape))
	for role := range roles.Count {
		if types := c.Types[role.String()]; types != "" {
			types = inWords.Replace(types)
			if prefix := role.IDPrefix(); prefix != "" {
				types += "; of several, that with an id " + prefix + "…"
			}
			row(b, "", role.String()+": "+types)
		}
	}
	if c.OnSelf {
		row(b, "", "the actor is the user where no target is: "+c.SelfWhy)
	}
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

// fields prints a line for each field of the record, in its order: the attribute, its value, where it
// comes from, and how. What is left out of the record follows.
func (e explanation) fields(b *bytes.Buffer) {
	var dropped []record.Step
	fmt.Fprintf(b, "\n%s\n", strong("fields of the record"))
	for _, s := range e.Steps {
		if s.To == "" {
			dropped = append(dropped, s)
			continue
		}
		fieldLine(b, step(s).line())
	}
	if len(dropped) > 0 {
		fmt.Fprintf(b, "\n%s\n", strong("left out: empty, or a placeholder"))
	}
	for _, s := range dropped {
		fieldLine(b, fmt.Sprintf("%s = %s", s.From, s.Value))
	}
}

// fieldLine prints a field on one line where the page is wide enough, else on more that are indented.
func fieldLine(b *bytes.Buffer, text string) {
	if utf8.RuneCountInString(printable(text)) <= columns-2 {
		lines(b, "  ", "", text)
		return
	}
	for i, line := range wrap(text, columns-6) {
		indent := "      "
		if i == 0 {
			indent = "  "
		}
		fmt.Fprintf(b, "%s%s\n", indent, line)
	}
}

// step is a field of an explanation.
type step record.Step

// line is a field on one line.
func (s step) line() string {
	text := s.To
	if s.Value != nil {
		text += " = " + string(s.Value)
	} else {
		text += strings.Repeat(" ", max(34-len(text), 0))
	}
	switch {
	case s.To == "unmapped."+s.From && s.How == record.Unchanged:
		return text // Okta's own path
	case s.From == "":
		return text + "  (" + s.How + ")"
	case s.How == record.Unchanged:
		return text + "  <- " + s.From
	}
	return text + "  <- " + s.From + " (" + s.How + ")"
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
