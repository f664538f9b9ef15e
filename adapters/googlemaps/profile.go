package googlemaps

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	profilePrefix = "profile-"
	ownerFile     = "owner"
	// unownedFor is how long a new profile may be without its owner's file.
	unownedFor = time.Minute
)

// profile is the folder that one Chromium keeps its data in. Its owner holds a
// lock, which ends with the process; a number alone would be taken for alive
// in a container, where each life of the service has the same one.
type profile struct {
	path  string
	owner *os.File
}

func newProfile(folder string) (*profile, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("creating the browser's folder: %w", err)
	}
	path, err := os.MkdirTemp(folder, profilePrefix)
	if err != nil {
		return nil, fmt.Errorf("creating a browser profile: %w", err)
	}
	owner, err := os.OpenFile(filepath.Join(path, ownerFile), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		_ = os.RemoveAll(path)
		return nil, fmt.Errorf("owning a browser profile: %w", err)
	}
	p := &profile{path, owner}
	if !lock(owner) {
		p.remove()
		return nil, fmt.Errorf("owning a browser profile: %s is locked", owner.Name())
	}
	_, _ = owner.WriteString(strconv.Itoa(os.Getpid())) // for people to read
	return p, nil
}

// remove deletes the folder, in which processes that are ending may still
// write a last file.
func (p *profile) remove() {
	defer func() { _ = p.owner.Close() }()
	for range 40 {
		_ = os.RemoveAll(p.path)
		if _, err := os.Stat(p.path); err != nil {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
}

// sweep removes the profiles of processes that are gone.
func sweep(folder string) {
	paths, _ := filepath.Glob(filepath.Join(folder, profilePrefix+"*"))
	for _, path := range paths {
		if ownerless(path) {
			_ = os.RemoveAll(path)
		}
	}
}

func ownerless(path string) bool {
	owner, err := os.Open(filepath.Join(path, ownerFile))
	if err != nil {
		info, err := os.Stat(path)
		return err == nil && time.Since(info.ModTime()) > unownedFor
	}
	defer func() { _ = owner.Close() }()
	return lock(owner)
}

// lock takes the file's lock, unless another holds it.
func lock(file *os.File) bool {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
