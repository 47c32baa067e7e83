// Runs every server audit of graphql-http against a running server:
//   node audit.mjs http://localhost:8080/graphql
// Exits 0 only when all of MUST, SHOULD and MAY pass.
import { serverAudits } from "graphql-http";

const url = process.argv[2];
if (!url) {
  console.error("usage: node audit.mjs URL");
  process.exit(2);
}

const levels = { MUST: [0, 0], SHOULD: [0, 0], MAY: [0, 0] };
for (const audit of serverAudits({ url })) {
  const result = await audit.fn();
  const tally = levels[audit.name.split(" ")[0]];
  tally[1]++;
  if (result.status === "ok") {
    tally[0]++;
  } else {
    console.error(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
  }
}

let passed = true;
for (const [level, [ok, all]] of Object.entries(levels)) {
  console.log(`${level} ${ok}/${all}`);
  passed &&= all > 0 && ok === all;
}
process.exit(passed ? 0 : 1);
