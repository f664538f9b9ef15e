package business

import (
	"strings"
	"time"
)

// tokenKind is what a part of a text about opening hours is for.
type tokenKind int

const (
	unknown tokenKind = iota
	atEnd
	clockTime
	dash      // between opening and closing
	pause     // between two periods
	filler    // says nothing
	clockWord // says that the clock has 24 hours
	amWord
	pmWord
	noonWord
	midnightWord
)

// The words are those of the languages that the map is read in, in lower case.
var (
	tokenKinds = kindsOf(map[tokenKind]string{
		dash:         "- – — ‒ ― − ~ to until till thru through bis à a al às as até ao alle tot do až til έως ως до",
		pause:        ", ; / & | · ⋅ and und et y e i en och og ja és ve și si και и",
		filler:       ". + from von de das del dès dalle van od från fra kl klo από с godz",
		clockWord:    "uhr h hrs uur hod ч",
		amWord:       "am",
		pmWord:       "pm",
		noonWord:     "noon midday mittag midi mediodía mezzogiorno",
		midnightWord: "midnight mitternacht minuit medianoche mezzanotte",
	})

	closedPhrases = setOf(",", `closed,off,geschlossen,ruhetag,fermé,fermée,cerrado,chiuso,fechado,encerrado,gesloten,zamknięte,nieczynne,zavřeno,stängt,lukket,stengt,
		suljettu,kapalı,κλειστό,κλειστά,închis,zárva,zatvorené,закрыто,выходной`)

	// allDayPhrases are those without the number 24, their words parted by one space.
	allDayPhrases = setOf(",", `always open,open all day,rund um die uhr geöffnet,rund um die uhr,durchgehend geöffnet,ouvert en permanence,otwarte całą dobę,całą dobę,
		całodobowo,czynne całą dobę,nonstop,otevřeno nonstop,otvorené nonstop,non stop,deschis non stop,öppet dygnet runt,dygnet runt,døgnåben,døgnåbent,
		åbent døgnet rundt,døgnåpent,åpent hele døgnet,ympäri vuorokauden,éjjel nappal nyitva,éjjel nappal nyitva tart,éjjel nappal,ανοιχτό όλο το 24ωρο,ανοικτό όλο το 24ωρο,круглосуточно,открыто круглосуточно`)

	// allDayWords stand beside the number 24.
	allDayWords = setOf(" ", `open hours hour hrs geöffnet stunden std uhr ouvert h heures sur abierto las horas aperto ore su aberto geopend uur otwarte czynne godziny
		otevřeno hodin denně öppet timmar åbent åpent timer døgnet i avoinna auki tuntia saat açık ανοιχτό ανοικτό ώρες deschis de órában nyitva óra otvorené hodín
		открыто часа`)

	weekdays = daysOf(
		"sunday sun sonntag dimanche domingo domenica zondag niedziela neděle söndag søndag sunnuntai pazar κυριακή duminică vasárnap nedeľa воскресенье",
		"monday mon montag lundi lunes lunedì segunda maandag poniedziałek pondělí måndag mandag maanantai pazartesi δευτέρα luni hétfő pondelok понедельник",
		"tuesday tue dienstag mardi martes martedì terça dinsdag wtorek úterý tisdag tirsdag tiistai salı τρίτη marți kedd utorok вторник",
		"wednesday wed mittwoch mercredi miércoles mercoledì quarta woensdag środa středa onsdag keskiviikko çarşamba τετάρτη miercuri szerda streda среда",
		"thursday thu donnerstag jeudi jueves giovedì quinta donderdag czwartek čtvrtek torsdag torstai perşembe πέμπτη joi csütörtök štvrtok четверг",
		"friday fri freitag vendredi viernes venerdì sexta vrijdag piątek pátek fredag perjantai cuma παρασκευή vineri péntek piatok пятница",
		"saturday sat samstag sonnabend samedi sábado sabato zaterdag sobota lördag lørdag lauantai cumartesi σάββατο sâmbătă szombat суббота",
	)
)

func kindsOf(lists map[tokenKind]string) map[string]tokenKind {
	kinds := map[string]tokenKind{}
	for kind, list := range lists {
		for word := range strings.FieldsSeq(list) {
			kinds[word] = kind
		}
	}
	return kinds
}

func setOf(separator, list string) map[string]bool {
	set := map[string]bool{}
	for phrase := range strings.SplitSeq(list, separator) {
		for word := range strings.SplitSeq(phrase, "\n") { // lists of words go on over lines
			set[strings.TrimSpace(word)] = true
		}
	}
	delete(set, "")
	return set
}

// daysOf takes the names of each day, Sunday's first.
func daysOf(lists ...string) map[string]time.Weekday {
	days := map[string]time.Weekday{}
	for day, list := range lists {
		for name := range strings.FieldsSeq(list) {
			days[name] = time.Weekday(day)
		}
	}
	return days
}
