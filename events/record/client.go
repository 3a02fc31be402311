package record

import "github.com/oktastream/oktastream/events"

// ClientIP is the address that the request came from: client.ipAddress, else the first hop of
// request.ipChain, else the actor's id if the actor is an address.
func ClientIP(key string) Part {
	return FirstOf{
		Field(key, AsIP, events.ClientIPAddress),
		Found(key, AsIP, "request.ipChain[0].ip", firstHop),
		Found(key, AsIP, "actor.id", actorAddress),
	}
}

// firstHop is the address of the chain's first hop, which is the client.
func firstHop(e *Emitter) uint32 {
	if chain := e.chain(); chain != 0 && e.Tree.Nodes[chain].Next > chain+1 {
		return e.Tree.Member(chain+1, "ip")
	}
	return 0
}

// actorAddress is the actor's id if the actor is an address.
func actorAddress(e *Emitter) uint32 {
	if ActorIsPrincipal(e) {
		return 0
	}
	return e.Event.Node(events.ActorID)
}

// ActorIsPrincipal reports whether the actor is a user, a service or Okta itself. It is false where
// Okta knows only an address: an address is not the id or name of a user.
func ActorIsPrincipal(e *Emitter) bool { return !e.Is(e.Event.Node(events.ActorType), "IP address") }

// chain is the node of request.ipChain, or 0 if that is not an array.
func (e *Emitter) chain() uint32 {
	if i := e.Event.Node(events.IPChain); i != 0 && e.Tree.Nodes[i].Kind == '[' {
		return i
	}
	return 0
}

// Hops writes the addresses of request.ipChain from index first on, if there are any. The chain
// itself also stays in unmapped, with all its fields.
func (e *Emitter) Hops(first int) bool {
	chain := e.chain()
	if chain == 0 {
		return false
	}
	start := len(e.Out)
	e.Out = append(e.Out, '[')
	n, written := 0, 0
	for i := chain + 1; i < e.Tree.Nodes[chain].Next; i = e.Tree.Nodes[i].Next {
		if ip := e.Tree.Member(i, "ip"); ip != 0 && n >= first && isIP(e, ip) {
			if written > 0 {
				e.Out = append(e.Out, ',')
			}
			e.Raw(ip)
			written++
		}
		n++
	}
	if n < 2 || written == 0 {
		e.Out = e.Out[:start]
		return false
	}
	e.Out = append(e.Out, ']')
	return true
}
