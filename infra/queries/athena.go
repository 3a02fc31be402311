package queries

import (
	"fmt"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// NamedQuery is one query for Athena. Limits of AWS::Athena::NamedQuery (AWS CloudFormation template reference,
// 2026-11): Name 128 characters, Description 1,024, SQL 262,144 bytes.
type NamedQuery struct {
	Name        string // the name of the [Query], without prefix
	Description string // the question that it answers
	SQL         string // in the SQL of Athena engine version 3
}

// Athena returns the queries of [All] for the archive. The table has a column event, which holds a record of the shape
// (Envelope or OCSF), and a column dt, its day as YYYY-MM-DD, by which it is partitioned. table is the table's name as
// it stands after FROM. The texts are those of Logs Insights, in SQL: what a query finds is written once.
//
// Each query reads the days that [Query.Days] names, at most; a responder changes the number.
func Athena(s Shape, table string) ([]NamedQuery, error) {
	var all []NamedQuery
	for _, q := range All() {
		sql, err := q.sql(s, table, q.Text(s))
		if err != nil {
			return nil, err
		}
		all = append(all, NamedQuery{q.Name, q.Question, sql})
	}
	return all, nil
}

// sql returns the text of q in SQL, with the same comments on top.
func (q Query) sql(s Shape, table, text string) (string, error) {
	parsed, err := insights.Parse(text)
	if err != nil {
		return "", fmt.Errorf("reading the query %s for %s: %w", q.Name, s, err)
	}
	src := source(s)
	src.Table = table
	src.Where = fmt.Sprintf("dt >= date_format(current_date - interval '%d' day, '%%Y-%%m-%%d')", q.Days())
	sql, err := parsed.SQL(src)
	if err != nil {
		return "", fmt.Errorf("writing the query %s in SQL for %s: %w", q.Name, s, err)
	}
	return q.comments("-- ") + sql, nil
}

// source says where a record has its times. Okta's published is ISO 8601, with a space instead of the T in some events;
// where it is not, EventBridge's own time is used.
func source(s Shape) insights.Source {
	if s == OCSF {
		return insights.Source{
			Time: "from_unixtime(CAST(json_extract_scalar(event, '$.time') AS double) / 1000)",
			Ingested: "from_unixtime(CAST(json_extract_scalar(event, '$.metadata.loggers[0].logged_time') AS double)" +
				" / 1000)",
		}
	}
	const written = "from_iso8601_timestamp(json_extract_scalar(event, '$.time'))"
	return insights.Source{
		Time: "coalesce(try(from_iso8601_timestamp(replace(json_extract_scalar(event, '$.detail.published'), ' ', 'T'))),\n" +
			"      " + written + ")",
		Ingested: written,
	}
}
