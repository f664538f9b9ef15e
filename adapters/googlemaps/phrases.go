package googlemaps

import (
	"strings"

	"leadstream/domain/business"
)

// What the site says in the languages that SCRAPER_LANGUAGE may choose. Where
// roles, addresses or attributes tell the same, they are asked first; a page
// in a language that is missing here is an unknown page, never an empty one.

// rejectLabels and acceptLabels are those of the consent page's buttons.
var (
	rejectLabels = []string{
		"Reject all", "Alle ablehnen", "Tout refuser", "Rechazar todo", "Rifiuta tutto", "Rejeitar tudo", "Recusar tudo", "Alles afwijzen",
		"Odrzuć wszystko", "Odmítnout vše", "Avvisa alla", "Afvis alle", "Avvis alle", "Hylkää kaikki", "Tümünü reddet", "Απόρριψη όλων",
		"Respinge tot", "Az összes elutasítása", "Odmietnuť všetko", "Отклонить все",
	}
	acceptLabels = []string{
		"Accept all", "Alle akzeptieren", "Tout accepter", "Aceptar todo", "Accetta tutto", "Aceitar tudo", "Alles accepteren",
		"Zaakceptuj wszystko", "Přijmout vše", "Godkänn alla", "Accepter alle", "Godta alle", "Hyväksy kaikki", "Tümünü kabul et", "Αποδοχή όλων",
		"Acceptă tot", "Az összes elfogadása", "Prijať všetko", "Принять все",
	}
)

// nothingPhrases stand on the page of a search that finds nothing.
var nothingPhrases = []string{
	"google maps can't find", "google maps can’t find", "make sure your search is spelled correctly",
	"google maps kann folgendes nicht finden", "google maps kann nicht finden", "richtige schreibweise",
	"google maps ne trouve pas", "google maps ne parvient pas à trouver", "vérifiez l'orthographe",
	"google maps no encuentra", "google maps no puede encontrar", "búsqueda esté bien escrita",
	"google maps non riesce a trovare", "google maps non trova", "ricerca sia stata digitata correttamente",
	"o google maps não consegue encontrar", "o google maps não encontrou", "mapy google nie mogą znaleźć",
}

// limitedPhrases stand on pages that are shown to who is not signed in, with
// review counts missing (since February 2026).
var limitedPhrases = []string{
	"limited view of google maps", "eingeschränkte ansicht", "vue limitée", "vista limitada", "visualizzazione limitata",
	"visualização limitada", "beperkte weergave", "ograniczony widok",
}

// sponsoredLabels mark the cards that somebody has paid for.
var sponsoredLabels = []string{
	"Sponsored", "Ad", "Gesponsert", "Anzeige", "Sponsorisé", "Annonce", "Patrocinado", "Anuncio", "Anúncio", "Sponsorizzato", "Annuncio",
	"Gesponsord", "Advertentie", "Sponsorowane", "Reklama", "Sponzorováno", "Sponsrad", "Sponsoreret", "Sponset", "Sponsoroitu", "Sponsorlu",
	"Χορηγούμενο", "Реклама",
}

var (
	closedPhrases = []string{
		"permanently closed", "dauerhaft geschlossen", "définitivement fermé", "fermé définitivement", "cerrado permanentemente", "cerrado de forma permanente",
		"cierre permanente", "chiuso definitivamente", "definitivamente chiuso", "encerrado permanentemente", "permanentemente fechado", "fechado permanentemente",
		"permanentemente encerrado", "permanent gesloten", "definitief gesloten", "zamknięte na stałe", "na stałe zamknięte", "trvale zavřeno", "stängt permanent",
		"permanent stängt", "permanent lukket", "permanent stengt", "lopullisesti suljettu", "suljettu pysyvästi", "kalıcı olarak kapalı", "kalıcı olarak kapandı",
		"έχει κλείσει οριστικά", "έκλεισε οριστικά", "închis definitiv", "закрыто навсегда",
	}
	pausedPhrases = []string{
		"temporarily closed", "vorübergehend geschlossen", "temporairement fermé", "fermé temporairement", "cerrado temporalmente", "cierre temporal",
		"temporaneamente chiuso", "chiuso temporaneamente", "temporariamente encerrado", "temporariamente fechado", "fechado temporariamente", "tijdelijk gesloten",
		"tymczasowo zamknięte", "dočasně zavřeno", "tillfälligt stängt", "midlertidigt lukket", "midlertidig stengt", "väliaikaisesti suljettu",
		"geçici olarak kapalı", "προσωρινά κλειστό", "temporar închis", "временно закрыто",
	}
)

// operatingStatus reads the line that says until when a place is open.
func operatingStatus(text string) string {
	switch {
	case says(text, closedPhrases):
		return business.PermanentlyClosed
	case says(text, pausedPhrases):
		return business.TemporarilyClosed
	default:
		return business.Open
	}
}

func says(text string, phrases []string) bool {
	if text == "" {
		return false
	}
	text = strings.ToLower(clean(text))
	for _, phrase := range phrases {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}
