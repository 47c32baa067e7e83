package journey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"citygraph/internal/photo/phototest"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// uploaded is what uploadCasePhoto answers.
type uploaded struct {
	UploadCasePhoto struct {
		CasePhoto  *shown
		UserErrors []problem
	}
}

type shown struct {
	ID, Purpose, URL, ThumbnailURL, BlurHash string
	Width, Height                            int
}

// send uploads a file as the citizen app does.
func send(t *testing.T, who *citytest.Client, purpose string, file []byte) uploaded {
	t.Helper()
	var data uploaded
	who.Do("UploadCasePhoto", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "purpose": purpose, "photo": citytest.File(file),
	}}).Decode(t, &data)
	return data
}

// upload is the id of a photo that somebody has uploaded.
func upload(t *testing.T, who *citytest.Client, purpose string, file []byte) string {
	t.Helper()
	data := send(t, who, purpose, file)
	if data.UploadCasePhoto.CasePhoto == nil {
		t.Fatalf("refused: %v", data.UploadCasePhoto.UserErrors)
	}
	return data.UploadCasePhoto.CasePhoto.ID
}

// fetch follows a link as a stranger does.
func fetch(t *testing.T, city *citytest.City, link string) (*http.Response, []byte) {
	t.Helper()
	response, err := http.Get(city.URL + link)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// clean fails unless a file is a JPEG that does not say where it was taken.
func clean(t *testing.T, response *http.Response, file []byte) {
	t.Helper()
	h := response.Header
	if response.StatusCode != http.StatusOK || h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "inline") || !strings.HasPrefix(h.Get("Cache-Control"), "private, max-age=") {
		t.Errorf("%d with %v", response.StatusCode, h)
	}
	if _, err := jpeg.Decode(bytes.NewReader(file)); err != nil {
		t.Errorf("it is no JPEG: %v", err)
	}
	if bytes.Contains(file, []byte("Exif")) || bytes.Contains(file, []byte(phototest.Place)) {
		t.Error("it says where it was taken")
	}
}

// detail is a case with its photos as somebody sees it.
func detail(t *testing.T, who *citytest.Client, caseID string) (photos []shown) {
	t.Helper()
	var data struct{ CityCase struct{ Photos []shown } }
	who.Do("CaseDetail", citytest.Vars{"id": caseID}).Decode(t, &data)
	return data.CityCase.Photos
}

// A citizen shows what is wrong, from a phone that says where it is; a neighbour sees it without; and no
// officer says that it is mended without showing it.
func TestPhotosOfACase(t *testing.T) {
	city := citytest.Start(t)
	citizen, officer, neighbour := city.As(t, "chenjing"), city.As(t, "zhaoqiang"), city.As(t, "maming")
	photoID := upload(t, citizen, "REPORT", phototest.Phone(400, 300, 6))
	input := report(t, citizen, "路灯不亮")
	input["photoIds"] = []string{photoID}
	caseID := reported(t, citizen, input)
	moves(t, officer, "AcceptCase", caseID, nil)

	photos := detail(t, neighbour, caseID)
	if len(photos) != 1 || photos[0].ID != photoID || photos[0].Width != 300 || photos[0].Height != 400 || len(photos[0].BlurHash) != 28 {
		t.Fatalf("the neighbour sees %+v", photos)
	}
	for _, link := range []string{photos[0].URL, photos[0].ThumbnailURL} {
		response, file := fetch(t, city, link)
		clean(t, response, file)
		if response, _ := fetch(t, city, strings.Replace(link, "signature=", "signature=x", 1)); response.StatusCode != http.StatusNotFound {
			t.Errorf("a link made up answers %d", response.StatusCode)
		}
	}
	if got := neighbour.Query(`query($id: ID!) { node(id: $id) { ... on CasePhoto { uploader { id } } } }`, citytest.Vars{"id": photoID}); got.Code() == "" {
		t.Errorf("who uploaded it is told: %s", got.Body)
	}

	moves(t, officer, "FileCase", caseID, nil)
	moves(t, officer, "DispatchCase", caseID, citytest.Vars{"unit": "MUNICIPAL"})
	moves(t, officer, "StartCase", caseID, nil)
	if _, code := tries(t, officer, "ResolveCase", caseID, nil); code != "PROOF_REQUIRED" {
		t.Errorf("resolved without proof: %s", code)
	}
	forbidden := citizen.Do("UploadCasePhoto", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "purpose": "PROOF", "photo": citytest.File(phototest.JPEG(40, 30)),
	}})
	if forbidden.Code() != "FORBIDDEN" {
		t.Errorf("a citizen uploads proof: %s", forbidden.Body)
	}
	proof := upload(t, officer, "PROOF", phototest.PNG(40, 30))
	moves(t, officer, "ResolveCase", caseID, citytest.Vars{"photoIds": []string{proof}})
	if photos := detail(t, neighbour, caseID); len(photos) != 2 || photos[1].ID != proof || photos[1].Purpose != "PROOF" {
		t.Errorf("the neighbour sees %+v", photos)
	}
	var requests []struct {
		MediaURL string `json:"media_url"`
	}
	_, body := at311(t, city).get("/requests/" + number(t, neighbour, caseID) + ".json")
	if err := json.Unmarshal(body, &requests); err != nil || len(requests) != 1 {
		t.Fatalf("Open311 answers %s, %v", body, err)
	}
	response, file := fetch(t, city, requests[0].MediaURL)
	clean(t, response, file)
}

// number is the number of a case.
func number(t *testing.T, who *citytest.Client, caseID string) string {
	t.Helper()
	var data struct{ CityCase struct{ Number string } }
	who.Do("CaseDetail", citytest.Vars{"id": caseID}).Decode(t, &data)
	return data.CityCase.Number
}

// A phone asks for an address, and sends the file there by itself; once, and nobody else's.
func TestSignedUpload(t *testing.T) {
	city := citytest.Start(t)
	citizen := city.As(t, "chenjing")
	var data struct {
		CreatePhotoUpload struct{ PhotoUpload struct{ PhotoID, URL string } }
	}
	ask := func() (photoID, link string) {
		t.Helper()
		citizen.Do("CreatePhotoUpload", citytest.Vars{"input": citytest.Vars{"purpose": "REPORT"}}).Decode(t, &data)
		return data.CreatePhotoUpload.PhotoUpload.PhotoID, data.CreatePhotoUpload.PhotoUpload.URL
	}
	put := func(link string, file []byte) (status int, code string) {
		t.Helper()
		request, err := http.NewRequest(http.MethodPut, city.URL+link, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode, response.Header.Get("X-Error-Code")
	}
	photoID, link := ask()
	other, otherLink := ask()
	for name, c := range map[string]struct {
		link   string
		file   []byte
		status int
		code   string
	}{
		"a GPX":           {link, []byte("<gpx/>"), http.StatusUnsupportedMediaType, "PHOTO_TYPE_UNSUPPORTED"},
		"a bomb":          {link, phototest.Bomb(14_765, 14_765, 8), http.StatusRequestEntityTooLarge, "PHOTO_TOO_LARGE"},
		"half a photo":    {link, phototest.JPEG(40, 30)[:300], http.StatusUnprocessableEntity, "PHOTO_UNREADABLE"},
		"somebody else's": {strings.Replace(link, seedtest.Person(t, "chenjing"), seedtest.Person(t, "maming"), 1), phototest.JPEG(40, 30), http.StatusNotFound, "NOT_FOUND"},
		"another purpose": {strings.Replace(link, "/REPORT/", "/PROOF/", 1), phototest.JPEG(40, 30), http.StatusNotFound, "NOT_FOUND"},
		"another photo":   {strings.Replace(link, photoID, other, 1), phototest.JPEG(40, 30), http.StatusNotFound, "NOT_FOUND"},
		"a link to read":  {strings.Replace(otherLink, "/uploads/", "/files/", 1), phototest.JPEG(40, 30), http.StatusMethodNotAllowed, "BAD_USER_INPUT"},
	} {
		if status, code := put(c.link, c.file); status != c.status || code != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, status, code, c.status, c.code)
		}
	}
	for range 2 { // the second is the phone that did not hear the answer
		if status, code := put(link, phototest.Phone(40, 30, 1)); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, code)
		}
	}
	input := report(t, citizen, "路灯不亮")
	input["photoIds"] = []string{photoID}
	photos := detail(t, citizen, reported(t, citizen, input))
	if len(photos) != 1 || photos[0].ID != photoID {
		t.Fatalf("the case has %+v", photos)
	}
	response, file := fetch(t, city, photos[0].URL)
	clean(t, response, file)
}

// What is no photo leaves nothing behind, however it comes, and a page of another origin sends nothing.
func TestUploadsThatAreRefused(t *testing.T) {
	city := citytest.Start(t)
	citizen := city.As(t, "chenjing")
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"a GPX":        {[]byte(`<?xml version="1.0"?><gpx><wpt lat="30" lon="120"/></gpx>`), "PHOTO_TYPE_UNSUPPORTED"},
		"a bomb":       {phototest.Bomb(14_765, 14_765, 8), "PHOTO_TOO_LARGE"},
		"half a photo": {phototest.JPEG(40, 30)[:300], "PHOTO_UNREADABLE"},
	} {
		if got := send(t, citizen, "REPORT", c.file).UploadCasePhoto; got.CasePhoto != nil || len(got.UserErrors) != 1 || got.UserErrors[0].Code != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	vars := citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "photo": citytest.File(bytes.Repeat([]byte("x"), 11<<20))}}
	if got := citizen.Do("UploadCasePhoto", vars); got.Status != http.StatusRequestEntityTooLarge || got.Code() != "PHOTO_TOO_LARGE" {
		t.Errorf("11 MB: %d %s", got.Status, got.Body)
	}
	operation, _ := city.Manifest.Find("citizen-app", "UploadCasePhoto")
	raw := func(who *citytest.Client, header string, parts ...string) citytest.Answer {
		t.Helper()
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		for i := 0; i < len(parts); i += 2 {
			part, err := w.CreateFormFile(parts[i], "a.jpg")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(part, parts[i+1])
		}
		w.Close()
		target, err := http.NewRequest(http.MethodPost, city.URL+"/graphql", &form)
		if err != nil {
			t.Fatal(err)
		}
		target.Header.Set("Content-Type", w.FormDataContentType())
		if header != "" {
			target.Header.Set(header, "1")
		}
		return who.Send(target)
	}
	operations := fmt.Sprintf(`{"documentId":%q,"variables":{"input":{"idempotencyKey":%q,"photo":null}}}`, operation.ID, uuid.NewString())
	const mapping, preflight = `{"0":["variables.input.photo"]}`, "Apollo-Require-Preflight"
	small := string(phototest.JPEG(8, 8))
	for name, c := range map[string]struct {
		answer citytest.Answer
		status int
	}{
		"without the header":     {raw(citizen, "", "operations", operations, "map", mapping, "0", small), http.StatusForbidden},
		"by a visitor":           {raw(city.Visitor(t), preflight, "operations", operations, "map", mapping, "0", small), http.StatusUnauthorized},
		"the file first":         {raw(citizen, preflight, "0", small, "operations", operations, "map", mapping), http.StatusBadRequest},
		"no file":                {raw(citizen, preflight, "operations", operations, "map", mapping), http.StatusBadRequest},
		"another file":           {raw(citizen, preflight, "operations", operations, "map", mapping, "1", small), http.StatusBadRequest},
		"a file for nothing":     {raw(citizen, preflight, "operations", operations, "map", `{"0":["variables.input.x"]}`, "0", small), http.StatusBadRequest},
		"a file over a key":      {raw(citizen, preflight, "operations", operations, "map", `{"0":["variables.input.idempotencyKey"]}`, "0", small), http.StatusBadRequest},
		"a thousand files":       {raw(citizen, preflight, "operations", operations, "map", `{"0":["variables.input.photo"`+strings.Repeat(`,"variables.input.photo"`, 100)+`]}`, "0", small), http.StatusRequestEntityTooLarge},
		"a map that is too long": {raw(citizen, preflight, "operations", operations, "map", strings.Repeat(" ", 5000), "0", small), http.StatusRequestEntityTooLarge},
		"a batch":                {raw(citizen, preflight, "operations", "["+operations+"]", "map", mapping, "0", small), http.StatusBadRequest},
	} {
		if c.answer.Status != c.status || c.answer.Code() == "" {
			t.Errorf("%s: %d %s, want %d", name, c.answer.Status, c.answer.Body, c.status)
		}
	}
	system := seedtest.System(t)
	if n := city.DB.CasePhoto.Query().CountX(system); n != 0 {
		t.Errorf("%d photos are kept", n)
	}
}
