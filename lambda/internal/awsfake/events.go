package awsfake

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of PutEvents. Entries a request: EventBridge API reference, PutEvents.
// The others: eventbridge SDK 1.55.9, 2026-11.
const (
	busEntries     = 10
	maxPutEvents   = 1 << 20 // bytes that the entries of a request must stay below
	busDetailType  = 128     // characters
	busDetailDepth = 1000
)

// Entry is an event that a bus has accepted.
type Entry struct {
	Source, DetailType, Detail string
	EventID                    string
	Time                       time.Time
}

type eventsService struct {
	mu    sync.RWMutex
	buses map[string]*bus
}

type bus struct {
	created time.Time

	mu   sync.Mutex
	put  []Entry
	hook func([]byte)
}

// AddBus declares an event bus. Calls must name it: the fake knows neither ARNs of buses nor the
// bus default.
func (c *Cloud) AddBus(name string) {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	if c.events.buses[name] != nil {
		panic("awsfake: event bus " + name + " exists already")
	}
	c.events.buses[name] = &bus{}
}

// OnEvent sets a function that receives each event that the bus accepts, as the JSON text that
// EventBridge delivers to a target. It runs before PutEvents is answered, and is called by many
// goroutines.
func (c *Cloud) OnEvent(name string, f func(envelope []byte)) {
	b := c.mustBus(name)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hook = f
}

// Put returns what a bus has accepted, in order.
func (c *Cloud) Put(name string) []Entry {
	b := c.mustBus(name)
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Entry(nil), b.put...)
}

func (c *Cloud) bus(name string) *bus {
	c.events.mu.RLock()
	defer c.events.mu.RUnlock()
	return c.events.buses[name]
}

// existingBus is the bus of a call.
func (c *Cloud) existingBus(name string) *bus {
	b := c.bus(name)
	if b == nil {
		eventsMissing("Event bus %s does not exist.", name)
	}
	return b
}

func (c *Cloud) mustBus(name string) *bus {
	b := c.bus(name)
	if b == nil {
		panic("awsfake: no event bus " + name)
	}
	return b
}

type putEntry struct {
	Source, DetailType, EventBusName string
	Detail                           text

	// Members that the fake does not know: it refuses a request that has them.
	Resources []string
	Time      *float64
}

// size is the formula of the user guide, "Calculating PutEvents event entry size", for an
// entry without Resources and Time.
func (e *putEntry) size() int { return len(e.Source) + len(e.DetailType) + len(e.Detail) }

type putResult struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:"ErrorCode,omitempty"`
	ErrorMessage string `json:"ErrorMessage,omitempty"`
}

func (c *Cloud) putEvents(r *request, in struct{ Entries []putEntry }) any {
	invalid := func(format string, args ...any) { fail(400, "ValidationException", format, args...) }
	if n := len(in.Entries); n < 1 || n > busEntries {
		invalid("Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d, not %d",
			busEntries, n)
	}
	size, complete := 0, false
	for i := range in.Entries {
		e := &in.Entries[i]
		size += e.size()
		if e.Time != nil || e.Resources != nil {
			invalid("awsfake knows no Time and no Resources of an entry")
		}
		complete = complete || e.Source != "" && e.DetailType != "" && e.Detail != ""
	}
	if size >= maxPutEvents { // "must be less than"
		invalid("Total size of the entries in the request is over the limit: %d bytes, limit %d", size, maxPutEvents)
	}
	if !complete { // "EventBridge fails the entire request"
		invalid("None of the entries has Source, DetailType and Detail")
	}
	for i := range in.Entries {
		c.existingBus(in.Entries[i].EventBusName)
	}
	var out struct {
		FailedEntryCount int
		Entries          []putResult
	}
	for i := range in.Entries {
		res := c.putOne(r, i, &in.Entries[i])
		if res.ErrorCode != "" {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, res)
	}
	return out
}

// putOne checks one entry and, if it is valid, adds it to the bus.
func (c *Cloud) putOne(r *request, i int, e *putEntry) putResult {
	if code, failed := r.fault.entryFailure(i); failed {
		return putResult{ErrorCode: code, ErrorMessage: "injected by the test"}
	}
	for _, required := range [][2]string{
		{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", string(e.Detail)},
	} {
		if name := required[0]; required[1] == "" {
			return putResult{ErrorCode: "InvalidArgument",
				ErrorMessage: "Parameter " + name + " is not valid. Reason: " + name + " is a required argument."}
		}
	}
	switch {
	case strings.HasPrefix(e.Source, "aws."):
		return putResult{ErrorCode: "NotAuthorizedForSource", ErrorMessage: "Not authorized for the source."}
	case utf8.RuneCountInString(e.DetailType) > busDetailType:
		// AWS documents the limit, not the response above it.
		return putResult{ErrorCode: "InvalidArgument",
			ErrorMessage: "Parameter DetailType is not valid. Reason: longer than 128 characters."}
	}
	if err := checkDetail(string(e.Detail)); err != nil {
		return putResult{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed. " + err.Error()}
	}
	accepted := Entry{e.Source, e.DetailType, string(e.Detail), c.newID(), r.now}
	b := c.bus(e.EventBusName)
	b.mu.Lock()
	if !c.opt.Discard {
		b.put = append(b.put, accepted)
	}
	hook := b.hook
	b.mu.Unlock()
	if hook != nil {
		hook(c.envelope(accepted))
	}
	return putResult{EventID: accepted.EventID}
}

// checkDetail checks what PutEvents documents of Detail: a JSON object, at most 1,000 levels deep,
// integers within 64 bits. AWS does not document that the last two are answered with
// MalformedDetail.
func checkDetail(detail string) error {
	d := jsontext.NewDecoder(bytes.NewBufferString(detail), jsontext.AllowDuplicateNames(true))
	if d.PeekKind() != '{' {
		return fmt.Errorf("not a JSON object")
	}
	for {
		if d.PeekKind() != '0' {
			if _, err := d.ReadToken(); err != nil {
				return err
			}
		} else if v, err := d.ReadValue(); err != nil {
			return err
		} else if len(v) >= len("9223372036854775807") && !bytes.ContainsAny(v, ".eE") {
			if _, err := strconv.ParseInt(string(v), 10, 64); err != nil {
				return fmt.Errorf("an integer is outside %d to %d", math.MinInt64, math.MaxInt64)
			}
		}
		switch depth := d.StackDepth(); {
		case depth > busDetailDepth:
			return fmt.Errorf("nested deeper than %d levels", busDetailDepth)
		case depth == 0:
			if _, err := d.ReadToken(); err != io.EOF {
				return fmt.Errorf("more text after the object")
			}
			return nil
		}
	}
}

// envelope is the event as a target receives it: user guide, "Events in Amazon
// EventBridge". Its time has whole seconds.
func (c *Cloud) envelope(e Entry) []byte {
	b := make([]byte, 0, len(e.Detail)+512)
	str := func(key, value string) {
		b = append(b, key...)
		b = appendQuote(b, value)
	}
	str(`{"version":"0","id":`, e.EventID)
	str(`,"detail-type":`, e.DetailType)
	str(`,"source":`, e.Source)
	str(`,"account":`, c.opt.Account)
	str(`,"time":`, e.Time.UTC().Format("2006-01-02T15:04:05Z"))
	str(`,"region":`, c.opt.Region)
	b = append(b, `,"resources":[],"detail":`...)
	b = append(b, e.Detail...)
	return append(b, '}')
}
