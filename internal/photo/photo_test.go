package photo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"strings"
	"testing"

	"citygraph/internal/fault"
	"citygraph/internal/photo"
	"citygraph/internal/photo/phototest"
)

// webp is a lossless WebP of one pixel.
var webp, _ = base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")

func develop(t *testing.T, file []byte) *photo.Picture {
	t.Helper()
	p, err := photo.NewStudio(1).Develop(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func decode(t *testing.T, file []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryKindIsDrawnAnewAsJPEG(t *testing.T) {
	for name, c := range map[string]struct {
		file          []byte
		width, height int
	}{
		"JPEG":       {phototest.JPEG(640, 480), 640, 480},
		"PNG":        {phototest.PNG(640, 480), 640, 480},
		"WebP":       {webp, 1, 1},
		"large":      {phototest.JPEG(4000, 3000), 2048, 1536},
		"tall":       {phototest.JPEG(30, 5000), 12, 2048},
		"one line":   {phototest.PNG(6000, 1), 2048, 1},
		"a bit over": {phototest.PNG(2050, 100), 2048, 99},
	} {
		t.Run(name, func(t *testing.T) {
			p := develop(t, c.file)
			full, thumbnail := decode(t, p.JPEG).Bounds(), decode(t, p.Thumbnail).Bounds()
			if p.Width != c.width || p.Height != c.height || full.Dx() != c.width || full.Dy() != c.height {
				t.Errorf("drawn as %v, said to be %d by %d, want %d by %d", full, p.Width, p.Height, c.width, c.height)
			}
			if max(thumbnail.Dx(), thumbnail.Dy()) > 320 {
				t.Errorf("the thumbnail is %v", thumbnail)
			}
			if len(p.BlurHash) != 28 { // four components by three
				t.Errorf("the hash is %q", p.BlurHash)
			}
		})
	}
}

// segments lists the markers of a JPEG before its first scan.
func segments(t *testing.T, file []byte) (markers []byte) {
	t.Helper()
	for i := 2; i+4 <= len(file); {
		if file[i] != 0xff {
			t.Fatalf("no marker at %d", i)
		}
		if file[i+1] == 0xda {
			return markers
		}
		markers = append(markers, file[i+1])
		i += 2 + int(file[i+2])<<8 + int(file[i+3])
	}
	t.Fatal("no scan")
	return nil
}

// What hangs on to a picture stays behind: a camera's position, a comment, an archive after its end.
func TestNothingButPixelsComesOut(t *testing.T) {
	phone := phototest.Phone(64, 48, 1)
	if !bytes.Contains(phone, []byte(phototest.Place)) {
		t.Fatal("the phone does not say where it was")
	}
	comment := append([]byte{0xff, 0xd8, 0xff, 0xfe, 0x00, 0x09}, "<script"...)
	for name, file := range map[string][]byte{
		"a phone's":       phone,
		"with an archive": append(phototest.JPEG(64, 48), "PK\x03\x04evil.zip"...),
		"with a page":     append(phototest.JPEG(64, 48), "<html><script>evil()</script>"...),
		"with a comment":  append(comment, phototest.JPEG(64, 48)[2:]...),
		"PNG and a page":  append(phototest.PNG(64, 48), "<html><script>evil()</script>"...),
	} {
		p := develop(t, file)
		for _, out := range [][]byte{p.JPEG, p.Thumbnail} {
			for _, left := range []string{phototest.Place, "Exif", "evil", "script", "PK\x03\x04"} {
				if bytes.Contains(out, []byte(left)) {
					t.Errorf("%s: %q comes out", name, left)
				}
			}
			for _, marker := range segments(t, out) {
				if marker >= 0xe0 && marker <= 0xef || marker == 0xfe {
					t.Errorf("%s: there is a segment %x", name, marker)
				}
			}
		}
	}
}

// corner is the colour that leads at a corner of a picture: r, g, b, or w.
func corner(m image.Image, right, lower bool) string {
	b := m.Bounds()
	x, y := b.Dx()/8, b.Dy()/8
	if right {
		x = b.Dx() - 1 - x
	}
	if lower {
		y = b.Dy() - 1 - y
	}
	r, g, bl, _ := m.At(x, y).RGBA()
	switch high := uint32(0x8000); {
	case r > high && g > high && bl > high:
		return "w"
	case r > high:
		return "r"
	case g > high:
		return "g"
	default:
		return "b"
	}
}

// However the camera was held, the picture stands upright. The corners are read clockwise.
func TestOrientation(t *testing.T) {
	for orientation, want := range map[int]string{
		1: "rgbw", 2: "grwb", 3: "bwrg", 4: "wbgr", 5: "rwbg", 6: "wrgb", 7: "bgrw", 8: "gbwr",
	} {
		p := develop(t, phototest.Phone(96, 48, orientation))
		m := decode(t, p.JPEG)
		got := corner(m, false, false) + corner(m, true, false) + corner(m, true, true) + corner(m, false, true)
		if got != want || (orientation >= 5) != (p.Width < p.Height) {
			t.Errorf("orientation %d: %s at %d by %d, want %s", orientation, got, p.Width, p.Height, want)
		}
	}
}

// A picture that lets its ground show through stands on white, not on black.
func TestTransparentIsWhite(t *testing.T) {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewNRGBA(image.Rect(0, 0, 50, 50))); err != nil {
		t.Fatal(err)
	}
	m := decode(t, develop(t, file.Bytes()).JPEG)
	if got := color.GrayModel.Convert(m.At(25, 25)); got != (color.Gray{Y: 255}) {
		t.Errorf("it is %v", got)
	}
}

// flat is a PNG of one colour in earnest, to its last pixel.
func flat(t *testing.T, w, h int) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&file, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestWhatIsRefused(t *testing.T) {
	whole := phototest.JPEG(200, 200)
	wide := bytes.Clone(whole)
	i := bytes.Index(wide, []byte{0xff, 0xc0})
	copy(wide[i+5:], []byte{0xff, 0xff, 0xff, 0xff}) // 65,535 by 65,535
	scans := append(bytes.Clone(whole), bytes.Repeat([]byte{0xff, 0xda}, 301)...)
	unsummed := phototest.PNG(64, 64)
	unsummed[19]++ // the width; the sum over the head is no longer right
	for name, c := range map[string]struct {
		file []byte
		want fault.Code
	}{
		"nothing":          {nil, fault.PhotoTypeUnsupported},
		"GPX":              {[]byte(`<?xml version="1.0"?><gpx version="1.1"><wpt lat="30.27" lon="120.15"/></gpx>`), fault.PhotoTypeUnsupported},
		"HTML":             {[]byte("<html><script>evil()</script>"), fault.PhotoTypeUnsupported},
		"GIF":              {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), fault.PhotoTypeUnsupported},
		"SVG":              {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), fault.PhotoTypeUnsupported},
		"HEIC":             {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), fault.PhotoTypeUnsupported},
		"WAV":              {[]byte("RIFF\x00\x00\x00\x00WAVEfmt "), fault.PhotoTypeUnsupported},
		"a head alone":     {[]byte("\xff\xd8\xff\xe0"), fault.PhotoUnreadable},
		"half a head":      {whole[:20], fault.PhotoUnreadable},
		"half a JPEG":      {whole[:len(whole)/2], fault.PhotoUnreadable},
		"half a PNG":       {phototest.PNG(300, 300)[:200], fault.PhotoUnreadable},
		"half a WebP":      {webp[:22], fault.PhotoUnreadable},
		"noise in a JPEG":  {append([]byte("\xff\xd8\xff"), bytes.Repeat([]byte("noise"), 100)...), fault.PhotoUnreadable},
		"a script in JPEG": {[]byte("\xff\xd8\xff\xe0<script>evil()</script>"), fault.PhotoUnreadable},
		"872 MB":           {phototest.Bomb(14_765, 14_765, 8), fault.PhotoTooLarge},
		"4 GP":             {wide, fault.PhotoTooLarge},
		"16 MP, deep":      {phototest.Bomb(4000, 4000, 16), fault.PhotoTooLarge},
		"25 MP of nothing": {flat(t, 4999, 4999), fault.PhotoTooLarge},
		"many scans":       {scans, fault.PhotoTooLarge},
		"11 MB":            {append(bytes.Clone(whole), make([]byte, 11<<20)...), fault.PhotoTooLarge},
		"a broken sum":     {unsummed, fault.PhotoUnreadable},
	} {
		p, err := photo.NewStudio(1).Develop(t.Context(), c.file)
		if fault.CodeOf(err) != c.want || p != nil {
			t.Errorf("%s: %v, %v, want %s", name, p, err, c.want)
		}
	}
}

// A bomb is refused by what its head claims, for next to nothing.
func TestBombsCostLittle(t *testing.T) {
	bombs := map[string][]byte{
		"872 MB":           phototest.Bomb(14_765, 14_765, 8),
		"25 MP of nothing": flat(t, 4999, 4999),
	}
	studio := photo.NewStudio(1)
	for name, bomb := range bombs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := studio.Develop(t.Context(), bomb)
		runtime.ReadMemStats(&after)
		cost := after.TotalAlloc - before.TotalAlloc
		if fault.CodeOf(err) != fault.PhotoTooLarge || cost > 1<<20 {
			t.Errorf("%s: %v for %d bytes of memory", name, err, cost)
		}
		t.Logf("%s: %d bytes of file cost %d bytes of memory", name, len(bomb), cost)
	}
}

func TestReadIsBounded(t *testing.T) {
	whole := strings.Repeat("x", photo.MaxBytes)
	if file, err := photo.Read(strings.NewReader(whole)); err != nil || len(file) != photo.MaxBytes {
		t.Errorf("%d bytes, %v", len(file), err)
	}
	endless := io.MultiReader(strings.NewReader(whole), neverEnds{})
	if _, err := photo.Read(endless); fault.CodeOf(err) != fault.PhotoTooLarge {
		t.Errorf("an endless upload: %v", err)
	}
	if _, err := photo.Read(io.MultiReader(strings.NewReader("x"), broken{})); fault.CodeOf(err) != fault.PhotoUnreadable {
		t.Errorf("a broken upload: %v", err)
	}
}

type neverEnds struct{}

func (neverEnds) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the connection broke off") }

// Who waits for a place goes when they have had enough.
func TestPlacesAreFew(t *testing.T) {
	studio := photo.NewStudio(1)
	release := studio.Occupy()
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	if _, err := studio.Develop(ctx, phototest.JPEG(8, 8)); !errors.Is(err, context.Canceled) {
		t.Errorf("a second at once: %v", err)
	}
	release()
	if _, err := studio.Develop(t.Context(), phototest.JPEG(8, 8)); err != nil {
		t.Errorf("after the first: %v", err)
	}
}

func FuzzDevelop(f *testing.F) {
	f.Add(phototest.Phone(16, 8, 6))
	f.Add(phototest.PNG(16, 8))
	f.Add(webp)
	f.Add(phototest.Bomb(14_765, 14_765, 8))
	studio := photo.NewStudio(0)
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := studio.Develop(t.Context(), file)
		if err != nil {
			if code := fault.CodeOf(err); code == fault.InternalError {
				t.Fatal(err)
			}
			return
		}
		if m := decode(t, p.JPEG); m.Bounds().Dx() != p.Width || m.Bounds().Dy() != p.Height || max(p.Width, p.Height) > 2048 {
			t.Errorf("%v is said to be %d by %d", m.Bounds(), p.Width, p.Height)
		}
	})
}
