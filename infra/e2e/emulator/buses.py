"""EventBridge: partner sources and buses, PutEvents, and which rule gets what."""

import datetime
import json
import time
import uuid

from moto.core.exceptions import JsonRESTError
from moto.events import models, responses

import targets

# The largest request of PutEvents and PutPartnerEvents that any page of AWS allows
# (AWS's pages differ: 256 KB on older ones).
MOST_BYTES = 1 << 20


def patch():
    bus, rule, backend = models.EventBus, models.Rule, models.EventsBackend

    # moto's bus has no physical id, so that a Ref to one becomes a Python object.
    bus.physical_resource_id = property(lambda self: self.name)

    # moto deletes a bus and all its rules to change a description.
    @classmethod
    def update_bus(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        properties = cloudformation_json["Properties"]
        original_resource.description = properties.get("Description")
        original_resource.dead_letter_config = properties.get("DeadLetterConfig")
        return original_resource

    bus.update_from_cloudformation_json = update_bus

    # moto deletes a rule to change it, and what comes in between is lost.
    # CloudFormation calls PutRule, which exchanges pattern and target.
    @classmethod
    def update_rule(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        properties = cloudformation_json["Properties"]
        changed = models.Rule(
            original_resource.name, account_id, region_name, properties.get("Description"),
            json.dumps(properties["EventPattern"]), None, None, original_resource.event_bus_name,
            properties.get("State"), targets=properties.get("Targets", []),
        )
        models.events_backends[account_id][region_name].event_buses[changed.event_bus_name].rules[changed.name] = changed
        return changed

    rule.update_from_cloudformation_json = update_rule

    # moto takes the last part of a bus's name for the name; a partner bus is called
    # aws.partner/okta.com/org/stream, and no rule could be put on one.
    def normalise(self, event_bus_arn):
        if event_bus_arn is None:
            return "default"
        return event_bus_arn.split(":event-bus/")[-1]

    backend._normalize_event_bus_arn = normalise

    # moto calls a source active before any bus is associated, and numbers its ARN
    # with the prefix twice.
    init = models.PartnerEventSource.__init__

    def source_init(self, region, name):
        init(self, region, name)
        self.arn = f"arn:aws:events:{region}::event-source/{name}"
        self.state = "PENDING"

    models.PartnerEventSource.__init__ = source_init
    create = backend.create_event_bus

    def create_event_bus(self, name, event_source_name=None, **rest):
        if event_source_name and event_source_name != name:
            raise JsonRESTError("ValidationException", "the name of a partner event bus must be that of its source")
        made = create(self, name, event_source_name, **rest)
        if event_source_name:
            self.event_sources[event_source_name].state = "ACTIVE"
        return made

    backend.create_event_bus = create_event_bus

    backend.put_events = put_events
    backend.put_partner_events = put_partner_events

    # moto answers an empty list of entries whatever has become of them.
    def answer(self):
        entries = self.events_backend.put_partner_events(self._get_param("Entries"))
        return json.dumps({"Entries": entries, "FailedEntryCount": sum("ErrorCode" in e for e in entries)})

    responses.EventsHandler.put_partner_events = answer

    # What moto has no answer for at all: it answers 500.
    def list_event_sources(self):
        return json.dumps({"EventSources": [s.to_dict() for s in self.events_backend.event_sources.values()]})

    responses.EventsHandler.list_event_sources = list_event_sources


def size(entries):
    """The bytes of a request as AWS counts them."""
    return sum(
        len(e["Source"]) + len(e["DetailType"]) + len(e["Detail"].encode()) + (14 if "Time" in e else 0)
        + sum(len(r) for r in e.get("Resources", []))
        for e in entries
    )


def check(entries, most):
    if len(entries) > most:
        raise JsonRESTError("ValidationException", f"at most {most} entries")
    if size(entries) > MOST_BYTES:
        raise JsonRESTError("ValidationException", "Total size of the entries in the request is over the limit.")


def put_events(self, events):
    """moto builds eight parsers an event, knows no limit of size, lets anybody say
    that he is a partner, leaves out the account, and does not know of a bus that
    is not there."""
    check(events, 10)
    answers = []
    for event in events:
        if event["Source"].startswith("aws."):
            answers.append({"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."})
            continue
        bus = self.event_buses.get(self._normalize_event_bus_arn(event.get("EventBusName")))
        if bus is None:
            answers.append({"ErrorCode": "ResourceNotFoundException", "ErrorMessage": "Event bus does not exist."})
            continue
        answers.append(dispatch(self, bus, event))
    return answers


def put_partner_events(self, entries):
    """moto puts them on the default bus."""
    check(entries, 20)
    answers = []
    for entry in entries:
        source = self.partner_event_sources.get(entry["Source"])
        if source is None or source.state != "ACTIVE":
            # Okta switches a stream off after two of these.
            answers.append({"ErrorCode": "EventSourceNotActive", "ErrorMessage": "No event bus is associated."})
            continue
        for account in source.accounts:
            client = models.events_backends[account][self.region_name]
            answer = dispatch(client, client.event_buses[source.name], entry)
        answers.append(answer)
    return answers


def dispatch(backend, bus, entry):
    try:
        detail = targets.read(entry["Detail"])
    except ValueError:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    at = float(entry.get("Time") or time.time())
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": backend.account_id,
        "time": datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": backend.region_name,
        "resources": entry.get("Resources", []),
        "detail": detail,
    }
    for rule in list(bus.rules.values()):
        # moto matches disabled rules too.
        if rule.state == "ENABLED" and rule.event_pattern.matches_event(event):
            for target in rule.targets:
                targets.send(backend, rule, target, event)
    return {"EventId": event["id"]}
