//go:build !race

package oktastream

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheAuditorUnderstandsItsEnvironment starts the auditor's program with the deployed
// environment: it asks Lambda for work. With a variable that is wrong it ends.
func TestTheAuditorUnderstandsItsEnvironment(t *testing.T) {
	needNode(t)
	binary := filepath.Join(t.TempDir(), "bootstrap")
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", binary,
		"../../lambda/cmd/auditor").CombinedOutput(); err != nil {
		t.Fatalf("build the auditor: %v\n%s", err, out)
	}
	for _, name := range []string{"auditor", "auditor-archive"} {
		s := synthesise(t, name)
		_, function := s.only(t, "AWS::Lambda::Function", "OktaAuditorFunction")
		environment := s.resolve(t, function["Environment"]).(map[string]any)["Variables"].(map[string]any)
		if said, asked := startAuditor(t, binary, environment); !asked {
			t.Errorf("%s: the auditor does not start: %s", name, said)
		}
		for variable := range environment {
			own, secret := strings.HasPrefix(variable, "OKTASTREAM_AUDIT_"), variable == "OKTASTREAM_AUDIT_SECRET"
			if !own || secret {
				continue // TestTheFunctionUnderstandsItsEnvironment has the others; any text may name a secret
			}
			wrong := maps.Clone(environment)
			wrong[variable] = "!"
			if variable == "OKTASTREAM_AUDIT_ORG_URL" {
				wrong[variable] = "https://other.okta.com"
			}
			if said, asked := startAuditor(t, binary, wrong); asked || !bytes.Contains(said, []byte("deploy again")) {
				t.Errorf("%s: with a wrong %s: started %v, %s", name, variable, asked, said)
			}
		}
	}
}

// startAuditor runs the program until it asks for work or ends, and returns what it wrote.
func startAuditor(t *testing.T, binary string, variables map[string]any) (said []byte, asked bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	work := make(chan struct{}, 1)
	lambda := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case work <- struct{}{}:
			cancel()
		default:
		}
		<-r.Context().Done()
	}))
	defer lambda.Close()
	command := exec.CommandContext(ctx, binary)
	command.Env = []string{"AWS_REGION=" + here, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=s", "AWS_SESSION_TOKEN=t",
		"AWS_LAMBDA_RUNTIME_API=" + lambda.Listener.Addr().String()}
	for name, value := range variables {
		command.Env = append(command.Env, name+"="+value.(string))
	}
	said, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("start the auditor: %v", err)
	}
	select {
	case <-work:
		asked = true
	default:
	}
	return said, asked
}
