package doctor

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The columns of the text: no line has more than width.
const (
	width      = 80
	statusWide = len(NotLookedAt) + 2
	linkWide   = len(QueuePolicies) + 2
)

// Write prints the report for a person. Each link is a line, with the next step below
// it where there is one.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	for i, line := range r.Lines {
		if line.Pipeline != "" && (i == 0 || r.Lines[i-1].Pipeline != line.Pipeline) {
			fold(&b, "pipeline ", 9, line.Pipeline)
		}
		lead := fmt.Sprintf("%-*s%-*s", statusWide, line.Status, linkWide, line.Link)
		fold(&b, lead, len(lead), line.Seen)
		if line.Next != "" {
			fold(&b, "    next: ", 10, line.Next)
		}
	}
	r.writeHops(&b)
	b.WriteString(r.Summary() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// hopColumns are the columns of the table of the newest events.
var hopColumns = [...]HopName{HopOkta, HopSource, HopRule, HopBuffer, HopFunction, HopDestination}

// writeHops prints how long ago the newest event was seen, from left to right as it
// travels, a row for each pipeline.
func (r Report) writeHops(b *strings.Builder) {
	if len(r.Hops) == 0 {
		return
	}
	var pipelines []string
	for _, hop := range r.Hops {
		if hop.Pipeline != "" && !slices.Contains(pipelines, hop.Pipeline) {
			pipelines = append(pipelines, hop.Pipeline)
		}
	}
	if len(pipelines) == 0 {
		pipelines = []string{""}
	}
	const label = 22
	fmt.Fprintf(b, "%-*s", label, "newest event")
	for _, hop := range hopColumns {
		fmt.Fprintf(b, "%*s", hopWide(hop), hop)
	}
	b.WriteString("\n")
	for _, pipeline := range pipelines {
		if name := printable(pipeline); utf8.RuneCountInString(name) < label {
			fmt.Fprintf(b, "%-*s", label, name)
		} else {
			fold(b, "", 4, name)
			fmt.Fprintf(b, "%*s", label, "")
		}
		for _, name := range hopColumns {
			text := "?"
			for _, hop := range r.Hops {
				if hop.Hop == name && (hop.Pipeline == pipeline || hop.Pipeline == "") {
					text = "none"
					if hop.Newest != nil {
						text = age(r.At.Sub(*hop.Newest))
					}
				}
			}
			fmt.Fprintf(b, "%*s", hopWide(name), text)
		}
		b.WriteString("\n")
	}
	fold(b, "", 0, "(how long ago; ?: not looked at; none: none in "+r.lookedBack()+")")
}

// lookedBack returns how far back the newest event was searched, with the hops where that differs.
func (r Report) lookedBack() string {
	var times []string
	hops := map[string][]string{}
	for _, name := range hopColumns {
		i := slices.IndexFunc(r.Hops, func(h Hop) bool { return h.Hop == name })
		if i < 0 {
			continue
		}
		back := age(r.At.Sub(r.Hops[i].Since))
		if hops[back] == nil {
			times = append(times, back)
		}
		hops[back] = append(hops[back], string(name))
	}
	if len(times) == 1 {
		return times[0]
	}
	for i, back := range times {
		times[i] = back + " (" + strings.Join(hops[back], ", ") + ")"
	}
	return strings.Join(times, ", ")
}

func hopWide(hop HopName) int { return max(len(hop), 4) + 2 }

// age returns a duration in its largest unit: 40s, 5m, 3h, 2d.
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// many returns n and the thing, in the plural unless n is 1.
func many(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// fold writes lead and text, in lines of at most width columns. Lines after the first are indented by
// indent columns. A word that is longer than a line is cut.
func fold(b *strings.Builder, lead string, indent int, text string) {
	room := width - indent
	b.WriteString(lead)
	used := 0
	for word := range strings.FieldsSeq(printable(text)) {
		for {
			gap := min(used, 1) // a blank between words
			size := utf8.RuneCountInString(word)
			if used+gap+size <= room {
				b.WriteString(strings.Repeat(" ", gap) + word)
				used += gap + size
				break
			}
			if used == 0 {
				cut := []rune(word)
				b.WriteString(string(cut[:room]))
				word = string(cut[room:])
			}
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = 0
		}
	}
	b.WriteString("\n")
}

// printable replaces control characters, and those that change the direction of text: names in an
// account may have any characters.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
}
