package phone_test

import (
	"testing"

	"leadstream/internal/phone"
)

func TestForms(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ shown, region, e164, national string }{
		{"(732) 555-0101", "US", "+17325550101", "(732) 555-0101"},
		{" +1 732-555-0101 ", "", "+17325550101", "(732) 555-0101"},
		{"030 1234567", "de", "+49301234567", "030 1234567"},
		{"+44 20 7946 0018", "US", "+442079460018", "020 7946 0018"},
		{"call us", "US", "call us", ""},
		{"12", "US", "12", ""},
		{"", "US", "", ""},
	} {
		if got := phone.E164(row.shown, row.region); got != row.e164 {
			t.Errorf("E164(%q, %q) is %q, want %q", row.shown, row.region, got, row.e164)
		}
		if got := phone.National(row.e164); got != row.national {
			t.Errorf("National(%q) is %q, want %q", row.e164, got, row.national)
		}
	}
}
