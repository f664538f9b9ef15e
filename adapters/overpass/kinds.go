package overpass

import "strings"

// kinds are what people search for, by the tags that OpenStreetMap's wiki gives
// such businesses. Singular and plural are one (see stem), as are the words of
// one entry.
var kinds = parseKinds(`
plumbing, plumber, plumbing service, drain service: craft=plumber, shop=plumber
electrician, electric, electrical, electrical service: craft=electrician, shop=electrician
hvac, heating, air conditioning, heating and cooling: craft=hvac, craft=heating_engineer
roofing, roofer, roofing contractor: craft=roofer
carpenter, carpentry, joiner: craft=carpenter, craft=joiner
painter, painting: craft=painter
landscaping, landscaper, gardener, lawn care: craft=gardener, craft=landscaper, shop=landscaping
locksmith: craft=locksmith, shop=locksmith
builder, construction, contractor, general contractor: craft=builder, office=construction_company
tiler, tiling: craft=tiler
flooring: craft=floorer, shop=flooring
glazier, glass: craft=glaziery, shop=glaziery
cleaning service, window cleaning, janitor, cleaning: craft=cleaning, shop=cleaning, office=cleaning
photographer, photography: craft=photographer, shop=photo
brewery: craft=brewery
caterer, catering: craft=caterer
tailor: craft=tailor, shop=tailor
shoemaker, shoe repair: craft=shoemaker, shop=shoe_repair
watchmaker: craft=watchmaker, shop=watches
jeweler, jeweller, jewelry: shop=jewelry, craft=jeweller
printer, printing, print shop: craft=printer, shop=copyshop
upholsterer, upholstery: craft=upholsterer
dentist, dental, dental clinic: amenity=dentist, healthcare=dentist
orthodontist: healthcare:speciality=orthodontics
doctor, physician, medical practice: amenity=doctors, healthcare=doctor
clinic, medical clinic: amenity=clinic, healthcare=clinic
pharmacy, drugstore, chemist: amenity=pharmacy, shop=chemist
optician, optometrist: shop=optician, healthcare=optometrist
physiotherapist, physical therapy, physiotherapy: healthcare=physiotherapist
chiropractor: healthcare=alternative, healthcare:speciality=chiropractic
psychologist, psychotherapist, therapist: healthcare=psychotherapist, office=therapist
veterinarian, vet, veterinary, animal hospital: amenity=veterinary
restaurant: amenity=restaurant
pizza, pizzeria: cuisine=pizza
cafe, coffee, coffee shop: amenity=cafe, shop=coffee
bar, pub: amenity=bar, amenity=pub
fast food: amenity=fast_food
ice cream: amenity=ice_cream, shop=ice_cream
bakery, baker: shop=bakery, craft=bakery
butcher: shop=butcher
grocery, supermarket, grocery store: shop=supermarket, shop=convenience, shop=grocery
florist, flower shop, flower: shop=florist
hairdresser, hair salon, barber, barber shop, barbershop: shop=hairdresser
beauty salon, beauty, nail salon: shop=beauty, shop=nails
spa, massage: shop=massage, leisure=spa
tattoo, tattoo studio: shop=tattoo
auto repair, car repair, mechanic, garage, auto shop: shop=car_repair
car dealer, car dealership, auto dealer: shop=car
car wash: amenity=car_wash
tire, tyre, tire shop: shop=tyres
gas station, petrol station: amenity=fuel
bicycle shop, bike shop: shop=bicycle
hardware store, hardware: shop=hardware, shop=doityourself
furniture, furniture store: shop=furniture
clothing, clothes, clothing store, boutique: shop=clothes, shop=boutique
shoe store, shoe: shop=shoes
book store, bookstore, bookshop: shop=books
electronics, electronics store: shop=electronics
computer repair, computer: shop=computer
pet store, pet shop, pet: shop=pet
pet grooming, dog groomer: shop=pet_grooming
laundry, dry cleaner, dry cleaning: shop=laundry, shop=dry_cleaning
gym, fitness, fitness center: leisure=fitness_centre
hotel: tourism=hotel
motel, guest house: tourism=motel, tourism=guest_house
lawyer, attorney, law firm: office=lawyer
notary: office=notary
accountant, accounting, bookkeeping, tax service: office=accountant, office=tax_advisor
insurance, insurance agency: office=insurance
real estate, real estate agency, realtor, estate agent: office=estate_agent
architect: office=architect
engineer, engineering: office=engineer
marketing agency, advertising agency: office=advertising_agency
software company, it company: office=it
travel agency: shop=travel_agency, office=travel_agent
employment agency, staffing: office=employment_agency
financial advisor: office=financial_advisor
funeral home, undertaker: shop=funeral_directors
moving company, mover: office=moving_company
storage, self storage: shop=storage_rental
driving school: amenity=driving_school
daycare, childcare: amenity=childcare, amenity=kindergarten
bank: amenity=bank
`)

func parseKinds(table string) map[string][]string {
	all := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(table)) {
		words, tags, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for word := range strings.SplitSeq(words, ", ") {
			all[stem(word)] = strings.Split(tags, ", ")
		}
	}
	return all
}

func tagsOf(kind string) ([]string, bool) {
	tags, known := kinds[stem(kind)]
	return tags, known
}

// stem takes the plural's ending off the last word.
func stem(kind string) string {
	switch {
	case len(kind) > 4 && strings.HasSuffix(kind, "ies"):
		return strings.TrimSuffix(kind, "ies") + "y"
	case len(kind) > 3 && strings.HasSuffix(kind, "s") && !strings.HasSuffix(kind, "ss"):
		return strings.TrimSuffix(kind, "s")
	default:
		return kind
	}
}
