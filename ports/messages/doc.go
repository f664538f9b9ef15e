// Package messages is the port through which work arrives as messages: jobs
// from the work queue, commands from other services, and events. It says which
// message calls which use case, and what becomes of a message whose use case
// fails; the application knows nothing of messages.
package messages
