package classify

import (
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/events/catalogue"
)

// The verbs a type that does not exist yet is most likely to end in, and what
// they mean in class 3004.
var plainVerbs = map[string]int{
	"create": 1, "add": 1, "register": 1, "created": 1,
	"read": 2, "view": 2, "reveal": 2, "download": 2, "export": 2,
	"update": 3, "change": 3, "reset": 3, "rotate": 3, "renew": 3, "updated": 3, "cancel": 3,
	"delete": 4, "remove": 4, "revoke": 4, "deleted": 4,
	"move": 5, "enroll": 6, "unenroll": 7, "enable": 8, "disable": 9, "disabled": 9,
	"activate": 10, "deactivate": 11, "suspend": 12, "unsuspend": 13, "resume": 13,
}

func TestNewTypesOfKnownFamilies(t *testing.T) {
	for _, family := range V1_8().Families {
		class := entityMgmt
		if family == "plugin" { // all of it is software on a machine
			class = appLifecycle
		}
		for word, activity := range plainVerbs {
			for _, last := range []string{word, word + "_zzz", "zzz_" + word} {
				eventType := family + ".brand_new.thing." + last
				d := compiled().Decide(eventType)
				if d.Class.UID != class || d.Rule.Activity != ByVerb || !d.Family {
					t.Fatalf("%s: class %d by %q, want %d by its verb", eventType, d.Class.UID, d.Pattern, class)
				}
				if class == entityMgmt && (d.Activity != activity || d.Verb != word) {
					t.Errorf("%s: activity %d by %q, want %d", eventType, d.Activity, d.Verb, activity)
				}
			}
		}
		d := compiled().Decide(family + ".brand_new.thing.zzz")
		if d.Class.UID != class || d.Activity != other || d.Verb != "" || d.ActivityName != family+".brand_new.thing.zzz" {
			t.Errorf("%s.*.zzz: %s %q by %q, want activity 99", family, pair(d), d.ActivityName, d.Pattern)
		}
	}
	if d := compiled().Decide("plugin.brand_new.update"); pair(d) != "6002/8" {
		t.Errorf("plugin update is %s", pair(d))
	}
}

// New members of closer groups than a family keep that group's class.
func TestNewTypesOfKnownGroups(t *testing.T) {
	for eventType, want := range map[string]string{
		"user.lifecycle.zzz":                  "3001/99",
		"user.account.zzz.create":             "3001/99", // must not claim that an account was created
		"user.authentication.auth_via_zzz":    "3002/1",
		"user.mfa.factor.zzz":                 "3001/99",
		"user.mfa.okta_verify.zzz":            "3002/6",
		"user.zzz.create":                     "3004/1",
		"group.zzz.create":                    "3004/1", // must not claim that a group was created
		"group.user_membership.zzz":           "3006/99",
		"security.zzz.detected":               "2004/1",
		"security.detection_rule.create":      "3004/1", // a setting, not a detection
		"system.agent.zzz.deactivate":         "6002/7",
		"system.agent.zzz.read_zzz":           "6003/99",
		"system.import.user.zzz":              "3001/99",
		"system.import.zzz":                   "6003/99",
		"system.api_token.zzz.delete":         "6003/4",
		"app.oauth2.token.grant.zzz":          "6003/1",
		"app.oauth2.as.consent.revoke.zzz":    "6003/4",
		"app.office365.zzz.error.zzz":         "6008/1",
		"application.user_membership.zzz":     "3005/99",
		"iam.role.permissions.zzz":            "3004/3",
		"pam.zzz_policy.rule.update":          "3004/3",
		"system.zzz.rate_limit.violation":     "6003/99",
		"workload_principal.zzz.register":     "3004/1",
		"policy.rule.zzz.deactivate":          "3004/11",
		"application.provision.user.activate": "3001/2",
	} {
		if d := compiled().Decide(eventType); pair(d) != want {
			t.Errorf("%s: %s by %q, want %s", eventType, pair(d), d.Pattern, want)
		}
	}
}

func TestUnknownFamilies(t *testing.T) {
	for _, eventType := range []string{
		"galaxy.star.create", "foo.policy.create", "foo.group.create", "foo.token.detect_reuse",
		"users.lifecycle.create", "User.session.start", "USER.SESSION.START", " user.session.start",
		"userx", "zzz", "*",
		"", ".", "..", "...", ".user.session.start", "_", "ÄÖ", "Ä.Ö.create", "\xff\xfe.\x00", strings.Repeat("x", 10<<10),
	} {
		d := compiled().Decide(eventType)
		if pair(d) != "0/99" || d.Family || d.Verb != "" {
			t.Errorf("%.40q: %s, family %v, by %q, want a Base Event", eventType, pair(d), d.Family, d.Pattern)
		}
	}
}

func TestOddTypesOfKnownFamilies(t *testing.T) {
	long := strings.Repeat("user.", 2<<10)
	for eventType, want := range map[string]string{
		"user":                      "0/99", // a family, but no type
		"user.":                     "3004/99",
		"user..":                    "3004/99",
		"user.create":               "3004/1",
		"user._create_":             "3004/1",
		"user.session.start.":       "3004/99",
		"user.session.start\n":      "3004/99",
		"user.ÄÖ":                   "3004/99",
		long:                        "3004/99",
		long + "create":             "3004/1",
		"app.office365." + long:     "6003/99",
		"user." + long + "\xff.add": "3004/1",
	} {
		d := compiled().Decide(eventType)
		if pair(d) != want || !d.Family {
			t.Errorf("%.40q: %s, family %v, by %q, want %s", eventType, pair(d), d.Family, d.Pattern, want)
		}
		if d.Class == nil || d.Rule == nil || d.ActivityName == "" || d.Pattern == "" {
			t.Errorf("%.40q: incomplete decision %+v", eventType, d)
		}
	}
}

func TestDecideIsSafeForConcurrentUse(t *testing.T) {
	types := catalogue.All()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, eventType := range types {
				compiled().Decide(eventType)
			}
		})
	}
	wg.Wait()
}

func TestDecideAllocatesNothing(t *testing.T) {
	types := append(
		catalogue.All(),
		"",
		"galaxy.star.create",
		"policy.brand_new.thing.zzz_create",
		strings.Repeat("app.", 1000),
	)
	c := compiled()
	if n := testing.AllocsPerRun(10, func() {
		for _, eventType := range types {
			c.Decide(eventType)
		}
	}); n != 0 {
		t.Errorf("%v allocations over all types, want none", n)
	}
}

func BenchmarkDecide(b *testing.B) {
	c, types := compiled(), catalogue.All()
	b.Run("all known types", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			c.Decide(types[i%len(types)])
		}
	})
	for name, eventType := range map[string]string{
		"whole type":           "user.session.start",
		"late row, short list": "user.brand_new.thing.create",
		"late row, app":        "app.brand_new.thing.zzz_zzz_zzz",
		"late row, system":     "system.brand_new.thing.zzz_zzz_zzz",
		"unknown family":       "galaxy.star.create",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Decide(eventType)
			}
		})
	}
}
