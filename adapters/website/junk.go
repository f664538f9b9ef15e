package website

import "strings"

// assetEndings make image@2x.png no address.
var assetEndings = []string{
	".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".avif", ".bmp", ".css", ".js", ".mjs", ".ts", ".json", ".xml", ".woff", ".woff2",
	".ttf", ".eot", ".map", ".pdf", ".zip", ".mp3", ".mp4", ".webm", ".mov",
}

func isAsset(path string) bool {
	path = strings.ToLower(path)
	for _, ending := range assetEndings {
		if strings.HasSuffix(path, ending) {
			return true
		}
	}
	return false
}

// strangers are domains that are written where an address is to be filled in,
// or that belong to the makers of themes, fonts and tools rather than to the
// business. Those below them are strangers, too.
var strangers = set(`example.com example.org example.net domain.com domain.tld yourdomain.com mydomain.com email.com yoursite.com yourwebsite.com
	yourcompany.com yourbusiness.com company.com website.com mysite.com mywebsite.com test.com site.com address.com musterfirma.de mustermann.de beispiel.de ihre-domain.de
	sentry.io wixpress.com wix.com squarespace.com godaddy.com weebly.com shopify.com webflow.com duda.co
	latofonts.com themeforest.net envato.com elegantthemes.com wordpress.org wordpress.com schema.org w3.org mailchimp.com typekit.com
	indiantypefoundry.com impallari.com sansoxygen.com micahrich.com pixelspread.com ndiscovered.com rfuenzalida.com eyebytes.com
	astigmatic.com cyreal.org carrois.com typemade.mx vernnobile.com fontfabric.com google.com googleapis.com gstatic.com cloudflare.com
	jsdelivr.net unpkg.com bootstrapcdn.com jquery.com fontawesome.com hubspot.com hotjar.com cookiebot.com usercentrics.eu`)

// vendorMailboxes are addresses in the licences of fonts that many pages carry.
var vendorMailboxes = set("impallari@gmail.com robert.chimera@gmail.com hello@rfuenzalida.com")

// sampleNames stand before the @ where a person's own is to be filled in.
var sampleNames = set(`user username your you youremail your.email your-email your_email yourname your.name your-name name firstname.lastname
	firstname lastname first.last vorname.nachname max.mustermann mustermann someone somebody john.doe johndoe jane.doe janedoe jdoe email.address
	xxx xxxx xyz abc foo example beispiel muster ihre.email ihr.name nombre`)

// sampleDomains are first labels of domains that stand for any.
var sampleDomains = set("domain example email company website site yourdomain yourcompany yoursite mydomain mail provider beispiel musterfirma firma-xyz sample")

func placeholder(local, domain string) bool {
	if vendorMailboxes[local+"@"+domain] {
		return true
	}
	for d := domain; d != ""; {
		if strangers[d] {
			return true
		}
		_, rest, found := strings.Cut(d, ".")
		if !found {
			break
		}
		d = rest
	}
	label, _, _ := strings.Cut(domain, ".")
	return sampleNames[local] && (sampleDomains[label] || strings.HasPrefix(label, "your")) || strings.HasPrefix(local, "your") && strings.HasPrefix(label, "your")
}

func set(words string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		all[word] = true
	}
	return all
}
