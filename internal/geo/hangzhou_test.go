package geo_test

import (
	"testing"

	"citygraph/internal/geo"
)

func TestInHangzhou(t *testing.T) {
	inside := map[string]geo.Point{
		"上城区": {Lat: 30.243, Lng: 120.197}, "拱墅区": {Lat: 30.320, Lng: 120.142}, "西湖区": {Lat: 30.260, Lng: 120.130},
		"滨江区": {Lat: 30.208, Lng: 120.212}, "萧山区": {Lat: 30.184, Lng: 120.264}, "余杭区": {Lat: 30.274, Lng: 119.978},
		"临平区": {Lat: 30.419, Lng: 120.299}, "钱塘区": {Lat: 30.322, Lng: 120.494}, "富阳区": {Lat: 30.049, Lng: 119.960},
		"临安区": {Lat: 30.234, Lng: 119.725}, "桐庐县": {Lat: 29.793, Lng: 119.691}, "淳安县": {Lat: 29.609, Lng: 119.042},
		"建德市": {Lat: 29.474, Lng: 119.281},

		"萧山国际机场": {Lat: 30.236, Lng: 120.432}, "清凉峰 (west of 临安)": {Lat: 30.105, Lng: 118.875},
		"昌化": {Lat: 30.167, Lng: 119.215}, "塘栖": {Lat: 30.478, Lng: 120.185}, "楼塔": {Lat: 29.885, Lng: 120.105},

		// The border's outermost points on each side.
		"north": {Lat: 30.566, Lng: 119.708}, "north-east": {Lat: 30.522, Lng: 120.311}, "east": {Lat: 30.288, Lng: 120.717},
		"萧山 south-east": {Lat: 29.981, Lng: 120.358}, "富阳 south": {Lat: 29.757, Lng: 120.006}, "桐庐 south-east": {Lat: 29.673, Lng: 119.968},
		"建德 east": {Lat: 29.586, Lng: 119.762}, "建德 south-east": {Lat: 29.333, Lng: 119.506}, "建德 south": {Lat: 29.208, Lng: 119.184},
		"淳安 south": {Lat: 29.191, Lng: 118.704}, "west": {Lat: 29.470, Lng: 118.341}, "淳安 north-west": {Lat: 29.900, Lng: 118.841},
		"临安 west": {Lat: 30.158, Lng: 118.842}, "临安 north-west": {Lat: 30.362, Lng: 118.950}, "临安 north": {Lat: 30.445, Lng: 119.562},
	}
	for name, p := range inside {
		if !geo.InHangzhou(p) {
			t.Errorf("%s is not in Hangzhou", name)
		}
	}
	outside := map[string]geo.Point{
		"上海": {Lat: 31.230, Lng: 121.474}, "宁波": {Lat: 29.868, Lng: 121.544}, "湖州": {Lat: 30.894, Lng: 120.087},
		"绍兴": {Lat: 30.000, Lng: 120.582}, "柯桥": {Lat: 30.082, Lng: 120.493}, "嘉兴": {Lat: 30.747, Lng: 120.756},
		"诸暨": {Lat: 29.709, Lng: 120.237}, "海宁": {Lat: 30.511, Lng: 120.681}, "桐乡": {Lat: 30.630, Lng: 120.565},
		"德清": {Lat: 30.543, Lng: 119.977}, "安吉": {Lat: 30.639, Lng: 119.680}, "浦江": {Lat: 29.452, Lng: 119.892},
		"兰溪": {Lat: 29.209, Lng: 119.461}, "金华": {Lat: 29.079, Lng: 119.647}, "衢州": {Lat: 28.970, Lng: 118.859},
		"开化": {Lat: 29.137, Lng: 118.415}, "歙县": {Lat: 29.862, Lng: 118.416}, "宁国": {Lat: 30.633, Lng: 118.983},
		"swapped": {Lat: 120.15, Lng: 30.25}, "null island": {},
	}
	for name, p := range outside {
		if geo.InHangzhou(p) {
			t.Errorf("%s is in Hangzhou", name)
		}
	}
}
