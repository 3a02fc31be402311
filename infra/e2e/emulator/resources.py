"""CloudFormation models of what moto has an API for and no model of."""

import json
import re

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends


class Model(CloudFormationModel):
    """What they have in common."""

    # moto files its models by the second part of their module's name.
    __module__ = "moto.events.models"

    def __init__(self, name, attributes):
        self.name, self.attributes = name, attributes

    @property
    def physical_resource_id(self):
        return self.name

    @staticmethod
    def cloudformation_name_type():
        return "Name"

    @staticmethod
    def cloudformation_type():
        return "Oktastream::E2E::Model"

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def get_cfn_attribute(self, attribute_name):
        return self.attributes[attribute_name]

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        return cls.make(resource_name, cloudformation_json["Properties"], account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        original_resource.change(cloudformation_json["Properties"], account_id, region_name)
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        pass


class Connection(Model):
    __module__ = "moto.events.models"

    @classmethod
    def make(cls, name, properties, account_id, region_name):
        made = events_backends[account_id][region_name].create_connection(
            name, properties.get("Description"), properties["AuthorizationType"], resolve(properties["AuthParameters"], account_id, region_name),
        )
        return cls(name, {"Arn": made.arn, "SecretArn": made.secret_arn})

    def change(self, properties, account_id, region_name):
        events_backends[account_id][region_name].update_connection(
            self.name, description=properties.get("Description"), auth_parameters=resolve(properties["AuthParameters"], account_id, region_name),
        )

    def delete(self, account_id, region_name):
        events_backends[account_id][region_name].delete_connection(self.name)


class ApiDestination(Model):
    __module__ = "moto.events.models"

    @classmethod
    def make(cls, name, properties, account_id, region_name):
        made = events_backends[account_id][region_name].create_api_destination(
            name, properties.get("Description"), properties["ConnectionArn"], properties["InvocationEndpoint"],
            properties.get("InvocationRateLimitPerSecond"), properties["HttpMethod"],
        )
        return cls(name, {"Arn": made["ApiDestinationArn"]})

    def change(self, properties, account_id, region_name):
        events_backends[account_id][region_name].update_api_destination(
            self.name, description=properties.get("Description"), connection_arn=properties["ConnectionArn"],
            invocation_endpoint=properties["InvocationEndpoint"], invocation_rate_limit_per_second=properties.get("InvocationRateLimitPerSecond"),
            http_method=properties["HttpMethod"],
        )

    def delete(self, account_id, region_name):
        events_backends[account_id][region_name].delete_api_destination(self.name)


class EventInvokeConfig(Model):
    __module__ = "moto.events.models"

    @classmethod
    def make(cls, name, properties, account_id, region_name):
        made = cls(name, {})
        made.function = properties["FunctionName"]
        made.change(properties, account_id, region_name)
        return made

    def change(self, properties, account_id, region_name):
        config = {key: properties[key] for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig") if key in properties}
        backend = lambda_backends[account_id][region_name]
        backend.get_function(self.function).event_invoke_config.clear()
        backend.put_function_event_invoke_config(self.function, config)

    def delete(self, account_id, region_name):
        try:
            lambda_backends[account_id][region_name].get_function(self.function).event_invoke_config.clear()
        except UnknownFunctionException:
            pass  # it has gone with its function


class QueuePolicy(Model):
    """It is kept and shown, and not evaluated."""

    __module__ = "moto.events.models"

    @classmethod
    def make(cls, name, properties, account_id, region_name):
        made = cls(name, {"Id": name})
        made.change(properties, account_id, region_name)
        return made

    def change(self, properties, account_id, region_name):
        for url in properties["Queues"]:
            queue = sqs_backends[account_id][region_name].get_queue(url.split("/")[-1])
            queue.policy = json.dumps(properties["PolicyDocument"])

    def delete(self, account_id, region_name):
        pass  # the queues go, or stay with what is in them


class Alarm(Model):
    """It has a state, which nothing but SetAlarmState changes."""

    __module__ = "moto.events.models"

    @classmethod
    def make(cls, name, properties, account_id, region_name):
        made = cls(properties["AlarmName"], {})
        made.change(properties, account_id, region_name)
        return made

    def change(self, properties, account_id, region_name):
        cloudwatch_backends[account_id][region_name].put_metric_alarm(
            self.name, None, None, properties["ComparisonOperator"], int(properties["EvaluationPeriods"]), None,
            float(properties["Threshold"]), None, properties.get("AlarmDescription"), [], properties.get("AlarmActions", []),
        )

    def delete(self, account_id, region_name):
        cloudwatch_backends[account_id][region_name].delete_alarms([self.name])


class Schedule(Model):
    """It has a state, and starts nothing."""

    __module__ = "moto.events.models"

    @classmethod
    def make(cls, name, properties, account_id, region_name):
        scheduler_backends[account_id][region_name].create_schedule(
            group_name="default", name=name, action_after_completion=None, **cls.of(properties),
        )
        return cls(name, {})

    @staticmethod
    def of(properties):
        return {
            "description": properties.get("Description"), "schedule_expression": properties["ScheduleExpression"], "state": properties["State"],
            "flexible_time_window": properties["FlexibleTimeWindow"], "target": properties["Target"], "schedule_expression_timezone": None,
            "start_date": None, "end_date": None, "kms_key_arn": None,
        }

    def change(self, properties, account_id, region_name):
        scheduler_backends[account_id][region_name].update_schedule(group_name="default", name=self.name, **self.of(properties))

    def delete(self, account_id, region_name):
        scheduler_backends[account_id][region_name].delete_schedule("default", self.name)


MODELS = {
    "AWS::SQS::QueuePolicy": QueuePolicy,
    "AWS::CloudWatch::Alarm": Alarm,
    "AWS::Events::Connection": Connection,
    "AWS::Events::ApiDestination": ApiDestination,
    "AWS::Lambda::EventInvokeConfig": EventInvokeConfig,
    "AWS::Scheduler::Schedule": Schedule,
}

REFERENCE = re.compile(r"\{\{resolve:secretsmanager:([^{}]+?):SecretString(?::([^:{}]*))?(?::([^:{}]*))?(?::([^:{}]*))?\}\}")


def resolve(value, account_id, region_name):
    """CloudFormation puts a secret where a dynamic reference stands, when the
    resource is made or changed; moto leaves the reference."""
    if isinstance(value, dict):
        return {key: resolve(v, account_id, region_name) for key, v in value.items()}
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: secret(found, account_id, region_name), value)
    return value


def secret(found, account_id, region_name):
    name, field, stage, version = found.groups()
    got = secretsmanager_backends[account_id][region_name].get_secret_value(secret_id=name, version_id=version or "", version_stage=stage or "AWSCURRENT")
    whole = got["SecretString"]
    return json.loads(whole)[field] if field else whole
