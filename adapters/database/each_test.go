package database_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

// each walks through more leads than one page holds, as List would show them.
func each(t *testing.T, s store) {
	const n = 1203
	for i := range n {
		save(t, s, found(fmt.Sprintf("e%04d", i%1000)+fmt.Sprint(i), func(p *business.Place) {
			if i%2 == 0 {
				p.City = "Howell"
			}
		}))
	}
	first, err := s.Business(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	contact := business.Contact{Kind: business.Email, Value: "a@a.example"}
	if _, err := s.SaveEnrichment(t.Context(), first.ID, business.Enriched, []business.Contact{contact}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		filter app.BusinessFilter
		want   int
	}{
		{app.BusinessFilter{}, n},
		{app.BusinessFilter{Sort: "name"}, n},
		{app.BusinessFilter{Sort: "-rating"}, n},
		{app.BusinessFilter{Sort: "updated_at", City: "howell"}, (n + 1) / 2},
		{app.BusinessFilter{Limit: 1}, 1},
		{app.BusinessFilter{Limit: 500}, 500},
		{app.BusinessFilter{Limit: 501}, 501},
		{app.BusinessFilter{Limit: 5000}, n},
		{app.BusinessFilter{HasEmail: true}, 1},
		{app.BusinessFilter{Text: "nothing has this"}, 0},
	} {
		got := walk(t, s, tt.filter)
		if want := listed(t, s, tt.filter); !slices.Equal(got, want[:min(len(want), tt.want)]) || len(got) != tt.want {
			t.Errorf("%+v: %d leads, want %d", tt.filter, len(got), tt.want)
		}
	}
	withContact := 0
	err = s.EachBusiness(t.Context(), app.BusinessFilter{}, func(b business.Business) error {
		withContact += len(b.Contacts)
		return nil
	})
	if err != nil || withContact != 1 {
		t.Errorf("%d contacts, %v", withContact, err)
	}
}

func walk(t *testing.T, s store, f app.BusinessFilter) (ids []int64) {
	t.Helper()
	err := s.EachBusiness(t.Context(), f, func(b business.Business) error {
		ids = append(ids, b.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func listed(t *testing.T, s store, f app.BusinessFilter) (ids []int64) {
	t.Helper()
	for f.Limit = 500; ; {
		page, err := s.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page.Businesses {
			ids = append(ids, b.ID)
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			return ids
		}
	}
}

func eachEnds(t *testing.T, s store) {
	save(t, s, found("a"))
	enough := errors.New("enough")
	if err := s.EachBusiness(t.Context(), app.BusinessFilter{}, func(business.Business) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("error %v, want the reader's own", err)
	}
	if err := s.EachBusiness(t.Context(), app.BusinessFilter{Sort: "age"}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("error %v, want that the order is invalid", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.EachBusiness(ctx, app.BusinessFilter{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
