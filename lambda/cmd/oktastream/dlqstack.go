package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/dlq"
)

// session holds the queues that a command reads, and its progress on a terminal.
type session struct {
	sites []*site
	bar   *progress
	quiet *silence
	c     console
}

// open finds the queues.
func (t *queueFlags) open(ctx context.Context, c console) (*session, error) {
	s := &session{c: c, bar: &progress{}, quiet: newSilence(c)}
	region := ""
	if len(t.Queue) > 0 {
		region = regionOf(t.Queue[0])
	}
	sdk, err := t.sdk(ctx, s.quiet, region)
	if err == nil {
		s.sites, err = t.sites(ctx, sdk, s.quiet)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	visible := int64(0)
	for _, p := range s.sites {
		for _, q := range p.queues {
			visible += int64(q.Visible)
		}
	}
	s.bar = newCount(c, visible)
	s.bar.silence = s.quiet
	s.quiet.over(c, s.bar)
	return s, nil
}

// close removes the progress bar. It may be called twice.
func (s *session) close() {
	s.bar.end()
	s.quiet.end()
}

// note prints how many messages of a queue are still hidden after a reading, if any.
func (s *session) note(q *dlq.Queue, read dlq.Read) {
	if read.Hidden == 0 {
		return
	}
	why := ""
	if p := new(dlq.Problem); errors.As(read.HiddenBy, &p) {
		why = " (" + shortCause(p) + ")"
	}
	s.bar.say(s.c.err, fmt.Sprintf("note: %s: %s could not be made visible again%s; SQS does so within %.0f minutes",
		q.Name, count(read.Hidden, "message"), why, dlq.Hidden.Minutes()))
}

// sites finds the queues that the flags choose.
func (t *queueFlags) sites(ctx context.Context, sdk aws.Config, quiet *silence) ([]*site, error) {
	if t.Stack == "" {
		p := t.newSite(ctx, sdk, t.Role)
		for _, u := range t.Queue {
			if err := p.open(ctx, u, ""); err != nil {
				return nil, err
			}
		}
		return []*site{p}, allClosed([]*site{p})
	}
	outputs, err := t.outputs(ctx, sdk, quiet)
	if err != nil {
		return nil, err
	}
	var sites []*site
	for i := range outputs {
		p, err := t.siteOf(ctx, sdk, &outputs[i])
		if err != nil {
			return nil, err
		}
		sites = append(sites, p)
	}
	return sites, allClosed(sites)
}

// siteOf returns a pipeline with its dead-letter queues, or with that of --in.
func (t *queueFlags) siteOf(ctx context.Context, sdk aws.Config, o *pipelineOutput) (*site, error) {
	p := t.newSite(ctx, sdk, cmp.Or(t.Role, o.ReplayRole))
	p.pipeline, p.identity.account = o, cmp.Or(o.Account, p.identity.account)
	for _, queue := range [][2]string{{dlq.RedriveQueue, o.Redrive}, {dlq.DeadQueue, o.Dead}} {
		if queue[1] == "" || t.In != "" && t.In != queue[0] {
			continue
		}
		if err := p.open(ctx, queue[1], queue[0]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// allClosed returns the errors of opening queues, if none could be opened.
func allClosed(sites []*site) error {
	var faults []error
	for _, p := range sites {
		if len(p.closed) < len(p.queues) {
			return nil
		}
		faults = append(faults, p.notOpened())
	}
	return errors.Join(faults...)
}

// notOpened returns the errors of opening the site's queues.
func (p *site) notOpened() error {
	var faults []error
	for _, q := range p.queues {
		faults = append(faults, p.closed[q])
	}
	return errors.Join(faults...)
}

// newSite is a site without queues, called under a role unless it is "" or no role is
// to be assumed.
func (t *queueFlags) newSite(ctx context.Context, sdk aws.Config, role string) *site {
	account := ""
	if len(t.Queue) > 0 {
		account = accountIn(t.Queue[0])
	}
	p := &site{}
	p.sdk, p.identity = t.assume(ctx, sdk, role)
	p.identity.account = cmp.Or(account, p.identity.account)
	p.api = sqs.NewFromConfig(p.sdk)
	return p
}

// open opens a queue of the site. Where only this queue cannot be opened, closed says why;
// an error is a problem with all queues.
func (p *site) open(ctx context.Context, url, name string) error {
	q, err := dlq.Open(ctx, p.api, url, name, now)
	if err != nil {
		err = p.identity.explain(err, url)
		var problem *dlq.Problem
		if !errors.As(err, &problem) || problem.Call != "GetQueueAttributes" || !problem.OfResource() {
			return err
		}
		q = &dlq.Queue{URL: url, Name: cmp.Or(name, lastPart(url))}
		if p.closed == nil {
			p.closed = map[*dlq.Queue]error{}
		}
		p.closed[q] = err
	}
	p.queues = append(p.queues, q)
	return nil
}

// lastPart is the name of the queue at url.
func lastPart(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// regionOf is the region in the URL of a queue, "" where it has none.
func regionOf(queue string) string {
	u, err := url.Parse(queue)
	if err != nil {
		return ""
	}
	host := strings.Split(u.Hostname(), ".")
	if len(host) >= 4 && host[0] == "sqs" && host[2] == "amazonaws" {
		return host[1]
	}
	return ""
}

// accountIn is the account in the URL of a queue, "" where it has none.
func accountIn(queue string) string {
	u, err := url.Parse(queue)
	if err != nil {
		return ""
	}
	account, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if _, err := strconv.ParseUint(account, 10, 64); err != nil || len(account) != 12 {
		return ""
	}
	return account
}
