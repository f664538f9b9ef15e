// Package workqueue is a Watermill Pub/Sub for work: a message.Publisher and a
// message.Subscriber on Redis Streams, in which a message is a job with a
// state. It knows nothing of what the jobs do.
//
// Beside what any Pub/Sub does, it runs several messages of a topic at once
// without hoarding, orders them by priority, delays and retries them durably,
// throttles them over all processes, takes over those of workers that died,
// cancels them wherever they run, and keeps what failed in a poison stream.
//
// # Data structures
//
// All keys of a topic share a hash tag, so that each script touches one slot:
//
//	leadstream:{topic}:high|normal|low   streams, consumer group "workers": entry = job id
//	leadstream:{topic}:wake              stream of one entry, to rouse blocked workers
//	leadstream:{topic}:delayed           sorted set: job id by due time (ms)
//	leadstream:{topic}:job:<id>          hash: the job; its fields are listed at Record
//	leadstream:{topic}:index             sorted set: job id by the time it was accepted (µs)
//	leadstream:{topic}:completed|failed|cancelled   sorted sets: job id by finish (ms)
//	leadstream:{topic}:unique            hash: unique key → the unfinished job that holds it
//	leadstream:{topic}:limit             sorted set: starts in the throttle's window (µs)
//	leadstream:{topic}:control           hash: paused, starts
//	leadstream:{topic}:workers, :slots   live workers and their concurrency
//	leadstream:{topic}:batch:<id>        hash: a batch's own counters
//	leadstream:{topic}:logs:<id>, :tally:<id>   a job's log and marks
//	leadstream:{topic}:poison            stream: what failed for good (public)
//
// # States
//
//	waiting ──► active ──► completed | failed | cancelled
//	   ▲          │ │
//	   │          │ └────► waiting   handed back at shutdown
//	   └─ delayed ◄┘                 retry, postponement, delayed publish
//
// and failed | cancelled ──► waiting by hand. The table stands in common.lua;
// every script goes through its one function become, which refuses all other
// moves, counts the job's batch, and appends the event of the change: state
// and event are one atomic step.
//
// # Guarantees, and what they rest on
//
//   - Accepted means kept: enqueue.lua writes hash and stream entry in one step.
//   - A delivery is at least once: an entry leaves its stream only in
//     settle.lua, together with the job's next state.
//   - One at a time: each start raises the job's run number, and settle.lua,
//     report.lua and renew.lua refuse any other run. A worker that slept
//     through its lease can write nothing.
//   - No hoarding: take.lua starts no more than the caller has free slots.
//   - The throttle is exact: starts are kept by Redis's clock, and asked for
//     in the same step that would start a job. Every start counts, retries too.
//   - Waiting costs no slot: throttled, delayed and paused jobs stay in Redis.
//   - Leases: a running job's entry is claimed anew by its own consumer at a
//     third of the lease, which resets its idle time. Looking for idle entries
//     every quarter of a lease bounds a take-over at 1.25 leases. At its third
//     loss a job is given up, so that one that kills its worker ends.
//   - Fairness: of ten starts, one may go to the oldest job of a lower priority
//     that has waited longer than thirty seconds; the others are strictly by
//     priority. A steady stream of high ones leaves low ones a tenth.
//
// # How a message ends
//
// A handler that acks completes its job, unless Delivery.Settle said what else
// acking is to write: failed, cancelled, or delayed. A nack delays the job by
// NackDelay. When the subscriber closes, running handlers have Grace to end;
// after that their context ends with ErrInterrupted, and a nacked job is back
// in waiting with its attempt not counted.
package workqueue
