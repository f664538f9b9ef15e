package http

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// tag marks what is read from the API by its content, and tells those who poll
// when it still holds. Fiber's own leaves the tag out of a 304, against RFC 9110.
// The tag is weak, for the bytes differ by their compression.
func tag(c *fiber.Ctx) error {
	if err := c.Next(); err != nil {
		return err
	}
	if unsafe(c.Method()) || !under(c.Path(), "/api") || isExport(c.Path()) || c.Response().StatusCode() != http.StatusOK {
		return nil
	}
	sum := sha256.Sum256(c.Response().Body())
	own := `W/"` + hex.EncodeToString(sum[:12]) + `"`
	c.Set(fiber.HeaderETag, own)
	if !matches(c.Get(fiber.HeaderIfNoneMatch), own) {
		return nil
	}
	c.Response().ResetBody()
	c.Response().Header.SetNoDefaultContentType(true)
	c.Response().Header.Del(fiber.HeaderContentType)
	c.Status(http.StatusNotModified)
	return nil
}

// matches compares weakly, as RFC 9110 wants it of If-None-Match.
func matches(list, own string) bool {
	for given := range strings.SplitSeq(list, ",") {
		given = strings.TrimSpace(given)
		if given == "*" || strings.TrimPrefix(given, "W/") == strings.TrimPrefix(own, "W/") {
			return true
		}
	}
	return false
}
