"""KMS keys in templates."""

from moto.kms.models import Key


def patch():
    make = Key.create_from_cloudformation_json.__func__

    def create(cls, resource_name, cloudformation_json, *arguments, **named):
        # Without this: KeyError. Templates tag a key as all else, with Key and
        # Value; KMS's own API says TagKey and TagValue, which moto looks for.
        properties = dict(cloudformation_json["Properties"])
        properties["Tags"] = [{"TagKey": t["Key"], "TagValue": t["Value"]} for t in properties.get("Tags", [])]
        return make(cls, resource_name, {**cloudformation_json, "Properties": properties}, *arguments, **named)

    Key.create_from_cloudformation_json = classmethod(create)
