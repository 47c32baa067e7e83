package ledger

// HoldTurn keeps callers who would share a commit waiting until release.
func (b *Book) HoldTurn() (release func()) {
	b.group.turn.Lock()
	return b.group.turn.Unlock
}

// Waiting is how many callers wait to share a commit.
func (b *Book) Waiting() int {
	b.group.mu.Lock()
	defer b.group.mu.Unlock()
	return len(b.group.waiting)
}
