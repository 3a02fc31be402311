package ocsf

import (
	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
)

// Identity appends to uuid the uuid of the Okta event of the OCSF record at node root of t. It also
// returns the time at which Okta published the event, in milliseconds since 1970. It returns false
// if root is not a record that this package writes.
func Identity(t *jsontree.Tree, root uint32, uuid []byte) (id []byte, publishedMS int64, ok bool) {
	metadata := t.Member(root, "metadata")
	if metadata == 0 || t.Nodes[metadata].Kind != '{' || t.Member(root, "class_uid") == 0 {
		return uuid, 0, false
	}
	at := t.Member(metadata, "uid")
	product := t.Member(metadata, "product")
	if at == 0 || t.Nodes[at].Kind != '"' || product == 0 || t.Text(product, "vendor_name") != "Okta" {
		return uuid, 0, false
	}
	// metadata.original_time is published as Okta wrote it; other software can change time.
	published := t.Member(metadata, "original_time")
	if published == 0 || t.Nodes[published].Kind != '"' {
		return uuid, 0, false
	}
	publishedMS, ok = events.ParsePublished(t.String(published))
	id = t.AppendString(uuid, at)
	return id, publishedMS, ok && len(id) > len(uuid)
}
