// Checks a pay code as a gate without a network does: node verify.mjs CODE PURPOSE-NUMBER <KEYS.json
import { json } from 'node:stream/consumers'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export async function verify(keySet, code, purpose, now = Date.now() / 1000) {
  if (!/^HZ1:[A-Z2-7]{160}$/.test(code)) throw new Error('no code')
  const raw = new Uint8Array(100)
  for (let i = 0; i < 800; i++) {
    const bit = (alphabet.indexOf(code[4 + Math.floor(i / 5)]) >> (4 - (i % 5))) & 1
    raw[i >> 3] |= bit << (7 - (i & 7))
  }
  const hex = (from, to) => Buffer.from(raw.slice(from, to)).toString('hex')
  const key = keySet.keys.find((k) => k.crv === 'Ed25519' && k.kid === hex(1, 5))
  if (raw[0] !== 1 || !key) throw new Error('not signed by the city')
  const { kty, crv, x } = key
  const imported = await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify'])
  const signed = new Uint8Array([...new TextEncoder().encode('HZ1:'), ...raw.slice(0, 36)])
  if (!(await crypto.subtle.verify('Ed25519', imported, raw.slice(36), signed))) throw new Error('not signed by the city')
  const age = Math.floor(now) - new DataView(raw.buffer).getUint32(22)
  if (age < -5 || age >= (raw[5] === 4 ? 3600 * raw[26] : 60) || raw[5] !== Number(purpose)) throw new Error('expired, or for another purpose')
  return hex(6, 22)
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  console.log(await verify(await json(process.stdin), process.argv[2], process.argv[3]))
}
