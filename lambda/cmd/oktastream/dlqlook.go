package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oktastream/oktastream/lambda/dlq"
)

// look is how much of a queue was read.
type look struct {
	Queue    string `json:"queue"`
	URL      string `json:"url"`
	Pipeline string `json:"pipeline"`
	Read     int    `json:"read"`
	// As SQS counted them before, which is approximate.
	Visible  int `json:"approximate_visible"`
	InFlight int `json:"approximate_in_flight"`
	Delayed  int `json:"approximate_delayed"`
	// Complete is false where messages may be in the queue that were not read: for
	// the reason in Incomplete, or because of --limit where that is empty.
	Complete   bool   `json:"complete"`
	Incomplete string `json:"incomplete,omitempty"`

	about   int  // messages that were there, approximately
	unknown bool // the queue could not be opened
}

// interrupted is why a queue was not read to its end after Ctrl-C.
const interrupted = "interrupted"

// unread returns the look of a queue of which nothing was read.
func (p *site) unread(q *dlq.Queue) look {
	return look{
		Queue: q.Name, URL: q.URL, Pipeline: p.name(), Visible: q.Visible, InFlight: q.InFlight, Delayed: q.Delayed,
	}
}

// looked returns how much of a queue was read, by a reading that ended with err and deleted
// so many messages. Where SQS had counted more messages than were read, they are counted
// again: the first count may have been out of date.
func (p *site) looked(ctx context.Context, q *dlq.Queue, read dlq.Read, deleted int, err error) look {
	l := p.unread(q)
	l.Read, l.about = read.Messages, max(q.About(), read.Messages)
	switch {
	case ctx.Err() != nil:
		l.Incomplete = interrupted
	case err != nil:
		l.Incomplete = shortCause(err)
	case read.Full:
		l.Incomplete = "SQS lets no more messages be in flight"
	case read.Stopped, l.about == read.Messages:
	default:
		if q.Count(ctx) == nil {
			l.about = max(q.About()+deleted, read.Messages)
		}
		switch {
		case l.about == read.Messages:
		case q.InFlight > 0:
			l.Incomplete = fmt.Sprintf("about %s in flight: another reader, a lost response or a killed run hides them",
				thousands(q.InFlight))
		case q.Delayed > 0:
			l.Incomplete = fmt.Sprintf("about %s delayed: they were sent with a delay that has not passed",
				thousands(q.Delayed))
		default:
			l.Incomplete = "a response of SQS was lost, or its count is out of date"
		}
	}
	l.Complete = l.Incomplete == "" && !read.Stopped
	return l
}

// shortCause is the cause of an error in a few words.
func shortCause(err error) string {
	var p *dlq.Problem
	switch {
	case !errors.As(err, &p):
		return "see the error"
	case p.Code == dlq.CodeNoCredentials:
		return "no credentials"
	case strings.Contains(p.Code, "Expired"):
		return "the credentials have expired"
	case p.Denied():
		return "access denied to " + p.Call
	case p.Code == dlq.CodeNoAnswer:
		return "no answer to " + p.Call
	case p.Code == dlq.CodeNotAWS:
		return "the response to " + p.Call + " is not AWS's"
	}
	return p.Call + ": " + p.Code
}

// looks are the looks of all queues.
type looks []look

func (l looks) read() (n int) {
	for _, q := range l {
		n += q.Read
	}
	return n
}

// complete reports whether every queue was read to its end, or as far as --limit.
func (l looks) complete() bool {
	return !slices.ContainsFunc(l, func(q look) bool { return q.Incomplete != "" })
}

// extent is how many messages were read, of how many where not all were.
func (l looks) extent() string {
	if l.complete() {
		return count(l.read(), "message") + " read"
	}
	about, least := 0, "about"
	for _, q := range l {
		about += q.about
		if q.unknown {
			least = "at least"
		}
	}
	return fmt.Sprintf("%s of %s %s read", thousands(l.read()), least, count(about, "message"))
}

// why is why not all messages were read.
func (l looks) why() string {
	var why []string
	for _, q := range l {
		text := q.Incomplete
		if q.unknown {
			text = strings.TrimPrefix(q.Pipeline+" ", dlq.None+" ") + q.Queue + ": " + text
		}
		if q.Incomplete != "" && !slices.Contains(why, text) {
			why = append(why, text)
		}
	}
	return strings.Join(why, "; ")
}

// incomplete says how much was read and why not all: a sentence, "" where all was.
func (l looks) incomplete() string {
	if l.complete() {
		return ""
	}
	return l.extent() + ": " + l.why()
}

// skip notes queues that were not read: they could not be opened, or reading ended before
// them.
func (l *looks) skip(sites []*site) {
	for _, p := range sites {
		for _, q := range p.queues {
			if slices.ContainsFunc(*l, func(k look) bool { return k.URL == q.URL }) {
				continue
			}
			one := p.unread(q)
			one.Incomplete, one.about = interrupted, q.About()
			if err := p.closed[q]; err != nil {
				one.Incomplete, one.unknown = shortCause(err), true
			}
			*l = append(*l, one)
		}
	}
}

// none says that no message was chosen: because there is none, because the filter
// matches none of those that were read, or because not all were read. Each is a line.
func none(t *queueFlags, f *filterFlags, l looks, seen []dlq.Group) []string {
	filter := f.filter()
	switch {
	case l.read() > 0 && !filter.Empty():
		return slices.DeleteFunc([]string{matchesNone(filter, l, seen), l.incomplete()}, isEmpty)
	case !l.complete():
		return []string{l.incomplete()}
	}
	return []string{"no dead messages" + t.part()}
}

func isEmpty(text string) bool { return text == "" }

// matchesNone says that no message that was read matches a filter, and what there is.
func matchesNone(f dlq.Filter, l looks, seen []dlq.Group) string {
	return fmt.Sprintf("none of %s matches %s%s", count(l.read(), "message"), filterText(f), present(f, seen))
}

// present lists what there is of what a filter asks for.
func present(f dlq.Filter, groups []dlq.Group) string {
	reasons, kinds, ages := map[string]int{}, map[string]int{}, map[string]int{}
	for _, g := range groups {
		reasons[g.Reason] += g.Messages
		for name, n := range g.By[dlq.ByType] {
			kinds[name] += n
		}
		for name, n := range g.By[dlq.ByAge] {
			ages[name] += n
		}
	}
	text := ""
	if len(f.Reasons) > 0 {
		text += "; reasons here: " + largest(reasons)
	}
	if len(f.Types) > 0 {
		text += "; types here: " + largest(kinds)
	}
	if f.OlderThan+f.NewerThan > 0 {
		text += "; ages here: " + largest(ages)
	}
	return text
}

// largest are the ten largest of counts.
func largest(counts map[string]int) string {
	names := byCount(counts)
	var parts []string
	for _, name := range names[:min(len(names), 10)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", name, thousands(counts[name])))
	}
	if len(names) > 10 {
		parts = append(parts, fmt.Sprintf("and %d more", len(names)-10))
	}
	return strings.Join(parts, ", ")
}

// byCount are the names of counts, the largest first.
func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(-cmp.Compare(counts[a], counts[b]), cmp.Compare(a, b))
	})
}

// count is a number of things, in words.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}

// thousands is a number with a comma at every thousand.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// until is how long it is until a time: "in 3 days", "in 40 minutes", "now".
func until(t time.Time) string {
	d := t.Sub(now())
	switch {
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return "in " + count(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return "in " + count(int(d.Hours()), "hour")
	}
	return "in " + count(int(d.Hours()/24), "day")
}

// adviceLines cuts a fix into lines of at most width characters, and no command in it in
// two where that fits a line.
func adviceLines(text string, width int) (lines []string) {
	const glue = "\ue000" // a character for private use stands for the blanks that stay
	parts := strings.Split(text, "`")
	for i := 1; i < len(parts); i += 2 {
		if len(parts[i])+len("``, ") <= width {
			parts[i] = strings.ReplaceAll(parts[i], " ", glue)
		}
	}
	line := ""
	for _, word := range strings.Fields(strings.Join(parts, "`")) {
		if line != "" && utf8.RuneCountInString(line+word) >= width {
			lines, line = append(lines, wrap(line, width)...), ""
		}
		line = strings.TrimLeft(line+" "+strings.ReplaceAll(word, glue, " "), " ")
	}
	return append(lines, wrap(line, width)...)
}
