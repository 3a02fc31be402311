package ocsftest

import (
	"regexp"
	"strings"
)

// version is the version of OCSF that the tables describe.
const version = "1.8.0"

// profiles are the profiles of the schema. Those that bring nothing here are known all the same:
// naming one is not a fault.
var profiles = []string{
	"ai_operation", "cloud", "container", "data_classification", "datetime", "host",
	"incident", "load_balancer", "network_proxy", "osint", "security_control", "trace",
}

// scalar is a type that is not an object.
type scalar struct {
	json   string // string, integer, float, boolean, or any
	maxLen int    // in code points; 0: no limit
	ranged bool   // min and max hold
	min    float64
	max    float64
	regex  *regexp.Regexp
}

// scalars are the scalar types of the attributes in the tables, with the limits the schema sets
// itself. It leaves the rest open: hostname_t, url_t and username_t take any text, integer_t and
// long_t any whole number.
var scalars = map[string]*scalar{
	"boolean_t":      {json: "boolean"},
	"datetime_t":     {json: "string", regex: regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?([Zz]|[\+-]\d{2}:\d{2})?$`)},
	"email_t":        {json: "string", regex: regexp.MustCompile("^[a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\\.[a-zA-Z0-9-.]+$")},
	"file_hash_t":    {json: "string"},
	"float_t":        {json: "float"},
	"hostname_t":     {json: "string"},
	"integer_t":      {json: "integer"},
	"ip_t":           {json: "string", maxLen: 40, regex: regexp.MustCompile(ipRegex())},
	"json_t":         {json: "any"},
	"long_t":         {json: "integer"},
	"mac_t":          {json: "string", maxLen: 32, regex: regexp.MustCompile(`^([0-9A-Fa-f]{2}[:-]){5}([0-9A-Fa-f]{2})$`)},
	"port_t":         {json: "integer", ranged: true, max: 65535},
	"resource_uid_t": {json: "string"},
	"string_t":       {json: "string"},
	"subnet_t":       {json: "string", maxLen: 42},
	"timestamp_t":    {json: "integer"},
	"url_t":          {json: "string"},
	"username_t":     {json: "string"},
	"uuid_t":         {json: "string", regex: regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)},
}

// ipRegex is the expression of ip_t, which the schema writes out at three times the length. It
// keeps the schema's laxity: dots are not escaped, spaces around an address pass.
func ipRegex() string {
	const (
		octet = `([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])`
		v4    = `((` + octet + `.){3}` + octet + `)`
		// H is a group of hexadecimal digits, V an IPv4 address at the end of an IPv6 one. Each
		// line has one group less before the gap.
		v6 = `(` +
			`((H:){7}(H|:))|` +
			`((H:){6}(:H|V|:))|` +
			`((H:){5}(((:H){1,2})|:V|:))|` +
			`((H:){4}(((:H){1,3})|((:H)?:V)|:))|` +
			`((H:){3}(((:H){1,4})|((:H){0,2}:V)|:))|` +
			`((H:){2}(((:H){1,5})|((:H){0,3}:V)|:))|` +
			`((H:){1}(((:H){1,6})|((:H){0,4}:V)|:))|` +
			`(:(((:H){1,7})|((:H){0,5}:V)|:)))`
		tail = `(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
	)
	long := strings.NewReplacer("H", `[0-9A-Fa-f]{1,4}`, "V", `(`+tail+`(.`+tail+`){3})`).Replace(v6)
	return `((^\s*` + v4 + `\s*$)|(^\s*` + long + `(%.+)?\s*$))`
}
