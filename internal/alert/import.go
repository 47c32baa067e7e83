package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/alert"
	"citygraph/ent/db/district"
	protocol "citygraph/internal/alert/cap"
	"citygraph/internal/id"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// wholeCity is the statistics bureau's code of Hangzhou, which stands for all its districts.
const wholeCity = "330100"

// Report is what became of a file of alerts.
type Report struct {
	Kept     []*db.Alert
	Problems []protocol.Problem // in the order of the file, for those refused
}

// Import takes in a file of alerts in CAP 1.2: each in a transaction of its own, so the good ones are kept
// and a bad one is refused with its place. Those in earnest are told to the people of their districts.
// It is for operators at the command line. It fails only when the file or the database cannot be read.
func (a *Alerts) Import(ctx context.Context, r io.Reader) (Report, error) {
	ctx = viewer.AsSystem(ctx, "an operator imports alerts that an authority has issued")
	messages, problems, err := protocol.Read(r, a.Clock.Now())
	if err != nil {
		return Report{}, err
	}
	report := Report{Problems: problems}
	gazetteer, err := a.DB.District.Query().Order(district.ByID()).All(ctx)
	if err != nil {
		return report, fmt.Errorf("load districts: %w", err)
	}
	for _, m := range messages {
		made, err := a.receive(ctx, m, gazetteer)
		var p protocol.Problem
		switch {
		case errors.As(err, &p):
			report.Problems = append(report.Problems, p)
		case err != nil:
			return report, err
		default:
			report.Kept = append(report.Kept, made)
		}
	}
	slices.SortStableFunc(report.Problems, func(a, b protocol.Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return report, nil
}

// receive stores one message. What is wrong with it is a protocol.Problem.
func (a *Alerts) receive(ctx context.Context, m protocol.Message, gazetteer []*db.District) (made *db.Alert, err error) {
	districts, err := locate(m, gazetteer)
	if err != nil {
		return nil, err
	}
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		ends, err := a.referred(ctx, m)
		if err != nil {
			return err
		}
		told := slices.Clone(districts)
		for _, old := range ends {
			told = append(told, districtIDs(old)...)
		}
		slices.Sort(told)
		made, err = a.write(ctx, a.received(m), districts, slices.Compact(told), ends, func(*db.Alert) error {
			return protocol.Problem{Place: m.Place, Reason: "another message has replaced the same alert"}
		})
		if _, taken := store.IsUniqueViolation(err); taken {
			return protocol.Problem{Place: m.IdentifiedAt, Reason: "the identifier was received before"}
		}
		return err
	})
	return made, err
}

func (a *Alerts) received(m protocol.Message) *db.AlertCreate {
	return a.DB.Alert.Create().SetID(id.New(id.Alert)).SetIdentifier(m.Identifier).SetSender(m.Sender).SetSent(m.Sent).
		SetStatus(alert.Status(m.Status)).SetMessageType(alert.MessageType(m.Type)).SetCategory(alert.Category(m.Category)).
		SetUrgency(alert.Urgency(m.Urgency)).SetSeverity(alert.Severity(m.Severity)).SetCertainty(alert.Certainty(m.Certainty)).
		SetEvent(m.Event).SetHeadline(m.Headline).SetDescription(m.Description).SetInstruction(m.Instruction).
		SetEffective(m.Effective).SetExpires(m.Expires)
}

// referred are the alerts a message replaces or calls off, with their districts.
func (a *Alerts) referred(ctx context.Context, m protocol.Message) ([]*db.Alert, error) {
	var found []*db.Alert
	if m.Type == string(alert.MessageTypeAlert) {
		return nil, nil
	}
	for _, r := range m.References {
		old, err := a.DB.Alert.Query().Where(alert.Sender(r.Sender), alert.Identifier(r.Identifier)).WithDistricts().Only(ctx)
		switch {
		case db.IsNotFound(err):
			return nil, protocol.Problem{Place: r.Place, Reason: "references names an alert that was never received: " + r.Identifier}
		case err != nil:
			return nil, fmt.Errorf("load referred alert: %w", err)
		case old.Ended != nil:
			return nil, protocol.Problem{Place: r.Place, Reason: "references names an alert that has ended: " + r.Identifier}
		}
		found = append(found, old)
	}
	return found, nil
}

// locate finds the districts of a message, by code or else by name.
func locate(m protocol.Message, gazetteer []*db.District) ([]string, error) {
	var ids []string
	for _, area := range m.Areas {
		found := 0
		for _, d := range gazetteer {
			byCode := slices.Contains(area.Codes, d.Code) || slices.Contains(area.Codes, wholeCity)
			byName := area.Name == d.Name.ZH || area.Name == d.Name.EN || area.Name == "杭州市" || area.Name == "Hangzhou"
			if !byCode && !byName {
				continue
			}
			if found++; !slices.Contains(ids, d.ID) {
				ids = append(ids, d.ID)
			}
		}
		if found == 0 {
			return nil, protocol.Problem{Place: area.Place, Reason: "no district of Hangzhou is called " + quoted(area.Name) + " or has its geocodes"}
		}
	}
	return ids, nil
}

func quoted(s string) string { return fmt.Sprintf("%.60q", s) }
