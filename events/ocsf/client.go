package ocsf

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
)

// sourceEndpoint is the address and device that a request came from.
func sourceEndpoint() record.Part {
	return &record.Object{Key: "src_endpoint", AtLeastOne: endpointNames(), Rest: endpointRest()}
}

// sourceEndpointOrOkta is for classes that require src_endpoint. A job has no client: it runs
// within Okta.
func sourceEndpointOrOkta() record.Part {
	return record.FirstOf{sourceEndpoint(), &record.Object{Key: "src_endpoint",
		AtLeastOne: []record.Part{record.Const("svc_name", "Okta", "the event names no client")}, Rest: endpointRest()}}
}

func endpointNames() []record.Part {
	return []record.Part{
		record.ClientIP("ip"),
		record.Field("domain", record.AsName, events.Domain),
	}
}

func endpointRest() []record.Part {
	return []record.Part{
		&record.Object{Key: "location", AtLeastOne: []record.Part{
			record.Field("city", record.AsName, events.ClientCity),
			record.Field("region", record.AsName, events.ClientState),
			record.Field("country", record.AsCountry, events.ClientCountry),
			record.Field("postal_code", record.AsName, events.ClientPostalCode),
		}, Rest: []record.Part{
			record.Field("lat", record.AsNumber, events.ClientLat),
			record.Field("long", record.AsNumber, events.ClientLon),
		}},
		&record.Object{Key: "autonomous_system", Rest: []record.Part{
			record.Field("number", record.AsInteger, events.ASNumber),
			record.Field("name", record.AsName, events.ASOrg),
		}},
		record.Field("isp", record.AsName, events.ISP),
		record.Field("isp_org", record.Repeated(record.AsName), events.ASOrg),
		record.Field("zone", record.AsName, events.ClientZone),
		record.Derive("type_id", "from the client's device", func(e *record.Emitter) bool {
			i, id, _ := clientKind(e)
			return i != 0 && e.Int(id)
		}),
		record.Captioned("type", "client.device", clientKind),
		&record.Object{
			Key:        "os",
			AtLeastOne: []record.Part{record.Field("name", record.AsName, events.ClientOS)},
			Rest: []record.Part{
				record.Derive(
					"type_id",
					"from its name",
					func(e *record.Emitter) bool { return e.Int(osKind(e.Inner(events.ClientOS)).id) },
				),
				record.Derive("type", "its caption", func(e *record.Emitter) bool { return osCaption(e, events.ClientOS) }),
			},
		},
		record.Derive("intermediate_ips", "the hops behind the client", func(e *record.Emitter) bool { return e.Hops(1) }),
		record.Derive("proxy_endpoint", "the anonymiser that Okta detected", writeProxy),
	}
}

// writeProxy writes the first anonymiser that Okta names: in
// securityContext.ipDetails.ipServiceCategories (since 2026) or in debugData.tunnels. The other
// facts about it stay in unmapped.
func writeProxy(e *record.Emitter) bool {
	tree, list := e.Tree, e.Event.Node(events.IPServiceCategories)
	if list == 0 || tree.Nodes[list].Kind != '[' || tree.Nodes[list].Next == list+1 {
		if tree, list = e.Typed(events.DebugTunnels), 0; tree == nil || tree.Nodes[0].Kind != '[' || tree.Nodes[0].Next == 1 {
			return false
		}
	}
	kind, operator := tree.Member(list+1, "type"), tree.Member(list+1, "operator")
	says := func(i uint32) bool {
		return i != 0 && tree.Nodes[i].Kind == '"' && !record.IsPlaceholder(tree.Inner(i))
	}
	if !says(kind) || !says(operator) {
		return false
	}
	e.Out = append(e.Out, `{"name":`...)
	e.Out = append(e.Out, tree.Raw(operator)...)
	e.Out = append(e.Out, `,"type_id":99,"type":`...)
	e.Out = append(append(e.Out, tree.Raw(kind)...), '}')
	return true
}

// httpRequest is the request that Okta served.
func httpRequest() record.Part {
	return &record.Object{Key: "http_request", Rest: []record.Part{
		record.Field("user_agent", record.AsName, events.ClientUserAgent),
		record.Field("uid", record.AsName, events.DebugRequestID),
		&record.Object{
			Key:        "url",
			AtLeastOne: []record.Part{record.Field("path", record.AsName, events.DebugRequestURI)},
			Rest: []record.Part{
				record.Found(
					"query_string",
					record.AsQuery,
					"debugContext.debugData.url",
					func(e *record.Emitter) uint32 { return e.Event.Node(events.DebugURL) },
				),
				record.Found(
					"hostname",
					record.AsHostname,
					"debugContext.debugData.origin",
					func(e *record.Emitter) uint32 { return e.Event.Node(events.DebugOrigin) },
				),
			},
		},
		record.Derive("x_forwarded_for", "the hops, the client first", func(e *record.Emitter) bool { return e.Hops(0) }),
	}}
}

type kind struct {
	id      int64
	caption string
}

// clientKind maps client.device to src_endpoint.type_id and type.
func clientKind(e *record.Emitter) (i uint32, id int64, caption string) {
	word := e.Inner(events.ClientDevice)
	if word == nil {
		return 0, 0, ""
	}
	i = e.Event.Node(events.ClientDevice)
	switch string(word) {
	case "Mobile":
		return i, 5, "Mobile"
	case "Tablet":
		return i, 4, "Tablet"
	}
	return i, record.Other, ""
}

// systems maps parts of the names of operating systems to os.type_id. iPhone and iPad come first:
// their user agents contain "like Mac OS X".
var systems = []struct {
	part   string
	os     kind
	device kind
}{
	{"iphone", kind{301, "iOS"}, kind{5, "Mobile"}},
	{"ipad", kind{302, "iPadOS"}, kind{4, "Tablet"}},
	{"ios", kind{301, "iOS"}, kind{5, "Mobile"}},
	{"android", kind{201, "Android"}, kind{5, "Mobile"}},
	{"mac", kind{300, "macOS"}, kind{2, "Desktop"}},
	{"osx", kind{300, "macOS"}, kind{2, "Desktop"}},
	{"windows phone", kind{101, "Windows Mobile"}, kind{5, "Mobile"}},
	{"windows mobile", kind{101, "Windows Mobile"}, kind{5, "Mobile"}},
	{"windows", kind{100, "Windows"}, kind{2, "Desktop"}},
	{"chrome", kind{record.Other, ""}, kind{3, "Laptop"}},
	{"linux", kind{200, "Linux"}, kind{2, "Desktop"}},
	{"ubuntu", kind{200, "Linux"}, kind{2, "Desktop"}},
}

func osKind(name []byte) kind {
	for i := range systems {
		if containsFold(name, systems[i].part) {
			return systems[i].os
		}
	}
	return kind{record.Other, ""}
}

func deviceKind(platform []byte) kind {
	for i := range systems {
		if containsFold(platform, systems[i].part) {
			return systems[i].device
		}
	}
	return kind{0, "Unknown"}
}

// osCaption writes os.type; with 99 it is the system's own name.
func osCaption(e *record.Emitter, f events.Field) bool {
	if caption := osKind(e.Inner(f)).caption; caption != "" {
		return e.Quote(caption)
	}
	return e.Text(f)
}

// containsFold reports whether text holds lower, in any case of letters.
func containsFold(text []byte, lower string) bool {
	for i := 0; i+len(lower) <= len(text); i++ {
		if bytes.EqualFold(text[i:i+len(lower)], []byte(lower)) {
			return true
		}
	}
	return false
}
