// Fails when the JavaScript gate takes a code with any one of its bits flipped.
import { readFile } from 'node:fs/promises'
import { verify } from '../../mobile-contracts/paycode/verify.mjs'

const [keys, code] = process.argv.slice(2)
const keySet = JSON.parse(await readFile(keys, 'utf8'))
await verify(keySet, code, 1)
for (let bit = 0; bit < code.length * 8; bit++) {
  const flipped = Buffer.from(code, 'latin1')
  flipped[bit >> 3] ^= 1 << (bit & 7)
  const taken = await verify(keySet, flipped.toString('latin1'), 1).catch(() => null)
  if (taken) {
    console.error(`bit ${bit} flipped, the code is taken for card ${taken}`)
    process.exit(1)
  }
}
