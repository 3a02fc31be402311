package httpsfake

import (
	"bytes"
	"encoding/json"
	"slices"
)

// What a caller asks before it sends anything: whether its credentials are accepted, and
// whether an index exists.

// has reports whether the caller has a privilege.
func (b *Bulk) has(privilege string) bool {
	return b.options.Privileges == nil || slices.Contains(b.options.Privileges, privilege)
}

// hasPrivileges answers POST /_security/user/_has_privileges of Elasticsearch, which all
// users may ask ("Has privileges API", Elasticsearch reference 7.6). It knows a question
// about indices only.
func (b *Bulk) hasPrivileges(body []byte) any {
	var in struct {
		Index []struct{ Names, Privileges []string } `json:"index"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || len(in.Index) == 0 {
		refuse(400, "x_content_parse_exception", "failed to parse privileges check")
	}
	all, answer := true, map[string]map[string]bool{}
	for _, question := range in.Index {
		for _, name := range question.Names {
			if answer[name] == nil {
				answer[name] = map[string]bool{}
			}
			for _, p := range question.Privileges {
				answer[name][p] = b.has(p)
				all = all && b.has(p)
			}
		}
	}
	return map[string]any{
		"username": "oktastream", "has_all_requested": all, "cluster": map[string]bool{}, "index": answer,
		"application": map[string]bool{},
	}
}

// aliases answers GET /INDEX/_alias. No index of the fake has an alias.
func (b *Bulk) aliases(index string) any {
	if !b.has("view_index_metadata") {
		refuse(403, "security_exception", "action [indices:admin/aliases/get] is unauthorized")
	}
	if b.indexes[index] == nil {
		refuse(404, "index_not_found_exception", "no such index ["+index+"]")
	}
	return map[string]any{b.backing(index): map[string]any{"aliases": struct{}{}}}
}

// AddIndex makes an index or data stream without documents.
func (b *Bulk) AddIndex(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.indexes[name] = &bulkIndex{stream: b.isStream(name), generation: 1, ids: map[string]bool{}}
}
