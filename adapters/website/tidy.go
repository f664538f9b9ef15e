package website

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tidy makes one space of several.
func tidy(text string) string { return strings.Join(strings.Fields(text), " ") }

// tidyLines makes one space of several, and one line break of spaces with one
// among them. Characters of no width, which cut addresses for robots, go.
func tidyLines(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	var gap byte
	for _, r := range text {
		switch {
		case r == '\n':
			gap = '\n'
			continue
		case unicode.IsSpace(r):
			if gap == 0 {
				gap = ' '
			}
			continue
		case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u2060' || r == '\ufeff' || r == '\u00ad' || r == utf8.RuneError || r == 0:
			continue
		}
		if gap != 0 && b.Len() > 0 {
			b.WriteByte(gap)
		}
		gap = 0
		b.WriteRune(r)
	}
	return b.String()
}

func reversed(text string) string {
	runes := []rune(text)
	slices.Reverse(runes)
	return string(runes)
}
