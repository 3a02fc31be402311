package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

var eventUUID = regexp.MustCompile(`"uuid":"([0-9a-f-]+)"`)

// orgs are the fake Okta orgs of the scripts, by their working directory.
type orgs struct {
	mu sync.Mutex
	of map[string]*oktafake.Org
}

func (o *orgs) get(ts *testscript.TestScript) *oktafake.Org {
	o.mu.Lock()
	defer o.mu.Unlock()
	org := o.of[ts.Getenv("WORK")]
	if org == nil {
		ts.Fatalf("okta comes first")
	}
	return org
}

// commands are what a script can do with its fake org.
func (o *orgs) commands() map[string]func(*testscript.TestScript, bool, []string) {
	type run = func(ts *testscript.TestScript, neg bool, args []string)
	return map[string]run{
		// okta AGO SPAN PERHOUR starts an org with so many events an hour, which began AGO
		// ago, to the hour. $OKTA is its address, $SINCE and $UNTIL the span, and the file
		// token holds an API token; weak is that of a user without a role, and app.key the
		// private key of the service app 0oaNoScope, which is granted no scope.
		"okta": func(ts *testscript.TestScript, _ bool, args []string) {
			ago, err := time.ParseDuration(args[0])
			ts.Check(err)
			span, err := time.ParseDuration(args[1])
			ts.Check(err)
			perHour, err := strconv.Atoi(args[2])
			ts.Check(err)
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			ts.Check(err)
			private, err := jose.JSONWebKey{Key: key}.MarshalJSON()
			ts.Check(err)
			org := oktafake.New(oktafake.Config{RateLimit: 1000, Principals: []oktafake.Principal{
				{Name: "auditor", Token: oktaToken, Role: oktafake.ReportAdmin},
				{Name: "nobody", Token: "00weak", Role: oktafake.NoRole},
				{Name: "app", ClientID: "0oaNoScope", Key: &jose.JSONWebKey{Key: key.Public()}, Role: oktafake.ReportAdmin},
			}})
			since := time.Now().UTC().Add(-ago).Truncate(time.Hour)
			org.Generate(oktafake.Load{Since: since, Span: span, PerHour: perHour, Seed: 1})
			server := httptest.NewServer(org)
			ts.Defer(server.Close)
			o.mu.Lock()
			defer o.mu.Unlock()
			o.of[ts.Getenv("WORK")] = org
			ts.Setenv("OKTA", server.URL)
			ts.Setenv("SINCE", since.Format(time.RFC3339))
			ts.Setenv("UNTIL", since.Add(span).Format(time.RFC3339))
			for name, text := range map[string]string{
				"token": oktaToken + "\n", "weak": "00weak", "wrong": "00wrong", "app.key": string(private),
			} {
				ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
			}
		},
		// truth FILE writes the uuids of the org's events, sorted.
		"truth": func(ts *testscript.TestScript, _ bool, args []string) {
			var all []string
			for e := range o.get(ts).Events(time.Unix(0, 0), time.Now()) {
				all = append(all, e.UUID)
			}
			slices.Sort(all)
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(all, "\n")+"\n"), 0o600))
		},
		// uuids FILE TO writes the uuid of the event in each line of a file.
		"uuids": func(ts *testscript.TestScript, _ bool, args []string) {
			var all []string
			for line := range strings.Lines(ts.ReadFile(args[0])) {
				if found := eventUUID.FindStringSubmatch(line); found != nil {
					all = append(all, found[1])
				}
			}
			slices.Sort(all)
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(all, "\n")+"\n"), 0o600))
		},
		// okta-fault WHAT [FROM] faults calls, from the FROM-th on: html, refuse,
		// or none.
		"okta-fault": func(ts *testscript.TestScript, _ bool, args []string) {
			from := 1
			if len(args) > 1 {
				n, err := strconv.Atoi(args[1])
				ts.Check(err)
				from = n
			}
			fault := map[string]oktafake.Fault{
				"html": {HTML: true}, "refuse": {Status: http.StatusForbidden, Code: "E0000006"}, "none": {},
			}[args[0]]
			calls := 0
			o.get(ts).SetFaults(func(oktafake.Call) oktafake.Fault {
				if calls++; calls < from {
					return oktafake.Fault{}
				}
				return fault
			})
		},
	}
}

// intakes are the fake destinations over HTTPS of the scripts, by their working directory.
type intakes struct {
	mu sync.Mutex
	of map[string]*intake
}

type intake struct {
	hec     *httpsfake.HEC
	elastic *httpsfake.Bulk
	fault   httpsfake.Fault
}

func (i *intakes) get(ts *testscript.TestScript) *intake {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.of[ts.Getenv("WORK")] == nil {
		i.of[ts.Getenv("WORK")] = &intake{}
	}
	return i.of[ts.Getenv("WORK")]
}

// start serves a fake with the script's fault, and sets a variable to its address.
func (i *intakes) start(ts *testscript.TestScript, variable string, fake http.Handler) {
	in := i.get(ts)
	server := httptest.NewServer(httpsfake.WithFaults(fake, func(*http.Request) httpsfake.Fault {
		i.mu.Lock()
		defer i.mu.Unlock()
		return in.fault
	}))
	ts.Defer(server.Close)
	ts.Setenv(variable, server.URL)
}

// commands are what a script can do with its fake destinations.
func (i *intakes) commands() map[string]func(*testscript.TestScript, bool, []string) {
	type run = func(ts *testscript.TestScript, neg bool, args []string)
	list := func(ts *testscript.TestScript, name string, lines []string) {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	}
	return map[string]run{
		// splunk TOKEN starts an HTTP Event Collector at $SPLUNK; a second one changes the
		// token. splunk-has FILE writes what it has stored, a line each.
		"splunk": func(ts *testscript.TestScript, _ bool, args []string) {
			in := i.get(ts)
			if in.hec != nil {
				in.hec.SetToken(args[0], false)
				return
			}
			in.hec = httpsfake.NewHEC(httpsfake.HECOptions{Token: args[0], Indexes: []string{"main", "okta"}})
			i.start(ts, "SPLUNK", in.hec)
		},
		"splunk-has": func(ts *testscript.TestScript, _ bool, args []string) {
			var all []string
			for _, e := range i.get(ts).hec.Events() {
				all = append(all, strings.Join([]string{
					e.Host, e.Source, e.Sourcetype, e.Index, string(e.Time), string(e.Event)}, " "))
			}
			list(ts, args[0], all)
		},
		// elastic starts an Elasticsearch at $ELASTIC with the API key id:key, and
		// elastic-has writes its documents.
		"elastic": func(ts *testscript.TestScript, _ bool, _ []string) {
			in := i.get(ts)
			in.elastic = httpsfake.NewBulk(httpsfake.BulkOptions{
				DataStreams: []string{"logs-*"}, Pipeline: httpsfake.OktaPipeline, Elasticsearch: true,
			})
			in.elastic.SetAuthorization("ApiKey " + base64.StdEncoding.EncodeToString([]byte("id:key")))
			i.start(ts, "ELASTIC", in.elastic)
		},
		"elastic-has": func(ts *testscript.TestScript, _ bool, args []string) {
			var all []string
			for _, d := range i.get(ts).elastic.Documents() {
				all = append(all, d.Index+" "+d.ID)
			}
			slices.Sort(all)
			list(ts, args[0], all)
		},
		// intake-fault STATUS, drop or none faults all requests of the fakes.
		"intake-fault": func(ts *testscript.TestScript, _ bool, args []string) {
			in := i.get(ts)
			i.mu.Lock()
			defer i.mu.Unlock()
			switch args[0] {
			case "none":
				in.fault = httpsfake.Fault{}
			case "drop":
				in.fault = httpsfake.Fault{Reset: true}
			default:
				status, err := strconv.Atoi(args[0])
				ts.Check(err)
				in.fault = httpsfake.Page(status)
			}
		},
	}
}
