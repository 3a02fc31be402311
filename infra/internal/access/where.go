package access

import (
	"errors"
	"fmt"
	"strings"
)

func (w Where) check() error {
	var faults []error
	if !isAccount(w.Account) {
		faults = append(faults, fmt.Errorf("account %q: it is not twelve digits", w.Account))
	}
	if w.Region == "" {
		faults = append(faults, errors.New("the region is missing"))
	}
	if w.StackName == "" {
		faults = append(faults, errors.New("the stack name is missing"))
	}
	if w.Partition != "" && w.suffix() == "" {
		faults = append(faults, fmt.Errorf("partition %q: it is not aws, aws-cn or aws-us-gov", w.Partition))
	}
	return errors.Join(faults...)
}

func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// suffix is AWS::URLSuffix: "The suffix is typically amazonaws.com, but might
// differ by Region. For example, the suffix for the China (Beijing) Region is
// amazonaws.com.cn."
func (w Where) suffix() string {
	switch w.Partition {
	case "aws", "aws-us-gov":
		return "amazonaws.com"
	case "aws-cn":
		return "amazonaws.com.cn"
	default:
		return ""
	}
}

// pseudo is a pseudo parameter's value. AWS::NoValue is not among them: it is
// no value.
func (w Where) pseudo(name string) (string, bool) {
	switch name {
	case "AWS::AccountId":
		return w.Account, true
	case "AWS::Region":
		return w.Region, true
	case "AWS::Partition":
		return w.Partition, true
	case "AWS::StackName":
		return w.StackName, true
	case "AWS::StackId":
		uuid, _ := w.drawn("")
		return fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s", w.Partition, w.Region, w.Account, w.StackName,
			uuid), true
	case "AWS::URLSuffix":
		return w.suffix(), true
	default:
		return "", false
	}
}

// parameters gives each parameter of the template its default; nil where it has
// none that could be known, which is an error only where it is used: the default of
// a parameter of type AWS::SSM::Parameter::Value<…> is the name of what holds the
// value.
func parameters(section any) (map[string]any, error) {
	declared, ok := section.(map[string]any)
	if !ok && section != nil {
		return nil, errors.New("template: its Parameters are not an object")
	}
	values := map[string]any{}
	for name, value := range declared {
		body, _ := value.(map[string]any)
		kind, ok := body["Type"].(string)
		if !ok {
			return nil, fmt.Errorf("parameter %s: it has no Type", name)
		}
		text, set := scalar(body["Default"])
		switch {
		case !set, strings.HasPrefix(kind, "AWS::SSM::"):
			values[name] = nil
		case kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<"):
			list := []any{}
			for _, part := range strings.Split(text, ",") {
				list = append(list, strings.TrimSpace(part))
			}
			values[name] = list
		default:
			values[name] = text
		}
	}
	return values, nil
}
