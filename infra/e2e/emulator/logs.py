"""CloudWatch Logs: the limits of PutLogEvents, and of which events it keeps.

CloudWatch Logs API reference, PutLogEvents, read 2026-11. moto knows neither the
size nor the number nor the span of a batch, and numbers what it rejects wrongly."""

import threading
import time

from moto.logs import models
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException

LOCK = threading.Lock()
DAY = 24 * 3600 * 1000


def patch():
    models.LogsBackend.put_log_events = put_log_events

    # moto gives a group's streams without asking what protects it from deletion.
    create = models.LogGroup.__init__

    def init(self, account_id, region, name, **kwargs):
        create(self, account_id, region, name, **kwargs)
        self.protected = kwargs.get("DeletionProtectionEnabled", False)

    models.LogGroup.__init__ = init
    delete = models.LogsBackend.delete_log_group

    def delete_log_group(self, log_group_name):
        if log_group_name in self.groups and self.groups[log_group_name].protected:
            raise InvalidParameterException("The log group has deletion protection enabled.")
        delete(self, log_group_name)

    models.LogsBackend.delete_log_group = delete_log_group


def put_log_events(self, log_group_name, log_stream_name, log_events):
    group = self.groups.get(log_group_name)
    if group is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    if log_stream_name not in group.streams:
        raise ResourceNotFoundException("The specified log stream does not exist.")
    check(log_events)
    now = int(time.time() * 1000)
    expired = now - int(group.retention_in_days) * DAY if group.retention_in_days else 0
    old = sum(e["timestamp"] < now - 14 * DAY for e in log_events)
    gone = sum(e["timestamp"] < expired for e in log_events)
    new = sum(e["timestamp"] > now + 2 * 3600 * 1000 for e in log_events)
    rejected = {}
    if old:
        rejected["tooOldLogEventEndIndex"] = old
    if gone:
        rejected["expiredLogEventEndIndex"] = gone
    if new:
        rejected["tooNewLogEventStartIndex"] = len(log_events) - new
    kept = log_events[max(old, gone) : len(log_events) - new]
    if kept and kept[-1]["timestamp"] - kept[0]["timestamp"] > DAY:
        raise InvalidParameterException("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    with LOCK:
        token = group.put_log_events(log_stream_name, kept)
    return token, rejected


def check(log_events):
    if not log_events:
        raise InvalidParameterException("A batch holds at least one event.")
    if len(log_events) > 10000:
        raise InvalidParameterException("A batch holds at most 10,000 events.")
    sizes = [len(e["message"].encode()) for e in log_events]
    if min(sizes) == 0:
        raise InvalidParameterException("A message has at least one byte.")
    if sum(sizes) + 26 * len(sizes) > 1048576:
        raise InvalidParameterException("Upload too large: the batch is over 1,048,576 bytes.")
    times = [e["timestamp"] for e in log_events]
    if times != sorted(times):
        raise InvalidParameterException("Log events in a single PutLogEvents request must be in chronological order.")
