package photo

import (
	"image"
	"image/color"

	xdraw "golang.org/x/image/draw"
)

// shrink draws a picture on white so that its longest side is within the bound; a smaller one keeps its
// size. It halves until it is near: halving by this scaler is the mean of four pixels, and needs no more
// memory than its result.
func shrink(m image.Image, longest int) *image.RGBA {
	for {
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		side := max(w, h)
		switch {
		case side <= longest:
			if done, ok := m.(*image.RGBA); ok {
				return done
			}
			return scaled(m, w, h)
		case side < 2*longest:
			return scaled(m, max(w*longest/side, 1), max(h*longest/side, 1))
		}
		m = scaled(m, max(w/2, 1), max(h/2, 1))
	}
}

func scaled(m image.Image, w, h int) *image.RGBA {
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	xdraw.Draw(to, to.Rect, image.NewUniform(color.White), image.Point{}, xdraw.Src)
	xdraw.ApproxBiLinear.Scale(to, to.Rect, m, m.Bounds(), xdraw.Over, nil)
	return to
}

// upright turns and mirrors a picture as its orientation says.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	to := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := turned(orientation, x, y, w, h)
			copy(to.Pix[to.PixOffset(tx, ty):][:4], m.Pix[m.PixOffset(x, y):][:4])
		}
	}
	return to
}

// turned is where a pixel of a picture of w by h goes.
func turned(orientation, x, y, w, h int) (tx, ty int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	default: // 8
		return y, w - 1 - x
	}
}
