package business

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// DayHours is when a business is open on one day, in its source's own words.
// What a machine can make of them is read when it is asked for, so that leads
// of long ago profit from what is learned since.
type DayHours struct {
	Day   string // in the language of the source
	Hours []string
}

// TimeOfDay is minutes after midnight, 0 to 1440.
type TimeOfDay int

const (
	hour     TimeOfDay = 60
	midnight TimeOfDay = 24 * hour // at a day's end
)

// String is the time on a clock of 24 hours, 00:00 to 24:00.
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", t/hour, t%hour) }

// Period is a time without a break in which a business is open. Opens is
// before 24:00 and Closes after 00:00; one that closes before it opens closes
// on the next day.
type Period struct{ Opens, Closes TimeOfDay }

// Weekday is the day of the week that Day names in one of the languages of
// the map; false where it names none.
func (d DayHours) Weekday() (time.Weekday, bool) {
	word := strings.TrimLeftFunc(strings.ToLower(d.Day), unicode.IsSpace)
	if end := strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }); end >= 0 {
		word = word[:end] // segunda-feira, Thursday (Thanksgiving)
	}
	day, known := weekdays[word]
	return day, known
}

// Periods are the times at which a business is open, in the order of the
// source: none on a day when it is closed. It is false where the words were not
// told, or not all of them are understood.
func (d DayHours) Periods() ([]Period, bool) {
	var (
		periods []Period
		closed  bool
	)
	for _, text := range d.Hours {
		read, understood := parseHours(text)
		if !understood {
			return nil, false
		}
		closed = closed || len(read) == 0
		periods = append(periods, read...)
	}
	if closed == (len(periods) > 0) {
		return nil, false // nothing was said, or that it is open and closed
	}
	return periods, true
}
