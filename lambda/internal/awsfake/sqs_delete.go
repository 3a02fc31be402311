package awsfake

import "time"

type handleEntry struct {
	ID                string `json:"Id"`
	ReceiptHandle     string
	VisibilityTimeout *int
}

type doneEntry struct {
	ID string `json:"Id"`
}

func (c *Cloud) deleteMessage(r *request) (any, error) {
	return c.handleOne(r, deleteByHandle)
}

func (c *Cloud) deleteMessageBatch(r *request) (any, error) {
	return c.handleBatch(r, deleteByHandle)
}

func (c *Cloud) changeMessageVisibility(r *request) (any, error) {
	return c.handleOne(r, changeByHandle)
}

func (c *Cloud) changeMessageVisibilityBatch(r *request) (any, error) {
	return c.handleBatch(r, changeByHandle)
}

func deleteByHandle(_ *request, q *queue, e *handleEntry) error {
	_, err := q.delete(e.ReceiptHandle)
	return err
}

func changeByHandle(r *request, q *queue, e *handleEntry) error {
	if e.VisibilityTimeout == nil {
		return &apiError{
			status:  400,
			code:    "com.amazonaws.sqs#MissingRequiredParameterException",
			query:   "MissingParameter",
			message: "The request must contain the parameter VisibilityTimeout.",
		}
	}
	if err := inRange("VisibilityTimeout", e.VisibilityTimeout, 0, int(sqsVisibilityMax.Seconds())); err != nil {
		return err
	}
	return q.changeVisibility(r.now, e.ReceiptHandle, time.Duration(*e.VisibilityTimeout)*time.Second)
}

// handleOne does something to the message of one receipt handle.
func (c *Cloud) handleOne(r *request, do func(*request, *queue, *handleEntry) error) (any, error) {
	in, err := decode[struct {
		QueueURL string `json:"QueueUrl"`
		handleEntry
	}](r)
	if err != nil {
		return nil, err
	}
	q, err := c.open(r, in.QueueURL)
	if err != nil {
		return nil, err
	}
	return empty{}, do(r, q, &in.handleEntry)
}

// handleBatch does it for each entry of a batch by itself.
func (c *Cloud) handleBatch(r *request, do func(*request, *queue, *handleEntry) error) (any, error) {
	in, err := decode[struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []handleEntry
	}](r)
	if err != nil {
		return nil, err
	}
	q, err := c.open(r, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(len(in.Entries), func(i int) string { return in.Entries[i].ID }); err != nil {
		return nil, err
	}
	var out batchResult[doneEntry]
	for i := range in.Entries {
		e := &in.Entries[i]
		if code, failed := r.fault.entryFailure(i); failed {
			out.Failed = append(out.Failed, failedEntry{ID: e.ID, Code: code, Message: "injected by the test"})
			continue
		}
		if err := do(r, q, e); err != nil {
			out.Failed = append(out.Failed, failEntry(e.ID, err))
			continue
		}
		out.Successful = append(out.Successful, doneEntry{e.ID})
	}
	return out, nil
}
