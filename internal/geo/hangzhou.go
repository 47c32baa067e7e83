package geo

// outline is the municipality of Hangzhou (13 districts, counties and cities) drawn two to four kilometres
// outside its border, clockwise from the northern tip of Yuhang. It is generous, because refusing a
// citizen at the edge is worse than hearing of a street light next door; the centres of the neighbouring
// cities are outside.
var outline = [...]Point{
	{30.58, 119.64}, {30.59, 119.74}, {30.54, 119.81}, {30.50, 119.90}, {30.48, 119.97}, // Yuhang, against Anji and Deqing
	{30.52, 120.05}, {30.55, 120.20}, {30.55, 120.33}, {30.48, 120.38}, // Linping
	{30.42, 120.38}, {30.40, 120.46}, {30.405, 120.64}, {30.40, 120.73}, {30.28, 120.76}, // Qiantang, the middle of the river
	{30.12, 120.63}, {30.115, 120.48}, {30.10, 120.38}, {29.97, 120.39}, {29.90, 120.33}, {29.88, 120.20}, {29.83, 120.15}, // Xiaoshan, against Shaoxing
	{29.78, 120.06}, {29.74, 120.05}, {29.73, 120.00}, {29.65, 119.99}, {29.64, 119.85}, {29.60, 119.80}, // Fuyang and Tonglu, against Zhuji and Pujiang
	{29.50, 119.79}, {29.41, 119.74}, {29.34, 119.63}, {29.30, 119.52}, {29.34, 119.44}, {29.32, 119.38}, // Jiande, against Lanxi
	{29.26, 119.34}, {29.21, 119.24}, {29.18, 119.20}, {29.18, 119.00}, {29.25, 118.93}, {29.30, 118.90}, // Jiande, against Quzhou
	{29.25, 118.82}, {29.17, 118.74}, {29.16, 118.62}, {29.20, 118.57}, {29.30, 118.57}, {29.32, 118.50}, {29.38, 118.38}, // Chun'an, against Kaihua
	{29.46, 118.31}, {29.53, 118.36}, {29.54, 118.45}, {29.59, 118.47}, {29.64, 118.54}, {29.69, 118.62}, {29.75, 118.71}, // Chun'an, against Anhui
	{29.80, 118.70}, {29.87, 118.73}, {29.91, 118.81}, {29.96, 118.81}, {29.98, 118.86}, {30.06, 118.85}, {30.16, 118.81}, // Chun'an and Lin'an
	{30.21, 118.87}, {30.29, 118.84}, {30.34, 118.85}, {30.39, 118.95}, {30.35, 119.05}, {30.35, 119.10}, {30.33, 119.21}, // Lin'an, against Ningguo
	{30.37, 119.25}, {30.40, 119.34}, {30.40, 119.40}, {30.44, 119.44}, {30.44, 119.52}, {30.47, 119.55}, {30.47, 119.65}, {30.52, 119.67}, // Lin'an, against Anji
}

// InHangzhou reports whether a WGS-84 point lies in Hangzhou or a few kilometres outside it.
// It is false for a point that is not Valid.
func InHangzhou(p Point) bool {
	if !p.Valid() {
		return false
	}
	// A ray to the east crosses the outline an odd number of times from inside.
	inside := false
	a := outline[len(outline)-1]
	for _, b := range outline[:] {
		if (a.Lat > p.Lat) != (b.Lat > p.Lat) && p.Lng < a.Lng+(p.Lat-a.Lat)/(b.Lat-a.Lat)*(b.Lng-a.Lng) {
			inside = !inside
		}
		a = b
	}
	return inside
}
