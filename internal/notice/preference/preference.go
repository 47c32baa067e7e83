package preference

import (
	"slices"
	"sync"
	"time"
	_ "time/tzdata" // zones on machines that have none

	"citygraph/internal/fault"
)

// Pace is how often a topic is pushed.
type Pace string

// The paces.
const (
	AtOnce Pace = "AT_ONCE"
	Daily  Pace = "DAILY" // one digest a day, at the person's hour
)

// DefaultZone is where quiet hours and digests are read on the clock.
const DefaultZone = "Asia/Shanghai"

// DefaultDigestAt is when a daily digest comes.
const DefaultDigestAt = "18:00"

// QuietHours are hours of the day without pushes, such as 22:00 to 07:00. They hold From and not To,
// and run overnight when To is the earlier.
type QuietHours struct {
	From string `json:"from"` // HH:MM
	To   string `json:"to"`
}

// Preference is how a person wants one topic.
type Preference struct {
	Topic      Topic
	Channels   []Channel // in the order they are tried; none is the inbox alone
	QuietHours *QuietHours
	Pace       Pace
	DigestAt   string // HH:MM
	Zone       string // IANA name
}

// Default is what holds for a topic until the person chooses.
func Default(t Topic) Preference {
	rule, _ := RuleOf(t)
	return Preference{
		Topic: t, Channels: slices.Clone(rule.Channels), Pace: rule.Pace, DigestAt: DefaultDigestAt, Zone: DefaultZone,
	}
}

// Priority is the topic's own.
func (p Preference) Priority() Priority { rule, _ := RuleOf(p.Topic); return rule.Priority }

// Obligation is the topic's own.
func (p Preference) Obligation() Obligation { rule, _ := RuleOf(p.Topic); return rule.Obligation }

// Check holds a choice to the rules. BAD_USER_INPUT at the field: a channel twice, none for a required
// topic, a digest of an urgent or required one, an hour or zone that is none, quiet hours without length.
func (p Preference) Check() error {
	rule, ok := RuleOf(p.Topic)
	switch {
	case !ok:
		return fault.BadInput("topic", "没有这个通知主题。", "There is no such topic.")
	case slices.ContainsFunc(p.Channels, func(c Channel) bool { return !c.IsValid() }):
		return fault.BadInput("channels", "没有这个通知渠道。", "There is no such channel.")
	case len(slices.Compact(slices.Sorted(slices.Values(p.Channels)))) != len(p.Channels):
		return fault.BadInput("channels", "同一渠道不能出现两次。", "A channel cannot stand there twice.")
	case len(p.Channels) == 0 && rule.Obligation == Required:
		return fault.BadInput("channels", "此类通知依法必须送达，不能全部关闭。", "These notices are required by law and cannot be turned off.")
	case !p.Pace.IsValid():
		return fault.BadInput("pace", "没有这个推送频率。", "There is no such pace.")
	case p.Pace == Daily && (rule.Obligation == Required || rule.Priority == Urgent):
		return fault.BadInput("pace", "此类通知不能每日汇总。", "These notices cannot wait for a daily digest.")
	}
	if _, err := clockTime(p.DigestAt); err != nil {
		return badHour("digestAt")
	}
	if _, err := zone(p.Zone); err != nil {
		return fault.BadInput("zone", "没有这个时区。", "There is no such time zone.")
	}
	return p.QuietHours.check()
}

func (q *QuietHours) check() error {
	if q == nil {
		return nil
	}
	from, err := clockTime(q.From)
	if err != nil {
		return badHour("quietHours", "from")
	}
	to, err := clockTime(q.To)
	if err != nil {
		return badHour("quietHours", "to")
	}
	if from == to {
		return fault.BadInput("quietHours", "免打扰的开始与结束不能相同。", "Quiet hours cannot begin when they end.")
	}
	return nil
}

func badHour(path ...string) error {
	return fault.New(fault.BadUserInput).At(path...).
		Say("请用24小时制填写时刻，如22:00。", "Write the hour in 24-hour form, such as 22:00.")
}

// clockTime reads HH:MM as minutes after midnight.
func clockTime(s string) (int, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fault.New(fault.BadUserInput)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// zone finds an IANA zone. "Local" is a property of the machine and none of a person.
func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fault.New(fault.BadUserInput)
	}
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), nil //nolint:forcetypeassert // nothing else is stored
	}
	found, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, found)
	}
	return found, err
}

// zones are those read so far: there are a few hundred, and to read one is dear.
var zones sync.Map
