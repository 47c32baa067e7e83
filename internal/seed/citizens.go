package seed

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/internal/facts"
	"citygraph/internal/id"
	"citygraph/internal/mask"
)

// streetsOf groups the streets by district, for people who live and report somewhere.
type streetsOf map[string][]facts.Street

func groupStreets(city *facts.City) streetsOf {
	grouped := streetsOf{}
	for _, s := range city.Streets {
		grouped[s.District] = append(grouped[s.District], s)
	}
	return grouped
}

var (
	familyNames = []rune("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常")
	givenNames  = []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅春生建国志文辉力健俊峰斌鹏飞宇浩然子涵欣怡梓轩雨晨佳琪思远嘉豪若溪诗涵一诺")
	troubles    = []string{"晚上不亮，已经三天了。", "有破损，行人容易绊倒。", "堆在路边很久没人清理。", "占了盲道，轮椅过不去。", "下雨以后积水很深。", "声音很大，影响休息。"}
)

// casesPerCitizen is how many reports an invented citizen has on average, in hundredths.
const casesPerCitizen = 20

// person is one invented citizen, fully decided by the seed and the number.
type person struct {
	id, name, idNumber, phone, card string
	district                        facts.District
	balance                         int64
}

func (w *writer) invent(i int) person {
	r := w.rand
	d := w.city.Districts[r.IntN(len(w.city.Districts))]
	born := time.Date(1935+r.IntN(85), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
	personID := id.Derive(id.Person, 1+i, fmt.Sprintf("citizen/%d/%d", w.seed, i))
	if len(w.adults) < maxAdults && born.Year() < 2000 && born.Year() > 1960 {
		w.adults = append(w.adults, personID)
	}
	name := string(familyNames[r.IntN(len(familyNames))]) + string(givenNames[r.IntN(len(givenNames))])
	if r.IntN(3) > 0 {
		name += string(givenNames[r.IntN(len(givenNames))])
	}
	return person{
		id: personID, name: name, district: d,
		idNumber: w.idNumber(d.Code, born.Format(time.DateOnly), r.IntN(1000)),
		phone:    fmt.Sprintf("139%08d", r.IntN(100_000_000)),
		card:     fmt.Sprintf("3301%012d", 1_000_000+i),
		balance:  int64(r.IntN(500_00)),
	}
}

// citizens writes the invented people, their cards and their reports, a batch at a time.
func (w *writer) citizens(ctx context.Context) error {
	if err := w.cases(ctx, demoReporters(w)); err != nil {
		return err
	}
	for from := 0; from < w.count; from += batch {
		people := make([]person, 0, batch)
		var reports []report
		for i := from; i < min(from+batch, w.count); i++ {
			p := w.invent(i)
			people = append(people, p)
			for w.rand.IntN(100) < casesPerCitizen && len(reports) < 2*batch {
				reports = append(reports, w.report(p.id, p.district.Code, w.rand.IntN(90*24)))
			}
		}
		if err := w.people(ctx, people); err != nil {
			return err
		}
		if err := w.cases(ctx, reports); err != nil {
			return err
		}
		w.wrote(len(people))
	}
	return nil
}

func (w *writer) people(ctx context.Context, people []person) error {
	rows := make([]*db.PersonCreate, len(people))
	data := make([]*db.PersonalDataCreate, len(people))
	savers := make([]saver, len(people))
	cards := make([]*db.CitizenCardCreate, len(people))
	for i, p := range people {
		who, err := w.identified(p.name, p.idNumber, p.phone)
		if err != nil {
			return err
		}
		if data[i], err = w.data.Builder(p.id, who); err != nil {
			return err
		}
		data[i].SetCreatedAt(w.now).SetUpdatedAt(w.now)
		rows[i] = w.db.Person.Create().SetID(p.id).SetCreatedAt(w.now).SetUpdatedAt(w.now).
			SetName(mask.Name(p.name)).
			SetMaskedIDNumber(mask.IDNumber(p.idNumber)).SetMaskedPhone(mask.Phone(p.phone)).
			SetDistrictID(districtID(p.district.Code))
		cards[i] = w.db.CitizenCard.Create().SetID(id.Derive(id.CitizenCard, 1, p.id)).SetCreatedAt(w.now).SetUpdatedAt(w.now).
			SetPersonID(p.id).SetHolderID(p.id).SetMaskedNumber(mask.CardNumber(p.card)).SetKind(citizencard.KindNamed).SetStatus(citizencard.StatusActive).
			SetAccountID(accountID(p.id))
		savers[i] = saver{p.id, p.balance}
	}
	if err := w.db.Person.CreateBulk(rows...).Exec(ctx); err != nil {
		return err
	}
	if err := w.db.PersonalData.CreateBulk(data...).Exec(ctx); err != nil {
		return err
	}
	if err := w.accounts(ctx, savers...); err != nil {
		return err
	}
	return w.db.CitizenCard.CreateBulk(cards...).Exec(ctx)
}
