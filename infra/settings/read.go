package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Group is the context key under which cdk.json can hold all settings.
const Group = "oktastream"

// Read reads settings from CDK context: flat keys, as -c writes them, and an
// object under the key "oktastream", as cdk.json writes them, in which
// {"datadog": {"format": "raw"}} and {"datadog.format": "raw"} are the same. A
// flat key beats the group, and one with a destination before it beats the plain.
//
// Keys with a colon, an @ or a slash are the CDK's own; any other that is no
// setting is a fault. What is read is checked as Check does, for a stack in region.
// The error names every fault at once, with its fix.
func Read(context map[string]any, region string) (Settings, error) {
	r := reader{settings: Default(), faulty: map[string]bool{}}
	values := map[string]any{}
	if group, ok := context[Group]; ok {
		object, ok := group.(map[string]any)
		if !ok {
			r.fault(Group, errors.New("it must be an object of settings"))
		}
		flatten(values, "", object)
	}
	for name, value := range context {
		if name == Group || strings.ContainsAny(name, ":@/") {
			continue
		}
		values[name] = value
	}
	r.all(values)
	for _, err := range r.settings.faults(region) {
		// What could not be read is reported already.
		if name, _, _ := strings.Cut(err.Error(), ":"); !r.faulty[name] {
			r.faults = append(r.faults, err)
		}
	}
	return r.settings, errors.Join(sorted(r.faults)...)
}

// sorted are the faults in the order of their names, so that the same faults are
// the same text.
func sorted(faults []error) []error {
	slices.SortStableFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

func flatten(values map[string]any, prefix string, object map[string]any) {
	for name, value := range object {
		if inner, ok := value.(map[string]any); ok {
			flatten(values, prefix+name+".", inner)
			continue
		}
		values[prefix+name] = value
	}
}

type reader struct {
	settings Settings
	faults   []error
	faulty   map[string]bool
}

func (r *reader) fault(name string, err error) {
	r.faulty[name] = true
	r.faults = append(r.faults, fmt.Errorf("%s: %w", name, err))
}

func (r *reader) all(values map[string]any) {
	for _, row := range table() {
		for _, d := range row.scopes() {
			name := row.Name
			value, ok := values[name]
			ok = ok && !row.Dotted
			if dotted := string(d) + "." + row.Name; d != "" {
				if own, has := values[dotted]; has {
					name, value, ok = dotted, own, true
				}
			}
			if !ok {
				continue
			}
			text, err := written(value)
			if err == nil {
				err = row.assign(&r.settings, d, text)
			}
			if err != nil {
				r.faultOnce(name, err)
			}
		}
	}
	for name := range values {
		if err := r.known(name); err != nil {
			r.fault(name, err)
		}
	}
}

// faultOnce is for a plain key that several destinations read.
func (r *reader) faultOnce(name string, err error) {
	text := name + ": " + err.Error()
	if !slices.ContainsFunc(r.faults, func(f error) bool { return f.Error() == text }) {
		r.fault(name, err)
	}
}

// known is an error where no setting has this name, or the destination before it
// does not have it or is not among the stack's.
func (r *reader) known(name string) error {
	scope, plain, dotted := strings.Cut(name, ".")
	if !dotted {
		scope, plain = "", name
	}
	rows := table()
	if slices.ContainsFunc(rows, func(row setting) bool { return row.Name == name && len(row.Of) == 0 }) {
		return nil // with a dot in its own name
	}
	at := slices.IndexFunc(rows, func(row setting) bool {
		return row.Name == plain && (scope == "" || slices.Contains(row.Of, Destination(scope)))
	})
	if at < 0 {
		at = slices.IndexFunc(rows, func(row setting) bool { return row.Name == plain })
	}
	if plain == "body" {
		return errors.New("this setting is gone: the text template that body=template made loses the quotes in lists; " +
			"leave it out")
	}
	if at < 0 {
		return errors.New("there is no such setting" + nearest(plain, rows))
	}
	row := &rows[at]
	switch {
	case scope != "" && !slices.Contains(row.Of, Destination(scope)):
		return fmt.Errorf("%s has no such setting; %s", scope, row.whose())
	case r.faulty[name] || r.faulty["destination"]: // reported already
	case scope != "" && !r.settings.Has(Destination(scope)):
		return fmt.Errorf("%s is not among the destinations; leave it out or add the destination", scope)
	case scope == "" && len(row.Of) > 0 && !slices.ContainsFunc(row.Of, r.settings.Has):
		return fmt.Errorf("%s, not among the destinations; leave it out or add the destination", row.whose())
	}
	return nil
}

func (row *setting) whose() string {
	if len(row.Of) == 0 {
		return "it is the stack's: write " + row.Name
	}
	return "it is a setting of " + strings.Join(names(row.Of), " and ")
}

func nearest(name string, rows []setting) string {
	best, least := "", 4
	for _, row := range rows {
		if d := distance(strings.ToLower(name), strings.ToLower(row.Name)); d < least {
			best, least = row.Name, d
		}
	}
	if best == "" {
		return "; infra/README.md has the table of settings"
	}
	return "; did you mean " + best + "?"
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// written is a context value as -c would write it.
func written(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case json.Number:
		return v.String(), nil
	case int:
		return strconv.Itoa(v), nil
	case []any:
		var parts []string
		for _, element := range v {
			text, err := written(element)
			if err != nil {
				return "", err
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, ","), nil
	}
	return "", errors.New("unsupported value: write a string, a number or a list of them")
}

// assign puts a value into the settings. What is wrong with it is an error that
// says what it must be.
func (row *setting) assign(s *Settings, d Destination, text string) error {
	check := row.check
	if check == nil {
		check = func(string) error { return nil }
	}
	switch field := row.bind(s, d).(type) {
	case *string:
		if err := check(text); err != nil {
			return fmt.Errorf("%w, not %q", err, text)
		}
		*field = text
	case *int:
		n, err := strconv.Atoi(text)
		switch {
		case err != nil:
			return fmt.Errorf("it must be a whole number, not %q", text)
		case row.days != nil && !slices.Contains(row.days, n):
			return fmt.Errorf("it must be one of %s, not %d", numbers(row.days), n)
		case row.days == nil && (n < row.low || n > row.high):
			return fmt.Errorf("it must be a number from %d to %d, not %d", row.low, row.high, n)
		}
		*field = n
	case *bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("it must be true or false, not %q", text)
		}
		*field = text == "true"
	case *[]string:
		list, err := elements(text, check)
		*field = list
		return err
	case *[]Destination:
		list, err := elements(text, check)
		*field = nil
		for _, name := range list {
			*field = append(*field, Destination(name))
		}
		return err
	default:
		return fmt.Errorf("a setting of type %T cannot be read", field)
	}
	return nil
}

// elements are the good parts between commas, each once, and what is wrong with
// the others.
func elements(text string, check func(string) error) ([]string, error) {
	var list []string
	var faults []error
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if err := check(part); err != nil {
			faults = append(faults, fmt.Errorf("%w, not %q", err, part))
			continue
		}
		if !slices.Contains(list, part) {
			list = append(list, part)
		}
	}
	return list, errors.Join(faults...)
}
