package sandbox

import "strings"

// tongue is what the map says in one language.
type tongue struct {
	reject, accept string // of the question for consent
	cannotFind     string // before what was searched for
	checkSpelling  string
	end            string // of the list
	limited        string
	sponsored      string
	closed         string // for good
	closedForNow   string
	open           string
	noReviews      string
	stars, reviews string
	decimal        string // mark of a rating
	thousands      string
	address, phone string
}

var tongues = map[string]tongue{
	"en": {
		"Reject all", "Accept all", "Google Maps can't find", "Make sure your search is spelled correctly. Try adding a city, state, or zip code.",
		"You've reached the end of the list.", "You're seeing a limited view of Google Maps.", "Sponsored", "Permanently closed", "Temporarily closed",
		"Open ⋅ Closes 6\u202fPM", "No reviews", "stars", "Reviews", ".", ",", "Address", "Phone",
	},
	"de": {
		"Alle ablehnen", "Alle akzeptieren", "Google Maps kann Folgendes nicht finden:", "Achte auf die richtige Schreibweise.",
		"Du hast das Ende der Liste erreicht.", "Du siehst eine eingeschränkte Ansicht von Google Maps.", "Gesponsert", "Dauerhaft geschlossen", "Vorübergehend geschlossen",
		"Geöffnet ⋅ Schließt um 18:00", "Keine Rezensionen", "Sterne", "Rezensionen", ",", ".", "Adresse", "Telefon",
	},
	"fr": {
		"Tout refuser", "Tout accepter", "Google Maps ne trouve pas", "Vérifiez l'orthographe de votre recherche.",
		"Vous êtes arrivé à la fin de la liste.", "Vous consultez une vue limitée de Google Maps.", "Sponsorisé", "Définitivement fermé", "Temporairement fermé",
		"Ouvert ⋅ Ferme à 18:00", "Aucun avis", "étoiles", "avis", ",", "\u202f", "Adresse", "Téléphone",
	},
	"es": {
		"Rechazar todo", "Aceptar todo", "Google Maps no encuentra", "Asegúrate de que la búsqueda esté bien escrita.",
		"Has llegado al final de la lista.", "Estás viendo una vista limitada de Google Maps.", "Patrocinado", "Cerrado permanentemente", "Cerrado temporalmente",
		"Abierto ⋅ Cierra a las 18:00", "No hay reseñas", "estrellas", "reseñas", ",", ".", "Dirección", "Teléfono",
	},
	"it": {
		"Rifiuta tutto", "Accetta tutto", "Google Maps non riesce a trovare", "Assicurati che la ricerca sia stata digitata correttamente.",
		"Hai raggiunto la fine dell'elenco.", "Stai vedendo una visualizzazione limitata di Google Maps.", "Sponsorizzato", "Chiuso definitivamente", "Temporaneamente chiuso",
		"Aperto ⋅ Chiude alle ore 18", "Nessuna recensione", "stelle", "recensioni", ",", ".", "Indirizzo", "Telefono",
	},
}

// tongueOf is English for a language that the map does not speak.
func tongueOf(language string) tongue {
	language, _, _ = strings.Cut(language, "-")
	if t, known := tongues[language]; known {
		return t
	}
	return tongues["en"]
}
