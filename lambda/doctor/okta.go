package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// OktaAPI is what is read from the Okta org. It is a *systemlog.Client, which is for one goroutine at
// a time: one check makes all calls.
type OktaAPI interface {
	LogStreams(ctx context.Context) ([]systemlog.LogStream, error)
	Bounded(since, until time.Time) *systemlog.Bounded
	BoundedFilter(since, until time.Time, filter string) *systemlog.Bounded
}

const (
	// oktaBudget is longer than that of other checks: a query takes Okta up to 30 s.
	oktaBudget = time.Minute
	// changesFilter selects the events about changes of log streams (Okta event types,
	// system.log_stream.lifecycle.{create,update,activate,deactivate,delete}, 2026-08).
	changesPrefix = "system.log_stream.lifecycle."
	changesFilter = `eventType sw "` + changesPrefix + `"`
	// maxOktaPages bounds the pages of one read: 10,000 events.
	maxOktaPages = 10

	streamsPage = "Okta: Reports, Log Streaming"
)

// okta looks at the log stream in Okta, and at the newest event there.
func (d *Doctor) okta() []Check {
	if d.Okta == nil {
		return checks(OktaStream, Pipeline{}, constant(Unseen(NoCredentials, "no credentials for Okta",
			"add --org-url https://ORG.okta.com --token-file FILE (the token of a Report Administrator is enough)")))
	}
	return []Check{{Link: OktaStream, Budget: oktaBudget, Look: d.oktaStream}}
}

func (d *Doctor) oktaStream(ctx context.Context) Result {
	now := d.Now()
	streams, listErr := d.Okta.LogStreams(ctx)
	changes, logErr := d.streamChanges(ctx, now)
	var result Result
	switch {
	case listErr == nil:
		result = d.listedStream(streams, changes)
	case logErr == nil:
		result = d.loggedStream(changes)
	default:
		return oktaFailed(logErr)
	}
	if logErr == nil {
		result.Hops = d.newestAtOkta(ctx, now)
	}
	return result
}

// streamChange is a change of a log stream, as the System Log has it.
type streamChange struct {
	at       time.Time
	change   string // create, update, activate, deactivate, delete
	id, name string // of the stream
	who      string
	byOkta   bool
}

// streamChanges returns the changes of log streams of the last 90 days, the newest last.
func (d *Doctor) streamChanges(ctx context.Context, now time.Time) ([]streamChange, error) {
	var changes []streamChange
	// Okta's clock may be ahead of this machine's.
	read := d.Okta.BoundedFilter(now.Add(-systemlog.Retention), now.Add(time.Minute), changesFilter)
	err := eachEvent(ctx, read, func(e systemlog.Event) {
		var in struct {
			Actor  struct{ Type, AlternateID string }
			Target []struct{ ID, DisplayName string }
		}
		if json.Unmarshal(e.JSON, &in) != nil {
			return
		}
		c := streamChange{at: e.Published, change: strings.TrimPrefix(e.EventType, changesPrefix), who: in.Actor.AlternateID,
			byOkta: in.Actor.Type == "SystemPrincipal"}
		if len(in.Target) > 0 {
			c.id, c.name = in.Target[0].ID, in.Target[0].DisplayName
		}
		if c.change != "update" {
			changes = append(changes, c)
		}
	})
	return changes, err
}

// errMorePages is a read that has more than maxOktaPages pages.
var errMorePages = fmt.Errorf("the System Log has more than %d pages of these events", maxOktaPages)

// eachEvent calls do with the events of a read, of at most maxOktaPages pages. It returns errMorePages
// where there are more.
func eachEvent(ctx context.Context, read *systemlog.Bounded, do func(systemlog.Event)) error {
	for range maxOktaPages {
		page, err := read.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			do(e)
		}
		if page.Cursor.Done {
			return nil
		}
	}
	return errMorePages
}

// newestAtOkta searches the System Log for the newest event: the last minute first, then longer spans.
func (d *Doctor) newestAtOkta(ctx context.Context, now time.Time) []Hop {
	hop := Hop{Hop: HopOkta, From: "System Log"}
	for _, span := range []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 24 * time.Hour} {
		var newest time.Time
		err := eachEvent(ctx, d.Okta.Bounded(now.Add(-span), now.Add(time.Minute)), func(e systemlog.Event) {
			if e.Published.After(newest) {
				newest = e.Published
			}
		})
		switch {
		case errors.Is(err, errMorePages): // there are events, and newer ones
			hop.Seconds = int(now.Sub(newest).Seconds())
		case err != nil:
			return nil
		}
		if hop.Since = now.Add(-span); !newest.IsZero() {
			hop.Newest = &newest
			break
		}
	}
	return []Hop{hop}
}

// listedStream judges the stream by the org's list of log streams. The changes say since when, and by
// whom.
func (d *Doctor) listedStream(streams []systemlog.LogStream, changes []streamChange) Result {
	_, name, _ := events.ParseSource(d.Stack.Source)
	var elsewhere string
	for _, s := range streams {
		if s.Source != name {
			continue
		}
		if s.Account != d.Stack.Account || s.Region != d.Stack.Region {
			elsewhere = fmt.Sprintf("stream %s sends to account %s, %s", s.Name, s.Account, s.Region)
			continue
		}
		last := lastChange(changes, func(c streamChange) bool { return c.id == s.ID })
		if !s.Active {
			return d.inactive(last)
		}
		return Fine("active" + last.when(" since ", "activate", "create"))
	}
	if elsewhere != "" {
		return Fault(elsewhere, fmt.Sprintf("%s: this cannot be changed in a stream: make one to account %s, %s", streamsPage,
			d.Stack.Account, d.Stack.Region))
	}
	last := lastChange(changes, func(c streamChange) bool { return c.name == name && c.change == "delete" })
	if last != nil {
		return d.deleted(last)
	}
	return Fault("the org has no log stream with event source name "+name, d.makeStream()+"; or correct --org-url")
}

// loggedStream judges the stream by its last change in the System Log, which names it as
// the Admin Console does.
func (d *Doctor) loggedStream(changes []streamChange) Result {
	_, name, _ := events.ParseSource(d.Stack.Source)
	last := lastChange(changes, func(c streamChange) bool { return c.name == name })
	const ask = streamsPage + " shows it; or run doctor with the token of a Super Administrator"
	switch {
	case last == nil && len(changes) == 0:
		// A change after a recent event would be in the log.
		r := Unseen(Unclear, "no log stream changed in 90 days, so Okta's log does not say whether it is active", ask)
		r.Confirmable = "no change in 90 days"
		return r
	case last == nil:
		var names []string
		for _, c := range changes {
			if !slices.Contains(names, c.name) {
				names = append(names, c.name)
			}
		}
		return Unseen(Unclear, fmt.Sprintf("Okta's log has changes of other streams only: %s; none of %s",
			strings.Join(names, ", "), name), ask)
	case last.change == "deactivate":
		return d.inactive(last)
	case last.change == "delete":
		return d.deleted(last)
	}
	return Fine("active" + last.when(" since ", "activate", "create"))
}

func lastChange(changes []streamChange, is func(streamChange) bool) *streamChange {
	for i := range slices.Backward(changes) {
		if is(changes[i]) {
			return &changes[i]
		}
	}
	return nil
}

// when returns before with the time of the change and who made it, where c is one of these changes,
// else "".
func (c *streamChange) when(before string, changes ...string) string {
	if c == nil || !slices.Contains(changes, c.change) {
		return ""
	}
	who := c.who
	if c.byOkta {
		who = "Okta itself"
	}
	return before + atMinute(c.at) + ", by " + who
}

// inactive returns the result of a stream that is switched off. Okta switches a stream off after two
// failed deliveries, and does not send the events of that time later (help.okta.com, "About log
// streams", 2026-08).
func (d *Doctor) inactive(last *streamChange) Result {
	seen, first := "switched off"+last.when(" since ", "deactivate"), ""
	backfill := ""
	if last != nil && last.change == "deactivate" {
		backfill = fmt.Sprintf("; then oktastream backfill --stack %s --since %s fetches what was missed", d.Stack.Name,
			last.at.UTC().Format(time.RFC3339))
		if last.byOkta {
			seen += ": two deliveries failed"
			first = "fix what is broken below, then "
		}
	}
	return Fault(seen, first+streamsPage+", the stream, Activate"+backfill)
}

func (d *Doctor) deleted(last *streamChange) Result {
	return Fault("deleted"+last.when(" at ", "delete"), d.makeStream())
}

// makeStream returns the step that makes the stream.
func (d *Doctor) makeStream() string {
	_, name, _ := events.ParseSource(d.Stack.Source)
	return fmt.Sprintf("%s, AWS EventBridge: event source name %s, account %s, %s", streamsPage, name, d.Stack.Account,
		d.Stack.Region)
}

// atMinute returns a time as the report shows it.
func atMinute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// oktaFailed returns the result of a check whose call of Okta failed.
func oktaFailed(err error) Result {
	e, ok := errors.AsType[*systemlog.Error](err)
	switch {
	case errors.Is(err, errMorePages):
		return Unseen(Unclear, err.Error(), streamsPage+" shows the stream")
	case !ok:
		return Unseen(NoAnswer, "no answer from Okta in time", "run it again; see status.okta.com")
	}
	switch e.Kind {
	case systemlog.MissingRole, systemlog.MissingScope:
		r := Unseen(NoPermission, e.Detail, e.Step)
		r.Action = "okta.logs.read"
		return r
	case systemlog.WrongToken, systemlog.ClockSkew, systemlog.DPoPRefused:
		return Unseen(NoCredentials, e.Detail, e.Step)
	}
	return Unseen(NoAnswer, e.Detail, e.Step)
}
