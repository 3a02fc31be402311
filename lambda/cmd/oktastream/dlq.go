package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/dlq"
)

type dlqCommand struct {
	List   dlqList   `cmd:"" help:"Count dead messages by pipeline and reason, with cause and fix."`
	Show   dlqShow   `cmd:"" help:"Print one dead message whole."`
	Replay dlqReplay `cmd:"" help:"Replay dead messages. Without --yes it only reports what it would do."`
}

// queueFlags choose the queues, and the credentials to use.
type queueFlags struct {
	stackFlags
	Queue []string `placeholder:"URL" help:"help_queue"`
	In    string   `placeholder:"QUEUE" help:"Only this queue of each pipeline: redrive or dead."`
}

// AfterApply sets the default stack, which holds only without --queue.
func (t *queueFlags) AfterApply() error { return t.useDefault(len(t.Queue) == 0) }

// filterFlags choose messages.
type filterFlags struct {
	Reason    types `placeholder:"REASON" help:"help_reason"`
	Type      types `placeholder:"TYPE" help:"Only messages with an event of these types; * stands for any characters."`
	UUID      types `name:"uuid" placeholder:"UUID" help:"help_uuid"`
	OlderThan span  `placeholder:"AGE" help:"Only messages that SQS accepted longer ago: 90m, 6h, 3d."`
	NewerThan span  `placeholder:"AGE" help:"Only messages that SQS accepted since."`
}

func (f *filterFlags) filter() dlq.Filter {
	return dlq.Filter{
		Reasons: f.Reason, Types: f.Type, UUIDs: f.UUID,
		OlderThan: time.Duration(f.OlderThan), NewerThan: time.Duration(f.NewerThan),
	}
}

func (f *filterFlags) fault() error {
	for _, list := range []types{f.Reason, f.Type, f.UUID} {
		for _, word := range list {
			if word == "" {
				// An empty word by mistake must not choose everything.
				return errors.New("a filter is empty: to choose everything leave it out")
			}
		}
	}
	return nil
}

// filterText is a filter as it is written on the command line.
func filterText(f dlq.Filter) string {
	var parts []string
	for _, flag := range []struct{ name, value string }{
		{"--reason", strings.Join(f.Reasons, ",")}, {"--type", strings.Join(f.Types, ",")},
		{"--uuid", strings.Join(f.UUIDs, ",")},
		{"--older-than", span(f.OlderThan).text()}, {"--newer-than", span(f.NewerThan).text()},
	} {
		if flag.value != "" {
			parts = append(parts, flag.name+" "+flag.value)
		}
	}
	return strings.Join(parts, " ")
}

// span is an age: a Go duration, or days.
type span time.Duration

// UnmarshalText reads 90m, 6h or 3d.
func (s *span) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || !(n > 0 && n < 10_000) {
			return fmt.Errorf("invalid age %q: write 90m, 6h or 3d", text)
		}
		*s = span(n * 24 * float64(time.Hour))
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("invalid age %q: write 90m, 6h or 3d", text)
	}
	*s = span(d)
	return nil
}

func (s span) text() string {
	switch d := time.Duration(s); {
	case d == 0:
		return ""
	case d%(24*time.Hour) == 0:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	default:
		return d.String()
	}
}

// fault returns what is wrong with the choice of queues.
func (t *queueFlags) fault() error {
	var all faults
	all.add(t.Stack != "" && len(t.Queue) > 0, "--stack and --queue exclude each other")
	all.add(t.Stack == "" && t.Pipeline != "", "--pipeline is for --stack")
	all.add(t.Stack == "" && t.In != "" && t.Pipeline == "", "--in is for --stack; --queue names the queue itself")
	all.add(t.In != "" && t.In != dlq.RedriveQueue && t.In != dlq.DeadQueue, "--in is %s or %s, not %q",
		dlq.RedriveQueue, dlq.DeadQueue, t.In)
	all = append(all, t.stackFlags.fault())
	for i, url := range t.Queue {
		all = append(all, queueURL("--queue", url))
		all.add(slices.Contains(t.Queue[:i], url), "--queue names %s twice", url)
	}
	return errors.Join(all...)
}

// advice is a fix in which the commands name this message and this stack, as words that
// adviceLines does not separate.
func (t *queueFlags) advice(fix, id string) string {
	stack := t.flags()
	if t.Stack == defaultStack {
		stack = ""
	}
	return strings.NewReplacer(" ID", " "+id, " --stack NAME", stack).Replace(fix)
}

// flags are the flags that choose the same queues again.
func (t *queueFlags) flags() string {
	if t.Stack == "" {
		return " --queue " + strings.Join(t.Queue, " --queue ")
	}
	return " --stack " + t.Stack
}

// part says that only a part of the stack's queues was read, "" where all were.
func (t *queueFlags) part() string {
	text := ""
	if t.Pipeline != "" {
		text += " --pipeline " + t.Pipeline
	}
	if t.In != "" {
		text += " --in " + t.In
	}
	if text == "" {
		return ""
	}
	return " with" + text + "; the stack's other queues were not read"
}

func queueURL(flag, url string) error {
	rest, https := strings.CutPrefix(url, "https://")
	plain, http := strings.CutPrefix(url, "http://")
	if !https && !http || strings.Count(rest+plain, "/") < 2 && strings.Count(plain, "/") < 2 {
		const example = "https://sqs.us-east-1.amazonaws.com/111122223333/name"
		return fmt.Errorf("%s is the URL of a queue, such as %s, not %q", flag, example, url)
	}
	return nil
}

// site is a pipeline with its dead-letter queues, or the queues given by URL, and
// how to call AWS about them.
type site struct {
	pipeline *pipelineOutput // nil where queues were given by URL
	sdk      aws.Config
	api      dlq.API
	identity identity
	queues   []*dlq.Queue
	closed   map[*dlq.Queue]error // queues that could not be opened
}

func (p *site) name() string {
	if p.pipeline == nil {
		return dlq.None
	}
	return p.pipeline.Name
}

// readWorkers is how many calls read a queue at a time, and pollSeconds is the long
// polling time: with 0 SQS would ask a subset of its servers only.
const (
	readWorkers = 8
	pollSeconds = 1
)

// read gives the messages of a queue to visit, with what is recognised in them.
func (p *site) read(ctx context.Context, q *dlq.Queue, visit func([]*dlq.Item) error) (dlq.Read, error) {
	return dlq.Reader{Queue: q, Workers: readWorkers, Wait: pollSeconds}.Each(ctx, p.recogniser(q), visit)
}

// recogniser returns what makes the recognisers of the messages in a queue.
func (p *site) recogniser(q *dlq.Queue) func() *dlq.Recogniser {
	r := dlq.Recogniser{}
	if p.pipeline != nil {
		r.Pipeline, r.BufferARN = p.pipeline.Name, arnLike(q.ARN, p.pipeline.Buffer)
	}
	return func() *dlq.Recogniser {
		own := r
		return &own
	}
}

// arnLike is the ARN of the queue at url, in the region of the queue with ARN like;
// "" where there is no url. An operator may not read the buffer's own attributes.
func arnLike(like, url string) string {
	arn := strings.Split(like, ":")
	path := strings.Split(url, "/")
	if len(arn) != 6 || len(path) < 3 {
		return ""
	}
	arn[4], arn[5] = path[len(path)-2], path[len(path)-1]
	return strings.Join(arn, ":")
}

// eachSite calls do for each queue of each site that could be opened, and returns the
// errors of all of them. An interruption ends it.
func eachSite(ctx context.Context, sites []*site, do func(*site, *dlq.Queue) error) error {
	var faults []error
	for _, p := range sites {
		for _, q := range p.queues {
			if err := ctx.Err(); err != nil {
				return errors.Join(append(faults, err)...)
			}
			err := p.closed[q]
			if err == nil {
				err = do(p, q)
			}
			if err != nil {
				faults = append(faults, err)
				if errors.Is(err, context.Canceled) || errors.Is(err, errFound) {
					return errors.Join(faults...)
				}
			}
		}
	}
	return errors.Join(faults...)
}

// interruption returns err, or the error that ends an interrupted program.
func interruption(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return quiet(exitInterrupted)
	}
	return err
}
