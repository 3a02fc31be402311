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

// Read reads settings from CDK context: flat keys, as -c writes them, and an object under the key "oktastream", as
// cdk.json writes them, in which {"datadog": {"format": "raw"}} and {"datadog.format": "raw"} are the same. A flat key
// beats the group, and one with a destination before it beats the plain one.
//
// Keys with a colon, an @ or a slash are the CDK's own; any other key that is not a setting is a fault. What is read is
// checked as Check does, for a stack in region. The error names every fault at once, with its fix.
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
		if name != Group && !strings.ContainsAny(name, ":@/") {
			values[name] = value
		}
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

// sorted sorts faults by name, so that the same faults are the same text, and leaves out what a plain key says twice,
// which several destinations read.
func sorted(faults []error) []error {
	slices.SortStableFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return slices.CompactFunc(faults, func(a, b error) bool { return a.Error() == b.Error() })
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
			name := row.name
			value, ok := values[name]
			ok = ok && !row.dotted
			if own, has := values[string(d)+"."+row.name]; d != "" && has {
				name, value, ok = string(d)+"."+row.name, own, true
			}
			if !ok {
				continue
			}
			text, err := written(value)
			if err == nil {
				err = row.assign(&r.settings, d, text)
			}
			if err != nil {
				r.fault(name, err)
			}
		}
	}
	for name := range values {
		if err := r.known(name); err != nil {
			r.fault(name, err)
		}
	}
}

// known returns an error where no setting has this name, or the destination before it does not have it or is not among
// the stack's.
func (r *reader) known(name string) error {
	scope, plain, dotted := strings.Cut(name, ".")
	if !dotted {
		scope, plain = "", name
	}
	rows := table()
	find := func(is func(setting) bool) int { return slices.IndexFunc(rows, is) }
	if find(func(row setting) bool { return row.name == name && row.each == nil }) >= 0 {
		return nil // with a dot in its own name
	}
	at := find(func(row setting) bool {
		return row.name == plain && (scope == "" || slices.Contains(row.scopes(), Destination(scope)))
	})
	if at < 0 {
		at = find(func(row setting) bool { return row.name == plain })
	}
	if at < 0 {
		return errors.New("there is no such setting" + nearest(plain, rows))
	}
	row := &rows[at]
	of, whose := row.scopes(), "it is the stack's: write "+row.name
	if row.each != nil {
		whose = "it is a setting of " + strings.Join(names(of), " and ")
	}
	switch {
	case scope != "" && !slices.Contains(of, Destination(scope)):
		return fmt.Errorf("%s has no such setting; %s", scope, whose)
	case r.faulty[name] || r.faulty["destination"]: // reported already
	case scope != "" && !r.settings.Has(Destination(scope)):
		return fmt.Errorf("%s is not among the destinations; leave it out or add the destination", scope)
	case scope == "" && row.each != nil && !slices.ContainsFunc(of, r.settings.Has):
		return fmt.Errorf("%s, not among the destinations; leave it out or add the destination", whose)
	}
	return nil
}

func nearest(name string, rows []setting) string {
	best, least := "", 4
	for _, row := range rows {
		if d := distance(strings.ToLower(name), strings.ToLower(row.name)); d < least {
			best, least = row.name, d
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

// written returns a context value as -c would write it.
func written(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case bool, json.Number, int:
		return fmt.Sprint(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
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

// textOf returns a setting's value as -c would write it.
func textOf(field any) string {
	switch field := field.(type) {
	case *string:
		return *field
	case *int:
		return fmt.Sprint(*field)
	case *bool:
		return fmt.Sprint(*field)
	case *[]Destination:
		return strings.Join(names(*field), ",")
	case *[]string:
		return strings.Join(*field, ",")
	}
	return ""
}

// assign puts a value into the settings. The error says what the value must be.
func (row *setting) assign(s *Settings, d Destination, text string) error {
	switch field := row.bind(s, d).(type) {
	case *string:
		if err := row.fault(text); err != nil {
			return err
		}
		*field = text
	case *int:
		n, err := strconv.Atoi(text)
		switch {
		case err != nil:
			return fmt.Errorf("it must be a whole number, not %q", text)
		case row.numbers != nil && !slices.Contains(row.numbers, n):
			list := strings.ReplaceAll(strings.Trim(fmt.Sprint(row.numbers), "[]"), " ", ", ")
			return fmt.Errorf("it must be one of %s, not %d", list, n)
		case row.numbers == nil && (n < row.low || n > row.high):
			return fmt.Errorf("it must be a number from %d to %d, not %d", row.low, row.high, n)
		}
		*field = n
	case *bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("it must be true or false, not %q", text)
		}
		*field = text == "true"
	case *[]string:
		list, err := row.elements(text)
		*field = list
		return err
	case *[]Destination:
		list, err := row.elements(text)
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

// elements returns the valid parts between commas, each once, and what is wrong with the others.
func (row *setting) elements(text string) ([]string, error) {
	var list []string
	var faults []error
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" || slices.Contains(list, part) {
			continue
		}
		if err := row.fault(part); err != nil {
			faults = append(faults, err)
			continue
		}
		list = append(list, part)
	}
	return list, errors.Join(faults...)
}
