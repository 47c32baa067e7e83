package seed

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/mask"
	"citygraph/internal/resident"
	"citygraph/internal/viewer"
)

// Member is one of the named people that demos and tests sign in as.
type Member struct {
	Key      string // the name at `server token --as`
	Name     string
	About    lang.Text
	Sex      resident.Sex
	Born     string
	District string          // code of the home district
	Role     viewer.RoleKind // empty for a citizen
	At       string          // where the role is held: a district code, or the key of a clinic, school or spot
	Balance  int64           // on the card, fen
}

// Cast are the people of every demo and policy table. They are invented.
var Cast = []Member{
	{Key: "chenjing", Name: "陈静", Sex: resident.Female, Born: "1986-04-12", District: "330106", Balance: 286_50,
		About: lang.Text{ZH: "两个孩子的母亲，王桂英的女儿", EN: "mother of two, daughter of wangguiying"}},
	{Key: "zhouwei", Name: "周伟", Sex: resident.Male, Born: "1984-09-03", District: "330105", Balance: 73_20,
		About: lang.Text{ZH: "离异父亲，受监护限制", EN: "divorced father under a custody bar"}},
	{Key: "wangguiying", Name: "王桂英", Sex: resident.Female, Born: "1952-01-26", District: "330106", Balance: 512_00,
		About: lang.Text{ZH: "外婆", EN: "grandmother"}},
	{Key: "lina", Name: "李娜", Sex: resident.Female, Born: "1990-07-19", District: "330106", Balance: 120_00, Role: viewer.Teacher, At: "xuejun-primary",
		About: lang.Text{ZH: "小学教师", EN: "primary school teacher"}},
	{Key: "xumin", Name: "许敏", Sex: resident.Female, Born: "1993-11-30", District: "330102", Balance: 64_80, Role: viewer.ClinicStaff, At: "zju-1",
		About: lang.Text{ZH: "医院护士", EN: "hospital nurse"}},
	{Key: "zhaoqiang", Name: "赵强", Sex: resident.Male, Born: "1981-02-14", District: "330106", Balance: 98_00, Role: viewer.CaseOfficer, At: "330106",
		About: lang.Text{ZH: "西湖区城管受理员", EN: "case officer of Xihu District"}},
	{Key: "sunli", Name: "孙丽", Sex: resident.Female, Born: "1988-12-08", District: "330102", Balance: 45_00, Role: viewer.CaseOfficer, At: "330102",
		About: lang.Text{ZH: "上城区城管受理员", EN: "case officer of Shangcheng District"}},
	{Key: "wutao", Name: "吴涛", Sex: resident.Male, Born: "1979-05-21", District: "330106", Balance: 31_40, Role: viewer.ScenicOperator, At: "lingyin-feilai",
		About: lang.Text{ZH: "景区运营人员", EN: "scenic spot operator"}},
	{Key: "qianjun", Name: "钱军", Sex: resident.Male, Born: "1975-08-17", District: "330102", Balance: 150_00, Role: viewer.Auditor,
		About: lang.Text{ZH: "审计员", EN: "auditor"}},
	{Key: "fanglei", Name: "方蕾", Sex: resident.Female, Born: "1983-03-05", District: "330108", Balance: 88_00, Role: viewer.Admin,
		About: lang.Text{ZH: "平台管理员", EN: "platform administrator"}},
	{Key: "maming", Name: "马明", Sex: resident.Male, Born: "1995-06-01", District: "330110", Balance: 20_00,
		About: lang.Text{ZH: "与其他人无关的市民", EN: "a stranger to all the others"}},
}

// Children are those of the first two of the cast. They have no account of their own.
var Children = []Member{
	{Key: "zhouzixuan", Name: "周子轩", Sex: resident.Male, Born: "2011-05-08", District: "330106", Balance: 30_00,
		About: lang.Text{ZH: "陈静的儿子，初中生", EN: "son of chenjing, at middle school"}},
	{Key: "zhouzihan", Name: "周子涵", Sex: resident.Female, Born: "2016-10-23", District: "330106", Balance: 12_50,
		About: lang.Text{ZH: "陈静的女儿，小学生", EN: "daughter of chenjing, at primary school"}},
}

// Roles are the member's roles in words that tools can read: CITIZEN, or CASE_OFFICER@330106.
func (m Member) Roles() string {
	switch {
	case m.Role == "":
		return "CITIZEN"
	case m.At == "":
		return string(m.Role)
	default:
		return string(m.Role) + "@" + m.At
	}
}

// PersonID is the member's id, the same in every demo city.
func (m Member) PersonID() string { return id.Derive(id.Person, 0, "cast/"+m.Key) }

// DevicePushToken is the push token of the member's demo phone.
func (m Member) DevicePushToken() string { return "demo-token-" + m.Key }

func (w *writer) cast(ctx context.Context) error {
	for i, m := range Cast {
		if err := w.member(ctx, i, m); err != nil {
			return fmt.Errorf("%s: %w", m.Key, err)
		}
	}
	for i, m := range Children {
		if err := w.resident(ctx, len(Cast)+i, m); err != nil {
			return fmt.Errorf("%s: %w", m.Key, err)
		}
	}
	w.wrote(len(Cast) + len(Children))
	return w.household(ctx)
}

// resident writes a person bound by real name, with their card.
func (w *writer) resident(ctx context.Context, i int, m Member) error {
	order := 100 + 2*i
	if m.Sex == resident.Male {
		order++
	}
	who, err := w.identified(m.Name, w.idNumber(m.District, m.Born, order), fmt.Sprintf("1380571%04d", 8000+i))
	if err != nil {
		return err
	}
	err = w.db.Person.Create().SetID(m.PersonID()).SetCreatedAt(w.now).SetUpdatedAt(w.now).
		SetName(mask.Name(who.Name)).SetMaskedIDNumber(mask.IDNumber(who.IDNumber)).SetMaskedPhone(mask.Phone(who.Phone)).
		SetDistrictID(districtID(m.District)).Exec(ctx)
	if err != nil {
		return err
	}
	data, err := w.data.Builder(m.PersonID(), who)
	if err != nil {
		return err
	}
	if err := data.SetCreatedAt(w.now).SetUpdatedAt(w.now).Exec(ctx); err != nil {
		return err
	}
	if err := w.accounts(ctx, saver{m.PersonID(), m.Balance}); err != nil {
		return err
	}
	return w.db.CitizenCard.Create().SetID(id.Derive(id.CitizenCard, 0, "cast/"+m.Key)).SetCreatedAt(w.now).SetUpdatedAt(w.now).
		SetPersonID(m.PersonID()).SetHolderID(m.PersonID()).SetMaskedNumber(mask.CardNumber(fmt.Sprintf("33010000%08d", i+1))).SetKind(citizencard.KindNamed).
		SetStatus(citizencard.StatusActive).SetAccountID(accountID(m.PersonID())).Exec(ctx)
}

// member writes somebody of the cast, with their account and their role.
func (w *writer) member(ctx context.Context, i int, m Member) error {
	if err := w.resident(ctx, i, m); err != nil {
		return err
	}
	err := w.db.Identity.Create().SetID(id.Derive(id.Identity, i, "cast/"+m.Key)).SetCreatedAt(w.now).
		SetProvider(identity.ProviderDevelopment).SetSubject(m.Key).SetPersonID(m.PersonID()).Exec(ctx)
	if err != nil || m.Role == "" {
		return err
	}
	at, err := w.organisation(m)
	if err != nil {
		return err
	}
	return w.db.StaffRole.Create().SetID(id.Derive(id.StaffRole, i, "cast/"+m.Key)).SetCreatedAt(w.now).
		SetPersonID(m.PersonID()).SetKind(staffrole.Kind(m.Role)).SetOrganisationID(at).Exec(ctx)
}

// namedCap is the most a named card may hold, in fen.
const namedCap = 5_000_00

// organisation is the id of the place a member's role is held at.
func (w *writer) organisation(m Member) (string, error) {
	switch m.Role {
	case viewer.CaseOfficer:
		return districtID(m.At), nil
	case viewer.ClinicStaff:
		for i, h := range w.city.Hospitals {
			if h.Key == m.At {
				return id.Derive(id.Clinic, i, h.Key), nil
			}
		}
	case viewer.Teacher:
		for i, s := range w.city.Schools {
			if s.Key == m.At {
				return id.Derive(id.School, i, s.Key), nil
			}
		}
	case viewer.ScenicOperator:
		for i, s := range w.city.ScenicSpots {
			if s.Key == m.At {
				return spotID(i, s), nil
			}
		}
	case viewer.Auditor, viewer.Admin:
		return "", nil
	}
	return "", fmt.Errorf("no place %q for a %s", m.At, m.Role)
}

// before is an instant in the demo's past.
func (w *writer) before(d time.Duration) time.Time { return w.now.Add(-d) }
