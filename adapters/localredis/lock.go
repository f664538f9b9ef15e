package localredis

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockPatience is how long to wait for an owner that is about to go: a server
// whose parent was just killed still writes its file out.
const lockPatience = stopTimeout

// ErrOwned is returned by Start for a folder in which another Redis runs.
var ErrOwned = errors.New("another process runs its Redis here; stop it, or choose another DATA_DIR")

// acquire locks a file for this process and those who inherit it.
func acquire(ctx context.Context, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	if err := flock(ctx, file); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func flock(ctx context.Context, file *os.File) error {
	patience := time.After(lockPatience)
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("locking %s: %w", file.Name(), err)
		}
		select {
		case <-patience:
			return ErrOwned
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", ErrOwned, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
