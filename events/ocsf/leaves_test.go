package ocsf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/ocsf"
)

// discovered is the number of fields of a JSON log that CloudWatch Logs Insights discovers; further
// fields can be neither queried by name nor indexed.
const discovered = 200

// maxMapped bounds the leaves before unmapped: enough for the largest record, and few enough that
// Okta's own fields are also discovered. Okta's objects that "data" holds whole can be of any size
// and are not counted.
const maxMapped = 150

// queried are the fields that saved queries, indexes and alarms use.
var queried = strings.Fields(`
	class_uid activity_id activity_name time status status_id severity_id risk_level_id disposition_id
	metadata.uid metadata.event_code metadata.tenant_uid
	actor.user.uid actor.user.name actor.user.email_addr actor.session.uid
	user.uid user.name user.email_addr entity.uid entity.name entity.type group.uid group.name
	src_endpoint.ip src_endpoint.location.country http_request.user_agent`)

func TestQueriedFieldsAreAmongTheDiscovered(tt *testing.T) {
	t := &few{T: tt}
	n := ocsf.New()
	met := map[string]bool{}
	most, name := 0, ""
	for _, s := range everything(t) {
		each(s, func(e *events.Event) {
			before, mapped := 0, 0
			for i, leaf := range parse(t, n.Append(nil, e)).leaves() {
				if below(leaf.path, "unmapped") {
					continue
				}
				if before++; before != i+1 {
					t.Errorf("%s: %s comes after unmapped", s.Name, leaf.path)
				}
				met[leaf.key] = true
				if !strings.Contains(leaf.key, ".data.") {
					mapped++
				}
			}
			if before > most {
				most, name = before, string(e.Type)
			}
			if mapped > maxMapped {
				t.Errorf("%s (%s) has %d leaves before unmapped", s.Name, e.Type, mapped)
			}
		})
	}
	t.Logf("the most leaves before unmapped are %d (%s)", most, name)
	for _, field := range queried {
		if !met[field] {
			t.Errorf("no event has %s", field)
		}
	}
}

// Values of any size, targets and the former state of a thing, must not displace the queried
// fields.
func TestQueriedFieldsOfALargeEventAreAmongTheDiscovered(t *testing.T) {
	var targets, members []string
	for i := range 100 {
		targets = append(
			targets,
			fmt.Sprintf(`{"id":"t%d","type":"AppInstance","alternateId":"a%d","displayName":"n%d"}`, i, i, i),
		)
		members = append(members, fmt.Sprintf(`"m%d":%d,"n%d":"x"`, i, i, i))
	}
	changed := fmt.Sprintf(`{"id":"z","type":"NetworkZone","displayName":"zone","changeDetails":{"from":{%s},"to":{%s}}}`,
		strings.Join(members, ","), strings.Join(members, ","))
	for class, eventType := range typeOfClass {
		text := okta(eventType, `"severity":"INFO"`, `"outcome":{"result":"ALLOW"}`,
			`"actor":{"id":"00u1","alternateId":"ann@example.com"}`,
			`"client":{"ipAddress":"192.0.2.1","userAgent":{"rawUserAgent":"curl"},"geographicalContext":{"country":"Ireland"}}`,
			`"authenticationContext":{"externalSessionId":"102"}`,
			`"target":[`+changed+`,`+strings.Join(targets, ",")+`,{"id":"00u2","type":"User","alternateId":"bob@example.com"}]`)
		for i, leaf := range parse(t, normalised(t, text)).leaves() {
			for _, field := range queried {
				if leaf.key == field && i >= discovered {
					t.Errorf("class %d: %s is leaf number %d", class, field, i+1)
				}
			}
		}
	}
}
