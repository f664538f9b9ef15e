package sandbox

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// overpassQuery is what is understood of Overpass QL: nwr statements of tag
// filters around a point, in a union, and how many to put out.
type overpassQuery struct {
	statements []overpassStatement
	limit      int
}

type overpassStatement struct {
	tags             []func(map[string]string) bool
	metres, lat, lon float64
}

var (
	overpassForm = regexp.MustCompile(`(?s)^\[out:json\]\[timeout:\d+\](?:\[maxsize:\d+\])?;\s*\((.*)\);\s*out (?:body |tags )?center(?: qt)?(?: (\d+))?;\s*$`)
	overpassLine = regexp.MustCompile(`^\s*nwr((?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])+)\(around:([\d.]+),(-?[\d.]+),(-?[\d.]+)\);`)
	overpassTag  = regexp.MustCompile(`\[(~?)"((?:[^"\\]|\\.)*)"(?:(=|~)"((?:[^"\\]|\\.)*)"(,i)?)?\]`)
)

func parseOverpass(text string) (overpassQuery, error) {
	form := overpassForm.FindStringSubmatch(text)
	if form == nil {
		return overpassQuery{}, fmt.Errorf("this is not the form of a query")
	}
	query := overpassQuery{limit: math.MaxInt}
	if form[2] != "" {
		query.limit, _ = strconv.Atoi(form[2])
	}
	for rest := form[1]; strings.TrimSpace(rest) != ""; {
		line := overpassLine.FindStringSubmatch(rest)
		if line == nil {
			return overpassQuery{}, fmt.Errorf("statement expected at %.40q", rest)
		}
		statement, err := parseStatement(line)
		if err != nil {
			return overpassQuery{}, err
		}
		query.statements = append(query.statements, statement)
		rest = rest[len(line[0]):]
	}
	return query, nil
}

func parseStatement(line []string) (overpassStatement, error) {
	var s overpassStatement
	s.metres, _ = strconv.ParseFloat(line[2], 64)
	s.lat, _ = strconv.ParseFloat(line[3], 64)
	s.lon, _ = strconv.ParseFloat(line[4], 64)
	for _, tag := range overpassTag.FindAllStringSubmatch(line[1], -1) {
		matches, err := tagFilter(tag[1] != "", unescape(tag[2]), tag[3], unescape(tag[4]), tag[5] != "")
		if err != nil {
			return s, err
		}
		s.tags = append(s.tags, matches)
	}
	return s, nil
}

func unescape(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text)
}

func tagFilter(keyIsPattern bool, key, operator, value string, fold bool) (func(map[string]string) bool, error) {
	if fold {
		value = "(?i)" + value
	}
	if !keyIsPattern {
		key = "^" + regexp.QuoteMeta(key) + "$"
	}
	if operator == "=" {
		value = "^" + regexp.QuoteMeta(value) + "$"
	}
	keys, err := regexp.Compile(key)
	if err != nil {
		return nil, fmt.Errorf("invalid regular expression %q", key)
	}
	values, err := regexp.Compile(value)
	if err != nil {
		return nil, fmt.Errorf("invalid regular expression %q", value)
	}
	return func(tags map[string]string) bool {
		for k, v := range tags {
			if keys.MatchString(k) && values.MatchString(v) {
				return true
			}
		}
		return false
	}, nil
}

func (q overpassQuery) find(elements []osmElement) []osmElement {
	found := []osmElement{}
	for _, e := range elements {
		if len(found) < q.limit && q.wants(e) {
			found = append(found, e)
		}
	}
	return found
}

func (q overpassQuery) wants(e osmElement) bool {
	at := osmPoint{e.Lat, e.Lon}
	if e.Center != nil {
		at = *e.Center
	}
	for _, s := range q.statements {
		near := metresBetween(at, osmPoint{s.lat, s.lon}) <= s.metres
		for _, matches := range s.tags {
			near = near && matches(e.Tags)
		}
		if near {
			return true
		}
	}
	return false
}

// metresBetween is exact enough for a town.
func metresBetween(a, b osmPoint) float64 {
	const perDegree = 111_195
	x := (a.Lon - b.Lon) * math.Cos((a.Lat+b.Lat)/2*math.Pi/180)
	return perDegree * math.Hypot(x, a.Lat-b.Lat)
}
