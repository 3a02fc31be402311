package insights

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// MaxFields is how many fields Insights extracts from a JSON log ("Supported logs
// and discovered fields", user guide, 2026-11).
const MaxFields = 200

// Field is a discovered field.
type Field struct {
	Name  string
	value value
}

// Leaves returns all leaves of a JSON record in order, with the names that Insights gives its
// fields. Insights discovers the first [MaxFields] of them.
func Leaves(message string, r Reading) []Field {
	w := walker{decoder: json.NewDecoder(strings.NewReader(message)), reading: r}
	w.decoder.UseNumber()
	if w.walk("") != nil {
		return nil // not JSON: only the fields that CloudWatch generates
	}
	if _, err := w.decoder.Token(); err != io.EOF {
		return nil
	}
	return w.fields
}

type walker struct {
	decoder *json.Decoder
	reading Reading
	fields  []Field
}

func (w *walker) walk(name string) (err error) {
	defer catch(&err)
	w.value(name)
	return nil
}

func (w *walker) token() json.Token {
	t, err := w.decoder.Token()
	if err != nil {
		fail("%w", err)
	}
	return t
}

// value walks through the next value, which has this name.
func (w *walker) value(name string) {
	t := w.token()
	d, ok := t.(json.Delim)
	if !ok {
		w.fields = append(w.fields, Field{name, scalar(t, w.reading)})
		return
	}
	for i := 0; w.decoder.More(); i++ {
		part := strconv.Itoa(i)
		if d == '{' {
			part = w.token().(string)
		}
		if name != "" {
			part = name + "." + part
		}
		w.value(part)
	}
	w.token()
}

// scalar is the value of a JSON text, number, boolean or null.
func scalar(t any, r Reading) value {
	switch t := t.(type) {
	case string:
		return textValue(t)
	case json.Number:
		n, err := t.Float64()
		if err != nil {
			return textValue(t.String())
		}
		return value{kind: number, number: n, text: t.String()}
	case bool:
		if r.BooleansAsNumbers {
			if t {
				return numberValue(1)
			}
			return numberValue(0)
		}
		return textValue(strconv.FormatBool(t))
	case nil:
		return value{kind: null}
	}
	return value{kind: structure, tree: t}
}

// jsonParse "returns a map or list when the input is a string representation of a JSON object or a
// JSON array", otherwise an empty value.
func jsonParse(s string) value {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) != nil {
		return value{}
	}
	switch tree.(type) {
	case map[string]any, []any:
		return value{kind: structure, tree: tree}
	}
	return value{}
}

// member returns the value at a path of dots below a structure.
func member(v value, path string, r Reading) value {
	for part := range strings.SplitSeq(path, ".") {
		if part == "" {
			return v
		}
		m, ok := v.tree.(map[string]any)
		if v.kind != structure || !ok {
			return value{}
		}
		inner, ok := m[part]
		if !ok {
			return value{}
		}
		v = scalar(inner, r)
	}
	return v
}
