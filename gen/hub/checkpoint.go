package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Checkpoint is what a repository publishes of a checkpoint, and what the lock says of it.
type Checkpoint struct {
	Facts *facts.Facts
	Lock  lockfile.Checkpoint // without decisions
}

// Checkpoint reads the facts of a checkpoint: a few hundred kilobytes, never weights.
func (c *Client) Checkpoint(ctx context.Context, id, revision string) (*Checkpoint, error) {
	repo, err := c.Resolve(ctx, id, revision)
	if err != nil {
		return nil, err
	}
	if repo.Find("config.json") == nil || len(repo.Shards()) == 0 {
		return nil, diag.List{diag.Errorf("MG3017", id+"@"+repo.Revision, "the repository has no config.json, or no model*.safetensors").
			WithHint("only checkpoints in safetensors can be added; look for a repository that has them")}
	}
	made := &Checkpoint{
		Facts: &facts.Facts{Files: map[string][]byte{}},
		Lock:  lockfile.Checkpoint{ID: id, Source: lockfile.Source{Kind: "hub", Revision: repo.Revision}},
	}
	for _, name := range facts.SmallFiles {
		f := repo.Find(name)
		if f == nil {
			continue
		}
		data, err := c.Small(ctx, repo, f)
		if err != nil {
			return nil, err
		}
		made.Facts.Files[name] = data
		made.Lock.Files = append(made.Lock.Files, lockfile.File{Name: name, Size: f.Size, Digest: "sha256:" + digest(data)})
	}
	if made.Facts.Raw, err = contract.ParseRaw("config.json", made.Facts.Files["config.json"]); err != nil {
		return nil, err
	}
	return made, c.headers(ctx, repo, made)
}

// atOnce is how many headers are asked for at the same time.
const atOnce = 8

// headers reads the headers of all shards and adds them in order. The first failure ends the others; of several, that of the first shard counts.
func (c *Client) headers(ctx context.Context, repo *Repository, made *Checkpoint) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	shards := repo.Shards()
	headers, digests, errs := make([]*contract.Header, len(shards)), make([]string, len(shards)), make([]error, len(shards))
	var wait sync.WaitGroup
	var mu sync.Mutex
	done, slots := 0, make(chan struct{}, atOnce)
	for i := range shards {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			h, data, err := c.Header(ctx, repo, &shards[i])
			if err != nil {
				errs[i] = err
				cancel(err)
				return
			}
			headers[i], digests[i] = h, "header:"+digest(data)
			if shards[i].SHA256 != "" {
				digests[i] = "sha256:" + shards[i].SHA256
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			if c.options.Progress != nil {
				c.options.Progress(done, len(shards))
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	made.Facts.Headers = headers
	for i, s := range shards {
		made.Lock.Files = append(made.Lock.Files, lockfile.File{Name: s.Name, Size: s.Size, Digest: digests[i]})
	}
	return nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
