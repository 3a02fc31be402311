package main

import "github.com/alecthomas/kong"

// helpTexts are the longer help texts, which the tags of the flags name.
var helpTexts = kong.Vars{
	"help_stack": "CloudFormation stack, with its pipelines, their queues and the role to use (default " +
		"oktastream).",
	"help_pipeline": "Only this pipeline of the stack: <stack>-<destination>, or the destination alone.",
	"help_queue":    "URL of a dead-letter queue, instead of --stack. May be given more than once.",
	"help_reason": "Only these reasons, or codes of EventBridge or Lambda; * stands for any characters. May be " +
		"given more than once, or with commas.",
	"help_uuid": "Only these uuids of events, or message ids; * stands for any characters.",
	"help_audit": "Append a JSON line for each chosen message to FILE. A run with the same FILE only deletes what " +
		"the lines say was sent.",
	"help_force": "Also what has been replayed three times and more, and what is in redrive without having come " +
		"from the buffer queue.",
	"help_id": "uuid of an event, or SQS's message id. Without it, --reason or another filter shows the first " +
		"match.",
	"help_files": "Files of events, - for stdin (also where no file is named). JSON lines, arrays, pretty-printed, " +
		"EventBridge envelopes, SQS batches, dead letters, any of it gzipped.",
	"help_dead_letters": "Append records that cannot be normalised to FILE, with the reason. Without it they are only " +
		"reported.",
	"help_include": "Only these event types; * stands for any characters. May be given more than once, or with " +
		"commas.",
}
