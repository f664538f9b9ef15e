package sandbox

// Trade is a kind of business.
type Trade struct {
	Word     string   // what people search for
	Category string   // what the map calls it
	Schema   string   // its type at schema.org
	Suffixes []string // of names
	Priced   bool     // the map shows how expensive it is
}

// trades begin with the one of the demo, of which there are the most.
var trades = []Trade{
	{Word: "plumbing", Category: "Plumber", Schema: "Plumber", Suffixes: []string{"Plumbing", "Plumbing & Heating", "Pipe Works", "Drain Service"}},
	{Word: "electrician", Category: "Electrician", Schema: "Electrician", Suffixes: []string{"Electric", "Electrical Services", "Wiring Co"}},
	{Word: "bakery", Category: "Bakery", Schema: "Bakery", Suffixes: []string{"Bakery", "Bread House", "Pastry Shop"}, Priced: true},
	{Word: "dentist", Category: "Dentist", Schema: "Dentist", Suffixes: []string{"Dental", "Family Dentistry", "Dental Studio"}},
	{Word: "roofing", Category: "Roofing contractor", Schema: "RoofingContractor", Suffixes: []string{"Roofing", "Roof & Gutter", "Roofing Brothers"}},
	{Word: "florist", Category: "Florist", Schema: "Florist", Suffixes: []string{"Flowers", "Florist", "Garden Blooms"}},
	{Word: "cafe", Category: "Coffee shop", Schema: "CafeOrCoffeeShop", Suffixes: []string{"Coffee", "Cafe", "Roasters"}, Priced: true},
	{Word: "landscaping", Category: "Landscaper", Schema: "LocalBusiness", Suffixes: []string{"Landscaping", "Lawn Care", "Green Yards"}},
	{Word: "auto repair", Category: "Auto repair shop", Schema: "AutoRepair", Suffixes: []string{"Auto Repair", "Garage", "Motor Works"}},
	{Word: "lawyer", Category: "Attorney", Schema: "Attorney", Suffixes: []string{"Law Office", "Legal Group", "& Partners"}},
	{Word: "barber", Category: "Barber shop", Schema: "HairSalon", Suffixes: []string{"Barber Shop", "Cuts", "Shave Parlor"}},
	{Word: "veterinarian", Category: "Veterinarian", Schema: "VeterinaryCare", Suffixes: []string{"Animal Clinic", "Pet Hospital", "Veterinary Care"}},
	{Word: "accountant", Category: "Accountant", Schema: "AccountingService", Suffixes: []string{"Accounting", "Tax Service", "Bookkeeping"}},
}

// tradeOf gives every fourth business to the trade of the demo.
func tradeOf(i int) int {
	if i%4 == 0 {
		return 0
	}
	return 1 + (i/4*3+i%4)%(len(trades)-1)
}
