package main

import (
	"bytes"
	"context"
	"encoding/json"
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
	"github.com/oktastream/oktastream/events/stream"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

type explainCommand struct {
	What   string `arg:"" name:"type-or-file" help:"An event type, a file with an event, or - for stdin."`
	Format string `default:"ocsf" placeholder:"FORMAT" help:"ocsf, datadog or raw (default ${default})."`
	UUID   string `placeholder:"UUID" help:"The event to explain, where a file holds several (default the first)."`
	JSON   bool   `help:"Print the explanation as JSON."`
}

// eventType is what an event type looks like. A file of such a name is a file;
// what is called like a file of events is a file that is missing.
var (
	eventType = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$`)
	fileName  = regexp.MustCompile(`\.(json|jsonl|ndjson|gz|log|txt)$`)
)

func (x *explainCommand) Run(ctx context.Context, c console) error {
	format, err := pipeline.ParseFormat(x.Format)
	if err != nil {
		return usage(err)
	}
	_, missing := os.Stat(x.What)
	if x.What != "-" && missing != nil {
		if !eventType.MatchString(x.What) || fileName.MatchString(x.What) {
			return withHint(fmt.Errorf("%q is neither a file nor an event type", x.What),
				"check the file's name; an event type looks like user.session.start")
		}
		if x.UUID != "" {
			return usage(errors.New("--uuid chooses among the events of a file; this is an event type"))
		}
		return x.print(c.out, explainType(format, x.What))
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
		return x.print(c.out, e)
	case <-ctx.Done():
		// It may be stuck in a Read that nothing ends.
		return quiet(exitInterrupted)
	}
}

// explanation is what is said of an event or a type of event.
type explanation struct {
	EventType string `json:"event_type"`
	Published bool   `json:"published_by_okta"`
	Format    string `json:"format"`
	Class     string `json:"class"`
	ClassUID  int    `json:"class_uid"`
	Category  string `json:"category"`
	Activity  string `json:"activity"`
	Number    int    `json:"activity_id"`
	Rule      string `json:"rule"`
	Why       string `json:"why"`
	UUID      string `json:"uuid,omitempty"`
	Steps     []step `json:"fields"`
	// more is how many events the file holds behind this one.
	more int
}

type step struct {
	From  string          `json:"from,omitempty"`
	To    string          `json:"to,omitempty"`
	How   string          `json:"how"`
	Value json.RawMessage `json:"value,omitempty"`
}

func decided(format pipeline.Format, d classify.Decision, name string) explanation {
	why := d.Rule.Why
	if d.Rule.Activity == classify.ByVerb {
		if d.Verb == "" {
			why += "; its last word is no verb that the class knows"
		} else {
			why += fmt.Sprintf("; its verb is %q", d.Verb)
		}
	}
	return explanation{
		EventType: name, Published: catalogue.Known(name), Format: string(format),
		Class: d.Class.Name, ClassUID: d.Class.UID, Category: d.Class.CategoryName,
		Activity: d.ActivityName, Number: d.Activity, Rule: d.Pattern, Why: why,
	}
}

// explainType tells of a type what its records can hold.
func explainType(format pipeline.Format, name string) explanation {
	n := ocsf.New()
	d := n.Decide(name)
	e := decided(format, d, name)
	switch format {
	case pipeline.OCSF:
		e.Steps = steps(n.Fields(d.Class.UID))
		e.Steps = append(e.Steps, step{From: "everything else", To: "unmapped", How: "as it is, under Okta's own path"})
	case pipeline.Datadog:
		e.Steps = append(steps(datadog.New(datadog.Settings{}).Fields()),
			step{From: "everything", To: "(the same path)", How: "as it is"})
	case pipeline.Raw:
		e.Steps = []step{{From: "everything", To: "(the same path)", How: "as it is"}}
	}
	return e
}

func steps(list []record.Step) []step {
	out := make([]step, len(list))
	for i, s := range list {
		out[i] = step{s.From, s.To, s.How, s.Value}
	}
	return out
}

// explainFile tells of one event in a file what became of each of its fields.
func (x *explainCommand) explainFile(c console, format pipeline.Format) (explanation, error) {
	file := c.in
	if x.What != "-" {
		var err error
		if file, err = os.Open(x.What); err != nil {
			return explanation{}, fmt.Errorf("read %s: %w", x.What, plain(err))
		}
		defer file.Close()
	}
	var found *explanation
	var fault error
	take := func(line int, e *events.Event, f *events.Fault) {
		switch {
		case f != nil:
			if fault == nil || x.UUID != "" && f.UUID == x.UUID {
				fault = fmt.Errorf("%s:%d: %w", x.What, line, f)
			}
		case found != nil:
			found.more++
		case x.UUID == "" || string(e.UUID) == x.UUID:
			explained := explainEvent(format, e)
			found = &explained
		}
	}
	if err := eachEvent(file, take); err != nil {
		err = fmt.Errorf("read %s: %w", x.What, plain(err))
		if hint := hintFor(err); hint != "" {
			return explanation{}, withHint(err, hint)
		}
		return explanation{}, err
	}
	switch {
	case found != nil:
		return *found, nil
	case x.UUID != "":
		err := fmt.Errorf("%s holds no event with uuid %s", x.What, x.UUID)
		if fault != nil {
			return explanation{}, withHint(err, "it holds something bad: "+fault.Error())
		}
		return explanation{}, err
	case fault != nil:
		return explanation{}, fault
	}
	return explanation{}, fmt.Errorf("%s holds no event", x.What)
}

func eachEvent(r io.Reader, take func(line int, e *events.Event, f *events.Fault)) error {
	values := stream.NewReader(r, stream.Options{})
	var d events.Decoder
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

func explainEvent(format pipeline.Format, e *events.Event) explanation {
	n := ocsf.New()
	out := decided(format, n.Decide(string(e.Type)), string(e.Type))
	out.UUID = string(e.UUID)
	switch format {
	case pipeline.OCSF:
		out.Steps = steps(n.Explain(e))
	case pipeline.Datadog:
		out.Steps = append(steps(datadog.New(datadog.Settings{}).Explain(e)),
			step{From: "everything", To: "(the same path)", How: "as it is"})
	case pipeline.Raw:
		out.Steps = []step{{From: "everything", To: "(the same path)", How: "as it is"}}
	}
	return out
}

func (x *explainCommand) print(w io.Writer, e explanation) error {
	if x.JSON {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("write the explanation as JSON: %w", err)
		}
		return write(w, b.Bytes())
	}
	return write(w, e.page())
}

func write(w io.Writer, text []byte) error {
	_, err := w.Write(text)
	return err
}
