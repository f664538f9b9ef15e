package sandbox

// Trade is a kind of business.
type Trade struct {
	Word     string   // what people search for
	Category string   // what the map calls it
	Suffixes []string // of names
}

// trades begin with the one of the demo, of which there are the most.
var trades = []Trade{
	{"plumbing", "Plumber", []string{"Plumbing", "Plumbing & Heating", "Pipe Works", "Drain Service"}},
	{"electrician", "Electrician", []string{"Electric", "Electrical Services", "Wiring Co"}},
	{"bakery", "Bakery", []string{"Bakery", "Bread House", "Pastry Shop"}},
	{"dentist", "Dentist", []string{"Dental", "Family Dentistry", "Dental Studio"}},
	{"roofing", "Roofing contractor", []string{"Roofing", "Roof & Gutter", "Roofing Brothers"}},
	{"florist", "Florist", []string{"Flowers", "Florist", "Garden Blooms"}},
	{"cafe", "Coffee shop", []string{"Coffee", "Cafe", "Roasters"}},
	{"landscaping", "Landscaper", []string{"Landscaping", "Lawn Care", "Green Yards"}},
	{"auto repair", "Auto repair shop", []string{"Auto Repair", "Garage", "Motor Works"}},
	{"lawyer", "Attorney", []string{"Law Office", "Legal Group", "& Partners"}},
	{"barber", "Barber shop", []string{"Barber Shop", "Cuts", "Shave Parlor"}},
	{"veterinarian", "Veterinarian", []string{"Animal Clinic", "Pet Hospital", "Veterinary Care"}},
	{"accountant", "Accountant", []string{"Accounting", "Tax Service", "Bookkeeping"}},
}

// tradeOf gives every fourth business to the trade of the demo.
func tradeOf(i int) int {
	if i%4 == 0 {
		return 0
	}
	return 1 + (i/4*3+i%4)%(len(trades)-1)
}

var owners = []string{
	"Ashdown", "Bellweather", "Castellan", "Dunmore", "Eastbrook", "Fernwick", "Greylock", "Hallam", "Ironwood", "Juniper",
	"Kestrel", "Larkspur", "Millrace", "Northgate", "Oakhollow", "Pinecrest", "Quillon", "Ravensworth", "Stonebridge", "Thistle",
	"Underhill", "Valemont", "Westerly", "Yarrow", "Zephyr", "Amberlin", "Brightwater", "Copperfield", "Driftwood", "Elmsford",
	"Foxglove", "Goldcrest", "Harrowgate", "Ivybridge", "Jessamine", "Kingsley", "Lindenhall", "Marlowe", "Nightingale", "Orchard",
	"Pemberton", "Quarry", "Redfern", "Silverton", "Tamarack", "Upland", "Vesper", "Willowmere", "Yewtree", "Zinnia",
}

var streets = []string{
	"Main St", "South St", "Court St", "Broad St", "Throckmorton St", "Park Ave", "Manalapan Ave", "Elm St", "Center St", "Jackson Mills Rd",
	"US-9", "Schanck Rd", "Stillwells Corner Rd", "Kozloski Rd",
}

var cities = []struct {
	name, zip string
	lat, lng  float64
}{
	{"Freehold", "07728", 40.2601, -74.2738},
	{"Freehold", "07728", 40.2552, -74.2810},
	{"Freehold", "07728", 40.2667, -74.2601},
	{"Howell", "07731", 40.1801, -74.1999},
	{"Manalapan", "07726", 40.2848, -74.3419},
}

var firstNames = []string{"Ada", "Bruno", "Clara", "Dmitri", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Leo", "Maya", "Nils", "Olga", "Pavel"}

var lastNames = []string{"Abel", "Brandt", "Costa", "Dahl", "Egger", "Fontaine", "Grieg", "Holm", "Ivarsen", "Jansen", "Keller", "Lund", "Moreau", "Novak", "Orlov", "Prins"}

var positions = []string{"Owner", "Office Manager", "Head of Operations", "Founder"}
