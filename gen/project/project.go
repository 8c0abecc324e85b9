// Package project turns a project's lock, facts, policies and templates into its generated tree: a map from path to bytes, made and checked in memory,
// compared with the disk, and then written whole or not at all. The same lock gives the same bytes.
package project

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"mvdan.cc/gofumpt/format"

	"github.com/mlxgen/mlxgen/gen/check"
	"github.com/mlxgen/mlxgen/gen/emit"
	"github.com/mlxgen/mlxgen/gen/evidence"
	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/gen/resolve"
	"github.com/mlxgen/mlxgen/gen/specialise"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
	"github.com/mlxgen/mlxgen/templates/policy"
)

// Folders of a project.
const (
	generatedDir   = "generated"
	checkpointsDir = "checkpoints"
	supportFile    = "docs/support.md"
)

// Project is a project on disk.
type Project struct {
	Root      string
	Lock      *lockfile.Lock
	Policies  []*contract.Policy
	Templates *specialise.Templates
}

// Open reads the lock and loads the templates. A project without a lock file has an empty lock.
func Open(root string) (*Project, diag.List) {
	p := &Project{Root: root, Lock: &lockfile.Lock{}}
	text, err := os.ReadFile(filepath.Join(root, lockfile.Name))
	if err == nil {
		p.Lock, err = lockfile.Parse(text)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, asList("MG3001", lockfile.Name, err)
	}
	for _, x := range policy.All() {
		p.Policies = append(p.Policies, &x)
	}
	var diags diag.List
	p.Templates, diags = specialise.Load(specialise.Options{Source: os.DirFS(root), Module: emit.Module})
	if diags.HasErrors() {
		return nil, diags
	}
	return p, nil
}

// asList makes any error a list.
func asList(code, pos string, err error) diag.List {
	var list diag.List
	if errors.As(err, &list) {
		return list
	}
	return diag.List{diag.Errorf(code, pos, "%v", err)}
}

// FactsDir is where a checkpoint's facts are kept, relative to the root.
func FactsDir(id string) string { return path.Join(checkpointsDir, id) }

// Resolve proves every checkpoint of the lock on its recorded facts.
func (p *Project) Resolve() ([]*resolve.Resolved, diag.List) {
	var all []*resolve.Resolved
	var diags diag.List
	for i := range p.Lock.Checkpoints {
		c := &p.Lock.Checkpoints[i]
		f, found := p.Facts(c)
		diags = append(diags, found...)
		if found.HasErrors() {
			continue
		}
		r, found := p.ResolveOne(c.ID, f, c.Inert)
		diags = append(diags, found...)
		if r != nil {
			all = append(all, r)
		}
	}
	return all, diags
}

// Facts reads the recorded facts of a locked checkpoint, which must be those that were locked.
func (p *Project) Facts(c *lockfile.Checkpoint) (*facts.Facts, diag.List) {
	f, err := facts.ReadDir(filepath.Join(p.Root, filepath.FromSlash(FactsDir(c.ID))))
	if err != nil {
		list := asList("MG3003", "", err)
		for i := range list {
			list[i].Pos = path.Join(FactsDir(c.ID), list[i].Pos)
		}
		return nil, list
	}
	diags := f.Match(c.Files)
	for i := range diags {
		diags[i].Pos = path.Join(FactsDir(c.ID), diags[i].Pos)
	}
	return f, diags
}

// ResolveOne proves one checkpoint.
func (p *Project) ResolveOne(id string, f *facts.Facts, recorded []lockfile.Inert) (*resolve.Resolved, diag.List) {
	var inert []contract.Inert
	for _, i := range recorded {
		inert = append(inert, contract.Inert(i))
	}
	return resolve.Checkpoint(id, f, p.Policies, p.Templates, inert)
}

// Output is a generated tree.
type Output struct {
	Files    map[string][]byte // by path from the root, with slashes
	Packages []Generated       // by name
}

// Generated is what one package was made from.
type Generated struct {
	Policy      *contract.Policy
	Checkpoints []string
	Guards      []contract.Guard
	Unseen      []string // combinations that no locked checkpoint had
}

// Generate makes the whole tree in memory and type-checks it.
func (p *Project) Generate() (*Output, diag.List) {
	resolved, diags := p.Resolve()
	if diags.HasErrors() {
		return nil, diags
	}
	byPolicy := map[string][]*resolve.Resolved{}
	for _, r := range resolved {
		byPolicy[r.Policy.Name] = append(byPolicy[r.Policy.Name], r)
	}
	names := slices.Sorted(maps.Keys(byPolicy))
	made := make([]*generatedPackage, len(names))
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.NumCPU())
	for i, name := range names {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			made[i] = p.generateOne(name, byPolicy[name])
		})
	}
	wait.Wait()

	out := &Output{Files: map[string][]byte{}}
	memory := map[string]map[string][]byte{}
	for i, m := range made {
		diags = append(diags, m.diags...)
		if m.diags.HasErrors() {
			continue
		}
		memory[emit.Module+"/"+generatedDir+"/"+names[i]] = m.files
		for name, data := range m.files {
			out.Files[path.Join(generatedDir, names[i], name)] = data
		}
		out.Packages = append(out.Packages, m.about)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	registry, err := emit.Registry(names)
	if err == nil {
		registry, err = gofumpt(registry)
	}
	if err != nil {
		return nil, append(diags, diag.Errorf("MG2201", "generated/registry", "%v", err))
	}
	memory[emit.Module+"/"+generatedDir+"/registry"] = map[string][]byte{"registry.go": registry}
	out.Files[path.Join(generatedDir, "registry", "registry.go")] = registry
	out.Files[supportFile] = support(out.Packages)
	diags = append(diags, check.New(p.Root, emit.Module, memory).All()...)
	if diags.HasErrors() {
		return nil, diags
	}
	return out, diags
}

// generatedPackage is one package on its way.
type generatedPackage struct {
	files map[string][]byte
	about Generated
	diags diag.List
}

func (p *Project) generateOne(name string, resolved []*resolve.Resolved) *generatedPackage {
	m := &generatedPackage{about: Generated{Policy: resolved[0].Policy}}
	var inert []contract.Inert
	request := specialise.Request{
		Template: m.about.Policy.Template, Package: name, ImportPath: emit.Module + "/" + generatedDir + "/" + name,
		Doc: fmt.Sprintf("Package %s runs checkpoints of model type %s. It is template %s, specialised on the locked checkpoints of this family.", name, strings.Join(m.about.Policy.ModelTypes, " and "), m.about.Policy.Template),
	}
	for _, r := range resolved {
		m.about.Checkpoints = append(m.about.Checkpoints, r.ID)
		for _, i := range p.Lock.Find(r.ID).Inert {
			inert = append(inert, contract.Inert(i))
		}
		request.Evidence = append(request.Evidence, specialise.Checkpoint{Name: r.ID, Config: r.Config})
	}
	result, diags := p.Templates.Specialise(request)
	m.diags = diags
	if diags.HasErrors() {
		return m
	}
	m.about.Guards, m.about.Unseen = result.Guards, result.Unseen
	files, err := emit.Files(&emit.Package{Policy: m.about.Policy, Result: result, Checkpoints: m.about.Checkpoints, Inert: inert})
	for file, data := range files {
		if err == nil {
			files[file], err = gofumpt(data)
		}
	}
	if err == nil {
		for _, r := range resolved {
			files[path.Join("testdata", r.ID+".txt")] = evidence.Text(r)
		}
	}
	if err != nil {
		m.diags = append(m.diags, diag.Errorf("MG2201", "generated/"+name, "%v", err))
	}
	m.files = files
	return m
}

func gofumpt(source []byte) ([]byte, error) {
	return format.Source(source, format.Options{LangVersion: "go1.26", ModulePath: emit.Module})
}
