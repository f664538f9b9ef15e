package breaker_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadstream/adapters/breaker"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.LeakFree(m)) }

// said is an error that tells of the provider.
type said bool

func (s said) Error() string { return "said" }
func (s said) Outage() bool  { return bool(s) }

const openFor = 300 * time.Millisecond

// processes are breakers of one provider, as processes of a fleet have them.
func processes(t *testing.T, n int) []*breaker.Breaker {
	t.Helper()
	db := testenv.SharedRedis(t)
	list := make([]*breaker.Breaker, n)
	for i := range list {
		list[i] = breaker.New(breaker.Options{
			Provider: "shop", Redis: db.Client(), Failures: 3, OpenFor: openFor, Now: time.Now, Logger: (&testenv.Logs{}).Logger(),
		})
	}
	return list
}

func answer(err error) func() error { return func() error { return err } }

func stateOf(t *testing.T, b *breaker.Breaker) app.ProviderState {
	t.Helper()
	s, err := b.ProviderState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOutageOfOneIsKnownToAll opens in one process, and closes by the one
// request of all processes that tries.
func TestOutageOfOneIsKnownToAll(t *testing.T) {
	t.Parallel()
	all := processes(t, 4)
	for i := range 3 {
		err := all[0].Do(t.Context(), answer(said(true)))
		if opens := i == 2; fault.Is(err, fault.Postponed) != opens || errors.Is(err, said(true)) == opens {
			t.Fatalf("outage %d: %v", i+1, err)
		}
	}
	for i, b := range all {
		err := b.Do(t.Context(), func() error { t.Errorf("process %d let a request through", i); return nil })
		until, ok := fault.PostponedUntil(err)
		if left := time.Until(until); !ok || left > openFor {
			t.Errorf("process %d: %v for %s", i, err, left)
		}
		if s := stateOf(t, b); s.Breaker != "open" || s.Provider != "shop" || s.Until.IsZero() {
			t.Errorf("process %d shows %+v", i, s)
		}
	}
	testenv.Eventually(t, 5*time.Second, func() bool { return stateOf(t, all[1]).Breaker == "half_open" }, "it half opens")
	if tried, postponed := race(t, all, said(true)); tried != 1 || postponed != 4 {
		t.Errorf("%d tried, %d were held back", tried, postponed)
	}
	if s := stateOf(t, all[2]); s.Breaker != "open" {
		t.Errorf("after a try in vain: %+v", s)
	}
	testenv.Eventually(t, 5*time.Second, func() bool { return stateOf(t, all[1]).Breaker == "half_open" }, "it half opens again")
	if tried, postponed := race(t, all, nil); tried != 1 || postponed != 3 {
		t.Errorf("%d tried, %d were held back", tried, postponed)
	}
	for i, b := range all {
		if s := stateOf(t, b); s.Breaker != "closed" {
			t.Errorf("process %d shows %+v", i, s)
		}
		testenv.Eventually(t, 5*time.Second, func() bool { return b.Do(t.Context(), answer(nil)) == nil }, "process %d asks again", i)
	}
}

// race lets every process ask at once; the one that gets through waits for
// the others, and is put off as they are when it tried in vain.
func race(t *testing.T, all []*breaker.Breaker, end error) (tried, postponed int64) {
	t.Helper()
	var in, out atomic.Int64
	var wg sync.WaitGroup
	for _, b := range all {
		wg.Go(func() {
			err := b.Do(t.Context(), func() error {
				in.Add(1)
				testenv.Eventually(t, 5*time.Second, func() bool { return in.Load()+out.Load() == int64(len(all)) }, "all have asked")
				return end
			})
			if fault.Is(err, fault.Postponed) {
				out.Add(1)
			}
		})
	}
	wg.Wait()
	return in.Load(), out.Load()
}

// TestOnlyOutagesInARowOpen: an answer, whatever it says, is a sign of life,
// and our own cancelling is no sign at all.
func TestOnlyOutagesInARowOpen(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string][]error{
		"answers between": {said(true), said(true), nil, said(true), said(true)},
		"refusals":        {said(true), said(true), said(false), said(true), said(true)},
		"cancelled":       {context.Canceled, context.Canceled, context.Canceled, context.Canceled, context.Canceled},
	} {
		b := processes(t, 1)[0]
		for _, end := range ends {
			if err := b.Do(t.Context(), answer(end)); !errors.Is(err, end) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if s := stateOf(t, b); s.Breaker != "closed" {
			t.Errorf("%s: %+v", name, s)
		}
	}
	b := processes(t, 1)[0]
	for _, end := range []error{said(true), context.Canceled, said(true), context.Canceled, said(true)} {
		_ = b.Do(t.Context(), answer(end))
	}
	if s := stateOf(t, b); s.Breaker != "open" {
		t.Errorf("three outages with cancellings between: %+v", s)
	}
}

// TestOutagesAreCountedTogether: three processes that see one each open it, and
// what they are answered tells how many there have been.
func TestOutagesAreCountedTogether(t *testing.T) {
	t.Parallel()
	all := processes(t, 3)
	count := func(b *breaker.Breaker) int {
		o, _ := errors.AsType[interface {
			error
			Outages() int
		}](b.Do(t.Context(), answer(said(true))))
		if o == nil {
			return 0
		}
		return o.Outages()
	}
	if first, second := count(all[0]), count(all[1]); first != 1 || second != 2 {
		t.Errorf("counted %d, then %d", first, second)
	}
	if err := all[2].Do(t.Context(), answer(nil)); err != nil { // an answer to any of them begins anew
		t.Fatal(err)
	}
	if first, second := count(all[1]), count(all[0]); first != 1 || second != 2 {
		t.Errorf("after an answer %d, then %d", first, second)
	}
	if err := all[2].Do(t.Context(), answer(said(true))); !fault.Is(err, fault.Postponed) || stateOf(t, all[0]).Breaker != "open" {
		t.Errorf("the third: %v", err)
	}
}

// TestWhatWasUnderWayIsPutOff: a call that fails when another has opened the
// breaker meanwhile loses no attempt either, and opens it no longer.
func TestWhatWasUnderWayIsPutOff(t *testing.T) {
	t.Parallel()
	all := processes(t, 2)
	var until time.Time
	err := all[1].Do(t.Context(), func() error {
		for range 3 {
			_ = all[0].Do(t.Context(), answer(said(true)))
		}
		until = stateOf(t, all[0]).Until
		return said(true)
	})
	if after := stateOf(t, all[0]).Until; !fault.Is(err, fault.Postponed) || after.Sub(until).Abs() > 50*time.Millisecond {
		t.Errorf("%v; open until %s, before %s", err, after, until)
	}
}

// TestCancelledTryIsGivenToAnother: otherwise nobody could try for minutes.
func TestCancelledTryIsGivenToAnother(t *testing.T) {
	t.Parallel()
	all := processes(t, 2)
	for range 3 {
		_ = all[0].Do(t.Context(), answer(said(true)))
	}
	testenv.Eventually(t, 5*time.Second, func() bool { return stateOf(t, all[1]).Breaker == "half_open" }, "it half opens")
	ctx, cancel := context.WithCancel(t.Context())
	if err := all[1].Do(ctx, func() error { cancel(); return ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := all[1].Do(t.Context(), answer(nil)); err != nil {
		t.Errorf("the next try: %v", err)
	}
	if s := stateOf(t, all[0]); s.Breaker != "closed" {
		t.Errorf("%+v", s)
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	b := breaker.New(breaker.Options{Provider: "shop", Redis: server.Client(), Failures: 3, OpenFor: openFor, Now: time.Now, Logger: (&testenv.Logs{}).Logger()})
	server.Kill()
	if err := b.Do(t.Context(), answer(nil)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("asking: %v", err)
	}
	if _, err := b.ProviderState(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("reading: %v", err)
	}
}
