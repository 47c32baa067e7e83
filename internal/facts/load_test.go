package facts

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// copyOf returns the embedded files with one replacement in one of them.
func copyOf(t testing.TB, file, old, replacement string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(data, "data/*.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := data.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "data/"+file {
			if !strings.Contains(string(content), old) {
				t.Fatalf("%s does not hold %q", file, old)
			}
			content = []byte(strings.Replace(string(content), old, replacement, 1))
		}
		files[name] = &fstest.MapFile{Data: content}
	}
	return files
}

func TestBadFactsAreRefused(t *testing.T) {
	for _, c := range []struct{ name, file, old, replacement, want string }{
		{"wrong header", "districts.csv", "code,zh", "zh,code", "districts.csv:1: the header is not code,zh"},
		{"missing cell", "districts.csv", "330102,上城区,", "330102,", "districts.csv:2: wrong number of fields"},
		{"stray quote", "districts.csv", "上城区", "上\"城区", "districts.csv:2: bare \""},
		{"blank name", "streets.csv", "湖滨街道", "", "streets.csv:3: zh is blank"},
		{"space around", "streets.csv", "湖滨街道", " 湖滨街道", "streets.csv:3: zh has space around it"},
		{"broken text", "streets.csv", "湖滨街道", "湖滨\xff", "streets.csv:3: zh is not clean text"},
		{"short code", "streets.csv", "330102003", "33010203", "streets.csv:3: code is not 9 digits"},
		{"code of another district", "streets.csv", "330102003", "330105003", "streets.csv:3: code does not begin with its district's code"},
		{"unknown kind", "streets.csv", "SUBDISTRICT", "CITY", "streets.csv:2: kind is not a known value"},
		{"point outside", "streets.csv", "30.2380,120.1600", "120.1600,30.2380", "streets.csv:2: lat is not between 29.18 and 30.57"},
		{"point not a number", "streets.csv", "30.2380,", "NaN,", "streets.csv:2: lat is not between 29.18 and 30.57"},
		{"repeated alias", "hospitals.csv", "浙一医院|浙一,", "浙一|浙一,", "hospitals.csv:2: aliases has a blank or repeated item"},
		{"key not a key", "schools.csv", "shengli-primary", "Shengli primary", "schools.csv:2: key is not a key in lower case"},
		{"no hours", "case_categories.csv", "cover,12", "cover,0", "case_categories.csv:2: slaHours is not a positive whole number"},
		{"major code", "case_categories.csv", "0101,01", "0101,02", "case_categories.csv:2: code does not begin with its major code"},
		{"capacity", "scenic_spots.csv", "797500,398700", "797500,797501", "scenic_spots.csv:2: instantCapacity is more than the daily capacity"},
		{"departments of nobody", "hospital_departments.csv", "zju-1,", "zju-0,", "hospital_departments.csv:2: hospital is unknown"},
		{"departments twice", "hospital_departments.csv", "zju-1-yuhang,", "zju-1,", "hospital_departments.csv:3: hospital comes twice"},
		{"departments out of order", "hospital_departments.csv", "03.01 03.02", "03.02 03.01", "hospital_departments.csv:2: departments are not in ascending order"},
		{"unknown department", "departments.csv", "03.01,", "03.99,", "hospital zju-1: unknown department 03.01"},
		{"plate of another district", "facilities.csv", "3301060118000001", "3301020118000001", "facilities.csv:2: code does not begin with its district's and its category's"},
		{"plate twice", "facilities.csv", "3301060118000002", "3301060118000001", "facility 3301060118000001 comes twice"},
		{"question of nothing", "case_fields.csv", "COMPONENT,0101,state", "COMPONENT,9901,state", "case_fields.csv:2: code is unknown"},
		{"question twice", "case_fields.csv", "0118,pole", "0118,fault", "case_fields.csv:6: key comes twice"},
		{"question without options", "case_fields.csv", "MISSING=缺失=missing|BROKEN=破损=broken|LOOSE=松动或有异响=loose or rattling", "", "case_fields.csv:2: options do not go with the type"},
		{"options of a line", "case_fields.csv", "Number on the pole,", "Number on the pole,A=甲=a", "case_fields.csv:6: options do not go with the type"},
		{"option without words", "case_fields.csv", "MISSING=缺失=missing", "MISSING", "case_fields.csv:2: options are not KEY=中文=English"},
		{"same code twice", "districts.csv", "330105", "330102", "district 330102 comes twice"},
		{"unknown district", "schools.csv", "PRIMARY,330102", "PRIMARY,330199", "school shengli-primary: unknown district 330199"},
		{"hospital without departments", "hospital_departments.csv", "wmu-eye-hangzhou,10 20 26 30 31 32 32.05 50.06\n", "", "hospital wmu-eye-hangzhou: 0 departments, want 8 to 30"},
		{"street missing", "streets.csv", "330102003,湖滨街道,Hubin Subdistrict,SUBDISTRICT,330102,30.2560,120.1620\n", "", "190 streets instead of 191"},
	} {
		t.Run(c.name, func(t *testing.T) {
			city, err := load(copyOf(t, c.file, c.old, c.replacement))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if city != nil {
				t.Error("a city came with the error")
			}
		})
	}
}

func TestMissingFileIsRefused(t *testing.T) {
	files := copyOf(t, "schools.csv", "", "")
	delete(files, "data/schools.csv")
	if _, err := load(files); err == nil || !strings.Contains(err.Error(), "schools.csv") {
		t.Fatalf("got %v", err)
	}
}

func FuzzScenicSpots(f *testing.F) {
	f.Add([]byte(strings.Join(spotColumns, ",") + "\nk,中,a|b,En,AAA,330102,30.2,120.1,2,1,关于,About\n"))
	f.Add([]byte("key,zh\n\"a"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		files := fstest.MapFS{"data/x.csv": {Data: content}}
		spots, err := table(files, "x.csv", spotColumns, spot)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.csv:") {
				t.Errorf("the error does not name its file and line: %v", err)
			}
			return
		}
		for _, s := range spots {
			if s.Key == "" || s.Name.ZH == "" || s.Name.EN == "" || len(s.District) != 6 ||
				!(s.At.Lat >= minLat && s.At.Lat <= maxLat) || !(s.At.Lng >= minLng && s.At.Lng <= maxLng) ||
				s.InstantCapacity < 1 || s.InstantCapacity > s.DailyCapacity {
				t.Errorf("a bad row got through: %+v", s)
			}
		}
	})
}
