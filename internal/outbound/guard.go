package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// ErrForbidden says that an address must not be reached.
var ErrForbidden = errors.New("address is not public")

// unicast6 is all of IPv6 that is assigned to the public; without it stay
// loopback, link-local and ULA, and the prefixes that hide an IPv4 address:
// IPv4-compatible and NAT64 (64:ff9b::/96).
var unicast6 = netip.MustParsePrefix("2000::/3")

// forbidden are the networks of the IANA special-purpose registries that are
// not public, though netip's own questions do not tell.
var forbidden = prefixes(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // shared by carriers
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"240.0.0.0/4",     // reserved, and broadcast
	"2001::/23",       // protocol assignments, Teredo
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4, which hides an IPv4 address
	"3fff::/20",       // documentation
)

// guard is asked for each connection, by then with the address that DNS
// answered: neither redirects nor a DNS that changes its mind get past it.
func guard(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: network %s", ErrForbidden, network)
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrForbidden, address)
	}
	if !Public(target.Addr()) {
		return fmt.Errorf("%w: %s", ErrForbidden, target.Addr())
	}
	if target.Port() != 80 && target.Port() != 443 {
		return fmt.Errorf("%w: port %d", ErrForbidden, target.Port())
	}
	return nil
}

// Public reports whether an address is one of the public internet. An IPv4
// address inside an IPv6 one is judged as what it is.
func Public(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.Is6() && !unicast6.Contains(addr) {
		return false
	}
	return !slices.ContainsFunc(forbidden, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}
