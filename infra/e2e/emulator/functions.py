"""Lambda: what a function is, for whoever runs it. moto itself runs none here."""

from moto.awslambda.models import LambdaFunction


def patch():
    # moto's CloudFormation leaves out the architecture: every function is x86_64.
    create = LambdaFunction.create_from_cloudformation_json.__func__
    update = LambdaFunction.update_from_cloudformation_json.__func__

    @classmethod
    def created(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        made = create(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
        made.architectures = cloudformation_json["Properties"].get("Architectures", ["x86_64"])
        return made

    @classmethod
    def updated(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        changed = update(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name)
        changed.architectures = cloudformation_json["Properties"].get("Architectures", ["x86_64"])
        # moto goes on with the place of the old code.
        changed.code = cloudformation_json["Properties"]["Code"]
        return changed

    LambdaFunction.create_from_cloudformation_json = created
    LambdaFunction.update_from_cloudformation_json = updated

    # moto names a bucket of AWS's that is not there. The zip is where the deployment
    # has put it; the answer has its path on this server.
    get = LambdaFunction.get_code

    def get_code(self):
        answer = get(self)
        if "S3Key" in self.code:
            answer["Code"]["Location"] = f"/{self.code['S3Bucket']}/{self.code['S3Key']}"
        return answer

    LambdaFunction.get_code = get_code
