package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// helpTexts are the longer help texts, by the names that are in the tags of the flags. They are not
// variables of kong, because kong expands all variables again for each flag, which took half of the
// start time.
var helpTexts = map[string]string{
	"help_stack": "CloudFormation stack, with its pipelines, their queues and the role to use (default " +
		"oktastream).",
	"help_pipeline": "Only this pipeline of the stack: <stack>-<destination>, or the destination alone.",
	"help_queue":    "URL of a dead-letter queue, instead of --stack. May be given more than once.",
	"help_reason": "Only these reasons, or codes of EventBridge or Lambda; * matches any characters. May be " +
		"given more than once, or with commas.",
	"help_uuid": "Only these uuids of events, or message ids; * matches any characters.",
	"help_audit": "Append a JSON line for each chosen message to FILE. A run with the same FILE only deletes what " +
		"the lines say was sent.",
	"help_force": "Also messages that were replayed three times or more, and messages in redrive that did not come " +
		"from the buffer queue.",
	"help_id": "uuid of an event, or SQS's message id. Without it, --reason or another filter shows the first " +
		"match.",
	"help_files": "Files of events, - for stdin (also where no file is named). JSON lines, arrays, pretty-printed, " +
		"EventBridge envelopes, SQS batches, dead letters, output of aws logs and aws sqs, event hooks, exports of " +
		"Splunk, Elastic and Datadog; gzip and zstd. Copies are recognised within 1,000 records.",
	"help_format":      "ocsf, datadog or raw (default ocsf; where records go to a terminal, a table).",
	"help_endpoint":    "URL of splunk, elastic, opensearch or datadog: the base URL or the full one.",
	"help_secret_file": "File with the destination's token or key; with --auth basic user:password.",
	"help_ca":          "PEM file with the certificates of a private CA, which then are the only ones.",
	"help_to": "Where records go: - for stdout (default), a destination (cloudwatch, splunk, elastic, opensearch, " +
		"datadog, archive), or a directory, for FORMAT-00001.jsonl and so on. A directory named like a destination is " +
		"./NAME.",
	"help_auth": "Elastic: apiKey (default) or basic. OpenSearch: es (default), aoss or basic.",
	"help_give_up_after": "How long a destination may accept nothing before the run gives up (default 2m). What " +
		"was not sent is kept in a file.",
	"help_dead_letters": "Append records that cannot be normalised to FILE, with the reason. Without it they are only " +
		"reported.",
	"help_notes": "Append a line of JSON to FILE for each event that was delivered and has an unknown type, or the " +
		"uuid of another event.",
	"help_token_file": "File with an Okta API token (SSWS). Or set OKTA_API_TOKEN.",
	"help_key_file":   "File with the private key of an Okta service app, PEM or JWK; with --client-id.",
	"help_secret": "Secret in AWS Secrets Manager, name or ARN: an API token, or JSON with token, or with client_id and " +
		"private_key.",
	"help_okta_rate": "Share of the org's rate limit that is used at most (default 50%).",
	"help_backfill_since": "Beginning of the window, by published: 2026-11-22, 2026-11-22T10:00:00Z, or an age such as " +
		"6h or 3d. Okta keeps events for 90 days.",
	"help_state":       "Record in FILE what was sent. The same command continues from there.",
	"help_backfill_to": "Instead of a stack: -, a destination or a directory, as for run.",
	"help_backfill_dead_letters": "With --to: append events that cannot be normalised, or that the destination refuses, " +
		"to FILE.",
	"help_include": "Only these event types; * matches any characters. May be given more than once, or with " +
		"commas.",
	"help_reconcile_since": "Compare the events published since then: 2026-11-22, 2026-11-22T10:00 (UTC), or an age " +
		"such as 3d.",
	"help_reconcile_until": "… and before then (default now).",
	"help_reconcile_against": "Where the events are: cloudwatch, the log group of the stack; archive, its bucket, or " +
		"--bucket, or --dir; elastic or opensearch; or a file, and more files as arguments: ocsf, datadog, raw, " +
		"envelopes, gzip and zstd.",
	"help_reconcile_org": "Archive: the Okta org, as in its keys (default: of the stack, or of --org-url).",
	"help_reconcile_fill": "Send the missing events to the pipeline's buffer queue, wait until they are processed, and " +
		"compare again.",
	"help_reconcile_wait": "With --fill: how long to wait until the buffer queue is empty, and again until the records " +
		"can be read (default 15m).",
	"help_doctor_watch": "Look again every 20 s until nothing is broken, as after a deployment.",
	"help_doctor_since_now": "With --watch: follow the next event through every hop, with times. Says what to click in " +
		"Okta to make one.",
	"help_bucket":      "S3 bucket of the archive.",
	"help_dir":         "Directory of the archive, instead of --bucket.",
	"help_archive_org": "Okta org in the archive, as in its keys; needed if the archive has several.",
	"help_digest_since": "Make the digests of the hours since then, by published, whole hours: 2026-11-22, " +
		"2026-11-22T10:00 (UTC), or an age such as 3d.",
	"help_digest_until": "… and before then (default: all settled hours, which ended 24 hours ago).",
	"help_sign_key":     "Sign with this asymmetric key of AWS KMS, ECC_NIST_P256 or RSA.",
	"help_verify_since": "Read the objects of the hours since then; each must have a digest (default: from the first " +
		"hour that has one). The whole chain is always checked.",
	"help_verify_until": "… and before then (default: up to the last hour that has a digest).",
	"help_public_key":   "PEM file with the public key of the signatures; not a copy from the archive.",
	"help_head": "SHA-256 of an earlier head, as digest prints it: it must be in the chain, which proves that nothing " +
		"before it was removed or changed.",
	"help_reconcile_html": "Write a page for an auditor to FILE: what was read, when, by whom, each hour; no event.",
}

// expandHelp puts the help texts and the details into a model.
func expandHelp(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		switch node := node.(type) {
		case *kong.Value:
			node.Help = cmp.Or(helpTexts[node.Help], node.Help)
		case *kong.Command:
			node.Detail = details[strings.TrimPrefix(node.FullPath(), k.Model.Name+" ")]
		}
		return next(nil)
	})
}

// The exit codes at the end of each command's --help. lambda/cmd/oktastream/README.md has the
// table.
const (
	runExitCodes = "\n\nExit codes: 0 done; 1 a record was bad or was not sent, or a file could not be read; " +
		"2 wrong options; " +
		"130 interrupted."
	reconcileExitCodes = "\n\nExit codes: 0 nothing is missing, and every hour is settled; 1 events are missing, the " +
		"uuids do not agree, or something could not be read to its end; 2 wrong options; 3 nothing is missing, but an " +
		"hour is provisional or events are in a dead-letter queue; 130 interrupted."
	doctorExitCodes = "\n\nExit codes: 0 all links are ok; 1 a link is broken, or the stack could not be read; " +
		"2 wrong options; 3 no checked link is broken, but something was not checked; 130 interrupted."
	digestExitCodes = "\n\nExit codes: 0 done; 1 something could not be read or written; 2 wrong options; 3 a requested " +
		"hour is not settled; 130 interrupted."
	verifyExitCodes = "\n\nExit codes: 0 nothing is broken; 1 something is broken; 2 wrong options; 3 nothing is broken " +
		"in what could be read, and not everything could be read; 130 interrupted."
	dlqExitCodes = "\n\nExit codes: 0 done, or a dry run; 1 something is left, a filter matches nothing, a queue " +
		"was not read to its end, or a call failed; 2 wrong options; 130 interrupted."
	fillExitCodes = "\n\nExit codes: 0 everything was sent, or a dry run; 1 something was not sent, or a call failed; " +
		"2 wrong options; 130 interrupted."
)

// details are what --help of each command shows between the command and its options.
var details = map[string]string{
	"run": `Records go to stdout, the ledger to stderr.

Examples:

    oktastream run --sample
    oktastream run --format datadog events.jsonl.gz >logs.jsonl
    oktastream run --include 'user.session.*' --dead-letters bad.jsonl *.json
    oktastream run --json - <events.jsonl
    oktastream run --to cloudwatch --log-group /okta events.jsonl
    oktastream run --to archive --bucket okta-archive --org ORG events.jsonl
    oktastream run --to splunk --endpoint https://HOST:8088 \
        --secret-file token events.jsonl` + runExitCodes,

	"explain": `Examples:

    oktastream explain user.session.start
    oktastream explain 'user.mfa.*'
    oktastream explain --fields event.json
    oktastream explain --fields --format datadog - <event.json` + runExitCodes,

	"reconcile": `Events are told apart by uuid, and counted for each hour in which Okta published
them.

Examples, with URL=https://ORG.okta.com and an API token in OKTA_API_TOKEN:

    oktastream reconcile --org-url $URL --since 3d --against cloudwatch
    oktastream reconcile --org-url $URL --since 3d --against cloudwatch --fill
    oktastream reconcile --org-url $URL --since 7d --against events.jsonl.gz` + reconcileExitCodes,

	"doctor": `Looks at every link in the order in which an event travels, and says of each
whether it works, what was seen, and the next step. It changes nothing, and uses
the current credentials or --role, not the stack's replay role.

Examples, with URL=https://ORG.okta.com:

    oktastream doctor
    oktastream doctor --stack oktastream --org-url $URL --token-file token
    oktastream doctor --watch` + doctorExitCodes,

	"dlq list": `Examples:

    oktastream dlq list
    oktastream dlq list --stack oktastream --reason not_json --json` + dlqExitCodes,

	"dlq show": `Examples:

    oktastream dlq show --reason not_json
    oktastream dlq show --reason not_okta --body | oktastream explain -` + dlqExitCodes,

	"dlq replay": `Examples:

    oktastream dlq replay --reason refused
    oktastream dlq replay --reason refused --audit replay.jsonl --yes` + dlqExitCodes,

	"backfill": `Reads the events of a window from Okta's System Log API and sends them to a
pipeline of a stack, or where --to says. Without --yes it only reports how many
there are, how long it takes and what it costs.

Examples, with URL=https://ORG.okta.com and an API token in OKTA_API_TOKEN:

    oktastream backfill --org-url $URL --since 3d
    oktastream backfill --org-url $URL --since 2026-11-22T10:00 \
        --until 2026-11-22T16:00 --state fill.json --yes
    oktastream backfill --org-url $URL --since 90d --to events
    oktastream backfill --org-url $URL --since 6h --to - --format raw` + fillExitCodes,

	"digest": `A digest names the objects of an hour with their SHA-256, the number of events, and
the digest before it. An hour gets its first digest 24 hours after it has ended, and
another for objects that come later. Nothing is ever overwritten.

Examples:

    oktastream digest --bucket NAME --since 2026-11-22
    oktastream digest --dir archive --since 30d` + digestExitCodes,

	"verify": `Reads all digests of an org, and the objects that they name, and says which digest,
hour or object is missing or was changed. It writes nothing.

Examples:

    oktastream verify --bucket NAME --public-key key.pem
    oktastream verify --dir archive --until now
    oktastream verify --bucket NAME --since 7d --head HASH` + verifyExitCodes,

	"completion": `Examples:

    source <(oktastream completion bash)
    source <(oktastream completion zsh)
    oktastream completion fish | source`,
}

// helpCommand shows the help of a command, as --help after it does.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command, such as run or dlq list."`
}

func (h *helpCommand) Run(ctx context.Context, c console) error {
	return quiet(run(ctx, append(slices.Clone(h.Command), "--help"), c))
}
