package ocsf_test

import (
	"slices"
	"strings"
	"time"
)

// The attributes that are not the value of a single field. If a value is nil here, its id and
// caption come from tables that semantics_test.go checks; this test checks that they are present
// exactly if the event has the fact.

// head is what every record begins and ends with.
func (v *view) head() []want {
	d := v.decision
	severityID, severity := v.severity()
	statusID, status := v.status()
	wants := []want{
		{path: "class_uid", value: integer(int64(v.class))},
		{path: "class_name", value: str(d.Class.Name)},
		{path: "category_uid", value: integer(int64(d.Class.CategoryUID))},
		{path: "activity_id", value: integer(int64(d.Activity))},
		{path: "activity_name", value: str(d.ActivityName)},
		{path: "type_uid", value: integer(int64(v.class*100 + d.Activity))},
		{path: "time", value: integer(milliseconds(v.root.at("published").text))},
		{path: "timezone_offset", value: integer(0)},
		{path: "severity_id", value: integer(severityID)},
		{path: "severity", value: severity},
		{path: "status_id", value: integer(statusID)},
		{path: "status", value: status},
		{path: "metadata.version", value: str("1.8.0")},
		{path: "metadata.product.name", value: str("Okta")},
		{path: "metadata.product.vendor_name", value: str("Okta")},
		{path: "raw_data_hash.algorithm_id", value: integer(3)},
		{path: "raw_data_hash.algorithm", value: str("SHA-256")},
		{path: "raw_data_hash.value", value: str(v.hash)},
	}
	if labels := strs(v.verdict.positive); labels != nil {
		wants = append(wants, want{path: "metadata.labels", value: labels})
	}
	if profiles := strs(v.profiles()); profiles != nil {
		wants = append(wants, want{path: "metadata.profiles", value: profiles})
	}
	if v.verdict.risk > 0 {
		wants = append(wants, want{path: "risk_level_id", value: integer(int64(v.verdict.risk))},
			want{path: "risk_level", value: str([]string{"", "Low", "Medium", "High"}[v.verdict.risk])})
		if reasons := strings.Join(v.verdict.reasons, ", "); reasons != "" {
			wants = append(wants, want{path: "risk_details", value: str(reasons)})
		}
	}
	return append(append(wants, v.provenance()...), v.control()...)
}

func (v *view) provenance() []want {
	var wants []want
	add := func(path, text string) {
		if text != "" {
			wants = append(wants, want{path: path, value: str(text)})
		}
	}
	from := v.from
	add("metadata.tenant_uid", from.Org)
	if from.Source != "" {
		add("metadata.loggers[0].uid", from.Source)
		add("metadata.loggers[0].name", "EventBridge")
		add("metadata.loggers[0].event_uid", from.ID)
		if from.TimeMS != 0 {
			wants = append(wants, want{path: "metadata.loggers[0].logged_time", value: integer(from.TimeMS)})
		}
	}
	if from.Region != "" || from.Account != "" {
		add("cloud.provider", "AWS")
		add("cloud.region", from.Region)
		add("cloud.account.uid", from.Account)
	}
	return wants
}

// controlled reports whether the record says what Okta decided on a request.
func (v *view) controlled() bool {
	return v.class == 3002 || v.class == 2004 || v.decision.Disposition != 0
}

func (v *view) control() []want {
	if !v.controlled() {
		return nil
	}
	var wants []want
	word := v.word(v.root.at("outcome.result"))
	if v.decision.Disposition != 0 || slices.Contains([]string{"ALLOW", "DENY", "CHALLENGE", "RATE_LIMIT"}, word) {
		for _, path := range []string{"action_id", "action", "disposition_id", "disposition"} {
			wants = append(wants, want{path: path})
		}
	}
	if v.word(v.root.at("debugContext.debugData.threatSuspected")) == "true" {
		wants = append(wants, want{path: "is_alert", value: boolean(true)})
	}
	return wants
}

func (v *view) profiles() []string {
	var all []string
	if v.from.Region != "" || v.from.Account != "" {
		all = append(all, "cloud")
	}
	hosted := v.class == 0 || v.class == 6002 || v.class == 6008
	if hosted || v.class != 2004 && (v.name("device.id") != nil || v.name("device.name") != nil) {
		all = append(all, "host")
	}
	if v.controlled() || v.verdict.risk > 0 {
		all = append(all, "security_control")
	}
	return all
}

// severity is Okta's, raised by its verdict on risk and threat.
func (v *view) severity() (int64, *node) {
	captions := []string{"Unknown", "Informational", "Low", "Medium", "High"}
	n := v.root.at("severity")
	id := int64(0)
	if n != nil && !n.blank() && !n.placeholder() && (n.kind == '"' || n.kind == '0') {
		id = map[string]int64{"DEBUG": 1, "INFO": 1, "WARN": 2, "ERROR": 3}[n.text]
		if id == 0 {
			id = 99
		}
	}
	if raised := int64(max(v.verdict.risk, v.verdict.threat)) + 1; raised >= 3 && (id < raised || id == 99) {
		id = raised
	}
	if v.class == 2004 && v.decision.Activity == 1 && (id < 3 || id == 99) {
		id = 3
	}
	if id == 99 {
		return id, str(n.text)
	}
	return id, str(captions[id])
}

func (v *view) status() (int64, *node) {
	word := v.word(v.root.at("outcome.result"))
	switch {
	case v.class == 2004:
		finding := map[int]int64{1: 1, 2: 2, 3: 4}[v.decision.Activity]
		return finding, str(map[int64]string{0: "Unknown", 1: "New", 2: "In Progress", 4: "Resolved"}[finding])
	case v.decision.Status == 2,
		slices.Contains([]string{"FAILURE", "DENY", "RATE_LIMIT", "ABANDONED", "UNANSWERED"}, word):
		return 2, str("Failure")
	case word == "SUCCESS" || word == "ALLOW":
		return 1, str("Success")
	case word == "" || word == "UNKNOWN":
		return 0, str("Unknown")
	}
	return 99, str(word)
}

// milliseconds reads every form of time that archives of Okta's events hold.
func milliseconds(text string) int64 {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700",
		"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UnixMilli()
		}
	}
	return -1
}

// derived are the attributes of a group of rows, by its name in places.
var derived = map[string]func(v *view, at string) []want{
	"actor":  func(v *view, at string) []want { return v.beside(at+"actor.user.type_id", v.root.at("actor.type")) },
	"target": (*view).target,
	"user": func(v *view, at string) []want {
		wants := v.account("user", "")
		switch {
		case named("user")(v):
			wants = append(wants, v.beside("user.type_id", v.find("$user.type"))...)
		case !actorIsUser(v) && !accountAlone(v):
			return []want{{path: "user.name", value: str("unknown")}}
		}
		return wants
	},
	"risk": func(v *view, at string) []want {
		if v.verdict.risk == 0 {
			return nil
		}
		return []want{
			{path: at + "user.risk_level_id", value: integer(int64(v.verdict.risk))},
			{path: at + "user.risk_level"},
		}
	},
	"client":  (*view).client,
	"request": (*view).request,
	"device":  (*view).device,
	"finding": func(v *view, at string) []want {
		wants := []want{{path: "finding_info.uid", value: v.findingUID()}}
		threats := slices.DeleteFunc(slices.Clone(v.verdict.threats), func(s string) bool { return str(s).placeholder() })
		if types := strs(threats); types != nil {
			wants = append(wants, want{path: "finding_info.types", value: types})
		}
		return wants
	},
	"ja4": func(v *view, at string) []want {
		return []want{
			{path: at + "ja4_fingerprint_list[0].type_id", value: integer(1)},
			{path: at + "ja4_fingerprint_list[0].type", value: str("JA4")},
		}
	},
	"account-factor": (*view).accountFactor,
	"sign-in-factor": (*view).signInFactor,
	"service":        constant("service.name", "Okta", not(named("app"))),
	"privileges":     (*view).groupPrivileges,
	"group":          constant("group.name", "unknown", not(groupNamed)),
	"application":    constant("app.name", "Okta", not(named("agent"))),
	"protocol":       (*view).protocol,
	"logon":          (*view).logon,
	"entity":         (*view).entity,
	"access":         (*view).access,
	"resources":      (*view).resources,
	"actor-or-okta":  (*view).actorOrOkta,
	"client-or-okta": (*view).clientOrOkta,
}

// constant is an attribute that says that the event is silent.
func constant(path, text string, when func(*view) bool) func(*view, string) []want {
	return func(v *view, at string) []want {
		if !when(v) {
			return nil
		}
		return []want{{path: path, value: str(text)}}
	}
}

// addresses lists the addresses of the chain from hop number first on.
func (v *view) addresses(first int) []string {
	var ips []string
	chain := v.array("request.ipChain")
	for i, hop := range chain {
		if ip := hop.last("ip"); ip != nil && i >= first && len(chain) > 1 {
			if ip, _ := asIP(v, ip); ip != nil {
				ips = append(ips, ip.text)
			}
		}
	}
	return ips
}
