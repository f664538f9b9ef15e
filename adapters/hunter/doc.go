// Package hunter finds contacts at hunter.io by a business's domain, and
// verifies addresses, within quotas that all processes share.
//
// What Hunter's answers mean, by its documentation:
//
//	400  invalid_domain           outcome none; another id is our own mistake
//	401  the key is refused       outcome unauthorised; not asked for a while, and a warning until a key is accepted
//	403  too fast                 postponed, no attempt used; after an hour of it outcome too_fast
//	404  nothing known            outcome none
//	429  the period is used up    outcome quota_exhausted until the reset
//	451  the person said no       outcome claimed; nothing is stored
//
// and of the verifier
//
//	202  it is finding out        asked again, counted once; outcome pending
//	222  no answer from the mail  outcome unreachable; not paid for
//	     server
//
// Answers of 500 and above, time-outs and failing connections are transient
// and outages to the breaker. Only a search that finds something costs one of
// the period, so all others are given back.
package hunter
