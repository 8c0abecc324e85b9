package fakehub

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// Fault changes how requests are answered.
type Fault func(next http.Handler) http.Handler

// rule applies a fault to the next requests whose path matches.
type rule struct {
	server, path string
	left         int
	fault        Fault
}

// Fail applies a fault to the next n requests that a server ("hub", "content" or "" for both) gets for a path that contains the given text.
func (h *Hub) Fail(server, path string, n int, fault Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, &rule{server, path, n, fault})
}

// fault takes the first rule that applies; the caller holds the lock.
func (h *Hub) fault(server string, r *http.Request) Fault {
	for _, x := range h.faults {
		if x.left > 0 && (x.server == "" || x.server == server) && strings.Contains(r.URL.Path, x.path) {
			x.left--
			return x.fault
		}
	}
	return nil
}

// serveBytes answers with data, or with the range of it that was asked for.
func serveBytes(w http.ResponseWriter, r *http.Request, name string, data []byte) {
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// Status answers with a status and, where after is not empty, says when to come again.
func Status(code int, after string) Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if after != "" {
				w.Header().Set("Retry-After", after)
			}
			http.Error(w, fmt.Sprintf(`{"error":"status %d"}`, code), code)
		})
	}
}

// Cut ends the connection after half of the answer.
func Cut(next http.Handler) http.Handler {
	return rewrite(next, func(w http.ResponseWriter, a *httptest.ResponseRecorder) {
		w.Header().Set("Content-Length", fmt.Sprint(a.Body.Len()))
		w.WriteHeader(a.Code)
		w.Write(a.Body.Bytes()[:a.Body.Len()/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
}

// Short says that the answer is half as long as it is, and sends no more than that.
func Short(next http.Handler) http.Handler {
	return rewrite(next, func(w http.ResponseWriter, a *httptest.ResponseRecorder) {
		half := a.Body.Bytes()[:a.Body.Len()/2]
		w.Header().Set("Content-Length", fmt.Sprint(len(half)))
		w.WriteHeader(a.Code)
		w.Write(half)
	})
}

// WholeFile ignores the range of the request.
func WholeFile(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		next.ServeHTTP(w, r)
	})
}

// OtherRange answers with the range one byte further on.
func OtherRange(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var from, to int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err == nil {
			r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from+1, to+1))
		}
		next.ServeHTTP(w, r)
	})
}

// Header sets a header of the answer.
func Header(key, value string) Fault {
	return func(next http.Handler) http.Handler {
		return rewrite(next, func(w http.ResponseWriter, a *httptest.ResponseRecorder) {
			w.Header().Set(key, value)
			w.WriteHeader(a.Code)
			w.Write(a.Body.Bytes())
		})
	}
}

// Body replaces a text in the answer.
func Body(old, text string) Fault {
	return func(next http.Handler) http.Handler {
		return rewrite(next, func(w http.ResponseWriter, a *httptest.ResponseRecorder) {
			w.Header().Del("Content-Length")
			w.WriteHeader(a.Code)
			w.Write(bytes.ReplaceAll(a.Body.Bytes(), []byte(old), []byte(text)))
		})
	}
}

// Redirect sends the request elsewhere.
func Redirect(location string) Fault {
	return func(http.Handler) http.Handler { return http.RedirectHandler(location, http.StatusFound) }
}

// rewrite lets next answer into a recorder, whose header is copied, and then calls send.
func rewrite(next http.Handler, send func(http.ResponseWriter, *httptest.ResponseRecorder)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := httptest.NewRecorder()
		next.ServeHTTP(a, r)
		for key, values := range a.Header() {
			w.Header()[key] = values
		}
		send(w, a)
	})
}
