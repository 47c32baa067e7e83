package photo

// Occupy takes a place until it is released.
func (s *Studio) Occupy() (release func()) {
	s.places <- struct{}{}
	return func() { <-s.places }
}
