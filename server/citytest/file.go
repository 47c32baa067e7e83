package citytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
)

// File is a file among the variables of an operation. A request that has one is sent as the GraphQL
// multipart request specification says.
type File []byte

// MarshalJSON leaves null in its place.
func (File) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Encode makes the body of a POST, and sets the headers that go with it.
func Encode(body any, header http.Header) (io.Reader, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, _ := body.(map[string]any)
	places, contents := filesIn(request["variables"], "variables")
	if len(places) == 0 {
		header.Set("Content-Type", "application/json")
		return bytes.NewReader(encoded), nil
	}
	mapping := map[string][]string{}
	for i, place := range places {
		mapping[fmt.Sprint(i)] = []string{place}
	}
	mapped, err := json.Marshal(mapping)
	if err != nil {
		return nil, err
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := w.WriteField("operations", string(encoded)); err != nil {
		return nil, err
	}
	if err := w.WriteField("map", string(mapped)); err != nil {
		return nil, err
	}
	for i, content := range contents {
		part, err := w.CreateFormFile(fmt.Sprint(i), "../../etc/photo.exe") // a name that nobody may look at
		if err != nil {
			return nil, err
		}
		if _, err := part.Write(content); err != nil {
			return nil, err
		}
	}
	header.Set("Content-Type", w.FormDataContentType())
	header.Set("Apollo-Require-Preflight", "1")
	return &form, w.Close()
}

// filesIn finds the files among variables, with the paths to them.
func filesIn(value any, path string) (places []string, contents []File) {
	below := func(members map[string]any) {
		for name, member := range members {
			p, c := filesIn(member, path+"."+name)
			places, contents = append(places, p...), append(contents, c...)
		}
	}
	switch value := value.(type) {
	case File:
		return []string{path}, []File{value}
	case Vars:
		below(value)
	case map[string]any:
		below(value)
	}
	return places, contents
}
