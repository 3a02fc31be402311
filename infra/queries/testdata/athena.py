"""Runs the Athena queries in DuckDB. Reads one JSON request a line, writes one JSON answer a line.

{"table": NAME, "rows": [TEXT, ...]} makes a table of records, {"sql": TEXT} runs a query. What DuckDB lacks of Trino's
functions is defined here; ARRAY(JSON) is JSON[], and a path's
["a name"] is ."a name".
"""
import datetime
import json
import re
import sys

import duckdb

MACROS = """
SET TimeZone = 'UTC';
CREATE MACRO now() AS TIMESTAMP '2026-12-01 00:00:00';
CREATE MACRO json_extract_scalar(j, p) AS
  CASE WHEN json_type(j, p) IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL ELSE json_extract_string(j, p) END;
CREATE MACRO regexp_like(s, p) AS regexp_matches(s, p);
CREATE MACRO regexp_extract(s, p, g) AS
  CASE WHEN regexp_matches(s, p) THEN system.main.regexp_extract(s, p, g) END;
CREATE MACRO concat(a, b, c := '', d := '', e := '') AS a || b || c || d || e;
CREATE MACRO from_iso8601_timestamp(s) AS
  CASE WHEN s LIKE '____-__-__T%' THEN TRY_CAST(s AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END;
CREATE MACRO from_unixtime(s) AS make_timestamp(CAST(round(s * 1000000) AS BIGINT));
CREATE MACRO to_unixtime(t) AS epoch(t);
CREATE MACRO date_format(t, f) AS strftime(t, f);
"""


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + "%03d" % (value.microsecond // 1000)
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return "" if value is None else str(value)


def answer(db, request):
    if "table" in request:
        table = request["table"]
        db.execute(f"CREATE OR REPLACE TABLE {table} (event VARCHAR, org VARCHAR, dt VARCHAR, hour VARCHAR)")
        db.execute(
            f"INSERT INTO {table} SELECT unnest(?), 'example', strftime(current_date, '%Y-%m-%d'), '00'",
            [request["rows"]],
        )
        return {}
    sql = request["sql"].replace("ARRAY(JSON)", "JSON[]")
    found = db.execute(re.sub(r'\["([^"]+)"\]', r'."\1"', sql))
    return {"columns": [c[0] for c in found.description], "rows": [[plain(v) for v in r] for r in found.fetchall()]}


def main():
    db = duckdb.connect()
    for statement in MACROS.split(";\n"):
        db.execute(statement)
    for line in sys.stdin:
        try:
            reply = answer(db, json.loads(line))
        except Exception as fault:  # the test shows it beside the query
            reply = {"error": str(fault)}
        print(json.dumps(reply), flush=True)


main()
