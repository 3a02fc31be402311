package awsfake

import (
	"strings"
	"sync"
)

// secretsService is AWS Secrets Manager, as far as it reads the current version of a
// secret.
type secretsService struct {
	mu     sync.Mutex
	values map[string]string
}

// SetSecret makes value the current version of the secret name, and makes the secret
// where there is none.
func (c *Cloud) SetSecret(name, value string) {
	c.secrets.mu.Lock()
	defer c.secrets.mu.Unlock()
	if c.secrets.values == nil {
		c.secrets.values = map[string]string{}
	}
	c.secrets.values[name] = value
}

type getSecretValueInput struct {
	SecretID string `json:"SecretId"`
}

type getSecretValueOutput struct {
	ARN          string
	Name         string
	SecretString string
	VersionID    string `json:"VersionId"`
}

// getSecretValue takes the name of a secret, or an ARN that ends in :secret:NAME or
// :secret:NAME-xxxxxx.
func (c *Cloud) getSecretValue(r *request) (any, error) {
	in, err := decode[getSecretValueInput](r)
	if err != nil {
		return nil, err
	}
	name := in.SecretID
	if _, after, ok := strings.Cut(name, ":secret:"); ok {
		name = after
	}
	c.secrets.mu.Lock()
	defer c.secrets.mu.Unlock()
	value, ok := c.secrets.values[name]
	if i := strings.LastIndexByte(name, '-'); !ok && len(name)-i == len("-abcdef") {
		name = name[:i]
		value, ok = c.secrets.values[name]
	}
	if !ok {
		return nil, &apiError{
			status: 400, code: "ResourceNotFoundException",
			message: "Secrets Manager can't find the specified secret.",
		}
	}
	arn := "arn:aws:secretsmanager:" + c.opt.Region + ":" + c.opt.Account + ":secret:" + name + "-abcdef"
	return getSecretValueOutput{ARN: arn, Name: name, SecretString: value, VersionID: c.newID()}, nil
}
