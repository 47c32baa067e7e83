//go:build race

package contracttest_test

// raceEnabled says that the race detector adds allocations of its own.
const raceEnabled = true
