package awsfake_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// jsonText is like an event: about n bytes with a quotation mark in every eight.
func jsonText(n int) string {
	s := "{"
	for len(s) < n {
		s += `"key":"value01",`
	}
	return s[:n-1] + "}"
}

func BenchmarkPutLogEvents300Of2kB(b *testing.B) {
	c := awsfake.New(b, awsfake.Options{Discard: true})
	c.AddLogGroup("g", 0)
	client := logsClient(c)
	_, err := client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	check(b, err)
	events := make([]logstypes.InputLogEvent, 300)
	for i := range events {
		events[i] = logstypes.InputLogEvent{Message: aws.String(jsonText(2000)), Timestamp: aws.Int64(time.Now().UnixMilli())}
	}
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: events}
	b.ReportAllocs()
	for b.Loop() {
		_, err := client.PutLogEvents(ctx, in)
		check(b, err)
	}
	b.ReportMetric(300*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkPutEvents200kB(b *testing.B) {
	c, _ := withBus(b, awsfake.Options{Discard: true})
	client := eventsClient(c)
	e := entry(`{"logs":` + fmt.Sprintf("%q", jsonText(180_000)) + `}`)
	in := &eventbridge.PutEventsInput{Entries: []eventstypes.PutEventsRequestEntry{e}}
	b.ReportAllocs()
	for b.Loop() {
		_, err := client.PutEvents(ctx, in)
		check(b, err)
	}
}

// Messages of 2 kB sent, received and deleted in tens through the SDK.
func BenchmarkSQSThroughSDK(b *testing.B) {
	c := awsfake.New(b, awsfake.Options{})
	url := c.AddQueue("q", awsfake.QueueOptions{})
	client := sqsClient(c)
	body := jsonText(2000)
	var send []sqstypes.SendMessageBatchRequestEntry
	for i := range 10 {
		send = append(send, batchEntry(fmt.Sprint(i), body, nil))
	}
	for b.Loop() {
		_, err := client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: send})
		check(b, err)
		got, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		check(b, err)
		var del []sqstypes.DeleteMessageBatchRequestEntry
		for i, m := range got.Messages {
			del = append(del, sqstypes.DeleteMessageBatchRequestEntry{Id: send[i].Id, ReceiptHandle: m.ReceiptHandle})
		}
		_, err = client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: del})
		check(b, err)
	}
	b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// Messages of 2 kB sent, batched for Lambda by the hundred and deleted, which is
// the way of the chaos test.
func BenchmarkSQSThroughMapping(b *testing.B) {
	c := awsfake.New(b, awsfake.Options{})
	c.AddQueue("q", awsfake.QueueOptions{})
	body := jsonText(2000)
	b.ReportAllocs()
	for b.Loop() {
		for range 100 {
			c.Send("q", body, nil)
		}
		batch := c.LambdaBatch("q", 100)
		if n, _ := c.Settle(batch, []byte(`{"batchItemFailures":[]}`), nil); n != 100 {
			b.Fatalf("deleted %d", n)
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
