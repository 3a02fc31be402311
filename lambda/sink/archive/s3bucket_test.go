package archive

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

func TestS3Settings(t *testing.T) {
	const key = "arn:aws:kms:us-east-1:111122223333:key/k"
	for name, test := range map[string]struct {
		bucket     awsfake.BucketOptions
		lock       ObjectLock
		encryption Encryption
		versioning string
	}{
		"as S3 makes it": {awsfake.BucketOptions{}, ObjectLock{}, Encryption{Algorithm: "AES256"}, ""},
		"suspended":      {awsfake.BucketOptions{Versioning: "Suspended"}, ObjectLock{}, Encryption{Algorithm: "AES256"}, "Suspended"},
		"locked": {awsfake.BucketOptions{Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Years: 7}, KMSKey: key},
			ObjectLock{Enabled: true, Mode: "COMPLIANCE", Years: 7}, Encryption{"aws:kms", key}, "Enabled"},
		"days":           {awsfake.BucketOptions{Lock: &awsfake.ObjectLock{Mode: "GOVERNANCE", Days: 30}}, ObjectLock{true, "GOVERNANCE", 30, 0}, Encryption{Algorithm: "AES256"}, "Enabled"},
		"without a mode": {awsfake.BucketOptions{Lock: &awsfake.ObjectLock{}}, ObjectLock{Enabled: true}, Encryption{Algorithm: "AES256"}, "Enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, store := newBucket(t, test.bucket, S3Options{})
			lock, err1 := store.ObjectLock(t.Context())
			encryption, err2 := store.Encryption(t.Context())
			versioning, err3 := store.Versioning(t.Context())
			if err1 != nil || err2 != nil || err3 != nil || lock != test.lock || encryption != test.encryption ||
				versioning != test.versioning {
				t.Errorf("%+v %v, %+v %v, %q %v", lock, err1, encryption, err2, versioning, err3)
			}
			cloud.SetFaults(func(awsfake.Call) awsfake.Fault { return awsfake.Fault{Status: 403} })
			_, err1 = store.ObjectLock(t.Context())
			_, err2 = store.Encryption(t.Context())
			_, err3 = store.Versioning(t.Context())
			for _, err := range []error{err1, err2, err3} {
				if !awserror.Is(err, "AccessDenied") {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

// The last digest is found among more than a page of them, is read alone, and is nil where
// its bytes were changed.
func TestLast(t *testing.T) {
	cloud, store := newBucket(t, awsfake.BucketOptions{MaxKeys: 2}, S3Options{})
	if d, head, err := Last(t.Context(), store, "acme"); d != nil || head != (Head{}) || err != nil {
		t.Errorf("no digest: %+v %+v %v", d, head, err)
	}
	chain := open(t, store, nil)
	var last *Digest
	for i := range 5 {
		putEvents(t, store, hourAt(i), fmt.Sprint("u-", i))
		last = mustAppend(t, chain, hourAt(i))
	}
	before := cloud.Calls(awsfake.S3, "GetObject")
	d, head, err := Last(t.Context(), store, "acme")
	got, _ := json.Marshal(d)
	want, _ := json.Marshal(last)
	if err != nil || string(got) != string(want) || head != chain.Head() || cloud.Calls(awsfake.S3, "GetObject") != before+1 {
		t.Errorf("%s %+v %v", got, head, err)
	}
	cloud.SetObject("an-archive", digestKey("acme", 5), []byte("x\n"))
	if d, head, err := Last(t.Context(), store, "acme"); d != nil || head.Number != 5 || head.Hash == "" || err != nil {
		t.Errorf("changed: %+v %+v %v", d, head, err)
	}
	cloud.SetFaults(func(awsfake.Call) awsfake.Fault { return awsfake.Fault{Status: 403} })
	if _, _, err := Last(t.Context(), store, "acme"); !awserror.Is(err, "AccessDenied") {
		t.Errorf("%v", err)
	}
}
