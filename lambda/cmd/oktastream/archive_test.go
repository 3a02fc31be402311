package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// toArchive is the script command "archive DIR ORG FILE": it puts the events of a file, one a line,
// into the archive in a directory, an object for each hour.
func toArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: archive DIR ORG FILE")
	}
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o755))
	store := archive.Dir(ts.MkAbs(args[0]))
	hours := map[archive.Hour]*bytes.Buffer{}
	var decoder events.Decoder
	for line := range strings.Lines(ts.ReadFile(args[2])) {
		decoder.Decode([]byte(line), func(e *events.Event, fault *events.Fault) {
			if fault != nil {
				ts.Fatalf("%s: %s", line, fault.Text)
			}
			hour := archive.HourOf(args[1], e.PublishedMS)
			if hours[hour] == nil {
				hours[hour] = &bytes.Buffer{}
			}
			hours[hour].WriteString(line)
		})
	}
	for hour, lines := range hours {
		body := gzipped(lines.Bytes())
		ts.Check(store.Put(context.Background(), archive.Key(hour, body), body))
	}
}

// gzipped returns a text, compressed.
func gzipped(text []byte) []byte {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	_, err := z.Write(text)
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // a buffer takes all
	}
	return body.Bytes()
}

// headOfArchive is the script command "head DIR NAME": it sets $NAME to the hash of the last digest in the
// archive in a directory, as sha256sum prints it.
func headOfArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: head DIR NAME")
	}
	digests, err := filepath.Glob(ts.MkAbs(filepath.Join(args[0], "digest", "*", "*.json")))
	ts.Check(err)
	sum := sha256.Sum256([]byte(ts.ReadFile(slices.Max(digests))))
	ts.Setenv(args[1], hex.EncodeToString(sum[:]))
}

// TestDigestSaysWhoMaySign wants of an error of KMS, for the archive in a directory too, who called and the next
// step; and of an error of the archive neither.
func TestDigestSaysWhoMaySign(t *testing.T) {
	allowed := false
	kms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if allowed {
			_, _ = w.Write([]byte(`{"Signature":"c2lnbmVk"}`))
			return
		}
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","message":"not authorized to perform: kms:Sign"}`))
	}))
	defer kms.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": kms.URL, "AWS_ACCESS_KEY_ID": "AKIAFAKE", "AWS_SECRET_ACCESS_KEY": "fake",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	hour, body := archive.HourOf("acme", time.Now().Add(-72*time.Hour).UnixMilli()), gzipped([]byte("{}"))
	if err := archive.Dir(dir).Put(t.Context(), archive.Key(hour, body), body); err != nil {
		t.Fatal(err)
	}
	digest := func() (code int, stderr string) {
		code, _, stderr = newCaller(t).call(t, "", "digest", "--dir", dir, "--since", "73h", "--until", "71h",
			"--sign-key", "arn:aws:kms:us-east-1:111122223333:key/of-digests")
		return code, stderr
	}
	code, stderr := digest()
	if code != 1 || !strings.Contains(stderr, "(region us-east-1, ") || !strings.Contains(stderr, "kms:Sign with") {
		t.Errorf("%d: %s", code, stderr)
	}
	allowed = true
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "digest"), 0o755),
		os.WriteFile(filepath.Join(dir, "digest", "org=acme"), nil, 0o600)) // where the directory of the digests is to be
	if err != nil {
		t.Fatal(err)
	}
	code, stderr = digest()
	if code != 1 || strings.Contains(stderr, "region") || strings.Contains(stderr, "AWS") {
		t.Errorf("without a place for digests: %d: %s", code, stderr)
	}
}
