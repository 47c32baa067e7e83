package transit

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"regexp"
	"strings"

	"citygraph/internal/lang"
)

// Operator runs gates, and is paid for the rides through them.
type Operator struct {
	ID   string
	Name lang.Text

	key [sha256.Size]byte // hashed, so that keys of all lengths compare in the same time
}

// Operators are those that the city knows.
type Operators []Operator

var (
	operatorID   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	errOperators = errors.New("transit: operators are id=Chinese name,English name,key by semicolon, each id and key once, each key 32 characters or more")
)

const minKey = 32

// ParseOperators reads `id=中文名,English name,key;…`; none from nothing. The keys are not repeated in the error.
func ParseOperators(text string) (Operators, error) {
	var list Operators
	ids, keys := map[string]bool{}, map[[sha256.Size]byte]bool{}
	for entry := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		id, rest, _ := strings.Cut(strings.TrimSpace(entry), "=")
		parts := strings.Split(rest, ",")
		if !operatorID.MatchString(id) || len(parts) != 3 || parts[0] == "" || parts[1] == "" || len(parts[2]) < minKey {
			return nil, errOperators
		}
		o := Operator{ID: id, Name: lang.Text{ZH: parts[0], EN: parts[1]}, key: sha256.Sum256([]byte(parts[2]))}
		if ids[id] || keys[o.key] {
			return nil, errOperators
		}
		ids[id], keys[o.key] = true, true
		list = append(list, o)
	}
	return list, nil
}

// Keyed is the operator whose key it is; nil for nobody's.
func (os Operators) Keyed(key string) *Operator {
	hashed := sha256.Sum256([]byte(key))
	for i := range os {
		if subtle.ConstantTimeCompare(hashed[:], os[i].key[:]) == 1 {
			return &os[i]
		}
	}
	return nil
}

// account is the owner of the operator's account in the book.
func (o *Operator) account() string { return "transit/" + o.ID }
