package business_test

import (
	"strings"
	"testing"
	"time"

	"leadstream/domain/business"
)

// written is the periods of a day as text; what is not understood is "?".
func written(hours ...string) string {
	periods, understood := business.DayHours{Day: "Monday", Hours: hours}.Periods()
	if !understood {
		return "?"
	}
	texts := make([]string, len(periods))
	for i, p := range periods {
		texts[i] = p.Opens.String() + "-" + p.Closes.String()
	}
	return strings.Join(texts, " ")
}

func TestHoursAreUnderstood(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// Closed, in the languages of the map.
		"Closed": "", "Geschlossen": "", "Fermé": "", "Cerrado": "", "Chiuso": "", "Fechado": "", "Encerrado": "", "Gesloten": "", "Zamknięte": "", "Zavřeno": "",
		"Stängt": "", "Lukket": "", "Suljettu": "", "Kapalı": "", "Κλειστά": "", "Închis": "", "Zárva": "", "Закрыто": "", " closed. ": "",
		// All day.
		"Open 24 hours": "00:00-24:00", "24 Stunden geöffnet": "00:00-24:00", "Ouvert 24h/24": "00:00-24:00", "Abierto las 24 horas": "00:00-24:00", "24/7": "00:00-24:00",
		"Aperto 24 ore su 24": "00:00-24:00", "Aberto 24 horas": "00:00-24:00", "24 uur geopend": "00:00-24:00", "Rund um die Uhr geöffnet": "00:00-24:00",
		"Otwarte całą dobę": "00:00-24:00", "Deschis non-stop": "00:00-24:00", "Éjjel-nappal nyitva": "00:00-24:00", "Døgnåbent": "00:00-24:00", "24 saat açık": "00:00-24:00",
		"Ανοιχτό 24 ώρες": "00:00-24:00", "Otevřeno 24 hodin denně": "00:00-24:00", "24 timer i døgnet": "00:00-24:00", "Nonstop": "00:00-24:00", "Öppet dygnet runt": "00:00-24:00", "Круглосуточно": "00:00-24:00", "0–24 Uhr": "00:00-24:00",
		"00:00–24:00": "00:00-24:00", "00:00–00:00": "00:00-24:00", "12 AM–12 AM": "00:00-24:00", "24 h/24, 7 h/7": "00:00-24:00", "bis 24 Uhr": "?",
		// A clock of 12 hours.
		"8 AM–5 PM": "08:00-17:00", "8\u202fAM–5:30\u202fPM": "08:00-17:30", "8:30am - 5pm": "08:30-17:00", "8 a.m. to 5 p.m.": "08:00-17:00", "1 to 5 PM": "13:00-17:00",
		"11 AM–12 AM": "11:00-24:00", "12–5 PM": "12:00-17:00", "11–3 PM": "11:00-15:00", "10–2 AM": "22:00-02:00", "8 AM–6": "08:00-18:00", "8–11 AM": "08:00-11:00",
		"5 PM–2 AM": "17:00-02:00", "12 PM–11 PM": "12:00-23:00", "8 AM–noon": "08:00-12:00", "12 noon–12 midnight": "12:00-24:00", "noon to 5": "12:00-17:00",
		"8:00 a. m.–5:00 p. m.": "08:00-17:00", "8:00 π.μ.–5:00 μ.μ.": "08:00-17:00", "9 AM to 12 PM, 1 to 5 PM": "09:00-12:00 13:00-17:00", "9 AM–12 PM; 1–5 PM": "09:00-12:00 13:00-17:00",
		// A clock of 24 hours.
		"08:00–17:30": "08:00-17:30", "8–17 Uhr": "08:00-17:00", "8–12 Uhr, 13–17 Uhr": "08:00-12:00 13:00-17:00", "8:00 bis 17:00": "08:00-17:00", "8.30–17": "08:30-17:00",
		"von 8 bis 17 Uhr": "08:00-17:00", "8 Uhr – 17 Uhr": "08:00-17:00", "De 8h30 à 17h": "08:30-17:00", "08:00 à 12:00, 14:00 à 19:00": "08:00-12:00 14:00-19:00",
		"De 9:00 a 14:00 y 16:00–20:00": "09:00-14:00 16:00-20:00", "dalle 8 alle 17": "08:00-17:00", "das 8h às 17h": "08:00-17:00", "od 8 do 17": "08:00-17:00",
		"van 9 tot 18 uur": "09:00-18:00", "kl. 8–17": "08:00-17:00", "с 8 до 17": "08:00-17:00", "0800-1700": "08:00-17:00", "18:00–02:00": "18:00-02:00",
		"20:00–02:00+": "20:00-02:00", "18:00-26:00": "18:00-02:00", "10:00–00:00": "10:00-24:00", "9–12": "09:00-12:00", "18–24 Uhr": "18:00-24:00", "9–1 Uhr": "09:00-01:00",
		// What could be either, and what is neither.
		"8–5": "?", "1–5": "?", "9:00–5:00": "?", "9–12, 1–5": "?", "8 AM": "?", "8 AM–": "?", "–5 PM": "?", "13 PM–14 PM": "?", "0 AM–8 AM": "?", "8:75–9:00": "?",
		"8:00–8:00": "?", "25:00–26:00": "?", "8:00–31:00": "?", "by appointment": "?", "sunrise-sunset": "?", "8 AM–5 PM by appointment": "?", "": "?", "99999999999999999999–1": "?",
		"8 8 AM–5 PM": "?", "Open": "?", "8 AM–5 PM 6 PM": "?",
	} {
		if got := written(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestHoursOfADay(t *testing.T) {
	t.Parallel()
	for want, hours := range map[string][]string{
		"09:00-12:00 13:00-17:00": {"9 AM–12 PM", "1–5 PM"}, "": {"Closed", "Closed"}, "?": {"8 AM–5 PM", "hours might differ"},
	} {
		if got := written(hours...); got != want {
			t.Errorf("%q are %q, want %q", hours, got, want)
		}
	}
	if got := written() + written("Closed", "8 AM–5 PM"); got != "??" {
		t.Errorf("hours that say nothing, or two things: %q", got)
	}
}

func TestWeekdays(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]time.Weekday{
		"Monday": time.Monday, "Sonnabend": time.Saturday, "segunda-feira": time.Monday, "MERCREDI": time.Wednesday, "Thursday(Thanksgiving)": time.Thursday,
		"Fri.": time.Friday, "Δευτέρα": time.Monday, "воскресенье": time.Sunday, "miércoles": time.Wednesday, "torsdag": time.Thursday, "sobota": time.Saturday,
		"opening_hours": -1, "": -1, "Today": -1,
	} {
		got, known := business.DayHours{Day: name}.Weekday()
		if known != (want >= 0) || known && got != want {
			t.Errorf("%q is %v, %v", name, got, known)
		}
	}
}

// FuzzHours checks that what is understood is a week's sane hours, and reads
// the same when it is written again.
func FuzzHours(f *testing.F) {
	for _, text := range []string{"8 AM–5 PM", "8–12 Uhr, 13–17 Uhr", "Open 24 hours", "Closed", "De 8h30 à 17h", "noon–2 a.m.", "18:00-26:00", "π.μ.", "0800-1700", "24/7"} {
		f.Add("Monday", text)
	}
	f.Fuzz(func(t *testing.T, day, text string) {
		d := business.DayHours{Day: day, Hours: []string{text}}
		if weekday, known := d.Weekday(); known && (weekday < time.Sunday || weekday > time.Saturday) {
			t.Errorf("%q is the day %d", day, weekday)
		}
		periods, understood := d.Periods()
		if !understood || len(periods) == 0 {
			return
		}
		var again []string
		for _, p := range periods {
			if p.Opens < 0 || p.Opens >= 1440 || p.Closes <= 0 || p.Closes > 1440 || p.Opens == p.Closes {
				t.Errorf("%q is open %v", text, p)
			}
			again = append(again, p.Opens.String()+" bis "+p.Closes.String()+" Uhr")
		}
		if got := written(strings.Join(again, ", ")); got != written(text) {
			t.Errorf("%q is %q, and that %q", text, written(text), got)
		}
	})
}
