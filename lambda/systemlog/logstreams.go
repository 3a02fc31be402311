package systemlog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

const (
	// streamsPath is the path of the Log Streaming API.
	streamsPath = "/api/v1/logStreams"
	// streamsScope is the scope of listing the log streams. Okta grants it to super admins only
	// (help.okta.com, "Standard administrator roles and permissions", 2026-08).
	streamsScope = "okta.logStreams.read"
	readStreams  = "list the log streams"
	// maxStreams is the largest page of the list; an org has two streams (Okta API
	// reference, Log Streaming, 2026-06).
	maxStreams = 200
)

// LogStream is a log stream of the org.
type LogStream struct {
	ID     string
	Name   string // as the Admin Console shows it
	Active bool
	// Source is the event source name, and Account and Region are where the stream leads to, of a
	// stream to Amazon EventBridge; "" of a stream of another kind.
	Source, Account, Region string
}

// LogStreams lists all log streams of the org, with one request. It needs the scope
// okta.logStreams.read and the admin role Super Administrator. The errors are of type *Error.
func (c *Client) LogStreams(ctx context.Context) ([]LogStream, error) {
	auth, err := newAuthorizer(c, c.auth.credentials, streamsScope)
	if err != nil {
		return nil, err
	}
	u := *c.org
	u.Path, u.RawQuery = streamsPath, "limit="+strconv.Itoa(maxStreams)
	response, body, err := auth.get(ctx, u.String(), readStreams, func(*http.Response) {})
	if err != nil {
		return nil, err
	}
	var answer []struct {
		ID, Name, Status string
		Settings         struct{ EventSourceName, AccountID, Region string }
	}
	if html(response) || json.Unmarshal(body, &answer) != nil {
		return nil, &Error{Kind: Unreadable, Doing: readStreams, Status: response.StatusCode, Step: urlStep,
			Detail: "the response is not a list of log streams"}
	}
	if nextLink(response.Header.Values("Link")) != "" {
		return nil, &Error{Kind: Unreadable, Doing: readStreams, Status: response.StatusCode,
			Detail: fmt.Sprintf("the org has more than %d log streams", maxStreams), Step: "report this"}
	}
	list := make([]LogStream, len(answer))
	for i, a := range answer {
		list[i] = LogStream{
			ID: a.ID, Name: a.Name, Active: a.Status == "ACTIVE",
			Source: a.Settings.EventSourceName, Account: a.Settings.AccountID, Region: a.Settings.Region,
		}
	}
	return list, nil
}
