package website

// Bounds on what is looked at closely on one page. A page of people has a
// fraction; a hostile one has as much as two megabytes hold.
const (
	maxAddresses = 1000
	maxPuzzles   = 500
	maxNumbers   = 200
)

// budget is how much of a page may still be looked at closely.
type budget struct{ addresses, puzzles, numbers int }

func newBudget() *budget { return &budget{maxAddresses, maxPuzzles, maxNumbers} }

func (b *budget) address() bool { return spend(&b.addresses) }
func (b *budget) puzzle() bool  { return spend(&b.puzzles) }
func (b *budget) number() bool  { return spend(&b.numbers) }

func spend(left *int) bool {
	*left--
	return *left >= 0
}
