package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/dlq"
)

type dlqCommand struct {
	List   dlqList   `cmd:"" help:"Count dead messages by reason, event type and age."`
	Show   dlqShow   `cmd:"" help:"Print one dead message whole."`
	Replay dlqReplay `cmd:"" help:"Bring dead messages back. Without --yes it only tells what it would do."`
}

// queueFlags says which queues are meant and who asks.
type queueFlags struct {
	Stack    string   `placeholder:"NAME" help:"CloudFormation stack; it knows its pipelines, their queues and the role to use."`
	Pipeline string   `placeholder:"NAME" help:"Only this pipeline of the stack: <stack>-<destination>, or the destination alone."`
	Queue    []string `placeholder:"URL" help:"URL of a dead-letter queue, instead of --stack. May be given more than once."`
	In       string   `placeholder:"QUEUE" help:"Only this queue of each pipeline: redrive or dead."`

	Role         string `placeholder:"ARN" help:"Assume this role, rather than the stack's own."`
	NoAssumeRole bool   `help:"Work with the credentials at hand."`
	Region       string `placeholder:"REGION" help:"AWS region (default: as the AWS CLI has it)."`
	Profile      string `placeholder:"NAME" help:"Profile of the AWS CLI's configuration."`
}

// filterFlags says which messages are meant.
type filterFlags struct {
	Reason    types `placeholder:"REASON" help:"Only these reasons; * stands for any characters. May be given more than once, or with commas."`
	Type      types `placeholder:"TYPE" help:"Only messages with an event of these types; * stands for any characters."`
	UUID      types `name:"uuid" placeholder:"UUID" help:"Only these: uuids of events, or message ids."`
	OlderThan span  `placeholder:"AGE" help:"Only what SQS has had for longer: 90m, 6h, 3d."`
	NewerThan span  `placeholder:"AGE" help:"Only what SQS has had for a shorter time."`
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

// span is an age: a Go duration, or days.
type span time.Duration

// UnmarshalText reads 90m, 6h or 3d.
func (s *span) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || !(n > 0 && n < 10_000) {
			return fmt.Errorf("%q is no age: write 90m, 6h or 3d", text)
		}
		*s = span(n * 24 * float64(time.Hour))
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is no age: write 90m, 6h or 3d", text)
	}
	*s = span(d)
	return nil
}

// fault says what is wrong with the choice of queues.
func (t *queueFlags) fault() error {
	var faults []error
	switch {
	case t.Stack == "" && len(t.Queue) == 0:
		faults = append(faults, errors.New("no queue: name a stack with --stack, or queues with --queue"))
	case t.Stack != "" && len(t.Queue) > 0:
		faults = append(faults, errors.New("--stack and --queue exclude each other"))
	case t.Stack == "" && t.Pipeline != "":
		faults = append(faults, errors.New("--pipeline is for --stack"))
	case t.Stack == "" && t.In != "":
		faults = append(faults, errors.New("--in is for --stack; --queue names the queue itself"))
	}
	if t.In != "" && t.In != redriveQueue && t.In != deadQueue {
		faults = append(faults, fmt.Errorf("--in is %s or %s, not %q", redriveQueue, deadQueue, t.In))
	}
	if t.Role != "" && t.NoAssumeRole {
		faults = append(faults, errors.New("--role and --no-assume-role exclude each other"))
	}
	for _, url := range t.Queue {
		faults = append(faults, queueURL("--queue", url))
	}
	return errors.Join(faults...)
}

func queueURL(flag, url string) error {
	rest, https := strings.CutPrefix(url, "https://")
	plain, http := strings.CutPrefix(url, "http://")
	if !https && !http || strings.Count(rest+plain, "/") < 2 && strings.Count(plain, "/") < 2 {
		return fmt.Errorf("%s is the URL of a queue, such as https://sqs.us-east-1.amazonaws.com/111122223333/name, not %q", flag, url)
	}
	return nil
}

// The names of a pipeline's dead-letter queues.
const (
	redriveQueue = "redrive"
	deadQueue    = "dead"
)

// site is one pipeline's queues, or those that were named, and how to reach them.
type site struct {
	pipeline *pipelineOutput // nil where queues were named
	sdk      aws.Config
	api      dlq.API
	queues   []*dlq.Queue
}

func (p *site) recogniser(q *dlq.Queue) *dlq.Recogniser {
	r := &dlq.Recogniser{}
	if p.pipeline != nil {
		r.Pipeline = p.pipeline.Pipeline
		r.BufferARN = arnLike(q.ARN, p.pipeline.Buffer)
	}
	return r
}

// arnLike is the ARN of the queue at url, which is in the region of the queue with
// ARN like; "" where there is no url. The buffer's own attributes are not for an
// operator to read.
func arnLike(like, url string) string {
	arn := strings.Split(like, ":")
	path := strings.Split(url, "/")
	if len(arn) != 6 || len(path) < 3 {
		return ""
	}
	arn[4], arn[5] = path[len(path)-2], path[len(path)-1]
	return strings.Join(arn, ":")
}

// dlqHint is the next step after an error of AWS.
func dlqHint(err error) error {
	if err == nil {
		return nil
	}
	var p *dlq.Problem
	if !errors.As(err, &p) {
		return err
	}
	switch {
	case p.Code == "credentials":
		return withHint(err, "log in (aws sso login), or choose a profile with --profile or AWS_PROFILE")
	case strings.Contains(p.Code, "Expired"):
		return withHint(err, "the credentials have expired: log in again (aws sso login)")
	case p.Denied() && p.Call == "AssumeRole":
		return withHint(err, "your principal has to be in the stack's replayPrincipals; --no-assume-role works with the credentials at hand, --role ARN with another role")
	case p.Denied():
		return withHint(err, "the stack's replay role may do this: do not use --no-assume-role, or ask for the permission that is named")
	case strings.Contains(p.Code, "NonExistentQueue") || strings.Contains(p.Code, "QueueDoesNotExist"):
		return withHint(err, "check the URL, the region (--region) and the account (--profile)")
	case p.Code == "no_answer":
		return withHint(err, "check the network and AWS_ENDPOINT_URL; nothing is lost, run it again")
	}
	return err
}

// eachSite does something for each queue of each site, and tells what went wrong with all of
// them. An interruption ends it.
func eachSite(ctx context.Context, sites []*site, do func(*site, *dlq.Queue) error) error {
	var faults []error
	for _, p := range sites {
		for _, q := range p.queues {
			if err := ctx.Err(); err != nil {
				return errors.Join(append(faults, err)...)
			}
			if err := do(p, q); err != nil {
				faults = append(faults, err)
				if errors.Is(err, context.Canceled) || errors.Is(err, errFound) {
					return errors.Join(faults...)
				}
			}
		}
	}
	return errors.Join(faults...)
}
