package workqueue

// SetFailPoint has a function called at each named step of the client: enqueue,
// enqueued, started, begun, settle, settled.
func SetFailPoint(c *Client, reach func(step string)) { c.failPoint = reach }
