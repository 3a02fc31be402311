package settings

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// bucketForm is the name of a bucket (S3 user guide, "General purpose bucket naming
// rules", read 2026-11), without names that look like an IP address.
var bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

var addressForm = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$`)

func checkBucket(value string) error {
	if bucketForm.MatchString(value) && !strings.Contains(value, "..") && !addressForm.MatchString(value) {
		return nil
	}
	return errors.New("it must be the name of a bucket, 3 to 63 lower-case letters, digits, dots and hyphens, without " +
		"s3://")
}

func checkDigestKey(value string) error {
	if value == "" || value == DigestKeyOwn || keyForm.MatchString(value) {
		return nil
	}
	return errors.New("it must be own, or the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID; not an alias: IAM " +
		"policies name keys")
}

// LockSentence is what the setting lockConfirm must say for lock=compliance.
func LockSentence(years int) string { return fmt.Sprintf("cannot be deleted for %d years", years) }

// checkArchive are the faults of a pipeline to the archive.
func (p *Pipeline) checkArchive() []error {
	var faults []error
	add := func(format string, arguments ...any) { faults = append(faults, fmt.Errorf(format, arguments...)) }
	if p.Ingest != IngestQueue {
		add("ingest=%s: the archive writes a batch of events as one object, and only the buffer queue makes batches; leave "+
			"ingest out, or set ingest=queue", p.Ingest)
	}
	if p.Format != "" && p.Format != "raw" && p.Format != "ocsf" {
		add("format: it must be raw or ocsf, not %q", p.Format)
	}
	if p.Bucket != "" {
		if p.Lock != LockOff {
			add("lock=%s with an existing bucket: the stack changes no bucket that it did not make; set a default retention "+
				"on the bucket (S3 console, Properties, Object Lock) and leave lock out", p.Lock)
		}
		if unset := Default().Archive.ColdDays; p.ColdDays != unset {
			add("coldDays %d with an existing bucket: the stack changes no bucket that it did not make; give the bucket a "+
				"lifecycle rule and leave coldDays out", p.ColdDays)
		}
	}
	switch {
	case p.Lock == LockOff && p.LockYears > 0:
		add("lockYears %d without lock: set lock=governance or lock=compliance, or leave lockYears out", p.LockYears)
	case p.Lock != LockOff && p.LockYears == 0:
		add("lockYears: it must be set with lock=%s, to 1 to 100", p.Lock)
	case p.Lock == LockCompliance && p.LockConfirm != LockSentence(p.LockYears):
		add("lockConfirm: with lock=compliance nobody, not even the account's root user, can delete an object or shorten "+
			"its lock before %d years have passed, and you pay for it until then; confirm with lockConfirm='%s', or set "+
			"lock=governance", p.LockYears, LockSentence(p.LockYears))
	}
	if p.Lock != LockCompliance && p.LockConfirm != "" {
		add("lockConfirm: only lock=compliance needs it; leave it out")
	}
	return faults
}

// archiveNotes are what somebody who deploys an archive should know, one line each.
func (s *Settings) archiveNotes() []string {
	p := &s.Archive
	var notes []string
	if p.Lock == LockCompliance {
		notes = append(notes, fmt.Sprintf("EVERY OBJECT CANNOT BE DELETED FOR %d YEARS, by nobody: lock=compliance",
			p.LockYears))
	}
	if p.Bucket != "" {
		notes = append(notes, "bucket: the stack does not change an existing bucket: turn on versioning, a policy that "+
			"denies plain http, and a default retention yourself (infra/README.md, Archive)")
		if s.KMS == KMSAWS {
			notes = append(notes, "bucket: if a KMS key of yours encrypts the bucket, set kms to the key's ARN, or the "+
				"function may not write")
		}
	}
	if p.DigestKey == "" {
		notes = append(notes, "digests are not signed: a role that may write the bucket can make a new chain of them; set "+
			"digestKey=own")
	}
	return notes
}
