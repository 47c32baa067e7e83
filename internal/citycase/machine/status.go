package machine

import (
	"io"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/internal/lang"
)

// Status is where a case stands.
type Status string

// The statuses: first the smooth life in its order, then the sides.
const (
	Submitted  Status = "SUBMITTED"   // 待受理
	Accepted   Status = "ACCEPTED"    // 受理
	Filed      Status = "FILED"       // 立案
	Dispatched Status = "DISPATCHED"  // 派遣
	InProgress Status = "IN_PROGRESS" // 处置
	Resolved   Status = "RESOLVED"    // 待核查
	Verified   Status = "VERIFIED"    // 核查
	Closed     Status = "CLOSED"      // 结案
	Returned   Status = "RETURNED"    // 回退
	Suspended  Status = "SUSPENDED"   // 挂账
	Rejected   Status = "REJECTED"    // 不予受理
	Duplicate  Status = "DUPLICATE"   // 重复件
	Withdrawn  Status = "WITHDRAWN"   // 撤回
)

// Clock says what a status does to the promise of a case.
type Clock string

// The clocks. The promise of a case runs out only while its clock runs.
const (
	Running Clock = "RUNNING"
	Stopped Clock = "STOPPED"
	Ended   Clock = "ENDED"
)

// state is what holds of a case in a status.
type state struct {
	status    Status
	name      lang.Text
	doc       string // the contract's words
	clock     Clock
	published bool // seen by the public: an officer has read it, and it has not turned out to be nothing
}

var states = []state{
	{Submitted, lang.Text{ZH: "待受理", EN: "submitted"}, "Reported, waiting for an officer (待受理).", Running, false},
	{Accepted, lang.Text{ZH: "已受理", EN: "accepted"}, "Taken on by an officer (受理).", Running, true},
	{Filed, lang.Text{ZH: "已立案", EN: "filed"}, "Held to be the city's to mend (立案).", Running, true},
	{Dispatched, lang.Text{ZH: "已派遣", EN: "dispatched"}, "Given to those who are to mend it (派遣).", Running, true},
	{InProgress, lang.Text{ZH: "处置中", EN: "in progress"}, "Being mended (处置).", Running, true},
	{Resolved, lang.Text{ZH: "待核查", EN: "resolved"}, "Said to be mended, waiting to be checked by another officer (待核查).", Running, true},
	{Verified, lang.Text{ZH: "已核查", EN: "verified"}, "Found mended on the spot (核查).", Running, true},
	{Closed, lang.Text{ZH: "已结案", EN: "closed"}, "Done; the reporter may rate it, or reopen it for a while (结案).", Ended, true},
	{Returned, lang.Text{ZH: "已回退", EN: "returned"}, "Handed back by those it was given to, to be given to others (回退).", Running, true},
	{Suspended, lang.Text{ZH: "已挂账", EN: "suspended"}, "Cannot be mended for now; its clock stands still (挂账).", Stopped, true},
	{Rejected, lang.Text{ZH: "不予受理", EN: "rejected"}, "Not the city's to mend, for the reason in its history (不予受理).", Ended, false},
	{Duplicate, lang.Text{ZH: "重复件", EN: "a duplicate"}, "Reported before; duplicateOf is the case that goes on (重复件).", Ended, true},
	{Withdrawn, lang.Text{ZH: "已撤回", EN: "withdrawn"}, "Taken back by its reporter (撤回).", Ended, false},
}

func (s Status) state() state {
	for _, known := range states {
		if known.status == s {
			return known
		}
	}
	return state{}
}

// Values lists every status, for ent.
func (Status) Values() []string {
	values := make([]string, len(states))
	for i, s := range states {
		values[i] = string(s.status)
	}
	return values
}

// Statuses lists every status, in the table's order.
func Statuses() []Status { return where(func(state) bool { return true }) }

// Name is the status in words.
func (s Status) Name() lang.Text { return s.state().name }

// Doc is what the contract says of the status.
func (s Status) Doc() string { return s.state().doc }

// Clock is what the status does to the promise of a case.
func (s Status) Clock() Clock { return s.state().clock }

// Published reports whether the public sees cases in the status, unless their reporter asked otherwise.
func (s Status) Published() bool { return s.state().published }

// Open reports whether there is still something to be done.
func (s Status) Open() bool { return s.state().clock != Ended }

// WithClock lists the statuses in which the clock is so.
func WithClock(c Clock) []Status { return where(func(s state) bool { return s.clock == c }) }

// Unfinished lists the statuses in which there is still something to be done.
func Unfinished() []Status { return where(func(s state) bool { return s.clock != Ended }) }

func where(holds func(state) bool) []Status {
	var found []Status
	for _, s := range states {
		if holds(s) {
			found = append(found, s.status)
		}
	}
	return found
}

// IsValid reports whether s is a status of the machine.
func (s Status) IsValid() bool { return s.state().status == s && s != "" }

// MarshalGQL writes the enum value.
func (s Status) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (s *Status) UnmarshalGQL(v any) error { return unmarshalEnum(s, v) }

// IsValid reports whether c is a clock of the machine.
func (c Clock) IsValid() bool { return c == Running || c == Stopped || c == Ended }

// MarshalGQL writes the enum value.
func (c Clock) MarshalGQL(w io.Writer) { graphql.MarshalString(string(c)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (c *Clock) UnmarshalGQL(v any) error { return unmarshalEnum(c, v) }
