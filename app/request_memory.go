package app

import "context"

// RequestMemory remembers what requests were answered, so that one that is
// sent again by the same key is answered the same and not run again.
type RequestMemory interface {
	// Recall gives a request of this key the right to run, or what it was answered.
	Recall(ctx context.Context, key, fingerprint string) (Recollection, error)
	// Remember keeps the answer of the request that holds the claim.
	Remember(ctx context.Context, key, claim string, answer []byte) error
	// Forget lets another request of this key run, the claim's own having come to nothing.
	Forget(ctx context.Context, key, claim string) error
}

// Recollection is what is known of a key; all zero says that its request still runs.
type Recollection struct {
	Claim  string // not empty: the request may run
	Answer []byte // not nil: it has run before
	Other  bool   // the key belongs to another request
}
