// Command bench measures the work queue beside others on one Redis, in one
// run: the same payloads, handlers that do nothing, the append-only file
// written every second.
//
//	go run . [-runs 3] [-jobs 50000] [-only process-100,latency] [-systems leadstream,bullmq]
//
// It starts its own redis-server on a free loopback port, empties it before
// each measurement, and prints the median of the runs as a table, with each
// figure's ratio to Leadstream's. Beside jobs a second it tells how many
// microseconds of CPU a job costs Redis and the client, which a busy machine
// bends less.
//
// It is a module of its own, so that the peers it is measured beside are no
// dependencies of the service.
package main
