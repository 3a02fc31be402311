package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oktastream/oktastream/lambda/doctor"
)

// harmless is an event that a person makes without changing anything. Only Okta can put an
// event on a partner event bus, so that no command can send one.
const harmless = "Make a harmless event in Okta: sign out of the End-User Dashboard and in again, which makes " +
	"user.session.end and user.session.start"

// follow waits for the first event since now, and prints where it is seen and when.
func (k *doctorCommand) follow(ctx context.Context, c console, d *doctor.Doctor) error {
	since := now().UTC()
	say(c.err, harmless)
	for _, p := range d.Stack.Pipelines {
		if p.Include != "" || p.Exclude != "" {
			say(c.err, fmt.Sprintf("note: the filter of %s takes only some event types (include %q, exclude %q): "+
				"make an event of one of them", p.Name, p.Include, p.Exclude))
		}
	}
	if d.Okta == nil {
		say(c.err, "note: without credentials for Okta the first new record is followed back, and no uuid is known "+
			"before it is at its destination")
	}
	say(c.err, fmt.Sprintf("waiting for it, for at most %s; metrics come some minutes late", time.Duration(k.For)))
	journey, err := d.Follow(ctx, since, since.Add(time.Duration(k.For)), sleep, func(s doctor.Step) {
		if !k.JSON {
			_, _ = fmt.Fprintln(c.out, stepText(s))
		}
	})
	if err != nil {
		return withHint(err, "doctor without --since-now says which permission is missing")
	}
	if k.JSON {
		if err := printJSON(c, journey); err != nil {
			return err
		}
	} else {
		writeJourney(c, journey)
	}
	if !journey.Complete() {
		return quiet(doctor.ExitBroken)
	}
	return nil
}

// writeJourney prints how long the event took, and where no event was seen.
func writeJourney(c console, j doctor.Journey) {
	var start time.Time
	for _, s := range j.Steps {
		if s.Hop == doctor.HopOkta {
			start = s.At
		}
	}
	for _, s := range j.Steps {
		if s.Hop == doctor.HopDestination && s.Seconds == 0 && !start.IsZero() {
			_, _ = fmt.Fprintf(c.out, "%s from Okta to %s\n", s.At.Sub(start).Round(time.Millisecond), s.Pipeline)
		}
	}
	for _, h := range j.Missing {
		_, _ = fmt.Fprintf(c.out, "not seen at %s\n", hopText(h.Hop, h.Pipeline))
	}
	if len(j.Missing) > 0 {
		say(c.err, "next: oktastream doctor says which link is broken")
	}
}

// stepText is a line of at most 80 columns, unless a name is long.
func stepText(s doctor.Step) string {
	if s.Seconds > 0 {
		return fmt.Sprintf("%s      %s: counted within %d s by %s", s.At.Format("15:04:05"), hopText(s.Hop, s.Pipeline),
			s.Seconds, s.From)
	}
	text := fmt.Sprintf("%s  %s: %s", s.At.Format("15:04:05.000"), hopText(s.Hop, s.Pipeline), s.UUID)
	if s.Type != "" {
		text += " " + s.Type
	}
	return text
}

func hopText(hop doctor.HopName, pipeline string) string {
	if pipeline == "" {
		return string(hop)
	}
	return string(hop) + " of " + pipeline
}

// followFault returns what is wrong with the flags of following an event.
func (k *doctorCommand) followFault() error {
	if k.SinceNow && !k.Watch {
		return errors.New("--since-now needs --watch: it waits for an event")
	}
	return nil
}
