package website

import (
	"regexp"
	"strings"
)

// typo3Link is how TYPO3, on which many European sites run, writes mailto: links:
// shifted by a number that each site chooses.
var typo3Link = regexp.MustCompile(`(?i)linkTo_UnCryptMailto\(['"]([^'"]{8,200})['"]`)

// typo3Ranges are the characters that are shifted, each range in itself.
var typo3Ranges = [][2]byte{{'+', ':'}, {'@', 'Z'}, {'a', 'z'}}

// decodeTYPO3 tries every shift until a mailto: comes out; empty when none does.
func decodeTYPO3(href string) string {
	m := typo3Link.FindStringSubmatch(unescape(href))
	if m == nil {
		return ""
	}
	for offset := -10; offset <= 10; offset++ { // all that its setting allows
		if rest, ok := strings.CutPrefix(shifted(m[1], offset), "mailto:"); ok {
			return rest
		}
	}
	return ""
}

func shifted(text string, offset int) string {
	plain := []byte(text)
	for i, c := range plain {
		for _, r := range typo3Ranges {
			if c >= r[0] && c <= r[1] {
				size := int(r[1]-r[0]) + 1
				plain[i] = r[0] + byte((int(c-r[0])+offset+size)%size)
			}
		}
	}
	return string(plain)
}
