package overpass

import (
	"regexp"
	"slices"
	"strings"

	"leadstream/domain/business"
)

// weekdays are the days as the tag names them, and as people do.
var weekdays = []struct{ short, long string }{
	{"Mo", "Monday"}, {"Tu", "Tuesday"}, {"We", "Wednesday"}, {"Th", "Thursday"}, {"Fr", "Friday"}, {"Sa", "Saturday"}, {"Su", "Sunday"},
}

var (
	// hoursRule is days, and times or off: "Mo-Fr,Su 08:00-12:00,13:00-17:00".
	hoursRule = regexp.MustCompile(`^((?:Mo|Tu|We|Th|Fr|Sa|Su)(?:[-,](?:Mo|Tu|We|Th|Fr|Sa|Su))*)?\s*(off|closed|24/7|(?:\d{1,2}:\d{2}-\d{1,2}:\d{2}\+?)(?:\s*,\s*\d{1,2}:\d{2}-\d{1,2}:\d{2}\+?)*)$`)
	// publicHolidays are rules that say nothing of a week's days.
	publicHolidays = regexp.MustCompile(`^(?:PH|SH)(?:,(?:PH|SH))*\s+\S+`)
)

// openingHours reads the tag opening_hours as far as people mostly write it: a
// rule for some days of the week after another, the later ones standing. What
// goes beyond (seasons, sunsets, comments) is kept as it is written, under the
// tag's own name.
func openingHours(text string) []business.DayHours {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	week := map[int][]string{}
	for rule := range strings.SplitSeq(text, ";") {
		rule = strings.TrimSpace(rule)
		if rule == "" || publicHolidays.MatchString(rule) {
			continue
		}
		m := hoursRule.FindStringSubmatch(rule)
		if m == nil {
			return []business.DayHours{{Day: "opening_hours", Hours: []string{text}}}
		}
		for _, day := range daysOf(m[1]) {
			week[day] = spansOf(m[2])
		}
	}
	var days []business.DayHours
	for i, day := range weekdays {
		if spans, said := week[i]; said {
			days = append(days, business.DayHours{Day: day.long, Hours: spans})
		}
	}
	return days
}

// daysOf lists the days of "Mo-We,Fr"; none named are all.
func daysOf(text string) (days []int) {
	if text == "" {
		return []int{0, 1, 2, 3, 4, 5, 6}
	}
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		for day, last := weekday(from), weekday(to); ; day = (day + 1) % 7 {
			days = append(days, day)
			if day == last {
				break
			}
		}
	}
	return days
}

func weekday(short string) int {
	return slices.IndexFunc(weekdays, func(d struct{ short, long string }) bool { return d.short == short })
}

func spansOf(text string) []string {
	switch text {
	case "off", "closed":
		return []string{"Closed"}
	case "24/7":
		return []string{"Open 24 hours"}
	}
	var spans []string
	for span := range strings.SplitSeq(text, ",") {
		spans = append(spans, strings.Replace(strings.TrimSpace(span), "-", "–", 1))
	}
	return spans
}
