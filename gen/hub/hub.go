// Package hub reads what the generator needs from a model hub: the files of one revision of a repository with their sizes and digests, the small files,
// and the headers of the weights by range requests. It never asks for weights.
//
// What comes from the network is not trusted: answers are bounded, sizes and digests are compared with what the hub listed, ranges are compared with what
// was asked for. The access token goes to the hub's own address only, never to a server that the hub redirects to.
package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// PublicEndpoint is the hub that is asked where nothing else is set.
const PublicEndpoint = "https://huggingface.co"

// Options choose a hub and how it is asked. The zero value asks the public one, without a token.
type Options struct {
	Endpoint string // empty: PublicEndpoint
	Token    string
	Offline  bool // refuse every request
	// Progress is told how many of the weights' headers have come. Calls do not overlap.
	Progress func(done, total int)
	// Waiting is told, before each pause, why another attempt is needed; it may be called from many goroutines. nil tells no one.
	Waiting func(about string, pause time.Duration, why error)
	// Wait pauses between attempts; nil waits by the clock.
	Wait func(context.Context, time.Duration) error
	// Timeout bounds one attempt of one request; 0 is a minute. Answers are small.
	Timeout time.Duration
}

// Client asks one hub. Many goroutines may use it.
type Client struct {
	endpoint *url.URL
	options  Options
	http     *http.Client
}

const (
	userAgent      = "mlxgen"
	defaultTimeout = time.Minute
	maxRedirects   = 5
)

// New makes a client. It fails where the endpoint is no address, or the token would go over the network in clear text.
func New(o Options) (*Client, error) {
	if o.Endpoint == "" {
		o.Endpoint = PublicEndpoint
	}
	endpoint, err := url.Parse(strings.TrimRight(o.Endpoint, "/"))
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "https" && endpoint.Scheme != "http" || endpoint.User != nil || endpoint.RawQuery != "" {
		return nil, diag.List{diag.Errorf("MG3011", "HF_ENDPOINT", "%.100q is no address of a hub", o.Endpoint).WithHint("want something like %s", PublicEndpoint)}
	}
	if strings.ContainsFunc(o.Token, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return nil, diag.List{diag.Errorf("MG3011", "HF_TOKEN", "the access token has characters that no token has")}
	}
	if o.Token != "" && endpoint.Scheme == "http" && !isLoopback(endpoint.Hostname()) {
		return nil, diag.List{diag.Errorf("MG3011", "HF_ENDPOINT", "the access token would go to %s in clear text", endpoint.Host).
			WithHint("use https, or ask without a token")}
	}
	if o.Wait == nil {
		o.Wait = sleep
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	c := &Client{endpoint: endpoint, options: o}
	c.http = &http.Client{
		Transport:     &authorised{endpoint: endpoint, token: o.Token, next: http.DefaultTransport},
		CheckRedirect: checkRedirect,
	}
	return c, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// checkRedirect follows a few redirects, but never from https to http.
func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return permanent{errors.New("redirected too often")}
	}
	if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return permanent{fmt.Errorf("redirected from https to %s", r.URL.Scheme)}
	}
	return nil
}

// authorised adds the token to requests for the endpoint itself. The standard client would keep a header on redirects to another port or a subdomain.
type authorised struct {
	endpoint *url.URL
	token    string
	next     http.RoundTripper
}

func (a *authorised) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	r.Header.Del("Referer") // a signed address is nobody else's business
	r.Header.Set("User-Agent", userAgent)
	if a.token != "" && r.URL.Scheme == a.endpoint.Scheme && r.URL.Host == a.endpoint.Host {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	return a.next.RoundTrip(r)
}

// Host is the host that is asked.
func (c *Client) Host() string { return c.endpoint.Host }

// at is an address below the endpoint. Parts are escaped.
func (c *Client) at(parts ...string) string {
	var b strings.Builder
	b.WriteString(c.endpoint.String())
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

// codes documents what the hub can report.
var codes = map[string]string{
	"MG3010": "The hub could not be reached, or requests are switched off.",
	"MG3011": "The address of the hub or the access token is not usable.",
	"MG3012": "The hub does not let this user read the repository.",
	"MG3013": "The hub has no such repository, revision or file.",
	"MG3014": "The hub's answer is damaged, cut, or not what was asked for.",
	"MG3015": "A file has another digest or size than the hub says.",
	"MG3016": "The repository has moved to another name.",
	"MG3017": "The repository holds nothing that can be added.",
}

func init() { diag.Register(codes) }
