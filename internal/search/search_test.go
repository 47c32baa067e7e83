package search

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"citygraph/internal/facts"
)

func found(t *testing.T, keys, query string) bool {
	t.Helper()
	terms, ok := Normalise(query)
	return ok && Match(keys, terms)
}

func city(t *testing.T) *facts.City {
	t.Helper()
	c, err := facts.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNormalise(t *testing.T) {
	for _, c := range []struct {
		query string
		terms []string
		ok    bool
	}{
		{"", nil, true},
		{" \t　", nil, true},
		{"浙大一院", []string{"浙大一院"}, true},
		{"  West　Lake ", []string{"west", "lake"}, true},
		{"ＺＤＹＹ１２", []string{"zdyy12"}, true},
		{"Lin'an xi’hu", []string{"linan", "xihu"}, true},
		{"Changlü", []string{"changlu"}, true},
		{"树兰（杭州）", []string{"树兰", "杭州"}, true},
		{"西湖 西湖", []string{"西湖"}, true},
		{"100%_\\", []string{"100"}, true},
		{"西湖\x00\xff", []string{"西湖"}, true},
		{"%%%", nil, false},
		{"😀", nil, false},
		{strings.Repeat("西", 40), []string{strings.Repeat("西", 40)}, true},
		{strings.Repeat("西", 41), nil, false},
	} {
		terms, ok := Normalise(c.query)
		if diff := cmp.Diff(c.terms, terms); diff != "" || ok != c.ok {
			t.Errorf("Normalise(%q): ok %v, want %v; terms (-want +got):\n%s", c.query, ok, c.ok, diff)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"", "！"}, ""},
		{[]string{"浙大一院"}, "浙大一院 zhedayiyuan zdyy"},
		{[]string{"长河街道", "Changhe Subdistrict"}, "长河街道 changhejiedao chjd changhesubdistrict"},
		{[]string{"西湖风景区", "西湖"}, "西湖风景区 xihufengjingqu xhfjq"},
		{[]string{"West Lake", "西湖Ｇ20"}, "westlake 西湖g20 xihug20 xhg20"},
		{[]string{"杭州银行", "成长乐园"}, "杭州银行 hangzhouyinhang hzyh 成长乐园 chengzhangleyuan czly"},
	} {
		if got := Keys(c.names...); got != c.want {
			t.Errorf("Keys(%q) = %q, want %q", c.names, got, c.want)
		}
	}
}

// The English names of streets were written by hand, so they check the readings.
func TestStreetsReadAsTheirEnglishNames(t *testing.T) {
	for _, s := range city(t).Streets {
		zh := strings.TrimSuffix(s.Name.ZH, "畲族乡")
		for _, suffix := range []string{"街道", "镇", "乡"} {
			zh = strings.TrimSuffix(zh, suffix)
		}
		en := words(strings.ReplaceAll(s.Name.EN, "ü", "v"))[0]
		if full, _ := romanise([]rune(zh)); full != en {
			t.Errorf("%s reads %s, its English name is %s", s.Name.ZH, full, s.Name.EN)
		}
	}
}

func TestEveryHospitalIsFoundByWhatPeopleType(t *testing.T) {
	for _, h := range city(t).Hospitals {
		keys := Keys(h.Names()...)
		queries := []string{h.Name.ZH, h.Name.EN, strings.ToUpper(h.Name.EN)}
		for _, alias := range h.Aliases {
			full, initials := romanise([]rune(alias))
			queries = append(queries, alias, full, initials)
		}
		full, initials := romanise([]rune(strings.Join(words(h.Name.ZH), "")))
		for _, romanised := range []string{full, initials} {
			if !Match(keys, []string{romanised}) {
				t.Errorf("%s is not found by %s", h.Name.ZH, romanised)
			}
		}
		for _, q := range queries {
			if utf8.RuneCountInString(q) > MaxQuery {
				q = string([]rune(q)[:MaxQuery])
			}
			if !found(t, keys, q) {
				t.Errorf("%s is not found by %s", h.Name.ZH, q)
			}
		}
	}
}

func TestWhatPeopleType(t *testing.T) {
	c := city(t)
	rows := map[string]string{}
	for _, h := range c.Hospitals {
		rows[h.Key] = Keys(h.Names()...)
	}
	for _, s := range c.Schools {
		rows[s.Key] = Keys(s.Names()...)
	}
	for _, s := range c.ScenicSpots {
		rows[s.Key] = Keys(s.Names()...)
	}
	for _, d := range c.Districts {
		rows[d.Code] = Keys(d.Name.ZH, d.Name.EN)
	}
	for _, q := range []struct {
		query     string
		finds     []string
		findsNone []string
	}{
		{"浙大一院", []string{"zju-1", "zju-1-yuhang"}, []string{"zju-2", "hz-1"}},
		{"zheda", []string{"zju-1", "zju-2", "zju-children", "zju-affiliated-high"}, []string{"hz-1"}},
		{"zdyy", []string{"zju-1"}, []string{"zju-2"}},
		{"ZheDaYiYuan", []string{"zju-1"}, []string{"zju-2"}},
		{"xihu", []string{"west-lake", "330106", "xihu-high"}, []string{"330102"}},
		{"西湖", []string{"west-lake", "330106"}, []string{"xianghu"}},
		{"West Lake", []string{"west-lake"}, []string{"xianghu"}},
		{"westlake", []string{"west-lake"}, nil},
		{"srrsh", []string{"srrsh"}, []string{"zju-1"}},
		{"浙大 滨江", []string{"zju-2-binjiang"}, []string{"zju-2", "zju-1"}},
		{"长河", []string{"changhe-high"}, nil},
		{"changhe", []string{"changhe-high"}, nil},
		{"zhaohui", []string{"zhaohui-primary"}, nil},
		{"xingzhi", []string{"xingzhi-primary"}, nil},
		{"hangzhouleyuan", []string{"hangzhou-paradise"}, nil},
		{"lin'an", []string{"330112", "linan-1"}, nil},
		{"lvcheng", []string{"lvcheng-yuhua"}, nil},
		{"ＳＯＮＧＣＨＥＮＧ", []string{"songcheng"}, nil},
	} {
		for _, key := range q.finds {
			if !found(t, rows[key], q.query) {
				t.Errorf("%q does not find %s: %s", q.query, key, rows[key])
			}
		}
		for _, key := range q.findsNone {
			if found(t, rows[key], q.query) {
				t.Errorf("%q finds %s: %s", q.query, key, rows[key])
			}
		}
	}
}

// The database must agree with Match, also about terms that Normalise would never make.
func TestLikeFindsWhatMatchFinds(t *testing.T) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	keys := Keys("浙大一院", "West Lake") + ` 100% a_b c\d`
	for term, want := range map[string]bool{
		"浙大": true, "zdyy": true, "tla": true, "": true, "zd_y": false, "%": true, "_": true, `\`: true,
		"0%": true, "z%y": false, "a_b": true, "axb": false, `c\d`: true, `\%`: false, "浙院": false,
	} {
		var like bool
		const q = `SELECT ? LIKE '%' || ? || '%' ESCAPE '\'`
		if err := db.QueryRowContext(context.Background(), q, keys, Escape(term)).Scan(&like); err != nil {
			t.Fatal(err)
		}
		if match := Match(keys, []string{term}); like != want || match != want {
			t.Errorf("%q: LIKE says %v, Match says %v, want %v", term, like, match, want)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{"浙大一院", "West　Lake", "ＺＤＹＹ", "Lin'an", "100%", "\xff\x00", "ﷺ", "İK", "😀"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		terms, ok := Normalise(query)
		if !ok {
			if terms != nil {
				t.Errorf("%q is refused with terms %q", query, terms)
			}
			return
		}
		for _, term := range terms {
			if term == "" || !utf8.ValidString(term) || strings.ContainsAny(term, " %_\\\x00") {
				t.Errorf("%q gives the term %q", query, term)
			}
			if again, _ := Normalise(term); utf8.RuneCountInString(term) <= MaxQuery && !cmp.Equal(again, []string{term}) {
				t.Errorf("%q gives %q, which gives %q", query, term, again)
			}
		}
		if !Match(Keys(query), terms) {
			t.Errorf("a row called %q is not found by its own name", query)
		}
	})
}

func FuzzEscape(f *testing.F) {
	f.Add(`a%b_c\`)
	f.Fuzz(func(t *testing.T, term string) {
		var plain strings.Builder // the pattern read back as LIKE reads it
		escaped := false
		for _, b := range []byte(Escape(term)) {
			if !escaped && (b == '%' || b == '_') {
				t.Fatalf("%q keeps a wildcard: %q", term, Escape(term))
			}
			if escaped = !escaped && b == '\\'; !escaped {
				plain.WriteByte(b)
			}
		}
		if escaped || plain.String() != term {
			t.Errorf("%q reads back as %q", term, plain.String())
		}
	})
}
