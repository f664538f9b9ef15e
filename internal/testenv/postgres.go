package testenv

import (
	"context"
	"database/sql"
	"errors"
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
// the address of its empty database postgres. It runs as another user where
// the test runs as root, which Postgres refuses.
func Postgres(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "leadstream-pg-") // t.TempDir is not open to other users
	if err != nil {
		t.Fatalf("creating a folder: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := postgresUser(t, dir)
	if err := initPostgres(dir, as); err != nil {
		t.Fatal(err)
	}
	for range portAttempts {
		dsn, server, err := startPostgres(dir, as)
		if err == nil {
			t.Cleanup(func() { server.end(syscall.SIGQUIT) }) // at once: nothing in it is worth a clean end
			return dsn
		}
		if !errors.Is(err, errPortTaken) {
			t.Fatal(err)
		}
	}
	t.Fatalf("starting postgres %d times: %v", portAttempts, errPortTaken)
	return ""
}

func initPostgres(dir string, as *syscall.Credential) error {
	binary, err := tool("initdb")
	if err != nil {
		return err
	}
	initdb := command(as, binary, "-D", dataIn(dir), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func startPostgres(dir string, as *syscall.Credential) (dsn string, server *process, err error) {
	binary, err := tool("postgres")
	if err != nil {
		return "", nil, err
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	server, err = startProcess(command(as, binary, "-D", dataIn(dir), "-p", strconv.Itoa(port), "-h", "127.0.0.1", "-k", dir,
		"-F", "-c", "full_page_writes=off"), syscall.SIGQUIT)
	if err != nil {
		return "", nil, err
	}
	dsn = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	if servesPostgres(server, dsn, dataIn(dir)) {
		return dsn, server, nil
	}
	server.end(syscall.SIGQUIT)
	if server.lostItsPort() {
		return "", nil, errPortTaken
	}
	return "", nil, fmt.Errorf("postgres does not answer: %s", server.output.String())
}

// servesPostgres waits until the process answers, not another that has its port.
func servesPostgres(server *process, dsn, data string) bool {
	db := sql.OpenDB(pgdriver.NewConnector(pgdriver.WithDSN(dsn)))
	defer func() { _ = db.Close() }()
	var serves string
	return poll(startTimeout, func() bool {
		return server.hasEnded() || db.QueryRowContext(context.Background(), "SHOW data_directory").Scan(&serves) == nil
	}) && serves == data
}

func dataIn(dir string) string { return filepath.Join(dir, "data") }

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
