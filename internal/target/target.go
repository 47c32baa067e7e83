// Package target says what a notification opens: the node, and the links into the app and the
// mini-program. It is a pure function of the id, so an inbox page loads no targets.
package target

import (
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/internal/id"
)

// Target is the global id of what a notification opens.
type Target string

// Kind is the sort of thing a target is.
type Kind string

// The kinds of target.
const (
	CityCase   Kind = "CITY_CASE"
	Delegation Kind = "DELEGATION"
	Person     Kind = "PERSON"
	DataExport Kind = "DATA_EXPORT"
	Alert      Kind = "ALERT"
	Card       Kind = "CITIZEN_CARD"
	TopUp      Kind = "TOP_UP"
	Clinic     Kind = "CLINIC"
	ScenicSpot Kind = "SCENIC_SPOT"
	CreditLine Kind = "CREDIT_LINE"

	Appointment       Kind = "APPOINTMENT"
	WaitlistEntry     Kind = "WAITLIST_ENTRY"
	BookingSuspension Kind = "BOOKING_SUSPENSION"
	Bill              Kind = "BILL"
	CareContract      Kind = "CARE_CONTRACT"
	CareVisit         Kind = "CARE_VISIT"
	HelpCall          Kind = "HELP_CALL"
	Announcement      Kind = "ANNOUNCEMENT"
	Thread            Kind = "THREAD"
	LeaveRequest      Kind = "LEAVE_REQUEST"
	AttendanceEvent   Kind = "ATTENDANCE_EVENT"
)

var kinds = map[id.Kind]Kind{
	id.CityCase:   CityCase,
	id.Delegation: Delegation,
	id.Person:     Person,
	id.DataExport: DataExport,
	id.Alert:      Alert,

	id.CitizenCard: Card,
	id.TopUp:       TopUp,
	id.Clinic:      Clinic,
	id.ScenicSpot:  ScenicSpot,
	id.CreditLine:  CreditLine,

	id.Appointment:       Appointment,
	id.WaitlistEntry:     WaitlistEntry,
	id.BookingSuspension: BookingSuspension,
	id.Bill:              Bill,
	id.CareContract:      CareContract,
	id.CareVisit:         CareVisit,
	id.HelpCall:          HelpCall,
	id.Announcement:      Announcement,
	id.Thread:            Thread,
	id.LeaveRequest:      LeaveRequest,
	id.AttendanceEvent:   AttendanceEvent,
}

// MarshalGQL writes the enum value.
func (k Kind) MarshalGQL(w io.Writer) { graphql.MarshalString(string(k)).MarshalGQL(w) }

// UnmarshalGQL refuses: a target is never an input.
func (k *Kind) UnmarshalGQL(any) error { return errors.New("a target kind is not an input") }

// Of returns the target for a node's id; it fails for a node no client can open.
func Of(nodeID string) (Target, error) {
	k, _ := id.KindOf(nodeID)
	if _, ok := kinds[k]; !ok {
		return "", fmt.Errorf("target: nothing opens %q", nodeID)
	}
	return Target(nodeID), nil
}

// ID is the node's global id.
func (t Target) ID() string { return string(t) }

// Kind is what sort of thing it is.
func (t Target) Kind() Kind {
	k, _ := id.KindOf(string(t))
	return kinds[k]
}

// AppLink is the deep link into the citizen app.
func (t Target) AppLink() string { return "citygraph://" + t.page() + "/" + url.PathEscape(string(t)) }

// MiniProgramPath is the page path of the WeChat mini-program.
func (t Target) MiniProgramPath() string {
	return "pages/" + t.page() + "/index?id=" + url.QueryEscape(string(t))
}

func (t Target) page() string {
	switch t.Kind() {
	case CityCase:
		return "case"
	case Delegation:
		return "delegation"
	case Person:
		return "account"
	case DataExport:
		return "export"
	case Alert:
		return "alert"
	case Card:
		return "card"
	case TopUp:
		return "topup"
	case Clinic:
		return "clinic"
	case ScenicSpot:
		return "spot"
	case CreditLine:
		return "credit"
	case Appointment, WaitlistEntry, BookingSuspension:
		return "appointment"
	case Bill:
		return "bill"
	case CareContract, CareVisit:
		return "care"
	case HelpCall:
		return "help"
	case Announcement:
		return "announcement"
	case Thread:
		return "thread"
	case LeaveRequest:
		return "leave"
	case AttendanceEvent:
		return "attendance"
	default:
		return "home"
	}
}
