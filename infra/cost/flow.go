package main

import (
	"math"

	"github.com/oktastream/oktastream/infra/settings"
)

const (
	daysOfMonth    = 30
	secondsOfMonth = daysOfMonth * 86_400
	// chunkBytes is what EventBridge and SQS charge as one event and one request (aws.amazon.com/eventbridge/pricing,
	// stored copy: "Each 64 KB chunk of a payload is billed as one event"; the same of SQS at cloudburn.io).
	chunkBytes = 64 << 10
	// gib is a GB on a bill of CloudWatch's, whose examples take a TB as 1,024 GB.
	gib = 1 << 30
)

// chunks returns how many times a payload is charged.
func chunks(payloadBytes float64) float64 { return math.Max(1, math.Ceil(payloadBytes/chunkBytes)) }

// flow is a number of events that Okta sends on one way, evenly over the day.
type flow struct {
	way
	eventsPerDay float64
}

// events, and whatever else has no period in its name, are those of a month, behind the rule.
func (f flow) events() float64 { return f.eventsPerDay * f.share * daysOfMonth }

// eventsPerSecondOfPoller is what each of Lambda's pollers receives.
func (f flow) eventsPerSecondOfPoller() float64 {
	return f.events() / secondsOfMonth / quantity("pollers")
}

// eventsOfReceive is how many events a receive returns: one, as long as events come more slowly than a poller can ask.
func (f flow) eventsOfReceive() float64 {
	return math.Min(quantity("messagesOfRequest"), math.Max(1, f.eventsPerSecondOfPoller()*quantity("receiveSeconds")))
}

// receives counts those that return something and those that do not. Events that come at random to a poller at a rate r
// end a wait of w seconds with something in 1-exp(-rw) of all cases, so that it asks r/(1-exp(-rw)) times a second: 1/w
// when nothing comes, r when much does.
func (f flow) receives() float64 {
	rate, wait := f.eventsPerSecondOfPoller()/f.eventsOfReceive(), quantity("pollSeconds")
	asks := 1 / wait
	if rate > 0 {
		asks = rate / -math.Expm1(-rate*wait)
	}
	return quantity("pollers") * asks * secondsOfMonth
}

// eventsOfBatch is how many events an invocation gets: the one that opens a poller's window, and what the poller
// receives until the window ends or the batch is full.
func (f flow) eventsOfBatch() float64 {
	n := math.Max(1+f.eventsPerSecondOfPoller()*float64(f.set.Window), f.eventsOfReceive())
	return math.Min(float64(f.set.Batch), n)
}

func (f flow) invocations() float64 { return f.events() / f.eventsOfBatch() }

func (f flow) deletes() float64 {
	return f.invocations() * math.Ceil(f.eventsOfBatch()/quantity("messagesOfRequest"))
}

// billedMilliseconds is how long an invocation runs, which Lambda rounds up.
func (f flow) billedMilliseconds() float64 {
	vCPUs := float64(f.set.Memory) / quantity("mbOfOneVCPU")
	eventsPerSecond := quantity("eventsPerSecond") * quantity("shareOfMeasured") * vCPUs
	return math.Ceil(f.eventsOfBatch()/eventsPerSecond*1000 + f.callMilliseconds)
}

func (f flow) gbSeconds() float64 {
	return f.invocations() * f.billedMilliseconds() / 1000 * float64(f.set.Memory) / 1024
}

// logs are what goes into a log group in a month.
type logs struct {
	bytes, events float64
	retentionDays float64
}

func (l logs) ingestedGiB() float64 { return l.bytes / gib }

// storedGiB is what is stored from the day on which the first events are deleted; before that it is less.
func (l logs) storedGiB() float64 {
	perDay := (l.bytes*quantity("storedShare") + l.events*quantity("storedBytesForLogEvent")) / daysOfMonth
	return perDay * l.retentionDays / gib
}

// usd returns the price of a log group of the class Standard.
func (l logs) usd() float64 {
	return usd("logsIngestedGiB", l.ingestedGiB()) + usd("logsStoredGiBMonth", l.storedGiB())
}

// delivered is the log group that holds events.
func (f flow) delivered() logs {
	return logs{f.events() * f.recordBytes, f.events(), float64(f.set.RetentionDays)}
}

// functionLog is the function's own log.
func (f flow) functionLog() logs {
	bytes := quantity("logBytesAnInvocation") + quantity("logBytesAnEvent")*f.eventsOfBatch() + quantity("platformBytes")
	lines := quantity("logLines") + quantity("platformLines")
	return logs{f.invocations() * bytes, f.invocations() * lines, quantity("functionLogDays")}
}

// archivedGiB is what a month of events becomes in the archive, in one object an invocation.
func (f flow) archivedGiB() float64 { return f.events() * f.recordBytes / quantity("gzipFactor") / gib }

// cold reports whether the objects are as large as S3 requires to move them.
func (f flow) cold() bool {
	return f.eventsOfBatch()*f.recordBytes/quantity("gzipFactor") >= quantity("coldBytes")
}

// pack is what a batch becomes on the delivery bus: entries, each an event and a POST, charged by their chunks.
type pack struct{ entries, chunks float64 }

// packOf fills requests of at most requestBytes with n logs, one entry each.
func packOf(n, logBytes, requestBytes float64) pack {
	logBytes++ // the comma
	beside := quantity("entryOverheadBytes")
	fit := math.Max(1, math.Floor((requestBytes-beside)/logBytes))
	full := math.Floor(n / fit)
	p := pack{entries: full, chunks: full * chunks(fit*logBytes+beside)}
	if rest := n - full*fit; rest > 0 {
		p.entries++
		p.chunks += chunks(rest*logBytes + beside)
	}
	return p
}

// packed is how many chunks of packed batches go to the delivery bus.
func (f flow) packed() float64 {
	return packOf(f.eventsOfBatch(), f.recordBytes, float64(f.set.PackBytes)).chunks * f.invocations()
}

// ofClass returns the price's name for the class of the log group.
func (f flow) ofClass(standard, infrequent string) string {
	if f.set.LogClass == settings.LogClassInfrequent {
		return infrequent
	}
	return standard
}
