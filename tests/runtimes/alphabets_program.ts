/** Prints the checksums of each character encoding on the current runtime. */
import { createTextDecoder, ENCODINGS } from "../../src/text/mod.ts";
import { alphabetSums } from "./alphabet_sums.ts";

for (const line of alphabetSums()) console.log(line);
// No bytes may make a decoder throw, however they are split; Node's own decoder throws at some.
const broken = [[0xdd, 0x34, 0x0a], [0xf4, 0x31, 0x0a], [0x8f, 0xe9, 0x0a], [0x81], [0xff, 0x80]];
let seed = 1;
for (let length = 0; length < 200; length++) {
  broken.push(Array.from({ length: length % 9 }, () => (seed = seed * 48271 % 0x7fffffff) & 0xff));
}
for (const encoding of ENCODINGS) {
  for (const bytes of broken) {
    const decoder = createTextDecoder(encoding);
    for (const byte of bytes) decoder.decode(Uint8Array.of(byte));
    createTextDecoder(encoding).decode(Uint8Array.from(bytes));
  }
}
console.log("end");
