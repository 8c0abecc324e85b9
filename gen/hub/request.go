package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

const (
	maxAttempts = 5
	firstPause  = 500 * time.Millisecond
	longPause   = 30 * time.Second // the longest pause, also where the hub asks for more
)

// permanent marks an error that another attempt would meet again.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// later is a request to come again after a pause.
type later struct {
	error
	after time.Duration
}

// get asks for an address until read accepts the answer. What is worth another attempt is tried again with growing pauses: no connection, a cut answer, 408,
// 429 and 5xx. about names what was asked for in diagnostics.
func (c *Client) get(ctx context.Context, about, address string, header http.Header, read func(*http.Response) error) error {
	if c.options.Offline {
		return diag.List{diag.Errorf("MG3010", about, "the hub is not asked: HF_HUB_OFFLINE is set").
			WithHint("unset it, or add a folder that is here already: mlxgen add FOLDER --as ORG/NAME")}
	}
	var last error
	for attempt := range maxAttempts {
		if attempt > 0 {
			d := pause(attempt, last)
			if c.options.Waiting != nil {
				c.options.Waiting(about, d, last)
			}
			if err := c.options.Wait(ctx, d); err != nil {
				return err
			}
		}
		last = c.attempt(ctx, about, address, header, read)
		var list diag.List
		var final permanent
		switch {
		case last == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(last, &list):
			return list
		case errors.As(last, &final):
			return diag.List{diag.Errorf("MG3014", about, "%v", final.error)}
		}
	}
	return diag.List{diag.Errorf("MG3010", about, "the hub does not answer: %v", last).Note("asked %d times", maxAttempts).
		WithHint("try again later; HF_ENDPOINT names another hub, and a folder can be added without one")}
}

// pause grows with the attempts, and is as long as the hub asks for.
func pause(attempt int, last error) time.Duration {
	d := firstPause << (attempt - 1)
	d += time.Duration(rand.Int64N(int64(d) / 4)) // so that many clients do not come at once
	var asked later
	if errors.As(last, &asked) {
		d = max(d, asked.after)
	}
	return min(d, longPause)
}

func (c *Client) attempt(ctx context.Context, about, address string, header http.Header, read func(*http.Response) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return permanent{err}
	}
	for key, values := range header {
		r.Header[key] = values
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var where *url.Error
		if errors.As(err, &where) {
			return where.Err // without the address, which may be a signed one
		}
		return err
	}
	defer answer.Body.Close()
	if err := c.refusal(about, answer); err != nil {
		return err
	}
	return read(answer)
}

// refusal is the error that a status stands for.
func (c *Client) refusal(about string, answer *http.Response) error {
	switch code := answer.StatusCode; {
	case code == http.StatusOK || code == http.StatusPartialContent:
		return nil
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		d := diag.Errorf("MG3012", about, "the hub refuses to show it (%s)", answer.Status)
		if c.options.Token == "" {
			return diag.List{d.WithHint("either the name is wrong, or the repository is private or wants its terms accepted: accept them on its page, make a token at %s/settings/tokens and set HF_TOKEN", c.endpoint)}
		}
		return diag.List{d.WithHint("the token in use may not read it: accept the repository's terms on its page, or make a token that may at %s/settings/tokens", c.endpoint)}
	case code == http.StatusNotFound || code == http.StatusGone:
		return diag.List{diag.Errorf("MG3013", about, "the hub has no such thing (%s)", answer.Status).WithHint("check name and revision: mlxgen add ORG/NAME@REVISION")}
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		return later{fmt.Errorf("it answers %s", answer.Status), retryAfter(answer.Header.Get("Retry-After"))}
	default:
		return permanent{fmt.Errorf("the hub answers %s", answer.Status)}
	}
}

// retryAfter reads a number of seconds; anything else asks for no pause of its own.
func retryAfter(text string) time.Duration {
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, int(longPause/time.Second))) * time.Second
}

// readAll reads a body of at most limit bytes.
func readAll(answer *http.Response, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, permanent{fmt.Errorf("the answer is longer than %d bytes", limit)}
	}
	return data, nil
}
