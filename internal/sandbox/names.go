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

// cities name the first more than once, as most live there.
var cities = []city{
	{"Freehold", "07728", 40.2601, -74.2738},
	{"Freehold", "07728", 40.2552, -74.2810},
	{"Freehold", "07728", 40.2667, -74.2601},
	{"Howell", "07731", 40.1801, -74.1999},
	{"Manalapan", "07726", 40.2848, -74.3419},
	{"Marlboro", "07746", 40.3154, -74.2463},
	{"Colts Neck", "07722", 40.2876, -74.1724},
}

// areaCodes are New Jersey's; 555-01xx is reserved for fiction in each.
var areaCodes = []int{732, 848, 908, 609, 201, 551, 862, 973, 856}

var firstNames = []string{"Ada", "Bruno", "Clara", "Dmitri", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Leo", "Maya", "Nils", "Olga", "Pavel"}

var lastNames = []string{"Abel", "Brandt", "Costa", "Dahl", "Egger", "Fontaine", "Grieg", "Holm", "Ivarsen", "Jansen", "Keller", "Lund", "Moreau", "Novak", "Orlov", "Prins"}

var positions = []string{"Owner", "Office Manager", "Head of Operations", "Founder"}
