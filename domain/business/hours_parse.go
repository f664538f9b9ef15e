package business

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	morning = regexp.MustCompile(`(\d)\s*(?:a\.?\s?m\b\.?|π\.?\s?[μµ]\.?)`)
	evening = regexp.MustCompile(`(\d)\s*(?:p\.?\s?m\b\.?|[μµ]\.?\s?[μµ]\.?)`)
	// hoursToken is a time or a number, a word, or a mark.
	hoursToken = regexp.MustCompile(`\d+(?:[:.h]\d{2})?|\pL+|[^\s\pL\d]`)
	mark       = regexp.MustCompile(`^[^\pL\d]`)
	number     = regexp.MustCompile(`^\d`)
	timeText   = regexp.MustCompile(`^(\d{1,2})(?:[:.h]?(\d{2}))?$`)
)

// parseHours reads "8 AM–5 PM", "8–12, 13–17 Uhr", "Open 24 hours" and their
// like in other languages: no periods are those of a closed day. It is false
// for what it does not understand in full.
func parseHours(text string) ([]Period, bool) {
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ") // spaces of all widths are one
	text = evening.ReplaceAllString(morning.ReplaceAllString(text, "$1 am "), "$1 pm ")
	tokens := hoursToken.FindAllString(text, -1)
	words := slices.DeleteFunc(slices.Clone(tokens), mark.MatchString)
	phrase := strings.Join(words, " ")
	switch {
	case closedPhrases[phrase]:
		return nil, true
	case allDayPhrases[phrase] || saysAllDay(words):
		return []Period{{0, midnight}}, true
	}
	p := hoursParser{tokens: tokens, named: slices.ContainsFunc(tokens, func(s string) bool { return tokenKinds[s] == clockWord })}
	return p.periods()
}

// saysAllDay reports whether words are the number 24, as in 24/7 and 24h/24, and
// others that speak of hours open.
func saysAllDay(words []string) bool {
	if !slices.Contains(words, "24") {
		return false
	}
	for _, word := range words {
		if word != "24" && word != "7" && !allDayWords[word] {
			return false
		}
	}
	return true
}

// hoursParser reads times, a dash between each two of them.
type hoursParser struct {
	tokens []string
	named  bool // some word tells that the clock has 24 hours
}

// next takes the next token that is not of a kind which can be passed over.
func (p *hoursParser) next(passed ...tokenKind) (string, tokenKind) {
	for len(p.tokens) > 0 {
		token := p.tokens[0]
		p.tokens = p.tokens[1:]
		kind := tokenKinds[token]
		if number.MatchString(token) {
			kind = clockTime
		}
		if !slices.Contains(passed, kind) {
			return token, kind
		}
	}
	return "", atEnd
}

func (p *hoursParser) periods() ([]Period, bool) {
	var list []Period
	for {
		token, kind := p.next(filler, clockWord, pause)
		if kind == atEnd {
			return list, len(list) > 0
		}
		opens, ok := p.clock(token, kind)
		if !ok {
			return nil, false
		}
		if _, kind = p.next(filler, clockWord); kind != dash {
			return nil, false
		}
		closes, ok := p.clock(p.next(filler))
		if !ok {
			return nil, false
		}
		period, ok := between(opens, closes, p.named)
		if !ok {
			return nil, false
		}
		list = append(list, period)
	}
}

// half tells the two of a day apart.
type half int

const (
	unsaid half = iota
	am
	pm
)

func (h half) other() half {
	if h == am {
		return pm
	}
	return am
}

// reading is a time as it is written.
type reading struct {
	hour, minute int
	half         half
	padded       bool // 08, which no clock of 12 hours shows
}

func (p *hoursParser) clock(token string, kind tokenKind) (reading, bool) {
	switch kind {
	case noonWord:
		return reading{hour: 12, half: pm}, true
	case midnightWord:
		return reading{hour: 12, half: am}, true
	case clockTime:
	default:
		return reading{}, false
	}
	m := timeText.FindStringSubmatch(token)
	if m == nil {
		return reading{}, false
	}
	r := reading{padded: len(m[1]) == 2 && m[1][0] == '0'}
	r.hour, _ = strconv.Atoi(m[1]) // digits
	r.minute, _ = strconv.Atoi("0" + m[2])
	if len(p.tokens) > 0 {
		switch kind := tokenKinds[p.tokens[0]]; {
		case kind == amWord, kind == midnightWord && r.hour == 12:
			r.half = am
		case kind == pmWord, kind == noonWord && r.hour == 12:
			r.half = pm
		}
	}
	if r.half != unsaid {
		p.tokens = p.tokens[1:]
	}
	return r, r.minute < 60 && (r.half == unsaid || r.hour >= 1 && r.hour <= 12)
}

// at is the time when a half of the day is given; hours beyond 12 need none.
func (r reading) at(h half) TimeOfDay {
	hours := r.hour
	if h != unsaid && hours <= 12 {
		hours %= 12
		if h == pm {
			hours += 12
		}
	}
	return TimeOfDay(hours)*hour + TimeOfDay(r.minute)
}

// between makes a period of two readings. "1–5 PM" has both in one half of the
// day, "11–3 PM" cannot; without any, and nothing else that tells of a clock of
// 24 hours, what would be odd on one is not understood.
func between(opens, closes reading, named bool) (Period, bool) {
	from, to := opens.half, closes.half
	switch {
	case from == unsaid && to == unsaid:
		if !named && ambiguous(opens, closes) {
			return Period{}, false
		}
	case from == unsaid:
		if from = to; opens.at(from) >= end(closes.at(to)) {
			from = to.other()
		}
	case to == unsaid:
		if to = from; opens.at(from) >= end(closes.at(to)) {
			to = from.other()
		}
	}
	return newPeriod(opens.at(from), closes.at(to))
}

// earliest is the hour before which little opens; what seems to may mean the afternoon.
const earliest = 5

func ambiguous(opens, closes reading) bool {
	if opens.padded || closes.padded || opens.hour == 0 || opens.hour > 12 || closes.hour > 12 {
		return false
	}
	return opens.hour < earliest || opens.at(unsaid) >= closes.at(unsaid)
}

// end is midnight at the end of the day rather than at its beginning.
func end(t TimeOfDay) TimeOfDay {
	if t == 0 {
		return midnight
	}
	return t
}

// latest is how far beyond midnight some count a day's hours.
const latest = 30 * hour

func newPeriod(opens, closes TimeOfDay) (Period, bool) {
	if opens > midnight || closes > latest {
		return Period{}, false
	}
	opens %= midnight
	if closes = end(closes); closes > midnight {
		closes -= midnight
	}
	return Period{opens, closes}, opens != closes
}
