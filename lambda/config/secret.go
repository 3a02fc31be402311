package config

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// SecretsAPI is what is used of the Secrets Manager client.
type SecretsAPI interface {
	GetSecretValue(
		context.Context,
		*secretsmanager.GetSecretValueInput,
		...func(*secretsmanager.Options),
	) (*secretsmanager.GetSecretValueOutput, error)
}

// secretTimeout is how long one read of a secret may take.
const secretTimeout = 5 * time.Second

// secret returns the reader of the secret id, or of its member field; with field "" it
// reads the whole secret. Errors hold nothing of the secret.
func secret(api SecretsAPI, id, field string, now func() time.Time) https.Secret {
	const call = "GetSecretValue"
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, secretTimeout)
		defer cancel()
		out, err := api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id}, once)
		if err != nil {
			failure := awserror.New(call, err, now())
			if failure.Kind == sink.Transient {
				return "", failure
			}
			// No record is at fault, whatever the code says.
			return "", https.Blocked(https.SettingSecret, "%w", failure.Err)
		}
		if out.SecretString == nil {
			return "", https.Blocked(https.SettingSecret, call+": the secret is binary and must be text")
		}
		value := *out.SecretString
		if field == "" {
			return value, nil
		}
		var members map[string]json.RawMessage
		if json.Unmarshal([]byte(value), &members) != nil { // its text quotes the secret
			return "", https.Blocked(https.SettingSecretField, call+": the secret is not a JSON object")
		}
		if json.Unmarshal(members[field], &value) != nil {
			return "", https.Blocked(https.SettingSecretField, call+": the secret has no text under the name of the field")
		}
		return value, nil
	}
}

// once switches the SDK's own retries off: sink.Loop is the only place that tries again.
// A 2xx response that is not one of Secrets Manager fails.
func once(o *secretsmanager.Options) {
	o.Retryer = aws.NopRetryer{}
	o.APIOptions = append(o.APIOptions, awserror.RequireJSON)
}
