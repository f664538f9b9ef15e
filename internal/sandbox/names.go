package sandbox

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

type city struct {
	name, zip string
	lat, lng  float64
}

// cities name the first more than once, as most live there. They are nearer to
// each other than those of the same names: the whole county is within a
// kilometre of Freehold, unless TownOptions.Spread draws it apart.
var cities = []city{
	{"Freehold", "07728", 40.2601, -74.2738},
	{"Freehold", "07728", 40.2580, -74.2760},
	{"Freehold", "07728", 40.2620, -74.2710},
	{"Howell", "07731", 40.2560, -74.2700},
	{"Manalapan", "07726", 40.2640, -74.2780},
	{"Marlboro", "07746", 40.2640, -74.2690},
	{"Colts Neck", "07722", 40.2565, -74.2780},
}

// spread is where a city lies in a county that is drawn apart from its first.
func (c city) spread(by float64) city {
	c.lat, c.lng = cities[0].lat+by*(c.lat-cities[0].lat), cities[0].lng+by*(c.lng-cities[0].lng)
	return c
}

// areaCodes are New Jersey's; 555-01xx is reserved for fiction in each.
var areaCodes = []int{732, 848, 908, 609, 201, 551, 862, 973, 856}

var firstNames = []string{"Ada", "Bruno", "Clara", "Dmitri", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Leo", "Maya", "Nils", "Olga", "Pavel"}

var lastNames = []string{"Abel", "Brandt", "Costa", "Dahl", "Egger", "Fontaine", "Grieg", "Holm", "Ivarsen", "Jansen", "Keller", "Lund", "Moreau", "Novak", "Orlov", "Prins"}

var positions = []string{"Owner", "Office Manager", "Head of Operations", "Founder"}
