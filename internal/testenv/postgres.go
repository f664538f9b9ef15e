package testenv

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/uptrace/bun/driver/pgdriver"
)

// Postgres starts a Postgres of the test's own from its binaries, and answers
// the address of an empty database. It runs as another user where the test
// runs as root, which Postgres refuses.
func Postgres(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "leadstream-pg-") // t.TempDir is not open to other users
	if err != nil {
		t.Fatalf("creating a folder: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := postgresUser(t, dir)
	data := filepath.Join(dir, "data")
	initdb := command(as, tool(t, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := strconv.Itoa(freePort(t))
	server := command(as, tool(t, "postgres"), "-D", data, "-p", port, "-h", "127.0.0.1", "-k", dir, "-F", "-c", "full_page_writes=off")
	if err := server.Start(); err != nil {
		t.Fatalf("starting postgres: %v", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // at once: nothing in it is worth a clean end
		_ = server.Wait()
	})
	dsn := fmt.Sprintf("postgres://postgres@127.0.0.1:%s/postgres?sslmode=disable", port)
	db := sql.OpenDB(pgdriver.NewConnector(pgdriver.WithDSN(dsn)))
	defer func() { _ = db.Close() }()
	Eventually(t, startTimeout, func() bool { return db.PingContext(context.Background()) == nil }, "postgres answers")
	return dsn
}

func command(as *syscall.Credential, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	return cmd
}

// postgresUser gives the folder to whom Postgres is to run as; nil is oneself.
func postgresUser(t testing.TB, dir string) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatalf("no user for Postgres: %v", err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32) // numbers on every unix
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		t.Fatalf("giving the folder to %s: %v", u.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
