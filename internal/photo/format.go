package photo

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/bep/imagemeta"
	"golang.org/x/image/webp"
)

// format is a kind of file that is read.
type format struct {
	magic  string // ? stands for any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	meta   imagemeta.ImageFormat
}

var formats = []format{
	{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode, imagemeta.JPEG},
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode, imagemeta.PNG},
	{"RIFF????WEBP", webp.DecodeConfig, webp.Decode, imagemeta.WebP},
}

// formatOf tells the kind of a file by how it begins; nil for any other.
func formatOf(file []byte) *format {
	for i, f := range formats {
		if begins(file, f.magic) {
			return &formats[i]
		}
	}
	return nil
}

func begins(file []byte, magic string) bool {
	if len(file) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && file[i] != magic[i] {
			return false
		}
	}
	return true
}

// check refuses by its head what is too large to decode.
func (f *format) check(file []byte) error {
	c, err := f.config(bytes.NewReader(file))
	if err != nil {
		return unreadable(err)
	}
	pixels := int64(c.Width) * int64(c.Height)
	switch {
	case pixels <= 0:
		return unreadable(nil)
	case pixels > maxPixels, pixels*bytesPerPixel(c.ColorModel) > maxDecoded,
		pixels > denseFrom && pixels > maxDensity*int64(len(file)),
		f.meta == imagemeta.JPEG && bytes.Count(file, startOfScan) > maxScans:
		return tooLarge()
	}
	return nil
}

// startOfScan never stands inside a scan, where a zero follows every 0xff.
var startOfScan = []byte{0xff, 0xda}

// bytesPerPixel is the most a decoder takes for a pixel of the model.
func bytesPerPixel(m color.Model) int64 {
	switch m {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	default:
		return 4
	}
}

// orientation reads how the camera was held, 1 to 8 as EXIF counts; 1 when the file does not say, or says
// it in a way that cannot be read.
func (f *format) orientation(file []byte) int {
	held := 1
	_, _ = imagemeta.Decode(imagemeta.Options{ // whatever else is wrong with metadata that is thrown away
		R: bytes.NewReader(file), ImageFormat: f.meta, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if v, ok := tag.Value.(uint16); ok && v >= 1 && v <= 8 {
				held = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return held
}
