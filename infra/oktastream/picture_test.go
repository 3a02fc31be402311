//go:build !race

package oktastream

import (
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/internal/access"
	"github.com/oktastream/oktastream/infra/settings"
)

// drawn is one pipeline, as it is drawn.
type drawn struct {
	s                             *synthesised
	t                             *testing.T
	d                             settings.Destination
	set                           *settings.Pipeline
	key, name, rule, dead, replay string
}

func (p *drawn) arn(kind, id string) string {
	logical, _ := p.s.only(p.t, kind, "Okta"+title(p.d)+id)
	return p.s.account.ARN(logical)
}

// group is the ARN of a stream of the log group that holds events.
func (p *drawn) group() string {
	if _, exists := settings.ParseLogGroup(p.set.LogGroup); exists {
		return strings.TrimSuffix(p.set.LogGroup, ":*") + ":log-stream:x"
	}
	id := "Events"
	if p.set.LogClass == settings.LogClassInfrequent {
		id = "InfrequentEvents"
	}
	return strings.TrimSuffix(p.arn("AWS::Logs::LogGroup", id), "*") + "log-stream:x"
}

// byEventBridge is true where EventBridge delivers to the destination.
func (p *drawn) byEventBridge() bool { return p.d == settings.Datadog && !p.s.settings.HTTPS(p.d) }

func (p *drawn) role(id string) string { return p.s.roleARN(p.t, "Okta"+title(p.d)+id) }

// ofRule is the arrow from the partner bus to the rule's target.
func (p *drawn) ofRule() []arrow {
	const send = "sqs:SendMessage"
	switch {
	case p.set.Ingest == settings.IngestQueue:
		buffer := p.arn("AWS::SQS::Queue", "Buffer")
		return []arrow{{
			name: "rule → buffer", calls: []access.Request{byRule(p.rule, send, buffer)},
			neighbours: append(ruleNeighbours(p.rule, send, buffer),
				byRule(p.rule, "sqs:ReceiveMessage", buffer), byAdmin(send, buffer), byOtherAccount(send, buffer),
				byOtherAccount("sqs:ReceiveMessage", buffer)),
		}}
	case p.set.Ingest == settings.IngestLambda:
		function, buffer := p.arn("AWS::Lambda::Function", "Function"), p.arn("AWS::SQS::Queue", "Buffer")
		const invoke = "lambda:InvokeFunction"
		return []arrow{{
			name: "rule → function", calls: []access.Request{byRule(p.rule, invoke, function)},
			// Lambda accepts plain HTTP from no caller; policies have no influence on that.
			neighbours: append(ruleNeighbours(p.rule, invoke, function)[:4], byOtherAccount(invoke, function), byRule(p.rule,
				send, buffer)),
		}}
	case p.d == settings.CloudWatch:
		stream := p.group()
		const put = "logs:PutLogEvents"
		delivery := byRule(p.rule, put, stream)
		delivery.Principal.Service = "delivery.logs.amazonaws.com"
		return []arrow{{
			name:  "rule → log group",
			calls: []access.Request{byRule(p.rule, put, stream), delivery, byRule(p.rule, "logs:CreateLogStream", stream)},
			neighbours: append(ruleNeighbours(p.rule, put, stream)[:4], byOtherAccount(put, stream), byRule(p.rule,
				"logs:DeleteLogStream", stream), byRule(p.rule, put, strings.Replace(stream, ":log-group:", ":log-group:x", 1))),
		}}
	}
	role, intake := p.role("DeliveryRole"), p.arn("AWS::Events::ApiDestination", "Intake")
	return []arrow{p.posts("rule → API destination", role, intake)}
}

// posts is a rule that POSTs under the delivery role.
func (p *drawn) posts(name, role, intake string) arrow {
	const invoke, assume = "events:InvokeApiDestination", "sts:AssumeRole"
	events := in(access.Request{Principal: access.Principal{Service: "events.amazonaws.com"}, Action: assume,
		Resource: role},
		"aws:SourceAccount", account)
	lambda := events
	lambda.Principal.Service = "lambda.amazonaws.com"
	return arrow{
		name:  name,
		calls: []access.Request{byRole(role, invoke, intake), events},
		neighbours: []access.Request{
			byRole(role, invoke, strings.Replace(intake, "api-destination/", "api-destination/x", 1)), byRole(role,
				"events:PutEvents", intake),
			byOtherAccount(assume, role), lambda, in(events, "aws:SourceAccount", otherAccount),
		},
	}
}

// ofDeadLetters are the arrows into the queue dead.
func (p *drawn) ofDeadLetters() []arrow {
	const send = "sqs:SendMessage"
	from := []string{p.rule}
	if p.byEventBridge() {
		from = append(from, p.deliveryRule())
	}
	if rules := p.s.of("AWS::Events::Rule"); p.s.settings.Destinations[0] == p.d {
		for id := range rules {
			if strings.HasPrefix(id, "OktaLogStream") {
				from = append(from, p.s.account.ARN(id))
			}
		}
	}
	if p.key != "" && p.s.settings.Bus == settings.BusCreate && p.s.settings.Destinations[0] == p.d {
		from = append(from, "arn:aws:events:"+here+":"+account+":event-bus/"+source)
	}
	if p.key != "" && p.byEventBridge() {
		from = append(from, p.arn("AWS::Events::EventBus", "DeliveryBus"))
	}
	var list []arrow
	for _, rule := range from {
		list = append(list, arrow{
			name: "dead letter of " + rule, calls: []access.Request{byRule(rule, send, p.dead)},
			neighbours: append(ruleNeighbours(rule, send, p.dead), byAdmin(send, p.dead), byOtherAccount(send, p.dead),
				byRule(rule, "sqs:DeleteMessage", p.dead)),
		})
	}
	return list
}

func (p *drawn) deliveryRule() string {
	id, rule := p.s.only(p.t, "AWS::Events::Rule", "OktaDatadogDeliveryRule")
	arn := p.s.account.ARN(id)
	bus := p.s.resolve(p.t, rule["EventBusName"]).(string)
	if !strings.HasSuffix(arn, ":rule/"+bus+"/"+deliveryRule) {
		p.t.Errorf("the delivery rule's ARN is %s, on the bus %s", arn, bus)
	}
	return arn
}

// ofFunction are the arrows that begin or end at the function.
func (p *drawn) ofFunction() []arrow {
	role, buffer := p.role("FunctionRole"), p.arn("AWS::SQS::Queue", "Buffer")
	redrive := p.arn("AWS::SQS::Queue", "Redrive")
	own := strings.TrimSuffix(p.arn("AWS::Logs::LogGroup", "FunctionLog"), "*") + "log-stream:x"
	elsewhere := strings.Replace(own, ":log-group:", ":log-group:x", 1)
	lambda := access.Request{Principal: access.Principal{Service: "lambda.amazonaws.com"}, Action: "sts:AssumeRole",
		Resource: role}
	events := lambda
	events.Principal.Service = "events.amazonaws.com"
	forward := []access.Request{byRole(role, "sqs:SendMessage", p.dead)}
	refused := []access.Request{byRole(role, "sqs:SendMessage", redrive), byRole(role, "sqs:ReceiveMessage", p.dead),
		plainHTTP(byRole(role, "sqs:SendMessage", p.dead))}
	if p.set.Ingest == settings.IngestLambda {
		forward = append(forward, byRole(role, "sqs:SendMessage", buffer))
	} else {
		refused = append(refused, byRole(role, "sqs:SendMessage", buffer))
	}
	list := []arrow{
		{name: "Lambda runs as its role", calls: []access.Request{lambda}, neighbours: []access.Request{events,
			byOtherAccount("sts:AssumeRole", role)}},
		{name: "buffer → function", calls: []access.Request{
			byRole(role, "sqs:ReceiveMessage", buffer), byRole(role, "sqs:DeleteMessage", buffer), byRole(role,
				"sqs:GetQueueAttributes", buffer),
		}, neighbours: []access.Request{
			byRole(role, "sqs:ReceiveMessage", redrive), byRole(role, "sqs:PurgeQueue", buffer), plainHTTP(byRole(role,
				"sqs:ReceiveMessage", buffer)),
		}},
		{name: "function → dead, and what it requeues", calls: forward, neighbours: refused},
		{name: "function → its own log", calls: []access.Request{
			byRole(role, "logs:CreateLogStream", own), byRole(role, "logs:PutLogEvents", own),
		}, neighbours: []access.Request{byRole(role, "logs:PutLogEvents", elsewhere), byRole(role,
			"logs:DeleteLogStream", own)}},
	}
	if p.s.settings.HTTPS(p.d) {
		return append(list, p.overHTTPS(role)...)
	}
	if p.d == settings.Archive {
		return append(list, p.ofArchive(role)...)
	}
	if p.d == settings.CloudWatch {
		group := p.group()
		return append(list, arrow{name: "function → log group", calls: []access.Request{
			byRole(role, "logs:CreateLogStream", group), byRole(role, "logs:PutLogEvents", group),
		}, neighbours: []access.Request{byRole(role, "logs:DeleteLogGroup", group), byOtherAccount("logs:PutLogEvents",
			group), byRole(role, "events:PutEvents", "*")}})
	}
	bus := p.arn("AWS::Events::EventBus", "DeliveryBus")
	return append(list, arrow{name: "function → delivery bus", calls: []access.Request{byRole(role,
		"events:PutEvents", bus)}, neighbours: []access.Request{
		byRole(role, "events:PutEvents", "arn:aws:events:"+here+":"+account+":event-bus/default"),
		byRole(role, "events:PutEvents", "arn:aws:events:"+here+":"+account+":event-bus/"+source),
		byOtherAccount("events:PutEvents", bus),
		byAdmin("events:PutEvents", bus),
	}})
}

// ofDelivery is the arrow from the delivery bus to Datadog.
func (p *drawn) ofDelivery() []arrow {
	return []arrow{p.posts("delivery rule → API destination", p.role("DeliveryRole"),
		p.arn("AWS::Events::ApiDestination", "Intake"))}
}

// ofReplay are the arrows of replaying dead letters.
func (p *drawn) ofReplay() []arrow {
	const assume = "sts:AssumeRole"
	who := arrow{name: "on call → replay role", neighbours: []access.Request{byOtherAccount(assume, p.replay)}}
	if len(p.s.settings.ReplayPrincipals) == 0 {
		who.calls = []access.Request{byAdmin(assume, p.replay)}
	} else {
		who.calls = []access.Request{byRole(p.s.settings.ReplayPrincipals[0], assume, p.replay)}
		who.neighbours = append(who.neighbours, byAdmin(assume, p.replay))
	}
	read := arrow{name: "replay reads and deletes dead letters", neighbours: []access.Request{byRole(p.replay,
		"sqs:SendMessage", p.dead), byRole(p.replay, "sqs:PurgeQueue", p.dead)}}
	queues := []string{p.dead}
	if p.set.Ingest != settings.IngestRule {
		queues = append(queues, p.arn("AWS::SQS::Queue", "Redrive"))
	}
	for _, queue := range queues {
		for _, action := range []string{"ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"} {
			read.calls = append(read.calls, byRole(p.replay, "sqs:"+action, queue))
		}
		read.neighbours = append(read.neighbours, plainHTTP(byRole(p.replay, "sqs:ReceiveMessage", queue)))
	}
	back := arrow{name: "replay sends back"}
	switch {
	case p.set.Ingest != settings.IngestRule:
		buffer, redrive := p.arn("AWS::SQS::Queue", "Buffer"), p.arn("AWS::SQS::Queue", "Redrive")
		back.calls = []access.Request{byRole(p.replay, "sqs:SendMessage", buffer), byRole(p.replay,
			"sqs:StartMessageMoveTask", redrive)}
		back.neighbours = []access.Request{byRole(p.replay, "sqs:ReceiveMessage", buffer), byRole(p.replay,
			"sqs:StartMessageMoveTask", p.dead), byAdmin("sqs:SendMessage", buffer)}
	case p.d == settings.CloudWatch:
		group := p.group()
		back.calls = []access.Request{byRole(p.replay, "logs:PutLogEvents", group), byRole(p.replay,
			"logs:CreateLogStream", group)}
		back.neighbours = []access.Request{byRole(p.replay, "logs:DeleteLogGroup", group)}
	default:
		bus := p.arn("AWS::Events::EventBus", "DeliveryBus")
		back.calls = []access.Request{byRole(p.replay, "events:PutEvents", bus)}
		back.neighbours = []access.Request{
			byRole(p.replay, "events:PutEvents", "arn:aws:events:"+here+":"+account+":event-bus/default"),
			byAdmin("events:PutEvents", bus),
		}
	}
	return []arrow{who, read, back}
}

// ofLock returns the calls that lockQueues leaves to the function, to replays and to the deploying
// role.
func (p *drawn) ofLock() []arrow {
	if len(p.s.settings.LockQueues) == 0 {
		return nil
	}
	queues := map[string]string{"dead": p.dead}
	readers := map[string]string{"dead": p.replay}
	if p.set.Ingest != settings.IngestRule {
		queues["buffer"], readers["buffer"] = p.arn("AWS::SQS::Queue", "Buffer"), p.role("FunctionRole")
		queues["redrive"], readers["redrive"] = p.arn("AWS::SQS::Queue", "Redrive"), p.replay
	}
	var list []arrow
	for name, queue := range queues {
		a := arrow{name: "locked queue " + name, calls: []access.Request{
			byRole(readers[name], "sqs:ReceiveMessage", queue), byRole(readers[name], "sqs:DeleteMessage", queue),
		}}
		for _, action := range []string{
			"ReceiveMessage", "DeleteMessage", "PurgeQueue", "SetQueueAttributes", "AddPermission", "RemovePermission",
			"DeleteQueue",
		} {
			deploys := byAdmin("sqs:"+action, queue)
			deploys.Principal.Role = deployer
			a.calls = append(a.calls, deploys)
			a.neighbours = append(a.neighbours, byAdmin("sqs:"+action, queue))
		}
		list = append(list, a)
	}
	return list
}

// ofStreamRule is the arrow from the rule that counts changes of log streams to
// its log group.
func (s *synthesised) ofStreamRule(t *testing.T) []arrow {
	for id := range s.of("AWS::Events::Rule") {
		if !strings.HasPrefix(id, "OktaLogStream") {
			continue
		}
		group, _ := s.only(t, "AWS::Logs::LogGroup", "OktaLogStreamEvents")
		stream := strings.TrimSuffix(s.account.ARN(group), "*") + "log-stream:x"
		rule := s.account.ARN(id)
		const put = "logs:PutLogEvents"
		return []arrow{{
			name: "log stream rule → log group", calls: []access.Request{byRule(rule, put, stream), byRule(rule,
				"logs:CreateLogStream", stream)},
			neighbours: append(ruleNeighbours(rule, put, stream)[:4], byOtherAccount(put, stream), byRule(rule,
				"logs:DeleteLogStream", stream)),
		}}
	}
	return nil
}

// ofBuses are the arrows from EventBridge's buses and archive to the key.
func (p *drawn) ofBuses() []arrow {
	const decrypt, generate, context = "kms:Decrypt", "kms:GenerateDataKey",
		"kms:EncryptionContext:aws:events:event-bus:arn"
	var list []arrow
	for id := range p.s.of("AWS::Events::EventBus") {
		bus := p.s.account.ARN(id)
		call := func(action string) access.Request { return in(byRule(bus, action, p.key), context, bus) }
		list = append(list, arrow{
			name: "bus → key", calls: []access.Request{call(decrypt), call(generate), call("kms:DescribeKey")},
			neighbours: []access.Request{call("kms:CreateGrant"), call("kms:Encrypt"), in(byOtherAccount(decrypt, p.key),
				context, bus)},
		})
	}
	archive := byRule("arn:aws:events:"+here+":"+account+":archive/x", "kms:ReEncryptFrom", p.key)
	if p.s.settings.ArchiveDays > 0 {
		return append(list, arrow{name: "archive → key", calls: []access.Request{archive},
			neighbours: []access.Request{byOtherAccount("kms:ReEncryptFrom", p.key)}})
	}
	return append(list, arrow{name: "no archive", neighbours: []access.Request{archive}})
}

// ofKey returns the calls that use the key. Without one of them something cannot be stored, nor its
// dead letter.
func (p *drawn) ofKey() []arrow {
	if p.key == "" {
		return nil
	}
	const decrypt, generate = "kms:Decrypt", "kms:GenerateDataKey"
	events := func(action, key string) access.Request { return byRule(p.rule, action, key) }
	logs := func(action, group string) access.Request {
		return access.Request{
			Principal: access.Principal{Service: "logs." + here + ".amazonaws.com"}, Action: action, Resource: p.key,
			Context: map[string][]string{"kms:EncryptionContext:aws:logs:arn": {strings.TrimSuffix(group, ":*")}},
		}
	}
	viaSQS := func(role, action, key string) access.Request {
		return in(byRole(role, action, key), "kms:ViaService", "sqs."+here+".amazonaws.com")
	}
	list := []arrow{{
		name:  "EventBridge → encrypted queues",
		calls: []access.Request{events(decrypt, p.key), events(generate, p.key)},
		neighbours: []access.Request{
			events(decrypt, otherKey), events("kms:ScheduleKeyDeletion", p.key), events("kms:PutKeyPolicy", p.key),
			byOtherAccount(decrypt, p.key),
			{Principal: access.Principal{Service: "s3.amazonaws.com"}, Action: decrypt, Resource: p.key},
		},
	}}
	roles := []string{p.replay}
	if p.set.Ingest != settings.IngestRule {
		roles = append(roles, p.role("FunctionRole"))
	}
	for _, role := range roles {
		list = append(list, arrow{
			name: "role → queues under the key", calls: []access.Request{viaSQS(role, decrypt, p.key), viaSQS(role,
				generate, p.key)},
			neighbours: []access.Request{
				byRole(role, decrypt, p.key), in(byRole(role, decrypt, p.key), "kms:ViaService", "s3."+here+".amazonaws.com"),
				viaSQS(role, decrypt, otherKey), viaSQS(role, "kms:ScheduleKeyDeletion", p.key),
			},
		})
	}
	for id := range p.s.of("AWS::Logs::LogGroup") {
		group := p.s.account.ARN(id)
		list = append(list, arrow{
			name: "log group under the key", calls: []access.Request{logs(decrypt, group), logs(generate, group),
				logs("kms:Encrypt", group)},
			neighbours: []access.Request{
				logs(decrypt, strings.Replace(group, ":log-group:", ":log-group:x", 1)),
				logs(decrypt, strings.Replace(group, ":log-group:", ":log-group:"+p.s.stack+"2", 1)),
				logs(decrypt, strings.Replace(group, account, otherAccount, 1)),
			},
		})
	}
	return append(list, p.ofBuses()...)
}
