// Package export is the port of downloads: leads become a file, row by row, so
// that any number of them takes the same memory.
package export
