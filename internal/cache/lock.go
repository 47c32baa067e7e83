package cache

import (
	"crypto/rand"

	"github.com/redis/go-redis/v9"
)

// deleteIfEqual deletes a key only while it holds the value given, so that nobody removes what is
// another's by now.
var deleteIfEqual = redis.NewScript(`
if redis.call("GET", KEYS[1]) == ARGV[1] then
  return redis.call("DEL", KEYS[1])
end
return 0
`)

// newOwner returns a name for one holder of a lock.
func newOwner() string { return rand.Text() }
