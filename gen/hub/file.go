package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// maxSmall bounds a small file.
const maxSmall = 16 << 20

// address is where a file's bytes are.
func (c *Client) address(r *Repository, name string) string {
	org, repo, _ := strings.Cut(r.ID, "/")
	return c.at(org, repo, "resolve", r.Revision, name)
}

// Small reads a small file whole and compares it with the hub's listing.
func (c *Client) Small(ctx context.Context, r *Repository, f *File) ([]byte, error) {
	about := r.ID + "/" + f.Name
	if f.Size > maxSmall {
		return nil, diag.List{diag.Errorf("MG3014", about, "the file has %d bytes; at most %d are read", f.Size, int64(maxSmall))}
	}
	var data []byte
	err := c.get(ctx, about, c.address(r, f.Name), nil, func(answer *http.Response) error {
		if answer.StatusCode != http.StatusOK {
			return permanent{fmt.Errorf("the hub answers %s", answer.Status)}
		}
		var err error
		data, err = readAll(answer, f.Size)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := f.check(data); err != nil {
		return nil, diag.List{diag.Errorf("MG3015", about, "%v", err).WithHint("try again; if it stays so, the hub or something between it and you is not to be trusted")}
	}
	return data, nil
}

// check compares bytes with the listing.
func (f *File) check(data []byte) error {
	if int64(len(data)) != f.Size {
		return fmt.Errorf("%d bytes came; the hub lists %d", len(data), f.Size)
	}
	if f.SHA256 != "" {
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 {
			return fmt.Errorf("the bytes have sha256 %x; the hub lists %s", sum, f.SHA256)
		}
		return nil
	}
	if f.Blob == "" {
		return nil
	}
	hash := sha1.New() // git's
	fmt.Fprintf(hash, "blob %d\x00", len(data))
	hash.Write(data)
	if sum := hash.Sum(nil); hex.EncodeToString(sum) != f.Blob {
		return fmt.Errorf("the bytes are git's %x; the hub lists %s", sum, f.Blob)
	}
	return nil
}

// Header reads the header of a weight file by range requests. bytes are what the header's digest is of: its length and its text.
func (c *Client) Header(ctx context.Context, r *Repository, f *File) (h *contract.Header, bytes []byte, err error) {
	remote := &remote{ctx: ctx, client: c, address: c.address(r, f.Name), about: r.ID + "/" + f.Name, size: f.Size}
	h, err = contract.ReadHeader(f.Name, remote, f.Size)
	if remote.err != nil {
		return nil, nil, remote.err // more to the point than that a header could not be read
	}
	if err != nil {
		return nil, nil, err
	}
	return h, remote.have[:8+binary.LittleEndian.Uint64(remote.have)], nil // the reader has checked that it is short
}

// firstRange is how much is asked for at first. Most headers need one request more.
const firstRange = 32 << 10

// remote reads the beginning of a file that lies on the hub. What has come is kept.
type remote struct {
	ctx     context.Context
	client  *Client
	address string
	about   string
	size    int64
	have    []byte
	err     error
}

// ReadAt is io.ReaderAt.
func (r *remote) ReadAt(p []byte, off int64) (int, error) {
	end := off + int64(len(p))
	if end > r.size {
		return 0, io.ErrUnexpectedEOF
	}
	if end > int64(len(r.have)) {
		if r.err == nil {
			r.err = r.fetch(min(max(end, firstRange), r.size))
		}
		if r.err != nil {
			return 0, r.err
		}
	}
	return copy(p, r.have[off:]), nil
}

// fetch extends what is there to the bytes before end.
func (r *remote) fetch(end int64) error {
	from := int64(len(r.have))
	header := http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", from, end-1)}, "Accept-Encoding": {"identity"}}
	return r.client.get(r.ctx, r.about, r.address, header, func(answer *http.Response) error {
		if err := r.checkRange(answer, from, end); err != nil {
			return permanent{err}
		}
		more := make([]byte, end-from)
		if _, err := io.ReadFull(answer.Body, more); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("bytes %d to %d: %w", from, end, err)
		}
		r.have = append(r.have, more...)
		return nil
	})
}

// checkRange checks that an answer is what was asked for. The whole file will do for its beginning: the rest is not read.
func (r *remote) checkRange(answer *http.Response, from, end int64) error {
	if answer.StatusCode == http.StatusOK {
		if from > 0 {
			return fmt.Errorf("the hub sends the whole file where bytes %d to %d were asked for", from, end)
		}
		if answer.ContentLength >= 0 && answer.ContentLength != r.size {
			return fmt.Errorf("the file has %d bytes; the hub lists %d", answer.ContentLength, r.size)
		}
		return nil
	}
	want := fmt.Sprintf("bytes %d-%d/%d", from, end-1, r.size)
	if have := answer.Header.Get("Content-Range"); have != want {
		return fmt.Errorf("the hub sends %.100q where %q was asked for", have, want)
	}
	return nil
}
