package journey_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"citygraph/internal/resident"
	"citygraph/internal/seed"
	"citygraph/internal/vault"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// withKeys has a replica seal with the first of the named keys and open with all. "test" is the key of the seed.
func withKeys(t *testing.T, suite vault.Suite, names ...string) citytest.Option {
	t.Helper()
	fill := map[string]string{"test": "v", "next": "n"}
	var ring []string
	for _, name := range names {
		ring = append(ring, name+":"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(fill[name]), 32)))
	}
	keys, err := vault.ParseRing(strings.Join(ring, ","))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(keys, suite, bytes.Repeat([]byte("v"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *wiring.Options) { o.Vault = v }
}

// Operators bring a new key in as the README says: one replica still seals with the old key, the other with the new
// one already, and from both sides everything is sealed anew, over and over, while people read their data
// and new ones are bound. Nobody's read fails, and at the end the new key alone opens everything.
func TestKeysChangeWhilePeopleRead(t *testing.T) {
	here := citytest.Start(t, withSandbox, withKeys(t, vault.AES256GCM, "test", "next"))
	there := here.Replica(t, withKeys(t, vault.SM4GCM, "next", "test"))
	replicas := []*citytest.City{here, there}
	read := func(c *citytest.Client) personalAnswer {
		var got personalAnswer
		c.Do("MyPersonalData", nil).Decode(t, &got)
		return got
	}
	people, before := map[string]*citytest.Client{}, map[string]personalAnswer{}
	for _, m := range seed.Cast {
		people[m.Key] = here.As(t, m.Key)
		before[m.Key] = read(people[m.Key])
	}

	stop := make(chan struct{})
	var readers sync.WaitGroup
	for i, name := range []string{"chenjing", "maming", "qianjun", "wangguiying"} {
		readers.Go(func() {
			for n := i; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				answer := people[name].On(replicas[n%2]).Do("MyPersonalData", nil)
				if answer.Code() != "" || !bytes.Contains(answer.Body, []byte(before[name].Me.PersonalData.IDNumber)) {
					t.Errorf("%s reads %s", name, answer.Body)
					return
				}
			}
		})
	}
	newcomers := make([]*citytest.Client, 20)
	var writers sync.WaitGroup
	for i := range newcomers {
		newcomers[i] = byWechat(t, here, fmt.Sprintf("dev:rotation-%d", i))
		writers.Go(func() {
			digits := fmt.Sprintf("33010619920202%03d", i)
			claim := citytest.Vars{"name": "林晓", "idNumber": digits + string(resident.Check(digits)), "proof": "sandbox"}
			var bound bindingAnswer
			newcomers[i].On(replicas[i%2]).Do("BindIdentity", citytest.Vars{"input": claim}).Decode(t, &bound)
			if bound.BindIdentity.PersonID == nil {
				t.Errorf("not bound: %+v", bound)
			}
		})
	}
	for _, side := range replicas {
		writers.Go(func() {
			for range 10 {
				if _, err := side.Records.Rotate(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if n, err := there.Records.Rotate(t.Context(), nil); err != nil {
		t.Errorf("the last rotation, of %d: %v", n, err)
	}
	close(stop)
	readers.Wait()

	alone := here.Replica(t, withKeys(t, vault.SM4GCM, "next"))
	for name, client := range people {
		if got := read(client.On(alone)); *got.Me.PersonalData != *before[name].Me.PersonalData {
			t.Errorf("%s is somebody else by now", name)
		}
	}
	for i, client := range newcomers {
		if got := read(client.On(alone)); got.Me.PersonalData == nil || got.Me.PersonalData.Name != "林晓" {
			t.Errorf("newcomer %d reads %+v", i, got)
		}
	}
	old := here.Replica(t, withKeys(t, vault.AES256GCM, "test"))
	if got := people["maming"].On(old).Do("MyPersonalData", nil); got.Code() != "INTERNAL" {
		t.Errorf("the old key opens %s", got.Body)
	}
}
