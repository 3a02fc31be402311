"""CloudFormation: what stays, what is changed, and what moto does not know."""

import sys

from moto.cloudformation import models, parsing
from moto.core.common_models import CloudFormationModel

import resources

RETAINED = ("Retain", "RetainExceptOnCreate")


class Placeholder(CloudFormationModel):
    """A resource of a type that moto has no model for (queue policies, alarms,
    dashboards, saved queries): it is there, has a name and ARNs, and does nothing.
    moto makes nothing of it at all, and an output or another resource that asks
    for one of its attributes stops the deployment."""

    # moto files its models by the second part of their module's name.
    __module__ = "moto.cloudformation.models"

    def __init__(self, name, kind, properties, account_id, region_name):
        self.name, self.kind, self.properties = name, kind, properties
        self.account_id, self.region_name = account_id, region_name

    @property
    def physical_resource_id(self):
        return self.name

    @staticmethod
    def cloudformation_name_type():
        return ""

    @staticmethod
    def cloudformation_type():
        return "Oktastream::E2E::Placeholder"

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def get_cfn_attribute(self, attribute_name):
        service = self.kind.split("::")[1].lower()
        return f"arn:aws:{service}:{self.region_name}:{self.account_id}:{self.name}/{attribute_name}"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        return cls(resource_name, cloudformation_json["Type"], cloudformation_json["Properties"], account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        original_resource.properties = cloudformation_json["Properties"]
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        pass

    def delete(self, account_id, region_name):
        pass


def patch():
    class_from_type = parsing.resource_class_from_type

    def resource_class_from_type(resource_type):
        if resource_type in resources.MODELS:
            return resources.MODELS[resource_type]
        known = resource_type in parsing.NULL_MODELS or resource_type.startswith("Custom::")
        if known or resource_type in parsing.get_model_map():
            return class_from_type(resource_type)
        print("not emulated:", resource_type, file=sys.stderr, flush=True)
        return Placeholder

    parsing.resource_class_from_type = resource_class_from_type

    # A resource whose model cannot be updated is forgotten by moto: whatever refers
    # to it afterwards gets None. It stays as it is.
    update = parsing.parse_and_update_resource

    def parse_and_update_resource(logical_id, resource_json, resources_map, account_id, region_name):
        old = resources_map[logical_id]
        new = update(logical_id, resource_json, resources_map, account_id, region_name)
        return old if new is None else new

    parsing.parse_and_update_resource = parse_and_update_resource

    # moto deletes what leaves a template in an update whatever its DeletionPolicy
    # says. What is retained is forgotten, so that a later resource of the same
    # logical id is a new one.
    diff = parsing.ResourceMap.build_resource_diff

    def build_resource_diff(self, other_template, parameters=None):
        actions = diff(self, other_template, parameters)
        for name in list(actions["Remove"]):
            if self._resource_json_map[name].get("DeletionPolicy") in RETAINED:
                actions["Remove"].remove(name)
                self._parsed_resources.pop(name, None)
        return actions

    parsing.ResourceMap.build_resource_diff = build_resource_diff

    # moto deletes first. CloudFormation first makes and changes things and deletes
    # at the end.
    parsing.ResourceMap.update = in_order(parsing.ResourceMap.update)

    # moto knows only Retain.
    delete = parsing.ResourceMap.delete

    def delete_but_retained(self):
        for resource in self._resource_json_map.values():
            if resource.get("DeletionPolicy") in RETAINED:
                resource["DeletionPolicy"] = "Retain"
        delete(self)

    parsing.ResourceMap.delete = delete_but_retained

    # The CDK asks for the previous value of a parameter that had its default, which
    # moto has not kept: it answers 500.
    resolve = models.CloudFormationBackend._resolve_update_parameters

    def resolve_update_parameters(self, instance, incoming_params):
        kept = [p for p in incoming_params if not p.get("UsePreviousValue") or p["ParameterKey"] in instance.parameters]
        return resolve(self, instance, kept)

    models.CloudFormationBackend._resolve_update_parameters = resolve_update_parameters


def in_order(update):
    """Deletes after everything else has been made and changed."""

    def ordered(self, template, parameters=None):
        old = dict(self._resource_json_map)
        gone = {name: body for name, body in old.items() if name not in template["Resources"]}
        keep_all = dict(template, Resources={**template["Resources"], **gone})
        update(self, keep_all, parameters)
        update(self, template, parameters)
        for name in gone:
            # moto keeps what it has deleted in mind: what is added again under the same
            # logical id would be taken for there.
            self._parsed_resources.pop(name, None)

    return ordered
