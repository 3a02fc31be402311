package oktastream

// replayTrust returns who may assume the replay role.
func (b *builder) replayTrust() statement {
	var who any = accountRoot()
	if len(b.s.ReplayPrincipals) > 0 {
		who = b.s.ReplayPrincipals
	}
	return statement{"Effect": "Allow", "Principal": map[string]any{"AWS": who}, "Action": "sts:AssumeRole"}
}

// replayOf lets the replay role replay a pipeline's dead letters: read them, send them to the
// buffer queue (or, if there is none, to the destination), and delete them from the dead-letter
// queue.
func (b *builder) replayOf(p *Pipeline) {
	title := title(p.Destination)
	dead := []*string{p.Dead.ARN}
	if p.Redrive != nil {
		dead = append(dead, p.Redrive.ARN)
	}
	b.replay.may(title+"DeadLetters", []string{
		"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
	}, dead)
	switch {
	case p.Buffer != nil:
		b.replay.may(title+"Buffer", []string{"sqs:SendMessage", "sqs:GetQueueAttributes"}, p.Buffer.ARN)
		b.replay.may(title+"Redrive", []string{"sqs:StartMessageMoveTask", "sqs:CancelMessageMoveTask",
			"sqs:ListMessageMoveTasks"}, p.Redrive.ARN)
	case p.LogGroup != nil:
		b.replay.may(title+"Events", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, p.LogGroup.ARN)
	default:
		b.replay.may(title+"Delivery", []string{"events:PutEvents"}, p.Delivery.busARN)
	}
}
