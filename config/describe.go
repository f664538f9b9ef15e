package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
)

// Setting is one setting as a person is shown it.
type Setting struct {
	Name    string `json:"name"`
	Value   string `json:"value"` // in force, secrets masked
	Default string `json:"default"`
	Secret  bool   `json:"secret"` // Value is masked, or its password is
	Doc     string `json:"doc"`
}

// Describe lists every setting in the order of the documentation, with secrets masked.
func (c Config) Describe() []Setting {
	var all []Setting
	eachSetting(reflect.ValueOf(c), func(field reflect.StructField, value reflect.Value) {
		secret := field.Tag.Get("secret")
		all = append(all, Setting{
			Name: field.Tag.Get("env"), Value: masked(fmt.Sprint(value.Interface()), secret),
			Default: field.Tag.Get("envDefault"), Secret: secret != "", Doc: field.Tag.Get("doc"),
		})
	})
	return all
}

// Example is the text of .env.example: every setting, commented out, with what it does.
func Example() string {
	var b strings.Builder
	b.WriteString("# Every setting of Leadstream with its default. Copy to .env and uncomment what you change.\n")
	for _, s := range (Config{}).Describe() {
		fmt.Fprintf(&b, "\n# %s\n#%s=%s\n", s.Doc, s.Name, s.Default)
	}
	return b.String()
}

// nameOf is the variable of a field of Config, or of a struct in it.
func nameOf(field string) string {
	name := field
	eachSetting(reflect.ValueOf(Config{}), func(f reflect.StructField, _ reflect.Value) {
		if f.Name == field {
			name = f.Tag.Get("env")
		}
	})
	return name
}

func eachSetting(v reflect.Value, visit func(reflect.StructField, reflect.Value)) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		if field.Tag.Get("env") != "" {
			visit(field, value)
		} else if value.Kind() == reflect.Struct {
			eachSetting(value, visit)
		}
	}
}

const mask = "********"

// masked hides a secret, of a URL only its password, which may stand in its query.
func masked(value, secret string) string {
	switch {
	case value == "" || secret == "":
		return value
	case secret == "url":
		u, err := url.Parse(value)
		if err != nil {
			return mask
		}
		if _, has := u.User.Password(); has {
			u.User = url.UserPassword(u.User.Username(), "xxxxx")
		}
		if query := u.Query(); query.Has("password") {
			query.Set("password", "xxxxx")
			u.RawQuery = query.Encode()
		}
		return u.String()
	default:
		return mask
	}
}
