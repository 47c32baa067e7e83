package rule

// TransitRide is seen by who rode. Nobody changes or deletes one, the system included: it is what an operator was
// answered.
var TransitRide = Policy{Read: Personal.Read, Final: true}
