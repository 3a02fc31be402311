package archive

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// The page of a proxy says neither that an object is stored nor that there is none.
func TestThePageOfAProxySaysNothingOfAnObject(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusPreconditionFailed} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html>the page of a proxy</html>")
		}))
		store, err := NewS3(t.Context(), aws.Config{
			Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		}, S3Options{Bucket: "okta-archive"})
		if err != nil {
			t.Fatal(err)
		}
		_, get := store.Get(t.Context(), "k")
		_, _, read := store.GetTagged(t.Context(), "k")
		put := store.Put(t.Context(), "k", []byte("{}"))
		_, made := store.Replace(t.Context(), "k", []byte("{}"), "")
		_, replaced := store.Replace(t.Context(), "k", []byte("{}"), `"tag"`)
		for call, err := range map[string]error{"get": get, "read": read, "put": put, "make": made, "replace": replaced} {
			if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrExists) || errors.Is(err, ErrRaced) {
				t.Errorf("HTTP %d, %s: %v", status, call, err)
			}
		}
		server.Close()
	}
}
