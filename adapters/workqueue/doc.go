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
//	leadstream:{topic}:high|normal|low   streams, consumer group "workers": an entry carries a job, from its acceptance until it is dropped
//	leadstream:{topic}:places            hash: job id → the entry that carries it, and how it ended once it is completed; see Record
//	leadstream:{topic}:active            hash: job id → state of its run; what is pending in the groups
//	leadstream:{topic}:cancelling        hash: running jobs that are wanted cancelled
//	leadstream:{topic}:job:<id>          hash: what no entry carries of a job; its fields are listed at Record
//	leadstream:{topic}:logs:<id>, :tally:<id>   a job's log and marks
//	leadstream:{topic}:own               set: jobs that have any of these three keys
//	leadstream:{topic}:moved             sorted set: jobs that are not in the entry they were accepted with, by its time
//	leadstream:{topic}:delayed           sorted set: job id by due time (ms)
//	leadstream:{topic}:completed         list: finish (ms) and id, oldest first
//	leadstream:{topic}:failed|cancelled  sorted sets: job id by finish (ms)
//	leadstream:{topic}:unique            hash: unique key → the unfinished job that holds it
//	leadstream:{topic}:seen              sorted set: ids that stay taken after their jobs were dropped, by until when
//	leadstream:{topic}:limit             sorted set: starts in the throttle's window (µs)
//	leadstream:{topic}:control           hash: paused; how many wait; starts and take-overs so far; when something may be due
//	leadstream:{topic}:workers, :slots   live workers and their concurrency
//	leadstream:{topic}:batch:<id>        hash: a batch's own counters; :jobs, a stream of its jobs
//	leadstream:{topic}:poison            stream: what failed for good (public)
//	leadstream:{topic}:wake              stream of one entry, to rouse blocked workers
//
// Most jobs are accepted, started and completed, and are never more than their
// entry and a field of one hash each: what a round does to its jobs is one
// command for all of them, beside the event of each.
//
// # Scripts
//
// enqueue.lua accepts jobs; work.lua, one round of a worker, ends deliveries
// and starts others; note.lua adds to logs and reports progress; renew.lua keeps
// leases. The first three are hot, so each does many jobs in one call: half of a
// script's cost is the call. Enqueues and notes that come while others are on
// their way travel together (gather.go); a round takes along all that has ended
// and all slots that are free (rounds.go). An idle queue makes nobody wait: the
// first call goes at once.
//
// # States
//
//	waiting ──► active ──► completed | failed | cancelled
//	   ▲          │ │
//	   │          │ └────► waiting   handed back at shutdown
//	   └─ delayed ◄┘                 retry, postponement, delayed publish
//
// and failed | cancelled ──► waiting by hand. The table stands in jobs.lua.
// Each change of state counts the job's batch and appends the event of the
// change in the same script: state and event are one atomic step.
//
// # Guarantees, what they rest on, and their proofs
//
//   - Accepted means kept: enqueue.lua writes place and stream entry in one step
//     (TestFaultEnqueuerKilled, TestFullRedis).
//   - A delivery is at least once: an entry stays pending until endings.lua
//     acknowledges it together with the job's next state (TestFaultWorkerKilled,
//     at each point between take and ack).
//   - One at a time: each start raises the job's run number, and no script
//     writes for any other run. A worker that slept through its lease can write
//     nothing (TestFaultStoppedWorkerIsFenced). Where nobody took a job over since a
//     batch of runs began, that is known without asking each of them (docs/adr/0005).
//   - No hoarding: a round starts no more than the caller has free slots
//     (TestPropertyNoHoarding, TestNoMoreInFlightThanSlots).
//   - The throttle is exact: starts are kept by Redis's clock, and asked for
//     in the same step that would start a job. Every start counts, retries too
//     (TestPropertyThrottle: never above, never idle while allowed).
//   - Waiting costs no slot: throttled, delayed and paused jobs stay in Redis.
//   - Leases: a running job's entry is claimed anew by its own consumer at a
//     third of the lease, which resets its idle time. The same beat learns
//     whether others are overdue, which bounds a take-over at 1.34 leases. At
//     its third loss a job is given up, so that one that kills its worker ends.
//   - A lost answer loses nothing: an end that is written already is not refused,
//     and a run that was started by an answer that never came is told to its
//     worker by the next beat (TestFaultConnectionsCut).
//   - Cancelling: the wish is kept, then pushed to the worker; a push that is
//     lost is made good by the next beat. A job that is wanted cancelled never
//     runs again, however its run ends (TestCancelIsKeptByARunThatDoesNotEnd).
//   - Fairness: of ten starts, one may go to the oldest job of a lower priority
//     that has waited longer than thirty seconds; the others are strictly by
//     priority. A steady stream of high ones leaves low ones a tenth.
//   - All of it at once, against a model of it: TestPropertyQueueFollowsTheModel in
//     adapters/jobstore; with processes that die: TestFaultChaos.
//
// # How a message ends
//
// A handler that acks completes its job, unless Delivery.Settle said what else
// acking is to write: failed, cancelled, or delayed. A nack delays the job by
// NackDelay. When the subscriber closes, running handlers have Grace to end;
// after that their context ends with ErrInterrupted, and a nacked job is back
// in waiting with its attempt not counted.
package workqueue
