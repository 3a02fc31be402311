// Package httpsfake has strict fakes of the destinations that accept records by HTTPS: Splunk's
// HTTP Event Collector, Datadog's log intake, Elasticsearch and OpenSearch. They refuse everything
// that the services' documentation does not allow, which is more than the services refuse. Each is
// an http.Handler. It is for tests only.
package httpsfake

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// Fault is what goes wrong with a request. The zero value is nothing. If several faults are set,
// the first one in the order of the fields that ends the request is used.
type Fault struct {
	Delay time.Duration // wait before anything else
	Hang  bool          // never answer, until the client gives up
	Reset bool          // reset the connection; nothing has been done
	// Status answers with it and with Body of ContentType. With Early the answer comes
	// before the request's body has been read, and then the connection is closed.
	Status      int
	ContentType string
	Body        string
	Header      http.Header
	Early       bool

	// The following faults do the work and then change the response.

	ResetAfter bool          // reset the connection
	Drip       time.Duration // wait before each byte of the answer
	CutGzip    bool          // answer compressed, and end in the middle
	Gzip       bool          // answer compressed
	Pad        int           // blanks in front of the answer
}

// Page is the Fault of a proxy that answers with its own page.
func Page(status int) Fault {
	page := "<html><body>" + http.StatusText(status) + "</body></html>"
	return Fault{Status: status, ContentType: "text/html", Body: page}
}

// WithFaults returns h with the faults that of returns. of is called for each request, by many
// goroutines at a time.
func WithFaults(h http.Handler, of func(*http.Request) Fault) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := of(r)
		if f.Delay > 0 || f.Hang {
			after := time.After(f.Delay)
			if f.Hang {
				after = nil
				// The server notices that the client has closed the connection only after it has
				// read the request.
				_, _ = io.Copy(io.Discard, r.Body)
			}
			select {
			case <-after:
			case <-r.Context().Done():
				return
			}
		}
		switch {
		case f.Reset:
			reset(w)
			return
		case f.Status != 0:
			f.answer(w, r)
			return
		}
		a := httptest.NewRecorder()
		h.ServeHTTP(a, r)
		f.spoil(w, r, a)
	})
}

func (f *Fault) answer(w http.ResponseWriter, r *http.Request) {
	if f.Early {
		f.answerEarly(w)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	for name, values := range f.Header {
		w.Header()[name] = values
	}
	if f.ContentType != "" {
		w.Header().Set("Content-Type", f.ContentType)
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body)
}

// earlyTime is how long the connection of an early response stays open, so that the client can read
// it. If it were closed at once, it would be reset because part of the request was not read.
const earlyTime = 100 * time.Millisecond

func (f *Fault) answerEarly(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		f.Status, http.StatusText(f.Status), f.ContentType, len(f.Body), f.Body)
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	time.Sleep(earlyTime)
}

func (f *Fault) spoil(w http.ResponseWriter, r *http.Request, a *httptest.ResponseRecorder) {
	if f.ResetAfter {
		reset(w)
		return
	}
	body := append(bytes.Repeat([]byte(" "), f.Pad), a.Body.Bytes()...)
	for name, values := range a.Header() {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	if f.Gzip || f.CutGzip {
		body = compress(body)
		w.Header().Set("Content-Encoding", "gzip")
		if f.CutGzip {
			body = body[:len(body)/2]
		}
	}
	w.WriteHeader(a.Code)
	if f.Drip == 0 {
		_, _ = w.Write(body)
		return
	}
	for i := range body {
		select {
		case <-time.After(f.Drip):
		case <-r.Context().Done():
			return
		}
		_, _ = w.Write(body[i : i+1])
		_ = http.NewResponseController(w).Flush()
	}
}

// reset closes the connection so that the client sees a reset.
func reset(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

func compress(body []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(body)
	_ = z.Close()
	return out.Bytes()
}

// errTooLong is the error of a body that is longer than the destination accepts.
var errTooLong = errors.New("too long")

// body reads the body of a request, decompressed, of at most limit bytes.
func body(r *http.Request, limit int) ([]byte, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return decompress(text, r.Header.Get("Content-Encoding"), limit)
}

// decompress returns errTooLong for a text of more than limit bytes.
func decompress(text []byte, encoding string, limit int) ([]byte, error) {
	switch encoding {
	case "":
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(io.LimitReader(z, int64(limit)+1)); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("unknown content encoding")
	}
	if len(text) > limit {
		return nil, errTooLong
	}
	return text, nil
}

// attempt returns the refusal of type E with which run ended by a panic, nil where it did not.
func attempt[E any](run func()) (refused *E) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *E:
			refused = e
		default:
			panic(e)
		}
	}()
	run()
	return nil
}

// isJSON reports whether a request says that it is JSON.
func isJSON(r *http.Request) bool {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(media) == "application/json"
}

// respond answers with JSON.
func respond(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic("an answer of a fake is not JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// Secret returns a secret that never changes.
func Secret(value string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return value, nil }
}
