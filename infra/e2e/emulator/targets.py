"""What a rule does with an event: queues, log groups, functions, API destinations.

moto ignores InputPath, posts to an API destination without a body and without the
connection's key, never tries again, knows no DLQ of a target, and does nothing
for a function."""

import concurrent.futures
import json
import os
import re
import time
import urllib.parse
import uuid

import requests
from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

POOL = concurrent.futures.ThreadPoolExecutor(max_workers=8)
HOUR = float(os.environ.get("E2E_HOUR", "3600"))
# EventBridge's client gives an API destination five seconds.
PATIENCE = 5


def send(backend, rule, target, event):
    kind, resource = target["Arn"].split(":")[2], target["Arn"].split(":", 5)[5]
    body = input_of(target, event)
    try:
        if kind == "sqs":
            sqs_backends[backend.account_id][backend.region_name].send_message(resource, text(body))
        elif kind == "logs":
            # A resource policy is not looked at: nobody's is, here.
            to_log_group(backend, resource.removeprefix("log-group:"), body)
        elif kind == "lambda":
            POOL.submit(to_function, backend, rule, target, event, resource.removeprefix("function:"), body)
        elif kind == "events" and resource.startswith("api-destination/"):
            POOL.submit(to_api_destination, backend, rule, target, event, resource, body)
        else:
            raise NotImplementedError(f"a target {target['Arn']}")
    except Exception as problem:
        # A target that is not there, or will not take it.
        die(backend, rule, target, event, "NO_RESOURCE", problem, 0, None)


# Python has no number for 1e999, and would write Infinity, which is no JSON. Numbers
# with a point or an exponent go through as they came.
NUMBER = re.compile(r'"\\u0000number ([^"\\]*)"')


def read(text):
    return json.loads(text, parse_float=lambda number: "\0number " + number)


def text(value):
    return NUMBER.sub(r"\1", json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def input_of(target, event):
    """What the target gets: the event, a part of it, or a template."""
    if "InputPath" in target:
        return at(event, target["InputPath"])
    if "InputTransformer" in target:
        template = target["InputTransformer"]["InputTemplate"]
        for name, path in target["InputTransformer"].get("InputPathsMap", {}).items():
            template = template.replace(f"<{name}>", text(at(event, path)))
        return read(template)
    return event


def at(event, path):
    """The value at a path of plain names, $.detail.logs."""
    value = event
    for name in path.split(".")[1:]:
        value = value[name]
    return value


def to_log_group(backend, name, body):
    logs = logs_backends[backend.account_id][backend.region_name]
    stream = str(uuid.uuid4())
    logs.create_log_stream(name, stream)
    # moto writes a time with a fraction, which no SDK reads.
    logs.put_log_events(name, stream, [{"timestamp": int(time.time() * 1000), "message": text(body)}])


def to_function(backend, rule, target, event, name, body):
    """EventBridge's part: hand it to Lambda, which queues it."""
    try:
        requests.post(os.environ["E2E_INVOKE"] + "/" + name, data=text(body).encode(), timeout=30).raise_for_status()
    except Exception as problem:
        die(backend, rule, target, event, "NO_RESOURCE", problem, 0, None)


def to_api_destination(backend, rule, target, event, resource, body):
    policy = target.get("RetryPolicy", {})
    # An hour of EventBridge's tries is E2E_HOUR seconds here.
    deadline = time.time() + int(policy.get("MaximumEventAgeInSeconds", 86400)) / 3600 * HOUR
    most = int(policy.get("MaximumRetryAttempts", 185))
    wait, attempts = 0.1, 0
    while True:
        code, problem, after = post(backend, target, resource, body)
        if code is None:
            return
        if not again(code):
            return die(backend, rule, target, event, "SDK_CLIENT_ERROR", problem, attempts, None)
        pause = max(wait, after)
        if time.time() + pause > deadline:
            return die(backend, rule, target, event, "TIMEOUT" if code == 0 else "SDK_CLIENT_ERROR", problem, attempts, "MaximumEventAgeInSeconds")
        if attempts == most:
            return die(backend, rule, target, event, "SDK_CLIENT_ERROR", problem, attempts, "MaximumRetryAttempts")
        attempts += 1
        # What EventBridge counts as RetryInvocationAttempts of the rule.
        with open(os.environ["E2E_RETRIES"], "a") as counted:
            counted.write(f"{time.time()} {rule.event_bus_name} {rule.name}\n")
        time.sleep(pause)
        wait = min(wait * 2, 2)


def again(code):
    """Which answers EventBridge tries again: 401, 407, 409, 429, 5xx, and no answer
    in time; no other 4xx, 408 and 413 neither (EventBridge user guide, "API
    destinations", read 2026-11)."""
    return code in (0, 401, 407, 409, 429) or code >= 500


def post(backend, target, resource, body):
    """One try. The first value is None for success, 0 for no answer."""
    destination = backend.destinations[resource.split("/")[1]]
    connection = next(c for c in backend.connections.values() if c.arn == destination.connection_arn)
    key = connection.auth_parameters["ApiKeyAuthParameters"]
    url = urllib.parse.urlsplit(destination.invocation_endpoint)
    query = target.get("HttpParameters", {}).get("QueryStringParameters", {})
    # Datadog's hosts are the loopback sink; it sees which one was meant.
    where = os.environ["E2E_INTAKE"] + url.path + ("?" + urllib.parse.urlencode(query) if query else "")
    headers = {
        "Host": url.netloc,
        key["ApiKeyName"]: key["ApiKeyValue"],
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Amazon/EventBridge/ApiDestinations",
    }
    try:
        answer = requests.request(destination.http_method, where, data=text(body).encode(), headers=headers, timeout=PATIENCE)
    except requests.RequestException as problem:
        return 0, f"no answer: {type(problem).__name__}", 0
    if answer.status_code // 100 == 2:
        return None, None, 0
    after = answer.headers.get("Retry-After", "0")
    return answer.status_code, f"status {answer.status_code}", float(after) if after.isdigit() else 0


def die(backend, rule, target, event, code, problem, attempts, condition):
    arn = target.get("DeadLetterConfig", {}).get("Arn")
    if arn is None:
        print("LOST: no DLQ:", rule.name, event["id"], problem, flush=True)
        return
    attributes = {
        "RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": code, "ERROR_MESSAGE": str(problem), "RETRY_ATTEMPTS": str(attempts),
    }
    if condition:
        attributes["EXHAUSTED_RETRY_CONDITION"] = condition
    sqs_backends[backend.account_id][backend.region_name].send_message(
        arn.split(":")[5], text(event),
        message_attributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
