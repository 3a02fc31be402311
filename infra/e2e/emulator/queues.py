"""SQS: moto's queues lose messages when several threads use them, and are slow."""

import copy
import threading
import time

from moto.sqs import exceptions, models, responses

LOCK = threading.RLock()
MOST_BYTES = 1 << 20


def patch():
    # moto forgets a queue's policy whenever another attribute is set.
    set_attributes = models.Queue._set_attributes

    def keep_policy(self, attributes, now=None):
        before = getattr(self, "_policy_json", None)
        set_attributes(self, attributes, now)
        if before and "Policy" not in attributes:
            self._policy_json = before

    models.Queue._set_attributes = keep_policy

    models.Queue.delete_message = delete_message
    models.SQSBackend.receive_message = receive_message
    locked(models.Queue, "add_message")
    locked(models.SQSBackend, "change_message_visibility")

    # moto counts characters, and no attributes.
    def validate(self, queue, message_body, *rest, **named):
        if len(message_body.encode()) > MOST_BYTES:
            raise exceptions.InvalidParameterValue("One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.")

    models.SQSBackend._validate_message = validate

    # moto does not say which queue a message of a DLQ has come from.
    receive = responses.SQSResponse.receive_message

    def with_origin(self):
        answer = receive(self)
        wanted = self._get_param("AttributeNames", []) + self._get_param("MessageSystemAttributeNames", [])
        if "All" in wanted or "DeadLetterQueueSourceArn" in wanted:
            queue = self.sqs_backend.get_queue(self._get_queue_name())
            origin = getattr(queue, "origins", {})
            for message in answer.result.get("Messages", []):
                if message["MessageId"] in origin:
                    message.setdefault("Attributes", {})["DeadLetterQueueSourceArn"] = origin[message["MessageId"]]
        return answer

    responses.SQSResponse.receive_message = with_origin

    # moto runs a function inside of SendMessage, one message a call, no window, no
    # partial failures. The test polls as Lambda does.
    init = models.Queue.__init__

    def without_mappings(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.lambda_event_source_mappings = Nothing()

    models.Queue.__init__ = without_mappings


class Nothing(dict):
    def __setitem__(self, key, value):
        pass


def locked(owner, name):
    """moto builds a new list of messages and puts it in the old one's place: what
    another thread has appended in between is gone."""
    plain = getattr(owner, name)

    def with_lock(self, *args, **kwargs):
        with LOCK:
            return plain(self, *args, **kwargs)

    setattr(owner, name, with_lock)


def delete_message(self, receipt_handle):
    """moto looks through all handles of all messages, twice."""
    with LOCK:
        if receipt_handle in self.deleted_messages:
            return
        message = getattr(self, "handles", {}).get(receipt_handle)
        if message is None:
            raise exceptions.ReceiptHandleIsInvalid()
        self.pending_messages.discard(message)
        self.deleted_messages.update(message.all_receipt_handles)
        if message in self._messages:
            self._messages.remove(message)


def receive_message(self, queue_name, count, wait_seconds_timeout, visibility_timeout, message_attribute_names=None):
    """moto copies each message whole and looks at all of them for each."""
    queue = self.get_queue(queue_name)
    end = time.time() + wait_seconds_timeout
    while True:
        with LOCK:
            found = take(queue, count, visibility_timeout, message_attribute_names or [])
        if found or time.time() >= end:
            return found
        time.sleep(0.05)


def take(queue, count, visibility, names):
    found = []
    for message in list(queue._messages):
        if len(found) == count:
            break
        if not message.visible or message.delayed:
            continue
        policy = queue.redrive_policy
        if queue.dead_letter_queue is not None and policy and message.approximate_receive_count >= policy["maxReceiveCount"]:
            queue._messages.remove(message)
            queue.pending_messages.discard(message)
            queue.dead_letter_queue.__dict__.setdefault("origins", {})[message.id] = queue.queue_arn
            queue.dead_letter_queue.add_message(message)
            continue
        message.mark_received(visibility_timeout=visibility)
        queue.pending_messages.add(message)
        queue.__dict__.setdefault("handles", {})[message.receipt_handle] = message
        copied = copy.copy(message)
        models._filter_message_attributes(copied, names)
        found.append(copied)
    return found
