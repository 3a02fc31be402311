// Package insights runs the part of the CloudWatch Logs Insights query language
// (Logs Insights QL) that this repository's saved queries use. For tests it runs
// them over records in memory; for the stack it writes them in other languages of
// AWS: [Query.SQL] for Athena, [Query.FilterPattern] for metric filters.
//
// # What it follows
//
// The Amazon CloudWatch Logs User Guide, as read on 2026-11-22:
//
//   - "Supported logs and discovered fields" (CWL_AnalyzeLogData-discoverable-fields):
//     nested JSON is named with dots, arrays flatten to target.0.id, at most 200
//     fields of a JSON log are extracted, a JSON text inside a string is one leaf.
//   - "CloudWatch Logs Insights language query syntax" and its pages on fields,
//     filter, parse, stats, sort, limit, dedup, display and unnest
//     (CWL_QuerySyntax-*): each rule that is held stands beside the code.
//   - "Boolean, comparison, numeric, datetime, and other functions"
//     (CWL_QuerySyntax-operations-functions).
//   - "Fields that contain special characters" (CWL_QuerySyntax-Guidelines): names
//     with other characters than letters, digits, @ and the period want backticks.
//     An underscore is taken bare, as in AWS's own examples on the pages of stats
//     (session_id), of functions (json_message.status_code) and of Container
//     Insights (kubernetes.container_name).
//
// # Strictness
//
// A command, function or operator that is not known here is an error, and so is
// what the guide forbids (a third stats, sort before the second stats, anything
// but limit after dedup, a field that stats did not hand on). Where the guide is
// silent there are two cases. What a query should not depend on is an error (order of
// strings, a negation of something missing). What it cannot avoid is a [Reading], and
// a query is good if it finds the same under every one of them.
package insights

import "strings"

// Event is one record of a log group.
type Event struct {
	Message   string
	Timestamp int64 // ms since 1970
	Ingested  int64 // ms since 1970
}

// Reading is one interpretation of what the user guide leaves open.
type Reading struct {
	// BooleansAsNumbers: JSON's true and false are discovered as 1 and 0, not as the words.
	BooleansAsNumbers bool
	// NullsPresent: a field with JSON's null as its value counts as present.
	NullsPresent bool
	// UnnestKeepsEmpty: unnest of a list that is missing, null or empty leaves one row without the
	// new field; otherwise it leaves none.
	UnnestKeepsEmpty bool
}

// Readings are all interpretations of what the guide leaves open.
func Readings() []Reading {
	var all []Reading
	for i := range 8 {
		all = append(all, Reading{i&1 != 0, i&2 != 0, i&4 != 0})
	}
	return all
}

// Row is one row of a result.
type Row struct {
	Columns []string // in the order of the query; a name more than once counts once
	Values  map[string]string
}

// Get returns the text of a column, "" if the row has none.
func (r Row) Get(column string) string { return r.Values[column] }

// Query is a parsed query.
type Query struct {
	commands []command
	names    names
}

// Fields are the fields of the records that the query reads, without @message and other fields that
// CloudWatch generates, each once, in order of appearance.
func (q *Query) Fields() []string { return q.names.fields }

// Paths are the paths in the whole record that the query reads with jsonParse and unnest, with []
// for each element of a list: "target[].type".
func (q *Query) Paths() []string { return q.names.paths }

// Aliases are the names that the query defines.
func (q *Query) Aliases() []string { return q.names.aliases }

// Equalities are the fields that a filter compares by = or in: a field index makes these
// comparisons faster ("Create field indexes to improve query performance").
func (q *Query) Equalities() []string { return q.names.equal }

// names are the names in a query.
type names struct {
	fields, paths, aliases, equal []string
}

func note(list *[]string, name string) {
	for _, n := range *list {
		if n == name {
			return
		}
	}
	*list = append(*list, name)
}

// rest is name below the alias: "type" of "target.type".
func rest(name, alias string) (string, bool) {
	if name == alias {
		return "", true
	}
	return strings.CutPrefix(name, alias+".")
}
