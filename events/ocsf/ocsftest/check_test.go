package ocsftest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// said writes the problems as "E kind path" or "W kind path", sorted.
func said(problems []Problem) []string {
	lines := []string{}
	for _, p := range problems {
		sign := "E"
		if p.Warning {
			sign = "W"
		}
		lines = append(lines, sign+" "+p.Kind+" "+p.Path)
	}
	slices.Sort(lines)
	return lines
}

func TestGoodRecords(t *testing.T) {
	for class := range facts().byUID {
		if p := Check(good(class)); p != nil {
			t.Errorf("class %d: %v", class, p)
		}
		if p := Check(append(good(class), '\n')); p != nil {
			t.Errorf("class %d with a newline at the end: %v", class, p)
		}
	}
}

// Whatever the schema allows, Check allows: all attributes at once, and many a choice of them.
func TestSampledRecords(t *testing.T) {
	for uid, class := range facts().byUID {
		r := rand.New(rand.NewPCG(uint64(uid), 1))
		for n := range 30 {
			s := sample{Rand: r, share: r.Float64() / 2, on: map[string]bool{}}
			for _, p := range facts().Profiles {
				s.on[p] = p != "osint" && r.IntN(2) == 0 // osint requires an object outside the scope
			}
			depth := 3
			if n == 0 {
				depth, s.share = 2, 1
			}
			record := encode(t, s.event(class, depth))
			if p := Check(record); p != nil {
				t.Fatalf("%v\n%s", p, record)
			}
		}
	}
}

// edit is one change to a good record: the first occurrence of from becomes to.
type edit struct{ from, to string }

func TestFaults(t *testing.T) {
	const long = `"0123456789012345678901234567890123456789012"`
	for name, c := range map[string]struct {
		class int64
		edits []edit
		want  []string // all the problems there are
	}{
		// The event.
		"unknown class": {3001, []edit{{`"class_uid":3001`, `"class_uid":3999`}},
			[]string{"E class_uid_unknown class_uid"}},
		"class not in here": {3001, []edit{{`"class_uid":3001`, `"class_uid":6001`}},
			[]string{"E class_uid_unknown class_uid"}},
		"no class": {3001, []edit{{`"class_uid":3001,`, ``}}, []string{"E class_uid_unknown class_uid"}},
		"class as text": {3001, []edit{{`"class_uid":3001`, `"class_uid":"3001"`}},
			[]string{"E class_uid_unknown class_uid"}},
		"blank without class": {3001, []edit{{`"class_uid":3001`, `"class_uid":null`},
			{`"message":"ünïcode"`, `"message":""`}},
			[]string{"E class_uid_unknown class_uid", "E empty_value message", "E null_value class_uid"}},
		"type of another activity": {3001, []edit{{`300103`, `300104`}}, []string{"E type_uid_incorrect type_uid"}},
		"type not in class": {3001, []edit{{`300103`, `300200`}},
			[]string{"E attribute_enum_value_unknown type_uid", "E type_uid_incorrect type_uid"}},
		"category of another class": {3001, []edit{{`"category_uid":3`, `"category_uid":6`}},
			[]string{"E attribute_enum_value_unknown category_uid"}},
		"activity not in class": {3002, []edit{{`"activity_id":1`, `"activity_id":8`},
			{`300201,"type_name":"Authentication: Logon"`, `300208`}},
			[]string{"E attribute_enum_value_unknown activity_id", "E attribute_enum_value_unknown type_uid"}},
		"version": {3001, []edit{{`"version":"1.8.0"`, `"version":"1.7.0"`}},
			[]string{"W version_differs metadata.version"}},
		"version missing": {3001, []edit{{`"version":"1.8.0",`, ``}},
			[]string{"E attribute_required_missing metadata.version"}},

		// Requirements.
		"required missing": {3001, []edit{{`"user":` + user + `,`, ``}},
			[]string{"E attribute_required_missing user"}},
		"required of the class missing": {3005, []edit{{`"privileges":["admin"],`, ``}},
			[]string{"E attribute_required_missing privileges"}},
		"required of the base missing": {6008, []edit{{`"time":1767225600000,`, ``}},
			[]string{"E attribute_required_missing time"}},
		"required within an array": {2004, []edit{{`"algorithm_id":3,"algorithm":"SHA-256",`, ``},
			{`"type_id":2,"type":"IP Address",`, ``}},
			[]string{"E attribute_required_missing observables[0].type_id",
				"E attribute_required_missing raw_data_hash.algorithm_id"}},
		"required null": {3001, []edit{{`"user":` + user, `"user":null`}},
			[]string{"E attribute_required_missing user", "E null_value user"}},
		"required of a profile missing": {3001, []edit{{`"cloud":{"provider":"AWS","region":"eu-west-1"},`, ``}},
			[]string{"E attribute_required_missing cloud"}},

		// Profiles.
		"attributes without their profiles": {6008, []edit{{`"profiles":["cloud","datetime","host","security_control"],`,
			``}},
			[]string{"E attribute_unknown cloud", "E attribute_unknown is_alert",
				"E attribute_unknown metadata.logged_time_dt",
				"E attribute_unknown risk_level", "E attribute_unknown risk_level_id"}},
		"unknown profile": {6008, []edit{{`["cloud",`, `["clouds","cloud",`}},
			[]string{"E profile_unknown metadata.profiles"}},
		"profile of another class": {6008, []edit{{`["cloud",`, `["trace","cloud",`}}, nil},
		"finding needs no profile": {2004, []edit{{`,"security_control"]`, `]`}}, nil},
		"reference without its profile": {6008, []edit{{`"name":"enrichments.name"`, `"name":"osint[0].uid"`}},
			[]string{"E observable_name_invalid_reference observables[1].name"}},
		"profile in an object": {2004, []edit{{`"uid":"r",`, `"uid":"r","region":"eu",`}}, nil},
		"profile in an object, not here": {2004, []edit{{`"uid":"r",`, `"uid":"r","region":"eu",`},
			{`["cloud","datetime"`, `["datetime"`}},
			[]string{"E attribute_unknown cloud", "E attribute_unknown resources[0].region"}},

		// Names.
		"unknown attribute": {3001, []edit{{`{"category`, `{"okta":1,"category`}},
			[]string{"E attribute_unknown okta"}},
		"attribute of another class": {3001, []edit{{`{"category`, `{"is_mfa":true,"category`}},
			[]string{"E attribute_unknown is_mfa"}},
		"unknown attribute deep down": {3001, []edit{{`"email_addr"`, `"email"`}},
			[]string{"E attribute_unknown user.email"}},
		"object outside the scope": {3001, []edit{{`"http_request"`, `"http_response":{"code":200},"http_request"`}},
			[]string{"E outside_scope http_response"}},
		"reference outside the scope": {3001, []edit{{`"enrichments.name"`, `"http_response.code"`}},
			[]string{"E outside_scope observables[1].name"}},
		"deprecated attribute": {3001, []edit{{`"email_addr"`, `"credential_uid":"x","email_addr"`}},
			[]string{"W attribute_deprecated user.credential_uid"}},
		"deprecated and outside": {3001, []edit{{`"uid":"u-1"`, `"extension":{"uid":"x"}`}},
			[]string{"E outside_scope metadata.extension", "W attribute_deprecated metadata.extension"}},

		// Types.
		"number as text": {3001, []edit{{`"time":1767225600000`, `"time":"1767225600000"`}},
			[]string{"E attribute_wrong_type time"}},
		"integer with a point": {3001, []edit{{`"time":1767225600000`, `"time":1767225600000.0`}},
			[]string{"E attribute_wrong_type time"}},
		"text as number": {3001, []edit{{`"uid":"u-1"`, `"uid":1`}}, []string{"E attribute_wrong_type metadata.uid"}},
		"boolean as text": {3002, []edit{{`"is_mfa":true`, `"is_mfa":"true"`}},
			[]string{"E attribute_wrong_type is_mfa"}},
		"float as text": {3001, []edit{{`"lat":59.9`, `"lat":"59.9"`}},
			[]string{"E attribute_wrong_type src_endpoint.location.lat"}},
		"object as text": {3001, []edit{{`"user":` + user, `"user":"jo"`}}, []string{"E attribute_wrong_type user"}},
		"unmapped as array": {6008, []edit{{`"unmapped":{`, `"unmapped":["x"],"count":{`}},
			[]string{"E attribute_wrong_type count", "E attribute_wrong_type unmapped", "E null_value count.a",
				"E empty_value count.b", "E empty_value count.c", "E empty_value count.d"}},
		"array as text": {3005, []edit{{`["admin"]`, `"admin"`}}, []string{"E attribute_wrong_type privileges"}},
		"text as array": {3001, []edit{{`"uid":"u-1"`, `"uid":["u-1"]`}},
			[]string{"E attribute_wrong_type metadata.uid"}},
		"number in an array": {3005, []edit{{`["admin"]`, `["admin",1]`}},
			[]string{"E attribute_wrong_type privileges[1]"}},
		"port": {3001, []edit{{`"port":443`, `"port":65536`}},
			[]string{"E attribute_value_exceeds_range src_endpoint.port"}},
		"negative port": {3001, []edit{{`"port":443`, `"port":-1`}},
			[]string{"E attribute_value_exceeds_range src_endpoint.port"}},
		"endless port": {3001, []edit{{`"port":443`, `"port":1` + strings.Repeat("0", 400)}},
			[]string{"E attribute_value_exceeds_range src_endpoint.port"}},
		"long subnet": {3002, []edit{{`"uid":"d"`, `"subnet":` + long}},
			[]string{"E attribute_value_exceeds_max_len auth_factors[0].device.subnet",
				"E constraint_failed auth_factors[0].device"}},
		"long address": {3001, []edit{{`"2001:db8::1"`, long}},
			[]string{"E attribute_value_exceeds_max_len src_endpoint.ip",
				"W attribute_value_regex_not_matched src_endpoint.ip"}},
		"address": {3001, []edit{{`"2001:db8::1"`, `"2001:db8"`}},
			[]string{"W attribute_value_regex_not_matched src_endpoint.ip"}},
		"address in an array": {3001, []edit{{`["192.0.2.7"]`, `["192.0.2.7","unknown"]`}},
			[]string{"W attribute_value_regex_not_matched http_request.x_forwarded_for[1]"}},
		"email": {3001, []edit{{`jo@example.com`, `jo`}},
			[]string{"W attribute_value_regex_not_matched user.email_addr"}},
		"uuid": {3001, []edit{{`6ba7b810-`, `6ba7b81-`}},
			[]string{"W attribute_value_regex_not_matched actor.session.uuid"}},
		"mac": {3002, []edit{{`00:00:5e`, `00:5e`}},
			[]string{"W attribute_value_regex_not_matched auth_factors[0].device.mac"}},
		"date": {3001, []edit{{`"2026-01-01T00:00:00.000Z"`, `"2026-01-01"`}},
			[]string{"W attribute_value_regex_not_matched metadata.logged_time_dt"}},

		// Enumerations.
		"unknown id": {3001, []edit{{`"severity_id":1`, `"severity_id":7`}},
			[]string{"E attribute_enum_value_unknown severity_id"}},
		"id as text": {6008, []edit{{`"severity_id":1`, `"severity_id":"1"`}},
			[]string{"E attribute_wrong_type severity_id"}},
		"unknown id of text": {3001, []edit{{`"GET"`, `"get"`}},
			[]string{"E attribute_enum_value_unknown http_request.http_method"}},
		"unknown id in array": {3001, []edit{{`[0,99,56]`, `[0,99,10]`}},
			[]string{"E attribute_enum_value_unknown http_request.url.category_ids"}},
		"caption of another": {3001, []edit{{`"Informational"`, `"Low"`}},
			[]string{"W attribute_enum_sibling_incorrect severity_id"}},
		"caption of class": {6003, []edit{{`"API Activity"`, `"API"`}},
			[]string{"W attribute_enum_sibling_incorrect class_uid"}},
		"caption of type": {3002, []edit{{`"Authentication: Logon"`, `"Logon"`}},
			[]string{"W attribute_enum_sibling_incorrect type_uid"}},
		"caption of 99": {3001, []edit{{`"type_id":99,"type":"Plan 9"`, `"type_id":99,"type":"Other"`}},
			[]string{"W attribute_enum_sibling_suspicious_other src_endpoint.os.type_id"}},
		"caption of another in row": {3001, []edit{{`["Unknown","ours",`, `["Spam","ours",`}},
			[]string{"E attribute_enum_array_sibling_incorrect http_request.url.category_ids"}},
		"captions too few": {3001, []edit{{`,"File Storage/Sharing"`, ``}},
			[]string{"E attribute_enum_array_sibling_incorrect http_request.url.category_ids"}},
		"deprecated id": {3001, []edit{{`"email_addr"`, `"account":{"uid":"x","type_id":3},"email_addr"`}},
			[]string{"W attribute_enum_value_deprecated user.account.type_id"}},

		// Constraints.
		"none of many": {3002, []edit{{`"service":{"name":"Dashboard"},`, ``}}, []string{"E constraint_failed "}},
		"none of many, object": {3004, []edit{{`"entity_result":{"policy":{"uid":"p"}}`,
			`"entity_result":{"version":"1"}`}}, []string{"E constraint_failed entity_result"}},
		"none of many, array": {3001, []edit{{`"values":["v"]`, `"name":"k"`}, {`{"name":"k",`, `{`}},
			[]string{"E constraint_failed metadata.tags[0]"}},

		// Observables.
		"name of nothing": {3001, []edit{{`"enrichments.name"`, `"enrichments.names"`}},
			[]string{"E observable_name_invalid_reference observables[1].name"}},
		"name beyond a scalar": {3001, []edit{{`"enrichments.name"`, `"enrichments.name.first"`}},
			[]string{"E observable_name_invalid_reference observables[1].name"}},
		"index on no array": {3001, []edit{{`"enrichments.name"`, `"user[0].name"`}},
			[]string{"E observable_name_invalid_reference observables[1].name"}},
		"name within unmapped": {3001, []edit{{`"enrichments.name"`, `"unmapped.a"`}},
			[]string{"E observable_name_invalid_reference observables[1].name"}},
		"name without an attribute": {3001, []edit{{`"enrichments.name"`, `"user..name"`}},
			[]string{"E observable_name_invalid_reference observables[1].name"}},
		"name with a dot in brackets": {3001, []edit{{`"enrichments.name"`, `"enrichments[a.b].name"`}}, nil},

		// The record.
		"null":       {3001, []edit{{`"message":"ünïcode"`, `"message":null`}}, []string{"E null_value message"}},
		"empty text": {3001, []edit{{`"message":"ünïcode"`, `"message":""`}}, []string{"E empty_value message"}},
		"empty array": {3001, []edit{{`"labels":["a","b"]`, `"labels":[]`}},
			[]string{"E empty_value metadata.labels"}},
		"null in an array": {3001, []edit{{`"labels":["a","b"]`, `"labels":["a",null]`}},
			[]string{"E attribute_wrong_type metadata.labels[1]", "E null_value metadata.labels[1]"}},
		"empty object": {6008, []edit{{`"raw_data_hash":{`, `"unmapped":{},"raw_data_hash":{`},
			{`"unmapped":{"a":null,"b":"","c":{},"d":[],"e":{"f":[1.5,true]}},`, ``}}, []string{"E empty_value unmapped"}},
		"empty data": {2004, []edit{{`"data":{"x":""}`, `"data":{}`}}, []string{"E empty_value resources[0].data"}},
		"null, not required": {2004, []edit{{`"data":{"x":""}`, `"data":null`}},
			[]string{"E null_value resources[0].data"}},
		"null in an unknown": {3001, []edit{{`{"category`, `{"okta":{"x":null},"category`}},
			[]string{"E attribute_unknown okta", "E null_value okta.x"}},
		"key twice": {3001, []edit{{`"port":443`, `"port":443,"port":443`}},
			[]string{"E duplicate_key src_endpoint.port"}},
		"key twice in unmapped": {3001, []edit{{`"f":[1.5,true]`, `"f":[{"x":1,"\u0078":2}]`}},
			[]string{"E duplicate_key unmapped.e.f[0].x"}},
		"two lines":      {3001, []edit{{`,"time"`, ",\n\"time\""}}, []string{"E more_than_one_line "}},
		"two records":    {3001, []edit{{`{"category`, `{} {"category`}}, []string{"E not_json "}},
		"not JSON":       {3001, []edit{{`{"category`, `{category`}}, []string{"E not_json "}},
		"not UTF-8":      {3001, []edit{{`ünïcode`, "\xff"}}, []string{"E not_json "}},
		"empty line end": {3001, []edit{{`{"category`, "\n" + `{"category`}}, []string{"E more_than_one_line "}},
	} {
		t.Run(name, func(t *testing.T) {
			record := string(good(c.class))
			for _, e := range c.edits {
				if e.from = strings.NewReplacer("\n\t\t", "").Replace(e.from); !strings.Contains(record, e.from) {
					t.Fatalf("%s is not in %s", e.from, record)
				}
				record = strings.Replace(record, e.from, e.to, 1)
			}
			slices.Sort(c.want)
			if got := said(Check([]byte(record))); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q\n%s", got, c.want, record)
			}
		})
	}
}

// What is not an object at all is one error, and no panic.
func TestNotAnEvent(t *testing.T) {
	for record, want := range map[string]string{
		``: "E not_json ", `x`: "E not_json ", `{}`: "E class_uid_unknown class_uid",
		`[]`: "E attribute_wrong_type ", `"x"`: "E attribute_wrong_type ", `null`: "E attribute_wrong_type ",
		`1`: "E attribute_wrong_type ",
	} {
		if got := said(Check([]byte(record))); !slices.Contains(got, want) {
			t.Errorf("%s: %q, want %q", record, got, want)
		}
	}
}

// just_one has no class or object in scope, but OCSF has it.
func TestJustOne(t *testing.T) {
	s := parse([]byte(`{"types":{"string_t":{}},"objects":{"o":{"constraints":{"just_one":["a","b"]},
		"attributes":{"a":{"type":"string_t"},"b":{"type":"string_t"},"c":{"type":"string_t"}}}}}`))
	for n, want := range map[int]int{0: 1, 1: 0, 2: 1} {
		v := map[string]any{"c": "x"}
		for _, k := range []string{"a", "b"}[:n] {
			v[k] = "x"
		}
		c := &checker{schema: s}
		c.object(v, "p", s.Objects["o"])
		if len(c.problems) != want {
			t.Errorf("%d of two: %v", n, c.problems)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for class := range specific {
		f.Add(good(class))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		if a, b := fmt.Sprint(Check(record)), fmt.Sprint(Check(record)); a != b {
			t.Errorf("%s\nnot the same as\n%s", a, b)
		}
	})
}
