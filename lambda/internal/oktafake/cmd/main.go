// Command cmd is a fake Okta org as a process, for demos and end-to-end tests:
//
//	go run ./lambda/internal/oktafake/cmd -gap 1h -held held.jsonl
//
// It generates a history of events with a log stream and serves it on loopback until it is
// interrupted. With -gap, an outage in the middle of the history deactivates the log stream. It
// prints the org's URL and how to read it.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "oktafake:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	addr           string
	perHour, hours int
	ago, gap       time.Duration
	seed           uint64
	token, held    string
	source         string
	account        string
	rate           int
	maxWindow      time.Duration
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("oktafake", flag.ContinueOnError)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8448", "`address` to serve on; port 0 takes a free one")
	flags.IntVar(&o.perHour, "events-per-hour", 5000, "events published in an hour")
	flags.IntVar(&o.hours, "hours", 6, "length of the history")
	flags.DurationVar(&o.ago, "ago", 25*time.Hour, "the history ended on the last full hour before that long ago")
	flags.DurationVar(&o.gap, "gap", 0, "length of an outage in the middle, from which the log stream misses events")
	flags.StringVar(&o.held, "held", "", "write the events that the log stream delivered to this `file`, one a line")
	flags.Uint64Var(&o.seed, "seed", 1, "equal seeds make equal events")
	flags.StringVar(&o.token, "token", "demo", "SSWS token that the org takes")
	flags.StringVar(&o.source, "stream", "oktastream", "name of the log stream and of its event source")
	flags.StringVar(&o.account, "account", "", "account that the log stream leads to (default 111122223333)")
	flags.IntVar(&o.rate, "rate", 120, "requests a minute that the org allows; one token may use half")
	flags.DurationVar(&o.maxWindow, "max-window", 0, "a bounded read of a longer span times out; 0 is no limit")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if span := time.Duration(o.hours) * time.Hour; o.perHour < 0 || o.hours < 1 || o.gap < 0 || o.gap >= span {
		return o, errors.New("-hours must be at least 1, -events-per-hour at least 0, and -gap shorter than -hours")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	opt, err := parse(args)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", opt.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	d := demo{options: opt}
	if err := d.history(); err != nil {
		return errors.Join(err, listener.Close())
	}
	url := "http://" + listener.Addr().String()
	since, until := d.since.Format(time.RFC3339), d.until.Format(time.RFC3339)
	fmt.Fprintf(out, "org URL  %s\n", url)
	fmt.Fprintf(out, "token    printf %%s '%s' > oktafake.token, then --token-file oktafake.token\n", opt.token)
	fmt.Fprintf(out, "history  %s to %s: %d events, %d delivered by the log stream\n", since, until, d.events, d.delivered)
	if opt.gap > 0 {
		fmt.Fprintf(out, "gap      %s to %s\n", d.gapStart.Format(time.RFC3339), d.gapEnd.Format(time.RFC3339))
	}
	fmt.Fprintf(out, "try      go run ./lambda/cmd/oktastream backfill --org-url %s --token-file oktafake.token "+
		"--since %s --until %s --to -\n", url, since, until)

	server := &http.Server{Handler: d.org, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// demo is an org with a history of events.
type demo struct {
	options
	org               *oktafake.Org
	since, until      time.Time
	gapStart, gapEnd  time.Time
	events, delivered int
}

const streamID = "0oaoktastream"

// history generates the history minute by minute: the log stream delivers, fails in the gap until
// Okta deactivates it, and is activated at the end of the gap. Then the org's clock becomes the
// real one.
func (d *demo) history() (err error) {
	now := time.Now().UTC().Truncate(time.Minute)
	d.until = now.Add(-d.ago).Truncate(time.Hour)
	d.since = d.until.Add(-time.Duration(d.hours) * time.Hour)
	d.gapStart = d.since.Add((d.until.Sub(d.since) - d.gap) / 2).Truncate(time.Minute)
	d.gapEnd = d.gapStart.Add(d.gap)
	held := io.Discard
	if d.held != "" {
		file, e := os.Create(d.held)
		if e != nil {
			return fmt.Errorf("write the delivered events: %w", e)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		buffer := bufio.NewWriter(file)
		defer func() { err = errors.Join(err, buffer.Flush()) }()
		held = buffer
	}

	var clock atomic.Pointer[time.Time] // nil is the real one
	clock.Store(&d.since)
	at := func() time.Time {
		if t := clock.Load(); t != nil {
			return *t
		}
		return time.Now()
	}
	var failed error
	d.org = oktafake.New(oktafake.Config{
		Now: at, RateLimit: d.rate, MaxWindow: d.maxWindow,
		Principals: []oktafake.Principal{{Name: "demo@example.com", Token: d.token, Role: oktafake.SuperAdmin}},
		Streams: []oktafake.Stream{{ID: streamID, Name: d.source, Account: d.account, Deliver: func(e oktafake.Event) error {
			if t := at(); d.gap > 0 && t.After(d.gapStart) && !t.After(d.gapEnd) {
				return errors.New("the partner event source does not exist")
			}
			d.delivered++
			_, failed = held.Write(append(e.JSON, '\n'))
			return failed
		}}},
	})
	const late = time.Hour
	d.org.Generate(oktafake.Load{
		Since: d.since, Span: d.until.Sub(d.since), PerHour: d.perHour, Seed: d.seed, Late: 0.02, LateBy: late,
	})
	for t := d.since; !t.After(d.until.Add(late)) && !t.After(now) && failed == nil; t = t.Add(time.Minute) {
		clock.Store(&t)
		d.org.Deliver()
		if d.gap > 0 && t.Equal(d.gapEnd) {
			r := httptest.NewRequest(http.MethodPost, "/api/v1/logStreams/"+streamID+"/lifecycle/activate", nil)
			r.Header.Set("Authorization", "SSWS "+d.token)
			d.org.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	clock.Store(nil)
	for range d.org.Events(d.since, d.until) {
		d.events++
	}
	if failed != nil {
		return fmt.Errorf("write the delivered events: %w", failed)
	}
	return nil
}
