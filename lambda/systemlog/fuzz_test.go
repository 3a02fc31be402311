package systemlog

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// A Link header never makes the reader panic or loop, and what it returns is part of the
// header. A link of ours is found wherever it stands.
func FuzzNextLink(f *testing.F) {
	for _, seed := range []string{
		`<https://a.okta.com/api/v1/logs?after=1%2C2&limit=1000>; rel="next"`,
		`<https://a/?x>; rel="self", <https://a/?y,z>; rel=next`, `<a>; rel="prev next"; title="a, <b>; rel=\"next\""`,
		`<a;rel=next`, `,,;<>;rel=next`, `<a>;rel="next`, `a>, <b>; REL = "NEXT" `, ``, `<a>;;;,<b>;rel=next`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		link := nextLink([]string{header})
		if link != "" && !strings.Contains(header, link) {
			t.Errorf("%q is not in %q", link, header)
		}
		const own = "https://a.okta.com/api/v1/logs?after=1%2C2"
		if got := nextLink([]string{`<https://a.okta.com/x>; rel="self", <` + own + `>; rel="next", ` + header}); got != own {
			t.Errorf("%q before %q", got, header)
		}
		if link == "" {
			if got := nextLink([]string{header, "<" + own + `>; rel="next"`}); got != own {
				t.Errorf("%q behind %q", got, header)
			}
		}
		c := &Client{org: &url.URL{Scheme: "https", Host: "a.okta.com"}}
		if err := c.checkLink(link); err == nil && !strings.HasPrefix(strings.ToLower(link), "https://a.okta.com/api/v1/logs") {
			t.Errorf("%q would be followed", link)
		}
	})
}

// What is printed of an error body is short, printable and no secret.
func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		`{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorId":"oaeA1","errorCauses":[]}`,
		`{"error":"invalid_client","error_description":"The client_assertion token is expired."}`,
		`{"errorCode":"00tOkEnTOkEnTOkEnTOkEnTOkEn","errorSummary":"SSWS 00tOkEnTOkEnTOkEnTOkEnTOkEn"}`,
		"{\"errorSummary\":\"a\\u0000\\nb\u20ac\"}", `[]`, `{`, `<html>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		code, id, summary := readProblem(body)
		if len(code) > 40 || len(id) > 40 || len(summary) > 200 || secretPattern.MatchString(summary) {
			t.Errorf("%q, %q, %q", code, id, summary)
		}
		for _, r := range code + id + summary {
			if r < ' ' || r > '~' {
				t.Errorf("%q, %q, %q", code, id, summary)
			}
		}
	})
}

// The events of a page are the elements of the array, byte for byte.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		`[{"uuid":"a","published":"2026-11-20T07:00:00.000Z","eventType":"b"} , {"uuid" : 1}]`, `[]`, `[1,"a",null,[{}]]`,
		`[{"uuid":"a","uuid":"b"}]`, `[{}`, `[{},]`, `{}`, ` [ ] x`, "[\"\xff\"]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := split(body)
		var want []json.RawMessage
		wantErr := json.Unmarshal(body, &want)
		if !utf8.Valid(body) || wantErr == nil && want == nil {
			return // encoding/json replaces such bytes, and takes null for an array
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, encoding/json: %v", err, wantErr)
		}
		if err != nil {
			return
		}
		if len(list) != len(want) {
			t.Fatalf("%d elements, want %d", len(list), len(want))
		}
		for i := range list {
			if string(list[i].JSON) != string(want[i]) {
				t.Errorf("%q, want %q", list[i].JSON, want[i])
			}
		}
	})
}
