package localredis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"
)

// supervise starts the child and waits for its end, on one thread all its
// life: where the child dies with its parent, it dies with the thread that
// started it.
func (s *Server) supervise(output io.Reader, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := s.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	last := s.relay(output)
	if err := s.cmd.Wait(); err != nil {
		s.err = fmt.Errorf("%w: %s", err, last)
	}
	close(s.ended)
}

// lockPatience is how long to wait for the file of an owner that is about to go.
const lockPatience = 10 * time.Second

var errOwned = errors.New("another process runs its Redis here; stop it, or choose another DATA_DIR")

// acquire locks a file for this process.
func acquire(ctx context.Context, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	deadline := time.Now().Add(lockPatience)
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			_ = file.Close()
			return nil, errOwned
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
