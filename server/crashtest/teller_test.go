package crashtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// teller asks the servers for one client, until it is answered.
type teller struct {
	fleet  *fleet
	phones map[string]*phone // by member
	random *rand.Rand
	again  int // tries without an answer
	failed int // of them those that no dying server is the cause of
}

// ask sends an operation as the member to some replica, and again until it is answered; heard says that the first try
// was. An effect is asked for once more now and then, and must be the same.
func (a *teller) ask(ctx context.Context, member, operation string, input map[string]any) (answer paid, heard bool, err error) {
	before := a.again
	answer, err = a.until(ctx, member, operation, input)
	heard = a.again == before
	if err != nil || answer.code() != "" || a.random.IntN(4) > 0 {
		return answer, heard, err
	}
	second, err := a.until(ctx, member, operation, input)
	if err == nil && answer.made() != second.made() {
		err = fmt.Errorf("%s again is %q %s, first it was %s", operation, second.made(), second.code(), answer.made())
	}
	return answer, heard, err
}

// until asks until there is an answer. Now and then it hangs up before one can come.
func (a *teller) until(ctx context.Context, member, operation string, input map[string]any) (paid, error) {
	p := a.phones[member]
	for {
		p.url = a.fleet.urls[a.random.IntN(len(a.fleet.urls))]
		patient, hangUp := ctx, context.CancelFunc(func() {})
		if a.random.IntN(10) == 0 {
			patient, hangUp = context.WithTimeout(ctx, time.Duration(a.random.IntN(40))*time.Millisecond)
		}
		out := map[string]paid{}
		err := p.try(patient, operation, input, &out)
		hangUp()
		again, unanswered := err.(errRetry) //nolint:errorlint // try returns it bare
		if !unanswered {
			for _, answered := range out {
				return answered, err
			}
			return paid{}, err
		}
		a.again++
		if again.why == "INTERNAL" {
			a.failed++
		}
		select {
		case <-ctx.Done():
			return paid{}, err
		case <-time.After(retryPause):
		}
	}
}

// newTeller gives a client phones of all whom it speaks for, with connections of its own.
func (m *market) newTeller(random *rand.Rand) *teller {
	a := &teller{fleet: m.fleet, phones: map[string]*phone{}, random: random}
	for member, token := range m.tokens {
		a.phones[member] = &phone{manifest: m.fleet.place.manifest, token: token, http: &http.Client{Transport: &http.Transport{}}}
	}
	return a
}
