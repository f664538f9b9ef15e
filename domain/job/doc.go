// Package job holds what Leadstream means by a background job: the commands
// that become jobs, the states they pass through, when a failed attempt is
// tried again, and how a batch counts its jobs.
//
//	            enqueue
//	               │
//	               ▼         start            complete
//	cancel ┌──► waiting ───────────► active ───────────► completed
//	 ◄─────┤       ▲ ▲                 │ │ │
//	       │   due │ └── hand back ────┘ │ └────────────► failed ──┐
//	       └─── delayed ◄── retry, ──────┘ └─► cancelled ──┐       │
//	                       postpone                        │       │
//	               ▲                                       │       │
//	               └────────────── retry by hand ──────────┴───────┘
//
// The transitions stand once, in state.go; a store must refuse all others.
package job
