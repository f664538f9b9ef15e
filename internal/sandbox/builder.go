package sandbox

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// builder makes businesses one after another. What tests count on follows from
// how many there were before, the rest from a source that one seed repeats.
type builder struct {
	random   *rand.Rand
	spread   float64
	ofTrade  map[string]int
	unusual  int // websites that misbehave
	hidden   int // websites with contacts
	silent   int // websites without
	websites int
}

func newBuilder(o TownOptions) *builder {
	return &builder{random: rand.New(rand.NewPCG(o.Seed, 11)), spread: o.Spread, ofTrade: map[string]int{}}
}

func (m *builder) build(size int) []Business {
	businesses := make([]Business, 0, size)
	for i := range size {
		businesses = append(businesses, m.next(i))
	}
	return businesses
}

func (m *builder) next(i int) Business {
	t := tradeOf(i)
	nth := m.ofTrade[trades[t].Word]
	m.ofTrade[trades[t].Word]++
	name := nameOf(t, nth)
	b := Business{Slug: slug(name), Name: name, Trade: trades[t], Closed: i%61 == 60, Paused: i%61 == 30, WrappedSite: i%9 == 4}
	m.settle(&b, i)
	m.rate(&b, i)
	m.register(&b)
	if i%11 != 10 {
		b.Phone = phoneOf(i)
	}
	if nth%6 == 1 {
		b.Description = fmt.Sprintf("%s with a name in %s since 1987.", b.Trade.Category, b.City)
	}
	b.Site = m.site(i, nth+3*t)
	m.people(&b, i)
	return b
}

// settle gives it a place in the town.
func (m *builder) settle(b *Business, i int) {
	city := cities[i%len(cities)].spread(m.spread)
	b.Street, b.City, b.Zip = fmt.Sprintf("%d %s", 1+m.random.IntN(199), streets[i%len(streets)]), city.name, city.zip
	b.Lat, b.Lng = city.lat+m.spread*(m.random.Float64()-0.5)/250, city.lng+m.spread*(m.random.Float64()-0.5)/250
	b.HasAddress, b.PlusCode = i%17 != 16, m.letters("23456789CFGHJMPQRVWX", 4)+"+"+m.letters("23456789CFGHJMPQRVWX", 2)
}

// rate gives it reviews; every thirteenth has none, and a few have thousands.
func (m *builder) rate(b *Business, i int) {
	if i%13 == 12 {
		return
	}
	b.Rating, b.Reviews = float64(30+m.random.IntN(21))/10, 1+m.random.IntN(400)
	if i%19 == 8 {
		b.Reviews += 1000
	}
	if b.Trade.Priced {
		b.Price = strings.Repeat("$", 1+i%3)
	}
}

// register gives it the ids that a map knows it by.
func (m *builder) register(b *Business) {
	const newJersey = 0x89c3 << 48 // places near each other begin alike
	cid := m.random.Uint64()
	b.DataID, b.CID = fmt.Sprintf("0x%x:0x%x", newJersey|m.random.Uint64()>>16, cid), strconv.FormatUint(cid, 10)
	raw := make([]byte, 17)
	for i := range raw {
		raw[i] = byte(m.random.UintN(256))
	}
	b.PlaceID = "ChIJ" + base64.RawURLEncoding.EncodeToString(raw)
	b.KGMID = "/g/11" + m.letters("bcdfghjklmnpqrstvwxyz0123456789_", 8)
	if m.random.IntN(4) > 0 {
		b.OwnerID = "1" + m.letters("0123456789", 20)
	}
}

func (m *builder) letters(alphabet string, n int) string {
	var s strings.Builder
	for range n {
		s.WriteByte(alphabet[m.random.IntN(len(alphabet))])
	}
	return s.String()
}

// nameOf names the nth business of a trade as no other is named.
func nameOf(trade, nth int) string {
	suffixes := trades[trade].Suffixes
	round, place := nth/len(owners), nth%len(owners)
	name := owners[(place+7*trade)%len(owners)] + " " + suffixes[(place+round)%len(suffixes)]
	if again := round / len(suffixes); again > 0 {
		name += " " + strconv.Itoa(again+1)
	}
	return name
}

// slug is a name as a host.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, "-")
}

// phoneOf is a number of the range 555-0100 to 555-0199, its own for the first nine hundred.
func phoneOf(i int) string {
	return fmt.Sprintf("+1%d555%04d", areaCodes[i/100%len(areaCodes)], 100+i%100)
}
