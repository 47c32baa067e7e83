package feed

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// xmlRows are the <request> elements of <service_requests>.
type xmlRows struct {
	in      *input
	decoder *xml.Decoder
	began   bool
}

func newXMLRows(in *input) *xmlRows {
	return &xmlRows{in: in, decoder: xml.NewDecoder(in)}
}

func (x *xmlRows) next(into *written) (Place, error) {
	if !x.began {
		x.began = true
		if err := x.root(); err != nil {
			return x.in.at, err
		}
	}
	for {
		at, offset := x.in.at, x.decoder.InputOffset()
		x.in.most = at.Offset + mostBytes
		token, err := x.decoder.Token()
		if err != nil {
			return at, x.fault(err)
		}
		switch e := token.(type) {
		case xml.EndElement:
			return at, x.end()
		case xml.StartElement:
			if e.Name.Local != "request" {
				return at, fmt.Errorf("%d:%d: <%.40s> is not a <request>", at.Line, at.Column, e.Name.Local)
			}
			at.Column -= int(at.Offset - offset) // the decoder is a byte ahead at most
			at.Offset = offset
			if err := x.decoder.DecodeElement(into, &e); err != nil {
				return at, x.fault(err)
			}
			return at, nil
		}
	}
}

// root passes what stands before the first request.
func (x *xmlRows) root() error {
	x.in.most = x.in.at.Offset + mostBytes
	for {
		token, err := x.decoder.Token()
		if errors.Is(err, io.EOF) {
			return errors.New("there is no <service_requests>")
		}
		if err != nil {
			return x.fault(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			if e.Name.Local != "service_requests" {
				return fmt.Errorf("<%.40s> is not <service_requests>", e.Name.Local)
			}
			return nil
		}
	}
}

// end wants nothing but comments after the list.
func (x *xmlRows) end() error {
	for {
		token, err := x.decoder.Token()
		if err != nil {
			return x.fault(err)
		}
		if e, more := token.(xml.StartElement); more {
			return fmt.Errorf("<%.40s> stands after the end of the list", e.Name.Local)
		}
	}
}

// fault says where the whole went wrong. The end of the list is none.
func (x *xmlRows) fault(err error) error {
	if errors.Is(err, io.EOF) {
		return err
	}
	return fmt.Errorf("%d:%d: %w", x.in.at.Line, x.in.at.Column, err)
}
