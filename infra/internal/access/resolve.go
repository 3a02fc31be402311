package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxText bounds a resolved text: a template is at most 1 MB (CloudFormation
// quotas, "Template body size in an Amazon S3 object"), so a longer text is not
// a template's but one that doubles itself from name to name.
const maxText = 1 << 20

// removed is what Ref AWS::NoValue resolves to: its property or element goes.
type removed struct{}

// Resolve returns a value of the template with its intrinsic functions made
// concrete. It knows Ref, Fn::GetAtt, Fn::Join and Fn::Sub; any
// other is an error, and so are a logical id, attribute or type
// that is not known. AWS::NoValue resolves to nil, or to nothing inside a list
// or object. Dynamic references ({{resolve:…}}) stay as they are. The value
// given is not changed.
//
// Names are the resource's own where it has one, else <StackName>-<LogicalID>;
// the UUIDs and suffixes that AWS draws are made from the same two, so that they
// are the same in every run.
func (a *Account) Resolve(value any) (any, error) {
	resolved, err := resolver{a, map[string]bool{}}.value(value)
	if _, gone := resolved.(removed); gone {
		return nil, err
	}
	return resolved, err
}

type resolver struct {
	account  *Account
	visiting map[string]bool // resources whose name is being made
}

func (r resolver) value(value any) (any, error) {
	switch v := value.(type) {
	case []any:
		list := make([]any, 0, len(v))
		for _, element := range v {
			resolved, err := r.value(element)
			if err != nil {
				return nil, err
			}
			if _, gone := resolved.(removed); !gone {
				list = append(list, resolved)
			}
		}
		return list, nil
	case map[string]any:
		for key, argument := range v {
			if key != "Ref" && !strings.HasPrefix(key, "Fn::") {
				continue
			}
			if len(v) != 1 {
				return nil, fmt.Errorf("%s stands beside other keys", key)
			}
			resolved, err := r.function(key, argument)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			return resolved, nil
		}
		object := make(map[string]any, len(v))
		for key, element := range v {
			resolved, err := r.value(element)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			if _, gone := resolved.(removed); !gone {
				object[key] = resolved
			}
		}
		return object, nil
	default:
		return value, nil
	}
}

func (r resolver) function(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		id, ok := argument.(string)
		if !ok {
			return nil, errors.New("its argument is not a text")
		}
		return r.ref(id)
	case "Fn::GetAtt":
		return r.getAtt(argument)
	case "Fn::Sub":
		return r.sub(argument)
	case "Fn::Join":
		pair, ok := argument.([]any)
		if !ok || len(pair) != 2 {
			return nil, errors.New("its argument is not a list of two")
		}
		separator, ok := pair[0].(string)
		if !ok {
			return nil, errors.New("its delimiter is not a text")
		}
		second, err := r.value(pair[1])
		if err != nil {
			return nil, err
		}
		return join(separator, second)
	default:
		return nil, errors.New("this intrinsic function is not evaluated")
	}
}

func join(separator string, value any) (any, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errors.New("what it joins is not a list")
	}
	var text strings.Builder
	for i, element := range list {
		part, ok := scalar(element)
		if !ok {
			return nil, fmt.Errorf("element %d is not a text", i)
		}
		if i > 0 {
			text.WriteString(separator)
		}
		text.WriteString(part)
		if text.Len() > maxText {
			return nil, errors.New("the text passes 1 MiB")
		}
	}
	return text.String(), nil
}

func (r resolver) getAtt(argument any) (any, error) {
	if text, ok := argument.(string); ok {
		id, attribute, _ := strings.Cut(text, ".")
		argument = []any{id, attribute}
	}
	pair, _ := argument.([]any)
	if len(pair) != 2 {
		return nil, errors.New("its argument is not a logical id and an attribute")
	}
	id, idOK := pair[0].(string)
	attribute, attributeOK := pair[1].(string)
	if !idOK || !attributeOK {
		return nil, errors.New("its argument is not a logical id and an attribute")
	}
	named := r.identify(id)
	if named.err != nil {
		return nil, named.err
	}
	value, ok := named.attributes[attribute]
	if !ok {
		return nil, fmt.Errorf("resource %s: attribute %s of a %s is not known", id, attribute, r.account.resources[id].kind)
	}
	return value, nil
}

func (r resolver) ref(id string) (any, error) {
	if id == "AWS::NoValue" {
		return removed{}, nil
	}
	if value, ok := r.account.where.pseudo(id); ok {
		return value, nil
	}
	if value, ok := r.account.parameters[id]; ok {
		if value == nil {
			return nil, fmt.Errorf("parameter %s: it has no default that is its value", id)
		}
		return value, nil
	}
	named := r.identify(id)
	if named.err == nil && named.ref == "" {
		return nil, fmt.Errorf("resource %s: what Ref gives for a %s is not known", id, r.account.resources[id].kind)
	}
	return named.ref, named.err
}

func (r resolver) sub(argument any) (any, error) {
	local := map[string]any{}
	if pair, ok := argument.([]any); ok && len(pair) == 2 {
		if local, ok = pair[1].(map[string]any); !ok {
			return nil, errors.New("its second argument is not an object")
		}
		argument = pair[0]
	}
	rest, ok := argument.(string)
	if !ok {
		return nil, errors.New("its argument is not a text")
	}
	var text strings.Builder
	for {
		before, after, found := strings.Cut(rest, "${")
		text.WriteString(before)
		if !found {
			return text.String(), nil
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed {
			return nil, errors.New("a ${ is not closed")
		}
		rest = after
		// "To write a dollar sign and curly braces (${}) literally, add an
		// exclamation point (!) after the open curly brace" (Fn::Sub).
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			text.WriteString("${" + literal + "}")
			continue
		}
		part, err := r.variable(name, local)
		if err != nil {
			return nil, fmt.Errorf("${%s}: %w", name, err)
		}
		text.WriteString(part)
		if text.Len() > maxText {
			return nil, errors.New("the text passes 1 MiB")
		}
	}
}

func (r resolver) variable(name string, local map[string]any) (string, error) {
	var value any
	var err error
	if given, ok := local[name]; ok {
		value, err = r.value(given)
	} else if strings.Contains(name, ".") {
		value, err = r.getAtt(name)
	} else {
		value, err = r.ref(name)
	}
	if err != nil {
		return "", err
	}
	text, ok := scalar(value)
	if !ok {
		return "", errors.New("its value is not a text")
	}
	return text, nil
}

// scalar is the text that CloudFormation makes of a text, number or boolean.
func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int:
		return strconv.Itoa(v), true
	default:
		return "", false
	}
}
