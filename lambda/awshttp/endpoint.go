package awshttp

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Endpoint returns the URL at which a service is called, and whether it was configured:
// as for the SDK's clients, what is configured for the service goes before what is
// configured for all, and that before the endpoint of the region ("Service-specific
// endpoints", AWS SDKs and Tools Reference Guide, 2026-11). It knows no FIPS and no
// dual-stack endpoints.
func Endpoint(ctx context.Context, sdk aws.Config, service Service) (endpoint string, configured bool, err error) {
	_, all := os.LookupEnv("AWS_ENDPOINT_URL")
	_, own := os.LookupEnv("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service.ID, " ", "_")))
	if own || !all {
		if endpoint := ownEndpoint(ctx, sdk, service.ID); endpoint != "" {
			return endpoint, true, nil
		}
	}
	if endpoint := aws.ToString(sdk.BaseEndpoint); endpoint != "" {
		return endpoint, true, nil
	}
	suffix, err := Suffix(sdk.Region)
	if err != nil {
		return "", false, err
	}
	return "https://" + service.Name + "." + sdk.Region + "." + suffix, false, nil
}

// ownEndpoint is the endpoint that is configured for the service with this id.
func ownEndpoint(ctx context.Context, sdk aws.Config, id string) string {
	for _, source := range sdk.ConfigSources {
		if s, ok := source.(interface {
			GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
		}); ok {
			if ignore, found, err := s.GetIgnoreConfiguredEndpoints(ctx); err == nil && found && ignore {
				return ""
			}
		}
		if s, ok := source.(interface {
			GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
		}); ok {
			if endpoint, found, err := s.GetServiceBaseEndpoint(ctx, id); err == nil && found {
				return endpoint
			}
		}
	}
	return ""
}

// Suffix returns the domain under which a region's endpoints are, for the partitions
// aws, aws-us-gov, aws-cn and aws-eusc ("Service endpoints", AWS General Reference,
// 2026-11). An invalid name of a region is an error.
func Suffix(region string) (string, error) {
	odd := func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') }
	switch {
	case region == "" || strings.ContainsFunc(region, odd):
		return "", fmt.Errorf("invalid AWS region %q", region)
	case strings.HasPrefix(region, "cn-"):
		return "amazonaws.com.cn", nil
	case strings.HasPrefix(region, "eusc-"):
		return "amazonaws.eu", nil
	}
	return "amazonaws.com", nil
}
