package main

import (
	"math"

	"github.com/oktastream/oktastream/infra/settings"
)

const (
	daysOfMonth    = 30
	secondsOfDay   = 86_400
	secondsOfMonth = daysOfMonth * secondsOfDay
	// chunkBytes is what EventBridge and SQS count as one event and one request
	// (aws.amazon.com/eventbridge/pricing, stored copy: "Each 64 KB chunk of a payload
	// is billed as one event (for example, an event with a 256 KB payload is billed as
	// 4 events)"; the same of SQS at cloudburn.io).
	chunkBytes = 64 << 10
	// gib is a GB on a bill of CloudWatch's, whose examples take a TB as 1,024 GB.
	gib = 1 << 30
)

// chunks is how many times a payload is charged.
func chunks(payloadBytes float64) float64 {
	return math.Max(1, math.Ceil(payloadBytes/chunkBytes))
}

// flow is a number of events that comes evenly over the day, and how the buffer
// queue is drained.
type flow struct {
	eventsPerDay     float64
	callMilliseconds float64 // that an invocation waits for the destination
	set              settings.Pipeline
}

func (f flow) eventsPerMonth() float64 { return f.eventsPerDay * daysOfMonth }

// eventsPerSecondOfPoller is what one of Lambda's pollers sees.
func (f flow) eventsPerSecondOfPoller() float64 { return f.eventsPerDay / secondsOfDay / pollers }

// eventsOfReceive is how many events a receive brings: it comes back with the first
// one that is there, so that it is one as long as they come more slowly than a
// poller can ask.
func (f flow) eventsOfReceive() float64 {
	return math.Min(messagesOfRequest, math.Max(1, f.eventsPerSecondOfPoller()*receiveSeconds))
}

// receivesPerMonth are the calls that bring something and those that find nothing.
// Events that come at random to a poller at a rate r end a wait of w seconds with
// something in 1-exp(-rw) of all cases, so that it asks r/(1-exp(-rw)) times a
// second: 1/w when nothing comes, r when much does.
func (f flow) receivesPerMonth() float64 {
	rate := f.eventsPerSecondOfPoller() / f.eventsOfReceive()
	asks := 1 / pollSeconds
	if rate > 0 {
		asks = rate / -math.Expm1(-rate*pollSeconds)
	}
	return pollers * asks * secondsOfMonth
}

// receivesPerMonthAtBest are those calls if each brought ten events.
func (f flow) receivesPerMonthAtBest() float64 {
	return math.Max(pollers/pollSeconds*secondsOfMonth, f.eventsPerMonth()/messagesOfRequest)
}

// eventsOfBatch is how many events an invocation gets: the one that opens a
// poller's window, and what the poller sees until the window ends or the batch is
// full.
func (f flow) eventsOfBatch() float64 {
	n := math.Max(1+f.eventsPerSecondOfPoller()*float64(f.set.Window), f.eventsOfReceive())
	return math.Min(float64(f.set.Batch), n)
}

func (f flow) invocationsPerMonth() float64 { return f.eventsPerMonth() / f.eventsOfBatch() }

func (f flow) deletesPerMonth() float64 {
	return f.invocationsPerMonth() * math.Ceil(f.eventsOfBatch()/messagesOfRequest)
}

// billedMilliseconds is how long an invocation runs, which Lambda rounds up.
func (f flow) billedMilliseconds() float64 {
	vCPUs := float64(f.set.Memory) / mbOfOneVCPU
	eventsPerSecond := measuredEventsPerSecond * shareOfMeasured * vCPUs
	return math.Ceil(f.eventsOfBatch()/eventsPerSecond*1000 + f.callMilliseconds)
}

func (f flow) gbSecondsPerMonth() float64 {
	return f.invocationsPerMonth() * f.billedMilliseconds() / 1000 * float64(f.set.Memory) / 1024
}

// functionLogBytes is what an invocation with n events leaves in the function's own
// log.
func functionLogBytes(n float64) float64 {
	return logBytesAnInvocation + logBytesAnEvent*n + float64(len(platformLines))
}

// logs are what goes into a log group.
type logs struct {
	bytesPerMonth, eventsPerMonth float64
	retentionDays                 int
}

func (l logs) ingestedGiB() float64 { return l.bytesPerMonth / gib }

// storedGiB is what lies there once the oldest are being deleted; every month of
// those before costs less.
func (l logs) storedGiB() float64 {
	perDay := (l.bytesPerMonth*storedShare + l.eventsPerMonth*storedBytesForLogEvent) / daysOfMonth
	return perDay * float64(l.retentionDays) / gib
}

// functionLog is the function's own log.
func (f flow) functionLog() logs {
	invocations := f.invocationsPerMonth()
	return logs{
		bytesPerMonth:  invocations * functionLogBytes(f.eventsOfBatch()),
		eventsPerMonth: invocations * (logLines + platformLineCount),
		retentionDays:  functionLogDays,
	}
}

// pack is what a batch becomes on the delivery bus: so many entries, each an event,
// a POST and an array of logs, which are charged as so many chunks.
type pack struct{ entries, chunks float64 }

// packOf fills requests of at most requestBytes with n logs, one entry each.
func packOf(n, logBytes, requestBytes float64) pack {
	logBytes++ // the comma
	fit := math.Max(1, math.Floor((requestBytes-entryOverheadBytes)/logBytes))
	full := math.Floor(n / fit)
	p := pack{entries: full, chunks: full * chunks(fit*logBytes+entryOverheadBytes)}
	if rest := n - full*fit; rest > 0 {
		p.entries++
		p.chunks += chunks(rest*logBytes + entryOverheadBytes)
	}
	return p
}

// kmsRequestsOfQueue is what SQS asks KMS in a month for a queue that one principal
// sends to and one receives from: B/D × (2P+C) (SQS FAQ, "How do I estimate my AWS
// KMS usage costs?", read 2026-11-22 in a stored copy).
func kmsRequestsOfQueue() float64 {
	const producers, consumers = 1, 1
	return float64(secondsOfMonth) / keyReuseSeconds * (2*producers + consumers)
}
