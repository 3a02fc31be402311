package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oktastream/oktastream/lambda/dlq"
)

// deadIsNotMoved is why SQS's own redrive cannot be used for the queue dead.
const deadIsNotMoved = "SQS moves only what its own redrive policy has put into a queue, " +
	"and dead holds what the function, EventBridge and Lambda have sent to it"

// moveEvery is how often the status of a move is read.
const moveEvery = time.Second

// moved is what a native replay prints.
type moved struct {
	Pipeline string `json:"pipeline"`
	Queue    string `json:"queue"`
	URL      string `json:"url"`
	Status   string `json:"status"`
	Reason   string `json:"failure_reason,omitempty"`
	Messages int64  `json:"approximate_messages"`
}

// native has SQS redrive each queue redrive.
func (r *dlqReplay) native(ctx context.Context, c console, s *session) error {
	var all []moved
	found := false
	failure := eachSite(ctx, s.sites, func(p *site, q *dlq.Queue) error {
		if p.pipeline != nil && q.Name != dlq.RedriveQueue {
			return nil
		}
		found = true
		if q.InFlight > 0 {
			s.bar.say(c.err, fmt.Sprintf("note: %s has about %s in flight, which the count does not include",
				q.Name, count(q.InFlight, "message")))
		}
		if !r.Yes {
			say(c.err, fmt.Sprintf("dry run: SQS would move about %s out of %s; --yes does it",
				count(q.Visible, "message"), q.Name))
			all = append(all, moved{p.name(), q.Name, q.URL, "DRY_RUN", "", int64(q.Visible)})
			return nil
		}
		m, err := r.move(ctx, c, p, q, s)
		all = append(all, m)
		return err
	})
	if !found && failure == nil {
		return usage(errors.New("--native: there is no queue redrive here: a pipeline with ingest=rule has none"))
	}
	var err error
	if r.JSON {
		err = printJSON(c, all)
	} else {
		for _, m := range all {
			if _, err = fmt.Fprintf(c.out, "%s  %s  %s  about %s\n",
				m.Pipeline, m.Queue, m.Status, count(int(m.Messages), "message")); err != nil {
				break
			}
		}
	}
	if err != nil {
		return err
	}
	return interruption(ctx, failure)
}

func (r *dlqReplay) move(ctx context.Context, c console, p *site, q *dlq.Queue, s *session) (moved, error) {
	to := r.To
	if p.pipeline != nil {
		to = p.pipeline.Buffer
	}
	bar := s.bar
	move := &dlq.Move{Queue: q, ToARN: arnLike(q.ARN, to), Rate: r.Rate, Every: moveEvery, Progress: bar.at}
	end, err := move.Run(ctx)
	m := moved{p.name(), q.Name, q.URL, end.Status, end.Reason, end.Messages}
	switch {
	case errors.Is(err, context.Canceled):
		bar.say(c.err, "the redrive was cancelled; what SQS has moved is in the buffer queue, the rest in redrive")
		return m, err
	case err != nil:
		var problem *dlq.Problem
		if errors.As(err, &problem) && problem.Code == "InvalidParameterValue" {
			return m, withHint(err, deadIsNotMoved)
		}
		return m, p.identity.explain(err, q.URL)
	}
	if end.Joined {
		bar.say(c.err, "note: a redrive of "+q.Name+" was running already; its status is shown")
	}
	if end.Status == "FAILED" {
		return m, withHint(fmt.Errorf("SQS could not redrive %s: %s", q.Name, printable(end.Reason)),
			"oktastream dlq replay without --native sends each message by itself")
	}
	return m, nil
}
