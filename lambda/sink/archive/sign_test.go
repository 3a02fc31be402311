package archive

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const keyARN = "arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012"

// fakeKMS answers Sign as AWS KMS does for a key that has one signing algorithm.
func fakeKMS(t *testing.T, key crypto.Signer, algorithm string) (sdk aws.Config, calls *int) {
	calls = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*calls++
		var in struct {
			KeyID            string `json:"KeyId"`
			Message          []byte
			MessageType      string
			SigningAlgorithm string
		}
		body, err := io.ReadAll(r.Body)
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		if err != nil || decoder.Decode(&in) != nil || in.KeyID != keyARN ||
			in.MessageType != "DIGEST" || len(in.Message) != 32 ||
			r.Header.Get("X-Amz-Target") != "TrentService.Sign" ||
			!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/kms/aws4_request") {
			t.Errorf("request: %s %v", body, r.Header)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if in.SigningAlgorithm != algorithm {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"InvalidKeyUsageException"}`)
			return
		}
		signature, err := signs{key}.Sign(r.Context(), in.Message)
		if err != nil {
			t.Error(err)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"KeyId": in.KeyID, "Signature": signature, "SigningAlgorithm": algorithm,
		})
	}))
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, calls
}

// pemOf returns a public key as openssl writes it.
func pemOf(t *testing.T, key crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// Digests that KMS has signed are verified with the public key alone.
func TestSignedByKMS(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, key := range map[string]crypto.Signer{algorithmECDSA: newKey(t), algorithmPSS: rsaKey} {
		sdk, calls := fakeKMS(t, key, algorithm)
		kms, err := NewKMS(sdk, keyARN, nil)
		if err != nil {
			t.Fatal(err)
		}
		store := newMemory()
		c := open(t, store, kms)
		mustAppend(t, c, hourAt(0))
		mustAppend(t, c, hourAt(1))
		if want := map[string]int{algorithmECDSA: 2, algorithmPSS: 3}[algorithm]; *calls != want {
			t.Errorf("%s: %d calls, want %d", algorithm, *calls, want)
		}
		public, err := ParsePublicKey(pemOf(t, key.Public()))
		if err != nil {
			t.Fatal(err)
		}
		if summary, found := verify(t, store, Check{PublicKey: public}); len(found) > 0 || summary.Signed != 2 {
			t.Errorf("%s: %+v, %+v", algorithm, summary, found)
		}
		opensslVerifies(t, store.objects[digestKey("acme", 2)], pemOf(t, key.Public()), algorithm)
		// Another key.
		_, found := verify(t, store, Check{PublicKey: newKey(t).Public()})
		if len(found) != 2 || found[0].Kind != SignatureBad || found[0].Number != 1 {
			t.Errorf("%s with another key: %+v", algorithm, found)
		}
		// No key.
		_, found = verify(t, store, Check{})
		if len(found) != 1 || found[0].Kind != Unchecked {
			t.Errorf("%s without a key: %+v", algorithm, found)
		}
	}
}

// opensslVerifies checks a signature as the page says, where there is an openssl.
func opensslVerifies(t *testing.T, digest, public []byte, algorithm string) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		return
	}
	dir := t.TempDir()
	first, second, _ := bytes.Cut(digest, []byte("\n"))
	var line signatureLine
	if err := json.Unmarshal(second, &line); err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	args := []string{"dgst", "-sha256", "-verify", write("key", public), "-signature", write("signature", line.Signature)}
	if algorithm == algorithmPSS {
		args = append(args, "-sigopt", "rsa_padding_mode:pss")
	}
	if out, err := exec.Command(openssl, append(args, write("digest", first))...).CombinedOutput(); err != nil {
		t.Errorf("openssl: %s", out)
	}
}

// A chain that is signed from some digest on.
func TestSignedFromSomeDigestOn(t *testing.T) {
	key, store := newKey(t), newMemory()
	mustAppend(t, open(t, store, nil), hourAt(0))
	mustAppend(t, open(t, store, signs{key}), hourAt(1))
	check := Check{PublicKey: key.Public()}
	if _, found := verify(t, store, check); len(found) != 1 || found[0].Kind != Unchecked {
		t.Errorf("%+v", found)
	}
	mustAppend(t, open(t, store, nil), hourAt(2))
	_, found := verify(t, store, check)
	if b := broken(found); len(b) != 1 || b[0].Kind != SignatureMissing || b[0].Number != 3 {
		t.Errorf("%+v", found)
	}
	// A chain without any signature is not what a public key was given for.
	store = newMemory()
	mustAppend(t, open(t, store, nil), hourAt(0))
	if _, found := verify(t, store, check); len(found) != 1 || found[0].Kind != SignatureMissing {
		t.Errorf("%+v", found)
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	for name, text := range map[string][]byte{
		"nothing": nil, "no PEM": []byte("key"),
		"another block": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}),
		"no key":        pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}}),
	} {
		if _, err := ParsePublicKey(text); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestNewKMSRefuses(t *testing.T) {
	for _, arn := range []string{"", "alias/x", "arn:aws:s3:::bucket", "arn:aws:kms:eu-west-1:111122223333:grant/x"} {
		if _, err := NewKMS(aws.Config{}, arn, nil); err == nil {
			t.Errorf("%q was accepted", arn)
		}
	}
	sdk, _ := fakeKMS(t, newKey(t), "ECDSA_SHA_384")
	kms, err := NewKMS(sdk, keyARN, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kms.Sign(t.Context(), make([]byte, 32)); err == nil || !strings.Contains(err.Error(), keyARN) {
		t.Errorf("a key of another algorithm: %v", err)
	}
}
