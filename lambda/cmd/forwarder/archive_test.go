package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// readFaults are what goes wrong with reading the archive.
var readFaults = []faultKind[awsfake.Fault]{
	{"read throttled", 10, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{Throttle: true} }},
	{"read fails", 10, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{Status: 500} }},
	{"read reset", 10, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{Reset: true} }},
	{"read cut off", 30, func(r *rand.Rand) awsfake.Fault { return awsfake.Fault{CutBody: 1 + r.IntN(500)} }},
}

// readArchive counts, by uuid, the events in the bucket, as a reader does who is throttled and
// whose responses are cut off: LIST and GET, and of each object the hash and the hour of each
// event. It returns how often what went wrong.
func (w *world) readArchive(t *testing.T) (faults map[string]int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	faults = map[string]int{}
	w.SetFaults(func(call awsfake.Call) awsfake.Fault { // one call at a time
		if call.Service != awsfake.S3 || random.IntN(5) > 0 {
			return awsfake.Fault{}
		}
		k := choose(random, readFaults)
		if k.name != "read cut off" || call.Operation == "GetObject" {
			faults[k.name]++
		}
		return k.fault(random)
	})
	defer w.SetFaults(nil)
	store, err := archive.NewS3(t.Context(), w.Config(), archive.S3Options{
		Bucket: bucket, Owner: ownAccount,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 20, time.Millisecond, ratelimit.None
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	err = store.List(t.Context(), archive.EventsPrefix, func(o archive.Object) error {
		keys = append(keys, o.Key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		hour, sum, ok := archive.ParseKey(key)
		body := w.readObject(t, store, key)
		if is := sha256.Sum256(body); !ok || hex.EncodeToString(is[:]) != sum {
			t.Errorf("%s does not have its bytes", key)
		}
		if n := w.Versions(bucket, key); n != 1 {
			t.Errorf("%s was stored %d times", key, n)
		}
		err := archive.EachEvent(bytes.NewReader(body), func(uuid []byte, publishedMS int64) error {
			if archive.HourOf("example", publishedMS) != hour {
				t.Errorf("%s lies in %s", uuid, key)
			}
			w.delivered[string(uuid)]++
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	return faults
}

// readObject reads an object, and again where it is cut off: what was read until then is an error
// and never an object.
func (w *world) readObject(t *testing.T, store archive.Reader, key string) []byte {
	t.Helper()
	var last error
	for range 20 {
		object, err := store.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(object)
		object.Close()
		if err == nil {
			return body
		}
		last = err
	}
	t.Fatal(last)
	return nil
}
