package systemlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// odd is a client of a server that is not Okta, and what the client logs.
func odd(t *testing.T, auth systemlog.Credentials, handler http.HandlerFunc) (*systemlog.Client, *bytes.Buffer, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	clock := &clock{at: start.Add(24 * time.Hour)}
	var log bytes.Buffer
	c, err := systemlog.New(systemlog.Config{
		OrgURL: server.URL, Auth: auth, Now: clock.Now, Sleep: clock.sleep,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, &log, server
}

func apiToken() systemlog.Credentials { return must(systemlog.ParseToken([]byte(token))) }

// The token goes to the org's own scheme and host only, wherever links and redirects
// lead.
func TestTheTokenDoesNotLeaveTheOrg(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was asked for %s, with Authorization %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	for name, test := range map[string]struct {
		link string
		kind systemlog.Kind
	}{
		"another host":   {other.URL + "/api/v1/logs?after=1", systemlog.ForeignLink},
		"another scheme": {"https://ORG/api/v1/logs?after=1", systemlog.ForeignLink},
		"another path":   {"http://ORG/api/v1/users?after=1", systemlog.ForeignLink},
		"a user":         {"http://a:b@ORG/api/v1/logs?after=1", systemlog.ForeignLink},
		"a relative one": {"/api/v1/logs?after=1", systemlog.ForeignLink},
		"no URL":         {"http://ORG:port/api/v1/logs?after=1", systemlog.ForeignLink},
		"a redirect":     {"", systemlog.WrongURL},
	} {
		requests := 0
		c, _, _ := odd(t, apiToken(), func(w http.ResponseWriter, r *http.Request) {
			requests++
			if test.link == "" {
				http.Redirect(w, r, other.URL, http.StatusFound)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Link", "<"+strings.Replace(test.link, "ORG", r.Host, 1)+`>; rel="next"`)
			fmt.Fprint(w, `[{"uuid":"a","published":"2026-11-20T07:00:00.000Z"}]`)
		})
		_, err := c.Bounded(start, start.Add(6*time.Hour)).Next(t.Context())
		if systemlog.KindOf(err) != test.kind || requests != 1 || stepOf(err) == "" {
			t.Errorf("%s: %v after %d requests", name, err, requests)
		}
	}
}

// No error and no log line holds a secret or content, even where the server sends all it
// gets back in every place there is.
func TestNoSecretInErrorsAndLogs(t *testing.T) {
	personal := "jane.roe@example.com"
	app := must(systemlog.ParseKey(clientID, "", pemOf(ecKey())))
	var secrets []string
	note := func(r *http.Request) string {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		all := r.Header.Get("Authorization") + " " + r.Header.Get("DPoP") + " " + string(body)
		secrets = append(secrets, regexp.MustCompile(`[A-Za-z0-9_-]{24,}`).FindAllString(all, -1)...)
		return strings.ReplaceAll(all, "\n", " ")
	}
	answers := map[string]func(http.ResponseWriter, string){
		"an error of Okta's": func(w http.ResponseWriter, all string) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("WWW-Authenticate", all)
			w.Header().Set("X-Okta-Request-Id", all)
			w.WriteHeader(http.StatusBadRequest)
			text := must(json.Marshal(map[string]any{"errorCode": all, "errorSummary": all, "errorId": all, "errorCauses": []any{all}}))
			_, _ = w.Write(text)
		},
		"an error of OAuth": func(w http.ResponseWriter, all string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write(must(json.Marshal(map[string]any{"error": all, "error_description": all})))
		},
		"a server error": func(w http.ResponseWriter, all string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte(all))
		},
		"HTML": func(w http.ResponseWriter, all string) { fmt.Fprintf(w, "<html>%s %s</html>", all, personal) },
		"a redirect": func(w http.ResponseWriter, all string) {
			w.Header().Set("Location", "https://"+secretOf(all)+"/"+all)
			w.WriteHeader(302)
		},
		"a link": func(w http.ResponseWriter, all string) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Link", "<https://"+secretOf(all)+"/>; rel=next")
			fmt.Fprintf(w, `[{"uuid":"%s"}]`, personal)
		},
		"JSON that breaks": func(w http.ResponseWriter, all string) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `[{"uuid":"%s %s`, personal, all)
		},
		"no HTTP": func(w http.ResponseWriter, all string) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(c, "%s %s\r\n\r\n", personal, all)
			c.Close()
		},
		"a broken header": func(w http.ResponseWriter, all string) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\n%s %s\r\n\r\n", personal, all)
			c.Close()
		},
		"an object": func(w http.ResponseWriter, all string) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"access_token":"%s","token_type":"%s"}`, secretOf(all), secretOf(all))
		},
	}
	for name, answer := range answers {
		for who, auth := range map[string]systemlog.Credentials{"token": apiToken(), "app": app, "app with an access token": app} {
			c, log, _ := odd(t, auth, func(w http.ResponseWriter, r *http.Request) {
				all := note(r)
				if who == "app with an access token" && r.URL.Path != "/api/v1/logs" {
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprint(w, `{"access_token":"aCcEsStOkEnaCcEsStOkEnaCcEsStOkEn","token_type":"Bearer","expires_in":3600}`)
					return
				}
				answer(w, all)
			})
			_, err := c.Bounded(start, start.Add(6*time.Hour)).Next(t.Context())
			if err == nil {
				t.Fatalf("%s, %s: no error", name, who)
			}
			text := err.Error() + " " + stepOf(err) + " " + log.String()
			for e := errors.Unwrap(err); e != nil; e = errors.Unwrap(e) {
				text += " " + e.Error()
			}
			for _, secret := range append(secrets, personal, token) {
				if strings.Contains(text, secret) {
					t.Errorf("%s, %s: %q is in %s", name, who, secret, text)
				}
			}
		}
	}
	if len(secrets) < 20 {
		t.Errorf("only %d secrets were sent", len(secrets))
	}
}

// secretOf is the first secret of what a request held, such as may be part of a host.
func secretOf(all string) string {
	if found := regexp.MustCompile(`[A-Za-z0-9-]{24,}`).FindString(all); found != "" {
		return found
	}
	return token
}

// Addresses that are no org are refused before anything is sent.
func TestOrgURL(t *testing.T) {
	for url, says := range map[string]string{
		"https://dev-1.okta.com": "", "https://dev-1.okta.com/": "", "https://login.example.com:8443": "",
		"http://127.0.0.1:8080": "", "http://localhost:1": "", "http://[::1]:1": "", " https://DEV-1.okta.com ": "",
		"":                                    "empty",
		"dev-1.okta.com":                      "https://",
		"http://dev-1.okta.com":               "plain http",
		"http://127.0.0.1.example.com":        "plain http",
		"https://dev-1-admin.okta.com":        "https://dev-1.okta.com",
		"https://a-admin.oktapreview.com/":    "https://a.oktapreview.com",
		"https://dev-1.okta.com/api/v1/logs":  "https://dev-1.okta.com",
		"https://dev-1.okta.com?x=1":          "https://dev-1.okta.com",
		"https://user:hunter2@dev-1.okta.com": "user name",
		"https://":                            "host",
		"ftp://dev-1.okta.com":                "https://",
		"https://dev-1.okta.com/%zz":          "not a URL",
	} {
		_, err := systemlog.New(systemlog.Config{OrgURL: url, Auth: apiToken()})
		text := fmt.Sprint(err) + " " + stepOf(err)
		if (err != nil) != (says != "") || !strings.Contains(text, says) {
			t.Errorf("%q: %s", url, text)
		}
		if err != nil && (systemlog.KindOf(err) != systemlog.WrongURL || strings.Contains(text, "hunter2")) {
			t.Errorf("%q: %s", url, text)
		}
	}
	for _, c := range []systemlog.Config{
		{OrgURL: "https://a.okta.com"}, {OrgURL: "https://a.okta.com", Auth: apiToken(), Share: 1.1},
		{OrgURL: "https://a.okta.com", Auth: apiToken(), Share: -0.1}, {OrgURL: "https://a.okta.com", Auth: apiToken(), PageSize: 1001},
	} {
		if _, err := systemlog.New(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

// A read ends with its context, in the middle of a request and of a wait.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, _, _ := odd(t, apiToken(), func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.Bounded(start, start.Add(time.Hour)).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("in a request: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	c, _, _ = odd(t, apiToken(), func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		cancel()
	})
	if _, err := c.Bounded(start, start.Add(time.Hour)).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("in a wait: %v", err)
	}
}

// Without the headers of a rate limit the client is slower than the lowest that Okta has
// published; a Reset far away does not stop it.
func TestOddRateHeaders(t *testing.T) {
	for name, test := range map[string]struct {
		headers map[string]string
		least   time.Duration // for five pages
		most    time.Duration
	}{
		"none":              {nil, 24 * time.Second, 25 * time.Second},
		"Reset in a year":   {map[string]string{"Limit": "10", "Remaining": "5", "Reset": "1827000000"}, 360 * time.Second, 361 * time.Second},
		"Reset in the past": {map[string]string{"Limit": "10", "Remaining": "5", "Reset": "1"}, 4 * time.Second, 5 * time.Second},
		"Reset is a word":   {map[string]string{"Limit": "10", "Remaining": "5", "Reset": "soon"}, 240 * time.Second, 241 * time.Second},
		"a limit of one":    {map[string]string{"Limit": "1", "Remaining": "0", "Reset": "1"}, 4 * time.Second, 5 * time.Second},
		"much left":         {map[string]string{"Limit": "600", "Remaining": "599", "Reset": "1"}, 0, time.Second},
	} {
		n := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for key, value := range test.headers {
				w.Header().Set("X-Rate-Limit-"+key, value)
			}
			if n++; n < 5 {
				w.Header().Set("Link", fmt.Sprintf("<http://%s/api/v1/logs?after=%d>; rel=\"next\"", r.Host, n))
			}
			fmt.Fprintf(w, `[{"uuid":"%d","published":"2026-11-20T07:00:0%d.000Z"}]`, n, n)
		}))
		clock := &clock{at: start.Add(24 * time.Hour)}
		c := must(systemlog.New(systemlog.Config{OrgURL: server.URL, Auth: apiToken(), Now: clock.Now, Sleep: clock.sleep}))
		began := clock.Now()
		if got := readAll(t, c.Bounded(start, start.Add(6*time.Hour))); len(got) != 5 {
			t.Errorf("%s: %d events", name, len(got))
		}
		if took := clock.Now().Sub(began); took < test.least || took > test.most {
			t.Errorf("%s: five pages took %v, want %v to %v", name, took, test.least, test.most)
		}
		server.Close()
	}
}

// Windows that are halved lose no event, also where Okta includes neither end of a window.
func TestWindowsDoNotDependOnTheirEnds(t *testing.T) {
	since, until := start, start.Add(4*time.Hour)
	at := []time.Time{since, since.Add(time.Hour), since.Add(2 * time.Hour), since.Add(3 * time.Hour), until.Add(-time.Millisecond)}
	c, _, _ := odd(t, apiToken(), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		from := must(time.Parse(time.RFC3339, r.URL.Query().Get("since")))
		to := must(time.Parse(time.RFC3339, r.URL.Query().Get("until")))
		if to.Sub(from) > 61*time.Minute {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"errorCode":"E0000009"}`)
			return
		}
		var list []string
		for i, published := range at {
			if published.After(from) && published.Before(to) {
				list = append(list, fmt.Sprintf(`{"uuid":"%d","published":"%s"}`, i, published.Format("2006-01-02T15:04:05.000Z")))
			}
		}
		fmt.Fprintf(w, "[%s]", strings.Join(list, ","))
	})
	var got []string
	for _, e := range readAll(t, c.Bounded(since, until)) {
		got = append(got, e.UUID)
	}
	if strings.Join(got, " ") != "0 1 2 3 4" {
		t.Errorf("%v", got)
	}
}
