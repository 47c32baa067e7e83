// Package phototest makes files as phones, and people who mean no good, send them.
package phototest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// Place is what the GPS of a phone's photo says, as text that a careless copy would keep.
const Place = "N30.2741-E120.1551"

// Scene is a picture whose four corners differ: red, green, blue and white, from the upper left clockwise.
func Scene(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	corners := [2][2]color.RGBA{{{R: 230, A: 255}, {G: 230, A: 255}}, {{R: 230, G: 230, B: 230, A: 255}, {B: 230, A: 255}}}
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, corners[2*y/h][2*x/w])
		}
	}
	return m
}

// JPEG is a scene as a camera without GPS makes it.
func JPEG(w, h int) []byte {
	var out bytes.Buffer
	must(jpeg.Encode(&out, Scene(w, h), nil))
	return out.Bytes()
}

// PNG is a scene as a screenshot.
func PNG(w, h int) []byte {
	var out bytes.Buffer
	must(png.Encode(&out, Scene(w, h)))
	return out.Bytes()
}

// Phone is a JPEG as a phone makes it: it says how it was held, from 1 to 8, and where.
func Phone(w, h, orientation int) []byte {
	file := JPEG(w, h)
	exif := exif(orientation)
	segment := append([]byte{0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(2+len(exif)))...)
	return append(append(append([]byte{}, file[:2]...), append(segment, exif...)...), file[2:]...)
}

// exif holds an orientation, and a GPS directory with its position.
func exif(orientation int) []byte {
	be := binary.BigEndian
	tag := func(b []byte, id, kind uint16, count, value uint32) []byte {
		b = be.AppendUint16(be.AppendUint16(b, id), kind)
		return be.AppendUint32(be.AppendUint32(b, count), value)
	}
	const first, gps, text = 8, 8 + 2 + 2*12 + 4, 8 + 2 + 2*12 + 4 + 2 + 12 + 4
	b := append([]byte("Exif\x00\x00"), "MM\x00\x2a\x00\x00\x00\x08"...)
	b = be.AppendUint16(b, 2)
	b = tag(b, 0x0112, 3, 1, uint32(orientation)<<16)
	b = tag(b, 0x8825, 4, 1, gps)
	b = be.AppendUint32(b, 0)
	b = be.AppendUint16(b, 1)
	b = tag(b, 0x001b, 7, uint32(len(Place)), text)
	return append(be.AppendUint32(b, 0), Place...)
}

// Bomb is a PNG whose head claims a size, with so many bits for a channel; the pixels break off after a few
// rows. Whoever believes the head makes room for all of them.
func Bomb(w, h int, depth byte) []byte {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, err := z.Write(make([]byte, 8*(1+4*w)))
	must(err)
	must(z.Close())
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	out := []byte("\x89PNG\r\n\x1a\n")
	out = chunk(out, "IHDR", append(head, depth, 6, 0, 0, 0))
	out = chunk(out, "IDAT", packed.Bytes())
	return chunk(out, "IEND", nil)
}

func chunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	sum := crc32.ChecksumIEEE(append([]byte(kind), data...))
	return binary.BigEndian.AppendUint32(append(append(out, kind...), data...), sum)
}

func must(err error) {
	if err != nil {
		panic(err) // it writes to memory
	}
}
