// Package preference says when a notice is pushed and over which channels: the rules of each topic in
// one table, what a person has chosen, and one pure function that puts the two together. It knows no
// rows and no channels' workings, so the schema, the inbox and the courier all stand on it.
package preference

import (
	"fmt"
	"slices"

	"citygraph/internal/lang"
)

// Topic is what a notice is about. A template's file is named for its topic.
type Topic string

// The topics.
const (
	Alert      Topic = "ALERT"
	Account    Topic = "ACCOUNT"
	Card       Topic = "CARD"
	Clinic     Topic = "CLINIC"
	School     Topic = "SCHOOL"
	ScenicSpot Topic = "SCENIC_SPOT"
	CityCase   Topic = "CITY_CASE"
	Delegation Topic = "DELEGATION"
	CityNews   Topic = "CITY_NEWS"
)

// Priority is how much a notice may disturb.
type Priority string

// The priorities. An urgent notice passes quiet hours, digests and channels turned off.
const (
	Low    Priority = "LOW"
	Normal Priority = "NORMAL"
	Urgent Priority = "URGENT"
)

// Channel is a way to reach a person outside the inbox.
type Channel string

// The channels.
const (
	FCM    Channel = "FCM"    // the app's push
	Wechat Channel = "WECHAT" // a subscribe message of the mini-program
	SMS    Channel = "SMS"
)

// Obligation says whether a topic can be turned off.
type Obligation string

// The obligations.
const (
	Optional Obligation = "OPTIONAL"
	Required Obligation = "REQUIRED" // the city owes the person this notice
)

// Rule is what holds for a topic until the person chooses otherwise.
type Rule struct {
	Topic      Topic
	Name       lang.Text // for a reader
	name       string    // of its Go constant
	Priority   Priority
	Channels   []Channel // in the order they are tried
	Obligation Obligation
	Pace       Pace
}

// Rules are the topics, in the order of the preference page. Required are warnings (a government must
// make them known to everybody in the area: Emergency Response Law, on early warnings) and what touches
// a person's own account or data (Personal Information Protection Law, Article 57).
var Rules = []Rule{
	{Alert, lang.Text{ZH: "预警", EN: "Alerts"}, "Alert", Urgent, []Channel{FCM, Wechat, SMS}, Required, AtOnce},
	{Account, lang.Text{ZH: "账户安全", EN: "Your account"}, "Account", Normal, []Channel{FCM, Wechat, SMS}, Required, AtOnce},
	{Card, lang.Text{ZH: "市民卡", EN: "Citizen card"}, "Card", Normal, []Channel{FCM, Wechat}, Optional, AtOnce},
	{Clinic, lang.Text{ZH: "就医", EN: "Clinics"}, "Clinic", Normal, []Channel{FCM, Wechat, SMS}, Optional, AtOnce},
	{School, lang.Text{ZH: "家校", EN: "School"}, "School", Normal, []Channel{FCM, Wechat}, Optional, AtOnce},
	{ScenicSpot, lang.Text{ZH: "景区", EN: "Scenic spots"}, "ScenicSpot", Normal, []Channel{FCM, Wechat}, Optional, AtOnce},
	{CityCase, lang.Text{ZH: "城管案件", EN: "City cases"}, "CityCase", Normal, []Channel{FCM, Wechat}, Optional, AtOnce},
	{Delegation, lang.Text{ZH: "授权代办", EN: "Delegations"}, "Delegation", Normal, []Channel{FCM, Wechat}, Optional, AtOnce},
	{CityNews, lang.Text{ZH: "城市资讯", EN: "City news"}, "CityNews", Low, []Channel{FCM}, Optional, Daily},
}

// RuleOf returns the rule of a topic; an unknown one has none.
func RuleOf(t Topic) (Rule, bool) {
	for _, r := range Rules {
		if r.Topic == t {
			return r, true
		}
	}
	return Rule{}, false
}

// Named lists the topics as pairs of Go name and value, for ent.
func Named() []string {
	var pairs []string
	for _, r := range Rules {
		pairs = append(pairs, r.name, string(r.Topic))
	}
	return pairs
}

// IsValid reports whether the table has t.
func (t Topic) IsValid() bool { _, ok := RuleOf(t); return ok }

// IsValid reports whether p is a priority.
func (p Priority) IsValid() bool { return slices.Contains([]Priority{Low, Normal, Urgent}, p) }

// IsValid reports whether c is a channel.
func (c Channel) IsValid() bool { return slices.Contains([]Channel{FCM, Wechat, SMS}, c) }

// IsValid reports whether o is an obligation.
func (o Obligation) IsValid() bool { return o == Optional || o == Required }

// IsValid reports whether p is a pace.
func (p Pace) IsValid() bool { return p == AtOnce || p == Daily }

type enum interface {
	~string
	IsValid() bool
}

func read[E enum](e *E, v any) error {
	s, ok := v.(string)
	if !ok || !E(s).IsValid() {
		return fmt.Errorf("not a %T", *e)
	}
	*e = E(s)
	return nil
}
