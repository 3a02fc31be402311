package events

import "github.com/oktastream/oktastream/events/jsontree"

// form has the members that show whether an object is an event or an envelope. Zero: the object has
// no member of that name (or, if the type matters, none of that type).
type form struct {
	// An object with these three is an event, whatever other members it has: Okta may add a field
	// called body.
	uuid, eventType, published bool
	// An EventBridge envelope has a detail and a detail-type.
	id, detailType, source, account, time, region, detail uint32
	// An SQS message as Lambda receives it has a body and a messageId, and is in Records.
	records, messageID, eventSource, body uint32
	// A dead letter of oktastream has a body and a reason.
	bodyBase64, reason uint32
	// Lambda's record of an asynchronous invocation that failed has its payload.
	requestContext, requestPayload uint32
}

func formOf(tree *jsontree.Tree, object uint32) form {
	var f form
	for i := object + 1; i < tree.Nodes[object].Next; i = tree.Nodes[i].Next {
		key, kind := tree.Key(i), tree.Nodes[i].Kind
		switch string(key) {
		case "uuid":
			f.uuid = true
		case "eventType":
			f.eventType = true
		case "published":
			f.published = true
		case "id":
			f.id = i
		case "detail-type":
			f.detailType = i
		case "source":
			f.source = i
		case "account":
			f.account = i
		case "time":
			f.time = i
		case "region":
			f.region = i
		case "detail":
			f.detail = i
		case "Records":
			if kind == '[' {
				f.records = i
			}
		case "messageId":
			f.messageID = i
		case "eventSource":
			f.eventSource = i
		case "body":
			if kind == '"' {
				f.body = i
			}
		case "body_base64":
			if kind == '"' {
				f.bodyBase64 = i
			}
		case "reason":
			f.reason = i
		case "requestContext":
			f.requestContext = i
		case "requestPayload":
			f.requestPayload = i
		}
	}
	return f
}

func (f *form) isEvent() bool { return f.uuid && f.eventType && f.published }
