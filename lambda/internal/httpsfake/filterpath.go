package httpsfake

import (
	"encoding/json"
	"strings"
)

// filter keeps of value what one of paths names, as filter_path does: a path is
// keys joined by dots, * is any key, and an array is passed through.
func filter(value any, paths []string) any {
	text, err := json.Marshal(value)
	if err != nil {
		return value
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return value
	}
	split := make([][]string, len(paths))
	for i, p := range paths {
		split[i] = strings.Split(p, ".")
	}
	kept, ok := keep(tree, split)
	if !ok {
		return map[string]any{}
	}
	return kept
}

// keep returns what of value is named by one of paths, and whether anything is.
func keep(value any, paths [][]string) (any, bool) {
	switch v := value.(type) {
	case []any:
		var kept []any
		for _, element := range v {
			if k, ok := keep(element, paths); ok {
				kept = append(kept, k)
			}
		}
		return kept, len(kept) > 0
	case map[string]any:
		kept := map[string]any{}
		for key, child := range v {
			var rest [][]string
			whole := false
			for _, p := range paths {
				if p[0] == "*" || p[0] == key {
					whole = whole || len(p) == 1
					if len(p) > 1 {
						rest = append(rest, p[1:])
					}
				}
			}
			if whole {
				kept[key] = child
			} else if k, ok := keep(child, rest); ok && len(rest) > 0 {
				kept[key] = k
			}
		}
		return kept, len(kept) > 0
	}
	return nil, false
}
