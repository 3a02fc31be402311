package ocsftest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// common is what every good record has.
const common = `
	"time":1767225600000,"severity_id":1,"severity":"Informational","status_code":"SUCCESS","message":"ünïcode",
	"metadata":{"version":"1.8.0","uid":"u-1","event_code":"user.session.start","profiles":["cloud","datetime","host","security_control"],
		"product":{"name":"Identity Cloud","vendor_name":"Example"},"labels":["a","b"],"tags":[{"name":"k","values":["v"]}],
		"loggers":[{"name":"bus","device":{"ip":"192.0.2.1","type_id":0}}],
		"logged_time":1767225600000,"logged_time_dt":"2026-01-01T00:00:00.000Z"},
	"cloud":{"provider":"AWS","region":"eu-west-1"},"risk_level_id":1,"risk_level":"Low","is_alert":false,
	"raw_data_hash":{"algorithm_id":3,"algorithm":"SHA-256","value":"00ff"},
	"enrichments":[{"name":"risk","value":"low","data":{"level":null,"why":[]}}],
	"unmapped":{"a":null,"b":"","c":{},"d":[],"e":{"f":[1.5,true]}},
	"observables":[{"type_id":2,"type":"IP Address","name":"metadata.loggers[0].device.ip","value":"192.0.2.1"},
		{"type_id":10,"type":"Resource UID","name":"enrichments.name","value":"risk"}]`

const (
	user  = `{"uid":"00u1","name":"jo","email_addr":"jo@example.com","type_id":1,"type":"User","groups":[{"name":"g"}]}`
	actor = `{"user":` + user +
		`,"session":{"uid":"102","created_time":1,"uuid":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"},"idp":{"uid":"0oa"}}`
	src = `{"ip":"2001:db8::1","port":443,"location":{"city":"Oslo","country":"NO","lat":59.9,"long":10},
		"autonomous_system":{"number":64496},"os":{"name":"Plan 9","type_id":99,"type":"Plan 9"},"type_id":8,"type":"Browser"}`
	web = `{"http_method":"GET","user_agent":"curl","x_forwarded_for":["192.0.2.7"],
		"url":{"path":"/a","category_ids":[0,99,56],"categories":["Unknown","ours","File Storage/Sharing"]}}`
)

// specific is what the good record of a class has besides.
var specific = map[int64]string{
	0: `"category_uid":0,"class_uid":0,"type_uid":99,"activity_id":99,"activity_name":"Anything"`,
	2004: `"category_uid":2,"class_uid":2004,"type_uid":200401,"activity_id":1,"status_id":1,"status":"New",
		"finding_info":{"uid":"f","title":"t","types":["x"],"created_time":5},"confidence_id":3,"confidence":"High",
		"resources":[{"uid":"r","role_id":3,"role":"Affected","data":{"x":""}}],
		"evidences":[{"data":[null],"actor":` + actor + `,"src_endpoint":` + src + `}]`,
	3001: `"category_uid":3,"class_uid":3001,"type_uid":300103,"activity_id":3,"activity_name":"Password Change",
		"user":` + user + `,"actor":` + actor + `,"src_endpoint":` + src + `,"http_request":` + web + `,
		"auth_factors":[{"factor_type_id":10,"factor_type":"WebAuthn"}],"policies":[{"name":"p"}]`,
	3002: `"category_uid":3,"class_uid":3002,"type_uid":300201,"type_name":"Authentication: Logon","activity_id":1,
		"user":` + user + `,"actor":` + actor + `,"src_endpoint":` + src + `,"http_request":` + web + `,
		"service":{"name":"Dashboard"},"session":{"uid":"102"},"is_mfa":true,"auth_protocol_id":5,"auth_protocol":"SAML",
		"logon_type_id":3,"logon_type":"Network","authentication_token":{"uid":"a","type_id":5,"type":"SAML Assertion"},
		"auth_factors":[{"factor_type_id":5,"device":{"uid":"d","type_id":5,"mac":"00:00:5e:00:53:01"}}],
		"status_id":1,"status":"Success"`,
	3004: `"category_uid":3,"class_uid":3004,"type_uid":300403,"activity_id":3,"actor":` + actor + `,
		"entity":{"uid":"z","type_id":7,"type":"Network Zone","data":{"x":{}}},"entity_result":{"policy":{"uid":"p"}}`,
	3005: `"category_uid":3,"class_uid":3005,"type_uid":300501,"activity_id":1,"user":` + user + `,"actor":` + actor + `,
		"privileges":["admin"],"resources":[{"uid":"r","type":"AppInstance","owner":` + user + `}]`,
	3006: `"category_uid":3,"class_uid":3006,"type_uid":300603,"activity_id":3,"group":{"uid":"g","name":"all"},
		"user":` + user + `,"actor":` + actor,
	6002: `"category_uid":6,"class_uid":6002,"type_uid":600208,"activity_id":8,"app":{"uid":"a","name":"app","version":"1"},
		"actor":` + actor,
	6003: `"category_uid":6,"category_name":"Application Activity","class_uid":6003,"class_name":"API Activity",
		"type_uid":600304,"activity_id":4,"actor":` + actor + `,"src_endpoint":` + src + `,"http_request":` + web + `,
		"api":{"operation":"token.revoke","request":{"uid":"r","data":{"q":""}},"token":{"uid":"t","type_id":7}}`,
	6008: `"category_uid":6,"class_uid":6008,"type_uid":600801,"activity_id":1,"status_detail":"rate limit"`,
}

// good returns a valid record of the class, of which Check has nothing to say.
func good(class int64) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte("{"+specific[class]+","+common+"}")); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func decodeNumbers(t *testing.T, record []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v: %s", err, record)
	}
	return m
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sample makes valid values from the schema itself, so that every attribute is met.
type sample struct {
	*rand.Rand
	share float64 // of the attributes that need not be there
	on    map[string]bool
	old   bool // with what is deprecated, and with captions that 99 should not have
}

// scalarSamples are valid values of the scalar types.
var scalarSamples = map[string][]any{
	"boolean_t":      {true, false},
	"datetime_t":     {"2026-01-01T00:00:00Z", "2026-01-01t00:00:00.123+02:00"},
	"email_t":        {"jo@example.com", "o'hara+x@example.co"},
	"file_hash_t":    {"00ff"},
	"float_t":        {json.Number("0.5"), json.Number("-7"), json.Number("1e2")},
	"hostname_t":     {"host.example", "not a host: no regex"},
	"integer_t":      {json.Number("0"), json.Number("-1"), json.Number("4294967296")},
	"ip_t":           {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "::1", "fe80::1%eth0"},
	"json_t":         {"text", json.Number("1"), false, map[string]any{"x": nil}, []any{""}},
	"long_t":         {json.Number("1767225600000")},
	"mac_t":          {"00:00:5e:00:53:01", "00-00-5E-00-53-01"},
	"port_t":         {json.Number("0"), json.Number("65535")},
	"resource_uid_t": {"00g1"},
	"string_t":       {"text", "ünïcode", " "},
	"subnet_t":       {"192.0.2.0/24"},
	"timestamp_t":    {json.Number("1767225600000"), json.Number("0")},
	"url_t":          {"https://example.com/"},
	"username_t":     {"jo"},
	"uuid_t":         {"6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
}

// event makes a valid event of the class with the profiles that are on.
func (s sample) event(class *object, depth int) map[string]any {
	m := s.object(class, depth)
	activities := class.Attributes["activity_id"].Enum
	id := s.key(class.Attributes["activity_id"])
	n, _ := strconv.ParseInt(id, 10, 64)
	m["activity_id"], m["activity_name"] = json.Number(id), activities[id]
	if id == "99" {
		m["activity_name"] = "of our own"
	}
	m["type_uid"] = json.Number(strconv.FormatInt(class.UID*100+n, 10))
	m["type_name"] = class.Caption + ": " + activities[id]
	if class.UID == 0 && id == "99" {
		m["type_name"] = "of our own" // 99 is the whole type_uid of this one
	}
	metadata := m["metadata"].(map[string]any)
	metadata["version"] = facts().Version
	var on []any
	for _, p := range facts().Profiles {
		if s.on[p] {
			on = append(on, p)
		}
	}
	if delete(metadata, "profiles"); on != nil {
		metadata["profiles"] = on
	}
	if m["observables"] != nil {
		m["observables"] = []any{map[string]any{"type_id": json.Number("0"), "name": "metadata.product.name"}}
	}
	return m
}

// object makes a valid value of o; at depth 0 with no more objects in it than it must have.
func (s sample) object(o *object, depth int) map[string]any {
	if len(o.attrs) == 0 {
		return map[string]any{"anything": nil}
	}
	m := map[string]any{}
	c := checker{on: s.on}
	for _, a := range o.attrs {
		switch {
		case a.outside(), !c.applies(a), a.Deprecated != "" && !s.old:
		case a.Requirement == "required":
			s.put(m, a, depth)
		case a.object != nil && depth == 0, s.Float64() >= s.share:
		default:
			s.put(m, a, depth)
		}
	}
	for _, names := range o.Constraints { // no object has two kinds
		for i := 0; !has(m, names); i++ {
			// Scalars if it can be, for every object may need others in turn.
			a := o.Attributes[names[i%len(names)]]
			if !a.outside() && a.Deprecated == "" && (a.object == nil || i >= len(names)) {
				s.put(m, a, depth)
			}
		}
	}
	for i := 0; len(m) == 0; i++ {
		if a := o.attrs[i]; a.object == nil && !a.outside() && a.Deprecated == "" && c.applies(a) {
			s.put(m, a, depth)
		}
	}
	return m
}

func has(m map[string]any, names []string) bool {
	for _, n := range names {
		if m[n] != nil {
			return true
		}
	}
	return false
}

// put gives m a value of a, and the caption that goes with it.
func (s sample) put(m map[string]any, a *attr, depth int) {
	var v, caption any
	switch {
	case a.object != nil:
		v = s.object(a.object, max(depth-1, 0))
	case a.Enum != nil:
		id := s.key(a)
		v, caption = any(json.Number(id)), a.Enum[id]
		if a.scalar.json == "string" {
			v = id
		} else if id == "99" && !s.old {
			caption = "of our own"
		}
	case m[a.name] != nil:
		return // a caption already
	default:
		of := scalarSamples[a.typ]
		v = of[s.IntN(len(of))]
	}
	if a.IsArray {
		v, caption = []any{v}, []any{caption}
	}
	m[a.name] = v
	if a.Sibling != "" && a.Enum != nil {
		m[a.Sibling] = caption
	}
}

// key picks one of the ids, but for samples that are not old none that is deprecated.
func (s sample) key(a *attr) string {
	var keys []string
	for id := range a.Enum {
		if s.old || a.EnumDeprecated[id] == "" {
			keys = append(keys, id)
		}
	}
	return pick(s.Rand, keys)
}

// pick picks one of the keys, the same for the same seed.
func pick(r *rand.Rand, keys []string) string {
	slices.Sort(keys)
	return keys[r.IntN(len(keys))]
}
