package access

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// maxText bounds a resolved text. A template is at most 1 MB (CloudFormation quotas, "Template body
// size in an Amazon S3 object"), so a longer text comes from references that double it again and
// again.
const maxText = 1 << 20

// Resolve returns a value of the template with its intrinsic functions evaluated. It knows Ref,
// Fn::GetAtt, Fn::Join and Fn::Sub with one argument; any other is an error, and so are
// AWS::NoValue, a parameter, and a logical id, attribute or type that is not known. Dynamic
// references ({{resolve:…}}) are not changed, nor is the given value.
//
// A resource without an explicit name is called <StackName>-<LogicalID>. The UUIDs and suffixes
// that AWS chooses are computed from the same two, so that they are the same in every run.
func (a *Account) Resolve(value any) (resolved any, err error) {
	err = attempt(func() { resolved = resolver{a, map[string]bool{}}.value(value) })
	return resolved, err
}

type resolver struct {
	account  *Account
	visiting map[string]bool // resources whose name is being made
}

func (r resolver) value(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = r.value(element)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, element := range v {
			if key != "Ref" && !strings.HasPrefix(key, "Fn::") {
				object[key] = r.member(key, element)
				continue
			}
			if len(v) != 1 {
				fail("%s is not the only key", key)
			}
			return r.function(key, element)
		}
		return object
	}
	return value
}

func (r resolver) member(key string, value any) any {
	defer within("%s", key)
	return r.value(value)
}

func (r resolver) function(name string, argument any) any {
	defer within("%s", name)
	switch name {
	case "Ref":
		return r.ref(text(argument))
	case "Fn::GetAtt":
		return r.getAtt(argument)
	case "Fn::Sub":
		return r.sub(text(argument))
	case "Fn::Join":
		pair, _ := argument.([]any)
		if len(pair) != 2 {
			fail("its argument is not a list of two")
		}
		separator, isText := pair[0].(string)
		list, isList := r.value(pair[1]).([]any)
		if !isText || !isList {
			fail("its argument is not a text and a list")
		}
		parts := make([]string, len(list))
		for i, element := range list {
			var ok bool
			if parts[i], ok = scalar(element); !ok {
				fail("element %d is not a text", i)
			}
		}
		return bounded(strings.Join(parts, separator))
	}
	fail("this intrinsic function is not evaluated")
	return nil
}

func bounded(text string) string {
	if len(text) > maxText {
		fail("the text passes 1 MiB")
	}
	return text
}

func (r resolver) getAtt(argument any) string {
	if text, ok := argument.(string); ok {
		id, attribute, _ := strings.Cut(text, ".")
		argument = []any{id, attribute}
	}
	pair, _ := argument.([]any)
	if len(pair) != 2 {
		fail("its argument is not a logical id and an attribute")
	}
	id, attribute := text(pair[0]), text(pair[1])
	value, ok := r.named(id).attributes[attribute]
	if !ok {
		fail("resource %s: attribute %s of a %s is not known", id, attribute, r.account.resources[id].kind)
	}
	return value
}

func (r resolver) ref(id string) string {
	switch id { // pseudo parameters
	case "AWS::AccountId":
		return r.account.where.Account
	case "AWS::Region":
		return r.account.where.Region
	case "AWS::Partition":
		return "aws"
	case "AWS::StackName":
		return r.account.where.StackName
	case "AWS::URLSuffix":
		return "amazonaws.com"
	}
	return r.named(id).ref
}

func (r resolver) sub(rest string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		if !found {
			return bounded(out.String())
		}
		name, after, closed := strings.Cut(after, "}")
		switch {
		case !closed:
			fail("a ${ is not closed")
		case strings.Contains(name, "."):
			out.WriteString(r.getAtt(name))
		default:
			out.WriteString(r.ref(name))
		}
		rest = after
	}
}

// scalar returns the text that CloudFormation makes from a text, number or boolean.
func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string, bool, json.Number, int:
		return fmt.Sprint(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}
