package website

import (
	"strings"
	"unicode"
)

// roleNames are mailboxes of a role, in the languages of the places scraped most.
var roleNames = set(`info information contact contactus office hello hi hey mail email post admin administration support sales service services help helpdesk
	enquiry enquiries inquiry inquiries team staff reception frontdesk booking bookings reservation reservations order orders billing invoice invoices
	accounts accounting finance jobs job careers career hr press media marketing webmaster postmaster customerservice customercare clientservices
	feedback shop store dispatch estimate estimates quote quotes scheduling schedule appointment appointments general privacy legal manager management
	owner events catering membership news newsletter operations parts warranty rentals leasing school clinic dental desk concierge
	kontakt kontakte anfrage anfragen buero büro praxis kanzlei empfang verwaltung vertrieb verkauf rezeption bestellung bestellungen reservierung
	werkstatt zentrale sekretariat buchhaltung bewerbung datenschutz kundenservice termin termine gasthaus hotel restaurant
	contacto ventas reservas pedidos administracion atencion citas clinica accueil bonjour devis direction secretariat
	contatti prenotazioni ordini vendite segreteria amministrazione contato vendas atendimento verkoop administratie`)

// roleAddress reports a mailbox of a role, which in a small firm is the real
// inbox: info@, and also info.freehold@ or service2@.
func roleAddress(address string) bool {
	local, _, _ := strings.Cut(address, "@")
	if roleNames[lettersOf(local)] {
		return true
	}
	words := strings.FieldsFunc(local, func(r rune) bool { return !unicode.IsLetter(r) })
	return len(words) > 0 && roleNames[words[0]]
}

// namesake reports a mailbox that is called as the business or its domain.
func namesake(address, domain, businessName string) bool {
	local, _, _ := strings.Cut(address, "@")
	label, _, _ := strings.Cut(domain, ".")
	name := lettersOf(local)
	return len(name) > 2 && (name == lettersOf(label) || name == lettersOf(strings.ToLower(businessName)))
}

// lettersOf leaves the letters of a text alone.
func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, text)
}
