package awsfake

// Connections and API destinations of EventBridge, for a tool that only looks.

// Connection is a connection of EventBridge.
type Connection struct{ State, Reason string }

// SetConnection declares a connection; nil takes it away.
func (c *Cloud) SetConnection(name string, n *Connection) {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	set(&c.events.connections, name, n)
}

// SetAPIDestination declares an API destination in this state, ACTIVE or INACTIVE; ""
// takes it away.
func (c *Cloud) SetAPIDestination(name, state string) {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	if set(&c.events.destinations, name, &state); state == "" {
		delete(c.events.destinations, name)
	}
}

func (c *Cloud) describeConnection(r *request) (any, error) {
	in, err := decode[struct{ Name string }](r)
	if err != nil {
		return nil, err
	}
	c.events.mu.RLock()
	defer c.events.mu.RUnlock()
	n := c.events.connections[in.Name]
	if n == nil {
		return nil, eventsMissing("Failed to describe the connection(s). Connection '%s' does not exist.", in.Name)
	}
	return struct{ Name, ConnectionState, StateReason, AuthorizationType string }{
		in.Name, n.State, n.Reason, "API_KEY",
	}, nil
}

func (c *Cloud) describeAPIDestination(r *request) (any, error) {
	in, err := decode[struct{ Name string }](r)
	if err != nil {
		return nil, err
	}
	c.events.mu.RLock()
	defer c.events.mu.RUnlock()
	state := c.events.destinations[in.Name]
	if state == nil {
		return nil, eventsMissing("Failed to describe the api-destination(s). An api-destination '%s' does not exist.",
			in.Name)
	}
	return struct{ Name, ApiDestinationState, HttpMethod string }{in.Name, *state, "POST"}, nil
}
