//go:build race

package workqueue_test

const raceDetector = true
