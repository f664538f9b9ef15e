// Package hunter finds contacts at hunter.io by a business's domain, within a
// monthly quota that all processes share, and behind a circuit breaker.
//
// What Hunter's answers mean, by its documentation:
//
//	401  the key is refused       outcome unauthorised; not asked for a while
//	403  too fast                 postponed; no attempt used
//	404  nothing known            outcome none
//	429  the period is used up    outcome quota_exhausted until the reset
//	451  the person said no       outcome claimed; nothing is stored
//	400  invalid_domain           outcome none
//
// Answers of 500 and above, time-outs and failing connections are transient
// and open the breaker. Only a search that finds something costs one of the
// month, so all others are given back.
package hunter
