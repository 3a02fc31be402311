package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/ocsf"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
	"github.com/oktastream/oktastream/events/stream"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

type explainCommand struct {
	What   string `arg:"" name:"type-or-file" help:"An event type or a pattern, a file with an event, or -."`
	Format string `default:"ocsf" placeholder:"FORMAT" help:"ocsf, datadog or raw (default ${default})."`
	UUID   string `placeholder:"UUID" help:"The event to explain, where a file holds several (default the first)."`
	Fields bool   `help:"List all fields of the record."`
	JSON   bool   `help:"Print JSON, with all fields."`
}

// The forms of an event type, of a pattern of event types, and of a file name. A name that exists
// is always a file. A name of the form of a file name that does not exist is a missing file.
var (
	eventType    = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$`)
	eventPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]*\*[A-Za-z0-9_.*-]*$`)
	fileName     = regexp.MustCompile(`\.(json|jsonl|ndjson|gz|log|txt)$`)
)

func (x *explainCommand) Run(ctx context.Context, c console) error {
	format, err := pipeline.ParseFormat(x.Format)
	if err != nil {
		return usage(err)
	}
	_, missing := os.Stat(x.What)
	if x.What != "-" && missing != nil {
		return x.withoutFile(c, format)
	}
	var e explanation
	done := make(chan error, 1)
	go func() {
		var err error
		e, err = x.explainFile(c, format)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			return err
		}
		return x.print(c, e)
	case <-ctx.Done():
		// A Read of a pipe or a terminal may never return.
		return quiet(exitInterrupted)
	}
}

// withoutFile explains an event type or a pattern. It reads no file.
func (x *explainCommand) withoutFile(c console, format pipeline.Format) error {
	isPattern := eventPattern.MatchString(x.What)
	if !isPattern && !eventType.MatchString(x.What) || fileName.MatchString(x.What) {
		hint := "check the file's name; an event type looks like user.session.start"
		if meant := catalogue.Suggest(x.What); meant != "" {
			hint = fmt.Sprintf("did you mean %s?", meant)
		}
		return withHint(fmt.Errorf("%q is neither a file nor an event type", x.What), hint)
	}
	if x.UUID != "" {
		return usage(errors.New("--uuid chooses among the events of a file; this is an event type"))
	}
	if !isPattern {
		return x.print(c, explainType(format, x.What))
	}
	types := catalogue.Matching(x.What)
	if len(types) == 0 {
		err := fmt.Errorf("%s matches no event type that Okta has published", x.What)
		if meant := catalogue.Suggest(x.What); meant != "" {
			return withHint(err, fmt.Sprintf("did you mean %s?", meant))
		}
		return err
	}
	return x.list(c, types)
}

// listed is one event type of a list.
type listed struct {
	EventType string `json:"event_type"`
	ClassUID  int    `json:"class_uid"`
	Class     string `json:"class"`
	Number    int    `json:"activity_id"`
	Activity  string `json:"activity"`
}

// list prints the class and the activity of each event type, one per line.
func (x *explainCommand) list(c console, types []string) error {
	n := ocsf.New()
	all := make([]listed, len(types))
	for i, name := range types {
		d := n.Decide(name)
		all[i] = listed{name, d.Class.UID, d.Class.Name, d.Activity, d.ActivityName}
	}
	if x.JSON {
		return printJSON(c, all)
	}
	return write(c.out, pageOf(all))
}

// explanation says how an event, or a type of event, is normalised.
type explanation struct {
	EventType string        `json:"event_type"`
	Published bool          `json:"published_by_okta"`
	Meant     string        `json:"did_you_mean,omitempty"` // if the type is not published
	Format    string        `json:"format"`
	Class     string        `json:"class"`
	ClassUID  int           `json:"class_uid"`
	Category  string        `json:"category"`
	Activity  string        `json:"activity"`
	Number    int           `json:"activity_id"`
	Rule      string        `json:"rule"`
	Why       string        `json:"why"`
	Roles     cast          `json:"roles"`
	UUID      string        `json:"uuid,omitempty"`
	Steps     []record.Step `json:"fields"`
	More      int           `json:"more_events,omitempty"` // further events in the file
	Bad       int           `json:"bad_records,omitempty"` // in the file
	file      string
}

// cast has the target types for each role in events of a type, and the reason.
type cast struct {
	Types   map[string]string `json:"target_types"` // by role
	Shape   string            `json:"shape"`        // where the row comes from
	Rule    string            `json:"rule"`
	Why     string            `json:"why"`
	OnSelf  bool              `json:"actor_is_user_where_no_target_is"`
	SelfWhy string            `json:"self_why,omitempty"`
}

func castOf(eventType string) cast {
	d := roles.Decide(eventType)
	c := cast{Types: map[string]string{}, Shape: string(d.Row.Shape), Why: d.Row.Why, OnSelf: d.Self, SelfWhy: d.SelfWhy}
	for _, pattern := range d.Row.Patterns {
		if events.Match(pattern, eventType) {
			c.Rule = pattern
			break
		}
	}
	for role := range roles.Count {
		if types := d.Types(role); types != roles.NoTarget {
			c.Types[role.String()] = types
		}
	}
	return c
}

func decided(format pipeline.Format, d classify.Decision, name string) explanation {
	why := d.Rule.Why
	if d.Rule.Activity == classify.ByVerb {
		if d.Verb == "" {
			why += "; its last word is not a verb of the class"
		} else {
			why += fmt.Sprintf("; its verb is %q", d.Verb)
		}
	}
	if d.ForGroup != nil {
		why += fmt.Sprintf("; %d %s, %s then", d.ForGroup.Class.UID, d.ForGroup.Class.Name, d.ForGroup.ActivityName)
	}
	return explanation{
		EventType: name, Published: catalogue.Known(name), Meant: catalogue.Suggest(name), Format: string(format),
		Class: d.Class.Name, ClassUID: d.Class.UID, Category: d.Class.CategoryName,
		Activity: d.ActivityName, Number: d.Activity, Rule: d.Pattern, Why: why,
		Roles: castOf(name),
	}
}

// explainType explains an event type: the fields that its records can have.
func explainType(format pipeline.Format, name string) explanation { return explain(format, name, nil) }

func explainEvent(format pipeline.Format, event *events.Event) explanation {
	e := explain(format, string(event.Type), event)
	e.UUID = string(event.UUID)
	return e
}

// explain explains an event type, or an event of it, which may be nil.
func explain(format pipeline.Format, name string, event *events.Event) explanation {
	toOCSF, toDatadog := ocsf.New(), datadog.New(datadog.Settings{})
	d := toOCSF.Decide(name)
	e := decided(format, d, name)
	switch {
	case format == pipeline.OCSF && event != nil:
		e.Steps = toOCSF.Explain(event)
		return e
	case format == pipeline.OCSF:
		e.Steps = append(toOCSF.Fields(d.Class.UID),
			record.Step{From: "everything else", To: "unmapped", How: "unchanged, under Okta's own path"})
		return e
	case format == pipeline.Datadog && event != nil:
		e.Steps = toDatadog.Explain(event)
	case format == pipeline.Datadog:
		e.Steps = toDatadog.Fields()
	}
	e.Steps = append(e.Steps, record.Step{From: "everything", To: "(the same path)", How: record.Unchanged})
	return e
}

// explainFile explains one event of a file: the attribute that each field is written to.
func (x *explainCommand) explainFile(c console, format pipeline.Format) (explanation, error) {
	file := c.in
	if x.What != "-" {
		var err error
		if file, err = os.Open(x.What); err != nil {
			return explanation{}, withHint(fmt.Errorf("read %s: %w", x.What, plain(err)), hintFor(err))
		}
		defer file.Close()
	}
	var found *explanation
	var fault error
	bad := 0
	take := func(line int, e *events.Event, f *events.Fault) {
		switch {
		case f != nil:
			bad++
			if fault == nil || x.UUID != "" && f.UUID == x.UUID {
				fault = fmt.Errorf("%s:%d: %w", x.What, line, f)
			}
		case found != nil:
			found.More++
		case x.UUID == "" || string(e.UUID) == x.UUID:
			explained := explainEvent(format, e)
			found = &explained
		}
	}
	if err := eachEvent(file, take); err != nil {
		err = fmt.Errorf("read %s: %w", x.What, plain(err))
		return explanation{}, withHint(err, hintFor(err))
	}
	if found != nil {
		found.Bad, found.file = bad, x.What
		return *found, nil
	}
	return explanation{}, x.nothing(bad, fault)
}

// nothing returns the error of a file without the event to explain. fault is one of its bad
// records.
func (x *explainCommand) nothing(bad int, fault error) error {
	switch {
	case x.UUID != "" && fault != nil:
		return withHint(fmt.Errorf("the readable part of %s has no event with uuid %s", x.What, x.UUID),
			fmt.Sprintf("it also has %s, which may be the event: %v", count(bad, "bad record"), fault))
	case x.UUID != "":
		return fmt.Errorf("%s has no event with uuid %s", x.What, x.UUID)
	case bad > 1:
		return withHint(fault, fmt.Sprintf("all %d records of the file are bad; oktastream run %s lists what is wrong",
			bad, x.What))
	case fault != nil:
		return fault
	}
	return fmt.Errorf("%s has no event", x.What)
}

func eachEvent(r io.Reader, take func(line int, e *events.Event, f *events.Fault)) error {
	values := stream.NewReader(r, stream.Options{})
	d := events.Decoder{AnyEnvelope: true}
	for {
		value, err := values.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if value.Fault != nil {
			take(value.Line, nil, value.Fault)
			continue
		}
		d.Decode(value.Text, func(e *events.Event, f *events.Fault) { take(value.Line, e, f) })
	}
}

func (x *explainCommand) print(c console, e explanation) error {
	if x.JSON {
		return printJSON(c, e)
	}
	return write(c.out, e.page(x.Fields))
}

func write(w io.Writer, text []byte) error {
	_, err := w.Write(text)
	return err
}
