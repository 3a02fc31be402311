package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/tidwall/gjson"
	"golang.org/x/term"

	"github.com/oktastream/oktastream/lambda/sink"
)

// table is a sink that prints two lines per event for a person at a terminal: time, type and
// outcome, and below them class and activity, actor and address. It accepts records in OCSF.
type table struct {
	lines sink.Writer
	day   string // of the previous row
	// The columns' widths. There are two blanks between columns.
	eventType, who int
	rows           []sink.Record
}

// The width of the columns that do not depend on the terminal.
const (
	timeColumn    = len("15:04:05")
	outcomeColumn = len("Success")
)

// wholeRecords is the hint that follows a table.
const wholeRecords = "add --format ocsf, or pipe it, for the whole records"

// newTable returns a table as wide as the terminal, at most 140 columns.
func newTable(terminal *os.File) *table {
	width, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil {
		width = columns
	}
	return tableOf(terminal, min(max(width, columns), 140))
}

// tableOf returns a table of that many columns, 80 at least.
func tableOf(w io.Writer, width int) *table {
	rest := width - timeColumn - outcomeColumn - 3*len("  ")
	eventType := rest * 34 / 59 // of 80 columns 34 and 25
	return &table{lines: sink.Writer{W: w}, eventType: eventType, who: rest - eventType}
}

// Deliver prints the records and accepts those whose rows were written completely.
func (t *table) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	t.rows = t.rows[:0]
	for i := range records {
		t.rows = append(t.rows, sink.Record{Line: t.row(&records[i])})
	}
	return t.lines.Deliver(ctx, t.rows, answers)
}

// row returns the lines of a record, without the last line break.
func (t *table) row(r *sink.Record) []byte {
	var b bytes.Buffer
	at := time.UnixMilli(r.TimeMS).UTC()
	if t.day == "" {
		t.print(&b, strong, "UTC", "event type", "who", "outcome")
		t.print(&b, faint, "", "class: activity", "from where", "")
	}
	if day := at.Format(time.DateOnly); day != t.day {
		t.day = day
		fmt.Fprintf(&b, "%s\n", strong(day))
	}
	get := func(paths ...string) string {
		for _, value := range gjson.GetManyBytes(r.Line, paths...) {
			if value.String() != "" {
				return value.String()
			}
		}
		return ""
	}
	style := plainText
	if get("status_id") == "2" { // Failure
		style = alarming
	}
	who := get("actor.user.name", "actor.user.full_name", "actor.user.uid", "user.name", "actor.app_name", "actor.app_uid",
		"evidences.0.actor.user.name", "evidences.0.actor.user.full_name", "evidences.0.actor.user.uid")
	t.print(&b, style, at.Format(time.TimeOnly), get("metadata.event_code"), who, get("status"))
	// Which of the three a record has depends on its class: see "The client's address" in events/README.md.
	client := func(endpoint, raw string) string {
		return get("src_endpoint."+endpoint, "evidences.0.src_endpoint."+endpoint, "unmapped.client."+raw)
	}
	near := strings.Trim(client("location.city", "geographicalContext.city")+", "+
		client("location.country", "geographicalContext.country"), ", ")
	where := strings.Trim(client("ip", "ipAddress")+" "+near, " ")
	t.print(&b, faint, "", get("class_name")+": "+get("activity_name"), where, "")
	return bytes.TrimRight(b.Bytes(), "\n")
}

func plainText(a ...any) string { return fmt.Sprint(a...) }

// print prints a line of four columns in a style, without blanks at its end.
func (t *table) print(b *bytes.Buffer, style func(...any) string, at, what, who, outcome string) {
	cells := []string{fit(at, timeColumn), fitMiddle(what, t.eventType), fit(who, t.who), fit(outcome, outcomeColumn)}
	fmt.Fprintln(b, style(strings.TrimRight(strings.Join(cells, "  "), " ")))
}

// fit returns text in exactly that many columns: with blanks after it, or shortened with … at the
// end.
func fit(text string, width int) string {
	text = printable(text)
	if n := columnsOf(text); n <= width {
		return text + strings.Repeat(" ", width-n)
	}
	head := headOf(text, width-1)
	return head + "…" + strings.Repeat(" ", width-1-columnsOf(head))
}

// fitMiddle is fit with … in the middle of the text, because the beginning and the end of an event
// type say more.
func fitMiddle(text string, width int) string {
	text = printable(text)
	if columnsOf(text) <= width {
		return fit(text, width)
	}
	runes := []rune(text)
	tail, n := len(runes), 0
	for tail > 0 && n+columnsOfRune(runes[tail-1]) <= width/2 {
		tail--
		n += columnsOfRune(runes[tail])
	}
	return fit(headOf(text, width-1-n)+"…"+string(runes[tail:]), width)
}

// headOf returns the longest beginning of text that fits in that many columns.
func headOf(text string, width int) string {
	for i, r := range text {
		if width -= columnsOfRune(r); width < 0 {
			return text[:i]
		}
	}
	return text
}

func columnsOf(text string) int {
	n := 0
	for _, r := range text {
		n += columnsOfRune(r)
	}
	return n
}

// columnsOfRune returns the number of columns of a character on a terminal: 0 for combining and
// invisible characters, 2 for East Asian, full-width characters and emoji, otherwise 1.
func columnsOfRune(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		0x3000 <= r && r <= 0x303e, 0xff01 <= r && r <= 0xff60, 0xffe0 <= r && r <= 0xffe6, 0x1f300 <= r && r <= 0x1faff:
		return 2
	}
	return 1
}
